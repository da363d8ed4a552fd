/* SPDX-License-Identifier: GPL-2.0-only */
/* worth_sample.c - a sample of a pool, opened and packed again by the library codecs that stand for
 * the kernel's. */
#include "worth.h"

#include "contents.h"
#include "lib/base/stop.h"
#include "lib/kernel/zram_config.h"

#define SAMPLE_MIN 64 /* pages */
#define SAMPLE_MAX 1024
#define SAMPLE_SHARE \
	16 /* at most one page in so many: those that are read are young, and not recompressed */
#define RUN_PAGES 4 /* that are read at a time */
#define LOOK_NS   (5 * NS_PER_S)

struct sample {
	struct contents contents;
	struct codec_run second;
	struct worth_page pages[SAMPLE_MAX];
	size_t n, wanted;
};

static double ms_since(uint64_t begin_ns)
{
	return (double)(thread_cpu_ns() - begin_ns) / (double)NS_PER_MS;
}

/* How long the codec takes to open what it has just packed; an incompressible page is there as it
 * is. */
static double open_ms(const struct contents *c, const struct codec_run *codec, size_t len)
{
	char opened[PAGE_BYTES];

	if (len == PAGE_BYTES)
		return 0;
	uint64_t begin_ns = thread_cpu_ns();

	codec->codec->decompress(codec->state, c->packed, len, opened, sizeof(opened));
	return ms_since(begin_ns);
}

static void weigh_page(struct sample *s, const char *page)
{
	const struct contents *c = &s->contents;
	struct worth_page p = { .len = contents_pack(c, page, &c->codec) };

	if (p.len == 0)
		return;
	p.slot_bytes = zsmalloc_slot_bytes(&c->model, p.len);
	p.open_ms = open_ms(c, &c->codec, p.len);
	uint64_t begin_ns = thread_cpu_ns();

	p.again_len = contents_pack(c, page, &s->second);
	p.again_ms = ms_since(begin_ns);
	p.again_bytes = zsmalloc_slot_bytes(&c->model, p.again_len);
	p.again_open_ms = open_ms(c, &s->second, p.again_len);
	s->pages[s->n++] = p;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	return b ? common_divisor(b, a % b) : a;
}

/* All over the device in steps of the golden section: spread evenly at any moment, every run once.
 */
static int take_sample(struct sample *s, struct err *e)
{
	const uint64_t run_bytes = RUN_PAGES * PAGE_BYTES,
		       runs = s->contents.disk_bytes / run_bytes;
	const uint64_t end_ns = monotonic_ns() + LOOK_NS;
	AUTO_FREE char *buf = aligned_alloc(PAGE_BYTES, run_bytes);
	uint64_t step = MAX((uint64_t)((double)runs * 0.6180339887), 1), at = runs / 2;

	if (!buf)
		return err_set(e, ENOMEM, "cannot read the pool");
	while (runs && common_divisor(runs, step) > 1)
		step++;
	for (uint64_t i = 0; i < runs && s->n < s->wanted && monotonic_ns() < end_ns; i++) {
		if (stop_requested())
			return err_say(e, EINTR, "stopped while looking at the pool");
		ssize_t n = contents_read(&s->contents, buf, run_bytes, at * run_bytes, e);

		if (n < 0)
			return (int)n;
		for (ssize_t k = 0; k < n && s->n < s->wanted; k += PAGE_BYTES)
			weigh_page(s, buf + k);
		at = (at + step) % runs;
	}
	return s->n ? 0 : err_say(e, ENODATA, "the pool holds no page to judge by");
}

int pool_worth(const struct pool *pool, const struct policy_settings *policy, bool huge_only,
	       struct pool_worth *ret, struct err *e)
{
	static struct sample sample;
	char algorithm[ZRAM_ALGORITHM_MAX];
	struct zram_mm_stat mm;

	sample.second = (struct codec_run){ .state = NULL };
	sample.n = 0;
	int r = contents_open(&sample.contents, pool, e);

	if (r == 0 && (r = zram_second_algorithm(NULL, pool->device.id, algorithm)))
		err_set(e, r, "cannot tell the second codec");
	if (r == 0)
		r = contents_codec(&sample.contents, algorithm, &sample.second, NULL, e);
	if (r == 0)
		r = zram_mm_stat_read(NULL, pool->device.id, &mm, e);
	if (r == 0) {
		sample.wanted =
			MIN(MAX(mm.orig_bytes / PAGE_BYTES / SAMPLE_SHARE, SAMPLE_MIN), SAMPLE_MAX);
		r = take_sample(&sample, e);
	}
	const struct worth_sample pages = {
		.pages = sample.pages,
		.n = sample.n,
		.first = sample.contents.codec.label,
		.second = sample.second.label,
		.huge_bytes = sample.contents.model.huge_bytes,
	};

	if (r == 0)
		worth_judge(&pages, policy, huge_only, ret);
	codec_close(&sample.second);
	contents_close(&sample.contents);
	return r;
}
