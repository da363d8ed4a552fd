/* SPDX-License-Identifier: GPL-2.0-only */
/* mixture.h - page profiles: pages generated from a seed, of the kinds that processes have, in
 * stated proportions.
 *
 * A page is a pure function of (mixture, seed, index, generation), the same on any machine. Its
 * kind depends on the index alone, so that rewriting it (the next generation) changes its bytes,
 * not what it is; kinds are spread evenly: any run of n pages has each in its proportion to within
 * a few pages.
 */
#ifndef COLDPRESS_ANALYSIS_MIXTURE_H
#define COLDPRESS_ANALYSIS_MIXTURE_H

#include "lib/base/err.h"

enum mixture_kind {
	MIXTURE_ZERO,       /* every byte 0 */
	MIXTURE_SAME,       /* one 8-byte word repeated */
	MIXTURE_DUPLICATE,  /* a copy of one of 16 text pages */
	MIXTURE_SPARSE,     /* mostly zero: small numbers in one word of six */
	MIXTURE_POINTER,    /* records of heap pointers, a type pointer, counters and flags */
	MIXTURE_TEXT,       /* log lines in JSON, and one page in four prose */
	MIXTURE_COMPRESSED, /* random behind small headers, like parts of an image or archive */
	MIXTURE_RANDOM,
	MIXTURE_KINDS
};

struct mixture {
	const char *name;
	uint16_t permille[MIXTURE_KINDS]; /* add up to 1000 */
	const char *source;               /* origin of the proportions */
};

/* mixture_at - the i-th profile; the first is the default. NULL behind the last. */
const struct mixture *mixture_at(size_t i);

/* mixture_find - errors  exit 2, naming the profiles */
int mixture_find(const char *name, const struct mixture **ret, struct err *e);

/* mixture_for_ratio - a mixture that LZ4 compresses by this ratio on average (uncompressed /
 * compressed bytes), within 2 % with liblz4 1.9.4: `mixed` with more random or more sparse pages.
 *
 * errors  exit 2 the ratio is not from 1 to 7
 */
int mixture_for_ratio(double ratio, struct mixture *ret, struct err *e);

/* mixture_kind_name - "zero", "same", ... */
const char *mixture_kind_name(enum mixture_kind kind);

/* mixture_kind_of - kind of the page at this index, in any generation. */
enum mixture_kind mixture_kind_of(const struct mixture *mixture, uint64_t seed, uint64_t index);

/* mixture_fill - the PAGE_BYTES bytes of a page, 8-aligned. Returns its kind. */
enum mixture_kind mixture_fill(void *page, const struct mixture *mixture, uint64_t seed,
			       uint64_t index, uint64_t generation);

/* mixture_fill_sized - a page of one kind that LZ4 compresses to this length, within 100 bytes on
 * average, by zeros or random bytes at its end. Not for zero and same-filled pages; lz4_bytes
 * MISSING_U64: the kind's own length.
 */
void mixture_fill_sized(void *page, enum mixture_kind kind, uint64_t lz4_bytes, uint64_t seed,
			uint64_t index, uint64_t generation);

/* mixture_hash - hash of two numbers (splitmix64's finalizer), for seeded choices elsewhere. */
uint64_t mixture_hash(uint64_t a, uint64_t b);

#endif
