/* SPDX-License-Identifier: GPL-2.0-only */
/* bench_out.c - how many records a second one core turns into JSON, CSV and text lines, written to
 * /dev/null.
 *
 * A record of twelve fields as a fault tracer has them. Prints the median and the range of nine
 * rounds, in the CPU time of the thread. What a slower reader costs is not in it.
 */
#include "lib/base/out.h"

#define ROUNDS  9
#define RECORDS 200003

struct event {
	uint64_t ts_ns, pid, tid;
	char comm[16];
	uint64_t addr, ip;
	bool major;
	double share;
	uint32_t cpu;
	int64_t delta;
	const char *kind;
	uint64_t latency_ns;
};

static const struct field event_fields[] = {
	FIELD(struct event, ts_ns, FIELD_U64, "ns", ""),
	FIELD(struct event, pid, FIELD_U64, "", ""),
	FIELD(struct event, tid, FIELD_U64, "", ""),
	FIELD(struct event, comm, FIELD_CHARS, "", ""),
	FIELD(struct event, addr, FIELD_HEX, "", ""),
	FIELD(struct event, ip, FIELD_HEX, "", ""),
	FIELD(struct event, major, FIELD_BOOL, "", ""),
	FIELD(struct event, share, FIELD_F64, "ratio", ""),
	FIELD(struct event, cpu, FIELD_U32, "", ""),
	FIELD(struct event, delta, FIELD_I64, "", ""),
	FIELD(struct event, kind, FIELD_STRING, "", ""),
	FIELD(struct event, latency_ns, FIELD_U64, "ns", ""),
};
static const struct record_type event_type = RECORD_TYPE("event", 1, RECORD_LINE, event_fields, "");

struct result {
	double median, least, most;
};

static const struct field result_fields[] = {
	FIELD(struct result, median, FIELD_F64, "records/s", ""),
	FIELD(struct result, least, FIELD_F64, "records/s", ""),
	FIELD(struct result, most, FIELD_F64, "records/s", ""),
};
static const struct record_type result_types[] = {
	RECORD_TYPE("out_text", 1, RECORD_LINE, result_fields, ""),
	RECORD_TYPE("out_json", 1, RECORD_LINE, result_fields, ""),
	RECORD_TYPE("out_csv", 1, RECORD_LINE, result_fields, ""),
};

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Records a second of one round; below 0: -errno. */
static double round_rate(enum out_format format)
{
	struct event event = { .ts_ns = UINT64_C(123456789012345),
			       .pid = 12345,
			       .tid = 12346,
			       .comm = "Web Content",
			       .addr = UINT64_C(0x7f2ea77f4b90),
			       .ip = UINT64_C(0x555f82b2f123),
			       .cpu = 3,
			       .kind = "anonymous" };
	uint64_t begin = thread_cpu_ns();
	AUTO_OUT struct out *out = NULL;
	int rc = out_new(&out, format, "/dev/null", NULL);

	for (uint64_t i = 0; i < RECORDS && rc == 0; i++) {
		event.ts_ns += 1234;
		event.addr += 4096;
		event.delta = -(int64_t)i;
		event.major = i % 2;
		event.share = (double)i / 1000;
		event.latency_ns = i % 3 ? i * 17 : MISSING_U64;
		rc = out_record(out, &event_type, &event);
	}
	if (rc == 0) {
		rc = out_close(out, NULL);
		out = NULL;
	}
	return rc < 0 ? rc : RECORDS * 1e9 / (double)(thread_cpu_ns() - begin);
}

int main(void)
{
	struct out *out;

	if (out_new(&out, OUT_JSON, NULL, NULL) < 0)
		return EXIT_FAILED;
	for (enum out_format format = OUT_TEXT; format <= OUT_CSV; format++) {
		double rates[ROUNDS];

		for (int i = 0; i < ROUNDS; i++)
			rates[i] = round_rate(format);
		qsort(rates, ROUNDS, sizeof(*rates), compare);
		out_record(out, &result_types[format],
			   &(struct result){ rates[ROUNDS / 2], rates[0], rates[ROUNDS - 1] });
	}
	return out_close(out, NULL) < 0 ? EXIT_FAILED : EXIT_DONE;
}
