/* SPDX-License-Identifier: GPL-2.0-only */
/* rank.h - the policy (lib/policy) applied to the codecs of a scan or a bench. */
#ifndef COLDPRESS_MONITOR_RANK_H
#define COLDPRESS_MONITOR_RANK_H

#include "lib/analysis/policy.h"
#include "lib/base/record.h"
#include "scan.h"
#include "lib/results/calibration.h"

enum rank_class { RANK_HOT, RANK_WARM, RANK_COLD };
extern const char *const rank_class_choices[], *const rank_savings_choices[];

struct rank_config {
	struct policy_settings policy; /* but for what follows */
	double readback;               /* NaN = by class, or as readback_from says */
	uint64_t residence_ns; /* MISSING_U64 = as readback_from says, or RANK_RESIDENCE_NS */
	uint64_t watch_ns;
	int class, savings;
	const char *json, *csv;
	const char *readback_from, *subject, *kernel_costs, *figure;
	bool sweep, no_calibration;

	/* Filled by rank_prepare. */
	const char *readback_source; /* NULL = given, or by class */
	struct results_calibration costs[RESULTS_CALIBRATIONS_MAX];
	size_t n_costs;
	const char *costs_from; /* the store they are of; NULL = none */
	char source[256];
};

#define RANK_RESIDENCE_NS (120 * NS_PER_S)

/* rank_prepare - reads what --readback-from and --kernel-costs name into the configuration; a
 * factor or residence that was given stays. Without --kernel-costs the calibrations come from the
 * store of --readback-from, else from the usual one; if that is not there, or has none of this
 * machine, times stay the libraries'.
 *
 * errors  readback.h's; -ENODATA the store of --kernel-costs has no calibration of this machine
 */
int rank_prepare(struct rank_config *config, struct err *e);

struct rank_candidate_record {
	uint64_t rank;
	const char *subject, *label, *tier;
	double saved_slot_ratio, saved_codec_ratio, saved_bytes;
	double compress_cpu_ms, decompress_cpu_ms, cost_cpu_ms;
	double fair_score, vs_baseline_ratio, value_gib_per_core;
	const char *costs, *reason, *why;
};

struct rank_decision_record {
	const char *subject, *choice, *answer, *class;
	double readback_factor;
	const char *readback_source;
	double floor_ratio, heavy_below, price_gib_per_core;
	uint64_t residence_ns;
	const char *savings, *calibration;
};

/* What to do with the pages of one class. */
struct rank_class_record {
	const char *class, *decision, *choice;
	uint64_t pages;
	double saved_ratio, cost_cpu_ms;
	const char *why;
};

/* One choice over a range of readback factors, at a price. */
struct rank_sweep_record {
	double price_gib_per_core, from_factor, to_factor;
	const char *choice;
};

/* A codec that no other beats in both bytes and CPU. */
struct rank_front_record {
	const char *label;
	double cost_cpu_ms, saved_bytes, extra_bytes_per_ms;
};

extern const struct record_type rank_candidate_type, rank_class_type, rank_decision_type,
	rank_sweep_type, rank_front_type;

struct rank_result {
	struct rank_candidate_record candidates[SCAN_CODECS_MAX];
	size_t n;
	struct rank_class_record classes[PAGE_CLASSES];
	size_t n_classes; /* those with pages that need a codec; 0 for earlier results */
	struct rank_decision_record decision;
	char class_why[PAGE_CLASSES][160];
	/* What the records' strings point to. */
	char costs[SCAN_CODECS_MAX][48], why[SCAN_CODECS_MAX][160], answer[320], calibration[512];
};

/* What the policy is asked: its settings, and one candidate for each codec into ret
 * (SCAN_CODECS_MAX). */
struct policy_settings rank_settings(const struct rank_config *config);
size_t rank_candidates(const struct rank_config *config, const struct scan_result *scan,
		       struct policy_candidate *ret);

/* rank_sweep - for prices from 0.5 to 32, the ranges of readback factors from 0 to 16 with one
 * choice each, in order. Returns what take returned, if not 0.
 */
typedef int rank_sweep_take(void *arg, const struct rank_sweep_record *range);
int rank_sweep(const struct rank_config *config, const struct scan_result *scan,
	       rank_sweep_take *take, void *arg);

/* rank_front - the Pareto front of a ranking, the cheapest first, into ret (SCAN_CODECS_MAX);
 * returns how many. */
size_t rank_front(const struct rank_result *ranking, struct rank_front_record *ret);

/* rank_codecs - candidates come in the order of their rank, ineligible ones last. ret points into
 * itself and into the scan.
 */
void rank_codecs(const struct rank_config *config, const struct scan_result *scan,
		 struct rank_result *ret);

#endif
