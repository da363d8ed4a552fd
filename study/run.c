/* SPDX-License-Identifier: GPL-2.0-only */
/* study_run.c - one run: pool up, command held in its supervised, probe attached, released,
 * sampled, put away.
 *
 * Timed runs carry counters only: files of the group, of the pool's device and /proc/swaps, 20
 * times a second. The reference and the probed runs also carry page_fault --summary, the probed
 * ones pool_probe, and the reference the page scan.
 */
#include <fcntl.h>
#include <math.h>
#include <signal.h>

#include "lib/kernel/procfs.h"
#include "lib/kernel/psi.h"
#include "lib/base/stop.h"
#include "study.h"

#define SAMPLE_NS          (50 * NS_PER_MS)
#define POLL_NS            (5 * NS_PER_MS)
#define SETTLE_WINDOW_NS   (200 * NS_PER_MS)
#define SETTLE_NS          (5 * NS_PER_S)
#define SETTLE_STALL_SHARE 0.01
#define FOREIGN_BYTES      MIB /* the two figures are not read at one moment */
#define FOREIGN_SHARE      0.02
#define CLUSTER_BYTES \
	(2 * MIB) /* what a CPU first fills of a swap it has begun on, whatever its priority \
		   */

static const struct field run_fields[] = {
	FIELD(struct study_run, target, FIELD_STRING, "", "name of the program under study"),
	FIELD(struct study_run, arm, FIELD_STRING, "",
	      "none: no limit, no pool; else the pool's algorithm"),
	FIELD(struct study_run, kind, FIELD_STRING, "", "reference, probed or timed"),
	FIELD(struct study_run, block, FIELD_U64, "",
	      "shuffled pass over the arms, from 1; 0 outside blocks"),
	FIELD(struct study_run, position, FIELD_U64, "", "place in the block, from 0"),
	FIELD(struct study_run, state, FIELD_STRING, "",
	      "ok, failed, timeout, oom, contaminated or unsettled"),
	FIELD(struct study_run, reason, FIELD_CHARS, "", "why the state is not ok"),
	FIELD(struct study_run, exit_status, FIELD_I64, "",
	      "of the command; missing when a signal ended it"),
	FIELD(struct study_run, wall_ns, FIELD_U64, "ns", "from release to the end of the command"),
	FIELD(struct study_run, user_ns, FIELD_U64, "ns", "user CPU of the whole group"),
	FIELD(struct study_run, system_ns, FIELD_U64, "ns", "system CPU of the whole group"),
	FIELD(struct study_run, minor_faults, FIELD_U64, "faults",
	      "page faults that needed no device"),
	FIELD(struct study_run, major_faults, FIELD_U64, "faults",
	      "page faults that read from swap or disk"),
	FIELD(struct study_run, pages_out, FIELD_U64, "pages", "written to the pool's device"),
	FIELD(struct study_run, pages_in, FIELD_U64, "pages", "read from the pool's device"),
	FIELD(struct study_run, by_probe, FIELD_BOOL, "",
	      "the figures down to pool_page_ns are pool_probe's; else the first two are of "
	      "counters"),
	FIELD(struct study_run, readback_factor, FIELD_F64, "ratio",
	      "pages loaded / pages stored; missing in timed runs where probed ones have it"),
	FIELD(struct study_run, residence_ns, FIELD_U64, "ns",
	      "mean time of a page out (survival_mean_ns of pool_probe); by counters mean pages in "
	      "the pool * wall / pages_out"),
	FIELD(struct study_run, survival_p50_ns, FIELD_U64, "ns",
	      "half of all pages stored were back after this long; missing where fewer came back"),
	FIELD(struct study_run, censored_ratio, FIELD_F64, "ratio",
	      "pages never loaded / pages stored"),
	FIELD(struct study_run, freed_unread, FIELD_U64, "pages", "freed without a load, at least"),
	FIELD(struct study_run, write_p50_ns, FIELD_U64, "ns",
	      "median time in the device of a request to store"),
	FIELD(struct study_run, write_p99_ns, FIELD_U64, "ns", "99th percentile of it"),
	FIELD(struct study_run, read_p50_ns, FIELD_U64, "ns",
	      "median time in the device of a request to load"),
	FIELD(struct study_run, read_p99_ns, FIELD_U64, "ns", "99th percentile of it"),
	FIELD(struct study_run, pool_ns, FIELD_U64, "ns",
	      "time in the device of all of them: in-pool CPU"),
	FIELD(struct study_run, pool_page_ns, FIELD_U64, "ns",
	      "the same for each page stored or loaded"),
	FIELD(struct study_run, ram_bytes_peak, FIELD_U64, "bytes",
	      "most anonymous and shared memory in RAM"),
	FIELD(struct study_run, ram_bytes_mean, FIELD_U64, "bytes", "its mean over the run"),
	FIELD(struct study_run, swap_bytes_peak, FIELD_U64, "bytes",
	      "most of the group's memory in swap"),
	FIELD(struct study_run, pool_orig_bytes_peak, FIELD_U64, "bytes",
	      "most uncompressed bytes in the pool"),
	FIELD(struct study_run, pool_compr_bytes_peak, FIELD_U64, "bytes",
	      "most codec bytes in the pool"),
	FIELD(struct study_run, pool_used_bytes_peak, FIELD_U64, "bytes",
	      "most RAM that the pool took"),
	FIELD(struct study_run, pool_used_bytes_mean, FIELD_U64, "bytes", "its mean over the run"),
	FIELD(struct study_run, pool_used_bytes_full, FIELD_U64, "bytes",
	      "RAM of the pool at the sample with most pages in it"),
	FIELD(struct study_run, pool_compr_bytes_full, FIELD_U64, "bytes",
	      "codec bytes at that sample"),
	FIELD(struct study_run, slot_table_bytes, FIELD_U64, "bytes",
	      "the device's table: 16 for each page of its size"),
	FIELD(struct study_run, footprint_bytes_peak, FIELD_U64, "bytes",
	      "most of ram + pool + slot table at one sample"),
	FIELD(struct study_run, footprint_bytes_mean, FIELD_U64, "bytes", "its mean over the run"),
	FIELD(struct study_run, psi_some_us, FIELD_U64, "us",
	      "time in which a task of the group waited for memory"),
	FIELD(struct study_run, psi_full_us, FIELD_U64, "us", "time in which all of its tasks did"),
	FIELD(struct study_run, major_latency_p50_ns, FIELD_U64, "ns",
	      "median time of a major fault"),
	FIELD(struct study_run, major_latency_p99_ns, FIELD_U64, "ns", "99th percentile of it"),
	FIELD(struct study_run, major_latency_max_ns, FIELD_U64, "ns", "longest one"),
	FIELD(struct study_run, foreign_swap_bytes, FIELD_U64, "bytes",
	      "most by which the group's swap and the pool's use differed"),
};
const struct record_type study_run_type =
	RECORD_TYPE("study_run", 1, RECORD_CARD, run_fields, "one run of a study");

