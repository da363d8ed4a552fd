/* SPDX-License-Identifier: GPL-2.0-only */
/* coverage.c - how often the 95 % intervals of a scan hold the truth, on recorded page sizes.
 *
 *   coverage [SEEDS]           1000 unless told
 *
 * Populations of 65,536 pages: incompressible with 0.1, 0.3 and 1 % of text, the same share of zero
 * pages, and the page profiles of `workload list`. Every page is compressed once with lz4; then
 * samples of 100, 512, 2,048 and 8,192 of the recorded sizes are drawn for every seed, and compared
 * with the whole. Fails where fewer than 93 % of the intervals of a mean hold it.
 */
#include <math.h>

#include "lib/analysis/mixture.h"
#include "lib/analysis/strata.h"
#include "lib/codec/codec.h"
#include "lib/kernel/page.h"
#include "lib/kernel/zsmalloc.h"

#define PAGES UINT64_C(65536)

struct population {
	char name[48];
	float slot[PAGES]; /* bytes; 0 = same-filled */
	bool coded[PAGES];
	bool text[PAGES];
};

static struct zsmalloc_model model;
static struct codec_run lz4;
static bool failed;

static void record(struct population *p, uint64_t i, const char *page)
{
	char out[2 * PAGE_BYTES];
	enum page_class class = page_classify(page);
	ssize_t len;

	p->text[i] = class == PAGE_TEXT;
	p->coded[i] = class > PAGE_SAME_FILLED;
	if (!p->coded[i])
		return;
	len = lz4.codec->compress(lz4.state, page, PAGE_BYTES, out, sizeof(out));
	p->slot[i] = (float)zsmalloc_slot_bytes(&model, len < 0 ? PAGE_BYTES : (size_t)len);
}

static void make(struct population *p, const char *most, const char *few, double share)
{
	_Alignas(8) char page[PAGE_BYTES];
	const struct mixture *of_most = NULL, *of_few = NULL;
	const uint64_t n = (uint64_t)(share * (double)PAGES + 0.5);

	memset(p, 0, sizeof(*p));
	if (mixture_find(most, &of_most, NULL) || (few && mixture_find(few, &of_few, NULL)))
		exit(2);
	if (few)
		snprintf(p->name, sizeof(p->name), "%s, %.1f %% %s", most, share * 100, few);
	else
		snprintf(p->name, sizeof(p->name), "%s", most);
	for (uint64_t i = 0; i < PAGES; i++) {
		mixture_fill(page, few && i >= 1000 && i < 1000 + n ? of_few : of_most, 7, i, 0);
		record(p, i, page);
	}
}

struct truth {
	double all, coded, text;
};

static void add(struct stratum_sums *sums, uint64_t *text, const struct population *p, uint64_t i)
{
	sums->pages++;
	sums->coded_pages += p->coded[i];
	sums->slot_bytes += (double)p->slot[i];
	sums->slot_squares += (double)p->slot[i] * (double)p->slot[i];
	*text += p->text[i];
}

static bool holds(const struct stats_interval *interval, double truth)
{
	return interval->low <= truth + 1e-6 && truth <= interval->high + 1e-6;
}

static void cover(const struct population *p, size_t n, uint64_t seeds)
{
	static uint32_t order[PAGES];
	const struct page_stratum stratum = { .pages = PAGES };
	struct stratum_sums whole = { 0 };
	uint64_t text = 0, all = 0, coded = 0, shares = 0, with_ratio = 0;
	double width = 0;

	for (uint64_t i = 0; i < PAGES; i++) {
		order[i] = (uint32_t)i;
		add(&whole, &text, p, i);
	}
	const struct truth truth = { whole.slot_bytes / (double)PAGES,
				     whole.slot_bytes / (double)whole.coded_pages,
				     (double)text / (double)PAGES };

	for (uint64_t seed = 1; seed <= seeds; seed++) {
		struct stratum_sums sums = { 0 };
		struct strata_estimate estimate;
		struct stats_interval share;
		struct prng rng;

		prng_seed(&rng, seed);
		text = 0;
		for (size_t i = 0; i < n; i++) {
			size_t j = i + prng_below(&rng, PAGES - i);
			uint32_t other = order[j];

			order[j] = order[i];
			order[i] = other;
			add(&sums, &text, p, other);
		}
		if (strata_estimate(&sums, &stratum, 1, &estimate))
			exit(2);
		share = stats_share_interval((double)text, 0, (double)n,
					     1 - (double)n / (double)PAGES);
		all += holds(&estimate.of_all, truth.all);
		shares += holds(&share, truth.text);
		with_ratio += !isnan(estimate.of_coded.low);
		coded += !isnan(estimate.of_coded.low) && holds(&estimate.of_coded, truth.coded);
		width += estimate.of_all.high - estimate.of_all.low;
	}
	const double of_all = (double)all / (double)seeds, of_text = (double)shares / (double)seeds,
		     of_coded = with_ratio ? (double)coded / (double)with_ratio : 1;
	const bool low = of_all < 0.93 || of_coded < 0.93 || of_text < 0.93;

	printf("%-28s n %5zu  slots %5.1f %%  of coded %5.1f %%  text share %5.1f %%  +-%.2f "
	       "points%s\n",
	       p->name, n, of_all * 100, of_coded * 100, of_text * 100,
	       width / (double)seeds / 2 / PAGE_BYTES * 100, low ? "  FAIL: below 93 %" : "");
	failed = failed || low;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *most, *few;
		double share;
	} kinds[] = {
		{ "random", "text", 0.001 }, { "random", "text", 0.003 },
		{ "random", "text", 0.01 },  { "random", "zero", 0.003 },
		{ "zero", "text", 0.003 },   { "text", "random", 0.003 },
		{ "zero", "random", 0.01 },  { "mixed", NULL, 0 },
		{ "text", NULL, 0 },
	};
	static const size_t sizes[] = { 100, 512, 2048, 8192 };
	static struct population p;
	const uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000;

	if (codec_open(&lz4, "lz4:1", NULL) || zsmalloc_init(&model, 8, ZSMALLOC_LEAST_WASTE))
		return 2;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		make(&p, kinds[i].most, kinds[i].few, kinds[i].share);
		for (size_t k = 0; k < ARRAY_SIZE(sizes); k++)
			cover(&p, sizes[k], seeds);
	}
	codec_close(&lz4);
	return failed;
}
