// SPDX-License-Identifier: GPL-2.0-only
/* swap_probe.c - reclaim pressure, one line or record an interval: counts of the vmscan
 * tracepoints.
 *
 * The kernel has no tracepoint for a page that is swapped in or out; these are a proxy. Records add
 * the counters of /proc/vmstat in the same interval. A key without a hook in this kernel is `-` or
 * null, never 0.
 */
#include <bpf/bpf.h>

#include "lib/base/term.h"
#include "lib/bpf/probe.h"
#include "lib/kernel/psi.h"
#include "lib/kernel/zram.h"
#include "swap_probe_parts.h"

#include "swap_probe.skel.h"

struct config {
	struct probe_options probe;
	uint64_t interval_ns, top;
	int by; /* -1, else enum swap_by - 1 */
	bool histogram;
};

static void add_cpu(struct swap_counts *sum, const struct swap_counts *cpu)
{
	for (size_t key = 0; key < SWAP_KEYS; key++)
		sum->count[key] += cpu->count[key];
	sum->write_anon += cpu->write_anon;
	sum->unlisted += cpu->unlisted;
	for (size_t kind = 0; kind < SWAP_KINDS; kind++) {
		struct swap_reclaim *to = &sum->reclaim[kind];
		const struct swap_reclaim *from = &cpu->reclaim[kind];

		hist_merge(&to->time, &from->time);
		to->pages += from->pages;
		to->scanned += from->scanned;
		to->shrunk += from->shrunk;
		to->unmatched += from->unmatched;
	}
	if (cpu->last_ns <= sum->last_ns)
		return;
	sum->last_ns = cpu->last_ns;
	sum->last_pid = cpu->last_pid;
	memcpy(sum->last_comm, cpu->last_comm, sizeof(sum->last_comm));
}

#define READS 1000 /* of a CPU that counts events all the time */

/* Adds the CPUs that did not count an event between two copies; returns how many are left. */
static int add_settled(const struct swap_counts *a, const struct swap_counts *b, bool *added,
		       int cpus, struct swap_counts *sum)
{
	int left = 0;

	for (int cpu = 0; cpu < cpus; cpu++) {
		if (added[cpu])
			continue;
		added[cpu] = b[cpu].begun == b[cpu].done && !memcmp(&a[cpu], &b[cpu], sizeof(*a));
		if (added[cpu])
			add_cpu(sum, &b[cpu]);
		else
			left++;
	}
	return left;
}

/* All CPUs added up. */
static int read_counts(const struct swap_probe *skel, struct swap_counts *ret, struct err *e)
{
	int cpus = MAX(libbpf_num_possible_cpus(), 1), left = cpus;
	AUTO_FREE struct swap_counts *each = calloc(2 * (size_t)cpus, sizeof(*each));
	AUTO_FREE bool *added = calloc((size_t)cpus, sizeof(*added));
	struct swap_counts sum = { 0 };
	uint32_t zero = 0;

	if (!each || !added)
		return err_set(e, ENOMEM, "cannot read the counts");
	for (int i = 0; i < READS && left; i++) {
		struct swap_counts *copy = each + i % 2 * cpus;

		if (bpf_map_lookup_elem(bpf_map__fd(skel->maps.swap_counts), &zero, copy))
			return err_set(e, errno, "cannot read the counts");
		/* The next copy is read after this one, on any CPU. */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (i)
			left = add_settled(each + (i + 1) % 2 * cpus, copy, added, cpus, &sum);
	}
	if (left)
		return err_set(e, EAGAIN, "%d CPUs counted reclaim at each of %d reads", left,
			       READS);
	*ret = sum;
	return 0;
}

/* Skips a device that is removed meanwhile. */
static void read_zram(struct sample *ret)
{
	struct zram_list list;

	ret->zram_orig_bytes = ret->zram_used_bytes = MISSING_U64;
	if (zram_list_read(NULL, &list, NULL) || !list.n)
		return;
	ret->zram_orig_bytes = ret->zram_used_bytes = 0;
	for (size_t i = 0; i < list.n; i++) {
		struct zram_mm_stat stat;

		if (zram_mm_stat_read(NULL, list.devices[i].id, &stat, NULL))
			continue;
		ret->zram_orig_bytes += stat.orig_bytes;
		ret->zram_used_bytes += stat.used_bytes;
	}
}

static int sample_read(const struct swap_probe *skel, struct sample *ret, struct err *e)
{
	struct psi psi;
	bool has_psi = !psi_read(NULL, "/proc/pressure/memory", &psi, NULL);
	int rc = read_counts(skel, &ret->swap, e);

	if (!rc)
		rc = procfs_vmstat_read(NULL, &ret->vmstat, e);
	if (!rc)
		rc = procfs_meminfo_read(NULL, &ret->meminfo, e);
	read_zram(ret);
	ret->some_us = has_psi ? psi.some.total_us : MISSING_U64;
	ret->full_us = has_psi ? psi.full.total_us : MISSING_U64;
	ret->ns = monotonic_ns();
	return rc;
}