struct sample {
	uint64_t t_ns, ram_bytes, swap_bytes, pool_orig_bytes, pool_compr_bytes, pool_used_bytes;
};

/* What one run holds while it lasts. */
struct running {
	struct study *study;
	struct study_target *target;
	struct study_arm *arm;
	struct results_id id;
	char pool_name[64], device_path[64];
	unsigned int zram_id;
	bool pooled;
	uint64_t disk_bytes;
	struct zram_block_stat before;
	struct supervised supervised;
	struct supervise_result result;
	struct study_probes probes;
	struct study_scanner *scanner; /* the reference run's */
	struct sample *samples;
	size_t n, capacity;
	uint64_t foreign_bytes, foreign_streak, foreign_streak_max;
	struct cgroup_stat last;
};

static const char *const state_names[] = {
	[RESULTS_RUN_RUNNING] = "running",
	[RESULTS_RUN_OK] = "ok",
	[RESULTS_RUN_FAILED] = "failed",
	[RESULTS_RUN_TIMEOUT] = "timeout",
	[RESULTS_RUN_OOM] = "oom",
	[RESULTS_RUN_CONTAMINATED] = "contaminated",
	[RESULTS_RUN_UNSETTLED] = "unsettled",
};
static const char *const kind_names[] = {
	[RESULTS_RUN_REFERENCE] = "reference",
	[RESULTS_RUN_WARMUP] = "warmup",
	[RESULTS_RUN_TIMED] = "timed",
	[RESULTS_RUN_PROBED] = "probed",
};

