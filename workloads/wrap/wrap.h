/* SPDX-License-Identifier: GPL-2.0-only */
/* wrap.h - a third-party load generator: how its command line is built, and how its output is
 * parsed. A new tool is a file here and a line in WRAP_TOOLS.
 */
#ifndef COLDPRESS_WORKLOADS_WRAP_WRAP_H
#define COLDPRESS_WORKLOADS_WRAP_WRAP_H

#include <limits.h>

#include "lib/base/err.h"
#include "workloads/load.h"

#define WRAP_TOOLS(X) \
	X(wrap_stress_ng) \
	X(wrap_sysbench) \
	X(wrap_fio) \
	X(wrap_mmtests) \
	X(wrap_phoronix)

/* ---- what a tool reports ---- */

#define WRAP_VALUES_MAX 256

struct wrap_value {
	char name[64]; /* snake_case; the unit is the last word */
	const char *unit;
	double value;
};

struct wrap_values {
	const char *tool; /* name of the tool, for messages */
	struct wrap_value items[WRAP_VALUES_MAX];
	size_t n;
	double operations; /* in the tool's own count; NaN = not reported */
};

/* A value by its key in the tool's report. */
struct wrap_key {
	const char *key, *name, *unit;
	double scale;       /* reported value * scale = value in the unit */
	bool whole;         /* a count: whole numbers only */
	const char *suffix; /* what follows the number, "s"; NULL: nothing */
};
#define WRAP_KEY(k, n, u, s, ...) \
	{ \
		.key = (k), .name = (n), .unit = (u), .scale = (s), ##__VA_ARGS__ \
	}

/* wrap_number - the one reader of numbers that a tool reports: the text without the space around
 * it is a decimal number and the key's suffix, finite, from 0 to 2^53 in the key's unit, and whole
 * for a count. *out is in the unit.
 *
 * errors  -EBADMSG: names tool, key and text
 */
int wrap_number(const struct wrap_values *values, const struct wrap_key *key, const char *text,
		double *out, struct err *e);

/* wrap_value_add - a value named GROUP_NAME, or NAME with group "". errors  -EBADMSG: a second
 * value of this name, a name that is too long, more than WRAP_VALUES_MAX values
 */
int wrap_value_add(struct wrap_values *values, const char *group, const char *name,
		   const char *unit, double value, struct err *e);

/* wrap_value_read - wrap_number, then wrap_value_add. Returns the value through out where it is not
 * NULL. */
int wrap_value_read(struct wrap_values *values, const char *group, const struct wrap_key *key,
		    const char *text, double *out, struct err *e);
void wrap_operations_add(struct wrap_values *values, double operations);

/* ---- a tool ---- */

/* The values of the placeholders {region} (bytes of all workers), {share} (bytes of one worker,
 * in whole pages), {workers}, {seconds}, {seed}, {checkout} and {generator} (path of workload-gen).
 */
struct wrap_params {
	uint64_t region_bytes, duration_ns, workers, seed;
	const char *checkout;  /* NULL = from the tool's environment variable */
	const char *generator; /* path of workload-gen; NULL = not known yet */
};

/* One way to use a tool. */
struct wrap_profile {
	const char *name, *summary;
	const char *const *args; /* with placeholders; ends with NULL */
};

/* A package, whose program has the tool's name and answers --version; or, with checkout_env, a
 * source tree that a shell script runs a private copy of, never as root.
 */
struct wrap_tool {
	const char *name;
	const char *checkout_env;  /* variable that names the checkout where --checkout does not */
	const char *checkout_file; /* identifies a checkout */
	const char *checkout_url;
	const char *const *needs; /* programs that it calls, for a checkout; ends with NULL */
	const char *const *version_args; /* for a checkout; NULL = no version */
	bool share_is_power_of_two;      /* {share} must be a power of two */
	uint64_t slack_ns;            /* to start, end and report beyond the duration; 0 = 10 s */
	const char *scratch_below;    /* "/dev/shm": its files are memory; NULL = any */
	const char *report;           /* file with its report; NULL = standard output */
	const char *const *args;      /* of every profile, before the profile's; ends with NULL */
	const char *const *last_args; /* after the profile's; NULL = none */
	const struct wrap_profile *profiles; /* ends with .name == NULL */
	int unsupported[2]; /* exit statuses that mean that it cannot run here; 0 = none */
	/* Parses the report, which it may write to. -EBADMSG: not a report of this tool. */
	int (*parse)(char *text, struct wrap_values *out, struct err *e);
};

#define DECLARE_TOOL(t) extern const struct wrap_tool t;
WRAP_TOOLS(DECLARE_TOOL)

/* wrap_tool_at - NULL after the last. The two finders - errors  exit 2, with the list of names */
const struct wrap_tool *wrap_tool_at(size_t i);
int wrap_tool_find(const char *name, const struct wrap_tool **out, struct err *e);
int wrap_profile_find(const struct wrap_tool *tool, const char *name,
		      const struct wrap_profile **out, struct err *e);

/* wrap_tool_locate - the program to run; fills in params->checkout from the environment.
 *
 * errors  exit 77 not installed: what is missing, with how to install it
 */
int wrap_tool_locate(const struct wrap_tool *tool, struct wrap_params *params, char path[PATH_MAX],
		     struct err *e);

/* wrap_tool_version - first line that it prints about its version; "" where it prints none. */
void wrap_tool_version(const struct wrap_tool *tool, const struct wrap_params *params,
		       const char *path, char *buf, size_t len);

/* wrap_tool_install - how to install it, into buf. */
const char *wrap_tool_install(const struct wrap_tool *tool, char buf[256]);

/* wrap_args_add - adds the arguments (NULL = none) with placeholders filled in. -ENOMEM. */
int wrap_args_add(struct args *args, const struct wrap_params *params, const char *const *from);

/* The placeholders of a profile file: their names, and whether these len bytes are one. */
extern const char wrap_placeholder_names[];
bool wrap_is_placeholder(const char *name, size_t len);

/* wrap_profile_load - the arguments of a user's own profile for this tool, from a YAML file;
 * args_done frees them.
 *
 * errors  exit 2 not a profile, or for another tool, with the line; -errno
 */
int wrap_profile_load(const char *path, const struct wrap_tool *tool, struct args *out,
		      struct err *e);

#endif
