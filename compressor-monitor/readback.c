/* SPDX-License-Identifier: GPL-2.0-only */
/* readback.c - readback factors from a study in a results database, or from pool_probe. */
#include "readback.h"

#include <math.h>
#include <signal.h>
#include <sqlite3.h>

#include "lib/analysis/stats.h"
#include "lib/base/companion.h"
#include "lib/base/sysroot.h"
#include "lib/results/results.h"
#include "lib/base/units.h"

#define RUNS_MAX 4096
#define PROBE_NS (60 * NS_PER_S) /* how long the probe may take to begin and to end */

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
		return err_say(e, ENOMSG, "%s has no study", path);
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
		rc = median_metric(results, path, name, "readback_factor", "'timed','probed'",
				   &found.factor, &found.runs, e);
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

/* The record of this process among those of the probe; none: it made no request. */
struct wanted {
	pid_t pid;
	struct readback *ret;
};

static int take_record(void *ctx, const char *type, struct json_object *record)
{
	const struct wanted *wanted = ctx;

	if (!str_eq(type, "pool_probe_by") || record_u64(record, "pid") != (uint64_t)wanted->pid)
		return 0;
	wanted->ret->pages_in = record_u64(record, "reads");
	wanted->ret->residence_ns = record_f64(record, "residence_p50_ns");
	return 1;
}

/* Runs pool_probe for so long; a request to stop ends it early. */
static int watch_pool(pid_t pid, const char *duration, uint64_t watch_ns, struct readback *ret,
		      struct err *e)
{
	const char *argv[] = { "pool_probe", "-q",   "-d", duration, "--by", "pid",
			       "--top",      "4096", "-f", "json",   NULL };
	struct wanted wanted = { .pid = pid, .ret = ret };
	struct companion probe;
	int rc;

	rc = companion_start(&probe, argv, e);
	if (!rc) {
		child_wait(&probe.child, watch_ns + PROBE_NS);
		rc = companion_finish(&probe, SIGINT, PROBE_NS, e);
	}
	if (!rc)
		companion_each(&probe, take_record, &wanted);
	companion_done(&probe);
	return rc;
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
	char duration[UNITS_TEXT_MAX];
	double before, after, out;
	int rc;

	rc = swapped_pages(pid, &before, e);
	if (rc)
		return rc;
	rc = watch_pool(pid, units_exact_duration(watch_ns, duration), watch_ns, &found, e);
	if (rc)
		return rc;
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
