/* SPDX-License-Identifier: GPL-2.0-only */
/* keep.c - a trigger's record in a results, as a small study of one run: what was asked, of which
 * pool, what came. */
#include "keep.h"

#include <libgen.h>
#include <sys/stat.h>

#include "lib/safety/supervise.h"
#include "lib/results/results.h"
#include "version.h"

static int keep_run(struct results *results, const struct results_id *experiment,
		    const struct pool_status *status, const struct trigger_record *record,
		    struct err *e)
{
	const struct results_pool pool = {
		.algorithm = status->algorithm,
		.size_bytes = status->size_bytes,
		.mem_limit_bytes = status->limit_bytes,
		.priority = status->priority,
	};
	struct results_id workload, pool_id, cell, run;
	char subject[600], arm[64];
	int r;

	if (record->cgroup)
		snprintf(subject, sizeof(subject), "group %s", record->cgroup);
	else if (record->pid != MISSING_U64)
		snprintf(subject, sizeof(subject), "process %llu", (unsigned long long)record->pid);
	else
		snprintf(subject, sizeof(subject), "profile %s", record->how);
	snprintf(arm, sizeof(arm), "trigger %s %s", record->what, record->how);
	if ((r = results_workload_add(results, experiment, subject, NULL, (uid_t)-1, &workload,
				      e)) ||
	    (r = results_pool_add(results, experiment, &pool, &pool_id, e)) ||
	    (r = results_cell_add(results, &workload, &pool_id, arm, MISSING_U64, &cell, e)) ||
	    (r = results_run_begin(results, &cell, 0, 0, RESULTS_RUN_TIMED, &run, e)) ||
	    (r = results_record(results, &run, &trigger_type, record, e)))
		return r;
	return record->stopped
		       ? results_run_end(results, &run, RESULTS_RUN_FAILED, "stopped by ^C", e)
		       : results_run_end(results, &run, RESULTS_RUN_OK, NULL, e);
}

static int make_default_dir(const struct caller *user, struct err *e)
{
	char path[] = KEEP_DEFAULT;
	const char *dir = dirname(path);

	if (mkdir(dir, 0755) == 0)
		return lchown(dir, user->uid, user->gid)
			       ? err_set(e, errno, "cannot hand over %s", dir)
			       : 0;
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
	AUTO_FREE char *line = results_quote_argv(argv);
	AUTO_RESULTS struct results *results = NULL;
	const struct results_experiment experiment = {
		.argv = line ? line : "ram_pool trigger",
		.command = line, /* it runs nothing else: what tells it from others in a list */
		.limit_ratio = MISSING_F64,
		.settings_json = "{}",
		.version = COLDPRESS_VERSION " " COLDPRESS_REVISION,
	};
	struct pool_status status;
	struct caller user;
	struct results_id id;
	int r = pool_status_read(pool, &status, e);

	if (r || (r = caller_read(&user, e)) ||
	    (str_eq(path, KEEP_DEFAULT) && (r = make_default_dir(&user, e))))
		return r;
	const struct results_owner owner = { user.uid, user.gid };

	if ((r = results_open(&results, path, RESULTS_WRITE, &owner, e)) ||
	    (r = results_experiment_add(results, &experiment, &id, e)))
		return r;
	r = keep_run(results, &id, &status, record, e);
	int ended = results_experiment_end(results, &id,
					   r ? RESULTS_EXPERIMENT_FAILED : RESULTS_EXPERIMENT_DONE,
					   NULL, NULL, r ? NULL : e);

	return r ? r : ended;
}
