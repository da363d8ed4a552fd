/* SPDX-License-Identifier: GPL-2.0-only */
/* scan_target.c - opens what a scan names: processes, trees, cgroups, files, pools. */
#include <sys/resource.h>

#include "lib/kernel/procfs.h"
#include "scan_state.h"
#include "lib/base/rights.h"
#include "lib/base/units.h"

void scan_close_sources(struct scan *s)
{
	for (size_t i = 0; i < s->n_sources; i++)
		page_close(&s->sources[i]);
	free(s->sources);
	s->sources = NULL;
	s->n_sources = 0;
}

static int add_source(struct scan *s, const struct page_source *source, struct err *e)
{
	struct page_source *bigger = reallocarray(s->sources, s->n_sources + 1, sizeof(*bigger));

	if (!bigger)
		return err_set(e, ENOMEM, "cannot list the processes to scan");
	s->sources = bigger;
	s->sources[s->n_sources++] = *source;
	return 0;
}

static int add_pid(struct scan *s, pid_t pid, struct err *e)
{
	struct page_source source;
	int rc = page_open_pid(&source, pid, e);

	for (size_t i = 0; !rc && i < s->n_sources; i++)
		if (s->sources[i].pid == pid) {
			page_close(&source);
			return 0;
		}
	return rc ? rc : add_source(s, &source, e);
}

static int open_pids(struct scan *s, struct err *e)
{
	for (size_t i = 0; i < s->config->pids.n; i++) {
		uint64_t pid;
		int rc = units_parse_u64(s->config->pids.items[i], &pid, e);

		if (rc || pid < 1 || pid > INT32_MAX)
			return err_usage(e, "--pid: '%s' is not a process ID",
					 s->config->pids.items[i]);
		rc = add_pid(s, (pid_t)pid, e);
		if (rc)
			return rc;
	}
	return 0;
}

/* The cgroup's own processes, not those of its children, and not this one. */
static int open_cgroup(struct scan *s, struct err *e)
{
	AUTO_FREE char *path = NULL;
	AUTO_FCLOSE FILE *procs = NULL;
	int pid, fields, rc = 0;

	if (asprintf(&path, "%s/cgroup.procs", s->config->cgroup) < 0) {
		path = NULL;
		return err_set(e, ENOMEM, "cannot open cgroup %s", s->config->cgroup);
	}
	procs = fopen(path, "re");
	if (!procs) {
		err_set(e, errno, "cannot open %s", path);
		return err_hint(e, "give the directory of the cgroup, e.g. /sys/fs/cgroup/NAME");
	}
	while (!rc && (fields = fscanf(procs, "%d", &pid)) == 1) {
		if (pid == getpid())
			continue;
		rc = add_pid(s, pid, e);
		if (rc == -ESRCH) {
			s->n_vanished++;
			rc = 0;
		}
	}
	if (!rc && !s->n_sources)
		return err_say(e, ESRCH, "no process to scan in cgroup %s", s->config->cgroup);
	return rc;
}

/* The process and its descendants at this moment, except this process. */
static int open_tree(struct scan *s, struct err *e)
{
	AUTO_FREE struct procfs_relation *list = NULL;
	size_t n;
	int rc = add_pid(s, s->config->tree, e);

	list = rc ? NULL : procfs_relations(&n);
	if (!list)
		return rc ? rc
			  : err_set(e, errno, "cannot list the descendants of process %d",
				    (int)s->config->tree);
	procfs_descendants_mark(list, n, s->config->tree);
	for (size_t i = 0; !rc && i < n; i++) {
		if (!list[i].inside || list[i].pid == s->config->tree || list[i].pid == getpid())
			continue;
		rc = add_pid(s, list[i].pid, e);
		if (rc == -ESRCH) {
			s->n_vanished++;
			rc = 0;
		}
	}
	return rc;
}

/* Each process needs a descriptor. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Every process except this one. Kernel threads have no memory of their own; unprivileged,
 * processes of other users are skipped and counted.
 */
