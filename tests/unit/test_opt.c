/* SPDX-License-Identifier: GPL-2.0-only */
/* test_opt.c - command lines into a configuration, and whole programs run in a child with their
 * output read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <math.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/base/opt.h"
#include "lib/base/opt_parse.h"
#include "skip.h"

struct config {
	struct opt_output output;
	uint64_t size, duration_ns, count;
	double factor, share;
	const char *comm, *script, *dir;
	pid_t pid;
	bool verify, force;
	struct opt_list algos;
};

static const char *algo_defaults[] = { "lz4", "zstd" };
static const struct config defaults = {
	.size = 2 * GIB,
	.duration_ns = MISSING_U64,
	.count = 10,
	.factor = MISSING_F64,
	.share = 0.05,
	.verify = true,
	.algos = { algo_defaults, 2 },
};
static struct config config;

static const struct opt options[] = {
	OPT_SIZE('s', "size", struct config, size, "size of 'it'; a backslash \\ too", .min = MIB,
		 .max = 64 * GIB),
	OPT_DURATION('d', "duration", struct config, duration_ns,
		     "stop after this long, e.g. 10s. Then end", .min = NS_PER_MS,
		     .max = 3600 * NS_PER_S),
	OPT_U64('c', "count", struct config, count, "how many", .max = 1000),
	OPT_F64(0, "factor", struct config, factor, "a factor"),
	OPT_SHARE(0, "share", struct config, share, "a share"),
	OPT_STRING('n', "comm", struct config, comm, "name of a process"),
	OPT_PID('p', "pid", struct config, pid, "a process"),
	OPT_FLAG('y', "verify", struct config, verify, ".Sh starts with a dot"),
	OPT_FLAG('F', "force", struct config, force, "do it"),
	OPT_LIST('a', "algo", struct config, algos, "algorithms"),
	OPT_FILE(0, "script", struct config, script, "a file"),
	OPT_DIR('D', "dir", struct config, dir, "a directory"),
	OPT_RENAMED("store", "--db FILE"),
	OPT_U64(0, "internal", struct config, count, "not for people", .hidden = true),
	OPT_OUTPUT(struct config, output),
	OPT_END
};

/* ---- opt_parse ---- */

#define MAX_WORDS 16
static char *words[MAX_WORDS];
static int n_words, used; /* operands are words[used] to the end */
static struct err e;

/* A word list into words[], behind a program name. */
static void split(const char *const *line)
{
	static char name[] = "t", pool[MAX_WORDS][128];

	words[0] = name;
	for (n_words = 1; line[n_words - 1]; n_words++) {
		assert_true(n_words < MAX_WORDS - 1);
		snprintf(pool[n_words], sizeof(pool[0]), "%s", line[n_words - 1]);
		words[n_words] = pool[n_words];
	}
	words[n_words] = NULL;
}

static int parse_words(const char *const *line)
{
	struct opt_parser p = { .options = options, .config = &config, .argv = words };
	int rc;

	split(line);
	config = defaults;
	e = (struct err){ 0 };
	p.argc = n_words;
	rc = opt_parse(&p, &e);
	used = p.first_operand;
	return rc;
}

#define parse(...) parse_words((const char *const[]){ __VA_ARGS__, NULL })

static void refused(int rc, const char *text)
{
	assert_int_equal(rc, -EINVAL);
	assert_int_equal(e.exit, EXIT_USAGE);
	assert_string_equal(e.what, text);
}

static void test_opt__values_are_taken_in_all_four_spellings(void **state UNUSED)
{
	assert_int_equal(parse("--size=64MiB"), 0);
	assert_int_equal(config.size, 64 * MIB);
	assert_int_equal(parse("--size", "65MiB"), 0);
	assert_int_equal(config.size, 65 * MIB);
	assert_int_equal(parse("-s66MiB"), 0);
	assert_int_equal(config.size, 66 * MIB);
	assert_int_equal(parse("-s", "67MiB"), 0);
	assert_int_equal(config.size, 67 * MIB);
	assert_int_equal(used, 3);
}

