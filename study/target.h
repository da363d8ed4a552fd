/* SPDX-License-Identifier: GPL-2.0-only */
/* target.h - a program under study, and its configurations with their runs. */
#ifndef COLDPRESS_STUDY_TARGET_H
#define COLDPRESS_STUDY_TARGET_H

#include "lib/results/results.h"
#include "predict.h"
#include "run_record.h"

#define STUDY_CONFIGURATIONS_MAX 9 /* "none" and eight algorithms */
#define STUDY_BLOCKS_MAX         100
/* The fewest that give a 95 % interval by ranks (stats_walsh_min_n). */
#define STUDY_BLOCKS_FOR_TIME    6

/* A pool to try. */
struct study_choice {
	const struct study_backend *backend;
	char algorithm[32], name[48];
};

/* study_algorithm - of a configuration's name: what stands behind the backend's prefix. */
static inline const char *study_algorithm(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon ? colon + 1 : name;
}

struct study_configuration {
	const struct study_backend *backend;
	const char *algorithm; /* NULL: the backend has none */
	const char *name;      /* "none" or the algorithm */
	struct results_id cell;
	/* The reference run of none or the probed run, then the timed ones. */
	struct results_run runs[1 + STUDY_BLOCKS_MAX];
	size_t n;
};

struct study_target {
	char name[64];
	char *const *argv;
	struct results_id workload;
	struct study_scan scan;
	uint64_t limit_bytes; /* 0: none can be set */
	struct study_configuration configurations[STUDY_CONFIGURATIONS_MAX]; /* [0] is "none" */
	size_t n_configurations;
};

/* study_reference - the first run of none, without limit; it is there once it has ended. */
static inline const struct results_run *study_reference(const struct study_target *target)
{
	return &target->configurations[0].runs[0];
}

#endif
