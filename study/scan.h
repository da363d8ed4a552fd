/* SPDX-License-Identifier: GPL-2.0-only */
/* scan.h - page scans beside the reference run. */
#ifndef COLDPRESS_STUDY_SCAN_H
#define COLDPRESS_STUDY_SCAN_H

#include "context.h"
#include "lib/base/companion.h"

struct study_scanner {
	struct companion companion;
	bool running;
	uint64_t resident_bytes, peak_bytes; /* when it began; most so far */
	uint64_t begin_ns, next_ns;
};

/* study_scan_step - called at each sample with the resident memory: starts a scan when memory has
 * grown by a quarter or stays at its peak, and takes its records when it has ended. option:
 * "--cgroup" or "--pid", with its value.
 */
void study_scan_step(struct study *s, struct study_target *target, struct study_scanner *scanner,
		     const char *option, const char *value, uint64_t resident_bytes);

/* study_scan_end - waits for one that runs; if its process is gone, it does not count. */
void study_scan_end(struct study_target *target, struct study_scanner *scanner);

/* study_scan_take - a scan that was stored, from its records. */
void study_scan_take(struct study_target *target, const char *lines);

/* study_scan_store - the records and the page histogram, as those of the reference run. */
int study_scan_store(struct study *s, const struct study_target *target,
		     const struct results_id *run, struct err *e);

#endif
