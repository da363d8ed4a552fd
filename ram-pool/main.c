/* SPDX-License-Identifier: GPL-2.0-only */
/* main.c - ram_pool: a compressed RAM pool of one's own, as swap, that cannot hurt the machine.
 *
 * Options, and what is printed. The work is in pool.c.
 */
#include "pool.h"

#include <math.h>

#include "classes.h"
#include "keep.h"
#include "live.h"
#include "lib/safety/journal_recover.h"
#include "lib/base/opt.h"
#include "lib/base/out.h"
#include "plan.h"
#include "lib/analysis/policy.h"
#include "show.h"
#include "lib/base/stop.h"
#include "lib/base/term.h"
#include "trigger.h"

#define DEFAULT_NAME "pool"

struct pool_options {
	struct pool_request request;
	struct trigger_request trigger;
	struct pool_age_request age;
	const char *db;
	char **argv; /* the whole command line */
	const char *level_text;
	bool swap, raw, dry_run;
	struct show_request show;
	int as; /* enum plan_as */
	int fs; /* index of fs_choices */
	bool force;
	uint64_t timeout_ns;
	struct opt_output output;
};

static struct pool_options options = {
	.request = { .size_bytes = MISSING_U64,
		     .mem_limit_bytes = MISSING_U64,
		     .priority = MISSING_U64 },
	.as = -1,
	.trigger = { .duration_ns = 10 * NS_PER_S },
	.db = KEEP_DEFAULT,
	.age = { .older_ns = 120 * NS_PER_S,
		 .threshold_bytes = MISSING_U64,
		 .price_gib_per_core = MISSING_F64 },
	.show = { .watch_ns = MISSING_U64, .duration_ns = MISSING_U64 },
	.timeout_ns = SWAP_BACK_NS,
};

static const char *const fs_choices[] = { "none", "ext4", NULL };

static const struct opt setup_options[] = {
	OPT_STRING('a', "algo", struct pool_options, request.algorithm,
		   "codec, one of those the kernel has; default the kernel's own choice",
		   .metavar = "NAME"),
	OPT_SIZE('s', "size", struct pool_options, request.size_bytes,
		 "uncompressed bytes it takes at most", .min = 1 * MIB),
	OPT_SIZE('m', "mem-limit", struct pool_options, request.mem_limit_bytes,
		 "RAM it takes at most; default half of the size, or what the guard allows",
		 .min = 1 * MIB),
	OPT_U64(0, "priority", struct pool_options, request.priority,
		"swap priority; default one above the highest in use", .max = SWAP_PRIORITY_MAX),
	OPT_STRING(0, "name", struct pool_options, request.name,
		   "what to call it; default " DEFAULT_NAME, .metavar = "NAME"),
	OPT_STRING(0, "level", struct pool_options, level_text,
		   "level of the codec, of lz4 the acceleration; kernels from 6.12",
		   .metavar = "LEVEL"),
	OPT_FILE(0, "dict", struct pool_options, request.dict,
		 "dictionary for the codec, read by the kernel; kernels from 6.12"),
	OPT_STRING(0, "recompress", struct pool_options, request.recompress,
		   "second codec, with which `age` makes cold pages smaller", .metavar = "NAME"),
	OPT_FILE(0, "backing", struct pool_options, request.backing,
		 "where `age` writes cold pages back to: an empty file, or an unused block device",
		 .metavar = "FILE|DEV"),
	OPT_STRING(0, "zswap", struct pool_options, request.zswap,
		   "turn zswap on in front of the pool, with this codec, for as long as the pool "
		   "is there",
		   .metavar = "NAME"),
	OPT_FLAG(0, "swap", struct pool_options, swap,
		 "use it as swap; so it is without --raw and --fs"),
	OPT_FLAG(0, "raw", struct pool_options, raw, "leave it a plain block device"),
	OPT_CHOICE(0, "fs", struct pool_options, fs, fs_choices,
		   "put a file system on it instead of swap"),
	OPT_STRING(0, "device", struct pool_options, request.device,
		   "take this zram device, which must be free, instead of adding one; reset leaves "
		   "it there",
		   .metavar = "zramN"),
	OPT_FLAG(0, "tune", struct pool_options, request.tune,
		 "set vm.swappiness to 180 and vm.page-cluster to 0 for as long as the pool is "
		 "there"),
	OPT_FLAG(0, "dry-run", struct pool_options, dry_run,
		 "change nothing: print what would do the same without us. The size is checked "
		 "against this machine; codecs and kernel features are not"),
	OPT_CHOICE(0, "as", struct pool_options, as, plan_as_choices,
		   "of a dry run: a script for sh, the default, or a section of "
		   "zram-generator.conf(5)"),
	OPT_PID(0, "owner", struct pool_options, request.owner,
		"bind it to this process: recover removes it once the process is gone",
		.hidden = true),
	OPT_OUTPUT(struct pool_options, output),
	OPT_END
};

