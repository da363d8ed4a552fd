/* SPDX-License-Identifier: GPL-2.0-only */
/* load.h - runs a load generator, ours or a third-party one, under limits, and keeps its output. */
#ifndef COLDPRESS_WORKLOADS_LOAD_H
#define COLDPRESS_WORKLOADS_LOAD_H

#include "lib/base/opt.h"
#include "lib/safety/supervise.h"

/* An argument vector that grows. Zero before use. */
struct args {
	char **argv; /* NULL-terminated from the first argument on */
	size_t n;
};

/* args_add - printf-style. -ENOMEM. */
int args_add(struct args *args, const char *fmt, ...) PRINTF_LIKE(2, 3);
void args_done(struct args *args);

/* The limits that the user can set. */
struct load_limits {
	uint64_t memory_bytes;  /* MISSING_U64 = the default of the subcommand */
	uint64_t reserve_bytes; /* MISSING_U64 = supervise_reserve_bytes of this machine */
	bool allow_large, allow_long;
};

#define LOAD_LIMITS_DEFAULTS \
	{ \
		.memory_bytes = MISSING_U64, .reserve_bytes = MISSING_U64 \
	}

#define LOAD_LIMITS_OPTIONS(s, m) \
	OPT_SIZE(0, "memory-limit", s, m.memory_bytes, \
		 "memory limit of the cgroup; if smaller than --region, pages are swapped out " \
		 "(needs swap); default of run: --region + 1/256 of it + 64 MiB, of wrap: " \
		 "--region + 256 MiB", \
		 .min = SUPERVISE_MEMORY_FLOOR_BYTES), \
		OPT_SIZE(0, "reserve", s, m.reserve_bytes, \
			 "memory that must stay available: checked every 100 ms, the run is " \
			 "killed " \
			 "if MemAvailable is below SIZE or would fall below it before the next " \
			 "check; default and minimum: 10 % of MemTotal, at least 512 MiB; 1/8 of " \
			 "MemTotal on machines with less than 4 GiB"), \
		OPT_FLAG(0, "unsafe-allow-large", s, m.allow_large, \
			 "allow a region of more than half of (MemAvailable - reserve)"), \
		OPT_FLAG(0, "unsafe-allow-long", s, m.allow_long, \
			 "allow a duration of more than 5 min")

/* load_check - refuses (exit 2) a region or duration over the bounds and a reserve below the
 * default; fills in the reserve where none was given.
 */
int load_check(struct load_limits *limits, uint64_t region_bytes, uint64_t duration_ns,
	       struct err *e);

/* load_config_init - argv under these limits, or, where limits is NULL, without a memory limit. The
 * caller sets the process limit, the deadline and what else it needs.
 */
void load_config_init(struct supervise_config *config, const char *name, char *const *argv,
		      const struct load_limits *limits);

/* What a command printed, NUL-terminated; cut at 8 MiB. Both may be NULL. */
struct load_output {
	char *text;   /* standard output */
	char *report; /* the file it left in its scratch directory */
};
void load_output_done(struct load_output *output);

/* load_run - runs the command to its end; a stop request ends it. both: stderr is added to the
 * output. report: name of a file to read from the scratch directory; NULL = none. How the command
 * ended is in *result.
 *
 * errors  those of supervise_start: the command was not run
 */
int load_run(struct supervise_config *config, bool both, const char *report,
	     struct supervise_result *result, struct load_output *output, struct err *e);

/* load_print_end - the end record after n records; closes *out. */
struct out;
int load_print_end(struct out **out, uint64_t n, struct err *e);

/* load_exit_code - of a run that ended in this state. */
int load_exit_code(const char *state);

#endif
