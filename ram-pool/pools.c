/* SPDX-License-Identifier: GPL-2.0-only */
/* pools.c - which pools there are, by the journal, and what the kernel counts of them. */
#include "pool.h"

static int add_pool(void *ctx, const struct journal_file *journal, bool live)
{
	struct pools *pools = ctx;
	struct pool *pool = &pools->pools[pools->n];

	if (!str_starts(journal->name, POOL_JOURNAL_PREFIX) || pools->n == POOLS_MAX)
		return 0;
	*pool = (struct pool){ .ready = journal->ready,
			       .live = live,
			       .owner = journal->ready_owner,
			       .owner_gone = journal->ready_owner &&
					     !procfs_alive(NULL, journal->ready_owner,
							   journal->ready_owner_start_ticks),
			       .oom_kill_count =
				       journal->ready ? journal->ready_mark : MISSING_U64 };
	for (size_t i = 0; i < journal->n; i++) {
		const struct journal_entry *entry = &journal->entries[i];

		if (!entry->has_device || entry->undone || !zram_present(NULL, &entry->device))
			continue;
		pool->device = entry->device;
		pool->swap |= entry->kind == JOURNAL_SWAP;
		pool->taken |= entry->kind == JOURNAL_TAKEN;
	}
	if (pool->device.diskseq == 0)
		return 0;
	snprintf(pool->name, sizeof(pool->name), "%s", journal->name + strlen(POOL_JOURNAL_PREFIX));
	pools->n++;
	return 0;
}

int pools_read(struct pools *ret, struct err *e)
{
	struct err failure = { .code = 0 };

	*ret = (struct pools){ .n = 0 };
	int rc = journal_visit(add_pool, ret, &failure);

	if (rc == -EBADMSG)
		ret->unreadable = failure;
	else if (rc && e)
		*e = failure;
	return rc == -EBADMSG ? 0 : rc;
}

int pool_counters_read(const struct pool *pool, struct pool_counters *ret, struct err *e)
{
	unsigned int id = pool->device.id;
	struct pool_counters now;

	/* Another device may have the number by now. */
	if (!zram_present(NULL, &pool->device))
		return err_say(e, ENODEV, "zram%u has been removed", id);
	if (zram_bd_stat_read(NULL, id, &now.bd, NULL))
		now.bd = (struct zram_bd_stat){ MISSING_U64, MISSING_U64, MISSING_U64 };
	int rc = zram_mm_stat_read(NULL, id, &now.mm, e);

	if (rc == 0)
		rc = zram_io_stat_read(NULL, id, &now.io, e);
	if (rc == 0)
		rc = zram_block_stat_read(NULL, id, &now.block, e);
	if (rc == 0)
		*ret = now;
	return rc;
}
