/* SPDX-License-Identifier: GPL-2.0-only */
/* trigger.c - pages into the pool and back, by hand: another process's, or those of a bounded load.
 *
 * A process's pages are advised out or read in one by one, and looked up again afterwards: only
 * what pagemap says counts as moved. A load is `workload`, run beside us under a memory limit of
 * half of what it touches, so that the rest of the machine feels no pressure; its memory is gone
 * when it ends, so the pool is watched meanwhile.
 */
#include "trigger.h"

#include <json-c/json.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "lib/safety/supervise.h"
#include "group.h"
#include "remote.h"
#include "lib/analysis/stats.h"
#include "lib/base/companion.h"
#include "lib/base/stop.h"
#include "lib/base/units.h"

#define WATCH_NS (20 * NS_PER_MS)

const char *const trigger_how_choices[] = { "prefault", "willneed", "touch", NULL };
const char *const trigger_compress_profiles[] = { "none", "light", "medium", "heavy", NULL };
const char *const trigger_readback_profiles[] = { "none", "readback", "burst", NULL };

#define F(m, t, u, what, ...) FIELD(struct trigger_record, m, t, u, what, ##__VA_ARGS__)

static const struct field trigger_fields[] = {
	F(what, FIELD_STRING, "", "compress or readback"),
	F(how, FIELD_STRING, "",
	  "pageout, reclaim, limit, prefault, willneed, touch, or the profile"),
	F(pool, FIELD_STRING, "", "the pool that was watched"),
	F(pid, FIELD_U64, "", "whose pages; missing for a profile"),
	F(cgroup, FIELD_STRING, "", "whose pages; missing for a process or a profile"),
	F(candidate_pages, FIELD_U64, "pages", "anonymous pages it was asked for"),
	F(moved_pages, FIELD_U64, "pages",
	  "of these, out afterwards (compress; without those whose write failed), in RAM and "
	  "mapped afterwards (readback), by pagemap; of a group what its swap has grown by"),
	F(skipped_pages, FIELD_U64, "pages",
	  "the others: locked, shared, unmapped, touched again, no room; all of willneed's, which "
	  "fills the swap cache and maps nothing"),
	F(oom_kill_count, FIELD_U64, "",
	  "processes of the group that the OOM killer ended meanwhile; groups only"),
	F(elapsed_ns, FIELD_U64, "ns", "from the first request to the end of the last"),
	F(page_us, FIELD_F64, "us", "elapsed time / moved pages, or / candidates for willneed"),
	F(page_p50_us, FIELD_F64, "us", "median of the pages, timed one by one; touch only"),
	F(page_p99_us, FIELD_F64, "us", "99 of 100 took at most this; touch only"),
	F(page_max_us, FIELD_F64, "us", "the slowest; touch only"),
	F(written_pages, FIELD_U64, "pages", "written to the pool meanwhile, by anybody"),
	F(failed_writes, FIELD_U64, "",
	  "writes to the pool that failed meanwhile, by anybody; in written_pages, too"),
	F(read_pages, FIELD_U64, "pages", "read from the pool meanwhile, by anybody"),
	F(orig_before_bytes, FIELD_U64, "bytes", "uncompressed bytes in the pool before"),
	F(orig_after_bytes, FIELD_U64, "bytes", "and after"),
	F(orig_peak_bytes, FIELD_U64, "bytes", "and at most, looked at every 20 ms; profiles only"),
	F(used_before_bytes, FIELD_U64, "bytes", "RAM of the pool before"),
	F(used_after_bytes, FIELD_U64, "bytes", "and after"),
	F(used_peak_bytes, FIELD_U64, "bytes", "and at most, looked at every 20 ms; profiles only"),
	F(stopped, FIELD_BOOL, "",
	  "^C ended it early: the pages it did not come to are among the skipped ones"),
};
#undef F

const struct record_type trigger_type = RECORD_TYPE("pool_trigger", 1, RECORD_CARD, trigger_fields,
						    "pages moved into the pool or back");

