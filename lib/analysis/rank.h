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
#define RANK_RESIDENCE_NS (120 * NS_PER_S) /* where none was measured */

/* Totals over all pages that were measured. */
struct rank_codec {
	const char *label;  /* "zstd:3" */
	bool heavy, failed; /* failed: a page did not decompress to its original */
	uint64_t orig_bytes, codec_bytes, slot_bytes;
	uint64_t compress_cpu_ns, decompress_cpu_ns; /* MISSING_U64: not measured */
};

struct rank_query {
	const char *target; /* what was measured; may be NULL */
	struct policy_settings policy;
	/* CPU times of a codec that is the model of one of these are multiplied by its factors. */
	const struct calibration *calibrations;
	size_t n_calibrations;
	const char *calibration_source; /* the file that they come from, for the text */
};

/* What the policy says about one codec. Missing numbers are MISSING_U64 or NaN. */
struct rank_candidate {
	uint64_t rank;                     /* 1 = chosen; missing = not eligible */
	const char *target, *label, *tier; /* tier: "fast", "heavy" */
	double saved_slot_ratio, saved_codec_ratio, saved_bytes;
	double compress_cpu_ms, decompress_cpu_ms, cost_cpu_ms;
	double fair_score, vs_baseline_ratio, value_gib_per_core;
	char costs[48];     /* "library", "kernel", "kernel NAME": whose CPU times */
	const char *reason; /* policy_reason_name */
	char why[160];      /* policy_explain */
};

struct ranking {
	struct rank_candidate candidates[RANK_CODECS_MAX]; /* by rank, ineligible ones last */
	size_t n;
	const char *choice;   /* label of candidates[0]; NULL = no codec repays its CPU */
	const char *decision; /* "leave_alone", "baseline", "fast" or "heavy" */
	double saved_ratio, cost_cpu_ms; /* of the choice; else missing */
	char answer[320];                /* the decision in a sentence */
	char calibration[512];           /* the calibrations that were applied; "" = none */
};

/* rank_codecs - at most RANK_CODECS_MAX codecs; labels and target must live as long as ret. */
void rank_codecs(const struct rank_query *query, const struct rank_codec *codecs, size_t n,
		 struct ranking *ret);

/* One choice over a range of readback factors, at a price. */
struct rank_range {
	double price_gib_per_core, from_factor, to_factor;
	const char *choice; /* NULL = none */
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