static void test_opt__each_type_reaches_its_member(void **state UNUSED)
{
	assert_int_equal(
		parse("-d10s", "-c7", "--factor=-2.5", "--share=50%", "-nbash", "-p1", "-fcsv"), 0);
	assert_int_equal(config.duration_ns, 10 * NS_PER_S);
	assert_int_equal(config.count, 7);
	assert_true(config.factor == -2.5);
	assert_true(config.share == 0.5);
	assert_string_equal(config.comm, "bash");
	assert_int_equal(config.pid, 1);
	assert_int_equal(config.output.format, 2);
}

static void test_opt__flags_bundle_and_can_be_turned_off(void **state UNUSED)
{
	assert_int_equal(parse("-Fqd5s"), 0);
	assert_true(config.force && config.output.quiet && config.verify);
	assert_int_equal(config.duration_ns, 5 * NS_PER_S);
	assert_int_equal(parse("--force", "--no-verify", "--no-force"), 0);
	assert_false(config.force || config.verify);
}

static void test_opt__an_empty_value_is_a_value(void **state UNUSED)
{
	assert_int_equal(parse("--comm="), 0);
	assert_string_equal(config.comm, "");
	assert_int_equal(parse("--comm", "--force"), 0);
	assert_string_equal(config.comm, "--force");
	assert_false(config.force);
}

static void test_opt__a_list_replaces_the_default_and_then_grows(void **state UNUSED)
{
	assert_int_equal(parse("--algo", "lzo,zstd", "-adeflate"), 0);
	assert_int_equal(config.algos.n, 3);
	assert_string_equal(config.algos.items[0], "lzo");
	assert_string_equal(config.algos.items[1], "zstd");
	assert_string_equal(config.algos.items[2], "deflate");
	assert_string_equal(algo_defaults[0], "lz4");
	refused(parse("--algo=lz4,,zstd"), "--algo 'lz4,,zstd' has an empty item");
	refused(parse("--algo="), "--algo '' has an empty item");
}

static void test_opt__operands_may_stand_between_options(void **state UNUSED)
{
	assert_int_equal(parse("one", "-F", "two", "--size", "1GiB", "-", "-c3"), 0);
	assert_true(config.force);
	assert_int_equal(config.size, GIB);
	assert_int_equal(config.count, 3);
	assert_int_equal(n_words - used, 3);
	assert_string_equal(words[used], "one");
	assert_string_equal(words[used + 1], "two");
	assert_string_equal(words[used + 2], "-");
}

static void test_opt__two_dashes_end_the_options_once(void **state UNUSED)
{
	assert_int_equal(parse("one", "-F", "--", "--size", "--", "x"), 0);
	assert_int_equal(config.size, defaults.size);
	assert_int_equal(n_words - used, 4);
	assert_string_equal(words[used], "one");
	assert_string_equal(words[used + 1], "--size");
	assert_string_equal(words[used + 2], "--");
	assert_string_equal(words[used + 3], "x");
}

static void test_opt__an_unknown_option_names_the_nearest(void **state UNUSED)
{
	refused(parse("--fromat", "json"), "unknown option --fromat; did you mean --format?");
	refused(parse("--colour"), "unknown option --colour");
	refused(parse("-x"), "unknown option -x");
	refused(parse("-Fx"), "unknown option -x");
}

static void test_opt__abbreviations_are_refused(void **state UNUSED)
{
	refused(parse("--forc"), "unknown option --forc; did you mean --force?");
	refused(parse("--siz=1GiB"), "unknown option --siz; did you mean --size?");
}

static void test_opt__hidden_options_work_but_are_not_proposed(void **state UNUSED)
{
	assert_int_equal(parse("--internal=3"), 0);
	assert_int_equal(config.count, 3);
	refused(parse("--internl=3"), "unknown option --internl");
}

