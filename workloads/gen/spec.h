/* SPDX-License-Identifier: GPL-2.0-only */
/* spec.h - what a run of a pattern is asked for and what it reports; shared by workload-gen and
 * workload. */
#ifndef COLDPRESS_WORKLOADS_GEN_SPEC_H
#define COLDPRESS_WORKLOADS_GEN_SPEC_H

#include "lib/analysis/mixture.h"
#include "lib/base/opt.h"
#include "lib/base/record.h"

enum touch { TOUCH_DEFAULT, TOUCH_READ, TOUCH_WRITE, TOUCH_MIX };

struct gen_config {
	uint64_t region_bytes;
	uint64_t duration_ns; /* MISSING_U64 = not given: see gen_duration_ns */
	uint64_t operations;  /* MISSING_U64 = until the duration is over */
	uint64_t workers;
	uint64_t seed;
	uint64_t rate; /* operations per second of all workers; MISSING_U64 = as fast as it goes */
	uint64_t idle_ns;       /* between bursts */
	double similarity;      /* share of a returning set that is the same as before */
	double theta;           /* of Zipf's law: 0 uniform, towards 1 more skewed */
	double set_share;       /* share of requests that write */
	uint64_t pages;         /* that each forked process writes */
	uint64_t depth;         /* generations of processes in one fork operation */
	const char *exec_path;  /* what fork_exec_storm runs */
	uint64_t value_pages;   /* of the largest value in zipf_cache */
	const char *trace_path; /* NULL = none */
	const char *contents;
	double target_ratio; /* NaN = not given: then contents */
	int touch;           /* enum touch */
	bool thp;
};

#define GEN_CONFIG_DEFAULTS \
	{ \
		.region_bytes = 256 * MIB, .duration_ns = MISSING_U64, .operations = MISSING_U64, \
		.workers = 1, .seed = 42, .rate = MISSING_U64, .idle_ns = 100 * NS_PER_MS, \
		.similarity = 0.8, .theta = 0.99, .set_share = 0.1, .pages = 97, .depth = 1, \
		.exec_path = "/bin/true", .value_pages = 4, .contents = "mixed", \
		.target_ratio = MISSING_F64 \
	}

#define GEN_WORKERS_MAX     256
#define GEN_DEPTH_MAX       64
#define GEN_VALUE_PAGES_MAX 1024

extern const char *const touch_choices[];

/* The options of a run, for a struct s that has a struct gen_config as its member m. */
#define GEN_OPTIONS(s, m) \
	OPT_SIZE(0, "region", s, m.region_bytes, "memory of all workers together", \
		 .min = 64 * KIB), \
		OPT_DURATION( \
			'd', "duration", s, m.duration_ns, \
			"stop after this long; default 20s, or 5m where --operations bounds it", \
			.min = 1), \
		OPT_U64(0, "operations", s, m.operations, \
			"stop after exactly this many, if the duration lets them; default no " \
			"bound", \
			.min = 1), \
		OPT_U64(0, "workers", s, m.workers, "threads, each with its share of the region", \
			.min = 1, .max = GEN_WORKERS_MAX), \
		OPT_U64(0, "seed", s, m.seed, \
			"the same seed gives the same pages, sequence and counts"), \
		OPT_U64(0, "rate", s, m.rate, \
			"operations per second of all workers; default as fast as it goes", \
			.min = 1), \
		OPT_DURATION(0, "idle", s, m.idle_ns, \
			     "pause between bursts (interactive_burst, phase_shift, tab_switch)"), \
		OPT_SHARE(0, "similarity", s, m.similarity, \
			  "share of a set that is the same when it returns (interactive_burst)"), \
		OPT_F64(0, "theta", s, m.theta, \
			"skew of Zipf's law, from 0 to 0.999 (zipf_cache)"), \
		OPT_SHARE(0, "set-share", s, m.set_share, \
			  "share of requests that write (zipf_cache)"), \
		OPT_U64(0, "pages", s, m.pages, \
			"pages that each process writes (fork_touch_exit)", .min = 1), \
		OPT_U64(0, "depth", s, m.depth, \
			"generations of processes in one operation (fork patterns)", .min = 1, \
			.max = GEN_DEPTH_MAX), \
		OPT_FILE(0, "exec", s, m.exec_path, "the program that is run (fork_exec_storm)", \
			 .metavar = "PATH"), \
		OPT_U64(0, "value-pages", s, m.value_pages, \
			"of the largest value, all sizes from one page on being as likely " \
			"(zipf_cache)", \
			.min = 1, .max = GEN_VALUE_PAGES_MAX), \
		OPT_FILE(0, "trace", s, m.trace_path, \
			 "the pages to make, from `compressor_monitor scan --record` (replay)"), \
		OPT_STRING(0, "contents", s, m.contents, "what pages hold: see `workload list`", \
			   .metavar = "NAME"), \
		OPT_F64(0, "target-ratio", s, m.target_ratio, \
			"pages that compress with LZ4 by this ratio, from 1 to 7, in place of " \
			"--contents"), \
		OPT_CHOICE(0, "touch", s, m.touch, touch_choices, \
			   "how pages are touched; the default is the pattern's own"), \
		OPT_FLAG(0, "thp", s, m.thp, "let the kernel use huge pages")

/* Where records go. --json is short for --format json. */
struct gen_output {
	struct opt_output common;
	bool json;
};

#define GEN_OUTPUT(s, m) \
	OPT_OUTPUT(s, m.common), OPT_FLAG(0, "json", s, m.json, "the same as --format json")

/* gen_output_open - as out_new; sets how much is said on stderr, too. */
struct out;
int gen_output_open(const struct gen_output *output, struct out **ret, struct err *e);

/* gen_duration_ns - how long a run may take: what was asked, else 20 s, else 300 s where
 * --operations ends it. */
uint64_t gen_duration_ns(const struct gen_config *config);

/* gen_config_mixture - what the pages hold, by --target-ratio or --contents. Exit 2. */
int gen_config_mixture(const struct gen_config *config, struct mixture *ret, struct err *e);

/* gen_config_check - what one option alone cannot tell. Exit 2. */
int gen_config_check(const struct gen_config *config, struct err *e);

/* One run. Figures of all workers together; see the table in spec.c for each one's meaning. */
struct workload_result {
	const char *pattern, *contents, *state, *why;
	uint64_t seed, region_bytes, workers;
	uint64_t duration_ns, populate_ns, idle_ns;
	uint64_t operations;
	double rate_per_s;
	uint64_t latency_p50_ns, latency_p90_ns, latency_p99_ns, latency_max_ns;
	uint64_t cold_touches, cold_touch_p50_ns, cold_touch_p90_ns, cold_touch_p99_ns,
		cold_touch_max_ns;
	uint64_t forks, execs, fresh_pages, child_minor_faults;
	uint64_t minor_faults, major_faults, user_ns, system_ns;
	uint64_t peak_rss_bytes, peak_group_bytes, peak_swap_bytes, memory_limit_bytes;
	uint64_t zero_pages, same_pages, duplicate_pages, sparse_pages, pointer_pages, text_pages,
		compressed_pages, random_pages;
	double zero_target_ratio, same_target_ratio, duplicate_target_ratio, sparse_target_ratio,
		pointer_target_ratio, text_target_ratio, compressed_target_ratio,
		random_target_ratio;
};
extern const struct record_type workload_result_type;

/* workload_result_init - every figure missing. */
void workload_result_init(struct workload_result *result);

#endif
