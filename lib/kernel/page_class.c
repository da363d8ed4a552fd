/* SPDX-License-Identifier: GPL-2.0-only */
/* page_class.c - classifies the content of a page, in at most two passes over it.
 *
 * The compiler vectorises the loops, also with AVX2 where the processor has it: a classification
 * costs a fiftieth of compressing the page with lz4.
 */
#include "page.h"

#define WORDS      (PAGE_BYTES / sizeof(uint64_t))
#define TEXT_BLOCK 128u /* bytes; their count fits in one */

#if defined(__x86_64__) && !defined(__clang__)
#define VECTORS __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define VECTORS
#endif

static bool is_same_filled(const uint64_t *words)
{
	for (size_t i = 1; i < WORDS; i++)
		if (words[i] != words[0])
			return false;
	return true;
}

/* Pointers: canonical user half, where x86-64 and arm64 map code, heap and stacks: bits 47..38 not
 * all 0, aligned. */
VECTORS static void count_words(const uint64_t *words, uint64_t *zeros, uint64_t *pointers)
{
	uint64_t n_zeros = 0, n_pointers = 0;

	for (size_t i = 0; i < WORDS; i++) {
		n_zeros += words[i] == 0;
		n_pointers += !(words[i] & UINT64_C(0xffff800000000003)) & (words[i] >> 38 != 0);
	}
	*zeros = n_zeros;
	*pointers = n_pointers;
}

VECTORS static bool is_text(const uint8_t *bytes)
{
	size_t others = 0;

	for (size_t at = 0; at < PAGE_BYTES; at += TEXT_BLOCK) {
		uint8_t n = 0;

		for (size_t i = at; i < at + TEXT_BLOCK; i++)
			n += (uint8_t)(bytes[i] - 0x20) >= 0x7f - 0x20 && bytes[i] != '\n' &&
			     bytes[i] != '\t';
		others += n;
		if (others > PAGE_BYTES / 10)
			return false;
	}
	return true;
}

enum page_class page_classify(const void *page)
{
	const uint64_t *words = page;
	uint64_t zeros, pointers;

	if (is_same_filled(words))
		return words[0] ? PAGE_SAME_FILLED : PAGE_ZERO;
	count_words(words, &zeros, &pointers);
	if (zeros >= WORDS / 2)
		return PAGE_SPARSE;
	if (is_text(page))
		return PAGE_TEXT;
	return pointers >= WORDS / 4 ? PAGE_POINTER : PAGE_OTHER;
}

const char *page_class_name(enum page_class class)
{
	static const char *const names[PAGE_CLASSES] = {
		[PAGE_ZERO] = "zero", [PAGE_SAME_FILLED] = "same_filled", [PAGE_SPARSE] = "sparse",
		[PAGE_TEXT] = "text", [PAGE_POINTER] = "pointer",         [PAGE_OTHER] = "other",
	};

	return names[class];
}
