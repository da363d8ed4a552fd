/* SPDX-License-Identifier: GPL-2.0-only */
/* out_open.c - the sink of a program's common options. Not in out.c: term.c escapes through it. */
#include "out.h"

#include "term.h"

int out_open(struct out **ret, const struct opt_output *options, struct err *e)
{
	term_set_level(options->quiet ? TERM_QUIET : options->verbose ? TERM_VERBOSE : TERM_NORMAL);
	return out_new(ret, (enum out_format)options->format, options->path, e);
}
