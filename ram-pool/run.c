/* SPDX-License-Identifier: GPL-2.0-only */
/* run.c - the run of each subcommand: checks its options, acts, prints the record. */
#include <math.h>

#include "classes.h"
#include "dry_run.h"
#include "lib/base/rights.h"
#include "lib/base/stop.h"
#include "lib/base/term.h"
#include "lib/safety/journal_recover.h"
#include "options.h"
#include "save_record.h"
#include "status.h"
#include "watch_view.h"

/* ---- what all have in common ---- */

static int begin(const struct pool_options *o, const char *what, uint64_t rights, struct out **out,
		 struct err *e)
{
	term_set_level(o->output.quiet     ? TERM_QUIET
		       : o->output.verbose ? TERM_VERBOSE
					   : TERM_NORMAL);
	int rc = rights_check(rights, what, e);

	if (!rc)
		rc = rights_processes(what, e);
	if (!rc)
		rc = stop_install(e);
	if (rc)
		return rc;
	/* Only status has --watch. */
	return o->status.watch_ns == MISSING_U64
		       ? out_open(out, &o->output, e)
		       : out_new_stream(out, (enum out_format)o->output.format, o->output.path, e);
}

static int finish(const struct pool_options *o, struct out **out, uint64_t n, const char *reason,
		  struct err *e)
{
	const struct end_record end = {
		.seen = n,
		.emitted = n,
		.missed = MISSING_U64,
		.unmatched = MISSING_U64,
		.reason = stop_requested() ? "signal" : reason,
	};
	struct out *closing = *out;

	if (o->output.format == OUT_JSON || o->status.watch_ns != MISSING_U64)
		out_record(closing, &end_record_type, &end);
	*out = NULL;
	return out_close(closing, e);
}

static int finish_record(const struct pool_options *o, struct out **out,
			 const struct record_type *type, const void *record, struct err *e)
{
	out_record(*out, type, record);
	return finish(o, out, 1, "done", e);
}

static int no_such_pool(const char *name, struct err *e)
{
	err_say(e, ENOENT, "pool %s not found", name);
	return err_hint(e, "`ram_pool status` lists the pools");
}

/* The pool that is named, or the only one; without a name and a pool, *ret is NULL. swap: a pool
 * that is not swap is not chosen.
 */
static int choose_pool(const char *name, bool swap, struct pools *pools, const struct pool **ret,
		       struct err *e)
{
	size_t n = 0;

	*ret = NULL;
	for (size_t i = 0; i < pools->n; i++) {
		const struct pool *pool = &pools->pools[i];

		if (name ? str_eq(name, pool->name) : !swap || pool->swap || !pool->ready)
			pools->pools[n++] = *pool;
	}
	if (n > 1) {
		err_usage(e, "there are %zu pools: which one?", n);
		return err_hint(e, "give --name; `ram_pool status` lists the pools");
	}
	if (n == 0 && pools->unreadable.code) { /* it may be that one */
		if (e)
			*e = pools->unreadable;
		return pools->unreadable.code;
	}
	if (n == 0)
		return name ? no_such_pool(name, e) : 0;
	*ret = &pools->pools[0];
	return 0;
}

/* A pool to work on: it exists, and is ready. swap: pages of a process are to go there. */
static int open_pool(const char *name, bool swap, struct pools *pools, const struct pool **ret,
		     struct err *e)
{
	const struct pool *pool;
	int rc = pools_read(pools, e);

	if (rc == 0)
		rc = choose_pool(name, swap, pools, &pool, e);
	if (rc)
		return rc;
	if (!pool) {
		err_say(e, ENOENT, "no pool found");
		return err_hint(e, "set one up: ram_pool setup --size 2GiB --mem-limit 1GiB");
	}
	if (!pool->ready && pool->live) {
		err_say(e, EBUSY, "pool %s is busy: setup or reset is running", pool->name);
		return err_hint(e, "wait, or `ram_pool recover`");
	}
	if (!pool->ready) {
		err_say(e, EBUSY, "pool %s is broken: its setup or reset was killed", pool->name);
		return err_hint(e, "`ram_pool recover` removes it");
	}
	if (swap && !pool->swap) {
		err_usage(e, "pool %s is not swap: pages of a process cannot be swapped out to it",
			  pool->name);
		return err_hint(e, "name a pool that is swap; `ram_pool status` lists the pools");
	}
	*ret = pool;
	return 0;
}

