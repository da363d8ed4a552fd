/* SPDX-License-Identifier: GPL-2.0-only */
/* journal_recover.h - undoes one's own journal, or those of dead owners. */
#ifndef COLDPRESS_SAFETY_JOURNAL_RECOVER_H
#define COLDPRESS_SAFETY_JOURNAL_RECOVER_H

#include "journal.h"
#include "journal_undo.h"

/* journal_undo_all - undoes every open entry now, in the order recovery would. For the end of a
 * command, failed or not. Continues after a failure and returns the first; a device whose swap
 * could not be turned off stays. */
int journal_undo_all(struct journal *j, struct err *e);

/* What recovery did or left, one line each: "pool.lab: removed zram3". failed: it could not, and
 * why. */
typedef void journal_report_fn(void *ctx, bool failed, const char *text);

/* journal_recover - undoes what dead owners left: first the processes and groups of all of them,
 * whose pages may be in any of the swaps. Idempotent; take journal_lock() first.
 *
 * returns  how many entries were undone, or the first failure's -errno after having tried all
 */
int journal_recover(struct journal_how how, journal_report_fn *report, void *ctx, struct err *e);

#endif
