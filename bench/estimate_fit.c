/* SPDX-License-Identifier: GPL-2.0-only */
/* estimate_fit.c - fits the rules of lib/estimate.c: logistic regression on every second page of
 *the files named, and how often each rule is right on the others.
 *
 *	build/bench/estimate_fit FILE...        prints what stands in the table of lib/estimate.c
 *
 * bench/estimate.sh --fit makes the files and calls it. Without files it has nothing to do, and
 *says so.
 */
#include <math.h>

#include "lib/codec/codec.h"
#include "lib/analysis/estimate.h"
#include "lib/kernel/page.h"
#include "lib/kernel/zsmalloc.h"

#define PAGES_MAX 100000
#define EVERY     3 /* of the pages of a file */
#define ROUNDS    40
#define RATE      0.02

struct labelled {
	double terms[ESTIMATE_TERMS];
	uint16_t bytes[2]; /* by the codec of each kind */
};

static struct labelled *pages;
static size_t n_pages;

static int take_file(const char *path, struct codec_run runs[2])
{
	static _Alignas(PAGE_BYTES) char page[PAGE_BYTES], out[2 * PAGE_BYTES];
	AUTO_FCLOSE FILE *f = fopen(path, "re");

	if (!f)
		return -errno;
	for (size_t i = 0; n_pages < PAGES_MAX && fread(page, PAGE_BYTES, 1, f) == 1; i++) {
		const enum page_class class = page_classify(page);
		struct labelled *to = &pages[n_pages];
		struct estimate_features features;

		if (i % EVERY || class == PAGE_ZERO || class == PAGE_SAME_FILLED)
			continue;
		features = estimate_look(page);
		estimate_terms(&features, to->terms);
		for (size_t k = 0; k < 2; k++) {
			ssize_t n = runs[k].codec->compress(runs[k].state, page, PAGE_BYTES, out,
							    sizeof(out));

			to->bytes[k] = (uint16_t)(n < 0 ? PAGE_BYTES : n);
		}
		n_pages++;
	}
	return 0;
}

static double weigh(const double weights[ESTIMATE_TERMS], const struct labelled *page)
{
	double sum = 0;

	for (size_t i = 0; i < ESTIMATE_TERMS; i++)
		sum += weights[i] * page->terms[i];
	return sum;
}

static void fit(size_t kind, unsigned int huge_bytes, double weights[ESTIMATE_TERMS])
{
	for (size_t round = 0; round < ROUNDS; round++)
		for (size_t p = 0; p < n_pages; p += 2) {
			const double truth = pages[p].bytes[kind] < huge_bytes;
			const double error = truth - 1 / (1 + exp(-weigh(weights, &pages[p])));

			for (size_t i = 0; i < ESTIMATE_TERMS; i++)
				weights[i] += RATE * error * pages[p].terms[i];
		}
}

static double agreement(size_t kind, unsigned int huge_bytes, const double weights[ESTIMATE_TERMS])
{
	size_t right = 0, all = 0;

	for (size_t p = 1; p < n_pages; p += 2, all++)
		right += (pages[p].bytes[kind] < huge_bytes) == (weigh(weights, &pages[p]) > 0);
	return (double)right / (double)all; /* NaN of none */
}

int main(int argc, char **argv)
{
	static const char *const specs[2] = { "lz4:1", "zstd:1" };
	static const unsigned int chains[] = { 4, 8, 16 };
	struct codec_run runs[2] = { 0 };
	int r = 0;

	if (argc < 2) {
		puts("estimate_fit fits rules to files: bench/estimate.sh --fit names them");
		return EXIT_IMPOSSIBLE;
	}
	pages = calloc(PAGES_MAX, sizeof(*pages));
	for (size_t k = 0; k < 2 && !r; k++)
		r = codec_open(&runs[k], specs[k], NULL);
	for (int i = 1; i < argc && !r && pages; i++)
		r = take_file(argv[i], runs);
	if (r || !pages) {
		fprintf(stderr, "estimate_fit: %s\n", strerror(pages ? -r : ENOMEM));
		return EXIT_FAILED;
	}
	printf("/* %zu pages, half of them for the fit; right on the others: */\n", n_pages);
	for (size_t c = 0; c < ARRAY_SIZE(chains); c++) {
		struct zsmalloc_model model;

		r = zsmalloc_init(&model, chains[c],
				  chains[c] == 4 ? ZSMALLOC_BEST_PERCENT : ZSMALLOC_LEAST_WASTE);
		if (r)
			return EXIT_FAILED;
		printf("{ %u, {", model.huge_bytes);
		for (size_t k = 0; k < 2; k++) {
			double weights[ESTIMATE_TERMS] = { 0 };

			fit(k, model.huge_bytes, weights);
			printf(" {");
			for (size_t i = 0; i < ESTIMATE_TERMS; i++)
				printf(" %.2f%s", weights[i], i + 1 < ESTIMATE_TERMS ? "," : "");
			printf(" },	/* %s %.2f %% */", specs[k],
			       100 * agreement(k, model.huge_bytes, weights));
		}
		puts(" } },");
	}
	for (size_t k = 0; k < 2; k++)
		codec_close(&runs[k]);
	free(pages);
	return EXIT_DONE;
}
