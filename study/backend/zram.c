/* SPDX-License-Identifier: GPL-2.0-only */
/* zram.c - a zram pool per run, set up and removed by ram_pool, which journals what it does. */
#include <sys/wait.h>

#include "lib/base/companion.h"
#include "lib/base/sysroot.h"
#include "lib/base/term.h"
#include "lib/base/units.h"
#include "lib/kernel/zram.h"
#include "study/backend.h"

static int available(struct err *e)
{
	int rc = zram_available(NULL, e);

	return rc ? rc : zram_can_remove(NULL, e);
}

static int algorithms(struct zram_algorithms *ret, struct err *e)
{
	return zram_algorithms_any(NULL, ret, e);
}

static int take_pool(void *ctx, const char *type, struct json_object *record)
{
	struct backend_pool *pool = ctx;
	const char *device = record_string(record, "device");
	uint64_t id = record_u64(record, "id");

	if (!str_eq(type, "pool_setup") || !device || id == MISSING_U64)
		return 0;
	pool->id = (unsigned int)id;
	snprintf(pool->device_path, sizeof(pool->device_path), "%s", device);
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
 * proportion.
 */
static int up(struct backend_pool *pool, uint64_t peak_bytes, bool *left_behind, struct err *e)
{
	char size[UNITS_TEXT_MAX], limit[UNITS_TEXT_MAX], owner[16];
	struct err undo = { 0 };
	struct companion setup;
	int rc;

	pool->disk_bytes = (MAX(2 * peak_bytes, 64 * MIB) + MIB - 1) / MIB * MIB;
	units_exact_size(pool->disk_bytes, size);
	units_exact_size((peak_bytes + peak_bytes / 4 + 32 * MIB) / MIB * MIB, limit);
	snprintf(owner, sizeof(owner), "%d", (int)getpid());
	snprintf(pool->name, sizeof(pool->name), "study-%d", (int)getpid());

	const char *const argv[] = { "ram_pool", "setup",    "--algo",      pool->algorithm,
				     "--size",   size,       "--mem-limit", limit,
				     "--name",   pool->name, "--owner",     owner,
				     "--format", "json",     NULL };

	rc = companion_run(&setup, argv, 20 * NS_PER_S, e);
	pool->up = !rc;
	if (rc && WIFSIGNALED(setup.child.status) && pool_recover(&undo)) {
		*left_behind = true;
		term_warn("%s", undo.what);
	}
	if (!rc && !companion_each(&setup, take_pool, pool))
		rc = err_say(e, EBADMSG, "ram_pool setup did not say which device it made");
	companion_done(&setup);
	return rc;
}

static int down(struct backend_pool *pool, struct err *e)
{
	const char *const argv[] = { "ram_pool", "reset", "--name", pool->name, NULL };
	struct companion reset;
	int rc;

	rc = companion_run(&reset, argv, 60 * NS_PER_S, e);
	/* Not after the timeout, for which we ended it: a second try would wait as long. */
	if (rc && rc != -ETIMEDOUT && WIFSIGNALED(reset.child.status)) {
		term_warn("%s while removing the pool; removed now", e->what);
		companion_done(&reset);
		/* Killed before it began, the pool is as before; else the journal has what is left.
		 */
		rc = companion_run(&reset, argv, 60 * NS_PER_S, e);
		if (rc && !sysroot_exists(NULL, "/sys/block/zram%u", pool->id))
			rc = pool_recover(e);
	}
	companion_done(&reset);
	pool->up = rc != 0;
	return rc;
}

static int sample(const struct backend_pool *pool, struct backend_sample *ret)
{
	struct zram_mm_stat mm;
	int rc = zram_mm_stat_read(NULL, pool->id, &mm, NULL);

	if (!rc)
		*ret = (struct backend_sample){ (double)(mm.orig_bytes), (double)(mm.compr_bytes),
						(double)(mm.used_bytes) };
	return rc;
}

static int io(const struct backend_pool *pool, struct backend_io *ret, struct err *e)
{
	struct zram_block_stat stat;
	int rc = zram_block_stat_read(NULL, pool->id, &stat, e);

	if (!rc)
		*ret = (struct backend_io){ stat.written_bytes, stat.read_bytes };
	return rc;
}

static uint64_t fixed_bytes(const struct backend_pool *pool)
{
	return zram_table_bytes(NULL, pool->id, pool->disk_bytes);
}

const struct study_backend backend_zram = {
	.name = "zram",
	.limited = true,
	.prefix = "",
	.available = available,
	.algorithms = algorithms,
	.up = up,
	.down = down,
	.sample = sample,
	.io = io,
	.fixed_bytes = fixed_bytes,
};
