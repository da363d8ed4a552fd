/* SPDX-License-Identifier: GPL-2.0-only */
/* comparison.h - runs and comparisons, out of the results database and into it. */
#ifndef COLDPRESS_RESULTS_COMPARISON_H
#define COLDPRESS_RESULTS_COMPARISON_H

#include "compare.h"
#include "db.h"

/* results_runs_get - the runs of a cell in the order in which they began; *ret is to be freed. */
int results_runs_get(struct results *results, const char *cell, struct results_run **ret, size_t *n,
		     struct err *e);

/* results_comparison_put - the derived metrics of the runs, and a row of `comparison` for each
 * metric that has a value.
 */
int results_comparison_put(struct results *results, const char *cell,
			   const struct results_run *runs, size_t n,
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
