/* SPDX-License-Identifier: GPL-2.0-only */
/* trigger.c - swaps pages out to a pool and in again: those of a process, a cgroup, or a load.
 *
 * Of a process, only pages that pagemap shows as moved afterwards are counted. A load is
 * `workload`, run with a memory limit of half of what it touches, so that the rest of the machine
 * feels no pressure; its memory is gone when it ends, so the pool is sampled while it runs.
 */
#include "trigger.h"

#include <json-c/json.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "group.h"
#include "lib/analysis/stats.h"
#include "lib/base/companion.h"
#include "lib/base/stop.h"
#include "lib/base/units.h"
#include "lib/safety/supervise.h"

#define SAMPLE_NS (20 * NS_PER_MS)

const char *const trigger_how_choices[] = { "prefault", "willneed", "touch", NULL };
const char *const trigger_compress_profiles[] = { "none", "light", "medium", "heavy", NULL };
const char *const trigger_readback_profiles[] = { "none", "readback", "burst", NULL };

#define F(m, t, u, what)  FIELD(struct trigger_record, m, t, u, what)
#define PAGES(m, what)    FIELD_IN(struct trigger_record, refused.m, #m, FIELD_U64, "pages", what)
#define BYTES(m, n, what) FIELD_IN(struct trigger_record, m, n, FIELD_U64, "bytes", what)

static const struct field trigger_fields[] = {
	F(what, FIELD_STRING, "", "compress or readback"),
	F(how, FIELD_STRING, "",
	  "pageout (process_madvise), reclaim (memory.reclaim), limit (cgroup v1), prefault, "
	  "willneed, touch, or the profile"),
	F(pool, FIELD_STRING, "", "name of the pool"),
	F(pid, FIELD_U64, "", "target process; missing: a cgroup or a profile"),
	F(cgroup, FIELD_STRING, "", "target cgroup; missing: a process or a profile"),
	F(candidate_pages, FIELD_U64, "pages",
	  "anonymous pages that the kernel was asked to swap out (compress) or in (readback)"),
	F(moved_pages, FIELD_U64, "pages",
	  "compress: candidates in swap afterwards (pagemap) - failed_writes; readback: candidates "
	  "mapped afterwards (pagemap); cgroup: growth of its swap"),
	F(skipped_pages, FIELD_U64, "pages",
	  "candidate_pages - moved_pages: locked, shared, unmapped or accessed meanwhile; "
	  "willneed: "
	  "all, because it fills the swap cache and maps no page"),
	PAGES(locked_pages, "part of skipped_pages: locked in RAM (mlock)"),
	PAGES(hugetlb_pages, "part of skipped_pages: hugetlb pages, which cannot be swapped"),
	PAGES(pfnmap_pages, "part of skipped_pages: PFN mappings, e.g. device memory"),
	PAGES(unmapped_pages, "part of skipped_pages: unmapped after they were listed"),
	F(oom_kill_count, FIELD_U64, "",
	  "OOM kills in the cgroup during the trigger; missing: no cgroup"),
	F(elapsed_ns, FIELD_U64, "ns", "time from the first request to the end of the last"),
	F(page_us, FIELD_F64, "us",
	  "mean time per page: elapsed_ns / moved_pages; willneed: / candidate_pages"),
	F(page_p50_us, FIELD_F64, "us", "median time per page; touch only"),
	F(page_p99_us, FIELD_F64, "us", "99th percentile of the time per page; touch only"),
	F(page_max_us, FIELD_F64, "us", "maximum time per page; touch only"),
	F(written_pages, FIELD_U64, "pages", "pages written to the pool, by any process"),
	F(failed_writes, FIELD_U64, "", "failed writes; written_pages includes them"),
	F(read_pages, FIELD_U64, "pages", "pages read from the pool, by any process"),
	BYTES(before.mm.orig_bytes, "orig_before_bytes", "uncompressed bytes in the pool before"),
	BYTES(after.mm.orig_bytes, "orig_after_bytes", "uncompressed bytes in the pool after"),
	BYTES(orig_peak_bytes, "orig_peak_bytes",
	      "maximum of orig_bytes, sampled every 20 ms; profiles only"),
	BYTES(before.mm.used_bytes, "used_before_bytes", "RAM of the pool before"),
	BYTES(after.mm.used_bytes, "used_after_bytes", "RAM of the pool after"),
	BYTES(used_peak_bytes, "used_peak_bytes",
	      "maximum of used_bytes, sampled every 20 ms; profiles only"),
	F(stopped, FIELD_BOOL, "", "stopped by ^C; pages not reached count in skipped_pages"),
};

