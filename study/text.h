/* SPDX-License-Identifier: GPL-2.0-only */
/* text.h - a target's answer for people. Pure. */
#ifndef COLDPRESS_STUDY_TEXT_H
#define COLDPRESS_STUDY_TEXT_H

#include "compare.h"
#include "lib/base/units.h"

/* text_why - pools, pages and policy. text_tables - configurations too, for a terminal.
 * text_summary - two or three sentences. text_recommendation - the sentence after "recommended: ".
 */
void text_why(FILE *f, const struct target_answer *a);
void text_tables(FILE *f, const struct target_answer *a);
void text_summary(FILE *f, const struct target_answer *a);
void text_recommendation(FILE *f, const struct target_answer *a);

/* text_size, text_time, text_number - a value, "-" where it is missing; format: of one double. */
const char *text_size(double bytes, char buf[UNITS_TEXT_MAX]);
const char *text_time(double ns, char buf[UNITS_TEXT_MAX]);
const char *text_number(double v, const char *format, char buf[UNITS_TEXT_MAX]);

/* text_wrap - as lines of at most that many columns; a longer word is a line of its own. */
void text_wrap(FILE *f, const char *text, size_t columns);

#endif