static void test_opt__an_old_spelling_is_answered_with_the_new_one(void **state UNUSED)
{
	refused(parse("--store", "lab.db"), "--store is now --db FILE");
	refused(parse("--store=lab.db"), "--store is now --db FILE");
	refused(parse("--no-store"), "unknown option --no-store");
	refused(parse("--stor"), "unknown option --stor");
}

static void test_opt__a_path_is_not_empty(void **state UNUSED)
{
	assert_int_equal(parse("--script", "a b", "-D/tmp"), 0);
	assert_string_equal(config.script, "a b");
	assert_string_equal(config.dir, "/tmp");
	refused(parse("--script="), "--script names no file: it is empty");
	refused(parse("-D", ""), "--dir names no directory: it is empty");
}

static void test_opt__a_bare_number_needs_its_unit(void **state UNUSED)
{
	refused(parse("--size", "64"), "--size '64': a size needs a unit, such as 64MiB");
	refused(parse("-d10"), "--duration '10': a duration needs a unit, such as 10s or 500ms");
	assert_int_equal(config.duration_ns, MISSING_U64);
}

static void test_opt__bounds_are_said_in_the_unit_of_the_option(void **state UNUSED)
{
	refused(parse("--size=1KiB"), "--size must be at least 1MiB");
	refused(parse("--size=65GiB"), "--size must be at most 64GiB");
	refused(parse("-d2h"), "--duration must be at most 1h");
	refused(parse("-c1001"), "--count must be at most 1000");
	assert_int_equal(parse("--size=64GiB", "-c1000"), 0);
}

static void test_opt__bad_values_name_option_and_value(void **state UNUSED)
{
	refused(parse("--format=xml"), "--format 'xml' is not one of text, json, csv");
	refused(parse("-p0"), "--pid '0' is not a process ID, a whole number from 1");
	refused(parse("-p", "-1"), "--pid '-1' is not a process ID, a whole number from 1");
	refused(parse("-p4294967297"),
		"--pid '4294967297' is not a process ID, a whole number from 1");
	refused(parse("-c", ""), "--count '' is not a whole number");
	refused(parse("--size"), "--size needs a value");
	refused(parse("-s"), "--size needs a value");
	refused(parse("--force=yes"), "--force takes no value; --no-force turns it off");
	refused(parse("--no-size"), "unknown option --no-size");
}

static void test_opt__help_is_no_option_of_a_bare_parse(void **state UNUSED)
{
	refused(parse("--help"), "unknown option --help");
}

static void test_opt__values_format_as_they_are_read(void **state UNUSED)
{
	char buf[64], word[96];

	assert_int_equal(parse("-d1500ms", "-c7", "--factor=0.1", "--share=12.5%", "-nbash", "-p42",
			       "-alz4,lzo", "-fjson", "-ofile"),
			 0);
	for (const struct opt *opt = options; opt->name; opt++) {
		struct config before = config;

		if (opt->type == OPT_TYPE_FLAG || opt->type == OPT_TYPE_LIST ||
		    opt->type == OPT_TYPE_STRING || opt->type == OPT_TYPE_FILE ||
		    opt->type == OPT_TYPE_DIR || opt->type == OPT_TYPE_RENAMED)
			continue;
		opt_format_value(opt, &before, buf, sizeof(buf));
		snprintf(word, sizeof(word), "--%s=%s", opt->name, buf);
		assert_int_equal(parse(word), 0);
		assert_memory_equal((char *)&config + opt->offset, (char *)&before + opt->offset,
				    sizeof(int));
		config = before;
	}
	opt_format_value(&options[9], &config, buf, sizeof(buf));
	assert_string_equal(buf, "lz4,lzo");
	opt_format_value(&options[4], &config, buf, sizeof(buf));
	assert_string_equal(buf, "12.5%");
}

static void test_opt__what_is_not_given_formats_as_nothing(void **state UNUSED)
{
	static const struct config none = { .size = MISSING_U64,
					    .duration_ns = MISSING_U64,
					    .count = MISSING_U64,
					    .factor = MISSING_F64,
					    .share = MISSING_F64,
					    .output.format = -1 };
	char buf[64];

	for (const struct opt *opt = options; opt->name; opt++) {
		opt_format_value(opt, &none, buf, sizeof(buf));
		assert_string_equal(buf, opt->type == OPT_TYPE_FLAG ? "false" : "");
	}
}

