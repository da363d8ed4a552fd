/* SPDX-License-Identifier: GPL-2.0-only */
/* recompress_sample.c - a sample of a pool's pages, compressed by the library codecs that match the
 * pool's two algorithms.
 */
#include "contents.h"
#include "lib/base/stop.h"
#include "lib/kernel/zram_config.h"
#include "recompress_policy.h"

#define SAMPLE_MIN   64 /* pages */
#define SAMPLE_MAX   1024
#define SAMPLE_SHARE 16 /* one page in so many: pages that are read are young, and left out */
#define RUN_PAGES    4  /* read at a time */
#define SAMPLE_NS    (5 * NS_PER_S)

struct sample {
	struct contents contents;
	struct codec_run second;
	struct recompress_page pages[SAMPLE_MAX];
	struct recompress_sample taken;
	size_t wanted;
};

static double ms_since(uint64_t begin_ns)
{
	return (double)(thread_cpu_ns() - begin_ns) / (double)NS_PER_MS;
}

/* Time to decompress what was compressed last; an incompressible page needs none. */
static double time_decompress(const struct contents *c, const struct codec_run *codec, size_t len)
{
	char page[PAGE_BYTES];

	if (len == PAGE_BYTES)
		return 0;
	uint64_t begin_ns = thread_cpu_ns();

	codec->codec->decompress(codec->state, c->packed, len, page, sizeof(page));
	return ms_since(begin_ns);
}

static void measure_page(struct sample *s, const char *page)
{
	const struct contents *c = &s->contents;
	struct recompress_page p = { .len = contents_pack(c, page, &c->codec) };

	if (p.len == 0)
		return;
	p.slot_bytes = zsmalloc_slot_bytes(&c->model, p.len);
	p.decompress_ms = time_decompress(c, &c->codec, p.len);
	uint64_t begin_ns = thread_cpu_ns();

	p.second_len = contents_pack(c, page, &s->second);
	p.second_compress_ms = ms_since(begin_ns);
	p.second_bytes = zsmalloc_slot_bytes(&c->model, p.second_len);
	p.second_decompress_ms = time_decompress(c, &s->second, p.second_len);
	s->pages[s->taken.n++] = p;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	return b ? common_divisor(b, a % b) : a;
}

/* Over the whole device in golden-section steps: evenly spread at any time, every run once. */
static int read_sample(struct sample *s, struct err *e)
{
	const uint64_t run_bytes = RUN_PAGES * PAGE_BYTES,
		       runs = s->contents.disk_bytes / run_bytes;
	const uint64_t end_ns = monotonic_ns() + SAMPLE_NS;
	AUTO_FREE char *buf = aligned_alloc(PAGE_BYTES, run_bytes);
	uint64_t step = MAX((uint64_t)((double)runs * 0.6180339887), 1), at = runs / 2;

	if (!buf)
		return err_set(e, ENOMEM, "cannot read the pool");
	while (runs && common_divisor(runs, step) > 1)
		step++;
	for (uint64_t i = 0; i < runs && s->taken.n < s->wanted && monotonic_ns() < end_ns; i++) {
		if (stop_requested())
			return err_say(e, EINTR, "stopped while sampling the pool");
		ssize_t n = contents_read(&s->contents, buf, run_bytes, at * run_bytes, e);

		if (n < 0)
			return (int)n;
		for (ssize_t k = 0; k < n && s->taken.n < s->wanted; k += PAGE_BYTES)
			measure_page(s, buf + k);
		at = (at + step) % runs;
	}
	return s->taken.n ? 0 : err_say(e, ENODATA, "the pool has no page to sample");
}

/* What is open afterwards is the caller's, also on a failure. */
static int sample_pool(struct sample *s, const struct pool *pool, struct err *e)
{
	char algorithm[ZRAM_ALGORITHM_MAX];
	struct zram_mm_stat mm;
	int rc = contents_open(&s->contents, pool, e);

	if (rc)
		return rc;
	rc = zram_second_algorithm(NULL, pool->device.id, algorithm);
	if (rc)
		return err_set(e, rc, "cannot read the second algorithm");
	rc = contents_codec(&s->contents, algorithm, &s->second, NULL, e);
	if (rc == 0)
		rc = zram_mm_stat_read(NULL, pool->device.id, &mm, e);
	if (rc)
		return rc;
	s->taken.pages = s->pages;
	s->taken.first = s->contents.codec.label;
	s->taken.second = s->second.label;
	s->taken.huge_bytes = s->contents.model.huge_bytes;
	s->wanted = MIN(MAX(mm.orig_bytes / PAGE_BYTES / SAMPLE_SHARE, SAMPLE_MIN), SAMPLE_MAX);
	return read_sample(s, e);
}

int recompress_policy_read(const struct pool *pool, const struct policy_settings *policy,
			   bool huge_only, struct recompress_verdict *ret, struct err *e)
{
	AUTO_FREE struct sample *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(e, ENOMEM, "cannot sample the pool");
	int rc = sample_pool(s, pool, e);

	if (rc == 0)
		recompress_policy_decide(&s->taken, policy, huge_only, ret);
	codec_close(&s->second);
	contents_close(&s->contents);
	return rc;
}
