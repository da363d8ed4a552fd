/* SPDX-License-Identifier: GPL-2.0-only */
/* journal_recover.c - walks the books: undoes what dead owners left, keeps what is meant to stay.
 */
#include "journal_file.h"

#include <dirent.h>
#include <signal.h>

#include "lib/kernel/procfs.h"

static void closedir_(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* The first failure is the one that is returned. */
static int first(int r, int next)
{
	return r ? r : next;
}

/* Whether the device of this entry is one whose swap could not be taken back. */
static bool still_swap(const struct journal_file *book, const struct journal_entry *entry)
{
	for (size_t i = 0; i < book->n && entry->has_device && entry->kind != JOURNAL_SWAP; i++)
		if (book->entries[i].kind == JOURNAL_SWAP && !book->entries[i].undone &&
		    book->entries[i].device.diskseq == entry->device.diskseq)
			return true;
	return false;
}

struct undoing {
	struct journal_how how;
	enum journal_kind last; /* up to this kind */
	bool again;             /* what fails is tried again: not yet to be told */
	journal_report_fn *report;
	void *ctx;
	unsigned int undone;
};

/* Every open entry in the order of recovery; goes on after a failure, whose first is returned. */
static int undo_book(struct journal *j, struct undoing *undoing, struct err *e)
{
	char what[256], text[1024], old[JOURNAL_OLD_MAX];
	int r = 0;

	/* The kinds are numbered in the order in which they have to go. */
	for (int kind = JOURNAL_PROCESS; kind <= (int)undoing->last; kind++)
		for (size_t i = j->book.n; i-- > 0;) {
			const struct journal_entry *entry = &j->book.entries[i];
			struct err failure = { .code = 0 };

			if ((int)entry->kind != kind || entry->undone ||
			    still_swap(&j->book, entry))
				continue;
			bool held = kind == JOURNAL_SETTING &&
				    journal_setting_held(j, entry->path, old);
			int next = 0;

			*what = '\0';
			if (!held)
				next = journal_undo(entry, undoing->how, what, &failure);
			if (next == 0)
				next = journal_undone(j, entry->id, &failure);
			if (next && r == 0 && e)
				*e = failure;
			r = first(r, next);
			undoing->undone += next == 0;
			if (undoing->report && (next ? !undoing->again : *what != '\0')) {
				snprintf(text, sizeof(text), "%s: %s", j->book.name,
					 next ? failure.what : what);
				undoing->report(undoing->ctx, next != 0, text);
			}
		}
	return r;
}

int journal_undo_all(struct journal *j, struct err *e)
{
	struct undoing undoing = { .last = JOURNAL_PATH };

	return undo_book(j, &undoing, e);
}

/* ---- every book ---- */

/* r is what journal_open_book said: 0 we hold it, -EBUSY its owner does. */
typedef int walk_fn(void *ctx, struct journal *j, int r, const struct err *why);

static bool is_book(const char *name)
{
	size_t n = strlen(name);

	return n > strlen(JOURNAL_SUFFIX) &&
	       str_eq(name + n - strlen(JOURNAL_SUFFIX), JOURNAL_SUFFIX);
}

static int walk(walk_fn *fn, void *ctx, bool take, struct err *e)
{
	char dir[SYSROOT_PATH_MAX], path[SYSROOT_PATH_MAX];
	int r = journal_state_dir(dir, e);
	__attribute__((cleanup(closedir_))) DIR *list = r ? NULL : opendir(dir);

	if (!list)
		return r ? r : err_set(e, errno, "cannot list %s", dir);
	for (struct dirent *entry; (entry = readdir(list));) {
		struct journal *j = NULL;
		struct err why = { .code = 0 };

		if (!is_book(entry->d_name) ||
		    snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >= (int)sizeof(path))
			continue;
		r = journal_open_book(&j, path, take, &why);
		if (r != -ENOENT)
			r = fn(ctx, j, r, &why);
		else
			r = 0;
		journal_free(j);
		if (r)
			return r;
	}
	return 0;
}

struct visit {
	journal_visit_fn *fn;
	void *ctx;
	char boot_id[PROCFS_BOOT_ID_MAX];
	struct err unreadable; /* the first book that is */
};

static int visit_book(void *ctx, struct journal *j, int r, const struct err *why)
{
	struct visit *visit = ctx;

	if (!j && visit->unreadable.code == 0)
		visit->unreadable = *why;
	if (!j || !str_eq(j->book.boot_id, visit->boot_id))
		return 0;
	return visit->fn(visit->ctx, &j->book, r == -EBUSY);
}

int journal_visit(journal_visit_fn *fn, void *ctx, struct err *e)
{
	struct visit visit = { .fn = fn, .ctx = ctx };
	int r = procfs_boot_id(NULL, visit.boot_id, e);

	if (r || (r = walk(visit_book, &visit, false, e)))
		return r;
	if (visit.unreadable.code && e)
		*e = visit.unreadable;
	return visit.unreadable.code;
}

struct setting {
	const char *path, *except; /* name of the book that asks */
	char *old;
	bool held;
};

static int find_setting(void *ctx, const struct journal_file *book, bool live UNUSED)
{
	struct setting *setting = ctx;

	for (size_t i = 0; i < book->n && !str_eq(book->name, setting->except); i++) {
		const struct journal_entry *entry = &book->entries[i];

		if (entry->kind != JOURNAL_SETTING || entry->undone ||
		    !str_eq(entry->path, setting->path))
			continue;
		snprintf(setting->old, JOURNAL_OLD_MAX, "%s", entry->old);
		setting->held = true;
	}
	return 0;
}

bool journal_setting_held(const struct journal *j, const char *path, char old[JOURNAL_OLD_MAX])
{
	struct setting setting = { .path = path, .except = j->book.name, .old = old };

	journal_visit(find_setting, &setting, NULL);
	return setting.held;
}

struct recovery {
	struct undoing undoing;
	char boot_id[PROCFS_BOOT_ID_MAX];
	int r;
	struct err *e;
};

static void say(const struct recovery *recovery, bool failed, const char *name, const char *words)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s%s%s", name, *name ? ": " : "", words);
	if (recovery->undoing.report)
		recovery->undoing.report(recovery->undoing.ctx, failed, text);
}

