/* SPDX-License-Identifier: GPL-2.0-only */
/* journal_undo.h - undoes one entry of a journal. */
#ifndef COLDPRESS_SAFETY_JOURNAL_UNDO_H
#define COLDPRESS_SAFETY_JOURNAL_UNDO_H

#include "journal_file.h"

#define JOURNAL_WHAT_MAX 256

/* force: swaps are turned off even where their pages might not fit (swap_room_check). stoppable: ^C
 * ends a swapoff; what is open then stays in the journal. */
struct journal_how {
	bool force, stoppable;
};

/* journal_undo - 0 also when nothing was left to undo. what: a clause for the report ("removed
 * zram3"), "" where nothing had to be done. */
int journal_undo(const struct journal_entry *entry, struct journal_how how,
		 char what[JOURNAL_WHAT_MAX], struct err *e);

/* journal_drop_journaled - takes the devices that any journal holds off the list. As journal_visit
 * where one cannot be read. */
int journal_drop_journaled(struct zram_list *list, struct err *e);

/* journal_remove_tree - removes a file or a directory with everything below it; follows no link and
 * stays in its file system. A missing one is 0. */
int journal_remove_tree(const char *path, struct err *e);

#endif