/* ---- setup ---- */

/* Nobody has been told of the pool, so nobody would remove it. */
static void remove_pool(const char *name, const struct zram_device *device)
{
	struct pool pool = { .device = *device };
	struct err e;

	snprintf(pool.name, sizeof(pool.name), "%s", name);
	if (pool_reset(&pool, true, SWAP_BACK_NS, &e))
		term_warn("%s; `ram_pool recover` tries again", e.what);
}

/* The name given, or the default: with an owner the name tells whose pool it is. */
static int read_name(struct pool_request *request, char buf[POOL_NAME_MAX], struct err *e)
{
	if (!request->name) {
		if (request->owner)
			snprintf(buf, POOL_NAME_MAX, DEFAULT_NAME "-%d", (int)request->owner);
		else
			snprintf(buf, POOL_NAME_MAX, DEFAULT_NAME);
		request->name = buf;
	}
	if (strlen(request->name) >= POOL_NAME_MAX)
		return err_usage(e, "--name is longer than %d characters", POOL_NAME_MAX - 1);
	if (journal_name_valid(request->name))
		return 0;
	return err_usage(e,
			 "--name '%s' is invalid: use letters, digits, '_', '-' and, except at the "
			 "start, '.'",
			 request->name);
}

static int read_setup(const struct pool_options *o, struct pool_request *request, int *level,
		      struct err *e)
{
	char behind;

	if (request->size_bytes == MISSING_U64)
		return err_usage(e, "--size is missing: give one, e.g. --size 2GiB");
	if (o->level_text) {
		if (sscanf(o->level_text, "%9d%c", level, &behind) != 1)
			return err_usage(e, "--level '%s' is not a whole number", o->level_text);
		request->level = level;
	}
	if (o->as >= 0 && !o->dry_run)
		return err_usage(e, "--as is for --dry-run: add it, or leave out both");
	if (o->swap + o->raw + (o->fs != 0) > 1)
		return err_usage(e, "give only one of --swap, --raw and --fs");
	request->mode = o->raw ? POOL_RAW : o->fs ? POOL_EXT4 : POOL_SWAP;
	if (request->mode != POOL_SWAP &&
	    (request->priority != MISSING_U64 || request->tune || request->zswap))
		return err_usage(
			e, "--priority, --tune and --zswap are for swap: leave out --raw and --fs");
	return 0;
}

static int dry_run(const struct pool_options *o, const struct pool_request *request, struct err *e)
{
	AUTO_OUT struct out *out = NULL;
	int rc = out_new(&out, OUT_TEXT, o->output.path, e);

	if (rc == 0)
		rc = dry_run_print(request, o->as < 0 ? DRY_RUN_SHELL : (enum dry_run_as)o->as, out,
				   e);
	if (rc)
		return rc;
	struct out *closing = out;

	out = NULL;
	return out_close(closing, e);
}

POOL_RUN(run_setup)
{
	const struct pool_options *o = config;
	AUTO_OUT struct out *out = NULL;
	struct pool_request request = o->request;
	char name[POOL_NAME_MAX];
	struct pool_made made;
	int level, rc = read_setup(o, &request, &level, e);

	if (rc == 0)
		rc = read_name(&request, name, e);
	if (rc || o->dry_run)
		return rc ? rc : dry_run(o, &request, e);
	rc = begin(o, "setup", RIGHTS_CHANGE, &out, e);
	if (rc == 0)
		rc = pool_setup(&request, &made, e);
	if (rc)
		return rc;
	if (zswap_enabled() && !request.zswap && made.swap)
		term_warn("zswap is enabled and stores pages before the pool gets them: `echo N "
			  ">/sys/module/zswap/parameters/enabled` disables it");
	rc = finish_record(o, &out, &pool_setup_type, &made, e);
	if (rc)
		remove_pool(request.name, &made.device);
	return rc;
}

