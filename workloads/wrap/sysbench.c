/* SPDX-License-Identifier: GPL-2.0-only */
/* sysbench.c - sysbench memory: writes one block over and over, read from its text.
 *
 * Its resident size is the block of each thread; --memory-total-size=0 leaves the end to --time.
 * Versions 1.0 and 1.1 do not compare. Sequential writes fill pages with one value: a pool keeps
 * those as a bit.
 */
#include "wrap.h"

static const char *const version_words[] = { "--version", NULL };
static const char *const common[] = { "memory",
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
	{ "memory-seq", "write a block of memory in order, over and over", seq },
	{ "memory-rnd", "write words of a block of memory at random", rnd },
	{ NULL, NULL, NULL },
};

static bool unsupported(int exit_status UNUSED)
{
	return false;
}

/* The number behind these words, wherever they stand. */
static bool find(const char *text, const char *words, double *ret)
{
	const char *at = strstr(text, words);

	return at && sscanf(at + strlen(words), " %lf", ret) == 1;
}

static int parse(const char *text, struct wrap_figures *ret, struct err *e)
{
	static const struct {
		const char *words, *figure, *unit;
		double scale;
	} known[] = {
		{ "total time:", "total_ns", "ns", 1e9 }, /* 1.0; 1.1 says "time elapsed:" */
		{ "time elapsed:", "total_ns", "ns", 1e9 },
		{ "avg:", "latency_mean_ns", "ns", 1e6 },
		{ "max:", "latency_max_ns", "ns", 1e6 },
		{ "95th percentile:", "latency_p95_ns", "ns", 1e6 },
	};
	const char *transferred = strstr(text, " transferred (");
	double value;

	if (!find(text, "Total operations:", &value))
		return err_say(e, EBADMSG, "sysbench did not say how many operations it did");
	ret->operations = value;
	wrap_figure_add(ret, "operations", "operations", value);
	if (transferred && sscanf(transferred, " transferred (%lf MiB/sec)", &value) == 1)
		wrap_figure_add(ret, "written_bytes_per_s", "bytes/s", value * (double)MIB);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (find(text, known[i].words, &value))
			wrap_figure_add(ret, known[i].figure, known[i].unit,
					value * known[i].scale);
	return 0;
}

extern const struct wrap_tool wrap_sysbench;
const struct wrap_tool wrap_sysbench = {
	.name = "sysbench",
	.program = "sysbench",
	.package = "sysbench",
	.version_words = version_words,
	.share_is_power_of_two = true,
	.scratch_below = "/tmp",
	.words = common,
	.last_words = last,
	.profiles = profiles,
	.unsupported = unsupported,
	.parse = parse,
};
