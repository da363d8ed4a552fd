/* SPDX-License-Identifier: GPL-2.0-only */
/* age.c - one round of the cold tier: marks what nobody has touched for a while, writes it back to
 * the backing device, and makes what stays smaller with the second codec.
 *
 * In that order: recompression takes the mark from what it has looked at (6.12), and nothing would
 * be left to write back. Pages that should be smaller first and leave later have two ages, so two
 * rounds.
 *
 * Which pages deserve it is the caller's to say, or the policy's (worth.c); which they are, the
 * kernel knows: by the time of the last access (CONFIG_ZRAM_TRACK_ENTRY_ACTIME), else by marking
 * all and looking again after that time.
 */
#include <inttypes.h>
#include <math.h>

#include "pool.h"
#include "lib/base/stop.h"
#include "lib/kernel/zram_config.h"
#include "lib/base/term.h"
#include "lib/base/units.h"
#include "worth.h"

#define LOCK_WAIT_NS (30 * NS_PER_S)
#define WAIT_STEP_NS (100 * NS_PER_MS)

const char *const pool_age_what_choices[] = { "idle", "huge_idle", "huge", NULL };

#define F(m, t, u, what, ...) FIELD(struct pool_age, m, t, u, what, ##__VA_ARGS__)

static const struct field pool_age_fields[] = {
	F(name, FIELD_STRING, "", "which pool"),
	F(what, FIELD_STRING, "", "idle: what is old; huge: incompressible; huge_idle: both"),
	F(older_ns, FIELD_U64, "ns", "how long it was not touched"),
	F(marked, FIELD_STRING, "",
	  "how that is known: by age (the kernel keeps the time of each access), or by waiting "
	  "(all marked, and looked at again after that time); missing where age does not matter"),
	F(mark_ns, FIELD_U64, "ns", "what the marking took, waiting included"),
	F(recompressed, FIELD_BOOL, "", "whether the second codec was tried"),
	F(written_back, FIELD_BOOL, "", "whether pages were written to the backing device"),
	F(elapsed_ns, FIELD_U64, "ns", "what recompression and writeback took"),
	F(compr_before_bytes, FIELD_U64, "bytes", "codec bytes in the pool before"),
	F(compr_after_bytes, FIELD_U64, "bytes", "and after"),
	F(used_before_bytes, FIELD_U64, "bytes", "RAM of the pool before"),
	F(used_after_bytes, FIELD_U64, "bytes", "and after"),
	F(backing_before_pages, FIELD_U64, "pages",
	  "on the backing device before; missing without one"),
	F(backing_after_pages, FIELD_U64, "pages", "and after"),
	F(backing_written_pages, FIELD_U64, "pages", "written to it meanwhile"),
	F(threshold_bytes, FIELD_U64, "bytes",
	  "compressed size from which on pages were recompressed; missing: of any"),
	F(policy, FIELD_STRING, "",
	  "why the fairness policy has it so; missing where it was not asked"),
	F(policy_pages, FIELD_U64, "pages", "that it looked at"),
	F(policy_gib_per_core, FIELD_F64, "GiB per core",
	  "memory that a core busy with recompression would keep free, by what was looked at"),
};
#undef F

const struct record_type pool_age_type =
	RECORD_TYPE("pool_age", 1, RECORD_CARD, pool_age_fields, "one round of the cold tier");

/* What a round does. */
struct tiers {
	bool recompress, writeback;
	enum pool_age_what what;
	uint64_t threshold_bytes;
};

/* What the pool has, against what was asked for. */
static int pick_tiers(const struct pool *pool, const struct pool_age_request *request,
		      struct tiers *ret, struct err *e)
{
	char algorithm[ZRAM_ALGORITHM_MAX], path[256], words[128];
	struct zram_features features;
	unsigned int id = pool->device.id;
	struct tiers has = {
		.recompress = zram_second_algorithm(NULL, id, algorithm) == 0,
		.writeback = zram_backing(NULL, id, path, sizeof(path)) == 0,
	};
	bool any = !request->recompress && !request->writeback;
	struct tiers want = {
		.recompress = any ? has.recompress : request->recompress,
		.writeback = any ? has.writeback : request->writeback,
		.what = request->what,
		.threshold_bytes = request->threshold_bytes,
	};