/* ---- the pool before and after ---- */

struct snapshot {
	struct zram_mm_stat mm;
	struct zram_io_stat io;
	struct zram_block_stat block;
};

static int look(const struct pool *pool, struct snapshot *ret, struct err *e)
{
	if (!zram_present(NULL, &pool->device))
		return err_say(e, ENODEV, "zram%u has gone", pool->device.id);
	int r = zram_mm_stat_read(NULL, pool->device.id, &ret->mm, e);

	if (r == 0)
		r = zram_io_stat_read(NULL, pool->device.id, &ret->io, e);
	return r ? r : zram_block_stat_read(NULL, pool->device.id, &ret->block, e);
}

static int compare(const struct pool *pool, const struct snapshot *before,
		   struct trigger_record *record, struct err *e)
{
	struct snapshot after;
	int r = look(pool, &after, e);

	if (r)
		return r;
	record->failed_writes = after.io.failed_writes - before->io.failed_writes;
	record->stopped = stop_requested();
	record->written_pages =
		(after.block.written_bytes - before->block.written_bytes) / PAGE_BYTES;
	record->read_pages = (after.block.read_bytes - before->block.read_bytes) / PAGE_BYTES;
	record->orig_before_bytes = before->mm.orig_bytes;
	record->orig_after_bytes = after.mm.orig_bytes;
	record->used_before_bytes = before->mm.used_bytes;
	record->used_after_bytes = after.mm.used_bytes;
	return 0;
}

static struct trigger_record record_new(const char *what, const char *how, const struct pool *pool)
{
	return (struct trigger_record){
		.what = what,
		.how = how,
		.pool = pool->name,
		.pid = MISSING_U64,
		.candidate_pages = MISSING_U64,
		.moved_pages = MISSING_U64,
		.skipped_pages = MISSING_U64,
		.oom_kill_count = MISSING_U64,
		.page_us = MISSING_F64,
		.page_p50_us = MISSING_F64,
		.page_p99_us = MISSING_F64,
		.page_max_us = MISSING_F64,
		.orig_peak_bytes = MISSING_U64,
		.used_peak_bytes = MISSING_U64,
	};
}

/* ---- a process ---- */

/* "256MiB" or "50%" of those in this state, in whole pages, rounded down. */
static int amount_pages(const struct remote *remote, const char *amount, enum remote_state state,
			uint64_t *ret, struct err *e)
{
	struct remote_pages all = { .n = 0 };
	uint64_t bytes;
	double share;

	if (!amount) {
		*ret = UINT64_MAX;
		return 0;
	}
	if (!strchr(amount, '%')) {
		int r = units_parse_size(amount, &bytes, e);

		if (r == 0)
			*ret = bytes / PAGE_BYTES;
		return r;
	}
	int r = units_parse_share(amount, &share, e);

	if (r || (r = remote_find(remote, state, UINT64_MAX, &all, e)))
		return r;
	if (share > 1)
		r = err_usage(e, "--amount %s is more than all of it", amount);
	else
		*ret = (uint64_t)((double)all.n_pages * share);
	remote_pages_done(&all);
	return r;
}

struct move {
	const char *what, *how;
	enum remote_state from, to;
	int advice; /* 0 = read from here */
	bool timed; /* page by page */
};

static int touch(const struct remote *remote, const struct remote_pages *pages,
		 struct trigger_record *record, struct err *e)
{
	AUTO_FREE double *page_ns = calloc(MAX(pages->n_pages, UINT64_C(1)), sizeof(*page_ns));
	size_t n = 0;

	if (!page_ns)
		return err_set(e, ENOMEM, "cannot keep the times of %llu pages",
			       (unsigned long long)pages->n_pages);
	int r = remote_touch(remote, pages, page_ns, &n, e);

	if (r || n == 0)
		return r;
	record->page_p50_us = stats_median(page_ns, n) / 1e3; /* sorts them */
	record->page_p99_us = stats_quantile(page_ns, n, 0.99) / 1e3;
	record->page_max_us = page_ns[n - 1] / 1e3;
	return 0;
}

