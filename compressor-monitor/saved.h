/* SPDX-License-Identifier: GPL-2.0-only */
/* saved.h - saved results of scan and bench, read for the policy. */
#ifndef COLDPRESS_MONITOR_SAVED_H
#define COLDPRESS_MONITOR_SAVED_H

#include "rank.h"

struct saved_results {
	struct rank_input *items;
	size_t n;
};

/* saved_read_json - the scan_codec and scan_class_codec records of `scan --format json`; one result
 * for each scan.
 *
 * errors  -ENODATA no scan_codec record; -EBADMSG a line is no record, or a value is missing; names
 * the line; -E2BIG more than 1,024 results
 */
int saved_read_json(const char *path, struct saved_results *ret, struct err *e);

/* saved_read_csv - the rows of `bench --format csv`: one result for each corpus, size, page size,
 * and cold cache; rows of --by-class belong to the result before them. Rows without slot_bytes
 * (page size other than 4 KiB) are skipped. A missing time makes its codec ineligible.
 *
 * errors  as above; also when a column is missing
 */
int saved_read_csv(const char *path, struct saved_results *ret, struct err *e);

void saved_done(struct saved_results *saved);

#endif
