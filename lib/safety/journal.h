/* SPDX-License-Identifier: GPL-2.0-only */
/* journal.h - who changes the machine writes here first, so that a crash never needs a reboot.
 *
 * Each owner keeps one append-only file of JSON lines, its book, in the state directory, and holds
 *a lock on it for as long as it lives. An entry is written as intent before the act, as done after
 *it, as undone once it is put back. A book whose lock can be taken has a dead owner:
 *journal_recover() undoes what is open in it. Books of an earlier boot are thrown away: what they
 *name went with that boot.
 *
 * The order across kinds is fixed: processes, cgroups, swaps, devices, settings, paths; last entry
 *first in each. It survives kill -9 at any moment; it makes no promise across a power cut, after
 *which there is nothing to undo.
 *
 *	journal_open(&j, "study", e);
 *	journal_setting(j, "/proc/sys/vm/swappiness", &id, e);		reads and keeps the old
 *value sysroot_write(NULL, "100", e, "/proc/sys/vm/swappiness"); journal_done(j, id, e);
 *	...
 *	journal_undo_all(j, e);						or put back by hand and
 *journal_undone() journal_close(j);
 */
#ifndef COLDPRESS_SAFETY_JOURNAL_H
#define COLDPRESS_SAFETY_JOURNAL_H

#include "lib/kernel/zram.h"

struct journal;

enum journal_kind {
	JOURNAL_PROCESS, /* pid, start_ticks: killed */
	JOURNAL_CGROUP,  /* path: everybody in it and below killed, directories removed */
	JOURNAL_SWAP,    /* device: swapoff */
	JOURNAL_ZRAM,    /* device: reset, hot_remove */
	JOURNAL_TAKEN,   /* device that was there, free: reset, stays */
	JOURNAL_SETTING, /* path, old: written back, by the last of the books that hold it */
	JOURNAL_PATH, /* path: removed with all below, mount points and links' targets excepted */
};

/* journal_state_dir - /run/coldpress, or $COLDPRESS_STATE_DIR; made with mode 0700 if absent.
 *
 * errors  -EPERM it belongs to somebody else or others may write to it; else mkdir's own
 */
int journal_state_dir(char buf[SYSROOT_PATH_MAX], struct err *e);

/* journal_lock - one at a time: held while a command changes the machine, never while it runs
 * another of ours. Waits up to wait_ns. The descriptor is the lock; it goes with its holder.
 *
 * returns  a descriptor to close; -EBUSY somebody else has it; -EINTR asked to stop
 */
int journal_lock(uint64_t wait_ns, struct err *e);

/* journal_open - a new book for this process, called after the owner: "study" ->
 * study.<pid>.<start>.book */
int journal_open(struct journal **ret, const char *owner, struct err *e);

/* journal_name_valid - one or more of [A-Za-z0-9._-], the first no dot: what a book, or a part of
 * its name, may be called.
 */
bool journal_name_valid(const char *name);

/* journal_open_named - a new book of exactly this name. -EEXIST when there is one. */
int journal_open_named(struct journal **ret, const char *name, struct err *e);

/* journal_adopt - an existing book whose owner has gone, to go on in it.
 *
 * errors  -ENOENT no such book, or of an earlier boot; -EBUSY its owner lives
 */
int journal_adopt(struct journal **ret, const char *name, struct err *e);

/* Intents. Each returns 0 with the entry's id, or -errno when it could not be written: then do not
 * act. */
int journal_process(struct journal *j, pid_t pid, unsigned int *ret, struct err *e);
int journal_cgroup(struct journal *j, const char *path, unsigned int *ret, struct err *e);
int journal_swap(struct journal *j, const struct zram_device *device, unsigned int *ret,
		 struct err *e);
int journal_setting(struct journal *j, const char *path, unsigned int *ret, struct err *e);
int journal_path(struct journal *j, const char *path, unsigned int *ret, struct err *e);

