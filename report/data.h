/* SPDX-License-Identifier: GPL-2.0-only */
/* data.h - one study as the store has it, read into memory, with the figures that follow from it.
 */
#ifndef COLDPRESS_REPORT_DATA_H
#define COLDPRESS_REPORT_DATA_H

#include "quantity.h"
#include "lib/results/results.h"

struct run {
	char *id, *kind, *state, *reason;
	int64_t block, position;
	bool counts;              /* its state lets it into medians */
	double value[QUANTITIES]; /* in base units; NaN: missing */
};

/* Of one quantity over an arm's runs that count. */
struct figure {
	size_t n;
	double median, low, high; /* low and high: the smallest and largest, not an interval */
	bool probed; /* no timed run has it: from the run that carried the probes, or the reference
		      */
};

/* The share of an arm's pages still out of memory so long after they were stored. */
struct stay {
	double age_ns, out;
};

struct arm {
	char *id, *name, *algorithm;
	double limit_bytes, pool_bytes, mem_limit_bytes;
	struct run *runs;
	size_t n_runs;
	struct stay *stays; /* by age, of the probed run; none: no pool_probe */
	size_t n_stays;
	struct figure figures[QUANTITIES];
	double slowdown, slowdown_low,
		slowdown_high; /* Hodges-Lehmann, exact 95 % interval; NaN: n too small */
};

struct ranking {
	char *codec, *tier, *reason;
	int64_t place; /* 0: not eligible */
	bool recommended;
	double fair_score, value_gib_per_core, saved_slot_bytes, saved_codec_bytes, total_bytes;
	double compress_cpu_ms, decompress_cpu_ms, readback_factor;
};

struct prediction {
	char *arm, *name;
	double predicted, measured;
};

struct bin {
	char *codec;
	double bin_bytes, pages;
};

struct target {
	char *id, *name, *argv;
	int64_t uid; /* MISSING_I64: not known */
	struct arm *arms;
	struct ranking *rankings;
	struct prediction *predictions;
	struct bin *bins; /* by codec, then size */
	size_t n_arms, n_rankings, n_predictions, n_bins;
};

struct pair {
	char *kind, *key, *value;
};

struct study {
	char *id, *started, *ended, *argv, *command, *seed, *settings, *version, *state, *answer,
		*recommended;
	double limit_ratio;
	int64_t blocks;
	struct target *targets;
	struct pair *environment, *notes;
	size_t n_targets, n_environment, n_notes;
	double break_even_bytes; /* largest compressed length that still saves RAM; NaN: not known
				  */
	struct sqlite3 *db;
	bool failed; /* a SELECT did not come to its end */
};

/* data_load - the study with this id, or a unique beginning of it; NULL or "latest": the last one
 * started. errors  -ENOENT no such study, or none at all; -EBADMSG the store does not answer
 */
int data_load(struct study *ret, struct results *results, const char *id, struct err *e);
void data_done(struct study *study);

/* One point of a time series, in bytes and seconds from the start of the run; NaN: not sampled
 * then. */
struct point {
	double t_s, ram, pool, swap, orig;
};

/* data_series - of the arm's run that shows it best: counted before others, timed before probed,
 * and among those the one of median wall time. *run is NULL where no run has samples. *ret is to be
 * freed.
 */
void data_series(struct study *study, const struct arm *arm, const struct run **run,
		 struct point **ret, size_t *n);

const struct arm *data_baseline(
	const struct target *target); /* the arm "none"; NULL: there is none */

/* data_add - room for one more element of a list, zeroed; ends the program when there is no memory.
 */
void *data_add(void *list, size_t *n, size_t size);

#endif