static const struct opt status_options[] = {
	OPT_STRING(0, "name", struct pool_options, request.name, "only this one",
		   .metavar = "NAME"),
	OPT_DURATION(0, "watch", struct pool_options, show.watch_ns,
		     "look again and again at this interval, until ^C", .min = 10 * NS_PER_MS),
	OPT_DURATION('d', "duration", struct pool_options, show.duration_ns,
		     "end a watch after this long"),
	OPT_PID('p', "pid", struct pool_options, show.pid,
		"say how much of the pool is not this process's, nor of those it began"),
	OPT_FILE('c', "cgroup", struct pool_options, show.cgroup,
		 "say how much of the pool is not this group's, nor of those below it",
		 .metavar = "PATH"),
	OPT_FLAG(0, "classes", struct pool_options, show.classes,
		 "the size classes that have slots instead, from debugfs where the kernel shows "
		 "them"),
	OPT_FLAG(0, "deep", struct pool_options, show.deep,
		 "know size classes, and what compaction would give, by reading every page of the "
		 "pool and compressing it again; it takes its time and makes pages young"),
	OPT_OUTPUT(struct pool_options, output),
	OPT_END
};

static const struct opt reset_options[] = {
	OPT_STRING(0, "name", struct pool_options, request.name,
		   "which; needed when there are several", .metavar = "NAME"),
	OPT_FLAG(0, "force", struct pool_options, force,
		 "even if its pages might not fit into memory, or into the limits of the groups "
		 "they belong to"),
	OPT_DURATION(0, "timeout", struct pool_options, timeout_ns,
		     "give up when the pages are not back by then; the pool stays in use",
		     .min = NS_PER_MS),
	OPT_OUTPUT(struct pool_options, output), OPT_END
};

#define TRIGGER_OPTIONS \
	OPT_PID('p', "pid", struct pool_options, trigger.pid, \
		"the anonymous pages of this process"), \
		OPT_STRING(0, "amount", struct pool_options, trigger.amount, \
			   "how much of it, from low addresses up: a size or a percentage; " \
			   "default all", \
			   .metavar = "AMOUNT"), \
		OPT_DURATION('d', "duration", struct pool_options, trigger.duration_ns, \
			     "how long a profile runs", .min = 100 * NS_PER_MS, \
			     .max = 300 * NS_PER_S), \
		OPT_FILE(0, "db", struct pool_options, db, \
			 "the store that keeps the record, made where there is none; none: it " \
			 "is not kept"), \
		OPT_STRING(0, "name", struct pool_options, request.name, \
			   "which pool to watch; needed when there are several", \
			   .metavar = "NAME"), \
		OPT_OUTPUT(struct pool_options, output)

static const struct opt compress_options[] = {
	TRIGGER_OPTIONS,
	OPT_FILE('c', "cgroup", struct pool_options, trigger.cgroup,
		 "pages of this control group and those below it, by its directory or its path: "
		 "memory.reclaim, on v1 a limit lowered for a moment",
		 .metavar = "PATH"),
	OPT_CHOICE(0, "profile", struct pool_options, trigger.compress_profile,
		   trigger_compress_profiles,
		   "a bounded load instead: 64 MiB, 256 MiB or 1 GiB, half of which must go out, "
		   "so a pool needs a --size above 32MiB, 128MiB or 512MiB"),
	OPT_END
};

