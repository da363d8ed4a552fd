/* SPDX-License-Identifier: GPL-2.0-only */
/* save_record.h - saves a trigger's record in a results database (lib/results/results.h), for
 * `coldpress report --db` and SQL.
 */
#ifndef RAM_POOL_SAVE_RECORD_H
#define RAM_POOL_SAVE_RECORD_H

#include "trigger.h"

/* Below the current directory, where studies save theirs, too. */
#define SAVE_RECORD_DEFAULT "coldpress-report/pool.db"

/* save_record - adds the record to the database, which is created if it is missing, with the
 * directory of SAVE_RECORD_DEFAULT; either is owned by the caller of sudo. Errors as
 * results_open's.
 */
int save_record(const char *path, char *const argv[], const struct pool *pool,
		const struct trigger_record *record, struct err *e);

#endif
