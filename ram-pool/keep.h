/* SPDX-License-Identifier: GPL-2.0-only */
/* keep.h - a trigger's record in a store (lib/store.h), which `coldpress report --db` and SQL read.
 */
#ifndef RAM_POOL_KEEP_H
#define RAM_POOL_KEEP_H

#include "trigger.h"

/* Beside what a study stores, below the current directory. */
#define KEEP_DEFAULT "coldpress-report/pool.db"

/* keep_trigger - adds it to the file, which is made where there is none, with the directory of
 * KEEP_DEFAULT; either is the caller's of sudo. Errors as results_open's.
 */
int keep_trigger(const char *path, char *const argv[], const struct pool *pool,
		 const struct trigger_record *record, struct err *e);

#endif
