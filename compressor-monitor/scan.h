/* SPDX-License-Identifier: GPL-2.0-only */
/* scan.h - runs a page scan.
 *
 * scan.c runs it, scan_target.c opens the target, scan_read.c reads the pages, measure.c runs them
 * through the codecs; lib/results/scan_records.c declares the records.
 */
#ifndef COLDPRESS_MONITOR_SCAN_H
#define COLDPRESS_MONITOR_SCAN_H

#include "scan_result.h"

/* scan_run - the whole scan. ret is large and points into itself: do not move it.
 *
 * errors  usage: no target or several, unknown codec; -ESRCH the process ended; -EACCES another
 * user's; -ENODATA no page could be read; -EINTR no page was read before a signal; exit 77 reading
 * is not permitted at all; out_close's own if the trace could not be written: ret is whole then
 */
int scan_run(const struct scan_config *config, struct scan_result *ret, struct err *e);

/* scan_result_done - frees what scan_run allocated; safe after a failure, and for a zeroed result.
 */
void scan_result_done(struct scan_result *result);

#endif