static const struct opt readback_options[] = {
	TRIGGER_OPTIONS,
	OPT_CHOICE(0, "how", struct pool_options, trigger.how, trigger_how_choices,
		   "prefault: back and mapped, so that the process does not fault; willneed: into "
		   "the swap cache, a short fault is left; touch: as prefault, one page after the "
		   "other, each timed"),
	OPT_CHOICE(0, "profile", struct pool_options, trigger.readback_profile,
		   trigger_readback_profiles,
		   "a bounded load instead, of 256 MiB: one that reads at random without a pause, "
		   "or one in bursts; a pool needs a --size above 128MiB"),
	OPT_END
};

_Static_assert((int)POLICY_PRICE_GIB_PER_CORE == 4, "the help of --price says so");

static const struct opt age_options[] = {
	OPT_DURATION(0, "older", struct pool_options, age.older_ns,
		     "pages that nobody has touched for this long; 0s: all",
		     .max = 86400 * NS_PER_S),
	OPT_CHOICE(0, "what", struct pool_options, age.what, pool_age_what_choices,
		   "idle: those that are old; huge: those no codec made smaller, of any age; "
		   "huge_idle: both"),
	OPT_FLAG(0, "recompress", struct pool_options, age.recompress,
		 "only make them smaller with the second codec"),
	OPT_FLAG(0, "writeback", struct pool_options, age.writeback,
		 "only write them back; without either, whatever the pool was set up for"),
	OPT_SIZE(0, "threshold", struct pool_options, age.threshold_bytes,
		 "recompress only what takes at least this many bytes now, such as 3000B, and keep "
		 "it only if it takes less then",
		 .max = PAGE_BYTES),
	OPT_FLAG(0, "policy", struct pool_options, age.policy,
		 "recompress only where the fairness policy finds it worth its CPU, by a sample of "
		 "the pool, and from the compressed size on that it finds best"),
	OPT_F64(0, "price", struct pool_options, age.price_gib_per_core,
		"of --policy: memory that a core busy with recompression must keep free, in GiB; "
		"default that of `compressor_monitor rank`, 4",
		.metavar = "GIB"),
	OPT_STRING(0, "name", struct pool_options, request.name,
		   "which; needed when there are several", .metavar = "NAME"),
	OPT_OUTPUT(struct pool_options, output),
	OPT_END
};

static const struct opt compact_options[] = {
	OPT_STRING(0, "name", struct pool_options, request.name,
		   "which; needed when there are several", .metavar = "NAME"),
	OPT_OUTPUT(struct pool_options, output), OPT_END
};

static const struct opt recover_options[] = {
	OPT_FLAG(0, "force", struct pool_options, force,
		 "take swaps back even if their pages might not fit into memory, or into the "
		 "limits of the groups they belong to"),
	OPT_OUTPUT(struct pool_options, output), OPT_END
};

struct pool_setup_record {
	const char *name, *device, *algorithm, *use;
	const char *dict, *recompress, *backing, *zswap;
	int64_t level;
	uint64_t id, size_bytes, mem_limit_bytes, setup_ns;
	int64_t priority;
	bool swap;
};

#define F(m, t, u, what) FIELD(struct pool_setup_record, m, t, u, what)
static const struct field pool_setup_fields[] = {
	F(name, FIELD_STRING, "", "what it is called"),
	F(device, FIELD_STRING, "", "its block device"),
	F(id, FIELD_U64, "", "the N of zramN"),
	F(algorithm, FIELD_STRING, "", "codec"),
	F(level, FIELD_I64, "", "of the codec; missing: the kernel's default"),
	F(dict, FIELD_STRING, "", "dictionary of the codec"),
	F(recompress, FIELD_STRING, "", "second codec, for cold pages"),
	F(backing, FIELD_STRING, "", "file or device for cold pages"),
	F(zswap, FIELD_STRING, "", "codec of zswap in front"),
	F(size_bytes, FIELD_U64, "bytes", "uncompressed bytes it takes at most"),
	F(mem_limit_bytes, FIELD_U64, "bytes", "RAM it takes at most"),
	F(use, FIELD_STRING, "", "swap, raw, or the file system on it"),
	F(priority, FIELD_I64, "", "swap priority; missing where it is no swap"),
	F(swap, FIELD_BOOL, "", "in use as swap"),
	F(setup_ns, FIELD_U64, "ns", "from the start of the set-up until it was ready"),
};
#undef F