static int open_system(struct scan *s, struct err *e)
{
	size_t n;
	AUTO_FREE struct procfs_relation *list = procfs_relations(&n);
	int rc = 0;

	raise_descriptor_limit();
	if (!list)
		return err_set(e, errno, "cannot list the processes");
	for (size_t i = 0; !rc && i < n; i++) {
		if (list[i].pid == getpid())
			continue;
		rc = add_pid(s, list[i].pid, e);
		s->n_forbidden += rc == -EACCES;
		if (rc == -ESRCH || rc == -EACCES)
			rc = 0;
	}
	return rc || s->n_sources ? rc : err_say(e, EACCES, "no permission to read any process");
}

static int open_file(struct scan *s, struct err *e)
{
	struct page_source source;
	int rc = page_open_file(&source, s->config->file, e);

	return rc ? rc : add_source(s, &source, e);
}

static int open_owners(struct scan *s, struct err *e)
{
	return s->config->cgroup ? open_cgroup(s, e)
	       : s->config->tree ? open_tree(s, e)
				 : open_pids(s, e);
}

/* Repeats until no process is new: before all are stopped, they may fork. */
static int stop_owners(struct scan *s, struct err *e)
{
	int rc = 0;

	s->stopped_at_ns = monotonic_ns();
	for (size_t stopped = 0, before = SIZE_MAX; !rc && s->n_sources != before;) {
		before = s->n_sources;
		rc = open_owners(s, e);
		for (; !rc && stopped < s->n_sources; stopped++)
			rc = freeze_process(&s->freeze, s->sources[stopped].pid, e);
	}
	s->n_stopped = s->n_sources;
	s->n_vanished = 0;
	scan_close_sources(s);
	return rc;
}

static int open_pool(struct scan *s, struct err *e)
{
	const struct scan_config *c = s->config;
	struct page_source source;
	int rc = pool_pages_open(&s->pool, c->zram, &source, e);

	if (rc)
		return rc;
	page_close(&source);
	rc = c->pids.n || c->tree || c->cgroup ? stop_owners(s, e) : 0;
	/* Opened again, as the pool may have changed before they stopped. */
	if (!rc)
		rc = pool_pages_open(&s->pool, c->zram, &source, e);
	return rc ? rc : add_source(s, &source, e);
}

/* How many targets the options name. */
static int n_targets(const struct scan_config *c)
{
	return (c->pids.n > 0) + (c->tree != 0) + (c->cgroup != NULL) + c->system +
	       (c->file != NULL);
}

static int check_target(const struct scan_config *c, struct err *e)
{
	if (c->zram && (n_targets(c) > 1 || c->system || c->file))
		return err_usage(e, "with --zram give at most one of --pid, --tree and --cgroup: "
				    "the processes to stop");
	if (c->zram || n_targets(c) == 1)
		return 0;
	err_usage(e, "give one target: --pid PID (may be repeated), --tree PID, --cgroup PATH, "
		     "--system, --file FILE or --zram DEVICE");
	return err_hint(e, "e.g. --pid $$ scans this shell");
}

int scan_open_target(struct scan *s, char *name, size_t len, struct err *e)
{
	const struct scan_config *c = s->config;
	int rc = check_target(c, e);

	if (!rc && (c->pids.n || c->tree || c->cgroup || c->system))
		rc = rights_processes("reading the pages of processes", e);
	if (rc)
		return rc;
	if (c->zram) {
		snprintf(name, len, "pool %s", c->zram);
		return open_pool(s, e);
	}
	if (c->cgroup) {
		snprintf(name, len, "cgroup %s", c->cgroup);
		return open_cgroup(s, e);
	}
	if (c->system) {
		snprintf(name, len, "every process");
		return open_system(s, e);
	}
	if (c->tree) {
		snprintf(name, len, "pid %d and its descendants", (int)c->tree);
		return open_tree(s, e);
	}
	if (c->file) {
		snprintf(name, len, "file %s", c->file);
		return open_file(s, e);
	}
	if (c->pids.n == 1)
		snprintf(name, len, "pid %s", c->pids.items[0]);
	else
		snprintf(name, len, "%zu processes from pid %s", c->pids.n, c->pids.items[0]);
	return open_pids(s, e);
}