/* ---- quiet before the run ---- */

/* Nothing swapped and next to no stall for a window; PSI averages would remember the run before for
 * a minute.
 */
static bool settle(void)
{
	uint64_t deadline = monotonic_ns() + SETTLE_NS;

	while (monotonic_ns() < deadline && !stop_requested()) {
		struct procfs_vmstat v0, v1;
		struct psi p0, p1;
		bool psi = !psi_read(NULL, "/proc/pressure/memory", &p0, NULL);

		if (procfs_vmstat_read(NULL, &v0, NULL))
			return true;
		sleep_ns(SETTLE_WINDOW_NS);
		if (procfs_vmstat_read(NULL, &v1, NULL))
			return true;
		psi = psi && !psi_read(NULL, "/proc/pressure/memory", &p1, NULL);
		if (v0.pswpin == v1.pswpin && v0.pswpout == v1.pswpout &&
		    (!psi || (double)(p1.some.total_us - p0.some.total_us) * NS_PER_US <
				     SETTLE_STALL_SHARE * SETTLE_WINDOW_NS))
			return true;
	}
	return false;
}

/* ---- the pool ---- */

static int take_pool(void *ctx, const char *type, struct json_object *record)
{
	struct running *r = ctx;
	const char *device = record_string(record, "device");
	uint64_t id = record_u64(record, "id");

	if (!str_eq(type, "pool_setup") || !device || id == MISSING_U64)
		return 0;
	r->zram_id = (unsigned int)id;
	snprintf(r->device_path, sizeof(r->device_path), "%s", device);
	return 1;
}

/* After ram_pool was killed: what it had begun is in its journal. */
static int pool_recover(struct err *e)
{
	const char *const argv[] = { "ram_pool", "recover", NULL };
	struct companion recover;
	int rc = companion_run(&recover, argv, 60 * NS_PER_S, e);

	companion_done(&recover);
	return rc;
}

/* Twice what the target holds: never full by its own pages, and a slot table that stays in
 * proportion. */
static int pool_up(struct running *r, struct err *e)
{
	char size[UNITS_TEXT_MAX], limit[UNITS_TEXT_MAX], owner[16];
	uint64_t peak = r->target->reference.ram_bytes_peak;
	struct err undo = { 0 };
	struct companion pool;
	int rc;

	r->disk_bytes = (MAX(2 * peak, 64 * MIB) + MIB - 1) / MIB * MIB;
	units_exact_size(r->disk_bytes, size);
	units_exact_size((peak + peak / 4 + 32 * MIB) / MIB * MIB, limit);
	snprintf(owner, sizeof(owner), "%d", (int)getpid());
	snprintf(r->pool_name, sizeof(r->pool_name), "study-%d", (int)getpid());

	const char *const argv[] = { "ram_pool", "setup",      "--algo",      r->arm->algorithm,
				     "--size",   size,         "--mem-limit", limit,
				     "--name",   r->pool_name, "--owner",     owner,
				     "--format", "json",       NULL };

	rc = companion_run(&pool, argv, 20 * NS_PER_S, e);
	r->pooled = !rc;
	if (rc && WIFSIGNALED(pool.child.status) && pool_recover(&undo)) {
		r->study->left_behind = true;
		term_warn("%s", undo.what);
	}
	if (!rc && !companion_each(&pool, take_pool, r))
		rc = err_say(e, EBADMSG, "ram_pool setup did not say which device it made");
	companion_done(&pool);
	return rc ? rc : zram_block_stat_read(NULL, r->zram_id, &r->before, e);
}

static int pool_down(struct running *r, struct err *e)
{
	const char *const argv[] = { "ram_pool", "reset", "--name", r->pool_name, NULL };
	struct companion pool;
	int rc;

	if (!r->pooled)
		return 0;
	rc = companion_run(&pool, argv, 60 * NS_PER_S, e);
	if (rc && WIFSIGNALED(pool.child.status)) {
		term_warn("%s while it put the pool away; that is finished now", e->what);
		companion_done(&pool);
		/* Killed before it began it is a pool as before; else its journal has what is left.
		 */
		rc = companion_run(&pool, argv, 60 * NS_PER_S, e);
		if (rc && !sysroot_exists(NULL, "/sys/block/zram%u", r->zram_id))
			rc = pool_recover(e);
	}
	companion_done(&pool);
	r->pooled = rc != 0;
	return rc;
}

