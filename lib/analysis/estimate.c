/* SPDX-License-Identifier: GPL-2.0-only */
/* estimate.c - features of 320 bytes of a page, and the rules that decide on them. */
#include "estimate.h"

#define RUNS       4
#define RUN_BYTES  80
#define WORD_BYTES 4
#define TABLE_BITS 7

struct estimate_features estimate_look(const void *page)
{
	uint32_t table[1 << TABLE_BITS];
	union {
		uint8_t bytes[256];
		uint64_t words[256 / sizeof(uint64_t)];
	} seen = { 0 };
	uint64_t sums = 0; /* eight of them, a byte each */
	struct estimate_features ret;
	unsigned int matches = 0;

	memset(table, 0xa5, sizeof(table)); /* a rare word */
	for (size_t run = 0; run < RUNS; run++) {
		/* not at the same place of each quarter, where tables have the same column */
		const uint8_t *at = (const uint8_t *)page + run * (PAGE_BYTES / RUNS + 40);

		for (size_t i = 0; i < RUN_BYTES; i += WORD_BYTES) {
			uint32_t word, slot;

			memcpy(&word, at + i, sizeof(word));
			slot = word * UINT32_C(2654435761) >> (32 - TABLE_BITS); /* Knuth's hash */
			matches += table[slot] == word;
			table[slot] = word;
			seen.bytes[at[i]] = 1;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(seen.words); i++)
		sums += seen.words[i];
	ret.matches = (uint16_t)matches;
	ret.distinct = (uint16_t)(sums * UINT64_C(0x0101010101010101) >>
				  56); /* at most 80: no byte overflows */
	return ret;
}

void estimate_terms(const struct estimate_features *features, double ret[ESTIMATE_TERMS])
{
	const double distinct = features->distinct / 80.0, matches = features->matches / 20.0;

	ret[0] = 1;
	ret[1] = distinct;
	ret[2] = matches;
	ret[3] = distinct * distinct;
	ret[4] = distinct * matches;
}

static unsigned int distance(unsigned int a, unsigned int b)
{
	return a > b ? a - b : b - a;
}

bool estimate_fits(const struct estimate_features *features, bool entropy, unsigned int huge_bytes)
{
	/* Fitted by build/bench/estimate_fit on what bench/estimate.sh makes. */
	static const struct {
		unsigned int huge_bytes;
		double weights[2][ESTIMATE_TERMS]; /* repeats only; entropy too */
	} rules[] = {
		{ 3257,
		  {
			  { 3.83, -0.21, 3.88, -9.42, 4.53 },
			  { 6.99, -4.50, 9.11, -10.25, 4.65 },
		  } },
		{ 3625,
		  {
			  { 4.49, -1.39, 9.38, -9.87, 5.48 },
			  { 11.26, -6.45, 9.64, -13.97, 5.07 },
		  } },
		{ 3833,
		  {
			  { 5.65, -1.49, 9.98, -11.43, 5.85 },
			  { 11.18, -6.36, 9.64, -13.81, 5.08 },
		  } },
	};
	double terms[ESTIMATE_TERMS], sum = 0;
	size_t best = 0;

	for (size_t i = 1; i < ARRAY_SIZE(rules); i++)
		if (distance(rules[i].huge_bytes, huge_bytes) <
		    distance(rules[best].huge_bytes, huge_bytes))
			best = i;
	estimate_terms(features, terms);
	for (size_t i = 0; i < ESTIMATE_TERMS; i++)
		sum += terms[i] * rules[best].weights[entropy][i];
	return sum > 0;
}
