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
	WRAP_KEY("/total_ios", "ios", "operations", 1, .whole = true),
	WRAP_KEY("/bw_bytes", "bytes_per_s", "bytes/s", 1),
	WRAP_KEY("/clat_ns/mean", "latency_mean_ns", "ns", 1),
	WRAP_KEY("/clat_ns/max", "latency_max_ns", "ns", 1),
	WRAP_KEY("/clat_ns/percentile/50.000000", "latency_p50_ns", "ns", 1),
	WRAP_KEY("/clat_ns/percentile/99.000000", "latency_p99_ns", "ns", 1),
};
static const struct wrap_key job_keys[] = {
	WRAP_KEY("/minf", "minor_faults", "faults", 1, .whole = true),
	WRAP_KEY("/majf", "major_faults", "faults", 1, .whole = true),
};
static const struct wrap_key error_key = WRAP_KEY("/error", "error", "", 1, .whole = true);

/* The text of the value at the key, which wrap_number reads: quoted where it is a string. NULL: no
 * such key. */
static const char *text_at(struct json_object *object, const struct wrap_key *key)
{
	struct json_object *value;

	if (json_pointer_get(object, key->key, &value))
		return NULL;
	return value ? json_object_to_json_string(value) : "null";
}

static int read_keys(struct json_object *object, const char *group, const struct wrap_key *keys,
		     size_t n, struct wrap_values *out, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		const char *text = text_at(object, &keys[i]);

		rc = text ? wrap_value_read(out, group, &keys[i], text, NULL, e) : 0;
	}
	return rc;
}

static int read_direction(struct json_object *job, const char *direction, struct wrap_values *out,
			  struct err *e)
{
	struct json_object *io = json_object_object_get(job, direction);
	const char *text = io ? text_at(io, &direction_keys[0]) : NULL;
	double operations;
	int rc = text ? wrap_number(out, &direction_keys[0], text, &operations, e) : 0;

	if (rc || !text || !(operations > 0))
		return rc;
	wrap_operations_add(out, operations);
	return read_keys(io, direction, direction_keys, ARRAY_SIZE(direction_keys), out, e);
}

/* The only job: of several, each would have to be read. */
static int read_job(struct json_object *root, struct json_object **ret, struct err *e)
{
	struct json_object *jobs = json_object_object_get(root, "jobs");
	size_t n = json_object_is_type(jobs, json_type_array) ? json_object_array_length(jobs) : 0;
	struct json_object *job = n ? json_object_array_get_idx(jobs, 0) : NULL;

	if (!json_object_is_type(job, json_type_object))
		return err_say(e, EBADMSG, "the output of fio has no JSON with a job");
	if (n > 1)
		return err_say(e, EBADMSG,
			       "fio reported %zu jobs: add --group_reporting to the profile", n);
	*ret = job;
	return 0;
}

static int parse_job(struct json_object *job, struct wrap_values *out, struct err *e)
{
	const char *text = text_at(job, &error_key);
	double error = 0;
	int rc = wrap_number(out, &error_key, text ? text : "nothing", &error, e);

	if (!rc && error != 0)
		rc = err_say(e, EIO, "fio's job ended with error %.0f", error);
	if (!rc)
		rc = read_direction(job, "read", out, e);
	if (!rc)
		rc = read_direction(job, "write", out, e);
	return rc ? rc : read_keys(job, "", job_keys, ARRAY_SIZE(job_keys), out, e);
}

static int parse(char *text, struct wrap_values *out, struct err *e)
{
	char *begin = text[0] == '{' ? text : strstr(text, "\n{");
	struct json_object *root = begin ? json_tokener_parse(begin) : NULL, *job;
	int rc = read_job(root, &job, e);

	if (!rc)
		rc = parse_job(job, out, e);
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
