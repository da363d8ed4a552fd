/* SPDX-License-Identifier: GPL-2.0-only */
/* text.h - a target's answer for people. Pure. */
#ifndef COLDPRESS_STUDY_TEXT_H
#define COLDPRESS_STUDY_TEXT_H

#include "compare.h"
#include "lib/base/units.h"

/* text_tables - for a terminal. text_summary - two or three sentences. text_recommendation - the
 * sentence after "recommended: ".
 */
void text_tables(FILE *f, const struct target_answer *a);
void text_summary(FILE *f, const struct target_answer *a);
void text_recommendation(FILE *f, const struct target_answer *a);

/* text_wrap - as lines of at most that many columns; a longer word is a line of its own. */
void text_wrap(FILE *f, const char *text, size_t columns);

#endif
