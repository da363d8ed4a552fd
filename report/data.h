/* SPDX-License-Identifier: GPL-2.0-only */
/* data.h - one study as the results database has it, read into memory. */
#ifndef COLDPRESS_REPORT_DATA_H
#define COLDPRESS_REPORT_DATA_H

#include "lib/results/comparison.h"
#include "lib/results/results.h"

/* The share of the pages written to a pool that were not read again by this age. */
struct stay {
	double age_ns, share;
};

struct configuration {
	char *id, *name;
	double limit_bytes;
	struct results_run *runs;
	size_t n_runs;
	struct stay *stays; /* by age, of the probed run; none: no pool_probe */
	size_t n_stays;
	struct comparison comparison;
};

struct ranking {
	char *codec, *tier, *reason;
	int64_t place; /* 0: not eligible */
	bool recommended;
	double fair_score, value_gib_per_core, saved_slot_bytes, saved_codec_bytes, total_bytes;
	double compress_cpu_ms, decompress_cpu_ms, readback_factor;
};

struct prediction {
	char *configuration, *name;
	double predicted, measured, error_ratio;
};

struct bin {
	char *codec;
	double bin_bytes, pages;
};

struct target {
	char *id, *name, *argv;
	char *curve; /* points of a search as JSON lines (search_records.h); NULL: it had none */
	int64_t uid; /* MISSING_I64: not known */
	struct configuration *configurations; /* none first, where there is one */
	struct ranking *rankings;
	struct prediction *predictions;
	struct bin *bins; /* by codec, then size */
	size_t n_configurations, n_rankings, n_predictions, n_bins;
};

struct pair {
	char *kind, *key, *value;
};

struct stored_study {
	char *id, *started, *argv, *seed, *settings, *version, *state, *answer, *recommended;
	double limit_ratio;
	int64_t blocks;
	struct target *targets;
	struct pair *environment, *notes;
	size_t n_targets, n_environment, n_notes;
	double break_even_bytes; /* largest compressed length that still saves RAM; NaN: not known
				  */
	struct results *results;
	char **texts; /* all strings, to be freed */
	size_t n_texts;
	bool failed; /* a SELECT failed */
};

/* data_load - the study with this id, or a unique beginning of it; NULL or "latest": the last one
 * started. errors  -ENOENT no such study, or none at all; -EBADMSG the database does not answer
 */
int data_load(struct stored_study *ret, struct results *results, const char *id, struct err *e);
void data_done(struct stored_study *study);

/* One point of a time series, in bytes and seconds from the start of the run; NaN: not sampled
 * then. */
struct point {
	double t_s, ram, pool, swap;
};

/* data_series - of the run that represents a configuration: one that counts before others, timed
 * before probed, and among those the one of median wall time. -ENOENT: no run has samples. *ret is
 * to be freed.
 */
int data_series(struct stored_study *study, const struct configuration *c, struct point **ret,
		size_t *n);

/* data_value - one metric of a configuration. */
static inline const struct compare_value *data_value(const struct configuration *c, int metric)
{
	return &c->comparison.values[metric];
}

#endif
