/* SPDX-License-Identifier: GPL-2.0-only */
/* options.c - the options and subcommands of compressor_monitor. */
#include "monitor.h"

#define TARGET_OPTIONS \
	OPT_LIST('p', "pid", struct monitor_config, scan.pids, \
		 "scan this process; may be given several times", .metavar = "PID"), \
		OPT_PID(0, "tree", struct monitor_config, scan.tree, \
			"scan this process and all its descendants"), \
		OPT_DIR('c', "cgroup", struct monitor_config, scan.cgroup, \
			"scan the processes in this cgroup directory", .metavar = "PATH"), \
		OPT_FLAG(0, "system", struct monitor_config, scan.system, \
			 "scan every process; shared pages are counted once"), \
		OPT_FILE(0, "file", struct monitor_config, scan.file, \
			 "scan the pages of this file"), \
		OPT_STRING( \
			0, "zram", struct monitor_config, scan.zram, \
			"scan the pages in this zram pool, set up by ram_pool; --pid, --tree or " \
			"--cgroup: pause these processes while the pool is read", \
			.metavar = "DEVICE"), \
		OPT_LIST(0, "include", struct monitor_config, scan.include, \
			 "KIND file: also scan file pages, which the kernel does not swap", \
			 .metavar = "KIND"), \
		OPT_U64(0, "pages", struct monitor_config, scan.pages, \
			"number of present pages to sample", .min = 1, .max = UINT32_MAX), \
		OPT_STRING(0, "precision", struct monitor_config, scan.precision, \
			   "sample until the 95 % interval of saved_memory_ratio is within " \
			   "+-POINTS, " \
			   "e.g. 1pt (percentage point)", \
			   .metavar = "POINTS"), \
		OPT_FLAG(0, "all", struct monitor_config, scan.all, "read every present page"), \
		OPT_U64(0, "seed", struct monitor_config, scan.seed, "seed of the sample"), \
		OPT_U64(0, "threads", struct monitor_config, scan.threads, \
			"threads that read and compress; default one per CPU of its affinity " \
			"mask", \
			.min = 1, .max = 1024), \
		OPT_LIST(0, "codec", struct monitor_config, scan.codecs, \
			 "codecs and levels, e.g. lz4:1,zstd:1..3", .metavar = "LIST"), \
		OPT_RENAMED("codecs", "--codec LIST"), \
		OPT_U64(0, "chain", struct monitor_config, scan.chain, \
			"most pages of a zspage (CONFIG_ZSMALLOC_CHAIN_SIZE) in the model of " \
			"zsmalloc: 8, or 4 before Linux 6.3; default the running kernel's", \
			.min = ZSMALLOC_CHAIN_MIN, .max = ZSMALLOC_CHAIN_MAX)

#define OUTPUT_OPTIONS(records) \
	OPT_LIST(0, "fields", struct monitor_config, fields, \
		 "show only these fields of the " records ", in this order", .metavar = "LIST"), \
		OPT_OUTPUT(struct monitor_config, output)

static const struct opt scan_options[] = {
	TARGET_OPTIONS,
	OPT_FILE(0, "record", struct monitor_config, scan.record,
		 "write a page-class trace to this file, as JSON lines: the page class (zero, "
		 "same_filled, sparse, text, pointer, other) of each sampled page in address "
		 "order, not its contents"),
	OPT_FLAG(0, "estimate", struct monitor_config, scan.estimate,
		 "also predict from 320 bytes of each page whether it is compressible, and compare "
		 "the prediction with each codec"),
	OPT_CHOICE(0, "by", struct monitor_config, scan.by, scan_by_choices,
		   "also show each codec's result by kind (anonymous, shared and file memory); "
		   "mapping: by kind, and for each mapping"),
	OUTPUT_OPTIONS("scan_codec records"),
	OPT_END
};

