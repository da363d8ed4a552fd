/* SPDX-License-Identifier: GPL-2.0-only */
/* comparison.h - runs and comparisons, out of the results database and into it. */
#ifndef COLDPRESS_RESULTS_COMPARISON_H
#define COLDPRESS_RESULTS_COMPARISON_H

#include "compare.h"
#include "db.h"

/* A run read back. */
struct results_stored_run {
	char *id, *reason;
	struct results_run run;
};

/* results_runs_get - the runs of a cell in the order in which they began; to be freed by
 * results_runs_done.
 */
int results_runs_get(struct results *results, const char *cell, struct results_stored_run **ret,
		     size_t *n, struct err *e);
void results_runs_done(struct results_stored_run *runs, size_t n);

/* results_comparison_put - the derived metrics of the runs (ids in the order of the runs), and a
 * row of `comparison` for each metric that has a value.
 */
int results_comparison_put(struct results *results, const char *cell, const char *const *ids,
			   struct results_run *const *runs, size_t n,
			   const struct comparison *comparison, struct err *e);

/* results_comparison_get - what was stored of a cell; metrics without a row are missing. The
 * verdict is not read.
 */
int results_comparison_get(struct results *results, const char *cell, struct comparison *ret,
			   struct err *e);

/* results_compare_all - compares all runs of a database that has no comparisons yet: the migration
 * from version 2.
 */
int results_compare_all(struct results *results, struct err *e);

#endif
