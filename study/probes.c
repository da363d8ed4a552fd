/* SPDX-License-Identifier: GPL-2.0-only */
/* probes.c - page_fault on the cgroup, pool_probe on the pool's device.
 *
 * Both are run as programs, and the last record of each is taken. A probe that cannot run here is
 * noted once; then counters of the device give the readback factor and, by Little's law, a mean
 * residence.
 */
#include "probes.h"

#include <signal.h>

#include "lib/base/stop.h"
#include "lib/results/pool_summary.h"

#define READY_NS  (10 * NS_PER_S)
#define FINISH_NS (10 * NS_PER_S)

/* Noted once a study, unless it was asked to stop: then probes end too. */
static void give_up(struct study *s, bool *without, const char *about, const char *why)
{
	if (*without || stop_requested())
		return;
	*without = true;
	study_note(s, RESULTS_NOTE_SKIPPED, about, "%s", why);
}

static bool await(struct companion *probe, bool started, struct err *e)
{
	if (started && !companion_await(probe, "ready", READY_NS, e))
		return true;
	companion_done(probe);
	return false;
}

void study_probes_start(struct study *s, const char *group, const char *device,
			struct study_probes *ret)
{
	const char *const faults[] = { "page_fault", "--summary", "--cgroup", group,
				       "--format",   "json",      NULL };
	const char *const pool[] = { "pool_probe", "--device", device, "--format", "json", NULL };
	struct err e = { 0 }, pe = { 0 };
	bool try_faults = !s->no_fault_latency, try_pool = device[0] && !s->no_pool_probe;

	*ret = (struct study_probes){
		.faults = { .in_fd = -1, .out_fd = -1, .err_fd = -1 },
		.pool = { .in_fd = -1, .out_fd = -1, .err_fd = -1 },
	};
	if (try_faults && !group[0]) {
		give_up(s, &s->no_fault_latency, "fault latency",
			"no cgroup2 mount: page_fault cannot select the target's processes");
		try_faults = false;
	}
	/* Both load at once. */
	ret->faults_attached = try_faults && !companion_start(&ret->faults, faults, &e);
	ret->pool_attached = try_pool && !companion_start(&ret->pool, pool, &pe);
	if (try_faults) {
		ret->faults_attached = await(&ret->faults, ret->faults_attached, &e);
		if (!ret->faults_attached)
			give_up(s, &s->no_fault_latency, "fault latency", e.what);
	}
	if (try_pool) {
		ret->pool_attached = await(&ret->pool, ret->pool_attached, &pe);
		if (!ret->pool_attached)
			give_up(s, &s->no_pool_probe, "pool_probe", pe.what);
	}
}

static int take_faults(void *ctx, const char *type, struct json_object *record)
{
	struct metrics *m = ctx;

	if (!str_eq(type, "page_fault_summary"))
		return 0;
	m->major_latency_p50_ns = record_f64(record, "major_p50_ns");
	m->major_latency_p99_ns = record_f64(record, "major_p99_ns");
	m->major_latency_max_ns = record_f64(record, "major_max_ns");
	return 0; /* the last one counts */
}

/* Where pool_probe's summary goes. */
struct pool_context {
	struct study *study;
	struct study_probes *probes;
	struct results_run *run;
};

static uint64_t zero_if_missing(uint64_t value)
{
	return value == MISSING_U64 ? 0 : value;
}

static int take_pool(void *ctx, const char *type UNUSED, struct json_object *record)
{
	const struct pool_context *c = ctx;
	struct metrics *m = &c->run->metrics;
	struct pool_summary pool;
	uint64_t pages;

	if (!record_read(record, &pool_summary_type, &pool))
		return 0;
	pages = pool.writes + pool.reads;
	/* Too much passed the hook: the values are of the rest alone. */
	if (zero_if_missing(pool.unseen_writes) + zero_if_missing(pool.unseen_reads) >
	    pages / 100) {
		give_up(c->study, &c->study->no_pool_probe, "pool_probe",
			pool.unseen ? pool.unseen : "it did not see all pages");
		return 0;
	}
	c->run->by_probe = true;
	m->readback_factor = pool.readback_factor;
	m->residence_ns = metric_u64(pool.survival_mean_ns);
	m->survival_p50_ns = metric_u64(pool.survival_p50_ns);
	m->censored_ratio = pool.censored_share;
	m->freed_unread = metric_u64(pool.freed_unread);
	m->write_p50_ns = metric_u64(pool.write_p50_ns);
	m->write_p99_ns = metric_u64(pool.write_p99_ns);
	m->read_p50_ns = metric_u64(pool.read_p50_ns);
	m->read_p99_ns = metric_u64(pool.read_p99_ns);
	m->pool_ns = metric_u64(pool.write_ns) + metric_u64(pool.read_ns);
	m->pool_page_ns = pages ? m->pool_ns / (double)pages : MISSING_F64;
	free(c->probes->pool_record);
	c->probes->pool_record =
		strdup(json_object_to_json_string_ext(record, JSON_C_TO_STRING_PLAIN));
	return 0;
}

static void take(struct study *s, struct companion *probe, const char *about, record_fn *fn,
		 void *ctx)
{
	struct err e = { 0 };

	if (companion_finish(probe, SIGINT, FINISH_NS, &e))
		study_note(s, RESULTS_NOTE_WARNING, about, "%s", e.what);
	else
		companion_each(probe, fn, ctx);
	companion_done(probe);
}

void study_probes_stop(struct study *s, struct study_probes *probes, struct results_run *ret)
{
	struct pool_context context = { s, probes, ret };

	/* Both detach at once. */
	if (probes->pool_attached && !companion_ended(&probes->pool))
		kill(probes->pool.child.pid, SIGINT);
	if (probes->faults_attached)
		take(s, &probes->faults, "fault latency", take_faults, &ret->metrics);
	if (probes->pool_attached)
		take(s, &probes->pool, "pool_probe", take_pool, &context);
	probes->faults_attached = probes->pool_attached = false;
}
