/* SPDX-License-Identifier: GPL-2.0-only */
/* opt.h - option tables: one declaration gives parsing, --help, the man page's OPTIONS and
 * completion.
 *
 * A program declares its configuration as a struct filled with the defaults, a table of `struct
 * opt` that points into it, and a table of `struct opt_command` (one, with name NULL, where it has
 * no subcommands). Help prints the defaults from the struct, so they are written once.
 */
#ifndef COLDPRESS_BASE_OPT_H
#define COLDPRESS_BASE_OPT_H

#include "err.h"
#include "record.h"

enum opt_type {
	OPT_TYPE_FLAG,     /* bool; --name sets true, --no-name sets false */
	OPT_TYPE_U64,      /* uint64_t; MISSING_U64 = not given */
	OPT_TYPE_F64,      /* double; NaN = not given */
	OPT_TYPE_SHARE,    /* double, "50%" or "0.5"; NaN = not given */
	OPT_TYPE_SIZE,     /* uint64_t bytes, "64MiB"; MISSING_U64 = not given */
	OPT_TYPE_DURATION, /* uint64_t ns, "10s"; MISSING_U64 = not given */
	OPT_TYPE_STRING,   /* const char *; NULL = not given */
	OPT_TYPE_FILE,     /* const char *; NULL = not given; a path, not empty; completed as one */
	OPT_TYPE_DIR,      /* the same for a directory */
	OPT_TYPE_CHOICE,   /* int, index into .choices; -1 = not given */
	OPT_TYPE_PID,      /* pid_t; 0 = not given; must be 1 or more */
	OPT_TYPE_LIST,     /* struct opt_list; given several times, or separated by commas */
	OPT_TYPE_RENAMED,  /* an old spelling; .help is the new one, which the usage error names */
};

struct opt_list {
	const char **items;
	size_t n;
};

struct opt {
	int letter;       /* 0 = none */
	const char *name; /* long name without dashes; NULL ends the table */
	enum opt_type type;
	size_t offset;       /* in the configuration struct */
	const char *metavar; /* "SIZE"; NULL = by type */
	const char *help;    /* one sentence or two, no default in it, no full stop at the end */
	const char *const *choices; /* CHOICE: NULL-terminated */
	uint64_t min, max;          /* U64, SIZE (bytes), DURATION (ns); max 0 = no bound */
	bool hidden;                /* for tests and other programs of ours: not in help */
};

#define OPT_(l, n, t, s, m, ...) \
	{ \
		.letter = (l), .name = (n), .type = (t), .offset = offsetof(s, m), __VA_ARGS__ \
	}
