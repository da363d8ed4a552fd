/* SPDX-License-Identifier: GPL-2.0-only */
/* study_probes.c - the probes beside a run: page_fault on the group, pool_probe on the pool's
 * device.
 *
 * Both are run as programs, and the last record of each is taken. A probe that cannot be had here
 * is said once; then the device's own counters answer what they can, which is the readback factor
 * and, by Little's law, a mean stay.
 */
#include <signal.h>

#include "lib/results/pool_summary.h"
#include "lib/base/stop.h"
#include "study.h"

#define READY_NS  (10 * NS_PER_S)
#define FINISH_NS (10 * NS_PER_S)

/* Said once a study, unless it was asked to stop: then probes end too. */
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
	bool try_faults = !s->no_probe, try_pool = device && !s->no_pool_probe;

	*ret = (struct study_probes){
		.faults = { .in_fd = -1, .out_fd = -1, .err_fd = -1 },
		.pool = { .in_fd = -1, .out_fd = -1, .err_fd = -1 },
	};
	if (try_faults && !group[0]) {
		give_up(s, &s->no_probe, "fault latency",
			"there is no cgroup2 mount to tell the target by");
		try_faults = false;
	}
	/* Both load at once. */
	ret->faulting = try_faults && !companion_start(&ret->faults, faults, &e);
	ret->pooling = try_pool && !companion_start(&ret->pool, pool, &pe);
	if (try_faults) {
		ret->faulting = await(&ret->faults, ret->faulting, &e);
		if (!ret->faulting)
			give_up(s, &s->no_probe, "fault latency", e.what);
	}
	if (try_pool) {
		ret->pooling = await(&ret->pool, ret->pooling, &pe);
		if (!ret->pooling)
			give_up(s, &s->no_pool_probe, "pool_probe", pe.what);
	}
}

static int take_faults(void *ctx, const char *type, struct json_object *record)
{
	struct study_run *ret = ctx;

	if (!str_eq(type, "page_fault_summary"))
		return 0;
	ret->major_latency_p50_ns = record_u64(record, "major_p50_ns");
	ret->major_latency_p99_ns = record_u64(record, "major_p99_ns");
	ret->major_latency_max_ns = record_u64(record, "major_max_ns");
	return 0; /* the last one counts */
}

/* What became of one probe's summary. */
struct taken {
	struct study *study;
	struct study_probes *probes;
	struct study_run *run;
};

static uint64_t known(uint64_t value)
{
	return value == MISSING_U64 ? 0 : value;
}

static int take_pool(void *ctx, const char *type UNUSED, struct json_object *record)
{
	const struct taken *t = ctx;
	struct study_run *ret = t->run;
	struct pool_summary pool;

	if (!record_read(record, &pool_summary_type, &pool))
		return 0;
	/* Too much went past the hook: its figures are of what is left. */
	if (known(pool.unseen_writes) + known(pool.unseen_reads) >
	    (pool.writes + pool.reads) / 100) {
		give_up(t->study, &t->study->no_pool_probe, "pool_probe",
			pool.unseen ? pool.unseen : "it did not see all pages");
		return 0;
	}
	ret->by_probe = true;
	ret->readback_factor = pool.readback_factor;
	ret->residence_ns = pool.survival_mean_ns;
	ret->survival_p50_ns = pool.survival_p50_ns;
	ret->censored_ratio = pool.censored_share;
	ret->freed_unread = pool.freed_unread;
	ret->write_p50_ns = pool.write_p50_ns;
	ret->write_p99_ns = pool.write_p99_ns;
	ret->read_p50_ns = pool.read_p50_ns;
	ret->read_p99_ns = pool.read_p99_ns;
	ret->pool_ns = pool.write_ns + pool.read_ns;
	ret->pool_page_ns =
		pool.writes + pool.reads ? ret->pool_ns / (pool.writes + pool.reads) : MISSING_U64;
	free(t->probes->pool_record);
	t->probes->pool_record =
		strdup(json_object_to_json_string_ext(record, JSON_C_TO_STRING_PLAIN));
	return 0;
}

static void take(struct study *s, struct companion *probe, const char *about,
		 record_fn *fn, void *ctx)
{
	struct err e = { 0 };

	if (companion_finish(probe, SIGINT, FINISH_NS, &e))
		study_note(s, RESULTS_NOTE_WARNING, about, "%s", e.what);
	else
		companion_each(probe, fn, ctx);
	companion_done(probe);
}

void study_probes_stop(struct study *s, struct study_probes *probes, struct study_run *ret)
{
	struct taken taken = { s, probes, ret };

	/* Both detach at once. */
	if (probes->pooling && !companion_ended(&probes->pool))
		kill(probes->pool.child.pid, SIGINT);
	if (probes->faulting)
		take(s, &probes->faults, "fault latency", take_faults, ret);
	if (probes->pooling)
		take(s, &probes->pool, "pool_probe", take_pool, &taken);
	probes->faulting = probes->pooling = false;
}