	*ret = want;
	if ((want.recompress || want.writeback) && (!want.recompress || has.recompress) &&
	    (!want.writeback || has.writeback))
		return 0;
	zram_features_read(NULL, id, &features);
	if ((want.recompress || any) && features.recompress) {
		err_impossible(e, "%s has no second codec to recompress with", pool->name);
		return err_hint(e, "set it up with one: ram_pool setup --recompress zstd ...");
	}
	if ((want.writeback || any) && features.writeback) {
		err_impossible(e, "%s has no backing device to write back to", pool->name);
		return err_hint(e, "set it up with one: ram_pool setup --backing FILE ...");
	}
	if (any && zswap_enabled()) {
		err_impossible(e, "this kernel's zram has no cold tier of its own; zswap in front "
				  "writes its coldest pages to the pool by itself");
		return err_hint(e, "it does when it is full (max_pool_percent) or short of memory "
				   "(shrinker_enabled, from 6.8)");
	}
	err_impossible(e, "this kernel's zram %s",
		       want.recompress  ? "cannot recompress"
		       : want.writeback ? "cannot write back"
					: "can neither recompress nor write back");
	return err_hint(e,
			"kernels with CONFIG_ZRAM_MULTI_COMP (from 6.2) recompress, those with "
			"CONFIG_ZRAM_WRITEBACK (Debian's 6.1, 6.12) write back; this one has: %s",
			zram_features_words(&features, words, sizeof(words)));
}

static int wait_until(uint64_t end_ns, uint64_t older_ns, struct err *e)
{
	char text[UNITS_TEXT_MAX];

	term_say("the kernel keeps no time of access: all are marked, and looked at again in %s",
		 units_format_duration(older_ns, text));
	for (uint64_t now; (now = monotonic_ns()) < end_ns;) {
		if (stop_requested())
			return err_say(e, EINTR, "stopped while waiting for pages to age");
		sleep_ns(MIN(end_ns - now, WAIT_STEP_NS));
	}
	return 0;
}

/* Nothing to put back: a mark goes with the next access, and means nothing to a pool that is never
 * aged. */
static int mark(const struct pool *pool, uint64_t older_ns, const char **how, struct err *e)
{
	char seconds[24];

	snprintf(seconds, sizeof(seconds), "%" PRIu64, (older_ns + NS_PER_S - 1) / NS_PER_S);
	*how = "age";
	int r = older_ns ? zram_write(NULL, &pool->device, "idle", seconds, e) : -EINVAL;

	if (r != -EINVAL)
		return r;
	*how = "wait";
	uint64_t end_ns = monotonic_ns() + older_ns;

	if ((r = zram_write(NULL, &pool->device, "idle", "all", e)))
		return r;
	return older_ns ? wait_until(end_ns, older_ns, e) : 0;
}

static int recompress(const struct pool *pool, const struct tiers *tiers, struct err *e)
{
	char text[64], threshold[32] = "";

	if (tiers->threshold_bytes != MISSING_U64)
		snprintf(threshold, sizeof(threshold), " threshold=%" PRIu64,
			 tiers->threshold_bytes);
	snprintf(text, sizeof(text), "type=%s%s", pool_age_what_choices[tiers->what], threshold);
	int r = zram_write(NULL, &pool->device, "recompress", text, e);

	if (r == -EINVAL && *threshold)
		err_hint(e, "a threshold must be below the size from which this kernel keeps pages "
			    "whole: 3257 bytes, or 3625 with CONFIG_ZSMALLOC_CHAIN_SIZE=8");
	return r;
}

static int write_back(const struct pool *pool, const struct tiers *tiers, struct err *e)
{
	int r = zram_write(NULL, &pool->device, "writeback", pool_age_what_choices[tiers->what], e);

	if (r == -ENOSPC)
		err_hint(e, "the backing device is full: what it took stays there");
	if (r == -EIO)
		err_hint(e,
			 "is the backing device still there? See dmesg, and the limit in "
			 "/sys/block/zram%u/writeback_limit",
			 pool->device.id);
	return r;
}

static int act(const struct pool *pool, const struct tiers *tiers, struct err *e)
{
	AUTO_CLOSE int lock = journal_lock(LOCK_WAIT_NS, e);

	if (lock < 0)
		return lock;
	int r = tiers->writeback ? write_back(pool, tiers, e) : 0;

	if (r == -ENOSPC && tiers->recompress) {
		term_warn("the backing device is full: what it did not take is recompressed");
		r = 0;
	}
	return r || !tiers->recompress ? r : recompress(pool, tiers, e);
}

