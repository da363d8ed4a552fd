/* SPDX-License-Identifier: GPL-2.0-only */
/* html.h - markup into a growing buffer: html_raw for our own text, html_text for everything else.
 *
 * The page is written as XHTML that HTML parsers read too, so that an XML parser can check it.
 */
#ifndef COLDPRESS_REPORT_HTML_H
#define COLDPRESS_REPORT_HTML_H

#include "lib/base/text.h"

/* html_raw - our own markup; no %s may bring in a string from the database. */
void html_raw(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* html_text - any bytes as text or attribute value: & < > " ' escaped; controls, bidirectional
 * overrides and bytes that are no UTF-8 become U+FFFD. NULL is shown as a dash.
 */
void html_text(struct text *t, const char *s);

#endif
