/* SPDX-License-Identifier: GPL-2.0-only */
/* age.c - one round of the cold tier: marks pages idle by age, writes them back to the backing
 * device, and recompresses those that stay with the second algorithm.
 *
 * In this order: recompression clears the idle mark of every page it looks at (6.12), so nothing
 * would be left to write back. To recompress first and write back later, use two rounds of two
 * ages.
 *
 * The kernel knows the age by the time of the last access (CONFIG_ZRAM_TRACK_ENTRY_ACTIME);
 * elsewhere all pages are marked, and those still marked after that time are old.
 */
#include "age.h"

#include <inttypes.h>
#include <math.h>

#include "lib/base/stop.h"
#include "lib/kernel/zram_config.h"
#include "lib/base/term.h"
#include "lib/base/units.h"
#include "status.h"

#define WAIT_STEP_NS (100 * NS_PER_MS)

const char *const pool_age_what_choices[] = { "idle", "huge_idle", "huge", NULL };

#define F(m, t, u, what)     FIELD(struct pool_age, m, t, u, what)
#define IN(m, n, t, u, what) FIELD_IN(struct pool_age, m, n, t, u, what)
#define BYTES(m, n, what)    IN(m, n, FIELD_U64, "bytes", what)
#define PAGES(m, n, what)    IN(m, n, FIELD_U64, "pages", what)

static const struct field pool_age_fields[] = {
	F(name, FIELD_STRING, "", "name of the pool"),
	F(what, FIELD_STRING, "",
	  "idle: old pages; huge: incompressible pages; huge_idle: old incompressible pages"),
	F(older_ns, FIELD_U64, "ns", "cold-age threshold: time since the last access"),
	F(marked, FIELD_STRING, "",
	  "how old pages were found. age: by access times; wait: all pages were marked idle, and "
	  "those still idle after older_ns are old; missing: age not used (--what huge, or nothing "
	  "to do)"),
	F(mark_ns, FIELD_U64, "ns", "time to mark pages, including the wait"),
	F(recompressed, FIELD_BOOL, "", "the kernel was asked to recompress"),
	F(written_back, FIELD_BOOL, "", "the kernel was asked to write back"),
	F(elapsed_ns, FIELD_U64, "ns", "time of recompression and writeback"),
	BYTES(before.mm.compr_bytes, "compr_before_bytes", "compressed bytes before"),
	BYTES(after.mm.compr_bytes, "compr_after_bytes", "compressed bytes after"),
	BYTES(before.mm.used_bytes, "used_before_bytes", "RAM of the pool before"),
	BYTES(after.mm.used_bytes, "used_after_bytes", "RAM of the pool after"),
	PAGES(before.bd.count_pages, "backing_before_pages", "pages on the backing device before"),
	PAGES(after.bd.count_pages, "backing_after_pages", "pages on the backing device after"),
	PAGES(backing_written_pages, "backing_written_pages",
	      "pages written to the backing device in this round"),
	BYTES(threshold_bytes, "threshold_bytes",
	      "minimum compressed size of the pages that were recompressed; missing: all sizes"),
	F(policy, FIELD_STRING, "", "reason of the policy's decision; missing without --policy"),
	PAGES(verdict.sampled_pages, "policy_pages", "pages that the policy sampled"),
	IN(verdict.value_gib_per_core, "policy_gib_per_core", FIELD_F64, "GiB per core",
	   "RAM that recompression would save per CPU time, computed from the sample: GiB-seconds "
	   "of "
	   "RAM per CPU-second"),
};

const struct record_type pool_age_type =
	RECORD_TYPE("pool_age", 1, RECORD_CARD, pool_age_fields,
		    "one round of recompression and writeback of cold pages");

/* What a round does. */
struct tiers {
	bool recompress, writeback;
	enum pool_age_what what;
	uint64_t threshold_bytes;
};