const struct record_type trigger_type = RECORD_TYPE("pool_trigger", 1, RECORD_CARD, trigger_fields,
						    "pages swapped out to a pool or in from it");

static int record_begin(const char *what, const char *how, const struct pool *pool,
			struct trigger_record *ret, struct err *e)
{
	memset(ret, 0, sizeof(*ret));
	record_clear(&trigger_type, ret);
	ret->what = what;
	ret->how = how;
	ret->pool = pool->name;
	return pool_counters_read(pool, &ret->before, e);
}

static int record_end(const struct pool *pool, struct trigger_record *record, struct err *e)
{
	const struct pool_counters *from = &record->before, *to = &record->after;
	int rc = pool_counters_read(pool, &record->after, e);

	if (rc)
		return rc;
	record->failed_writes = to->io.failed_writes - from->io.failed_writes;
	record->written_pages = (to->block.written_bytes - from->block.written_bytes) / PAGE_BYTES;
	record->read_pages = (to->block.read_bytes - from->block.read_bytes) / PAGE_BYTES;
	record->stopped = stop_requested();
	return 0;
}

static void set_moved(struct trigger_record *record, uint64_t candidates, uint64_t moved)
{
	record->candidate_pages = candidates;
	record->moved_pages = moved;
	record->skipped_pages = candidates > moved ? candidates - moved : 0;
	record->page_us = moved ? (double)record->elapsed_ns / (double)moved / 1e3 : MISSING_F64;
}

/* "256MiB", or "50%" of all; NULL: all. */
static int parse_amount(const char *amount, uint64_t all_bytes, uint64_t *ret, struct err *e)
{
	double share = 1;

	if (amount && !strchr(amount, '%'))
		return units_parse_size(amount, ret, e);
	int rc = amount ? units_parse_share(amount, &share, e) : 0;

	if (rc)
		return rc;
	if (share > 1)
		return err_usage(e, "--amount %s is more than 100%%", amount);
	if (all_bytes == MISSING_U64)
		return err_say(e, ENODATA,
			       "the memory of the cgroup is unknown: give --amount as a size");
	*ret = (uint64_t)((double)all_bytes * share);
	return 0;
}

/* ---- a process ---- */

struct move {
	const char *what, *how;
	enum target_state from, to;
	int advice; /* 0 = read the pages from this process */
	bool timed; /* page by page */
};

/* The pages to move: from low addresses up, in whole pages, rounded down. */
static int find_pages(const struct target *target, const char *amount, enum target_state state,
		      struct target_pages *ret, struct err *e)
{
	uint64_t bytes;
	int rc = target_find(target, state, UINT64_MAX, ret, e);

	if (rc || !amount)
		return rc;
	rc = parse_amount(amount, ret->n_pages * PAGE_BYTES, &bytes, e);
	target_pages_done(ret);
	return rc ? rc : target_find(target, state, bytes / PAGE_BYTES, ret, e);
}

static int touch(const struct target *target, const struct target_pages *pages,
		 struct trigger_record *record, struct err *e)
{
	AUTO_FREE double *page_ns = calloc(MAX(pages->n_pages, UINT64_C(1)), sizeof(*page_ns));
	size_t n = 0;

	if (!page_ns)
		return err_set(e, ENOMEM, "cannot allocate the times of %llu pages",
			       (unsigned long long)pages->n_pages);
	int rc = target_read(target, pages, page_ns, &n, e);

