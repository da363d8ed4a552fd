/* SPDX-License-Identifier: GPL-2.0-only */
/* verdict_model.h - programs with known curves of slowdown against RAM, and the noise of their
 * runs.
 *
 * For bench/verdict_sim.c and tests/unit/test_search.c. Log slowdown at a limit x (of the peak),
 * scaled by the algorithm's cost:
 *
 *   steep           0.004 (exp((1 - x) / w) - 1), w 0.06 to 0.10: 5 % between x = 0.85 and 0.74
 * (lz4) flat            the same, w 0.25 to 0.40: 5 % between x = 0.36 and 0.1 cliff 0.006 (1 - x)
 * down to a limit between 0.4 and 0.8, above 0.6 below it nothing         0.25 and more at every
 * limit incompressible  as flat, but the pool is as large as what it holds edge            just
 * over 5 % at every limit: each claim is a wrong one same            no slowdown and no RAM saved:
 * reference against reference
 *
 * A run's log time adds a normal value (sd = cv), a first-order drift (0.95 a run, sd 0.48 cv) and
 * in 2 % of runs an outlier of 5 to 30 %. The stall share covers 0.6 to 1.1 of the slowdown, +-15
 * %; a quarter of the programs has none.
 */
#ifndef COLDPRESS_BENCH_VERDICT_MODEL_H
#define COLDPRESS_BENCH_VERDICT_MODEL_H

#include <math.h>

#include "lib/analysis/search.h"

enum model_kind { STEEP, FLAT, CLIFF, NOTHING, INCOMPRESSIBLE, EDGE, SAME, MODEL_KINDS };

#define MODEL_PEAK  (200.0 * MIB)
#define MODEL_MEAN  0.85 /* of the peak: the reference's mean RAM */
#define MODEL_ALGOS 3

/* lz4, lzo-rle and zstd, roughly: cost against lz4's and RAM left of what is swapped out. */
static const double model_cost[MODEL_ALGOS] = { 1.0, 1.1, 2.0 };
static const double model_ratio[MODEL_ALGOS] = { 0.40, 0.42, 0.28 };

struct model {
	enum model_kind kind;
	double cv, reference_ns, shape, stall_factor, drift;
	struct prng rng;
};

static inline double model_uniform(struct model *m, double low, double high)
{
	return low + (high - low) * (double)(prng_next(&m->rng) >> 11) * 0x1p-53;
}

static inline double model_normal(struct model *m)
{
	double u = model_uniform(m, 1e-12, 1), v = model_uniform(m, 0, 2 * M_PI);

	return sqrt(-2 * log(u)) * cos(v);
}

static inline void model_init(struct model *m, enum model_kind kind, double cv, double reference_ns,
			      uint64_t seed)
{
	*m = (struct model){ .kind = kind, .cv = cv, .reference_ns = reference_ns };
	prng_seed(&m->rng, seed);
	m->shape = kind == STEEP   ? model_uniform(m, 0.06, 0.10)
		   : kind == CLIFF ? model_uniform(m, 0.4, 0.8)
				   : model_uniform(m, 0.25, 0.40);
	m->stall_factor = model_uniform(m, 0, 1) < 0.25 ? MISSING_F64 : model_uniform(m, 0.6, 1.1);
}

static inline double model_slowdown(const struct model *m, size_t algo, double x)
{
	if (algo == SEARCH_NO_ALGO || m->kind == SAME)
		return 0;
	switch (m->kind) {
	case CLIFF:
		return model_cost[algo] * (x > m->shape ? 0.006 * (1 - x) : 0.6 + m->shape - x);
	case EDGE:
		return log(1.05) + 1e-9;
	case NOTHING:
		return model_cost[algo] * (0.25 + 3 * (1 - x));
	default:
		return model_cost[algo] * 0.004 * (exp((1 - x) / m->shape) - 1);
	}
}

/* Mean total RAM as a ratio of the reference's. */
static inline double model_ram(const struct model *m, size_t algo, double x)
{
	double left = m->kind == INCOMPRESSIBLE || m->kind == SAME ? 1 : model_ratio[algo];

	return x + (1 - x) * left;
}

/* The least RAM at which an algorithm is within the bound; 1 where nothing is saved. */
static inline double model_best_ram(const struct model *m, size_t n_algos, double log_bound)
{
	double best = 1;

	for (size_t i = 0; i < n_algos; i++) {
		double x = 1;

		while (x > 0.1 && model_slowdown(m, i, x - 0.001) <= log_bound)
			x -= 0.001;
		best = MIN(best, model_ram(m, i, x));
	}
	return best;
}

static inline void model_run(struct model *m, const struct search_ask *ask, struct search_run *ret)
{
	double slowdown = model_slowdown(m, ask->algo, ask->limit_ratio), log_time, elapsed, ram;
	double limit = ask->algo == SEARCH_NO_ALGO ? 1 : ask->limit_ratio;

	m->drift = 0.95 * m->drift + 0.15 * m->cv * model_normal(m);
	log_time = slowdown + m->cv * model_normal(m) + m->drift;
	if (model_uniform(m, 0, 1) < 0.02)
		log_time += model_uniform(m, 0.05, 0.30);
	elapsed = m->reference_ns * exp(log_time);
	*ret = (struct search_run){ .ask = *ask, .stall_ratio = MISSING_F64 };
	if (ask->abort_ns && elapsed > (double)ask->abort_ns) {
		elapsed = (double)ask->abort_ns;
		ret->outcome = SEARCH_ABORTED;
	}
	ram = ask->algo == SEARCH_NO_ALGO ? 1 : model_ram(m, ask->algo, limit);
	ram *= exp(0.005 * model_normal(m)) * (ret->outcome == SEARCH_ABORTED ? 0.95 : 1);
	ret->cost = elapsed;
	ret->elapsed_ns = (uint64_t)elapsed;
	ret->wall_ns = ret->elapsed_ns + 400 * NS_PER_MS;
	ret->ram_mean_bytes = MODEL_PEAK * MODEL_MEAN * ram;
	ret->ram_peak_bytes = MODEL_PEAK * ram;
	if (!isnan(m->stall_factor)) {
		double stall = 1 - exp(-m->stall_factor * slowdown);

		stall = stall * exp(0.15 * model_normal(m)) + fabs(0.001 * model_normal(m));
		ret->stall_ratio = MIN(stall, 0.99);
	}
}

/* A whole search. Its runs stand in (*ret)->run. */
static inline int model_study(struct model *m, const struct search_config *config,
			      struct search **ret)
{
	struct search_ask ask;
	struct search_run run;
	int rc = search_new(config, ret);

	while (!rc && search_next(*ret, &ask)) {
		model_run(m, &ask, &run);
		rc = search_add(*ret, &run);
	}
	return rc;
}

#endif
