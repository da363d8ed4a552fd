/* SPDX-License-Identifier: GPL-2.0-only */
/* readback.c - readback factors from a study in a results database, or from pool_probe. */
#include "readback.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "lib/analysis/stats.h"
#include "lib/base/sysroot.h"
#include "lib/results/results.h"
#include "lib/base/units.h"

#define RUNS_MAX 4096

/* ---- a study ---- */
static const char last_study[] =
	"(SELECT id FROM experiment ORDER BY started_unix_ns DESC, id DESC LIMIT 1)";

static int sqlite_failed(struct results *results, const char *path, struct err *e)
{
	return err_say(e, EBADMSG, "cannot read %s: %s", path,
		       sqlite3_errmsg(results_sqlite(results)));
}

/* The target of this name, or the only one. */
static int choose_target(struct results *results, const char *path, const char *wanted, char *ret,
			 size_t len, struct err *e)
{
	char sql[256], names[256] = "";
	struct sqlite3_stmt *st;
	size_t n = 0, used = 0;
	bool found = false;
	int rc;

	snprintf(sql, sizeof(sql), "SELECT name FROM workload WHERE experiment=%s ORDER BY name",
		 last_study);
	rc = sqlite3_prepare_v2(results_sqlite(results), sql, -1, &st, NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		const char *name;

		rc = sqlite3_step(st);
		name = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
		if (!name)
			continue;
		if (!wanted || str_eq(name, wanted)) {
			snprintf(ret, len, "%s", name);
			found = true;
		}
		if (used < sizeof(names))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 n ? ", " : "", name);
		n++;
	}
	sqlite3_finalize(st);
	if (rc != SQLITE_DONE)
		return sqlite_failed(results, path, e);
	if (!n)
		return err_say(e, ENODATA, "%s has no study", path);
	if (!found) {
		err_say(e, ENODATA, "the last study in %s has no target '%s'", path, wanted);
		return err_hint(e, "targets: %s", names);
	}
	if (!wanted && n > 1)
		return err_usage(
			e, "the last study in %s has several targets: choose one with --target: %s",
			path, names);
	return 0;
}

/* The median of a metric over the runs; missing where none has it. */
static int median_metric(struct results *results, const char *path, const char *target,
			 const char *metric, const char *kinds, double *ret, uint64_t *n,
			 struct err *e)
{
	AUTO_FREE double *values = calloc(RUNS_MAX, sizeof(*values));
	char sql[640];
	struct sqlite3_stmt *st;
	int rc;

	snprintf(sql, sizeof(sql),
		 "SELECT metric.value FROM metric JOIN run ON run.id=metric.run JOIN cell ON "
		 "cell.id=run.cell JOIN workload ON workload.id=cell.workload WHERE "
		 "workload.experiment=%s AND workload.name=? AND metric.name=? AND run.state='ok' "
		 "AND run.kind IN (%s) AND cell.arm<>'none' AND cell.pool_config IS NOT NULL",
		 last_study, kinds);
	*n = 0;
	*ret = MISSING_F64;
	if (!values)
		return err_set(e, ENOMEM, "cannot read %s", path);
	rc = sqlite3_prepare_v2(results_sqlite(results), sql, -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, 1, target, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, 2, metric, -1, SQLITE_STATIC);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		double value;

		rc = sqlite3_step(st);
		if (rc != SQLITE_ROW || *n == RUNS_MAX ||
		    sqlite3_column_type(st, 0) != SQLITE_FLOAT)
			continue;
		value = sqlite3_column_double(st, 0);
		if (isfinite(value) && value >= 0)
			values[(*n)++] = value;
	}
	sqlite3_finalize(st);
	if (rc != SQLITE_DONE)
		return sqlite_failed(results, path, e);
	if (*n)
		*ret = stats_median(values, *n);
	return 0;
}

int readback_from_db(const char *path, const char *target, struct readback *ret, struct err *e)
{
	struct readback found = { .pages_out = MISSING_U64, .pages_in = MISSING_U64 };
	struct results *results AUTO_RESULTS = NULL;
	uint64_t residences;
	char name[128];
	int rc = results_open(&results, path, RESULTS_READ, NULL, e);

	if (!rc)
		rc = choose_target(results, path, target, name, sizeof(name), e);
	if (!rc)
		rc = median_metric(results, path, name, "readback_factor", "'timed'", &found.factor,
				   &found.runs, e);
	if (!rc)
		rc = median_metric(results, path, name, "residence_ns", "'timed','probed'",
				   &found.residence_ns, &residences, e);
	if (rc)
		return rc;
	if (!found.runs) {
		err_say(e, ENODATA,
			"no run of %s in %s has a readback factor: nothing was swapped out", name,
			path);
		return err_hint(e, "give it with --readback or --class");
	}
	snprintf(found.source, sizeof(found.source), "study of %.100s, %lu runs, %.100s", name,
		 found.runs, path);
	*ret = found;
	return 0;
}