#define OPT_FLAG(l, n, s, m, h, ...)  OPT_(l, n, OPT_TYPE_FLAG, s, m, .help = h, ##__VA_ARGS__)
#define OPT_U64(l, n, s, m, h, ...)   OPT_(l, n, OPT_TYPE_U64, s, m, .help = h, ##__VA_ARGS__)
#define OPT_F64(l, n, s, m, h, ...)   OPT_(l, n, OPT_TYPE_F64, s, m, .help = h, ##__VA_ARGS__)
#define OPT_SHARE(l, n, s, m, h, ...) OPT_(l, n, OPT_TYPE_SHARE, s, m, .help = h, ##__VA_ARGS__)
#define OPT_SIZE(l, n, s, m, h, ...)  OPT_(l, n, OPT_TYPE_SIZE, s, m, .help = h, ##__VA_ARGS__)
#define OPT_DURATION(l, n, s, m, h, ...) \
	OPT_(l, n, OPT_TYPE_DURATION, s, m, .help = h, ##__VA_ARGS__)
#define OPT_STRING(l, n, s, m, h, ...) OPT_(l, n, OPT_TYPE_STRING, s, m, .help = h, ##__VA_ARGS__)
#define OPT_FILE(l, n, s, m, h, ...)   OPT_(l, n, OPT_TYPE_FILE, s, m, .help = h, ##__VA_ARGS__)
#define OPT_DIR(l, n, s, m, h, ...)    OPT_(l, n, OPT_TYPE_DIR, s, m, .help = h, ##__VA_ARGS__)
#define OPT_CHOICE(l, n, s, m, c, h, ...) \
	OPT_(l, n, OPT_TYPE_CHOICE, s, m, .choices = c, .help = h, ##__VA_ARGS__)
#define OPT_PID(l, n, s, m, h, ...)  OPT_(l, n, OPT_TYPE_PID, s, m, .help = h, ##__VA_ARGS__)
#define OPT_LIST(l, n, s, m, h, ...) OPT_(l, n, OPT_TYPE_LIST, s, m, .help = h, ##__VA_ARGS__)
/* OPT_RENAMED("store", "--db FILE") - not in help; using it is a usage error that names the new
 * spelling. */
#define OPT_RENAMED(old, new) \
	{ \
		.name = (old), .type = OPT_TYPE_RENAMED, .help = (new), .hidden = true \
	}
#define OPT_END \
	{ \
		.name = NULL \
	}

/* Choices every program shares, in the order of enum out_format (out.h). */
extern const char *const opt_format_choices[];

/* What every program that prints records takes: a member of its configuration, and a line of its
 * table. */
struct opt_output {
	int format;       /* enum out_format */
	const char *path; /* NULL = stdout */
	bool quiet, verbose;
};

#define OPT_OUTPUT(s, m) \
	OPT_CHOICE('f', "format", s, m.format, opt_format_choices, "how records are written"), \
		OPT_FILE('o', "output", s, m.path, \
			 "write records to this file, which is replaced when all went well; " \
			 "default standard output"), \
		OPT_FLAG('q', "quiet", s, m.quiet, \
			 "no progress and no remarks on standard error; warnings stay"), \
		OPT_FLAG('v', "verbose", s, m.verbose, \
			 "say on standard error what is done and why")

enum opt_operands {
	OPT_OPERANDS_NONE,    /* a word that is no option is a usage error */
	OPT_OPERANDS_ANY,     /* handed to run() as they are */
	OPT_OPERANDS_COMMAND, /* only behind `--` (an empty command behind it is a usage error) */
};

struct opt_command {
	const char *name; /* "setup", "trigger compress"; NULL for a program without subcommands */
	const char *synopsis;    /* what follows the options: "[-- COMMAND ARG...]"; may be NULL */
	const char *summary;     /* one line, lower case, no full stop */
	const char *description; /* paragraphs; lines that begin with a space stay as they are; may
				    be NULL */
	const char *examples;    /* lines "command   # what it does"; may be NULL */
	const struct opt *options; /* ends with OPT_END */
	enum opt_operands operands;
	/* runs with the configuration filled; returns 0 or -errno with e filled; may set *exit_code
	 * itself. */
	int (*run)(void *config, int argc, char **argv, int *exit_code, struct err *e);
};

struct opt_program {
	const char *name;
	const char *summary;                /* one line, as in NAME of a man page */
	const char *description;            /* may be NULL */
	const struct opt_command *commands; /* ends with .run == NULL */
	void *config;                       /* holds the defaults; commands share one struct */
	const struct record_type *const
		*records;              /* for the man page; ends with NULL; may be NULL */
	const char *const *companions; /* programs that it runs by their name, which its completion
					* and its complaint about an unknown command name, too; ends
					* with NULL; may be NULL */
};

/* opt_main - the whole of a program's main: --help, --version, the subcommand, parsing, run,
 * err_print. Returns the exit code. Also answers `--help=man` (mdoc text of the whole page but for
 * hand-written parts) and `--help=completion` (bash).
 */
int opt_main(const struct opt_program *program, int argc, char **argv);

/* opt_format_value - an option's current value as text, as opt_parse would read it; "" when not
 * given; flags are "true" or "false". Cut where buf is too small.
 */
void opt_format_value(const struct opt *opt, const void *config, char *buf, size_t len);

#endif