/* One run of the program. */
struct run {
	struct probe p;
	const struct config *config;
	struct swap_probe *skel;
	struct have have;
	struct stalls *stalls; /* NULL without --by */
	bool reported;
};

static int print(struct run *run, const struct sample *before, const struct sample *now)
{
	struct probe *p = &run->p;
	int rc =
		swap_print(p->out, p->options->format < 0, before, now, &run->have, &run->reported);

	if (rc == 0 && run->stalls)
		rc = stalls_print(run->stalls, p->out, run->config->top, now->ns,
				  now->ns - before->ns);
	p->end.seen++;
	if (rc) {
		p->end.dropped++;
		return rc;
	}
	p->end.emitted++;
	return out_flush(p->out);
}

static const char *wait_until(struct probe *p, uint64_t deadline_ns)
{
	const char *reason = NULL;
	uint64_t now;

	while (!reason && (now = monotonic_ns()) < deadline_ns)
		reason = probe_wait(p, deadline_ns - now);
	return reason;
}

/* One interval: from the sample before, which becomes this one. */
static int step(struct run *run, struct sample *before, struct err *e)
{
	struct probe *p = &run->p;
	struct sample now;
	int rc = sample_read(run->skel, &now, e);

	if (!rc && run->stalls)
		rc = stalls_sample(run->stalls, e);
	if (rc)
		return rc;
	p->sink_error = print(run, before, &now);
	if (p->sink_error)
		p->end.reason = p->sink_error == -EPIPE ? "reader" : "partial";
	else if (p->end.emitted >= p->options->max_events && !p->end.reason)
		p->end.reason = "done";
	*before = now;
	return 0;
}

/* Whether the time since the last record has one: the rest of the last interval, shorter than the
 * others, so that the records add up to the whole time. The specification's line has no length: it
 * is printed for whole intervals only.
 */
static bool has_rest(const struct run *run)
{
	const struct probe *p = &run->p;
	bool ended = str_eq(p->end.reason, "duration");

	if (p->options->format < 0)
		return ended && p->options->duration_ns % run->config->interval_ns == 0;
	return ended || str_eq(p->end.reason, "signal");
}

/* After the last interval: the rest, the histograms of the whole time, and the end record. */
static int finish(struct run *run, struct sample *before, const struct sample *first, struct err *e)
{
	struct probe *p = &run->p;
	int rc;

	probe_detach(p);
	if (has_rest(run))
		rc = step(run, before, e);
	else
		rc = sample_read(run->skel, before, e);
	if (rc)
		return rc;
	if (run->config->histogram && !p->sink_error)
		p->sink_error = swap_print_histograms(p->out, first, before);
	if (before->swap.unlisted)
		term_warn("%llu stalls are in no record of --by: its table was full",
			  (unsigned long long)before->swap.unlisted);
	p->end.missed = probe_missed(p);
	p->end.unmatched = 0;
	for (size_t kind = 0; kind < SWAP_KINDS; kind++)
		p->end.unmatched += before->swap.reclaim[kind].unmatched;
	return 0;
}

static int watch(struct run *run, struct err *e)
{
	struct probe *p = &run->p;
	struct sample first, before;
	uint64_t duration_ns = p->options->duration_ns, next;
	int rc = sample_read(run->skel, &first, e);

	if (!rc && run->stalls)
		rc = stalls_sample(run->stalls, e);
	if (rc)
		return rc;
	before = first;
	probe_ready(p, "counting reclaim; stop with ^C");
	for (next = run->config->interval_ns; !p->end.reason; next += run->config->interval_ns) {
		/* Exactly the intervals that end within the duration have a record, however late;
		 * finish() prints the last one, when no more events can come.
		 */
		p->end.reason =
			wait_until(p, next >= duration_ns ? UINT64_MAX : p->begin_ns + next);
		if (!p->end.reason)
			rc = step(run, &before, e);
		if (rc)
			return rc;
	}
	return finish(run, &before, &first, e);
}

