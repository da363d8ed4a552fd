/* SPDX-License-Identifier: GPL-2.0-only */
/* opt_parse.h - the words of a command line against an option table. For opt_main.c and tests. */
#ifndef COLDPRESS_BASE_OPT_PARSE_H
#define COLDPRESS_BASE_OPT_PARSE_H

#include "opt.h"

enum opt_request {
	OPT_REQUEST_NONE,
	OPT_REQUEST_HELP,
	OPT_REQUEST_MAN,
	OPT_REQUEST_COMPLETION,
	OPT_REQUEST_FIELDS,
	OPT_REQUEST_VERSION
};

struct opt_parser {
	const struct opt *options;
	void *config; /* NULL: check the words, store nothing */
	int argc;
	char **argv; /* argv[0] is skipped */
	bool common; /* --help and --version are options */
	/* Found: */
	enum opt_request request;
	int first_operand; /* operands are argv[first_operand] to the end */
	int n_before_end;  /* how many of them stand before `--` */
	bool ended;        /* there is a `--` */
	/* Private: */
	int at;               /* the next word */
	uint64_t lists_given; /* by index in options: the default list was replaced */
};

/* opt_parse - takes the words up to a request or the end. Options and operands may be mixed: argv
 * is put in order, so that operands stand last, and a first `--` is dropped. Strings point into
 * argv; lists live until exit, and one that is given replaces the default.
 *
 * errors  -EINVAL with e->exit 2: unknown option, missing or bad value, out of bounds; names the
 * option
 */
int opt_parse(struct opt_parser *p, struct err *e);

#endif
