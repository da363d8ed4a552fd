/* SPDX-License-Identifier: GPL-2.0-only */
/* options.c - the option table of every subcommand. */
#include "options.h"

#include "dry_run.h"

#define O struct pool_options

static const char *const fs_choices[] = { "none", "ext4", NULL };

#define OPT_NAME(help) OPT_STRING(0, "name", O, request.name, help, .metavar = "NAME")
#define OPT_WHICH      OPT_NAME("name of the pool; needed if there are several")
#define OPT_UNSAFE \
	OPT_FLAG(0, "force", O, force, \
		 "swap pages in even if they might not fit into memory, or into the limits of " \
		 "their cgroups; recover: also remove the device of a journal that cannot be " \
		 "parsed")

const struct opt setup_options[] = {
	OPT_STRING('a', "algo", O, request.algorithm, "compression algorithm; default the kernel's",
		   .metavar = "NAME"),
	OPT_SIZE('s', "size", O, request.size_bytes, "capacity in uncompressed bytes (disksize)",
		 .min = 1 * MIB),
	OPT_SIZE('m', "mem-limit", O, request.mem_limit_bytes,
		 "most RAM that the pool may use; default the smaller of half of --size and the "
		 "largest limit allowed",
		 .min = 1 * MIB),
	OPT_U64(0, "priority", O, request.priority,
		"swap priority; default one above the highest in use", .max = SWAP_PRIORITY_MAX),
	OPT_NAME("name of the pool; default " DEFAULT_NAME),
	OPT_STRING(0, "level", O, level_text,
		   "compression level of the algorithm (lz4: acceleration); Linux 6.12 or later",
		   .metavar = "LEVEL"),
	OPT_FILE(0, "dict", O, request.dict,
		 "compression dictionary, which the kernel reads; Linux 6.12 or later"),
	OPT_STRING(0, "recompress", O, request.recompress,
		   "second algorithm, with which `age` recompresses cold pages", .metavar = "NAME"),
	OPT_FILE(0, "backing", O, request.backing,
		 "backing device, to which `age` writes cold pages: an empty file, or an unused "
		 "block device",
		 .metavar = "FILE|DEV"),
	OPT_STRING(0, "zswap", O, request.zswap,
		   "enable zswap in front of the pool, with this algorithm, until reset",
		   .metavar = "NAME"),
	OPT_FLAG(0, "swap", O, swap, "use the device as swap; the default"),
	OPT_FLAG(0, "raw", O, raw, "leave the device a plain block device"),
	OPT_CHOICE(0, "fs", O, fs, fs_choices, "make a file system on the device"),
	OPT_STRING(0, "device", O, request.device,
		   "use this free zram device instead of adding one; reset does not remove it",
		   .metavar = "zramN"),
	OPT_FLAG(0, "tune", O, request.tune,
		 "set vm.swappiness to 180 and vm.page-cluster to 0 until reset"),
	OPT_FLAG(0, "dry-run", O, dry_run,
		 "change nothing, and print an equivalent script. The size is checked against this "
		 "machine; algorithms and kernel features are not"),
	OPT_CHOICE(0, "as", O, as, dry_run_as_choices,
		   "output of --dry-run: a script for sh (default), or a section of "
		   "zram-generator.conf(5)"),
	OPT_PID(0, "owner", O, request.owner,
		"bind the pool to this process: recover removes it once the process has ended",
		.hidden = true),
	OPT_OUTPUT(O, output),
	OPT_END
};

const struct opt status_options[] = {
	OPT_NAME("only the pool of this name"),
	OPT_DURATION(
		0, "watch", O, status.watch_ns,
		"print a sample per interval until ^C; --output FILE is then replaced by the first "
		"record, and each further record is appended at once",
		.min = 10 * NS_PER_MS),
	OPT_DURATION('d', "duration", O, status.duration_ns, "end --watch after this time"),
	OPT_PID('p', "pid", O, status.pid,
		"take this process and its descendants as the owner: foreign_bytes is the swap in "
		"use "
		"of others"),
	OPT_FILE('c', "cgroup", O, status.cgroup,
		 "take this cgroup and those below it as the owner: foreign_bytes is the swap in "
		 "use of "
		 "others; path below the cgroup mount, or absolute",
		 .metavar = "PATH"),
	OPT_FLAG(0, "classes", O, status.classes,
		 "show the size classes in use instead, from debugfs"),
	OPT_FLAG(0, "deep", O, status.deep,
		 "compute size classes and the gain of compaction by reading and compressing every "
		 "page; slow, and marks every page as accessed, which makes it young for `age`"),
	OPT_OUTPUT(O, output),
	OPT_END
};

