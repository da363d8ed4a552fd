/* SPDX-License-Identifier: GPL-2.0-only */
/* estimate.c - a look at 384 bytes of a page, and the rules that judge it. */
#include "estimate.h"

#define RUNS		4
#define RUN_BYTES	96
#define WORD_BYTES	4
#define TABLE_BITS	7

struct estimate_features estimate_look(const void *page)
{
	uint32_t table[1 << TABLE_BITS];
	union {
		uint8_t bytes[256];
		uint64_t words[256 / sizeof(uint64_t)];
	} seen = { 0 };
	uint64_t sums = 0;	/* eight of them, a byte each */
	struct estimate_features ret;
	unsigned int matches = 0;

	memset(table, 0xa5, sizeof(table));	/* a word that is rare in memory */
	for (size_t run = 0; run < RUNS; run++) {
		/* not at the same place of each quarter, where tables have the same column */
		const uint8_t *at = (const uint8_t *)page + run * (PAGE_BYTES / RUNS + 40);

		for (size_t i = 0; i < RUN_BYTES; i += WORD_BYTES) {
			uint32_t word, slot;

			memcpy(&word, at + i, sizeof(word));
			slot = word * UINT32_C(2654435761) >> (32 - TABLE_BITS);	/* Knuth's multiplicative hash */
			matches += table[slot] == word;
			table[slot] = word;
			seen.bytes[at[i]] = 1;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(seen.words); i++)
		sums += seen.words[i];
	ret.matches = (uint16_t)matches;
	ret.distinct = (uint16_t)(sums * UINT64_C(0x0101010101010101) >> 56);	/* at most 96: no byte overflows */
	return ret;
}

void estimate_terms(const struct estimate_features *features, double ret[ESTIMATE_TERMS])
{
	const double distinct = features->distinct / 96.0, matches = features->matches / 24.0;

	ret[0] = 1;
	ret[1] = distinct;
	ret[2] = matches;
	ret[3] = distinct * distinct;
	ret[4] = distinct * matches;
}

bool estimate_fits(const struct estimate_features *features, bool entropy, unsigned int huge_bytes)
{
	/* Fitted by build/bench/estimate_fit on what bench/estimate.sh makes. */
	static const struct {
		unsigned int huge_bytes;
		double weights[2][ESTIMATE_TERMS];	/* repeats only; entropy too */
	} rules[] = {
		{ 3257, { { 3.29, -0.77, 4.77, -8.80, 4.64 }, { 6.31, -4.79, 10.10, -9.77, 4.91 } } },
		{ 3625, { { 3.82, -1.70, 10.59, -9.31, 5.75 }, { 10.71, -6.91, 10.48, -13.67, 5.26 } } },
		{ 3833, { { 5.14, -1.86, 11.15, -11.04, 6.14 }, { 10.65, -6.82, 10.44, -13.51, 5.25 } } },
	};
	double terms[ESTIMATE_TERMS], sum = 0;
	size_t best = 0;

	for (size_t i = 1; i < ARRAY_SIZE(rules); i++)
		if (abs((int)rules[i].huge_bytes - (int)huge_bytes) < abs((int)rules[best].huge_bytes - (int)huge_bytes))
			best = i;
	estimate_terms(features, terms);
	for (size_t i = 0; i < ESTIMATE_TERMS; i++)
		sum += terms[i] * rules[best].weights[entropy][i];
	return sum > 0;
}
