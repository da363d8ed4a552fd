/* SPDX-License-Identifier: GPL-2.0-only */
/* journal_recover.c - walks the journals: undoes what dead owners left, keeps what is meant to
 * stay.
 */
#include "journal_recover.h"

#include <signal.h>

#include "journal_garbled.h"
#include "lib/base/dir.h"
#include "lib/kernel/procfs.h"

/* ---- one journal ---- */

struct undoing {
	struct journal_how how;
	enum journal_kind last; /* up to this kind */
	bool quiet;             /* failures are tried again later: not reported yet */
	journal_report_fn *report;
	void *ctx;
	unsigned int undone;
};

static void report(const struct undoing *undoing, bool failed, const char *name, const char *what)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s%s%s", name, *name ? ": " : "", what);
	if (undoing->report)
		undoing->report(undoing->ctx, failed, text);
}

/* Whether the device of this entry is one whose swap could not be turned off. */
static bool still_swap(const struct journal_file *file, const struct journal_entry *entry)
{
	for (size_t i = 0; i < file->n && entry->has_device && entry->kind != JOURNAL_SWAP; i++)
		if (file->entries[i].kind == JOURNAL_SWAP && !file->entries[i].undone &&
		    file->entries[i].device.diskseq == entry->device.diskseq)
			return true;
	return false;
}

static int undo_entry(struct journal *j, const struct journal_entry *entry, struct undoing *undoing,
		      struct err *e)
{
	char what[JOURNAL_WHAT_MAX] = "", old[JOURNAL_OLD_MAX];
	int rc = 0;

	/* The last journal that holds a setting writes it back. */
	if (entry->kind != JOURNAL_SETTING || !journal_setting_held(j, entry->path, old))
		rc = journal_undo(entry, undoing->how, what, e);
	if (!rc)
		rc = journal_undone(j, entry->id, e);
	undoing->undone += rc == 0;
	if (rc && !undoing->quiet)
		report(undoing, true, j->file.name, e->what);
	else if (!rc && *what)
		report(undoing, false, j->file.name, what);
	return rc;
}

/* Every open entry in the order of the kinds; continues after a failure and returns the first. */
static int undo_entries(struct journal *j, struct undoing *undoing, struct err *e)
{
	int first = 0;

	for (unsigned int kind = JOURNAL_PROCESS; kind <= undoing->last; kind++)
		for (size_t i = j->file.n; i-- > 0;) {
			const struct journal_entry *entry = &j->file.entries[i];
			struct err failure = { .code = 0 };
			int rc;

			if (entry->kind != kind || entry->undone || still_swap(&j->file, entry))
				continue;
			rc = undo_entry(j, entry, undoing, &failure);
			if (!rc || first)
				continue;
			first = rc;
			if (e)
				*e = failure;
		}
	return first;
}

int journal_undo_all(struct journal *j, struct err *e)
{
	struct undoing undoing = { .last = JOURNAL_PATH };

	return undo_entries(j, &undoing, e);
}

/* ---- all journals ---- */

struct recovery {
	struct undoing undoing;
	char boot_id[PROCFS_BOOT_ID_MAX];
	int first; /* failure */
	struct err *e;
};

static void fail(struct recovery *recovery, const struct err *why)
{
	if (recovery->first)
		return;
	recovery->first = why->code;
	if (recovery->e)
		*recovery->e = *why;
}

/* Another process removed the devices: only settings are left to put back. */
static bool devices_gone(const struct journal_file *file)
{
	bool any = false;

	for (size_t i = 0; i < file->n; i++) {
		const struct journal_entry *entry = &file->entries[i];

		if (!entry->has_device || entry->undone)
			continue;
		if (zram_present(NULL, &entry->device))
			return false;
		any = true;
	}
	return any;
}

static bool kept(const struct journal_file *file)
{
	return file->ready && !devices_gone(file) &&
	       (file->ready_owner == 0 ||
		procfs_alive(NULL, file->ready_owner, file->ready_owner_start_ticks));
}

/* Processes and groups alone, of every journal, before any swap: those of a study may have pages in
 * its pool, which has a journal of its own. What fails is tried again in the second round. */