/* The policy's word on the second codec. What is old is expected to stay out for as long again. */
static int ask_policy(const struct pool *pool, const struct pool_age_request *request,
		      struct tiers *tiers, struct pool_worth *ret, struct err *e)
{
	struct policy_settings policy = POLICY_DEFAULTS;

	policy.floor_ratio = 0; /* they are in the pool already */
	policy.readback_factor = POLICY_READBACK_COLD;
	if (!isnan(request->price_gib_per_core))
		policy.price_gib_per_core = request->price_gib_per_core;
	if (request->older_ns)
		policy.residence_s = (double)request->older_ns / (double)NS_PER_S;
	int r = pool_worth(pool, &policy, tiers->what != POOL_AGE_IDLE, ret, e);

	if (r)
		return r;
	tiers->recompress = ret->worth;
	if (ret->worth && tiers->what == POOL_AGE_IDLE && ret->threshold_bytes)
		tiers->threshold_bytes = ret->threshold_bytes;
	if (!ret->worth)
		term_say("nothing is recompressed: %s", ret->why);
	return 0;
}

static int look(const struct pool *pool, struct zram_mm_stat *mm, struct zram_bd_stat *bd,
		struct err *e)
{
	if (!zram_present(NULL, &pool->device))
		return err_say(e, ENODEV, "zram%u has gone", pool->device.id);
	if (zram_bd_stat_read(NULL, pool->device.id, bd, NULL))
		*bd = (struct zram_bd_stat){ MISSING_U64, MISSING_U64, MISSING_U64 };
	return zram_mm_stat_read(NULL, pool->device.id, mm, e);
}

int pool_age(const struct pool *pool, const struct pool_age_request *request, struct pool_age *ret,
	     struct err *e)
{
	struct zram_mm_stat before, after;
	struct zram_bd_stat bd_before, bd_after;
	const char *how = NULL;
	struct pool_worth worth = { .value_gib_per_core = MISSING_F64,
				    .sampled_pages = MISSING_U64 };
	struct tiers tiers;
	uint64_t begin_ns, marked_ns;
	int r = pick_tiers(pool, request, &tiers, e);

	if (r)
		return r;
	if (request->policy && !tiers.recompress) {
		err_usage(
			e,
			"--policy weighs the second codec: %s has none, or is not asked to use it",
			pool->name);
		return err_hint(e, "set it up with one: ram_pool setup --recompress zstd ...");
	}
	/* Before pages are marked: it makes those it looks at young. */
	if (request->policy && (r = ask_policy(pool, request, &tiers, &worth, e)))
		return r;
	begin_ns = monotonic_ns();
	if (request->what != POOL_AGE_HUGE && (tiers.recompress || tiers.writeback) &&
	    (r = mark(pool, request->older_ns, &how, e)))
		return r;
	marked_ns = monotonic_ns();
	if ((r = look(pool, &before, &bd_before, e)) || (r = act(pool, &tiers, e)) ||
	    (r = look(pool, &after, &bd_after, e)))
		return r;
	*ret = (struct pool_age){
		.name = pool->name,
		.what = pool_age_what_choices[request->what],
		.older_ns = request->older_ns,
		.marked = how,
		.mark_ns = marked_ns - begin_ns,
		.elapsed_ns = monotonic_ns() - marked_ns,
		.recompressed = tiers.recompress,
		.written_back = tiers.writeback,
		.compr_before_bytes = before.compr_bytes,
		.compr_after_bytes = after.compr_bytes,
		.used_before_bytes = before.used_bytes,
		.used_after_bytes = after.used_bytes,
		.backing_before_pages = bd_before.count_pages,
		.backing_after_pages = bd_after.count_pages,
		.backing_written_pages = bd_after.written_pages == MISSING_U64
						 ? MISSING_U64
						 : bd_after.written_pages - bd_before.written_pages,
		.threshold_bytes = tiers.recompress ? tiers.threshold_bytes : MISSING_U64,
		.policy_pages = worth.sampled_pages,
		.policy_gib_per_core = worth.value_gib_per_core,
	};
	snprintf(ret->policy_text, sizeof(ret->policy_text), "%s", worth.why);
	ret->policy = *ret->policy_text ? ret->policy_text : NULL;
	return 0;
}