static void fail(struct recovery *recovery, const struct err *why)
{
	if (recovery->r == 0 && recovery->e)
		*recovery->e = *why;
	recovery->r = first(recovery->r, why->code);
}

/* Somebody else took its devices away: nothing is left to keep, but settings to put back. */
static bool devices_gone(const struct journal_file *book)
{
	bool any = false;

	for (size_t i = 0; i < book->n; i++) {
		const struct journal_entry *entry = &book->entries[i];

		if (!entry->has_device || entry->undone)
			continue;
		if (zram_present(NULL, &entry->device))
			return false;
		any = true;
	}
	return any;
}

static bool kept(const struct journal_file *book)
{
	return book->ready && !devices_gone(book) &&
	       (book->ready_owner == 0 ||
		procfs_alive(NULL, book->ready_owner, book->ready_owner_start_ticks));
}

/* Processes and groups alone, of every book, before any swap: those of a study may have pages in
 * its pool, which has a book of its own. What fails is tried again in the second round.
 */
static int end_subjects(void *ctx, struct journal *j, int r, const struct err *why UNUSED)
{
	struct recovery *recovery = ctx;
	struct undoing undoing = recovery->undoing;

	if (r || !str_eq(j->book.boot_id, recovery->boot_id) || kept(&j->book))
		return 0;
	undoing.last = JOURNAL_CGROUP;
	undoing.again = true;
	undo_book(j, &undoing, NULL);
	recovery->undoing.undone = undoing.undone;
	return 0;
}

static int recover_book(void *ctx, struct journal *j, int r, const struct err *why)
{
	struct recovery *recovery = ctx;
	struct journal_file *book = j ? &j->book : NULL;
	struct err e = { .code = 0 };

	if (r == -EBUSY) {
		say(recovery, false, "", why->what);
		return 0;
	}
	if (r) {
		say(recovery, true, "", why->what);
		fail(recovery, why);
		return 0;
	}
	/* No head: its owner died before it could act. */
	bool stale = !str_eq(book->boot_id, recovery->boot_id);

	if (stale && *book->boot_id)
		say(recovery, false, book->name, "of an earlier boot, forgotten");
	if (!stale && kept(book)) {
		say(recovery, false, book->name, book->words);
		return 0;
	}
	if (!stale && undo_book(j, &recovery->undoing, &e)) {
		fail(recovery, &e);
		return 0;
	}
	if (journal_remove(j, &e)) {
		say(recovery, true, book->name, e.what);
		fail(recovery, &e);
	}
	return 0;
}

/* Device nodes whose maker died between making and removing them: ".node.<pid>". */
static void sweep_nodes(void)
{
	char dir[SYSROOT_PATH_MAX], path[SYSROOT_PATH_MAX];
	__attribute__((cleanup(closedir_))) DIR *list =
		journal_state_dir(dir, NULL) ? NULL : opendir(dir);

	for (struct dirent *entry; list && (entry = readdir(list));) {
		int pid;

		if (sscanf(entry->d_name, ".node.%d", &pid) == 1 && kill(pid, 0) &&
		    errno == ESRCH &&
		    snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) < (int)sizeof(path))
			unlink(path);
	}
}

int journal_recover(struct journal_how how, journal_report_fn *report, void *ctx, struct err *e)
{
	struct recovery recovery = {
		.undoing = { .how = how, .last = JOURNAL_PATH, .report = report, .ctx = ctx },
		.e = e,
	};
	int r = procfs_boot_id(NULL, recovery.boot_id, e);

	if (r || (r = walk(end_subjects, &recovery, true, e)) ||
	    (r = walk(recover_book, &recovery, true, e)))
		return r;
	sweep_nodes();
	return recovery.r ? recovery.r : (int)recovery.undoing.undone;
}
