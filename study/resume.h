/* SPDX-License-Identifier: GPL-2.0-only */
/* resume.h - a search that was ended goes on: what the results database has of it. */
#ifndef COLDPRESS_STUDY_RESUME_H
#define COLDPRESS_STUDY_RESUME_H

#include "context.h"

/* study_resume_options - the last study in --resume DIR: its options into settings, but not those
 * of the output, its command into argc and argv, its working directory.
 *
 * errors  -ENOENT no study in it; exit 2 it was no search
 */
int study_resume_options(struct study *s, struct study_config *settings, int *argc, char ***argv,
			 struct err *e);

/* study_resume_target - a target's configurations, runs and page scan; one that had not begun is
 * added.
 */
int study_resume_target(struct study *s, struct study_target *target, struct err *e);

/* study_resume_search - tells the engine of the runs, in their order, as far as they answer what it
 * asks.
 */
int study_resume_search(struct study *s, struct study_target *target, struct err *e);

#endif
