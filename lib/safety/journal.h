/* SPDX-License-Identifier: GPL-2.0-only */
/* journal.h - write here before changing the machine, so that a crash never needs a reboot.
 *
 * Each process that changes the machine keeps one append-only file of JSON lines, its journal, in
 * the state directory, and holds a lock on it for as long as it lives. An entry is written as
 * intent before the change, as done after it, as undone once it is put back. A journal whose lock
 * is free has a dead owner: journal_recover() undoes what is open in it. Journals of an earlier
 * boot are removed: what they list went with that boot.
 *
 * Entries are undone by kind: processes, cgroups, swaps, devices, settings, paths; the last entry
 * first in each. This survives kill -9 at any moment; it makes no promise across a power cut, after
 * which there is nothing to undo.
 *
 *	journal_open(&j, "study", e);
 *	journal_setting(j, "/proc/sys/vm/swappiness", &id, e);	reads and keeps the old value
 *	sysroot_write(NULL, "100", e, "/proc/sys/vm/swappiness");
 *	journal_done(j, id, e);
 *	...
 *	journal_undo_all(j, e);		of journal_recover.h; or put back, then journal_undone()
 *	journal_close(j);
 */
#ifndef COLDPRESS_SAFETY_JOURNAL_H
#define COLDPRESS_SAFETY_JOURNAL_H

#include "journal_dir.h"

/* journal_open - a new journal of this process, named after the owner: "study" ->
 * study.<pid>.<start> */
int journal_open(struct journal **ret, const char *owner, struct err *e);

/* journal_name_valid - one or more of [A-Za-z0-9._-], not starting with a dot: a journal's name. */
bool journal_name_valid(const char *name);

/* journal_open_named - a new journal of exactly this name. -EEXIST when there is one. */
int journal_open_named(struct journal **ret, const char *name, struct err *e);

/* journal_adopt - an existing journal whose owner has ended, to continue it.
 *
 * errors  -ENOENT no such journal, or of an earlier boot; -EBUSY its owner lives
 */
int journal_adopt(struct journal **ret, const char *name, struct err *e);

/* Intents. Each returns 0 with the entry's id (> 0), or -errno when it could not be written: then
 * do not change anything. */
int journal_process(struct journal *j, pid_t pid, unsigned int *ret, struct err *e);
int journal_cgroup(struct journal *j, const char *path, unsigned int *ret, struct err *e);
int journal_swap(struct journal *j, const struct zram_device *device, unsigned int *ret,
		 struct err *e);
int journal_setting(struct journal *j, const char *path, unsigned int *ret, struct err *e);
int journal_path(struct journal *j, const char *path, unsigned int *ret, struct err *e);

/* journal_zram - that a device will be added: lists the present ones, and the time. Then
 * zram_hot_add(), then journal_zram_added() with the new one. If the process ended in between,
 * recovery removes the one device that appeared within half a second of the intent, is in no
 * journal, and is neither set up nor open a second later. Of two it removes neither: one of them is
 * another process's, and an empty device does no harm. */
int journal_zram(struct journal *j, unsigned int *ret, struct err *e);
int journal_zram_added(struct journal *j, unsigned int id, const struct zram_device *device,
		       struct err *e);

/* journal_taken - that an unused device which exists already will be set up. */
int journal_taken(struct journal *j, const struct zram_device *device, unsigned int *ret,
		  struct err *e);

int journal_done(struct journal *j, unsigned int id, struct err *e);
int journal_undone(struct journal *j, unsigned int id, struct err *e);

/* journal_ready - what the journal lists is meant to stay after its process has exited: recovery
 * keeps it while `owner` lives (0: until it is removed by hand). text: one line on what it is and
 * how to remove it. mark: a number that readers find again as ready_mark; MISSING_U64 = none.
 * journal_unready takes that back, before the undoing begins. */
int journal_ready(struct journal *j, pid_t owner, uint64_t mark, const char *text, struct err *e);
int journal_unready(struct journal *j, struct err *e);

/* journal_close - unlocks the journal; removes it when no entry is open. NULL-safe. */
void journal_close(struct journal *j);

#endif