/* ---- status ---- */

static int check_status(const struct status_request *request, struct err *e)
{
	if ((request->classes || request->deep || request->pid || request->cgroup) &&
	    request->watch_ns != MISSING_U64)
		return err_usage(
			e, "--classes, --deep, --pid and --cgroup cannot be used with --watch");
	if (request->pid && request->cgroup)
		return err_usage(e, "give only one of --pid and --cgroup");
	return 0;
}

POOL_RUN(run_status)
{
	const struct pool_options *o = config;
	struct status_request request = o->status;
	AUTO_OUT struct out *out = NULL;
	struct pools pools;
	uint64_t seen, records = 0;
	int rc = check_status(&request, e);

	request.name = o->request.name;
	request.draw = watch_view_wanted(&o->output);
	if (rc == 0)
		rc = begin(o, "status", RIGHT(CAP_DAC_OVERRIDE), &out, e);
	if (rc == 0)
		rc = pools_read(&pools, e);
	if (rc == 0)
		rc = status_print(&request, &pools, out, &seen, &records, e);
	if (rc)
		return rc;
	if (pools.unreadable.code)
		term_warn("%s: the pool of this journal is not shown", pools.unreadable.what);
	if (request.name && seen == 0)
		return no_such_pool(request.name, e);
	if (seen == 0 && pools.unreadable.code == 0)
		term_say(
			"no pool found; `ram_pool setup --size 2GiB --mem-limit 1GiB` sets one up");
	return finish(o, &out, records, request.duration_ns == MISSING_U64 ? "done" : "duration",
		      e);
}

/* ---- age, compact, reset, recover ---- */

POOL_RUN(run_age)
{
	const struct pool_options *o = config;
	const struct pool_age_request *request = &o->age;
	AUTO_OUT struct out *out = NULL;
	const struct pool *pool;
	struct pool_age record;
	struct pools pools;

	if (request->policy && request->threshold_bytes != MISSING_U64)
		return err_usage(e, "--policy chooses the threshold: leave out --threshold");
	if (!request->policy && !isnan(request->price_gib_per_core))
		return err_usage(e, "--price is for --policy: add it, or leave out both");
	if (request->price_gib_per_core < 0)
		return err_usage(e, "--price must be 0 or more");
	int rc = begin(o, "age", RIGHTS_CHANGE, &out, e);

	if (rc == 0)
		rc = open_pool(o->request.name, false, &pools, &pool, e);
	if (rc == 0)
		rc = pool_age(pool, request, &record, e);
	return rc ? rc : finish_record(o, &out, &pool_age_type, &record, e);
}

POOL_RUN(run_compact)
{
	const struct pool_options *o = config;
	AUTO_OUT struct out *out = NULL;
	struct pool_compact record;
	const struct pool *pool;
	struct pools pools;
	int rc = begin(o, "compact", RIGHTS_CHANGE, &out, e);

	if (rc == 0)
		rc = open_pool(o->request.name, false, &pools, &pool, e);
	if (rc == 0)
		rc = pool_compact(pool, &record, e);
	return rc ? rc : finish_record(o, &out, &pool_compact_type, &record, e);
}

