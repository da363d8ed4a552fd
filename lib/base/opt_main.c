/* SPDX-License-Identifier: GPL-2.0-only */
/* opt_main.c - the main of every program: finds the command, parses its options, runs it.
 *
 * The words are parsed twice: first without storing, so that --help shows the untouched defaults
 * wherever it stands.
 */
#include "opt.h"

#include <fcntl.h>
#include <signal.h>

#include "nearest.h"
#include "opt_help.h"
#include "opt_parse.h"
#include "term.h"
#include "text.h"
#include "version.h"

const char *const opt_format_choices[] = { "text", "json", "csv", NULL };

static void on_write_error(int signal UNUSED)
{
}

/* A file opened later must not become standard output; and a reader that went away must show as
 * EPIPE, a file over the limit of the shell as EFBIG. A handler, since an ignored signal stays
 * ignored in the commands we run.
 */
static void settle_process(void)
{
	static const int signals[] = { SIGPIPE, SIGXFSZ };
	struct sigaction old, action = { .sa_handler = on_write_error };
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
	signal(SIGCHLD, SIG_DFL); /* where it is ignored, children have no exit status */
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(signals[i], &action, NULL);
}

/* ---- the command ---- */

/* How many words from argv[1] on name this command ("trigger compress": 2); 0: another one. */
static int command_words(const struct opt_command *command, int argc, char **argv)
{
	const char *name = command->name;
	int n = 0;

	while (name && *name) {
		size_t len = strcspn(name, " ");

		if (++n >= argc || strlen(argv[n]) != len || memcmp(argv[n], name, len) != 0)
			return 0;
		name += len;
		name += *name == ' ';
	}
	return n;
}

/* Whether this is the first word of commands of two. */
static bool is_group(const struct opt_program *program, const char *word)
{
	const struct opt_command *c = program->commands;

	while (c->run && !opt_in_group(c, word))
		c++;
	return c->run;
}

static int no_command(const struct opt_program *program, const char *word, struct err *e)
{
	const char *group = word && is_group(program, word) ? word : NULL;
	struct nearest near = nearest_begin(word ? word : "");
	struct text names = { 0 };
	int n;

	for (const struct opt_command *c = program->commands; c->run; c++) {
		nearest_offer(&near, c->name);
		if (!group || opt_in_group(c, group))
			text_item(&names, c->name);
	}
	for (const char *const *s = program->companions; s && *s && !group; s++) {
		nearest_offer(&near, *s);
		text_item(&names, *s);
	}
	n = (int)names.n;
	if (group)
		err_usage(e, "'%s' needs a subcommand: %.*s", word, n, names.s);
	else if (!word)
		err_usage(e, "command missing; commands are %.*s", n, names.s);
	else if (word[0] == '-')
		err_usage(e, "unknown option %s before the command; commands are %.*s", word, n,
			  names.s);
	else if (near.best)
		err_usage(e, "unknown command '%s'; did you mean %s?", word, near.best);
	else
		err_usage(e, "unknown command '%s'; commands are %.*s", word, n, names.s);
	text_done(&names);
	return -EINVAL;
}

static const struct opt_command *find_command(const struct opt_program *program, int argc,
					      char **argv, int *words)
{
	for (const struct opt_command *c = program->commands; c->run; c++) {
		*words = command_words(c, argc, argv);
		if (!c->name || *words)
			return c;
	}
	return NULL;
}

void opt_help_words(int argc, char **argv)
{
	static char help[] = "--help", version[] = "--version";

	if (argc == 2 && str_eq(argv[1], "version"))
		argv[1] = version;
	if (argc < 2 || !str_eq(argv[1], "help"))
		return;
	for (int i = 1; i + 1 < argc; i++)
		argv[i] = argv[i + 1];
	argv[argc - 1] = help;
}

/* ---- help, or the run ---- */

/* command NULL: about the program, of its commands those that begin with the word `group` where
 * that is not NULL. */