static int move_pages(const struct remote *remote, const struct remote_pages *pages,
		      const struct move *move, struct trigger_record *record, struct err *e)
{
	uint64_t begin_ns = monotonic_ns();
	int r = move->advice  ? remote_advise(remote, pages, move->advice, e)
		: move->timed ? touch(remote, pages, record, e)
			      : remote_prefault(remote, pages, e);

	record->elapsed_ns = monotonic_ns() - begin_ns;
	if (r || (r = remote_count(remote, pages, move->to, &record->moved_pages, e)))
		return r;
	record->candidate_pages = pages->n_pages;
	record->skipped_pages = pages->n_pages - record->moved_pages;
	uint64_t n = move->advice == MADV_WILLNEED ? record->candidate_pages : record->moved_pages;

	if (n)
		record->page_us = (double)record->elapsed_ns / (double)n / 1e3;
	return 0;
}

/* A page whose write failed has its place in the swap, as pagemap shows, and is still in RAM, in
 * the swap cache. */
static void take_failed(struct trigger_record *record)
{
	uint64_t n = MIN(record->failed_writes, record->moved_pages);

	record->moved_pages -= n;
	record->skipped_pages += n;
	if (n)
		record->page_us = record->moved_pages ? (double)record->elapsed_ns /
								(double)record->moved_pages / 1e3
						      : MISSING_F64;
}

static int move_of(const struct trigger_request *request, const struct pool *pool,
		   const struct move *move, struct trigger_record *ret, struct err *e)
{
	struct trigger_record record = record_new(move->what, move->how, pool);
	struct remote_pages pages = { .n = 0 };
	struct snapshot before;
	struct remote remote;
	uint64_t max = 0;
	int r = remote_open(&remote, request->pid, e);

	if (r)
		return r;
	record.pid = (uint64_t)request->pid;
	if ((r = amount_pages(&remote, request->amount, move->from, &max, e)) == 0 &&
	    (r = remote_find(&remote, move->from, max, &pages, e)) == 0 &&
	    (r = look(pool, &before, e)) == 0 &&
	    (r = move_pages(&remote, &pages, move, &record, e)) == 0)
		r = compare(pool, &before, &record, e);
	if (r == 0 && move->advice == MADV_PAGEOUT)
		take_failed(&record);
	remote_pages_done(&pages);
	remote_close(&remote);
	if (r == 0)
		*ret = record;
	return r;
}

/* ---- a group ---- */

/* "256MiB", or "50%" of its anonymous pages in RAM; all of them without. */
static int amount_of_group(const struct cgroup *group, const char *amount, uint64_t *ret,
			   struct err *e)
{
	struct cgroup_stat stat;
	double share = 1;
	int r;

	if (amount && !strchr(amount, '%'))
		return units_parse_size(amount, ret, e);
	if (amount && (r = units_parse_share(amount, &share, e)))
		return r;
	if (share > 1)
		return err_usage(e, "--amount %s is more than all of it", amount);
	r = cgroup_stat_read(group, &stat, e);
	if (r)
		return r;
	if (stat.anon_bytes == MISSING_U64)
		return err_say(e, ENODATA,
			       "the group does not say how much it has: give --amount as a size");
	*ret = (uint64_t)((double)stat.anon_bytes * share);
	return 0;
}

static uint64_t oom_kills(const struct cgroup *group)
{
	struct cgroup_stat stat;

	return cgroup_stat_read(group, &stat, NULL) ? MISSING_U64 : stat.oom_kill_count;
}

static int reclaim(const struct cgroup *group, uint64_t bytes, struct trigger_record *record,
		   struct err *e)
{
	uint64_t begin_ns, before, after, killed = oom_kills(group), killed_now;
	struct journal *j = NULL;
	int r = group_swap_bytes(group, &before, e);