	if (rc || n == 0)
		return rc;
	record->page_p50_us = stats_median(page_ns, n) / 1e3; /* sorts them */
	record->page_p99_us = stats_quantile(page_ns, n, 0.99) / 1e3;
	record->page_max_us = page_ns[n - 1] / 1e3;
	return 0;
}

static int move_pages(const struct target *target, const struct target_pages *pages,
		      const struct move *move, struct trigger_record *record, struct err *e)
{
	uint64_t begin_ns = monotonic_ns(), moved;
	int rc = move->advice  ? target_advise(target, pages, move->advice, &record->refused, e)
		 : move->timed ? touch(target, pages, record, e)
			       : target_read(target, pages, NULL, NULL, e);

	record->elapsed_ns = monotonic_ns() - begin_ns;
	if (rc == 0)
		rc = target_count(target, pages, move->to, &moved, e);
	if (rc)
		return rc;
	set_moved(record, pages->n_pages, moved);
	if (move->advice == MADV_WILLNEED && pages->n_pages)
		record->page_us = (double)record->elapsed_ns / (double)pages->n_pages / 1e3;
	return 0;
}

static int trigger_process(const struct trigger_request *request, const struct pool *pool,
			   const struct move *move, struct trigger_record *ret, struct err *e)
{
	struct target_pages pages = { .n = 0 };
	struct target target;
	int rc = target_open(&target, request->pid, e);

	if (rc)
		return rc;
	rc = find_pages(&target, request->amount, move->from, &pages, e);
	if (rc == 0)
		rc = record_begin(move->what, move->how, pool, ret, e);
	if (rc == 0)
		rc = move_pages(&target, &pages, move, ret, e);
	if (rc == 0)
		rc = record_end(pool, ret, e);
	ret->pid = (uint64_t)request->pid;
	/* A page whose write failed has a slot, as pagemap shows, and is still in RAM, in the swap
	 * cache.
	 */
	if (rc == 0 && move->advice == MADV_PAGEOUT)
		set_moved(ret, pages.n_pages,
			  ret->moved_pages - MIN(ret->failed_writes, ret->moved_pages));
	target_pages_done(&pages);
	target_close(&target);
	return rc;
}

/* ---- a cgroup ---- */

static int reclaim(const struct cgroup *group, uint64_t bytes, struct trigger_record *record,
		   struct err *e)
{
	struct cgroup_stat before, after;
	uint64_t begin_ns, swap_before, swap_after;
	struct journal *j = NULL;
	int rc = group_swap_bytes(group, &swap_before, e);

	if (rc == 0)
		rc = cgroup_stat_read(group, &before, e);
	if (rc == 0)
		rc = journal_open(&j, "trigger", e);
	if (rc)
		return rc;
	begin_ns = monotonic_ns();
	rc = group_reclaim(group, bytes, j, e);
	record->elapsed_ns = monotonic_ns() - begin_ns;
	journal_close(j);
	if (rc == 0)
		rc = group_swap_bytes(group, &swap_after, e);
	if (rc == 0)
		rc = cgroup_stat_read(group, &after, e);
	if (rc)
		return rc;
	if (before.oom_kill_count != MISSING_U64 && after.oom_kill_count != MISSING_U64)
		record->oom_kill_count = after.oom_kill_count - before.oom_kill_count;
	set_moved(record, bytes / PAGE_BYTES,
		  swap_after > swap_before ? (swap_after - swap_before) / PAGE_BYTES : 0);
	return 0;
}

static int trigger_group(const struct trigger_request *request, const struct pool *pool,
			 struct trigger_record *ret, struct err *e)
{
	struct cgroup_stat stat;
	struct cgroup group;
	uint64_t bytes;
	int rc = group_find(request->cgroup, &group, e);

	if (rc)
		return rc;
	AUTO_CLOSE int lock = journal_lock(LOCK_WAIT_NS, e);