/* ---- opt_main ---- */

static int run_show(void *c, int argc, char **argv, int *exit_code, struct err *err)
{
	const struct config *cfg = c;

	if (cfg->count == 1)
		return err_impossible(err, "no zram here");
	if (cfg->count == 2)
		return -EPIPE;
	if (cfg->count == 3)
		return -ENOMEM;
	if (cfg->count == 4)
		*exit_code = EXIT_FAILED;
	printf("size=%llu", (unsigned long long)cfg->size);
	for (int i = 0; i < argc; i++)
		printf(" [%s]", argv[i]);
	putchar('\n');
	return fflush(stdout) == 0 ? 0 : err_set(err, errno, "cannot write");
}

static const struct opt_command commands[] = {
	{ .name = "setup",
	  .summary = "make a device",
	  .description = "First. Second.\n\n'Third' \\ here.",
	  .examples = "t setup -s 1GiB   # one\n.starts with a dot",
	  .synopsis = "[NAME]...",
	  .options = options,
	  .operands = OPT_OPERANDS_ANY,
	  .run = run_show },
	{ .name = "trigger compress",
	  .summary = "write pages",
	  .options = options,
	  .operands = OPT_OPERANDS_NONE,
	  .run = run_show },
	{ .name = "run",
	  .summary = "run a command",
	  .synopsis = "[-- COMMAND ARG...]",
	  .options = options,
	  .operands = OPT_OPERANDS_COMMAND,
	  .run = run_show },
	{ .run = NULL },
};
static const struct opt_command alone[] = {
	{ .summary = "do the one thing",
	  .options = options,
	  .operands = OPT_OPERANDS_ANY,
	  .run = run_show },
	{ .run = NULL },
};
static const struct opt_program many = { "t",     "try things", "About 't'.", commands,
					 &config, NULL,         NULL };
static const struct opt_program one = { "t", "try things", NULL, alone, &config, NULL, NULL };

static char dir[] = "/tmp/test_opt.XXXXXX", out_path[64], err_path[64], said[32768],
	    complained[4096];

static int make_dir(void **state UNUSED)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(out_path, sizeof(out_path), "%s/out", dir);
	snprintf(err_path, sizeof(err_path), "%s/err", dir);
	return setenv("TEST_OUT", out_path, 1);
}

static int remove_dir(void **state UNUSED)
{
	unlink(out_path);
	unlink(err_path);
	return rmdir(dir);
}

static void load(const char *path, char *buf, size_t len)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, buf, len - 1);

	assert_true(n >= 0);
	buf[n] = '\0';
}

/* The exit code; what was printed is in said and complained. to: NULL, or a file for standard
 * output. */
