/* SPDX-License-Identifier: GPL-2.0-only */
/* spec.h - the options and the result of a pattern's run; shared by workload-gen and workload. */
#ifndef COLDPRESS_WORKLOADS_GEN_SPEC_H
#define COLDPRESS_WORKLOADS_GEN_SPEC_H

#include "lib/analysis/mixture.h"
#include "lib/base/opt.h"
#include "lib/base/record.h"

enum touch { TOUCH_DEFAULT, TOUCH_READ, TOUCH_WRITE, TOUCH_MIX };

struct gen_config {
	uint64_t region_bytes;
	uint64_t duration_ns; /* MISSING_U64 = not given: see gen_duration_ns */
	uint64_t operations;  /* MISSING_U64 = until the duration ends */
	uint64_t workers;
	uint64_t seed;
	uint64_t rate;         /* operations per second of all workers; MISSING_U64 = no limit */
	uint64_t idle_ns;      /* between bursts */
	double similarity;     /* share of the touches of a set's first round in its own pages */
	double theta;          /* of the Zipf distribution: 0 uniform, towards 1 more skewed */
	double set_share;      /* share of requests that write */
	uint64_t pages;        /* written by each forked process */
	uint64_t depth;        /* processes that one operation forks, each the parent of the next */
	const char *exec_path; /* of fork_exec_storm */
	uint64_t value_pages;  /* size of the largest value in zipf_cache */
	const char *trace_path; /* NULL = none */
	const char *page_profile;
	double target_ratio; /* NaN = not given: page_profile counts */
	int touch;           /* enum touch */
	bool thp;
};

#define GEN_CONFIG_DEFAULTS \
	{ \
		.region_bytes = 256 * MIB, .duration_ns = MISSING_U64, .operations = MISSING_U64, \
		.workers = 1, .seed = 42, .rate = MISSING_U64, .idle_ns = 100 * NS_PER_MS, \
		.similarity = 0.8, .theta = 0.99, .set_share = 0.1, .pages = 97, .depth = 1, \
		.exec_path = "/bin/true", .value_pages = 4, .page_profile = "mixed", \
		.target_ratio = MISSING_F64 \
	}

#define GEN_WORKERS_MAX     256
#define GEN_DEPTH_MAX       64
#define GEN_VALUE_PAGES_MAX 1024

extern const char *const touch_choices[];

/* The options of a run, for a struct s that has a struct gen_config as its member m. */
#define GEN_OPTIONS(s, m) \
	OPT_SIZE(0, "region", s, m.region_bytes, "memory of all workers in total", \
		 .min = 64 * KIB), \
		OPT_DURATION('d', "duration", s, m.duration_ns, \
			     "stop after this long; default 20s, or 5m with --operations", \
			     .min = 1), \
		OPT_U64(0, "operations", s, m.operations, \
			"stop after exactly this many operations, unless --duration ends the run " \
			"before; default no limit", \
			.min = 1), \
		OPT_U64(0, "workers", s, m.workers, \
			"number of threads; each has its share of the region", .min = 1, \
			.max = GEN_WORKERS_MAX), \
		OPT_U64(0, "seed", s, m.seed, \
			"the same seed gives the same pages, access order and counts"), \
		OPT_U64(0, "rate", s, m.rate, \
			"operations per second of all workers in total; default no limit", \
			.min = 1), \
		OPT_DURATION(0, "idle", s, m.idle_ns, \
			     "pause between bursts (interactive_burst, phase_shift, tab_switch)"), \
		OPT_SHARE( \
			0, "similarity", s, m.similarity, \
			"share of the touches in the first round over a set that go to pages of " \
			"the set; the rest go to random pages (interactive_burst)"), \
		OPT_F64(0, "theta", s, m.theta, \
			"skew of the Zipf distribution, from 0 (uniform) to 0.999 (zipf_cache)"), \
		OPT_SHARE(0, "set-share", s, m.set_share, \
			  "share of the requests that write (zipf_cache)"), \
		OPT_U64(0, "pages", s, m.pages, \
			"pages that each forked process writes (fork_touch_exit)", .min = 1), \
		OPT_U64(0, "depth", s, m.depth, \
			"processes that one operation forks, each by the one before (fork " \
			"patterns)", \
			.min = 1, .max = GEN_DEPTH_MAX), \
		OPT_FILE(0, "exec", s, m.exec_path, "program to run (fork_exec_storm)", \
			 .metavar = "PATH"), \
		OPT_U64(0, "value-pages", s, m.value_pages, \
			"largest value in pages: value sizes are uniform from 1 to N pages " \
			"(zipf_cache)", \
			.min = 1, .max = GEN_VALUE_PAGES_MAX), \
		OPT_FILE(0, "trace", s, m.trace_path, \
			 "page-class trace to reproduce, from `compressor_monitor scan --record " \
			 "FILE` (replay)"), \
		OPT_STRING(0, "page-profile", s, m.page_profile, \
			   "what the pages contain; `workload list` lists the page profiles", \
			   .metavar = "NAME"), \
		OPT_F64(0, "target-ratio", s, m.target_ratio, \
			"page contents with this LZ4 compression ratio, from 1 to 7; replaces " \
			"--page-profile"), \
		OPT_CHOICE(0, "touch", s, m.touch, touch_choices, \
			   "how pages are accessed; mix: one write in four touches; `default`: " \
			   "as listed " \
			   "by `workload list`"), \
		OPT_FLAG(0, "thp", s, m.thp, "allow transparent huge pages")