/* Uses the hooks that this kernel has; reports the keys without one. */
static int use_hooks(struct probe *p, struct have *have, struct err *e)
{
	static const struct {
		const char *hook, *key;
	} hooks[SWAP_KEYS] = {
		[SWAP_KSWAPD_WAKE] = { "mm_vmscan_kswapd_wake", "kswapd_wake" },
		[SWAP_KSWAPD_SLEEP] = { "mm_vmscan_kswapd_sleep", "kswapd_sleep" },
		[SWAP_DIRECT_BEGIN] = { "mm_vmscan_direct_reclaim_begin", "direct_begin" },
		[SWAP_DIRECT_END] = { "mm_vmscan_direct_reclaim_end", "direct_end" },
		[SWAP_RECLAIM_PAGES] = { "mm_vmscan_reclaim_pages", "reclaim_pages" },
		[SWAP_WRITE_FOLIO] = { "mm_vmscan_write_folio", "write_folio" },
		[SWAP_MEMCG_BEGIN] = { "mm_vmscan_memcg_reclaim_begin", "memcg_begin" },
		[SWAP_MEMCG_END] = { "mm_vmscan_memcg_reclaim_end", "memcg_end" },
	};
	size_t n = 0;

	for (size_t key = 0; key < SWAP_KEYS; key++) {
		have->key[key] = probe_use(p, hooks[key].hook);
		if (key == SWAP_WRITE_FOLIO)
			have->write_anon = have->key[key];
		if (!have->key[key] && key == SWAP_WRITE_FOLIO)
			have->key[key] = probe_use(p, "mm_vmscan_writepage");
		n += have->key[key];
		if (!have->key[key])
			term_say("%s is `-`: this kernel has no tracepoint vmscan:%s",
				 hooks[key].key, hooks[key].hook);
	}
	have->scanned = have->key[SWAP_MEMCG_END] && probe_use(p, "mm_vmscan_lru_shrink_inactive");
	return n ? 0 : probe_require(p, hooks[0].hook, e);
}

static const struct record_type *const records[] = { &swap_type, &stall_type, &histogram_type,
						     &end_record_type, NULL };

static int begin(struct run *run, struct err *e)
{
	const struct config *c = run->config;
	struct probe *p = &run->p;
	int rc = PROBE_OPEN(p, run->skel, swap_probe, e);

	if (!rc)
		rc = out_select_any(p->out, records, &c->probe.fields, e);
	if (!rc)
		rc = use_hooks(p, &run->have, e);
	if (rc)
		return rc;
	run->skel->rodata->pid_space = p->pid_space;
	run->skel->rodata->by = (enum swap_by)(c->by + 1);
	if (c->by < 0)
		bpf_map__set_max_entries(run->skel->maps.stalls, 1);
	rc = probe_load(p, false, e);
	if (!rc && c->by >= 0)
		rc = stalls_new(&run->stalls, run->skel->rodata->by,
				bpf_map__fd(run->skel->maps.stalls),
				bpf_map__fd(run->skel->maps.epochs), e);
	return rc ? rc : probe_attach(p, e);
}

static int trace(void *ctx, struct err *e)
{
	int rc = begin(ctx, e);

	return rc ? rc : watch(ctx, e);
}

static int run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
	       struct err *e)
{
	struct run run = { .config = config };
	const struct probe_options *o = &run.config->probe;
	int rc;

	if (o->format < 0 && o->timestamps != OUT_TIME_MONOTONIC)
		return err_usage(e, "--timestamps needs records: add --format text, json or csv");
	rc = probe_run(&run.p, o, trace, &run, e);
	stalls_free(run.stalls);
	swap_probe__destroy(run.skel);
	return rc;
}

static const char *const by_choices[] = { "process", "cgroup", NULL };

static const struct opt options[] = {
	PROBE_OPT_OUTPUT(struct config, probe),
	PROBE_OPT_FIELDS(struct config, probe),
	OPT_DURATION('i', "interval", struct config, interval_ns,
		     "length of an interval: one line or record for each", .min = NS_PER_MS),
	OPT_U64(0, "max-events", struct config, probe.max_events, "stop after this many intervals",
		.min = 1),
	OPT_CHOICE(0, "by", struct config, by, by_choices,
		   "after each interval, print the stalls in direct reclaim and in reclaim for a "
		   "cgroup's limit, per process or cgroup, longest first"),
	OPT_U64(0, "top", struct config, top,
		"with --by: show the N processes or cgroups with the longest stalls",
		.metavar = "N", .min = 1, .max = SWAP_WHO_MAX),
	OPT_FLAG(0, "histogram", struct config, histogram,
		 "at the end, print a histogram of the durations of each kind of reclaim"),
	OPT_END
};

static const struct opt_command command = {
	.summary = "count reclaim events per interval (default 1 s)",
	.description =
		"Without --format, prints `swap_probe ts=... kswapd_wake=... last_comm=...` for "
		"each interval: how often each vmscan tracepoint fired in it, and the PID and "
		"name of the task of the most recent event. With --format, prints records with the "
		"same keys and the "
		"counters of /proc/vmstat. The direct columns do not count reclaim for a "
		"cgroup's own limit: the memcg fields of records count it, and a message on "
		"standard error reports it.",
	.examples = "swap_probe                       # one line per second until ^C\n"
		    "swap_probe --format csv -i 100ms -d 10s   # a hundred rows\n"
		    "swap_probe --by process --top 3          # with the processes of the three "
		    "longest stalls\n"
		    "swap_probe --histogram -i 1h -d 1m       # reclaim durations of one minute\n",
	.options = options,
	.run = run,
};

int main(int argc, char **argv)
{
	struct config config = {
		.probe = PROBE_DEFAULTS, .interval_ns = NS_PER_S, .top = 10, .by = -1
	};

	return probe_main("swap_probe", &command, records, &config, argc, argv);
}