const struct opt reset_options[] = {
	OPT_WHICH, OPT_UNSAFE,
	OPT_DURATION(0, "timeout", O, timeout_ns,
		     "give up after this time if pages are still in the pool; it stays in use",
		     .min = NS_PER_MS),
	OPT_OUTPUT(O, output), OPT_END
};

#define TRIGGER_OPTIONS(pid_help, amount_help) \
	OPT_PID('p', "pid", O, trigger.pid, pid_help), \
		OPT_STRING(0, "amount", O, trigger.amount, amount_help, .metavar = "AMOUNT"), \
		OPT_DURATION('d', "duration", O, trigger.duration_ns, "run time of --profile", \
			     .min = 100 * NS_PER_MS, .max = 300 * NS_PER_S), \
		OPT_FILE(0, "db", O, db, \
			 "results database for the record, created if missing; none: do not save " \
			 "it"), \
		OPT_WHICH, OPT_OUTPUT(O, output)

const struct opt compress_options[] = {
	TRIGGER_OPTIONS("swap out anonymous pages of this process",
			"how much to swap out: a size, or a percentage of the anonymous memory in "
			"RAM; of a process the lowest addresses first; default all"),
	OPT_FILE('c', "cgroup", O, trigger.cgroup,
		 "swap out pages of this cgroup and those below it, by memory.reclaim, or on v1 by "
		 "lowering the limit for a moment; path below the cgroup mount, or absolute",
		 .metavar = "PATH"),
	OPT_CHOICE(0, "profile", O, trigger.compress_profile, trigger_compress_profiles,
		   "run a generated load instead: light 64 MiB, medium 256 MiB, heavy 1 GiB. Up to "
		   "half of it is swapped out: --size of the pool must be above 32MiB (light), "
		   "128MiB (medium), 512MiB (heavy)"),
	OPT_END
};

const struct opt readback_options[] = {
	TRIGGER_OPTIONS("swap in pages of this process",
			"how much to swap in: a size, or a percentage of the process's pages in "
			"swap; lowest addresses first; default all"),
	OPT_CHOICE(0, "how", O, trigger.how, trigger_how_choices,
		   "prefault: swap in and map, the next access does not fault; willneed: read into "
		   "the swap cache, the next access is a minor fault; touch: as prefault, page by "
		   "page, with the time of each page"),
	OPT_CHOICE(0, "profile", O, trigger.readback_profile, trigger_readback_profiles,
		   "run a generated load of 256 MiB instead. readback: reads at random without a "
		   "pause; burst: reads and writes in bursts. Up to half of it is swapped out: "
		   "--size of the pool must be above 128MiB"),
	OPT_END
};

_Static_assert((int)POLICY_PRICE_GIB_PER_CORE == 4, "the help of --price says so");

const struct opt age_options[] = {
	OPT_DURATION(0, "older", O, age.older_ns,
		     "cold-age threshold: pages not accessed for this long; 0s: all pages",
		     .max = 86400 * NS_PER_S),
	OPT_CHOICE(0, "what", O, age.what, pool_age_what_choices,
		   "idle: old pages; huge: incompressible pages of any age; huge_idle: old "
		   "incompressible pages"),
	OPT_FLAG(0, "recompress", O, age.recompress, "only recompress"),
	OPT_FLAG(0, "writeback", O, age.writeback,
		 "only write back to the backing device; without --recompress and --writeback: all "
		 "that the pool was set up for"),
	OPT_SIZE(0, "threshold", O, age.threshold_bytes,
		 "recompress only pages of at least this compressed size, e.g. 3000B, and keep the "
		 "result only if it is smaller than this",
		 .max = PAGE_BYTES),
	OPT_FLAG(0, "policy", O, age.policy,
		 "recompress only if a sample of the pool shows that it saves at least --price; "
		 "also "
		 "chooses --threshold"),
	OPT_F64(0, "price", O, age.price_gib_per_core,
		"RAM that --policy requires recompression to save per CPU time, in GiB-seconds of "
		"RAM "
		"per CPU-second, which is GiB per core; default 4, as in `compressor_monitor rank`",
		.metavar = "GIB"),
	OPT_WHICH,
	OPT_OUTPUT(O, output),
	OPT_END
};

const struct opt compact_options[] = { OPT_WHICH, OPT_OUTPUT(O, output), OPT_END };
const struct opt recover_options[] = { OPT_UNSAFE, OPT_OUTPUT(O, output), OPT_END };
