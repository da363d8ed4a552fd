/* SPDX-License-Identifier: GPL-2.0-only */
/* earlier.h - results of earlier runs, read back for the policy: only the figures it needs are
 * taken. */
#ifndef COLDPRESS_MONITOR_EARLIER_H
#define COLDPRESS_MONITOR_EARLIER_H

#include "scan.h"

/* Each set of codecs that were measured on the same pages is one result: its codecs, and its name
 * in target. */
struct earlier {
	struct scan_result *results;
	size_t n;
};

/* earlier_read_json - the scan_codec records of `scan --format json`, and its scan_class_codec
 * records, so that classes get their decisions again: a result for each scan.
 *
 * errors  -ENODATA there is none; -EBADMSG a line is no record, or a figure is missing; says which
 * line; -E2BIG more than 1,024 results
 */
int earlier_read_json(const char *path, struct earlier *ret, struct err *e);

/* earlier_read_csv - the rows of `bench --format csv`: a result for each corpus, size and page
 * size. Rows without slot_bytes (pages that are not 4 KiB) can be ranked by codec bytes only, and
 * are left out with slots. Rows of a cold cache are results of their own; those of --by-class are
 * of the result before them. A time that is missing makes its codec ineligible, not the file
 * unreadable.
 *
 * errors  as above; also when a column is missing
 */
int earlier_read_csv(const char *path, struct earlier *ret, struct err *e);

void earlier_done(struct earlier *earlier);

#endif