static const struct opt rank_options[] = {
	TARGET_OPTIONS,
	OPT_FILE(0, "json", struct monitor_config, rank.json,
		 "rank a saved scan (scan --format json)"),
	OPT_FILE(0, "csv", struct monitor_config, rank.csv,
		 "rank saved results of bench (bench --format csv)"),
	OPT_F64(0, "readback", struct monitor_config, rank.readback,
		"readback factor: expected swap-ins per swap-out", .metavar = "FACTOR"),
	OPT_CHOICE(0, "class", struct monitor_config, rank.class, rank_class_choices,
		   "readback class, which sets the readback factor: hot 4, warm 1, cold 0.1; "
		   "default warm, if no other option gives the factor"),
	OPT_PID(0, "readback-pid", struct monitor_config, rank.readback_pid,
		"measure the readback factor of this process with pool_probe"),
	OPT_DURATION('d', "duration", struct monitor_config, rank.duration_ns,
		     "how long --readback-pid watches the process", .min = NS_PER_MS,
		     .max = 86400 * NS_PER_S),
	OPT_FILE(0, "db", struct monitor_config, rank.db,
		 "results database. Readback factor and mean residence are taken from its last "
		 "study, unless an option gives the factor. CPU times are scaled to the kernel's "
		 "codecs by its calibrations of this machine (calibrate --db). Without --db, "
		 "calibrations are read from " RESULTS_USUAL_PATH " if it has any"),
	OPT_STRING(0, "target", struct monitor_config, rank.target,
		   "target in --db whose readback factor is used; needed if the study has several",
		   .metavar = "NAME"),
	OPT_FLAG(0, "no-calibration", struct monitor_config, rank.no_calibration,
		 "use the CPU times of the libraries, without scaling"),
	OPT_SHARE(0, "floor", struct monitor_config, rank.policy.floor_ratio,
		  "minimum share saved (see --savings) of an eligible codec"),
	OPT_F64(0, "heavy-below", struct monitor_config, rank.policy.heavy_below,
		"consider heavy codecs (zstd, lz4hc, deflate, zlib) if the readback factor is at "
		"most FACTOR",
		.metavar = "FACTOR"),
	OPT_F64(0, "price", struct monitor_config, rank.policy.price_gib_per_core,
		"GiB-seconds of RAM that a codec must save per CPU-second, which is GiB per core; "
		"the extra savings of a better codec must reach it too",
		.metavar = "GIB"),
	OPT_DURATION(0, "residence", struct monitor_config, rank.residence_ns,
		     "mean residence: time from the write of a page into the pool to its read; "
		     "default: the mean residence (restricted mean) of the study in --db, or the "
		     "median time to the first read with --readback-pid, else 120s"),
	OPT_CHOICE(0, "recompress", struct monitor_config, rank.recompress, rank_recompress_choices,
		   "allow the choice of two codecs: a fast one for all pages, and a heavy one that "
		   "recompresses idle pages; auto: if zram of this kernel can recompress"),
	OPT_FLAG(0, "sweep", struct monitor_config, rank.sweep,
		 "also show how the choice depends on readback factor and price"),
	OPT_FILE(0, "plot", struct monitor_config, rank.plot,
		 "plot saved bytes against CPU time to this SVG file"),
	OPT_CHOICE(0, "savings", struct monitor_config, rank.savings, rank_savings_choices,
		   "bytes that decide. slot: RAM of the pages' zsmalloc objects, rounded up to "
		   "size classes; codec: compressed bytes"),
	OPT_RENAMED("readback-from", "--db FILE or --readback-pid PID"),
	OPT_RENAMED("kernel-costs", "--db FILE"),
	OPT_RENAMED("subject", "--target NAME"),
	OPT_RENAMED("watch", "--duration TIME"),
	OPT_RENAMED("figure", "--plot FILE"),
	OUTPUT_OPTIONS("rank_candidate records"),
	OPT_END
};

static const struct opt bench_options[] = {
	OPT_LIST(0, "codec", struct monitor_config, bench.codecs,
		 "codecs with levels or ranges of levels, e.g. lz4:1,zstd:1..19,zstd-dict:3:16KiB; "
		 "kernel:NAME: zram's codec; kernel: all codecs of zram; default "
		 "lz4:1,lzo1x-1,zstd:1,zstd:3,deflate:1",
		 .metavar = "LIST"),
	OPT_RENAMED("codecs", "--codec LIST"),
	OPT_RENAMED("levels", "--codec NAME:FROM..TO"),
	OPT_FLAG(0, "full-sweep", struct monitor_config, bench.full_sweep,
		 "measure every codec at all its common levels"),
	OPT_FLAG(0, "by-class", struct monitor_config, bench.by_class,
		 "also run each codec on the pages of each page class alone; rank --csv then "
		 "decides by page class too"),
	OPT_LIST(0, "corpora", struct monitor_config, bench.corpora,
		 "repetitive, unique, mixed_50_50, profile:NAME (pages as workload generates them, "
		 "see `workload list`), pid:PID, paths of files or directories; default the first "
		 "three",
		 .metavar = "LIST"),
	OPT_CHOICE(0, "cache", struct monitor_config, bench.cache, bench_cache_choices,
		   "hot: all passes over the same bytes; cold: passes over copies that are larger "
		   "than the last-level cache; both: a row of each"),
	OPT_SIZE(0, "max-size", struct monitor_config, bench.max_size_bytes,
		 "largest corpus size; sizes start at 1KiB and grow by a factor of four",
		 .min = KIB, .max = GIB),
	OPT_SIZE(0, "page", struct monitor_config, bench.page_bytes, "bytes compressed at a time",
		 .min = KIB, .max = 2 * MIB),
	OPT_U64(0, "runs", struct monitor_config, bench.runs,
		"number of runs; times are the median", .min = 1, .max = 1000),
	OPT_U64(0, "warmups", struct monitor_config, bench.warmups, "passes before the runs",
		.min = 1, .max = 1000),
	OPT_U64(0, "cpu", struct monitor_config, bench.cpu, "run on this CPU", .max = 1023),
	OPT_U64(0, "seed", struct monitor_config, bench.seed, "seed of the corpora"),
	OPT_FILE(0, "results", struct monitor_config, results,
		 "also write the rows to this CSV file, which is overwritten; default "
		 "compressor-monitor/results.csv if that directory exists"),
	OUTPUT_OPTIONS("bench records"),
	OPT_END
};

