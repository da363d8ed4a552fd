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
	WRAP_KEY("Total operations:", "operations", "operations", 1, .whole = true),
	WRAP_KEY(" transferred (", "written_bytes_per_s", "bytes/s", MIB, .suffix = " MiB/sec)"),
	WRAP_KEY("total time:", "total_ns", "ns", 1e9, .suffix = "s"),   /* version 1.0 */
	WRAP_KEY("time elapsed:", "total_ns", "ns", 1e9, .suffix = "s"), /* version 1.1 */
	WRAP_KEY("avg:", "latency_mean_ns", "ns", 1e6),
	WRAP_KEY("max:", "latency_max_ns", "ns", 1e6),
	WRAP_KEY("95th percentile:", "latency_p95_ns", "ns", 1e6),
};

/* What follows each key on its line, wherever it is, up to a remark in parentheses. */
static int parse(char *text, struct wrap_values *out, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *at = strstr(text, keys[i].key);
		AUTO_FREE char *number = NULL;
		double value;
		int rc;

		if (!at)
			continue;
		at += strlen(keys[i].key);
		number = strndup(at, strcspn(at, "(\r\n"));
		rc = wrap_value_read(out, "", &keys[i], number ? number : "", &value, e);
		if (rc)
			return rc;
		if (i == 0)
			wrap_operations_add(out, value);
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