static int run_words(const struct opt_program *program, const char *to, const char *const *line)
{
	int status;
	pid_t child;

	split(line);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		int out = open(to ? to : out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		int err = open(err_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
			_exit(99);
		config = defaults;
		_exit(opt_main(program, n_words, words));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (!to)
		load(out_path, said, sizeof(said));
	load(err_path, complained, sizeof(complained));
	return WEXITSTATUS(status);
}

#define run(program, ...) run_words(&program, NULL, (const char *const[]){ __VA_ARGS__, NULL })

static void test_opt_main__a_command_of_two_words_is_found(void **state UNUSED)
{
	assert_int_equal(run(many, "trigger", "compress", "-s1GiB"), 0);
	assert_string_equal(said, "size=1073741824\n");
}

static void test_opt_main__a_program_without_commands_takes_operands(void **state UNUSED)
{
	assert_int_equal(run(one, "x", "-s1GiB", "y"), 0);
	assert_string_equal(said, "size=1073741824 [x] [y]\n");
}

static void test_opt_main__usage_errors_end_in_2_and_point_to_help(void **state UNUSED)
{
	assert_int_equal(run(many, "setup", "--fromat"), 2);
	assert_string_equal(
		complained,
		"t: unknown option --fromat; did you mean --format?\n  see t setup --help\n");
	assert_int_equal(run(many, "setpu"), 2);
	assert_string_equal(complained,
			    "t: unknown command 'setpu'; did you mean setup?\n  see t --help\n");
	assert_int_equal(run(many, "trigger"), 2);
	assert_string_equal(complained,
			    "t: 'trigger' needs a subcommand: trigger compress\n  see t --help\n");
	assert_int_equal(run(many, "trigger", "depress", "--help"), 2);
	assert_int_equal(run_words(&many, NULL, (const char *const[]){ NULL }), 2);
	assert_string_equal(
		complained,
		"t: command missing; commands are setup, trigger compress, run\n  see t --help\n");
	assert_int_equal(run(many, "setup", "--store", "lab.db"), 2);
	assert_string_equal(complained, "t: --store is now --db FILE\n  see t setup --help\n");
	assert_int_equal(run(one, "-x"), 2);
	assert_string_equal(complained, "t: unknown option -x\n  see t --help\n");
	assert_string_equal(said, "");
}

static void test_opt_main__hostile_words_are_escaped_in_complaints(void **state UNUSED)
{
	assert_int_equal(run(many, "\x1b[2J\nx"), 2);
	assert_null(strchr(complained, '\x1b'));
	assert_non_null(strstr(complained, "\\x1b[2J\\x0ax"));
}

static void test_opt_main__operands_are_refused_where_none_belong(void **state UNUSED)
{
	assert_int_equal(run(many, "trigger", "compress", "x"), 2);
	assert_non_null(strstr(complained, "unexpected argument 'x'"));
	assert_int_equal(run(many, "trigger", "compress", "--", "x"), 2);
	assert_int_equal(run(many, "trigger", "compress", "--"), 0);
}

static void test_opt_main__a_command_stands_behind_dashes_and_is_not_empty(void **state UNUSED)
{
	assert_int_equal(run(many, "run", "--", "ls", "-s", "--"), 0);
	assert_string_equal(said, "size=2147483648 [ls] [-s] [--]\n");
	assert_int_equal(run(many, "run"), 0);
	assert_int_equal(run(many, "run", "ls"), 2);
	assert_non_null(
		strstr(complained, "unexpected argument 'ls'; a command to run follows --"));
	assert_int_equal(run(many, "run", "--"), 2);
	assert_non_null(strstr(complained, "no command follows --"));
	assert_int_equal(run(many, "run", "--", ""), 2);
}

static void test_opt_main__the_error_of_a_run_decides_the_exit_code(void **state UNUSED)
{
	assert_int_equal(run(one, "-c1"), 77);
	assert_string_equal(complained, "t: no zram here\n");
	assert_int_equal(run(one, "-c2"), 0);
	assert_string_equal(complained, "");
	assert_int_equal(run(one, "-c3"), 1);
	assert_string_equal(complained, "t: failed: Cannot allocate memory\n");
	assert_int_equal(run(one, "-c4"), 1);
	assert_string_equal(complained, "");
}

static void test_opt_main__help_shows_defaults_wherever_it_stands(void **state UNUSED)
{
	assert_int_equal(run(many, "setup", "--size=1GiB", "--no-verify", "--help"), 0);
	assert_non_null(strstr(said, "Usage: t setup [OPTION]... [NAME]...\n\nMake a device.\n"));
	assert_non_null(strstr(
		said,
		"  -s, --size SIZE         size of 'it'; a backslash \\ too; default 2GiB\n"));
	assert_non_null(strstr(said, "; on by default,"));
	assert_non_null(strstr(said, "\n  -F, --force             do it\n"
				     "  -a, --algo LIST         algorithms; default lz4,zstd\n"));
	assert_non_null(strstr(said, "; one of text, json, csv;"));
	assert_non_null(strstr(said, "Examples:\n  t setup -s 1GiB   # one\n"));
	assert_non_null(strstr(said, "\n  77  not supported on this machine: "));
	assert_null(strstr(said, "internal"));
}

static void test_opt_main__help_fits_80_columns(void **state UNUSED)
{
	assert_int_equal(run(many, "setup", "-h"), 0);
	for (char *line = strtok(said, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 80);
}

static void test_opt_main__help_of_a_program_lists_its_commands(void **state UNUSED)
{
	assert_int_equal(run(many, "-h"), 0);
	assert_non_null(strstr(said, "\n  trigger compress  write pages\n"));
}

static void test_opt_main__help_of_the_first_word_lists_the_commands_that_begin_with_it(
	void **state UNUSED)
{
	assert_int_equal(run(many, "trigger", "--help"), 0);
	assert_string_equal(said, "Usage: t trigger compress [OPTION]...\n\nCommands:\n  trigger "
				  "compress  write pages\n\n"
				  "\"t COMMAND --help\" describes a command.\n");
	assert_int_equal(run(many, "trigger", "compress", "--help"), 0);
	assert_non_null(strstr(said, "Usage: t trigger compress [OPTION]...\n"));
}

static void test_opt_main__a_value_that_looks_like_help_is_a_value(void **state UNUSED)
{
	assert_int_equal(run(one, "--comm", "--help"), 0);
	assert_string_equal(said, "size=2147483648\n");
}

static void test_opt_main__version_names_program_and_version(void **state UNUSED)
{
	int major, minor;

	assert_int_equal(run(many, "--version"), 0);
	assert_int_equal(sscanf(said, "t (coldpress) %d.%d", &major, &minor), 2);
	assert_int_equal(run(many, "setup", "-V"), 0);
}

static void test_opt_main__a_full_disk_under_help_is_a_failure(void **state UNUSED)
{
	assert_int_equal(run_words(&many, "/dev/full", (const char *const[]){ "--help", NULL }), 1);
	assert_string_equal(complained,
			    "t: cannot write standard output: No space left on device\n");
}

static void test_opt_main__a_help_reader_may_go_away(void **state UNUSED)
{
	int ends[2], status;
	pid_t child;

	fflush(NULL);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		char name[] = "t", help[] = "--help", *argv[] = { name, help, NULL };

		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		config = defaults;
		_exit(opt_main(&many, 2, argv));
	}
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_opt_main__the_man_page_passes_mandoc(void **state UNUSED)
{
	assert_int_equal(run(many, "--help=man"), 0);
	assert_non_null(strstr(said, "\n.Sh NAME\n.Nm t\n.Nd try things\n.Sh SYNOPSIS\n"));
	assert_non_null(strstr(said, "\n\\&.Sh starts with a dot; on by default"));
	assert_non_null(strstr(said, "\n\\&'Third' \\e here.\n"));
	assert_non_null(strstr(said, "\n\\&.starts with a dot\n"));
	if (system("command -v mandoc >/dev/null") != 0)
		SKIP("mandoc is not installed");
	assert_int_equal(system("mandoc -T lint -W warning <\"$TEST_OUT\" >&2"), 0);
	assert_int_equal(run(one, "--help=man"), 0);
	assert_int_equal(system("mandoc -T lint -W warning <\"$TEST_OUT\" >&2"), 0);
}

/* Whether `want` is proposed for the last of these words, in a directory that holds d and f. */
static bool proposes(const char *line, const char *want)
{
	char command[1024];

	snprintf(command, sizeof(command),
		 "cd $(mktemp -d) && mkdir d && touch f && . $TEST_OUT; COMP_WORDS=(%s);"
		 " COMP_CWORD=$((${#COMP_WORDS[@]} - 1));"
		 " _coldpress_t t \"${COMP_WORDS[-1]}\" \"${COMP_WORDS[-2]}\";"
		 " rm -r \"$PWD\"; [ \"${COMPREPLY[*]}\" = \"%s\" ]",
		 line, want);
	setenv("COMMAND", command, 1);
	return system("bash -c \"$COMMAND\"") == 0;
}

static void test_opt_main__the_completion_proposes_commands_options_and_choices(void **state UNUSED)
{
	assert_int_equal(run(many, "--help=completion"), 0);
	assert_true(proposes("t s", "setup"));
	assert_true(proposes("t setup --fo", "--force --format"));
	assert_true(proposes("t setup -f j", "json"));
	assert_true(proposes("t setup --stor", ""));
}

static void test_opt_main__the_completion_proposes_files_and_directories(void **state UNUSED)
{
	assert_int_equal(run(many, "--help=completion"), 0);
	assert_true(proposes("t setup --script ''", "f d"));
	assert_true(proposes("t setup -o f", "f"));
	assert_true(proposes("t setup --dir ''", "d"));
	assert_true(proposes("t setup -D ''", "d"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opt__values_are_taken_in_all_four_spellings),
		cmocka_unit_test(test_opt__each_type_reaches_its_member),
		cmocka_unit_test(test_opt__flags_bundle_and_can_be_turned_off),
		cmocka_unit_test(test_opt__an_empty_value_is_a_value),
		cmocka_unit_test(test_opt__a_list_replaces_the_default_and_then_grows),
		cmocka_unit_test(test_opt__operands_may_stand_between_options),
		cmocka_unit_test(test_opt__two_dashes_end_the_options_once),
		cmocka_unit_test(test_opt__an_unknown_option_names_the_nearest),
		cmocka_unit_test(test_opt__abbreviations_are_refused),
		cmocka_unit_test(test_opt__hidden_options_work_but_are_not_proposed),
		cmocka_unit_test(test_opt__an_old_spelling_is_answered_with_the_new_one),
		cmocka_unit_test(test_opt__a_path_is_not_empty),
		cmocka_unit_test(test_opt__a_bare_number_needs_its_unit),
		cmocka_unit_test(test_opt__bounds_are_said_in_the_unit_of_the_option),
		cmocka_unit_test(test_opt__bad_values_name_option_and_value),
		cmocka_unit_test(test_opt__help_is_no_option_of_a_bare_parse),
		cmocka_unit_test(test_opt__values_format_as_they_are_read),
		cmocka_unit_test(test_opt__what_is_not_given_formats_as_nothing),
		cmocka_unit_test(test_opt_main__a_command_of_two_words_is_found),
		cmocka_unit_test(test_opt_main__a_program_without_commands_takes_operands),
		cmocka_unit_test(test_opt_main__usage_errors_end_in_2_and_point_to_help),
		cmocka_unit_test(test_opt_main__hostile_words_are_escaped_in_complaints),
		cmocka_unit_test(test_opt_main__operands_are_refused_where_none_belong),
		cmocka_unit_test(test_opt_main__a_command_stands_behind_dashes_and_is_not_empty),
		cmocka_unit_test(test_opt_main__the_error_of_a_run_decides_the_exit_code),
		cmocka_unit_test(test_opt_main__help_shows_defaults_wherever_it_stands),
		cmocka_unit_test(test_opt_main__help_fits_80_columns),
		cmocka_unit_test(test_opt_main__help_of_a_program_lists_its_commands),
		cmocka_unit_test(
			test_opt_main__help_of_the_first_word_lists_the_commands_that_begin_with_it),
		cmocka_unit_test(test_opt_main__a_value_that_looks_like_help_is_a_value),
		cmocka_unit_test(test_opt_main__version_names_program_and_version),
		cmocka_unit_test(test_opt_main__a_full_disk_under_help_is_a_failure),
		cmocka_unit_test(test_opt_main__a_help_reader_may_go_away),
		cmocka_unit_test(test_opt_main__the_man_page_passes_mandoc),
		cmocka_unit_test(
			test_opt_main__the_completion_proposes_commands_options_and_choices),
		cmocka_unit_test(test_opt_main__the_completion_proposes_files_and_directories),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
