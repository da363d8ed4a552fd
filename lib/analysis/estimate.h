/* SPDX-License-Identifier: GPL-2.0-only */
/* estimate.h - predicts whether a page is compressible, without compressing it.
 *
 * It counts, in four runs of 80 bytes of the page, different byte values (of every fourth byte) and
 * repeated words of four bytes; a rule fitted to both decides. `compressor_monitor scan --estimate`
 * and bench/estimate.sh measure how often it is right.
 */
#ifndef COLDPRESS_ANALYSIS_ESTIMATE_H
#define COLDPRESS_ANALYSIS_ESTIMATE_H

#include "lib/base/base.h"

struct estimate_features {
	uint16_t distinct; /* different byte values, of 80 bytes */
	uint16_t matches;  /* repeated words, of 80 */
};

#define ESTIMATE_TERMS 5

/* estimate_look - page has PAGE_BYTES bytes. */
struct estimate_features estimate_look(const void *page);

/* estimate_fits - whether a codec would compress such a page to less than huge_bytes, so that zram
 * stores it compressed. entropy: the codec has entropy coding (zstd, deflate), not only matches
 * (lz4, lzo, snappy). The rules are fitted for the limits of zspages of 4, 8 and 16 pages; the
 * nearest is used.
 */
bool estimate_fits(const struct estimate_features *features, bool entropy, unsigned int huge_bytes);

/* estimate_terms - the terms that a rule weights, for fitting one: a constant, the features and two
 * products.
 */
void estimate_terms(const struct estimate_features *features, double ret[ESTIMATE_TERMS]);

#endif
