/* SPDX-License-Identifier: GPL-2.0-only */
/* page.h - one study as one self-contained page: nothing is loaded from elsewhere, no script runs.
 */
#ifndef COLDPRESS_REPORT_PAGE_H
#define COLDPRESS_REPORT_PAGE_H

#include "data.h"
#include "lib/base/gnuplot.h"

/* page_put - the whole document into page (page->failed where memory ran out). */
void page_put(struct text *page, struct plotter *plotter, struct stored_study *study);

/* The style sheet, light and dark, screen and paper (style.c). */
extern const char page_style[];

#endif
