/* SPDX-License-Identifier: GPL-2.0-only */
/* comparison.h - runs and comparisons, out of the results database and into it. */
#ifndef COLDPRESS_RESULTS_COMPARISON_H
#define COLDPRESS_RESULTS_COMPARISON_H

#include "compare.h"
#include "db.h"

/* results_comparison_put - the derived metrics of the runs, and a row of `comparison` for each
 * metric that has a value.
 */
int results_comparison_put(struct results *results, const char *cell,
			   const struct results_run *runs, size_t n,
			   const struct comparison *comparison, struct err *e);

/* results_cell_get - the runs of a cell in the order in which they began (to be freed), and their
 * comparison as it was stored. A study that has not ended has stored none: then it is made of the
 * runs that are there. Metrics without a value are missing.
 */
int results_cell_get(struct results *results, const char *cell, struct results_run **ret_runs,
		     size_t *ret_n, struct comparison *ret, struct err *e);

/* results_compare_all - compares all runs of a database that has no comparisons yet: the migration
 * from version 2.
 */
int results_compare_all(struct results *results, struct err *e);

#endif