POOL_RUN(run_reset)
{
	const struct pool_options *o = config;
	AUTO_OUT struct out *out = NULL;
	const struct pool *pool;
	struct pools pools;
	int rc = begin(o, "reset", RIGHTS_CHANGE, &out, e);

	if (rc == 0)
		rc = pools_read(&pools, e);
	if (rc == 0)
		rc = choose_pool(o->request.name, false, &pools, &pool, e);
	if (rc)
		return rc;
	if (!pool) {
		term_say("no pool found");
		return finish(o, &out, 0, "done", e);
	}
	rc = pool_reset(pool, o->force, o->timeout_ns, e);
	if (rc)
		return rc;
	term_say("removed pool %s (zram%u%s)", pool->name, pool->device.id,
		 pool->taken ? ", which is free again" : "");
	return finish(o, &out, 0, "done", e);
}

static void report(void *ctx, bool failed, const char *text)
{
	++*(unsigned int *)ctx;
	if (failed)
		term_warn("%s", text);
	else
		term_say("%s", text);
}

POOL_RUN(run_recover)
{
	const struct pool_options *o = config;
	AUTO_OUT struct out *out = NULL;
	unsigned int reports = 0;
	int rc = begin(o, "recover", RIGHTS_CHANGE, &out, e);

	if (rc)
		return rc;
	AUTO_CLOSE int lock = journal_lock(LOCK_WAIT_NS, e);

	if (lock < 0)
		return lock;
	rc = journal_recover((struct journal_how){ .force = o->force, .stoppable = true }, report,
			     &reports, e);
	if (rc < 0)
		return rc;
	/* What a killed command only planned to do counts as undone, without a report. */
	if (rc == 0 || reports == 0)
		term_say("nothing to undo");
	return finish(o, &out, 0, "done", e);
}

/* ---- trigger ---- */

/* A default database that cannot be written is no failure of the trigger. */
static int save(const struct pool_options *o, const struct pool *pool,
		const struct trigger_record *record, struct err *e)
{
	int rc = str_eq(o->db, "none") ? 0 : save_record(o->db, o->argv, pool, record, e);

	if (rc == 0 || !str_eq(o->db, SAVE_RECORD_DEFAULT))
		return rc;
	term_warn("the record is not saved: %s", e->what);
	return 0;
}

static void warn_of(const struct trigger_record *record)
{
	uint64_t in_pool = record->after.mm.orig_bytes / PAGE_BYTES;

	if (record->failed_writes)
		term_warn("%llu writes failed, and their pages are still in RAM: the pool is full, "
			  "or at its memory limit",
			  (unsigned long long)record->failed_writes);
	else if (str_eq(record->what, "compress") && record->moved_pages != MISSING_U64 &&
		 in_pool < record->moved_pages / 2)
		term_warn("%llu pages were swapped out, but the pool holds %llu: another swap is "
			  "used before it, see `ram_pool status`",
			  (unsigned long long)record->moved_pages, (unsigned long long)in_pool);
	if (record->stopped)
		term_warn("stopped before all pages were moved");
}

typedef int trigger_fn(const struct trigger_request *request, const struct pool *pool,
		       struct trigger_record *ret, struct err *e);

static int run_trigger(const struct pool_options *o, trigger_fn *trigger, struct err *e)
{
	AUTO_OUT struct out *out = NULL;
	struct trigger_record record;
	const struct pool *pool;
	struct pools pools;
	int rc = begin(o, "trigger", RIGHTS_CHANGE, &out, e);

	if (rc == 0)
		rc = open_pool(o->request.name, true, &pools, &pool, e);
	if (rc == 0)
		rc = trigger(&o->trigger, pool, &record, e);
	if (rc == -EPERM && e) {
		e->exit = EXIT_IMPOSSIBLE;
		return err_hint(e, "a container may deny process_madvise (seccomp): run it on the "
				   "host");
	}
	if (rc)
		return rc;
	warn_of(&record);
	/* Printed also if it cannot be saved. */
	int failed = save(o, pool, &record, e);

	rc = finish_record(o, &out, &trigger_type, &record, failed ? NULL : e);
	return failed ? failed : rc;
}

POOL_RUN(run_compress)
{
	return run_trigger(config, trigger_compress, e);
}

POOL_RUN(run_readback)
{
	return run_trigger(config, trigger_readback, e);
}
