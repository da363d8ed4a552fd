/* SPDX-License-Identifier: GPL-2.0-only */
/* fio.c - fio with a mapped file on tmpfs, whose pages are swapped like anonymous ones; parsed from
 * its JSON output, which other lines may precede.
 *
 * buffer_compress_percentage gives every page the same compression ratio. No address space limit is
 * set: fio crashes under one.
 */
#include <json-c/json.h>
#include <json-c/json_pointer.h>

#include "wrap.h"

static const char *const args[] = { "--name=coldpress",
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
	{ "cache-churn", "random writes to a file in memory, incompressible", cache_churn },
	{ "tmpfs-zipf", "reads and writes of a file in memory, Zipf distribution, incompressible",
	  tmpfs_zipf },
	{ "compressible", "like tmpfs-zipf, with pages that compress to about 40 %", compressible },
	{ NULL, NULL, NULL },
};

/* In "read" and "write" of a job, as fio 3 has them. */
static const struct wrap_key direction_keys[] = {
	{ "/total_ios", "ios", "operations", 1 },
	{ "/bw_bytes", "bytes_per_s", "bytes/s", 1 },
	{ "/clat_ns/mean", "latency_mean_ns", "ns", 1 },
	{ "/clat_ns/max", "latency_max_ns", "ns", 1 },
	{ "/clat_ns/percentile/50.000000", "latency_p50_ns", "ns", 1 },
	{ "/clat_ns/percentile/99.000000", "latency_p99_ns", "ns", 1 },
};

static double number(struct json_object *object, const char *pointer)
{
	struct json_object *value;

	return json_pointer_get(object, pointer, &value) == 0 ? json_object_get_double(value)
							      : MISSING_F64;
}

static void add_direction(struct json_object *job, const char *direction, struct wrap_values *out)
{
	struct json_object *io;

	if (!json_object_object_get_ex(job, direction, &io) || !(number(io, "/total_ios") > 0))
		return;
	wrap_operations_add(out, number(io, "/total_ios"));
	for (size_t i = 0; i < ARRAY_SIZE(direction_keys); i++)
		wrap_value_add(out, number(io, direction_keys[i].key), direction_keys[i].unit,
			       "%s_%s", direction, direction_keys[i].name);
}

static int parse(char *text, struct wrap_values *out, struct err *e)
{
	const char *begin = text[0] == '{' ? text : strstr(text, "\n{");
	struct json_object *root = begin ? json_tokener_parse(begin) : NULL, *job;
	int rc = 0;

	if (!root || json_pointer_get(root, "/jobs/0", &job)) {
		rc = err_say(e, EBADMSG, "the output of fio has no JSON with a job");
	} else if (number(job, "/error") != 0) {
		rc = err_say(e, EIO, "fio's job ended with error %.0f", number(job, "/error"));
	} else {
		add_direction(job, "read", out);
		add_direction(job, "write", out);
		wrap_value_add(out, number(job, "/minf"), "faults", "minor_faults");
		wrap_value_add(out, number(job, "/majf"), "faults", "major_faults");
	}
	json_object_put(root);
	return rc;
}

const struct wrap_tool wrap_fio = {
	.name = "fio",
	.scratch_below = "/dev/shm",
	.args = args,
	.profiles = profiles,
	.parse = parse,
};