static int end_processes(void *ctx, struct journal *j, int rc, const struct err *why UNUSED)
{
	struct recovery *recovery = ctx;
	struct undoing undoing = recovery->undoing;

	if (rc || !str_eq(j->file.boot_id, recovery->boot_id) || kept(&j->file))
		return 0;
	undoing.last = JOURNAL_CGROUP;
	undoing.quiet = true;
	undo_entries(j, &undoing, NULL);
	recovery->undoing.undone = undoing.undone;
	return 0;
}

/* With force: the device of a journal that cannot be parsed, then the file. */
static int recover_garbled(struct recovery *recovery, struct journal *j)
{
	struct undoing *undoing = &recovery->undoing;
	char what[JOURNAL_WHAT_MAX] = "";
	struct err e = { .code = 0 };
	int rc = journal_garbled_undo(j, undoing->how, recovery->boot_id, what, &e);

	if (!rc)
		rc = journal_remove(j, &e);
	if (rc)
		fail(recovery, &e);
	else
		undoing->undone++;
	report(undoing, rc != 0, j->file.name, rc ? e.what : what);
	return 0;
}

/* One that cannot be loaded, or has nothing in it though its pool is in use. */
static int recover_unusable(struct recovery *recovery, struct journal *j, int rc,
			    const struct err *why)
{
	struct undoing *undoing = &recovery->undoing;
	struct err empty;

	if (rc == -EBUSY) {
		report(undoing, false, "", why->what);
		return 0;
	}
	if (j && undoing->how.force)
		return recover_garbled(recovery, j);
	if (!rc) {
		err_say(&empty, EBADMSG,
			"%s: the journal is empty, but the pool is in use; `recover --force` "
			"removes both",
			j->file.name);
		why = &empty;
	}
	report(undoing, true, "", why->what);
	fail(recovery, why);
	return 0;
}

static int recover_one(void *ctx, struct journal *j, int rc, const struct err *why)
{
	struct recovery *recovery = ctx;
	struct undoing *undoing = &recovery->undoing;
	struct err e = { .code = 0 };

	/* No head: its owner died before it could change anything, or somebody emptied it. */
	if (rc || (!*j->file.boot_id && journal_garbled_device(j)))
		return recover_unusable(recovery, j, rc, why);
	bool stale = !str_eq(j->file.boot_id, recovery->boot_id);

	if (stale && *j->file.boot_id)
		report(undoing, false, j->file.name, "of an earlier boot, removed");
	if (!stale && kept(&j->file)) {
		report(undoing, false, j->file.name, j->file.ready_text);
		return 0;
	}
	if (!stale && undo_entries(j, undoing, &e)) {
		fail(recovery, &e);
		return 0;
	}
	if (journal_remove(j, &e)) {
		report(undoing, true, j->file.name, e.what);
		fail(recovery, &e);
	}
	return 0;
}

/* Device nodes of versions before 0.2.0, whose maker died before it removed them: ".node.<pid>". */
static void sweep_nodes(void)
{
	char dir[SYSROOT_PATH_MAX], path[SYSROOT_PATH_MAX];
	AUTO_DIR DIR *list = journal_state_dir(dir, NULL) ? NULL : opendir(dir);

	for (struct dirent *entry; list && (entry = readdir(list));) {
		int pid;

		if (sscanf(entry->d_name, ".node.%d", &pid) == 1 && kill(pid, 0) &&
		    errno == ESRCH &&
		    snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) < (int)sizeof(path))
			unlink(path);
	}
}

int journal_recover(struct journal_how how, journal_report_fn *fn, void *ctx, struct err *e)
{
	struct recovery recovery = {
		.undoing = { .how = how, .last = JOURNAL_PATH, .report = fn, .ctx = ctx },
		.e = e,
	};
	int rc = procfs_boot_id(NULL, recovery.boot_id, e);

	if (!rc)
		rc = journal_each(end_processes, &recovery, true, e);
	if (!rc)
		rc = journal_each(recover_one, &recovery, true, e);
	if (rc)
		return rc;
	sweep_nodes();
	return recovery.first ? recovery.first : (int)recovery.undoing.undone;
}