static const struct record_type pool_setup_type =
	RECORD_TYPE("pool_setup", 1, RECORD_CARD, pool_setup_fields, "a pool was set up");

static int begin(struct out **out, const char *what, struct err *e)
{
	term_set_level(options.output.quiet     ? TERM_QUIET
		       : options.output.verbose ? TERM_VERBOSE
						: TERM_NORMAL);
	if (geteuid()) {
		err_impossible(e, "%s needs root", what);
		return err_hint(e, "run it with sudo");
	}
	int r = stop_install(e);

	return r ? r : out_new(out, (enum out_format)options.output.format, options.output.path, e);
}

static int finish_for(const char *reason, struct out **out, uint64_t n, struct err *e)
{
	const struct end_record end = {
		.seen = n,
		.emitted = n,
		.missed = MISSING_U64,
		.unmatched = MISSING_U64,
		.reason = stop_requested() ? "signal" : reason,
	};
	struct out *closing = *out;

	if (options.output.format == OUT_JSON)
		out_record(closing, &end_record_type, &end);
	*out = NULL;
	return out_close(closing, e);
}

static int finish(struct out **out, uint64_t n, struct err *e)
{
	return finish_for("done", out, n, e);
}

/* The name that was given, or the default one: with an owner it tells whose it is. */
static const char *setup_name(char buf[POOL_NAME_MAX])
{
	if (options.request.name)
		return options.request.name;
	if (options.request.owner)
		snprintf(buf, POOL_NAME_MAX, DEFAULT_NAME "-%d", (int)options.request.owner);
	else
		snprintf(buf, POOL_NAME_MAX, DEFAULT_NAME);
	return buf;
}

/* Nobody was told of the pool, so nobody would remove it. */
static void drop(const char *name, const struct zram_device *device)
{
	struct pool pool = { .device = *device };
	struct err e;

	snprintf(pool.name, sizeof(pool.name), "%s", name);
	if (pool_reset(&pool, true, SWAP_BACK_NS, &e))
		term_warn("%s; `ram_pool recover` tries again", e.what);
}

/* Words of the options into the request; what contradicts itself is refused. level: storage. */
static int take_setup(struct pool_request *request, int *level, struct err *e)
{
	char behind;

	if (request->size_bytes == MISSING_U64)
		return err_usage(e, "how large? give --size, e.g. --size 2GiB");
	if (strlen(request->name) >= POOL_NAME_MAX)
		return err_usage(e, "--name is longer than %d characters", POOL_NAME_MAX - 1);
	if (!journal_name_valid(request->name))
		return err_usage(e,
				 "--name '%s' is no name: letters, digits, '_', '-' and, but for "
				 "the first, '.'",
				 request->name);
	if (options.level_text) {
		if (sscanf(options.level_text, "%9d%c", level, &behind) != 1)
			return err_usage(e, "--level '%s' is no level: a whole number",
					 options.level_text);
		request->level = level;
	}
	if (options.as >= 0 && !options.dry_run)
		return err_usage(e, "--as says how --dry-run prints: add it, or leave out both");
	if (options.swap + options.raw + (options.fs != 0) > 1)
		return err_usage(e, "one of --swap, --raw and --fs: it cannot be all of them");
	request->mode = options.raw ? POOL_RAW : options.fs ? POOL_EXT4 : POOL_SWAP;
	if (request->mode == POOL_SWAP)
		return 0;
	if (request->priority != MISSING_U64 || request->tune || request->zswap)
		return err_usage(
			e, "--priority, --tune and --zswap are for swap: leave out --raw and --fs");
	return 0;
}

