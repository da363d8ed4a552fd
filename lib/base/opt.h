/* SPDX-License-Identifier: GPL-2.0-only */
/* opt.h - option tables: one declaration gives parsing, help, the man page and completion.
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
	bool hidden;                /* not in help: for tests and our other programs */
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
/* OPT_RENAMED("store", "--db FILE") - a usage error that names the new spelling; not in help. */
#define OPT_RENAMED(old, new) \
	{ \
		.name = (old), .type = OPT_TYPE_RENAMED, .help = (new), .hidden = true \
	}
#define OPT_END \
	{ \
		.name = NULL \
	}

/* In the order of enum out_format (out.h). */
extern const char *const opt_format_choices[];

/* Of every program that prints records: a member of its configuration, and a line of its table. A
 * program that has a default of its own without --format sets .format to -1.
 */
struct opt_output {
	int format;       /* enum out_format */
	const char *path; /* NULL: standard output */
	bool quiet, verbose;
};

#define OPT_OUTPUT(s, m) \
	OPT_CHOICE('f', "format", s, m.format, opt_format_choices, "format of the output"), \
		OPT_FILE('o', "output", s, m.path, \
			 "write the output to FILE, which is replaced only on success; default " \
			 "standard output"), \
		OPT_FLAG('q', "quiet", s, m.quiet, \
			 "print only warnings and errors on standard error, no progress"), \
		OPT_FLAG('v', "verbose", s, m.verbose, \
			 "print each step and its reason on standard error")

enum opt_operands {
	OPT_OPERANDS_NONE,    /* a word that is not an option is a usage error */
	OPT_OPERANDS_ANY,     /* passed to run() */
	OPT_OPERANDS_COMMAND, /* only after `--`, and not empty there */
};

struct opt_command {
	const char *name; /* "setup", "trigger compress"; NULL for a program without subcommands */
	const char *synopsis; /* what follows the options: "[-- COMMAND ARG...]"; may be NULL */
	const char *summary;  /* one line, lower case, no full stop */
	const char
		*description; /* paragraphs; lines that begin with a space are literal; or NULL */
	const char *examples; /* lines "command   # what it does"; may be NULL */
	const struct opt *options; /* ends with OPT_END */
	void *config;              /* what the options point into; NULL = the program's */
	enum opt_operands operands;
	/* With the configuration filled. Returns 0 or -errno with e filled; may set *exit_code. */
	int (*run)(void *config, int argc, char **argv, int *exit_code, struct err *e);
};

struct opt_program {
	const char *name;
	const char *summary;                /* one line, as in NAME of a man page */
	const char *description;            /* may be NULL */
	const struct opt_command *commands; /* ends with .run == NULL */
	void *config;                       /* holds the defaults; commands share one struct */
	const struct record_type *const *records; /* it prints; ends with NULL; may be NULL */
	/* Programs that it runs by name, for completion and messages; as records. */
	const char *const *companions;
};

/* opt_main - a program's main: the subcommand, its options, its run, the error message; --version,
 * --help, --help=man (mdoc), --help=completion (bash), --help=fields. Returns the exit code.
 */
int opt_main(const struct opt_program *program, int argc, char **argv);

/* opt_help_words - "help", "help COMMAND" and "version" as the options that they stand for:
 * "--help", "COMMAND --help", "--version". opt_main does it where a program has commands.
 */
void opt_help_words(int argc, char **argv);

/* opt_format_value - an option's value in config as text that opt_parse reads back; "" where it is
 * not given; "true" or "false" for a flag. Cut where buf is too small.
 */
void opt_format_value(const struct opt *opt, const void *config, char *buf, size_t len);

/* opt_value_parse - text into `to`, of the option's type. NULL: only check it.
 *
 * errors  -EINVAL with e->exit 2: not a value, or out of bounds; e->what continues "--name "
 */
int opt_value_parse(const struct opt *opt, void *to, const char *text, struct err *e);

/* opt_value_name - the name of the value in help: "SIZE"; "" for a flag. */
const char *opt_value_name(const struct opt *opt);

#endif
