/* SPDX-License-Identifier: GPL-2.0-only */
/* rank.c - the study's settings and calibrations as a query of the ranking. */
#include "rank.h"

#include <math.h>

void study_rank(const struct study *s, const struct study_target *target, double readback_factor,
		double residence_ns, struct ranking *ret)
{
	const struct study_scan *scan = &target->scan;
	struct rank_codec codecs[STUDY_CODECS_MAX];
	struct rank_query query = {
		.target = target->name,
		.policy = {
			.floor_ratio = s->config->floor_ratio,
			.readback_factor = readback_factor,
			.heavy_below = s->config->heavy_below,
			.price_gib_per_core = s->config->price_gib_per_core,
			.residence_s = (isnan(residence_ns) ? (double)RANK_RESIDENCE_NS
							    : residence_ns) /
				       NS_PER_S,
			.savings = (enum policy_savings)s->config->savings,
		},
		.calibrations = s->calibrations,
		.n_calibrations = s->n_calibrations,
		.calibration_source = s->calibrations_path,
	};

	scan_rank_memory(&scan->summary, &query);
	for (size_t i = 0; i < scan->n; i++) {
		codecs[i] = scan_rank_codec(&scan->codecs[i]);
		codecs[i].groups = scan->groups[i];
	}
	rank_codecs(&query, codecs, scan->n, ret);
}