/* ---- a live process ---- */

/* pool_probe, beside this program or where it is installed. */
static int find_probe(char *buf, size_t len, struct err *e)
{
	static const char *const places[] = { "", "/../../bin" };
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *dir;

	if (n < 0)
		return err_set(e, errno, "cannot read /proc/self/exe");
	self[n] = '\0';
	dir = dirname(self);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (snprintf(buf, len, "%s%s/pool_probe", dir, places[i]) < (int)len &&
		    access(buf, X_OK) == 0)
			return 0;
	err_impossible(e, "--readback-from PID is measured by pool_probe, which is not there");
	return err_hint(e, "looked in %s and %s/../../bin; `make` builds it", dir, dir);
}

/* Runs it to its end; *f is what it prints. Returns its PID. */
static pid_t start_probe(const char *path, const char *duration, FILE **f, struct err *e)
{
	const char *argv[] = { path,    "-q",   "-d", duration, "--by", "pid",
			       "--top", "4096", "-f", "json",   NULL };
	pid_t pid, parent = getpid();
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "cannot run pool_probe");
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() == parent && dup2(fds[1], STDOUT_FILENO) >= 0)
			execv(path, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(fds[1]);
	*f = pid < 0 ? NULL : fdopen(fds[0], "r");
	if (!*f) {
		err_set(e, errno, "cannot run pool_probe");
		close(fds[0]);
		return e ? e->code : -EIO;
	}
	return pid;
}

static double number_of(struct json_object *o, const char *key)
{
	struct json_object *value = json_object_object_get(o, key);

	return json_object_is_type(value, json_type_int) ||
			       json_object_is_type(value, json_type_double)
		       ? json_object_get_double(value)
		       : MISSING_F64;
}

/* The record of this process among what the probe says; none: it made no request. */
static void read_records(FILE *f, pid_t pid, struct readback *ret)
{
	AUTO_FREE char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, f) > 0) {
		struct json_object *o = json_tokener_parse(line);
		struct json_object *type = json_object_object_get(o, "type");

		if (json_object_is_type(type, json_type_string) &&
		    str_eq(json_object_get_string(type), "pool_probe_by") &&
		    number_of(o, "pid") == (double)pid) {
			ret->pages_in = (uint64_t)MAX(number_of(o, "loads"), 0.0);
			ret->residence_ns = number_of(o, "residence_p50_ns");
		}
		json_object_put(o);
	}
}

static int swapped_pages(pid_t pid, double *ret, struct err *e)
{
	char text[8192];
	const char *at;
	ssize_t n = sysroot_read(NULL, text, sizeof(text), e, "/proc/%d/status", (int)pid);

	if (n < 0)
		return (int)n;
	at = strstr(text, "\nVmSwap:");
	if (!at)
		return err_say(e, ESRCH, "process %d has no memory (kernel thread, or ended)",
			       (int)pid);
	*ret = strtod(at + strlen("\nVmSwap:"), NULL) * (double)KIB / PAGE_BYTES;
	return 0;
}

int readback_from_pid(pid_t pid, uint64_t watch_ns, struct readback *ret, struct err *e)
{
	struct readback found = { .residence_ns = MISSING_F64 };
	char path[PATH_MAX], duration[UNITS_TEXT_MAX];
	double before, after, out;
	FILE *f AUTO_FCLOSE = NULL;
	int status = -1, rc;
	pid_t probe;

	if ((rc = swapped_pages(pid, &before, e)) || (rc = find_probe(path, sizeof(path), e)))
		return rc;
	probe = start_probe(path, units_exact_duration(watch_ns, duration), &f, e);
	if (probe < 0)
		return (int)probe;
	read_records(f, pid, &found);
	while (waitpid(probe, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_IMPOSSIBLE)
			return err_impossible(
				e, "--readback-pid: pool_probe cannot run here, see above");
		return err_say(e, EIO, "--readback-pid: pool_probe failed, see above");
	}
	rc = swapped_pages(pid, &after, e);
	if (rc)
		return rc;
	out = (double)found.pages_in + after - before;
	if (out < 1) {
		err_say(e, ENODATA, "no page of process %d was swapped out within %s", (int)pid,
			duration);
		return err_hint(
			e, "watch it for longer with --duration, or give --readback or --class");
	}
	found.pages_out = (uint64_t)out;
	found.factor = (double)found.pages_in / out;
	snprintf(found.source, sizeof(found.source),
		 "pool_probe on pid %d for %s: %lu swap-ins, %lu swap-outs", (int)pid, duration,
		 found.pages_in, found.pages_out);
	*ret = found;
	return 0;
}