/* Why the round cannot be done: the pool, then the kernel. */
static int no_tier(const struct pool *pool, bool recompress, bool writeback, struct err *e)
{
	struct zram_features features;
	char text[128];

	zram_features_read(NULL, pool->device.id, &features);
	if (recompress && features.recompress) {
		err_impossible(e, "pool %s has no second algorithm", pool->name);
		return err_hint(e, "set it up with one: ram_pool setup --recompress zstd ...");
	}
	if (writeback && features.writeback) {
		err_impossible(e, "pool %s has no backing device", pool->name);
		return err_hint(e, "set it up with one: ram_pool setup --backing FILE ...");
	}
	if (recompress && writeback && zswap_enabled()) {
		err_impossible(e, "this kernel's zram has no cold tier; zswap in front of the pool "
				  "writes its coldest pages to the pool");
		return err_hint(e, "zswap does so when it is full (max_pool_percent) or memory is "
				   "short (shrinker_enabled, from 6.8)");
	}
	err_impossible(e, "this kernel's zram %s",
		       !writeback    ? "cannot recompress"
		       : !recompress ? "cannot write back"
				     : "can neither recompress nor write back");
	return err_hint(e,
			"recompression needs CONFIG_ZRAM_MULTI_COMP (from 6.2), writeback "
			"CONFIG_ZRAM_WRITEBACK (Debian's 6.1, 6.12); this one has: %s",
			zram_features_words(&features, text, sizeof(text)));
}

/* What was asked for, if the pool has it. */
static int choose_tiers(const struct pool *pool, const struct pool_age_request *request,
			struct tiers *ret, struct err *e)
{
	char algorithm[ZRAM_ALGORITHM_MAX], path[256];
	bool has_second = zram_second_algorithm(NULL, pool->device.id, algorithm) == 0;
	bool has_backing = zram_backing(NULL, pool->device.id, path, sizeof(path)) == 0;
	bool any = !request->recompress && !request->writeback;
	struct tiers tiers = {
		.recompress = any ? has_second : request->recompress,
		.writeback = any ? has_backing : request->writeback,
		.what = request->what,
		.threshold_bytes = request->threshold_bytes,
	};

	if (any && !has_second && !has_backing)
		return no_tier(pool, true, true, e);
	if (tiers.recompress > has_second || tiers.writeback > has_backing)
		return no_tier(pool, tiers.recompress && !has_second,
			       tiers.writeback && !has_backing, e);
	if (request->policy && !tiers.recompress) {
		err_usage(e, "--policy decides about recompression, and this round has none");
		return err_hint(e, "use a pool with a second algorithm (ram_pool setup "
				   "--recompress zstd ...), and leave out --writeback");
	}
	*ret = tiers;
	return 0;
}

static int wait_until(uint64_t end_ns, uint64_t older_ns, struct err *e)
{
	char text[UNITS_TEXT_MAX];

	term_say("this kernel keeps no access times: all pages are marked idle; waiting %s",
		 units_format_duration(older_ns, text));
	for (uint64_t now; (now = monotonic_ns()) < end_ns;) {
		if (stop_requested())
			return err_say(e, EINTR, "stopped while waiting for pages to age");
		sleep_ns(MIN(end_ns - now, WAIT_STEP_NS));
	}
	return 0;
}

/* Needs no undoing: the next access clears a mark, and only `age` reads it. */
static int mark(const struct pool *pool, uint64_t older_ns, const char **how, struct err *e)
{
	char seconds[24];

	snprintf(seconds, sizeof(seconds), "%" PRIu64, (older_ns + NS_PER_S - 1) / NS_PER_S);
	*how = "age";
	int rc = older_ns ? zram_write(NULL, &pool->device, "idle", seconds, e) : -EINVAL;

	if (rc != -EINVAL)
		return rc;
	*how = "wait";
	uint64_t end_ns = monotonic_ns() + older_ns;

	rc = zram_write(NULL, &pool->device, "idle", "all", e);
	if (rc || older_ns == 0)
		return rc;
	return wait_until(end_ns, older_ns, e);
}

static int recompress(const struct pool *pool, const struct tiers *tiers, struct err *e)
{
	char text[64], threshold[32] = "";

	if (tiers->threshold_bytes != MISSING_U64)
		snprintf(threshold, sizeof(threshold), " threshold=%" PRIu64,
			 tiers->threshold_bytes);
	snprintf(text, sizeof(text), "type=%s%s", pool_age_what_choices[tiers->what], threshold);
	int rc = zram_write(NULL, &pool->device, "recompress", text, e);

	if (rc == -EINVAL && *threshold)
		err_hint(e, "a threshold must be below the size from which this kernel stores "
			    "pages uncompressed: 3257 bytes, or 3625 with "
			    "CONFIG_ZSMALLOC_CHAIN_SIZE=8");
	return rc;
}