static int dry_run(const struct pool_request *request, struct err *e)
{
	AUTO_OUT struct out *out = NULL;
	int r = out_new(&out, OUT_TEXT, options.output.path, e);

	if (r || (r = plan_print(request, options.as < 0 ? PLAN_SHELL : (enum plan_as)options.as,
				 out, e)))
		return r;
	struct out *closing = out;

	out = NULL;
	return out_close(closing, e);
}

static int run_setup(void *config UNUSED, int argc UNUSED, char **argv UNUSED,
		     int *exit_code UNUSED, struct err *e)
{
	AUTO_OUT struct out *out = NULL;
	struct pool_request request = options.request;
	char name[POOL_NAME_MAX], device[32];
	struct pool_made made;

	request.name = setup_name(name);
	int level, r = take_setup(&request, &level, e);

	if (r || options.dry_run)
		return r ? r : dry_run(&request, e);
	if ((r = begin(&out, "setting up a pool", e)) || (r = pool_setup(&request, &made, e)))
		return r;
	snprintf(device, sizeof(device), "/dev/zram%u", made.device.id);
	const struct pool_setup_record record = {
		.name = request.name,
		.device = device,
		.id = made.device.id,
		.algorithm = made.algorithm,
		.level = request.level ? *request.level : MISSING_I64,
		.dict = request.dict,
		.recompress = request.recompress,
		.backing = request.backing,
		.zswap = request.zswap,
		.use = pool_modes[request.mode],
		.size_bytes = made.size_bytes,
		.mem_limit_bytes = made.mem_limit_bytes,
		.priority = request.mode == POOL_SWAP ? made.priority : MISSING_I64,
		.swap = request.mode == POOL_SWAP,
		.setup_ns = made.setup_ns,
	};
	if (zswap_enabled() && !request.zswap && request.mode == POOL_SWAP)
		term_warn("zswap takes pages before they reach the pool; turn it off with `echo N "
			  ">/sys/module/zswap/parameters/enabled`");
	out_record(out, &pool_setup_type, &record);
	r = finish(&out, 1, e);
	if (r)
		drop(request.name, &made.device);
	return r;
}

static int no_such_pool(const char *name, struct err *e)
{
	err_say(e, ENOENT, "there is no pool called %s", name);
	return err_hint(e, "`ram_pool status` shows those there are");
}

static int run_status(void *config UNUSED, int argc UNUSED, char **argv UNUSED,
		      int *exit_code UNUSED, struct err *e)
{
	struct show_request *request = &options.show;
	AUTO_OUT struct out *out = NULL;
	struct pools pools;
	uint64_t pools_seen, records = 0;

	request->name = options.request.name;
	request->draw = live_wanted(&options.output);
	if ((request->classes || request->deep || request->pid || request->cgroup) &&
	    request->watch_ns != MISSING_U64)
		return err_usage(
			e,
			"--classes, --deep, --pid and --cgroup are for one look, not for --watch");
	if (request->pid && request->cgroup)
		return err_usage(e, "only one of --pid and --cgroup");
	int r = begin(&out, "looking at pools", e);

	if (r || (r = pools_read(&pools, e)) ||
	    (r = show_pools(request, &pools, out, &pools_seen, &records, e)))
		return r;
	if (pools.unreadable.code)
		term_warn("%s: a pool of that book is not shown", pools.unreadable.what);
	if (request->name && pools_seen == 0)
		return no_such_pool(request->name, e);
	if (pools_seen == 0 && pools.unreadable.code == 0)
		term_say("there is no pool; `ram_pool setup --size 2GiB --mem-limit 1GiB` makes "
			 "one");
	return finish_for(request->duration_ns == MISSING_U64 ? "done" : "duration", &out, records,
			  e);
}

