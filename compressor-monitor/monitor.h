/* SPDX-License-Identifier: GPL-2.0-only */
/* monitor.h - the configuration of compressor_monitor, and its subcommands. */
#ifndef COLDPRESS_MONITOR_MONITOR_H
#define COLDPRESS_MONITOR_MONITOR_H

#include "bench.h"
#include "calibrate.h"
#include "lib/base/opt.h"
#include "rank.h"
#include "scan.h"

struct monitor_config {
	struct scan_config scan;
	struct rank_config rank;
	struct bench_config bench;
	struct calibrate_config calibrate;
	const char *results; /* of bench */
	struct opt_output output;
	struct opt_list fields;
};

extern const struct opt_command monitor_commands[];

/* monitor_open - the output, for records of this type; text shows these columns ("a,b") unless
 * --fields names others.
 */
int monitor_open(const struct monitor_config *c, const struct record_type *type,
		 const char *columns, struct out **ret, struct err *e);

/* monitor_close - prints the end record of n rows: "done", or "signal" after one. */
int monitor_close(struct out *out, uint64_t n, struct err *e);

/* Each is the run of an opt_command. */
int scan_main(void *config, int argc, char **argv, int *exit_code, struct err *e);
int rank_main(void *config, int argc, char **argv, int *exit_code, struct err *e);
int bench_main(void *config, int argc, char **argv, int *exit_code, struct err *e);
int calibrate_main(void *config, int argc, char **argv, int *exit_code, struct err *e);

#endif
