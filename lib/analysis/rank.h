/* SPDX-License-Identifier: GPL-2.0-only */
/* rank.h - the policy applied to codecs that were measured on the same pages.
 *
 * Measured codecs in, ranking out: no I/O, no allocation. The structs hold what the records of
 * `compressor_monitor rank` print; a ranking does not point into itself and may be copied.
 */
#ifndef COLDPRESS_ANALYSIS_RANK_H
#define COLDPRESS_ANALYSIS_RANK_H

#include "calibration.h"
#include "policy.h"

#define RANK_CODECS_MAX   64
#define RANK_GROUPS       32
#define RANK_REDRAWS      1000
#define RANK_RESIDENCE_NS (120 * NS_PER_S) /* where none was measured */

/* A random part of the measured pages, the same pages for every codec. */
struct rank_group {
	uint64_t orig_bytes, codec_bytes, slot_bytes, compress_cpu_ns, decompress_cpu_ns;
};

/* Totals over all pages that were measured and need a codec: neither zero nor same-filled. */
struct rank_codec {
	const char *label;  /* "zstd:3" */
	bool heavy, failed; /* failed: a page did not decompress to its original */
	uint64_t orig_bytes, codec_bytes, slot_bytes;
	uint64_t compress_cpu_ns, decompress_cpu_ns; /* MISSING_U64: not measured */
	/* 95 % interval of the share of all memory that is saved in slots; NaN = not known */
	double memory_low_ratio, memory_high_ratio;
	const struct rank_group *groups; /* RANK_GROUPS of them, together the totals; may be NULL */
};

struct rank_query {
	const char *target;     /* what was measured; may be NULL */
	uint64_t same_bytes;    /* zero and same-filled pages measured beside those of the codecs */
	double unsampled_ratio; /* pages that were not measured, of all; 1 if that is not known */
	struct policy_settings policy;
	/* CPU times of a codec that is the model of one of these are multiplied by its factors. */
	const struct calibration *calibrations;
	size_t n_calibrations;
	const char *calibration_source; /* the file that they come from, for the text */
};

/* What the policy says about one codec. Missing numbers are MISSING_U64 or NaN. */
struct rank_candidate {
	uint64_t rank;                     /* 1 = best fair_score; missing = not eligible */
	bool chosen;                       /* writes pages, or recompresses them */
	const char *target, *label, *tier; /* tier: "fast", "heavy" */
	/* Of the whole memory, zero and same-filled pages with it; saved_bytes without them. */
	double saved_slot_ratio, saved_codec_ratio, saved_bytes;
	double compress_cpu_ms, decompress_cpu_ms, cost_cpu_ms;
	double fair_score, vs_baseline_ratio, value_gib_per_core;
	char costs[48];     /* "library", "kernel", "kernel NAME": whose CPU times */
	const char *reason; /* policy_reason_name */
	char why[160];      /* policy_explain */
};

/* How often which choice wins when the measured pages are drawn again. */
struct rank_sureness {
	double win_ratio;   /* redraws with the same choice; NaN = cannot be had */
	char runner_up[72]; /* the most frequent other choice; "" = none */
	double runner_up_ratio;
};

struct ranking {
	struct rank_candidate candidates[RANK_CODECS_MAX]; /* by rank, ineligible ones last */
	size_t n;
	const char *choice;     /* label of the codec that writes pages; NULL = none */
	const char *recompress; /* of the one that recompresses idle pages; NULL = none */
	/* "leave_alone", "no_codec" (zero and same-filled pages are worth a pool, no codec is),
	 * "baseline", "fast", "heavy", "two_stage"
	 */
	const char *decision;
	double saved_ratio; /* of the whole memory, with no_codec too; missing for leave_alone */
	double saved_low_ratio, saved_high_ratio; /* 95 % interval of that, of one codec's slots */
	double no_codec_ratio; /* zero and same-filled pages, of the whole memory; NaN = no page */
	double cost_cpu_ms;    /* of the choice; else missing */
	struct rank_sureness sureness;
	char answer[400];      /* the decision in a sentence */
	char why[200];         /* the reason alone */
	char calibration[512]; /* the calibrations that were applied; "" = none */
};

/* rank_codecs - at most RANK_CODECS_MAX codecs; labels and target must live as long as ret. Without
 * groups, and for classes of pages, there is no sureness.
 */
void rank_codecs(const struct rank_query *query, const struct rank_codec *codecs, size_t n,
		 struct ranking *ret);

/* rank_name - of a choice, "zstd:3", "lz4:1 + zstd:3" (the second for idle pages), or "none". */
const char *rank_name(const char *choice, const char *recompress, char *buf, size_t len);

/* One choice over a range of readback factors, at a price. */
struct rank_range {
	double price_gib_per_core, from_factor, to_factor;
	const char *choice;     /* NULL = none */
	const char *recompress; /* NULL = none */
};

/* rank_sweep - for prices from 0.5 to 32, the ranges of readback factors from 0 to 16 with one
 * choice each, in order. Returns what take returned, if not 0.
 */
int rank_sweep(const struct rank_query *query, const struct rank_codec *codecs, size_t n,
	       int (*take)(void *ctx, const struct rank_range *range), void *ctx);

/* A codec that no other beats in both bytes and CPU. */
struct rank_front {
	const char *label;
	double cost_cpu_ms, saved_bytes;
	double extra_bytes_per_ms; /* beyond the next cheaper one */
};

/* rank_pareto - the Pareto front of a ranking, cheapest first, into ret (RANK_CODECS_MAX); returns
 * how many.
 */
size_t rank_pareto(const struct ranking *ranking, struct rank_front *ret);

#endif
