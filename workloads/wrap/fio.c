/* SPDX-License-Identifier: GPL-2.0-only */
/* fio.c - fio over a mapped file on tmpfs, whose pages are swappable like anonymous ones; read from
 * its JSON.
 *
 * buffer_compress_percentage makes every page compress alike: one point, not a distribution. No
 * address space limit is set: fio crashes under one. Words may stand before the JSON.
 */
#include <json-c/json.h>

#include "wrap.h"

static const char *const version_words[] = { "--version", NULL };
static const char *const common[] = { "--name=coldpress",
				      "--ioengine=mmap",
				      "--directory=.",
				      "--size={region}",
				      "--unlink=1",
				      "--bs=4k",
				      "--norandommap",
				      "--runtime={seconds}",
				      "--time_based",
				      "--randseed={seed}",
				      "--eta=never",
				      "--output-format=json+",
				      NULL };
static const char *const cache_churn[] = { "--rw=randwrite", "--refill_buffers", NULL };
static const char *const tmpfs_zipf[] = { "--rw=randrw", "--random_distribution=zipf:1.1",
					  "--refill_buffers", NULL };
static const char *const compressible[] = { "--rw=randrw",
					    "--random_distribution=zipf:1.1",
					    "--buffer_compress_percentage=60",
					    "--buffer_compress_chunk=4096",
					    "--refill_buffers",
					    NULL };

static const struct wrap_profile profiles[] = {
	{ "cache-churn", "random writes all over a file in memory, incompressible", cache_churn },
	{ "tmpfs-zipf", "reads and writes of a file in memory by Zipf's law, incompressible",
	  tmpfs_zipf },
	{ "compressible", "the same with pages that compress to about 40 %", compressible },
	{ NULL, NULL, NULL },
};

static bool unsupported(int exit_status UNUSED)
{
	return false;
}

static double number(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? json_object_get_double(value)
							      : MISSING_F64;
}

static void add(struct wrap_figures *ret, const char *prefix, const char *name, const char *unit,
		double value)
{
	char full[48];

	snprintf(full, sizeof(full), "%s%s", prefix, name);
	if (value == value)
		wrap_figure_add(ret, full, unit, value);
}

/* "read" or "write" of a job: fio 3 has io_bytes in bytes, bw_bytes and clat_ns. */
static void take_direction(struct json_object *job, const char *direction, struct wrap_figures *ret)
{
	struct json_object *io, *latency, *quantiles;
	char prefix[16];
	double ios;

	if (!json_object_object_get_ex(job, direction, &io))
		return;
	ios = number(io, "total_ios");
	if (!(ios > 0))
		return;
	ret->operations = (ret->operations >= 0 ? ret->operations : 0) + ios;
	snprintf(prefix, sizeof(prefix), "%s_", direction);
	add(ret, prefix, "ios", "operations", ios);
	add(ret, prefix, "bytes_per_s", "bytes/s", number(io, "bw_bytes"));
	if (!json_object_object_get_ex(io, "clat_ns", &latency))
		return;
	add(ret, prefix, "latency_mean_ns", "ns", number(latency, "mean"));
	add(ret, prefix, "latency_max_ns", "ns", number(latency, "max"));
	if (!json_object_object_get_ex(latency, "percentile", &quantiles))
		return;
	add(ret, prefix, "latency_p50_ns", "ns", number(quantiles, "50.000000"));
	add(ret, prefix, "latency_p99_ns", "ns", number(quantiles, "99.000000"));
}

static int parse(const char *text, struct wrap_figures *ret, struct err *e)
{
	const char *begin = text[0] == '{' ? text : strstr(text, "\n{");
	struct json_object *root = begin ? json_tokener_parse(begin) : NULL, *jobs, *job;
	int rc = 0;

	if (!json_object_object_get_ex(root, "jobs", &jobs) ||
	    !json_object_is_type(jobs, json_type_array) ||
	    !(job = json_object_array_get_idx(jobs, 0))) {
		rc = err_say(e, EBADMSG, "fio printed no JSON with a job in it");
	} else if (number(job, "error") != 0) {
		rc = err_say(e, EIO, "fio's job ended with error %.0f", number(job, "error"));
	} else {
		take_direction(job, "read", ret);
		take_direction(job, "write", ret);
		add(ret, "", "minor_faults", "faults", number(job, "minf"));
		add(ret, "", "major_faults", "faults", number(job, "majf"));
	}
	json_object_put(root);
	return rc;
}

extern const struct wrap_tool wrap_fio;
const struct wrap_tool wrap_fio = {
	.name = "fio",
	.program = "fio",
	.package = "fio",
	.version_words = version_words,
	.scratch_below = "/dev/shm",
	.words = common,
	.profiles = profiles,
	.unsupported = unsupported,
	.parse = parse,
};
