/* SPDX-License-Identifier: GPL-2.0-only */
/* verdict.h - what a search says of a target, as records and as text. */
#ifndef COLDPRESS_STUDY_VERDICT_H
#define COLDPRESS_STUDY_VERDICT_H

#include "context.h"
#include "lib/analysis/verdict.h"
#include "lib/results/search_records.h"

#define STUDY_CURVE_MAX STUDY_CONFIGURATIONS_MAX

struct study_verdict {
	const struct study *study;
	const struct study_target *target;
	struct verdict verdict;
	struct verdict_record record;
	struct curve_record curve[STUDY_CURVE_MAX];
	size_t n_curve;
	bool metric; /* slowdown is of --metric, not of time */
	char text[600];
};

/* study_verdict_of - of the runs so far. -ENOMEM */
int study_verdict_of(const struct study *s, const struct study_target *target,
		     struct study_verdict *ret, struct err *e);

/* study_verdict_store - as artifacts of the reference run. */
int study_verdict_store(struct study *s, const struct study_verdict *v, struct err *e);

/* ---- verdict_text.c: pure ---- */

/* verdict_line - the verdict without the target's name. verdict_details - what it rests on, and how
 * to get it. verdict_curve_table - the points, for a terminal.
 */
void verdict_line(FILE *f, const struct study_verdict *v);
void verdict_details(FILE *f, const struct study_verdict *v);
void verdict_curve_table(FILE *f, const struct study_verdict *v);

#endif