	if (lock < 0)
		return lock;
	rc = cgroup_stat_read(&group, &stat, e);
	if (rc == 0)
		rc = parse_amount(request->amount, stat.anon_bytes, &bytes, e);
	if (rc == 0)
		rc = record_begin("compress", group.mode == CGROUP_V2 ? "reclaim" : "limit", pool,
				  ret, e);
	if (rc)
		return rc;
	ret->cgroup = request->cgroup;
	rc = reclaim(&group, bytes, ret, e);
	return rc ? rc : record_end(pool, ret, e);
}

/* ---- a load ---- */

struct profile {
	const char *name, *pattern, *touch, *region, *limit;
	bool lighter; /* there is a lighter one */
};

static const struct profile profiles[] = {
	{ "light", "anon_streamer", "write", "64MiB", "32MiB", false },
	{ "medium", "anon_streamer", "write", "256MiB", "128MiB", true },
	{ "heavy", "anon_streamer", "write", "1GiB", "512MiB", true },
	{ "readback", "random_touch_heap", "read", "256MiB", "128MiB", false },
	{ "burst", "interactive_burst", "default", "256MiB", "128MiB", false },
};

/* out: a file for its result. */
static int spawn_load(const struct profile *profile, uint64_t duration_ns, int out,
		      struct child *ret, struct err *e)
{
	char path[PATH_MAX], duration[UNITS_TEXT_MAX];
	const char *const argv[] = {
		"workload",
		"run",
		profile->pattern,
		"--region",
		profile->region,
		"--memory-limit",
		profile->limit,
		"--touch",
		profile->touch,
		"--duration",
		units_exact_duration(duration_ns, duration),
		"--format",
		"json",
		"--quiet",
		NULL,
	};
	int rc = companion_path("workload", path, sizeof(path), e);

	if (rc)
		return rc;
	return spawn(ret, &(struct spawn){ .path = path, .argv = argv, .out_fd = out }, e);
}

/* The pool, or its memory limit, was too small for the load. */
static void hint_size(const struct profile *profile, const struct pool *pool, struct err *e)
{
	char size[UNITS_TEXT_MAX], limit[UNITS_TEXT_MAX];
	struct zram_mm_stat mm;
	uint64_t size_bytes;

	if (zram_disk_bytes(NULL, pool->device.id, &size_bytes, NULL) ||
	    zram_mm_stat_read(NULL, pool->device.id, &mm, NULL))
		return;
	err_hint(e,
		 "up to %s are swapped out; pool %s has a size of %s and a memory limit of %s: set "
		 "one up with a larger --size and --mem-limit%s",
		 profile->limit, pool->name, units_format_size(size_bytes, size),
		 units_format_size(mm.limit_bytes, limit),
		 profile->lighter ? ", or use --profile light" : "");
}

/* The reason is in the first line of its result, or on its standard error. */
static int load_failed(const struct profile *profile, const struct pool *pool, int out,
		       const struct child *load, struct err *e)
{
	char line[8192];
	ssize_t n = pread(out, line, sizeof(line) - 1, 0);

	line[MAX(n, (ssize_t)0)] = '\0';
	line[strcspn(line, "\n")] = '\0';
	struct json_object *result = json_tokener_parse(line);
	const char *why = record_string(result, "why"), *state = record_string(result, "state");

	if (why)
		err_say(e, ECHILD, "the load failed: %s", why);
	else
		err_say(e, ECHILD, "the load failed; its message is above");
	if (why && state && str_eq(state, "timeout"))
		err_hint(e, "a busy machine needs a longer --duration, e.g. 30s");
	if (why && state && str_eq(state, supervise_state_name(SUPERVISE_OOM)))
		hint_size(profile, pool, e);
	json_object_put(result);
	if (e && WIFEXITED(load->status))
		e->exit = WEXITSTATUS(load->status);
	return -ECHILD;
}

/* Waits for the load, and keeps the highest values of the pool. ^C is passed on: the load ends, and
 * says why.
 */
