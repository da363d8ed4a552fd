/* SPDX-License-Identifier: GPL-2.0-only */
/* input.h - the standard input of the command, the same in every run. */
#ifndef COLDPRESS_STUDY_INPUT_H
#define COLDPRESS_STUDY_INPUT_H

#include "context.h"

/* study_input_open - what our standard input gives: a regular file is read from where it stands, a
 * pipe or socket is copied to DIR/stdin first, and anything else is no input, with a note. A study
 * that goes on has that copy.
 *
 * errors  -EFBIG more than 1 GiB comes from a pipe; -EINTR asked to stop; of writing the copy
 */
int study_input_open(struct study *s, struct err *e);

/* study_input_rewind - to be called before each run. A descriptor for its standard input, or -1. */
int study_input_rewind(const struct study *s);

#endif
