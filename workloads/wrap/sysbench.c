/* SPDX-License-Identifier: GPL-2.0-only */
/* sysbench.c - sysbench memory: writes one block of memory repeatedly; parsed from its text output.
 *
 * Its resident size is the block of each thread; --memory-total-size=0 leaves the end to --time.
 * Versions 1.0 and 1.1 are not comparable. Sequential writes fill pages with one value, so that a
 * pool stores them as same-filled pages.
 */
#include "wrap.h"

static const char *const args[] = { "memory",
				    "--threads={workers}",
				    "--memory-scope=local",
				    "--memory-block-size={share}",
				    "--memory-total-size=0",
				    "--memory-oper=write",
				    "--time={seconds}",
				    "--rand-seed={seed}",
				    NULL };
static const char *const last[] = { "run", NULL };
static const char *const seq[] = { "--memory-access-mode=seq", NULL };
static const char *const rnd[] = { "--memory-access-mode=rnd", NULL };

static const struct wrap_profile profiles[] = {
	{ "memory-seq", "write a block of memory sequentially, repeatedly", seq },
	{ "memory-rnd", "write words of a block of memory at random", rnd },
	{ NULL, NULL, NULL },
};

static const struct wrap_key keys[] = {
	{ "Total operations:", "operations", "operations", 1 },
	{ " transferred (", "written_bytes_per_s", "bytes/s", MIB }, /* MiB/sec */
	{ "total time:", "total_ns", "ns", 1e9 },                    /* version 1.0 */
	{ "time elapsed:", "total_ns", "ns", 1e9 },                  /* version 1.1 */
	{ "avg:", "latency_mean_ns", "ns", 1e6 },
	{ "max:", "latency_max_ns", "ns", 1e6 },
	{ "95th percentile:", "latency_p95_ns", "ns", 1e6 },
};

/* The number after each key, wherever it is. */
static int parse(char *text, struct wrap_values *out, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *at = strstr(text, keys[i].key);
		double value;

		if (!at || sscanf(at + strlen(keys[i].key), " %lf", &value) != 1)
			continue;
		if (i == 0)
			out->operations = value;
		wrap_value_add(out, value * keys[i].scale, keys[i].unit, "%s", keys[i].name);
	}
	return out->operations >= 0
		       ? 0
		       : err_say(e, EBADMSG, "the output of sysbench has no number of operations");
}

const struct wrap_tool wrap_sysbench = {
	.name = "sysbench",
	.share_is_power_of_two = true,
	.args = args,
	.last_args = last,
	.profiles = profiles,
	.parse = parse,
};