/* journal_zram - that a device will be added: notes those there are, and the time. Then
 * zram_hot_add(), then journal_zram_added() with what came. Died in between, recovery removes the
 * one device that came within half a second of that, is nobody's, and that nobody has set up or
 * holds open a second later. Of two it takes neither: one of them is somebody else's, and an empty
 * device does no harm.
 */
int journal_zram(struct journal *j, unsigned int *ret, struct err *e);
int journal_zram_added(struct journal *j, unsigned int id, const struct zram_device *device,
		       struct err *e);

/* journal_taken - that a free device which is there already will be set up. */
int journal_taken(struct journal *j, const struct zram_device *device, unsigned int *ret,
		  struct err *e);

int journal_done(struct journal *j, unsigned int id, struct err *e);
int journal_undone(struct journal *j, unsigned int id, struct err *e);

/* journal_undo_all - undoes every open entry now, in the order recovery would. For the ends of
 * commands, failed or not. Goes on after a failure and returns the first; a device whose swap could
 * not be taken back stays.
 */
int journal_undo_all(struct journal *j, struct err *e);

/* journal_ready - what the book describes is meant to stay after its owner has exited: recovery
 * keeps it while `owner` lives (0: until it is taken back by hand). words: one line on what it is
 * and how to remove it. mark: a number that readers of the book find again as ready_mark;
 * MISSING_U64 = none. journal_unready takes that back, before the undoing begins.
 */
int journal_ready(struct journal *j, pid_t owner, uint64_t mark, const char *words, struct err *e);
int journal_unready(struct journal *j, struct err *e);

/* journal_close - lets go; removes the book when nothing is open in it. NULL-safe. */
void journal_close(struct journal *j);

/* ---- reading and recovering ---- */
struct journal_entry {
	unsigned int id;
	enum journal_kind kind;
	bool done, undone;
	char *path, *old; /* NULL where the kind has none */
	pid_t pid;
	uint64_t start_ticks;
	bool has_device;
	struct zram_device device; /* ZRAM, TAKEN, SWAP */
	struct zram_list before;   /* ZRAM: those there were at the intent */
	uint64_t time_ms; /* ZRAM: of the intent, since the epoch; MISSING_U64 = not noted */
};

struct journal_file {
	char name[128];
	char boot_id[40];
	pid_t pid; /* who wrote it */
	bool ready;
	pid_t ready_owner; /* 0 = nobody: kept until taken back */
	uint64_t ready_owner_start_ticks, ready_mark;
	char *words;
	struct journal_entry *entries;
	size_t n;
};

/* journal_file_parse - a book's text. A torn last line is left out; ret is to be given to
 * journal_file_done.
 *
 * errors  -EBADMSG a whole line that is none of ours: nothing of the book may be trusted
 */
int journal_file_parse(const char *buf, size_t len, struct journal_file *ret);
void journal_file_done(struct journal_file *book);

/* journal_visit - every book of this boot, whoever owns it. live: its owner holds the lock. Stops
 * at fn's first non-zero, which it returns.
 *
 * errors  -EBADMSG and others of a book that cannot be read: all others have been visited
 */
typedef int journal_visit_fn(void *ctx, const struct journal_file *book, bool live);
int journal_visit(journal_visit_fn *fn, void *ctx, struct err *e);

/* force: swaps are taken back even where their pages might not fit (swap_room_check). stoppable: ^C
 * ends the taking back of a swap; what is open then stays in the book.
 */
struct journal_how {
	bool force, stoppable;
};

/* What recovery did or left, a sentence each: "pool.lab: removed zram3". failed: it could not, and
 * says why. */
typedef void journal_report_fn(void *ctx, bool failed, const char *text);

/* journal_recover - undoes what dead owners left: processes and groups of all of them first, whose
 * pages may be in any of the swaps. Idempotent; two at once do not disturb one another: take
 * journal_lock() first.
 *
 * returns  how many entries were undone, or the first failure's -errno after having tried all
 */
int journal_recover(struct journal_how how, journal_report_fn *report, void *ctx, struct err *e);

#endif
