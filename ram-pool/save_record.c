/* SPDX-License-Identifier: GPL-2.0-only */
/* save_record.c - saves a trigger's record in a results database, as an experiment of one run. */
#include "save_record.h"

#include <libgen.h>
#include <sys/stat.h>

#include "lib/base/caller.h"
#include "lib/results/results.h"
#include "status.h"
#include "version.h"

static int save_run(struct results *results, const struct results_id *experiment,
		    const struct pool_status *status, const struct trigger_record *record,
		    struct err *e)
{
	const struct results_pool pool = {
		.algorithm = status->algorithm,
		.size_bytes = status->size_bytes,
		.mem_limit_bytes = status->now.mm.limit_bytes,
		.priority = status->priority,
	};
	struct results_id workload, pool_id, cell, run;
	char target[600], configuration[64];

	if (record->cgroup)
		snprintf(target, sizeof(target), "group %s", record->cgroup);
	else if (record->pid != MISSING_U64)
		snprintf(target, sizeof(target), "process %llu", (unsigned long long)record->pid);
	else
		snprintf(target, sizeof(target), "profile %s", record->how);
	snprintf(configuration, sizeof(configuration), "trigger %s %s", record->what, record->how);
	int rc = results_workload_add(results, experiment, target, NULL, (uid_t)-1, &workload, e);

	if (rc == 0)
		rc = results_pool_add(results, experiment, &pool, &pool_id, e);
	if (rc == 0)
		rc = results_cell_add(results, &workload, &pool_id, configuration, MISSING_U64,
				      &cell, e);
	if (rc == 0)
		rc = results_run_begin(results, &cell, 0, 0, RESULTS_RUN_TIMED, &run, e);
	if (rc == 0)
		rc = results_record(results, &run, &trigger_type, record, e);
	if (rc)
		return rc;
	return results_run_end(results, &run, record->stopped ? RESULTS_RUN_FAILED : RESULTS_RUN_OK,
			       record->stopped ? "stopped by ^C" : NULL, e);
}

static int make_default_dir(const struct caller *user, struct err *e)
{
	char path[] = SAVE_RECORD_DEFAULT;
	const char *dir = dirname(path);
	struct stat st;

	int rc = caller_mkdir(user, dir, 0755);

	if (rc == 0)
		return 0;
	if (rc != -EEXIST)
		return err_set(e, rc, "cannot create the directory %s", dir);
	/* lstat: a link that any user may have put there. */
	if (lstat(dir, &st))
		return err_set(e, errno, "cannot read the status of %s", dir);
	if (S_ISDIR(st.st_mode))
		return 0;
	err_say(e, ENOTDIR, "%s is not a directory", dir);
	return err_hint(e, "name a results database with --db");
}

int save_record(const char *path, char *const argv[], const struct pool *pool,
		const struct trigger_record *record, struct err *e)
{
	AUTO_FREE char *line = results_quote_argv(argv);
	AUTO_RESULTS struct results *results = NULL;
	const struct results_experiment experiment = {
		.argv = line ? line : "ram_pool trigger",
		.command = line, /* tells it from others in a list */
		.limit_ratio = MISSING_F64,
		.settings_json = "{}",
		.version = COLDPRESS_VERSION " " COLDPRESS_REVISION,
	};
	struct pool_status status;
	struct caller user;
	struct results_id id;
	int rc = pool_status_read(pool, &status, e);

	if (rc == 0)
		rc = caller_read(&user, e);
	if (rc == 0 && str_eq(path, SAVE_RECORD_DEFAULT))
		rc = make_default_dir(&user, e);
	if (rc)
		return rc;
	rc = results_open(&results, path, RESULTS_WRITE, &user, e);
	if (rc == 0)
		rc = results_experiment_add(results, &experiment, &id, e);
	if (rc)
		return rc;
	rc = save_run(results, &id, &status, record, e);
	int ended = results_experiment_end(results, &id,
					   rc ? RESULTS_EXPERIMENT_FAILED : RESULTS_EXPERIMENT_DONE,
					   NULL, NULL, rc ? NULL : e);

	return rc ? rc : ended;
}
