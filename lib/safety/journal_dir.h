/* SPDX-License-Identifier: GPL-2.0-only */
/* journal_dir.h - the state directory: its lock, its journals, and reading each of them. */
#ifndef COLDPRESS_SAFETY_JOURNAL_DIR_H
#define COLDPRESS_SAFETY_JOURNAL_DIR_H

#include "journal_file.h"

/* Not ".journal": versions before 0.2.0 wrote this name, and old and new ones must find each
 * other's journals and locks. */
#define JOURNAL_SUFFIX  ".book"
#define JOURNAL_OLD_MAX 4096 /* of a setting's value */

struct journal {
	int fd; /* open to append, locked */
	char path[SYSROOT_PATH_MAX];
	struct journal_file file; /* what the file says, line by line */
};

/* journal_state_dir - /run/coldpress, or $COLDPRESS_STATE_DIR; made with mode 0700 if absent.
 *
 * errors  -EPERM it belongs to another user, or others may write to it; else mkdir's own
 */
int journal_state_dir(char buf[SYSROOT_PATH_MAX], struct err *e);

/* journal_lock - held while a command changes the machine, never while it runs another of ours.
 * Waits for it up to wait_ns. Whoever has the descriptor has the lock.
 *
 * returns  a descriptor to close; -EBUSY another process has the lock; -EINTR asked to stop
 */
int journal_lock(uint64_t wait_ns, struct err *e);

/* journal_alloc, journal_free - a struct without a file yet; NULL without memory. NULL-safe. */
struct journal *journal_alloc(const char *path);
void journal_free(struct journal *j);

/* journal_exists - whether the open file is still the one of that path: recovery may have removed
 * it before it was locked. */
bool journal_exists(const struct journal *j);

/* journal_load - reads an existing journal. take: locks it too, to continue it; a torn last line is
 * then cut off.
 *
 * errors  -ENOENT it was removed; -EBUSY its owner lives (*ret is set nevertheless); -EINVAL not a
 *         regular file; -EBADMSG not a journal's text (take: *ret is set if no owner lives, with
 *         name and path alone)
 */
int journal_load(struct journal **ret, const char *path, bool take, struct err *e);

/* journal_remove - removes the file, under its lock. */
int journal_remove(struct journal *j, struct err *e);

/* journal_each - loads every journal in the directory and calls fn with what journal_load returned.
 * Stops at fn's first non-zero, which it returns. */
typedef int journal_each_fn(void *ctx, struct journal *j, int rc, const struct err *why);
int journal_each(journal_each_fn *fn, void *ctx, bool take, struct err *e);

/* journal_visit - every journal of this boot, whoever its owner is. live: the owner holds the lock.
 * Stops at fn's first non-zero, which it returns.
 *
 * errors  -EBADMSG and others of a journal that cannot be read: all others have been visited
 */
typedef int journal_visit_fn(void *ctx, const struct journal_file *file, bool live);
int journal_visit(journal_visit_fn *fn, void *ctx, struct err *e);

/* journal_setting_held - whether a journal of this boot other than j has this setting open, too;
 * then `old` gets the value before all of them. */
bool journal_setting_held(const struct journal *j, const char *path, char old[JOURNAL_OLD_MAX]);

/* journal_setting_value - a setting's text as it is written back: one line; of "a [b] c" the b. */
void journal_setting_value(char *text);

#endif