	if (r || (r = journal_open(&j, "trigger", e)))
		return r;
	begin_ns = monotonic_ns();
	r = group_reclaim(group, bytes, j, e);
	record->elapsed_ns = monotonic_ns() - begin_ns;
	journal_close(j);
	if (r || (r = group_swap_bytes(group, &after, e)))
		return r;
	killed_now = oom_kills(group);
	if (killed != MISSING_U64 && killed_now != MISSING_U64)
		record->oom_kill_count = killed_now - killed;
	record->candidate_pages = bytes / PAGE_BYTES;
	record->moved_pages = after > before ? (after - before) / PAGE_BYTES : 0;
	record->skipped_pages = record->candidate_pages > record->moved_pages
					? record->candidate_pages - record->moved_pages
					: 0;
	if (record->moved_pages)
		record->page_us = (double)record->elapsed_ns / (double)record->moved_pages / 1e3;
	return 0;
}

static int compress_group(const struct trigger_request *request, const struct pool *pool,
			  struct trigger_record *ret, struct err *e)
{
	struct trigger_record record;
	struct snapshot before;
	struct cgroup group;
	uint64_t bytes;
	int r = group_find(request->cgroup, &group, e);

	if (r)
		return r;
	record = record_new("compress", group.mode == CGROUP_V2 ? "reclaim" : "limit", pool);
	record.cgroup = request->cgroup;
	AUTO_CLOSE int lock = journal_lock(30 * NS_PER_S, e);

	if (lock < 0)
		return lock;
	if ((r = amount_of_group(&group, request->amount, &bytes, e)) ||
	    (r = look(pool, &before, e)) || (r = reclaim(&group, bytes, &record, e)) ||
	    (r = compare(pool, &before, &record, e)))
		return r;
	*ret = record;
	return 0;
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

/* It ran out of room: what it puts out, against what the pool takes. */
static void hint_room(const struct profile *profile, const struct pool *pool, struct err *e)
{
	char size[UNITS_TEXT_MAX], limit[UNITS_TEXT_MAX];
	struct zram_mm_stat mm;
	uint64_t size_bytes;

	if (zram_disk_bytes(NULL, pool->device.id, &size_bytes, NULL) ||
	    zram_mm_stat_read(NULL, pool->device.id, &mm, NULL))
		return;
	err_hint(e,
		 "it puts up to %s out; pool %s takes %s, in %s of RAM: set one up with a larger "
		 "--size and --mem-limit%s",
		 profile->limit, pool->name, units_format_size(size_bytes, size),
		 units_format_size(mm.limit_bytes, limit),
		 profile->lighter ? ", or take --profile light" : "");
}

/* Why it says that it failed, from the first line of its result; else that it said so on stderr. */
static int load_failed(const struct profile *profile, const struct pool *pool, int out,
		       const struct child *load, struct err *e)
{
	char line[8192];
	ssize_t n = pread(out, line, sizeof(line) - 1, 0);

	line[MAX(n, (ssize_t)0)] = '\0';
	line[strcspn(line, "\n")] = '\0';
	struct json_object *result = json_tokener_parse(line), *why, *state;

	if (json_object_object_get_ex(result, "why", &why) &&
	    json_object_is_type(why, json_type_string)) {
		err_say(e, ECHILD, "the load failed: %s", json_object_get_string(why));
		const char *how = json_object_object_get_ex(result, "state", &state)
					  ? json_object_get_string(state)
					  : "";

		if (str_eq(how, "timeout"))
			err_hint(e, "on a busy machine it takes longer: --duration 30s");
		else if (str_eq(how, supervise_state_name(SUPERVISE_OOM)))
			hint_room(profile, pool, e);
	} else {
		err_say(e, ECHILD, "the load failed; what it said is above");
	}
	json_object_put(result);
	if (e && WIFEXITED(load->status))
		e->exit = WEXITSTATUS(load->status);
	return -ECHILD;
}

/* Waits for the load and keeps the highest the pool held. ^C is passed on: it ends the load, which
 * says why.
 */
static int watch_load(struct child *load, const struct profile *profile, int out,
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
		sleep_ns(WATCH_NS);
	}
	return load->status ? load_failed(profile, pool, out, load, e) : 0;
}