static int answer(const struct opt_program *program, const struct opt_command *command,
		  const char *group, enum opt_request request, struct err *e)
{
	switch (request) {
	case OPT_REQUEST_HELP:
		opt_help_print(stdout, program, command, group);
		break;
	case OPT_REQUEST_MAN:
		opt_help_man(stdout, program);
		break;
	case OPT_REQUEST_COMPLETION:
		opt_help_completion(stdout, program);
		break;
	case OPT_REQUEST_FIELDS:
		if (!program->records)
			return err_usage(e, "%s prints no records", program->name);
		record_print_docs(stdout, program->records);
		break;
	default:
		printf("%s (coldpress) %s%s%s\n", program->name, COLDPRESS_VERSION,
		       *COLDPRESS_REVISION ? " " : "", COLDPRESS_REVISION);
	}
	if (fflush(stdout) == 0 || errno == EPIPE)
		return 0;
	return err_set(e, errno, "cannot write standard output");
}

static int check_operands(const struct opt_command *command, const struct opt_parser *p,
			  struct err *e)
{
	const char *operand = p->first_operand < p->argc ? p->argv[p->first_operand] : NULL;

	if (command->operands == OPT_OPERANDS_ANY)
		return 0;
	if (command->operands == OPT_OPERANDS_NONE)
		return operand ? err_usage(e, "unexpected argument '%s'", operand) : 0;
	if (p->n_before_end)
		return err_usage(e, "unexpected argument '%s'; a command to run follows --",
				 operand);
	if (p->ended && (!operand || !*operand))
		return err_usage(e, "no command follows --");
	return 0;
}

static int run_command(const struct opt_program *program, const struct opt_command *command,
		       int argc, char **argv, int *exit_code, struct err *e)
{
	struct opt_parser check = {
		.options = command->options, .argc = argc, .argv = argv, .common = true
	};
	struct opt_parser p = check;
	int rc;

	rc = opt_parse(&check, e);
	if (rc)
		return rc;
	if (check.request)
		return answer(program, command, NULL, check.request, e);
	p.config = opt_config(program, command);
	rc = opt_parse(&p, e);
	if (rc)
		return rc;
	rc = check_operands(command, &p, e);
	if (rc)
		return rc;
	return command->run(opt_config(program, command), argc - p.first_operand,
			    argv + p.first_operand, exit_code, e);
}

/* The program's own --help and --version, where it has commands and the first word is none. */
static enum opt_request program_request(int argc, char **argv)
{
	static const struct opt none[] = { OPT_END };
	struct opt_parser p = {
		.options = none, .argc = MIN(argc, 2), .argv = argv, .common = true
	};

	return opt_parse(&p, NULL) ? OPT_REQUEST_NONE : p.request;
}

static int dispatch(const struct opt_program *program, const struct opt_command **command, int argc,
		    char **argv, int *exit_code, struct err *e)
{
	enum opt_request request;
	int words = 0;

	if (program->commands->name) {
		bool group = argc > 2 && is_group(program, argv[1]);

		request = program_request(argc - group, argv + group);
		if (request)
			return answer(program, NULL, group ? argv[1] : NULL, request, e);
	}
	*command = find_command(program, argc, argv, &words);
	if (!*command)
		return no_command(program, argc > 1 ? argv[1] : NULL, e);
	return run_command(program, *command, argc - words, argv + words, exit_code, e);
}

int opt_main(const struct opt_program *program, int argc, char **argv)
{
	const struct opt_command *command = NULL;
	int exit_code = EXIT_DONE, rc;
	struct err e = { 0 };

	settle_process();
	if (program->commands->name)
		opt_help_words(argc, argv);
	rc = dispatch(program, &command, argc, argv, &exit_code, &e);
	if (rc == 0 || (rc == -EPIPE && !*e.what))
		return exit_code;
	if (!*e.what)
		err_set(&e, rc, "failed");
	if (e.exit == EXIT_USAGE && !*e.hint)
		err_hint(&e, "see %s%s%s --help", program->name,
			 command && command->name ? " " : "",
			 command && command->name ? command->name : "");
	return term_error(&e, program->name);
}