/* Old spellings: outside of GEN_OPTIONS, which `workload run` passes on one by one. */
#define GEN_RENAMED OPT_RENAMED("contents", "--page-profile NAME")

/* Where records go. --json is short for --format json. */
struct gen_output {
	struct opt_output common;
	bool json;
};

#define GEN_OUTPUT(s, m) \
	OPT_OUTPUT(s, m.common), OPT_FLAG(0, "json", s, m.json, "same as --format json")

/* gen_output_open - out_new with these options; also sets the verbosity on stderr. */
struct out;
int gen_output_open(const struct gen_output *output, struct out **out, struct err *e);

/* names_add - appends a name, after a separator, to a list in buf; cut where it does not fit. */
static inline void names_add(char *buf, size_t len, const char *separator, const char *name)
{
	const size_t used = strlen(buf);

	snprintf(buf + used, len - used, "%.*s%s", used ? 1 : 0, separator, name);
}

/* gen_duration_ns - how long a run may take: --duration, else 300 s with --operations, else 20 s.
 */
uint64_t gen_duration_ns(const struct gen_config *config);

/* gen_config_mixture - the mixture of pages, by --target-ratio or --page-profile. Exit 2. */
int gen_config_mixture(const struct gen_config *config, struct mixture *out, struct err *e);

/* gen_config_check - options that depend on each other. Exit 2. */
int gen_config_check(const struct gen_config *config, struct err *e);

/* Every kind of page: enum, name, what such pages contain. */
#define PAGE_KINDS(X) \
	X(MIXTURE_ZERO, "zero", "zeros") \
	X(MIXTURE_SAME, "same", "one repeated 8-byte word") \
	X(MIXTURE_DUPLICATE, "duplicate", "copies of one of 16 text pages") \
	X(MIXTURE_SPARSE, "sparse", "mostly zeros") \
	X(MIXTURE_POINTER, "pointer", "records of pointers and small numbers") \
	X(MIXTURE_TEXT, "text", "log lines and prose") \
	X(MIXTURE_COMPRESSED, "compressed", "compressed data with small headers") \
	X(MIXTURE_RANDOM, "random", "random bytes")

/* One run, all workers together; the table in spec.c documents each field. Before it is filled:
 * record_clear(&workload_result_type, ...).
 */
struct workload_result {
	const char *pattern, *page_profile, *state, *why;
	uint64_t seed, region_bytes, workers;
	uint64_t duration_ns, populate_ns, idle_ns;
	uint64_t operations;
	double rate_per_s;
	uint64_t latency_ns[4]; /* p50, p90, p99, maximum; of all operations */
	uint64_t cold_touches, cold_touch_ns[4];
	uint64_t forks, execs, fresh_pages, child_minor_faults;
	uint64_t minor_faults, major_faults, user_ns, system_ns;
	uint64_t peak_rss_bytes, peak_group_bytes, peak_swap_bytes, memory_limit_bytes;
	uint64_t kind_pages[MIXTURE_KINDS];
	double kind_target_ratio[MIXTURE_KINDS];
};
extern const struct record_type workload_result_type;

#endif