/* The pool that was named, or the only one. ret->n 0 in pools and no name: 0 with *ret NULL. */
static int pick_pool(const struct pools *pools, const struct pool **ret, struct err *e)
{
	const char *name = options.request.name;
	size_t i = 0;

	*ret = NULL;
	if (pools->n == 0 && pools->unreadable.code) {
		if (e)
			*e = pools->unreadable;
		return pools->unreadable.code;
	}
	if (pools->n == 0 && !name)
		return 0;
	if (pools->n > 1 && !name) {
		err_usage(e, "there are %zu pools: which one?", pools->n);
		return err_hint(e, "give --name; `ram_pool status` shows them");
	}
	while (name && i < pools->n && !str_eq(pools->pools[i].name, name))
		i++;
	if (i == pools->n)
		return no_such_pool(name, e);
	*ret = &pools->pools[i];
	return 0;
}

/* A pool that is there, and not to be used. */
static int not_ready(const struct pool *pool, struct err *e)
{
	if (pool->live) {
		err_say(e, EBUSY, "pool %s is being set up or removed", pool->name);
		return err_hint(e, "wait, or `ram_pool recover`");
	}
	err_say(e, EBUSY, "pool %s was not set up, or removed, to the end", pool->name);
	return err_hint(e, "`ram_pool recover` removes it");
}

static int run_reset(void *config UNUSED, int argc UNUSED, char **argv UNUSED,
		     int *exit_code UNUSED, struct err *e)
{
	AUTO_OUT struct out *out = NULL;
	const struct pool *pool;
	struct pools pools;
	int r = begin(&out, "removing a pool", e);

	if (r || (r = pools_read(&pools, e)) || (r = pick_pool(&pools, &pool, e)))
		return r;
	if (!pool) {
		term_say("there is no pool");
		return finish(&out, 0, e);
	}
	r = pool_reset(pool, options.force, options.timeout_ns, e);
	if (r)
		return r;
	term_say("%s pool %s (zram%u)", pool->taken ? "took down" : "removed", pool->name,
		 pool->device.id);
	return finish(&out, 0, e);
}

static int run_age(void *config UNUSED, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
		   struct err *e)
{
	AUTO_OUT struct out *out = NULL;
	const struct pool *pool;
	struct pool_age record;
	struct pools pools;

	if (options.age.policy && options.age.threshold_bytes != MISSING_U64)
		return err_usage(e, "--policy finds the threshold: leave out --threshold");
	if (!options.age.policy && !isnan(options.age.price_gib_per_core))
		return err_usage(e, "--price is what --policy goes by: add it, or leave out both");
	if (options.age.price_gib_per_core < 0)
		return err_usage(e, "--price is 0 or more");
	int r = begin(&out, "ageing a pool", e);

	if (r || (r = pools_read(&pools, e)) || (r = pick_pool(&pools, &pool, e)))
		return r;
	if (!pool) {
		err_say(e, ENOENT, "there is no pool to age");
		return err_hint(
			e, "make one, with what this kernel has (`coldpress doctor` says): "
			   "ram_pool setup --size 2GiB, and --recompress zstd or --backing FILE");
	}
	if (!pool->ready)
		return not_ready(pool, e);
	r = pool_age(pool, &options.age, &record, e);
	if (r)
		return r;
	out_record(out, &pool_age_type, &record);
	return finish(&out, 1, e);
}

static int run_compact(void *config UNUSED, int argc UNUSED, char **argv UNUSED,
		       int *exit_code UNUSED, struct err *e)
{
	AUTO_OUT struct out *out = NULL;
	struct pool_compact record;
	const struct pool *pool;
	struct pools pools;
	int r = begin(&out, "compacting a pool", e);

	if (r || (r = pools_read(&pools, e)) || (r = pick_pool(&pools, &pool, e)))
		return r;
	if (!pool)
		return err_say(e, ENOENT, "there is no pool to compact");
	if (!pool->ready)
		return not_ready(pool, e);
	r = pool_compact(pool, &record, e);
	if (r)
		return r;
	out_record(out, &pool_compact_type, &record);
	return finish(&out, 1, e);
}

typedef int trigger_fn(const struct trigger_request *request, const struct pool *pool,
		       struct trigger_record *ret, struct err *e);

/* Where nobody asked for a results, a place that cannot be written to is no failure of the trigger.
 */
