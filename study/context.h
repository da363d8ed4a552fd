/* SPDX-License-Identifier: GPL-2.0-only */
/* context.h - what the parts of a study share while it runs. */
#ifndef COLDPRESS_STUDY_CONTEXT_H
#define COLDPRESS_STUDY_CONTEXT_H

#include "lib/analysis/stats.h"
#include "lib/base/caller.h"
#include "lib/base/out.h"
#include "lib/base/term.h"
#include "lib/kernel/zram.h"
#include "lib/kernel/zsmalloc.h"
#include "lib/results/calibration.h"
#include "lib/safety/journal.h"
#include "busy.h"
#include "config.h"
#include "target.h"

#define STUDY_TARGETS_MAX 2

struct study {
	const struct study_config *config;
	struct caller user;
	struct results *results;
	struct results_id experiment;
	struct journal *journal;
	struct out *out;
	struct zsmalloc_model slots;
	struct prng rng;
	struct term_progress progress;
	double runs_done;
	int input_fd; /* standard input of each run, from input_at on; -1: none */
	off_t input_at;
	bool unprivileged;     /* no rights for a cgroup: the command runs as it is */
	const char *no_pool;   /* why no pool can be made here; NULL: it can */
	bool zeromap;          /* the kernel keeps zero pages as a bit, outside the pool */
	bool answered;         /* although something ended it early */
	bool left_behind;      /* a pool or cgroup could not be removed */
	bool no_fault_latency; /* page_fault cannot run here; noted once */
	bool no_pool_probe;    /* pool_probe cannot, or does not see the pages; noted once */
	struct busy busy;      /* while none of our runs ran */
	struct study_choice choices[STUDY_CHOICES_MAX];
	size_t n_choices;
	bool crypto; /* of the kernel's algorithms: zram_algorithms */
	struct study_target targets[STUDY_TARGETS_MAX];
	size_t n_targets;
	/* Calibrations of this machine, by which the policy's CPU times are scaled, and the file
	 * that they are from.
	 */
	struct calibration calibrations[RESULTS_CALIBRATIONS_MAX];
	size_t n_calibrations;
	char calibrations_path[SYSROOT_PATH_MAX];
};

/* study_note - into the results database and onto stderr. Never fails: a note that cannot be stored
 * is printed all the same.
 */
void study_note(struct study *s, enum results_note_kind kind, const char *about, const char *fmt,
		...) PRINTF_LIKE(4, 5);

/* study_open_file - a regular file in --dir, emptied, with the caller's rights. flags: how to open.
 * Returns a descriptor, or -errno.
 */
int study_open_file(const struct study *s, const char *name, int flags, struct err *e);

/* study_open_output - a new file in --dir for what the target prints, written with the caller's
 * rights. Returns a descriptor, or -errno.
 */
int study_open_output(const struct study *s, const struct study_target *target, struct err *e);

/* study_failed_target - -ECHILD: the target did not succeed without a limit, and where its output
 * is.
 */
int study_failed_target(const struct study *s, const struct study_target *target,
			const char *reason, struct err *e);

#endif
