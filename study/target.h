/* SPDX-License-Identifier: GPL-2.0-only */
/* target.h - a program under study, and its configurations with their runs. */
#ifndef COLDPRESS_STUDY_TARGET_H
#define COLDPRESS_STUDY_TARGET_H

#include "lib/analysis/search.h"
#include "lib/results/results.h"
#include "predict.h"
#include "run_record.h"

/* "none", and each algorithm at each limit. */
#define STUDY_CONFIGURATIONS_MAX 128
#define STUDY_CHOICES_MAX        8
#define STUDY_BLOCKS_MAX         100
/* The fewest that give a 95 % interval by ranks (stats_walsh_min_n). */
#define STUDY_BLOCKS_FOR_TIME    6

/* A pool to try. */
struct study_choice {
	const struct study_backend *backend;
	char algorithm[32], name[48];
};

struct study_configuration {
	const struct study_backend *backend;
	const struct study_choice *choice; /* NULL: the backend has no algorithm */
	char name[64];                     /* "none", "lz4", or with its limit "lz4@72.5%" */
	uint64_t limit_bytes;              /* MISSING_U64: none */
	struct results_id cell;
	struct results_run *runs; /* the reference run of none is its first */
	size_t n, capacity;
};

struct study_target {
	char name[64];
	char *const *argv;
	struct results_id workload;
	struct study_scan scan;
	struct search *search; /* once it has begun; NULL: fixed limits, or the scan alone */
	struct study_configuration configurations[STUDY_CONFIGURATIONS_MAX]; /* [0] is "none" */
	size_t n_configurations;
};

/* study_reference - the first run of none, without limit; NULL before it has ended. */
static inline const struct results_run *study_reference(const struct study_target *target)
{
	const struct study_configuration *none = &target->configurations[0];

	return none->n ? &none->runs[0] : NULL;
}

static inline const char *study_algorithm(const struct study_configuration *c)
{
	return c->choice ? c->choice->algorithm : NULL;
}

#endif