static int keep(const struct pool *pool, const struct trigger_record *record, struct err *e)
{
	int r = str_eq(options.db, "none")
			? 0
			: keep_trigger(options.db, options.argv, pool, record, e);

	if (r == 0 || !str_eq(options.db, KEEP_DEFAULT))
		return r;
	term_warn("the record is not kept: %s", e->what);
	return 0;
}

static void warn_of(const struct trigger_record *record)
{
	if (record->failed_writes)
		term_warn("%llu writes failed, and those pages are still in RAM: the pool is full, "
			  "or at its memory limit",
			  (unsigned long long)record->failed_writes);
	else if (str_eq(record->what, "compress") && record->moved_pages != MISSING_U64 &&
		 record->orig_after_bytes / PAGE_BYTES < record->moved_pages / 2)
		term_warn("%llu pages left RAM, but the pool holds %llu: another swap comes first, "
			  "see `ram_pool status`",
			  (unsigned long long)record->moved_pages,
			  (unsigned long long)(record->orig_after_bytes / PAGE_BYTES));
	if (record->stopped)
		term_warn("stopped before all was moved");
}

/* Pages of a process go to swaps alone. */
static int pick_swap(struct pools *pools, const struct pool **ret, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < pools->n && !options.request.name; i++)
		if (pools->pools[i].swap || !pools->pools[i].ready)
			pools->pools[n++] = pools->pools[i];
	if (!options.request.name)
		pools->n = n;
	int r = pick_pool(pools, ret, e);

	if (r || !*ret || (*ret)->swap || !(*ret)->ready)
		return r;
	err_usage(e, "%s is no swap: pages of a process cannot go there", (*ret)->name);
	return err_hint(e, "name a pool that is one: `ram_pool status` shows their use");
}

static int run_trigger(trigger_fn *trigger, struct err *e)
{
	AUTO_OUT struct out *out = NULL;
	struct trigger_record record;
	const struct pool *pool;
	struct pools pools;
	int r = begin(&out, "moving pages", e);

	if (r || (r = pools_read(&pools, e)) || (r = pick_swap(&pools, &pool, e)))
		return r;
	if (!pool) {
		err_say(e, ENOENT, "there is no pool to move pages to or from");
		return err_hint(e, "make one: ram_pool setup --size 2GiB --mem-limit 1GiB");
	}
	if (!pool->ready)
		return not_ready(pool, e);
	r = trigger(&options.trigger, pool, &record, e);
	if (r)
		return r;
	warn_of(&record);
	out_record(out, &trigger_type, &record);
	/* What was done is told even where the store cannot keep it. */
	int kept = keep(pool, &record, e);

	r = finish(&out, 1, kept ? NULL : e);
	return kept ? kept : r;
}

static int run_compress(void *config UNUSED, int argc UNUSED, char **argv UNUSED,
			int *exit_code UNUSED, struct err *e)
{
	return run_trigger(trigger_compress, e);
}

static int run_readback(void *config UNUSED, int argc UNUSED, char **argv UNUSED,
			int *exit_code UNUSED, struct err *e)
{
	return run_trigger(trigger_readback, e);
}

static void report(void *ctx, bool failed, const char *text)
{
	++*(unsigned int *)ctx;
	if (failed)
		term_warn("%s", text);
	else
		term_say("%s", text);
}

static int run_recover(void *config UNUSED, int argc UNUSED, char **argv UNUSED,
		       int *exit_code UNUSED, struct err *e)
{
	AUTO_OUT struct out *out = NULL;
	unsigned int reports = 0;
	int r = begin(&out, "recovering", e);

	if (r)
		return r;
	AUTO_CLOSE int lock = journal_lock(30 * NS_PER_S, e);

	if (lock < 0)
		return lock;
	r = journal_recover((struct journal_how){ .force = options.force, .stoppable = true },
			    report, &reports, e);
	if (r < 0)
		return r;
	/* What a dead command had only meant to do counts as undone, with no word on it. */
	if (r == 0 || reports == 0)
		term_say("nothing to put back");
	return finish(&out, 0, e);
}

