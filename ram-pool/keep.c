/* SPDX-License-Identifier: GPL-2.0-only */
/* keep.c - a trigger's record in a store, as a small study of one run: what was asked, of which pool, what
 * came. */
#include "keep.h"

#include <libgen.h>
#include <sys/stat.h>

#include "cage.h"
#include "store.h"
#include "version.h"

static int keep_run(struct store *store, const struct store_id *experiment, const struct pool_status *status,
		    const struct trigger_record *record, struct err *e)
{
	const struct store_pool pool = {
		.algorithm = status->algorithm,
		.size_bytes = status->size_bytes,
		.mem_limit_bytes = status->limit_bytes,
		.priority = status->priority,
	};
	struct store_id workload, pool_id, cell, run;
	char subject[600], arm[64];
	int r;

	if (record->cgroup)
		snprintf(subject, sizeof(subject), "group %s", record->cgroup);
	else if (record->pid != MISSING_U64)
		snprintf(subject, sizeof(subject), "process %llu", (unsigned long long)record->pid);
	else
		snprintf(subject, sizeof(subject), "profile %s", record->how);
	snprintf(arm, sizeof(arm), "trigger %s %s", record->what, record->how);
	if ((r = store_workload_add(store, experiment, subject, NULL, (uid_t)-1, &workload, e)) ||
	    (r = store_pool_add(store, experiment, &pool, &pool_id, e)) ||
	    (r = store_cell_add(store, &workload, &pool_id, arm, MISSING_U64, &cell, e)) ||
	    (r = store_run_begin(store, &cell, 0, 0, STORE_RUN_TIMED, &run, e)) ||
	    (r = store_record(store, &run, &trigger_type, record, e)))
		return r;
	return record->stopped ? store_run_end(store, &run, STORE_RUN_FAILED, "stopped by ^C", e)
			       : store_run_end(store, &run, STORE_RUN_OK, NULL, e);
}

static int make_default_dir(const struct cage_user *user, struct err *e)
{
	char path[] = KEEP_DEFAULT;
	const char *dir = dirname(path);

	if (mkdir(dir, 0755) == 0)
		return lchown(dir, user->uid, user->gid) ? err_set(e, errno, "cannot hand over %s", dir) : 0;
	if (errno != EEXIST)
		return err_set(e, errno, "cannot make the folder %s", dir);
	struct stat st;

	/* Root would follow a link that anybody has put there. */
	if (lstat(dir, &st))
		return err_set(e, errno, "cannot look at %s", dir);
	if (S_ISDIR(st.st_mode))
		return 0;
	err_say(e, ENOTDIR, "%s is no folder", dir);
	return err_hint(e, "name a store with --db");
}

int keep_trigger(const char *path, char *const argv[], const struct pool *pool,
		 const struct trigger_record *record, struct err *e)
{
	AUTO_FREE char *line = store_quote_argv(argv);
	AUTO_STORE struct store *store = NULL;
	const struct store_experiment experiment = {
		.argv = line ? line : "ram_pool trigger",
		.command = line, /* it runs nothing else: what tells it from others in a list */
		.limit_ratio = MISSING_F64,
		.settings_json = "{}",
		.version = COLDPRESS_VERSION " " COLDPRESS_REVISION,
	};
	struct pool_status status;
	struct cage_user user;
	struct store_id id;
	int r = pool_status_read(pool, &status, e);

	if (r || (r = cage_user_caller(&user, e)) ||
	    (str_eq(path, KEEP_DEFAULT) && (r = make_default_dir(&user, e))))
		return r;
	const struct store_owner owner = {user.uid, user.gid};

	if ((r = store_open(&store, path, STORE_WRITE, &owner, e)) ||
	    (r = store_experiment_add(store, &experiment, &id, e)))
		return r;
	r = keep_run(store, &id, &status, record, e);
	int ended = store_experiment_end(store, &id, r ? STORE_EXPERIMENT_FAILED : STORE_EXPERIMENT_DONE,
					 NULL, NULL, r ? NULL : e);

	return r ? r : ended;
}
