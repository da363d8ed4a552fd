/* SPDX-License-Identifier: GPL-2.0-only */
/* page_sizes.c - what a mixture's pages shall compress to, without any scan: its own pages through
 * the libraries.
 *
 *   page_sizes CONTENTS SEED PAGES
 *
 * Prints `CODEC BIN COUNT` for lz4:1 and zstd:1: pages of compressed lengths up to BIN bytes, from
 * 64 less; 0 of one repeated word, 4096 and longer ones too.
 */
#include <lz4.h>
#include <zstd.h>

#include "lib/analysis/mixture.h"

#define BINS (PAGE_BYTES / 64 + 1)

static bool same_filled(const uint64_t *page)
{
	return !memcmp(page, page + 1, PAGE_BYTES - 8);
}

static size_t bin_of(size_t len)
{
	return MIN((len + 63) / 64, BINS - 1);
}

static void print(const char *codec, const uint64_t counts[BINS])
{
	for (size_t i = 0; i < BINS; i++)
		printf("%s %zu %llu\n", codec, i * 64, (unsigned long long)counts[i]);
}

int main(int argc, char **argv)
{
	static uint64_t page[PAGE_BYTES / 8], lz4[BINS], zstd[BINS];
	static char out[2 * PAGE_BYTES];
	const struct mixture *mixture;

	if (argc != 4 || mixture_find(argv[1], &mixture, NULL))
		return EXIT_USAGE;
	for (uint64_t i = 0; i < strtoull(argv[3], NULL, 10); i++) {
		mixture_fill(page, mixture, strtoull(argv[2], NULL, 10), i, 0);
		if (same_filled(page)) {
			lz4[0]++;
			zstd[0]++;
			continue;
		}
		lz4[bin_of((size_t)LZ4_compress_default((const char *)page, out, PAGE_BYTES,
							sizeof(out)))]++;
		zstd[bin_of(ZSTD_compress(out, sizeof(out), page, PAGE_BYTES, 1))]++;
	}
	print("lz4:1", lz4);
	print("zstd:1", zstd);
	return EXIT_DONE;
}
