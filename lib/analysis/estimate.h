/* SPDX-License-Identifier: GPL-2.0-only */
/* estimate.h - whether compressing a page is worth the try, without compressing it.
 *
 * Four runs of 80 bytes of the page are looked at: how many different byte values there are (of
 * every fourth byte), and how many words of four bytes stood in the look before. A rule fitted to
 * both decides. It is a guess: how often it is right on which memory, `compressor_monitor scan
 * --estimate` and bench/estimate.sh tell.
 */
#ifndef COLDPRESS_ANALYSIS_ESTIMATE_H
#define COLDPRESS_ANALYSIS_ESTIMATE_H

#include "lib/base/base.h"

struct estimate_features {
	uint16_t distinct; /* byte values, of 80 bytes looked at */
	uint16_t matches;  /* words seen before, of 80 looked at */
};

#define ESTIMATE_TERMS 5

/* estimate_look - page has PAGE_BYTES bytes. */
struct estimate_features estimate_look(const void *page);

/* estimate_fits - whether a codec would make less than huge_bytes of such a page, so that zram
 * keeps it compressed. entropy: the codec also shortens rare and frequent bytes (zstd, deflate),
 * not only repeats (lz4, lzo, snappy). The rules are fitted for the bounds that chains of 4, 8 and
 * 16 pages give; the nearest one is taken.
 */
bool estimate_fits(const struct estimate_features *features, bool entropy, unsigned int huge_bytes);

/* estimate_terms - what a rule weighs, for fitting one: a constant, the features and two products.
 */
void estimate_terms(const struct estimate_features *features, double ret[ESTIMATE_TERMS]);

#endif