static const struct opt calibrate_options[] = {
	OPT_PID('p', "pid", struct monitor_config, calibrate.pid, "sample pages of this process"),
	OPT_FILE(0, "file", struct monitor_config, calibrate.file, "sample pages of this file"),
	OPT_LIST(0, "algo", struct monitor_config, calibrate.algorithms,
		 "compression algorithms of zram; default all of this kernel", .metavar = "LIST"),
	OPT_RENAMED("algorithms", "--algo LIST"),
	OPT_U64(0, "pages", struct monitor_config, calibrate.pages,
		"largest number of pages to sample", .min = 1, .max = 65536),
	OPT_U64(0, "runs", struct monitor_config, calibrate.runs,
		"number of runs; times are the median", .min = 1, .max = 100),
	OPT_U64(0, "seed", struct monitor_config, calibrate.seed, "seed of the sample"),
	OPT_FILE(0, "db", struct monitor_config, calibrate.db,
		 "also save the factors in this results database, for rank and coldpress study"),
	OPT_RENAMED("store", "--db FILE"),
	OUTPUT_OPTIONS("calibrate records"),
	OPT_END
};

const struct opt_command monitor_commands[] = {
	{
		.name = "scan",
		.summary = "sample pages of memory and compress them with each codec",
		.description = "Draws a random sample of the present pages, reads each page once, "
			       "compresses and decompresses it with every codec, and predicts the "
			       "RAM of a zram pool that holds all present pages. Swapped-out pages "
			       "stay in swap; no memory is written. saved_slot_ratio and "
			       "pool_bytes count slot bytes: the RAM of a page's zsmalloc object, "
			       "rounded up to its size class, and its share of the unused tail of "
			       "the zspage. Exits 1 if a page did not decompress to its original.",
		.examples = "compressor_monitor scan --pid $$   # this shell\n"
			    "compressor_monitor scan --file /usr/bin/gdb --all   # every page of a "
			    "file\n"
			    "compressor_monitor scan --zram /dev/zram1 --pid 4242   # the pages in "
			    "a pool\n",
		.options = scan_options,
		.operands = OPT_OPERANDS_NONE,
		.run = scan_main,
	},
	{
		.name = "bench",
		.summary = "measure codecs on generated data, files, directories or processes",
		.description =
			"Cuts each corpus into pages and compresses each page on its own, as "
			"a compressed pool does.",
		.examples =
			"compressor_monitor bench --max-size 256KiB   # the default codecs, small "
			"sizes\n"
			"compressor_monitor bench --full-sweep --cpu 1   # every codec and level; "
			"takes minutes\n"
			"compressor_monitor bench --codec zstd:1..9 --corpora pid:$$   # this "
			"shell\n"
			"compressor_monitor bench --codec zstd-dict:3:16KiB --corpora /usr/lib   # "
			"with a dictionary\n",
		.options = bench_options,
		.operands = OPT_OPERANDS_NONE,
		.run = bench_main,
	},
	{
		.name = "calibrate",
		.summary = "measure the kernel's codecs and the libraries on the same pages",
		.description =
			"Writes the pages to a temporary zram device, one for each algorithm, and "
			"reads them back by direct I/O. The factor kernel CPU time / library CPU "
			"time is fitted on one half of the pages and checked on the other half. "
			"Needs root; the device is removed at the end.",
		.examples =
			"compressor_monitor calibrate --file /usr/bin/gdb   # pages of a program\n",
		.options = calibrate_options,
		.operands = OPT_OPERANDS_NONE,
		.run = calibrate_main,
	},
	{
		.name = "rank",
		.summary = "choose a codec, or none, by RAM saved per CPU time",
		.description = "Ranks codecs by fair_score, the bytes saved per ms of CPU time: "
			       "bytes_saved / (compress_cpu_ms + readback_factor * "
			       "decompress_cpu_ms). The readback factor is the number of swap-ins "
			       "per swap-out. Then chooses a codec or none: of the codecs whose "
			       "extra savings over the next cheaper one are at least --price, the "
			       "one that saves most. Heavy codecs (zstd, lz4hc, deflate, zlib) are "
			       "considered only if the readback factor is at most --heavy-below.",
		.examples =
			"compressor_monitor rank --pid 4242 --class cold   # rarely swapped in\n"
			"compressor_monitor rank --json scan.json --readback 0.02   # a measured "
			"factor\n"
			"compressor_monitor rank --json scan.json --db coldpress-report/study.db   "
			"# readback factor and residence of the last study\n",
		.options = rank_options,
		.operands = OPT_OPERANDS_NONE,
		.run = rank_main,
	},
	{ 0 }
};