static int sample_load(struct child *load, const struct profile *profile, int out,
		       const struct pool *pool, struct trigger_record *record, struct err *e)
{
	bool told = false;

	record->orig_peak_bytes = record->used_peak_bytes = 0;
	while (!child_ended(load)) {
		struct zram_mm_stat mm;

		if (zram_mm_stat_read(NULL, pool->device.id, &mm, NULL) == 0) {
			record->orig_peak_bytes = MAX(record->orig_peak_bytes, mm.orig_bytes);
			record->used_peak_bytes = MAX(record->used_peak_bytes, mm.used_bytes);
		}
		if (stop_requested() && !told) {
			kill(load->pid, SIGTERM);
			told = true;
		}
		sleep_ns(SAMPLE_NS);
	}
	return load->status ? load_failed(profile, pool, out, load, e) : 0;
}

/* If this process is killed, recovery ends the load, which also ends by itself after its duration.
 */
static int run_load(const struct profile *profile, uint64_t duration_ns, const struct pool *pool,
		    struct trigger_record *record, struct err *e)
{
	uint64_t begin_ns = monotonic_ns();
	AUTO_CLOSE int out = memfd_create("load", MFD_CLOEXEC);
	struct journal *j = NULL;
	unsigned int entry;
	struct child load;

	if (out < 0)
		return err_set(e, errno, "cannot create a file for the result of the load");
	int rc = journal_open(&j, "trigger", e);

	if (rc)
		return rc;
	rc = spawn_load(profile, duration_ns, out, &load, e);
	if (rc == 0) {
		int noted = journal_process(j, load.pid, &entry, e);

		if (noted)
			kill(load.pid, SIGTERM);
		rc = sample_load(&load, profile, out, pool, record, noted ? NULL : e);
		child_done(&load);
		if (noted)
			rc = noted;
		else
			journal_undone(j, entry, NULL);
	}
	record->elapsed_ns = monotonic_ns() - begin_ns;
	journal_close(j);
	return rc;
}

static int trigger_profile(const char *what, const char *name,
			   const struct trigger_request *request, const struct pool *pool,
			   struct trigger_record *ret, struct err *e)
{
	const struct profile *profile = profiles;

	while (!str_eq(profile->name, name))
		profile++;
	int rc = record_begin(what, profile->name, pool, ret, e);

	if (rc == 0)
		rc = run_load(profile, request->duration_ns, pool, ret, e);
	return rc ? rc : record_end(pool, ret, e);
}

/* ---- either way ---- */

static int check_target(const struct trigger_request *request, int profile, const char *choices,
			struct err *e)
{
	int n = !!request->pid + !!request->cgroup + !!profile;

	if (n != 1)
		return err_usage(e, "give %s of %s", n ? "only one" : "one", choices);
	if (request->amount && profile)
		return err_usage(e, "--amount is not for --profile");
	return 0;
}

int trigger_compress(const struct trigger_request *request, const struct pool *pool,
		     struct trigger_record *ret, struct err *e)
{
	static const struct move out = { .what = "compress",
					 .how = "pageout",
					 .from = TARGET_PRESENT,
					 .to = TARGET_SWAPPED,
					 .advice = MADV_PAGEOUT };
	int rc = check_target(request, request->compress_profile, "--pid, --cgroup and --profile",
			      e);

	if (rc)
		return rc;
	if (request->pid)
		return trigger_process(request, pool, &out, ret, e);
	if (request->cgroup)
		return trigger_group(request, pool, ret, e);
	return trigger_profile("compress", trigger_compress_profiles[request->compress_profile],
			       request, pool, ret, e);
}

int trigger_readback(const struct trigger_request *request, const struct pool *pool,
		     struct trigger_record *ret, struct err *e)
{
	struct move in = { .what = "readback",
			   .how = trigger_how_choices[request->how],
			   .from = TARGET_SWAPPED,
			   .to = TARGET_PRESENT,
			   .advice = request->how == TRIGGER_WILLNEED ? MADV_WILLNEED : 0,
			   .timed = request->how == TRIGGER_TOUCH };
	int rc = check_target(request, request->readback_profile, "--pid and --profile", e);

	if (rc)
		return rc;
	if (request->pid)
		return trigger_process(request, pool, &in, ret, e);
	return trigger_profile("readback", trigger_readback_profiles[request->readback_profile],
			       request, pool, ret, e);
}