static const struct opt_command commands[] = {
	{
		.name = "setup",
		.summary = "add a zram device of its own, as swap before any other, block device "
			   "or file system",
		.description = "Adds a device, or takes a free one that is named. What it changes "
			       "is noted in /run/coldpress first; a failure or ^C puts everything "
			       "back. Its memory limit may be half of what is available beyond a "
			       "reserve: 512 MiB or a tenth of the machine's memory, whichever is "
			       "more; on a machine of less than 4 GiB an eighth.",
		.examples = "ram_pool setup --algo lz4 --size 2GiB --mem-limit 1GiB   # at most 1 "
			    "GiB of RAM\n"
			    "ram_pool setup --algo lz4 --size 2GiB --dry-run --as zram-generator\n"
			    "ram_pool setup --algo lz4 --recompress zstd --backing /var/cold.img "
			    "--size 2GiB\n",
		.options = setup_options,
		.run = run_setup,
	},
	{
		.name = "status",
		.summary = "show what the pools hold and what they cost",
		.options = status_options,
		.run = run_status,
	},
	{
		.name = "trigger compress",
		.summary = "move pages of a process, or of a load, into the pool",
		.description =
			"Works on unmodified programs, by page-out advice; what moved is looked up "
			"in pagemap, or in the swap that the group is charged with.",
		.examples = "ram_pool trigger compress --pid 4711 --amount 50%   # half of what it "
			    "has in RAM\n"
			    "ram_pool trigger compress --cgroup /system.slice/x.service --amount "
			    "256MiB\n"
			    "ram_pool trigger compress --profile light --duration 5s\n",
		.options = compress_options,
		.run = run_compress,
	},
	{
		.name = "trigger readback",
		.summary = "bring pages of a process back, or run a load that reads",
		.examples =
			"ram_pool trigger readback --pid 4711   # its next touches do not fault\n",
		.options = readback_options,
		.run = run_readback,
	},
	{
		.name = "age",
		.summary = "recompress and write back what nobody has touched for a while",
		.description =
			"One round, for what the pool was set up with (--recompress, --backing). "
			"With both, what is old is written back, and what the backing device could "
			"not take is recompressed: for pages that should get smaller first and "
			"leave later, give each its own round. Where the kernel keeps no time of "
			"access, it marks all pages and looks again after that time.",
		.examples = "ram_pool age --older 2m\n"
			    "ram_pool age --older 1m --recompress && ram_pool age --older 1h "
			    "--writeback\n"
			    "ram_pool age --older 10m --what huge_idle --writeback   # what no "
			    "codec made smaller\n",
		.options = age_options,
		.run = run_age,
	},
	{
		.name = "compact",
		.summary = "move slots together, so that what holes took goes back to the machine",
		.description = "What it would give: compact_bytes of `ram_pool status --deep`, or "
			       "without it where debugfs says.",
		.options = compact_options,
		.run = run_compact,
	},
	{
		.name = "reset",
		.summary = "bring the pages back into memory and remove the device",
		.description = "Refuses, with the figures, where the machine or a limited control "
			       "group with pages in swap could not hold what comes back. ^C while "
			       "pages come back leaves the pool in use as before.",
		.options = reset_options,
		.run = run_reset,
	},
	{
		.name = "recover",
		.summary = "put back what a command that was killed has left",
		.description = "Removes what dead owners left in the journal; a pool that is ready "
			       "stays, and is named.",
		.options = recover_options,
		.run = run_recover,
	},
	{ .run = NULL },
};

static const struct record_type *const record_types[] = {
	&pool_setup_type,   &pool_status_type, &pool_watch_type,
	&pool_class_type,   &trigger_type,     &pool_age_type,
	&pool_compact_type, &end_record_type,  NULL,
};

static const struct opt_program program = {
	.name = "ram_pool",
	.summary = "a compressed pool in RAM for experiments",
	.description = "Sets up, shows and removes zram devices of its own as swap. It never "
		       "touches a device or a swap that it did not make.",
	.commands = commands,
	.config = &options,
	.records = record_types,
};

int main(int argc, char **argv)
{
	options.argv = argv;
	return opt_main(&program, argc, argv);
}
