/* SPDX-License-Identifier: GPL-2.0-only */
/* main.c - ram_pool: sets up, shows, uses and removes zram pools. The command table; options.c has
 * the options, run.c the runs.
 */
#include "classes.h"
#include "options.h"
#include "save_record.h"
#include "status.h"

static const struct opt_command commands[] = {
	{
		.name = "setup",
		.summary = "add a zram device as swap, block device or file system",
		.description =
			"Adds a device, or uses the free one of --device. Every change is recorded "
			"in "
			"/run/coldpress first; on a failure or ^C during setup all changes are "
			"undone. Maximum of --size: 2 * MemTotal. Maximum of --mem-limit: half of "
			"(MemAvailable - reserve - what other zram devices may still take up to "
			"their limits). Reserve: 10 % of MemTotal, at least 512 MiB; 1/8 of "
			"MemTotal on machines with less than 4 GiB.",
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
		.summary = "swap out pages of a process, a cgroup or a generated load",
		.description =
			"Needs no change to the target. Uses process_madvise(MADV_PAGEOUT) for a "
			"process; for a cgroup memory.reclaim, or its limit on v1. moved_pages is "
			"read "
			"from /proc/PID/pagemap, or from the swap charged to the cgroup.",
		.examples =
			"ram_pool trigger compress --pid 4711 --amount 50%   # half of its "
			"pages in RAM\n"
			"ram_pool trigger compress --cgroup /sys/fs/cgroup/system.slice/x.service "
			"--amount 256MiB\n"
			"ram_pool trigger compress --profile light --duration 5s\n",
		.options = compress_options,
		.run = run_compress,
	},
	{
		.name = "trigger readback",
		.summary = "swap in pages of a process, or of a generated load",
		.examples =
			"ram_pool trigger readback --pid 4711   # its next accesses do not fault\n",
		.options = readback_options,
		.run = run_readback,
	},
	{
		.name = "age",
		.summary = "recompress cold pages, or write them to the backing device",
		.description =
			"Runs one round: recompresses (setup --recompress) old pages, or writes "
			"them "
			"back to the backing device (setup --backing), or both. With both, old "
			"pages are written back, and those that the backing device cannot take are "
			"recompressed. To recompress first and write back later, run two rounds "
			"with two ages. If the kernel keeps no access times "
			"(CONFIG_ZRAM_TRACK_ENTRY_ACTIME), `age` marks all pages idle, waits for "
			"--older, and treats those that are still idle as old.",
		.examples = "ram_pool age --older 2m\n"
			    "ram_pool age --older 1m --recompress && ram_pool age --older 1h "
			    "--writeback\n"
			    "ram_pool age --older 10m --what huge_idle --writeback   # old "
			    "incompressible pages\n",
		.options = age_options,
		.run = run_age,
	},
	{
		.name = "compact",
		.summary = "compact the pool: free the RAM of unused objects",
		.description =
			"compact_bytes of `ram_pool status` is the RAM that compaction would free "
			"(needs debugfs or --deep).",
		.options = compact_options,
		.run = run_compact,
	},
	{
		.name = "reset",
		.summary = "swap in all pages and remove the pool",
		.description =
			"Refuses if the pages would not fit into memory, or into the limit of "
			"a cgroup that owns some of them. After ^C the pool stays in use.",
		.options = reset_options,
		.run = run_reset,
	},
	{
		.name = "recover",
		.summary = "undo what killed commands have left",
		.description =
			"Undoes the changes in the journals of processes that have ended. A pool "
			"whose setup has finished is kept, and its name is printed; `ram_pool "
			"reset` removes it. `coldpress recover` does the same.",
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

int main(int argc, char **argv)
{
	struct pool_options options = {
		.request = { .size_bytes = MISSING_U64,
			     .mem_limit_bytes = MISSING_U64,
			     .priority = MISSING_U64 },
		.trigger = { .duration_ns = 10 * NS_PER_S },
		.age = { .older_ns = 120 * NS_PER_S,
			 .threshold_bytes = MISSING_U64,
			 .price_gib_per_core = MISSING_F64 },
		.status = { .watch_ns = MISSING_U64, .duration_ns = MISSING_U64 },
		.db = SAVE_RECORD_DEFAULT,
		.as = -1,
		.timeout_ns = SWAP_BACK_NS,
		.argv = argv,
	};
	const struct opt_program program = {
		.name = "ram_pool",
		.summary = "compressed RAM pools (zram) for experiments",
		.description = "Sets up, shows, uses and removes zram devices, as swap or block "
			       "devices. Devices and swaps that it did not make stay as they are.",
		.commands = commands,
		.config = &options,
		.records = record_types,
	};

	return opt_main(&program, argc, argv);
}