/* Should we be killed, recovery ends the load; it also ends by itself after its duration. */
static int run_load(const struct profile *profile, uint64_t duration_ns, const struct pool *pool,
		    struct trigger_record *record, struct err *e)
{
	uint64_t begin_ns = monotonic_ns();
	AUTO_CLOSE int out = memfd_create("load", MFD_CLOEXEC);
	struct journal *j = NULL;
	unsigned int entry;
	struct child load;

	if (out < 0)
		return err_set(e, errno, "cannot keep what the load says");
	int r = journal_open(&j, "trigger", e);

	if (r)
		return r;
	r = spawn_load(profile, duration_ns, out, &load, e);
	if (r == 0) {
		int noted = journal_process(j, load.pid, &entry, e);

		if (noted)
			kill(load.pid, SIGTERM);
		r = watch_load(&load, profile, out, pool, record, noted ? NULL : e);
		child_done(&load);
		if (noted)
			r = noted;
		else
			journal_undone(j, entry, NULL);
	}
	record->elapsed_ns = monotonic_ns() - begin_ns;
	journal_close(j);
	return r;
}

static int run_profile(const char *what, const char *name, const struct trigger_request *request,
		       const struct pool *pool, struct trigger_record *ret, struct err *e)
{
	const struct profile *profile = profiles;
	struct trigger_record record;
	struct snapshot before;

	while (!str_eq(profile->name, name))
		profile++;
	record = record_new(what, profile->name, pool);
	int r = look(pool, &before, e);

	if (r)
		return r;
	r = run_load(profile, request->duration_ns, pool, &record, e);
	if (r || (r = compare(pool, &before, &record, e)))
		return r;
	*ret = record;
	return 0;
}

/* ---- both ---- */

static int one_of(const struct trigger_request *request, int profile, const char *ways,
		  struct err *e)
{
	if (!request->pid && !request->cgroup && !profile)
		return err_usage(e, "whose pages? give one of %s", ways);
	if (!!request->pid + !!request->cgroup + !!profile > 1)
		return err_usage(e, "only one of %s", ways);
	if (request->amount && profile)
		return err_usage(e, "--amount is not for --profile, which has its size");
	return 0;
}

int trigger_compress(const struct trigger_request *request, const struct pool *pool,
		     struct trigger_record *ret, struct err *e)
{
	static const struct move out = { .what = "compress",
					 .how = "pageout",
					 .from = REMOTE_PRESENT,
					 .to = REMOTE_SWAPPED,
					 .advice = MADV_PAGEOUT };
	int r = one_of(request, request->compress_profile, "--pid, --cgroup and --profile", e);

	if (r)
		return r;
	if (request->pid)
		return move_of(request, pool, &out, ret, e);
	if (request->cgroup)
		return compress_group(request, pool, ret, e);
	return run_profile("compress", trigger_compress_profiles[request->compress_profile],
			   request, pool, ret, e);
}

int trigger_readback(const struct trigger_request *request, const struct pool *pool,
		     struct trigger_record *ret, struct err *e)
{
#define BACK(name, ...) \
	{ \
		.what = "readback", .how = name, .from = REMOTE_SWAPPED, .to = REMOTE_PRESENT, \
		##__VA_ARGS__ \
	}
	static const struct move back[] = {
		[TRIGGER_PREFAULT] = BACK("prefault"),
		[TRIGGER_WILLNEED] = BACK("willneed", .advice = MADV_WILLNEED),
		[TRIGGER_TOUCH] = BACK("touch", .timed = true),
	};
#undef BACK
	int r = one_of(request, request->readback_profile, "--pid and --profile", e);

	if (r || request->pid)
		return r ? r : move_of(request, pool, &back[request->how], ret, e);
	return run_profile("readback", trigger_readback_profiles[request->readback_profile],
			   request, pool, ret, e);
}