static int write_back(const struct pool *pool, const struct tiers *tiers, struct err *e)
{
	int rc =
		zram_write(NULL, &pool->device, "writeback", pool_age_what_choices[tiers->what], e);

	if (rc == -ENOSPC)
		err_hint(e, "the backing device is full; the pages already written stay there");
	if (rc == -EIO)
		err_hint(e,
			 "check the backing device (dmesg) and the limit in "
			 "/sys/block/zram%u/writeback_limit",
			 pool->device.id);
	return rc;
}

static int act(const struct pool *pool, const struct tiers *tiers, struct err *e)
{
	AUTO_CLOSE int lock = journal_lock(LOCK_WAIT_NS, e);

	if (lock < 0)
		return lock;
	int rc = tiers->writeback ? write_back(pool, tiers, e) : 0;

	if (rc == -ENOSPC && tiers->recompress) {
		term_warn("the backing device is full: the remaining pages are recompressed");
		rc = 0;
	}
	if (rc || !tiers->recompress)
		return rc;
	return recompress(pool, tiers, e);
}

/* Pages that were not accessed for older_ns are expected to stay so for as long again. */
static int ask_policy(const struct pool *pool, const struct pool_age_request *request,
		      struct tiers *tiers, struct recompress_verdict *ret, struct err *e)
{
	struct policy_settings policy = POLICY_DEFAULTS;

	policy.floor_ratio = 0; /* they are in the pool already */
	policy.readback_factor = POLICY_READBACK_COLD;
	if (!isnan(request->price_gib_per_core))
		policy.price_gib_per_core = request->price_gib_per_core;
	if (request->older_ns)
		policy.residence_s = (double)request->older_ns / (double)NS_PER_S;
	int rc = recompress_policy_read(pool, &policy, tiers->what != POOL_AGE_IDLE, ret, e);

	if (rc)
		return rc;
	tiers->recompress = ret->recompress;
	if (ret->recompress && tiers->what == POOL_AGE_IDLE && ret->threshold_bytes)
		tiers->threshold_bytes = ret->threshold_bytes;
	if (!ret->recompress)
		term_say("nothing is recompressed: %s", ret->why);
	return 0;
}

/* Marks, and acts; fills the record's times and counters. */
static int run_round(const struct pool *pool, const struct tiers *tiers, struct pool_age *record,
		     struct err *e)
{
	uint64_t begin_ns = monotonic_ns(), marked_ns;
	int rc = 0;

	if (tiers->what != POOL_AGE_HUGE && (tiers->recompress || tiers->writeback))
		rc = mark(pool, record->older_ns, &record->marked, e);
	marked_ns = monotonic_ns();
	if (rc == 0)
		rc = pool_counters_read(pool, &record->before, e);
	if (rc == 0)
		rc = act(pool, tiers, e);
	if (rc == 0)
		rc = pool_counters_read(pool, &record->after, e);
	record->mark_ns = marked_ns - begin_ns;
	record->elapsed_ns = monotonic_ns() - marked_ns;
	return rc;
}

int pool_age(const struct pool *pool, const struct pool_age_request *request, struct pool_age *ret,
	     struct err *e)
{
	struct tiers tiers;
	int rc = choose_tiers(pool, request, &tiers, e);

	if (rc)
		return rc;
	record_clear(&pool_age_type, ret);
	ret->name = pool->name;
	ret->what = pool_age_what_choices[request->what];
	ret->older_ns = request->older_ns;
	/* Before pages are marked: reading a page makes it young. */
	if (request->policy)
		rc = ask_policy(pool, request, &tiers, &ret->verdict, e);
	if (rc == 0)
		rc = run_round(pool, &tiers, ret, e);
	if (rc)
		return rc;
	ret->recompressed = tiers.recompress;
	ret->written_back = tiers.writeback;
	if (ret->after.bd.written_pages != MISSING_U64)
		ret->backing_written_pages =
			ret->after.bd.written_pages - ret->before.bd.written_pages;
	if (tiers.recompress)
		ret->threshold_bytes = tiers.threshold_bytes;
	if (request->policy)
		ret->policy = ret->verdict.why;
	return 0;
}