/* ---- samples ---- */

static uint64_t known(uint64_t value)
{
	return value == MISSING_U64 ? 0 : value;
}

/* The pool's use, as the kernel's swap map has it, against what the group has in swap. */
static void reconcile(struct running *r, uint64_t group_swap_bytes, uint64_t orig_bytes)
{
	struct procfs_swaps swaps;
	uint64_t used = 0, differ, slack = FOREIGN_BYTES;

	if (group_swap_bytes == MISSING_U64 || procfs_swaps_read(NULL, &swaps, NULL))
		return;
	for (size_t i = 0; i < swaps.n; i++) {
		if (str_eq(swaps.swaps[i].path, r->device_path))
			used = swaps.swaps[i].used_bytes;
	}
	if (swaps.n > 1)
		slack += CLUSTER_BYTES * (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	differ = used > group_swap_bytes ? used - group_swap_bytes : group_swap_bytes - used;
	r->foreign_bytes = MAX(r->foreign_bytes, differ);
	if (differ > MAX(slack, (uint64_t)(FOREIGN_SHARE * (double)orig_bytes)))
		r->foreign_streak++;
	else
		r->foreign_streak = 0;
	r->foreign_streak_max = MAX(r->foreign_streak_max, r->foreign_streak);
}

static void take_sample(struct running *r)
{
	struct zram_mm_stat mm = { 0 };
	struct cgroup_stat group;

	if (cgroup_stat_read(&r->supervised.group, &group, NULL))
		return;
	if (r->pooled && zram_mm_stat_read(NULL, r->zram_id, &mm, NULL))
		return;
	if (r->pooled)
		reconcile(r, group.swap_bytes, mm.orig_bytes);
	r->last = group;
	if (r->n == r->capacity) {
		size_t capacity = r->capacity ? 2 * r->capacity : 1024;
		struct sample *more = reallocarray(r->samples, capacity, sizeof(*more));

		if (!more)
			return;
		r->samples = more;
		r->capacity = capacity;
	}
	r->samples[r->n++] = (struct sample){
		.t_ns = monotonic_ns() - r->supervised.begin_ns,
		.ram_bytes = known(group.anon_bytes) + known(group.shmem_bytes),
		.swap_bytes = known(group.swap_bytes),
		.pool_orig_bytes = mm.orig_bytes,
		.pool_compr_bytes = mm.compr_bytes,
		.pool_used_bytes = mm.used_bytes,
	};
}

/* Whether counters must answer for pool_probe, which this study cannot have or this run has lost.
 * Timed runs do without both where probed ones have it.
 */
static bool by_counters(const struct running *r, const struct study_run *run)
{
	return !run->by_probe &&
	       (r->study->no_pool_probe || str_eq(run->kind, kind_names[RESULTS_RUN_PROBED]));
}

/* Peaks and time-weighted means of the series. */
static void summarise(const struct running *r, struct study_run *ret)
{
	double ram = 0, used = 0, footprint = 0, pages = 0, span = 0;
	uint64_t fullest = 0;

	ret->slot_table_bytes = r->disk_bytes / PAGE_BYTES * 16;
	for (size_t i = 0; i < r->n; i++) {
		const struct sample *s = &r->samples[i];
		double dt = (double)(s->t_ns - (i ? r->samples[i - 1].t_ns : 0));
		uint64_t total = s->ram_bytes + s->pool_used_bytes + ret->slot_table_bytes;

		span += dt;
		ram += dt * (double)s->ram_bytes;
		used += dt * (double)s->pool_used_bytes;
		footprint += dt * (double)total;
		pages += dt * (double)s->pool_orig_bytes / PAGE_BYTES;
		ret->ram_bytes_peak = MAX(ret->ram_bytes_peak, s->ram_bytes);
		ret->swap_bytes_peak = MAX(ret->swap_bytes_peak, s->swap_bytes);
		ret->footprint_bytes_peak = MAX(ret->footprint_bytes_peak, total);
		ret->pool_orig_bytes_peak = MAX(ret->pool_orig_bytes_peak, s->pool_orig_bytes);
		ret->pool_compr_bytes_peak = MAX(ret->pool_compr_bytes_peak, s->pool_compr_bytes);
		ret->pool_used_bytes_peak = MAX(ret->pool_used_bytes_peak, s->pool_used_bytes);
		if (s->pool_orig_bytes > fullest) {
			fullest = s->pool_orig_bytes;
			ret->pool_used_bytes_full = s->pool_used_bytes;
			ret->pool_compr_bytes_full = s->pool_compr_bytes;
		}
	}
	if (span <= 0)
		return;
	ret->ram_bytes_mean = (uint64_t)(ram / span);
	ret->pool_used_bytes_mean = (uint64_t)(used / span);
	ret->footprint_bytes_mean = (uint64_t)(footprint / span);
	if (by_counters(r, ret) && ret->pages_out != MISSING_U64 && ret->pages_out > 0)
		ret->residence_ns =
			(uint64_t)(pages / span * (double)ret->wall_ns / (double)ret->pages_out);
}

/* ---- one run ---- */

static int open_output(const struct study *s, const struct study_target *target, struct err *e)
{
	char path[SYSROOT_PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s.output", s->config->out_dir, target->name);
	fd = study_open_as_caller(s, path);
	return fd >= 0 ? fd : err_set(e, errno, "cannot write %s", path);
}

static int supervise_up(struct running *r, int output_fd, struct err *e)
{
	struct supervise_config config;

	supervise_config_init(&config);
	config.name = "study";
	config.argv = r->target->argv;
	config.user = &r->study->user;
	config.stdout_fd = config.stderr_fd = output_fd;
	config.duration_ns = r->study->config->timeout_ns;
	config.memory_bytes = r->arm->algorithm ? r->target->limit_bytes : MISSING_U64;
	config.held = true;
	config.journal = r->study->journal;
	return supervise_start(&r->supervised, &config, e);
}

/* A directory with the group's cgroup.procs. */
static const char *members_dir(const struct cgroup *group)
{
	return group->dir[CGROUP_TREE_UNIFIED][0] ? group->dir[CGROUP_TREE_UNIFIED]
						  : group->dir[CGROUP_TREE_MEMORY];
}

static int watch(struct running *r, struct err *e)
{
	uint64_t expected = r->target->reference.wall_ns, next = 0;
	int rc = 0;

	while (!rc && !stop_requested()) {
		uint64_t now = monotonic_ns();

		rc = supervise_poll(&r->supervised, e);
		if (rc)
			break;
		if (now >= next) {
			take_sample(r);
			next = now + SAMPLE_NS;
			if (r->scanner && r->n)
				study_scan_step(r->study, r->target, r->scanner, "--cgroup",
						members_dir(&r->supervised.group),
						r->samples[r->n - 1].ram_bytes);
			if (expected)
				term_progress_update(
					&r->study->progress,
					r->study->runs_done +
						MIN(0.95, (double)(now - r->supervised.begin_ns) /
								  (double)expected));
		}
		sleep_ns(POLL_NS);
	}
	if (stop_requested())
		return err_set(e, EINTR, "stopped");
	return rc < 0 ? rc : 0;
}

static void judge(struct running *r, bool settled, uint64_t left_bytes, struct study_run *ret)
{
	static const enum results_run_state by_cage[] = {
		[SUPERVISE_HELD] = RESULTS_RUN_FAILED,     [SUPERVISE_RUNNING] = RESULTS_RUN_FAILED,
		[SUPERVISE_OK] = RESULTS_RUN_OK,           [SUPERVISE_FAILED] = RESULTS_RUN_FAILED,
		[SUPERVISE_TIMEOUT] = RESULTS_RUN_TIMEOUT, [SUPERVISE_ABORTED] = RESULTS_RUN_FAILED,
		[SUPERVISE_OOM] = RESULTS_RUN_OOM,
	};
	char size[UNITS_TEXT_MAX];

	ret->state_code = by_cage[r->result.state];
	snprintf(ret->reason, sizeof(ret->reason), "%s", r->result.why);
	if (ret->state_code != RESULTS_RUN_OK) {
		if (!ret->reason[0])
			snprintf(ret->reason, sizeof(ret->reason), "exit status %d",
				 r->result.exit_status);
	} else if (r->foreign_streak_max > 1 || left_bytes > FOREIGN_BYTES) {
		ret->state_code = RESULTS_RUN_CONTAMINATED;
		snprintf(ret->reason, sizeof(ret->reason),
			 "the group's swap and the pool's use differ by up to %s: other processes "
			 "swapped too",
			 units_format_size(MAX(r->foreign_bytes, left_bytes), size));
	} else if (!settled) {
		ret->state_code = RESULTS_RUN_UNSETTLED;
		snprintf(ret->reason, sizeof(ret->reason),
			 "the machine was still swapping or stalling before it");
	}
	ret->state = state_names[ret->state_code];
}

static void fill(struct running *r, struct study_run *ret)
{
	const struct supervise_result *result = &r->result;

	ret->wall_ns = result->wall_ns;
	ret->user_ns = result->user_ns;
	ret->system_ns = result->system_ns;
	ret->minor_faults = result->minor_fault_count;
	ret->major_faults = result->major_fault_count;
	ret->psi_some_us = result->last.stall_some_us;
	ret->psi_full_us = result->last.stall_full_us;
	ret->exit_status =
		result->signal || result->exit_status < 0 ? MISSING_I64 : result->exit_status;
	ret->foreign_swap_bytes = r->arm->algorithm ? r->foreign_bytes : MISSING_U64;
	if (r->arm->algorithm) {
		struct zram_block_stat after;

		if (!zram_block_stat_read(NULL, r->zram_id, &after, NULL)) {
			ret->pages_out =
				(after.written_bytes - r->before.written_bytes) / PAGE_BYTES;
			ret->pages_in = (after.read_bytes - r->before.read_bytes) / PAGE_BYTES;
			if (ret->pages_out && by_counters(r, ret))
				ret->readback_factor =
					(double)ret->pages_in / (double)ret->pages_out;
		}
	}
	summarise(r, ret);
}

static int results_run(struct running *r, const struct study_run *run, struct err *e)
{
	struct results *results = r->study->results;
	int rc = results_begin(results, e);

	if (!rc)
		rc = results_record(results, &r->id, &study_run_type, run, e);
	for (size_t i = 0; !rc && i < r->n; i++) {
		const struct sample *s = &r->samples[i];

		rc = results_sample(results, &r->id, "ram_bytes", s->t_ns, (double)s->ram_bytes, e);
		if (!rc)
			rc = results_sample(results, &r->id, "swap_bytes", s->t_ns,
					    (double)s->swap_bytes, e);
		if (!rc && r->arm->algorithm)
			rc = results_sample(results, &r->id, "pool_used_bytes", s->t_ns,
					    (double)s->pool_used_bytes, e);
		if (!rc && r->arm->algorithm)
			rc = results_sample(results, &r->id, "pool_orig_bytes", s->t_ns,
					    (double)s->pool_orig_bytes, e);
	}
	if (!rc && r->probes.pool_record)
		rc = results_artifact(results, &r->id, "pool_probe", NULL, r->probes.pool_record,
				      e);
	if (!rc && r->scanner)
		rc = study_scan_store(r->study, r->target, &r->id, e);
	if (!rc)
		rc = results_run_end(results, &r->id, run->state_code,
				     run->reason[0] ? run->reason : NULL, e);
	if (!rc)
		return results_commit(results, e);
	results_rollback(results);
	return rc;
}

static uint64_t left_in_pool(const struct running *r)
{
	struct procfs_swaps swaps;

	if (r->pooled && !procfs_swaps_read(NULL, &swaps, NULL)) {
		for (size_t i = 0; i < swaps.n; i++) {
			if (str_eq(swaps.swaps[i].path, r->device_path))
				return swaps.swaps[i].used_bytes;
		}
	}
	return 0;
}

/* What could not be put away ends the study; where something else does already, it is said at
 * least. */
static int put_away_failed(struct running *r, int rc, const struct err *why, struct err *e)
{
	r->study->left_behind = true;
	if (rc) {
		term_warn("%s", why->what);
		return rc;
	}
	*e = *why;
	return why->code;
}

/* Everything between pool and supervised; both are put away by the caller whatever comes of it. */
static int run_inside(struct running *r, enum results_run_kind kind, bool settled,
		      struct study_run *ret, struct err *e)
{
	AUTO_CLOSE int output_fd = open_output(r->study, r->target, e);
	struct study_scanner scanner = { 0 };
	struct err put_away = { 0 };
	int rc = output_fd < 0 ? output_fd : 0, stopped;

	if (!rc && r->arm->algorithm)
		rc = pool_up(r, e);
	if (!rc)
		rc = supervise_up(r, output_fd, e);
	if (rc)
		return rc;
	if (kind != RESULTS_RUN_TIMED)
		study_probes_start(r->study, r->supervised.group.dir[CGROUP_TREE_UNIFIED],
				   r->pooled ? r->device_path : NULL, &r->probes);
	if (kind == RESULTS_RUN_REFERENCE)
		r->scanner = &scanner;
	rc = supervise_release(&r->supervised, e);
	if (!rc)
		rc = watch(r, e);
	if (r->scanner)
		study_scan_end(r->study, r->target, &scanner);
	stopped = supervise_stop(&r->supervised, &r->result, &put_away);
	study_probes_stop(r->study, &r->probes, ret);
	if (stopped)
		rc = put_away_failed(r, rc, &put_away, e);
	if (rc)
		return rc;
	fill(r, ret);
	judge(r, settled, left_in_pool(r), ret);
	rc = results_run(r, ret, e);
	r->scanner = NULL;
	return rc;
}

int study_run_arm(struct study *s, struct study_target *target, struct study_arm *arm,
		  enum results_run_kind kind, unsigned int block, unsigned int position,
		  struct study_run *ret, struct err *e)
{
	struct running r = { .study = s, .target = target, .arm = arm };
	struct err put_away = { 0 };
	bool settled;
	int rc;

	*ret = (struct study_run){
		.target = target->name,
		.arm = arm->name,
		.kind = kind_names[kind],
		.block = block,
		.position = position,
		.pages_out = MISSING_U64,
		.pages_in = MISSING_U64,
		.readback_factor = MISSING_F64,
		.residence_ns = MISSING_U64,
		.survival_p50_ns = MISSING_U64,
		.censored_ratio = MISSING_F64,
		.freed_unread = MISSING_U64,
		.write_p50_ns = MISSING_U64,
		.write_p99_ns = MISSING_U64,
		.read_p50_ns = MISSING_U64,
		.read_p99_ns = MISSING_U64,
		.pool_ns = MISSING_U64,
		.pool_page_ns = MISSING_U64,
		.major_latency_p50_ns = MISSING_U64,
		.major_latency_p99_ns = MISSING_U64,
		.major_latency_max_ns = MISSING_U64,
	};
	term_progress_step(&s->progress, "%s: %s run, %s%s", target->name, kind_names[kind],
			   arm->algorithm ? "pool " : "no limit",
			   arm->algorithm ? arm->algorithm : "");
	settled = settle();
	if (stop_requested())
		return err_set(e, EINTR, "stopped");
	rc = results_run_begin(s->results, &arm->cell, block, position, kind, &r.id, e);
	if (rc)
		return rc;
	rc = run_inside(&r, kind, settled, ret, e);
	if (pool_down(&r, &put_away))
		rc = put_away_failed(&r, rc, &put_away, e);
	free(r.samples);
	free(r.probes.pool_record);
	s->runs_done += !rc; /* one that was cut off is in the results, and is no result */
	term_progress_update(&s->progress, s->runs_done);
	if (!rc && ret->state_code != RESULTS_RUN_OK)
		study_note(s, RESULTS_NOTE_WARNING, target->name, "%s run under %s: %s, %s",
			   ret->kind, arm->name, ret->state, ret->reason);
	if (!rc && s->config->format != OUT_TEXT)
		out_record(s->out, &study_run_type, ret);
	return rc;
}
