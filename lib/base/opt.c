/* SPDX-License-Identifier: GPL-2.0-only */
/* opt.c - option tables: parses a command line into a configuration and runs the command.
 *
 * A command line is walked twice: first without storing, so that --help shows the untouched
 * defaults wherever it stands, then for good. Long names are never abbreviated: a script must not
 * break when an option is added. What is printed about a program is in opt_help.c.
 */
#include "opt.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>

#include "nearest.h"
#include "opt_help.h"
#include "record.h"
#include "term.h"
#include "text.h"
#include "units.h"
#include "version.h"

const char *const opt_format_choices[] = { "text", "json", "csv", NULL };

enum request {
	REQUEST_NONE,
	REQUEST_HELP,
	REQUEST_MAN,
	REQUEST_COMPLETION,
	REQUEST_FIELDS,
	REQUEST_VERSION
};

struct parser {
	const struct opt *options;
	void *config; /* NULL: look, do not store */
	int argc;
	char **argv;
	int at;               /* the next word */
	int first_operand;    /* operands met so far were moved to [first_operand, at) */
	bool common;          /* --help and --version are options */
	bool ended;           /* `--` was met */
	int n_before_end;     /* operands before it */
	uint64_t lists_given; /* by index in options: the default list was replaced */
	enum request request;
};

/* ---- values ---- */

static int check_bounds(const struct opt *opt, uint64_t v, struct err *e)
{
	char bound[UNITS_TEXT_MAX];
	bool below = v < opt->min;
	uint64_t limit = below ? opt->min : opt->max;

	if (!below && (!opt->max || v <= opt->max))
		return 0;
	if (opt->type == OPT_TYPE_SIZE)
		units_exact_size(limit, bound);
	else if (opt->type == OPT_TYPE_DURATION)
		units_exact_duration(limit, bound);
	else
		snprintf(bound, sizeof(bound), "%llu", (unsigned long long)limit);
	return err_usage(e, "must be %s %s", below ? "at least" : "at most", bound);
}

static int parse_unsigned(const struct opt *opt, void *to, const char *text, struct err *e)
{
	uint64_t v;
	int rc;

	if (opt->type == OPT_TYPE_SIZE)
		rc = units_parse_size(text, &v, e);
	else if (opt->type == OPT_TYPE_DURATION)
		rc = units_parse_duration(text, &v, e);
	else
		rc = units_parse_u64(text, &v, e);
	if (rc == 0)
		rc = check_bounds(opt, v, e);
	if (rc == 0 && to)
		*(uint64_t *)to = v;
	return rc;
}

static int parse_number(const struct opt *opt, void *to, const char *text, struct err *e)
{
	double v;
	int rc = opt->type == OPT_TYPE_SHARE ? units_parse_share(text, &v, e)
					     : units_parse_f64(text, &v, e);

	if (rc == 0 && to)
		*(double *)to = v;
	return rc;
}

static int parse_pid(void *to, const char *text, struct err *e)
{
	uint64_t v;

	if (units_parse_u64(text, &v, NULL) < 0 || v < 1 || v > INT32_MAX)
		return err_usage(e, "'%s' is not a process ID, a whole number from 1", text);
	if (to)
		*(pid_t *)to = (pid_t)v;
	return 0;
}

static int parse_choice(const struct opt *opt, void *to, const char *text, struct err *e)
{
	struct text all = { 0 };

	for (int i = 0; opt->choices[i]; i++) {
		if (str_eq(text, opt->choices[i])) {
			if (to)
				*(int *)to = i;
			return 0;
		}
	}
	for (int i = 0; opt->choices[i]; i++) {
		text_str(&all, i ? ", " : "");
		text_str(&all, opt->choices[i]);
	}
	err_usage(e, "'%s' is not one of %.*s", text, (int)all.n, all.n ? all.s : "");
	text_done(&all);
	return -EINVAL;
}

static int list_add(struct opt_list *list, const char *item, size_t len, struct err *e)
{
	const char **items = reallocarray(list->items, list->n + 1, sizeof(*items));
	char *copy = strndup(item, len);

	if (items)
		list->items = items;
	if (!items || !copy) {
		free(copy);
		return err_set(e, ENOMEM, "cannot keep '%s'", item);
	}
	items[list->n++] = copy;
	return 0;
}

static int parse_list(struct opt_list *to, const char *text, struct err *e)
{
	for (const char *item = text;; item++) {
		size_t len = strcspn(item, ",");

		if (len == 0)
			return err_usage(e, "'%s' has an empty item", text);
		if (to && list_add(to, item, len, e) < 0)
			return -ENOMEM;
		item += len;
		if (!*item)
			return 0;
	}
}

static int parse_value(struct parser *p, const struct opt *opt, const char *text, struct err *e)
{
	void *to = p->config ? (char *)p->config + opt->offset : NULL;
	uint64_t bit = UINT64_C(1) << ((opt - p->options) & 63);

	switch (opt->type) {
	case OPT_TYPE_U64:
	case OPT_TYPE_SIZE:
	case OPT_TYPE_DURATION:
		return parse_unsigned(opt, to, text, e);
	case OPT_TYPE_F64:
	case OPT_TYPE_SHARE:
		return parse_number(opt, to, text, e);
	case OPT_TYPE_PID:
		return parse_pid(to, text, e);
	case OPT_TYPE_CHOICE:
		return parse_choice(opt, to, text, e);
	case OPT_TYPE_FILE:
	case OPT_TYPE_DIR:
		if (!*text)
			return err_usage(e, "names no %s: it is empty",
					 opt->type == OPT_TYPE_DIR ? "directory" : "file");
		/* fall through */
	case OPT_TYPE_STRING:
		if (to)
			*(const char **)to = text;
		return 0;
	case OPT_TYPE_LIST:
		if (to && !(p->lists_given & bit))
			*(struct opt_list *)to = (struct opt_list){ 0 };
		p->lists_given |= bit;
		return parse_list(to, text, e);
	case OPT_TYPE_FLAG:
	case OPT_TYPE_RENAMED:
		break;
	}
	return err_usage(e, "takes no value");
}

/* ---- words ---- */

/* Puts "--name" (or "-n") in front of what a value's parser said. */
static int blame(const struct opt *opt, const char *dashes, const struct err *why, struct err *e)
{
	if (why->exit != EXIT_USAGE)
		return err_say(e, why->code, "%s%s: %s", dashes, opt->name, why->what);
	return err_usage(e, "%s%s %s", dashes, opt->name, why->what);
}

static int take_value(struct parser *p, const struct opt *opt, const char *attached, struct err *e)
{
	struct err why = { 0 };

	if (!attached && p->at >= p->argc)
		return err_usage(e, "--%s needs a value", opt->name);
	if (!attached)
		attached = p->argv[p->at++];
	return parse_value(p, opt, attached, &why) < 0 ? blame(opt, "--", &why, e) : 0;
}

static void set_flag(struct parser *p, const struct opt *opt, bool value)
{
	if (p->config)
		*(bool *)((char *)p->config + opt->offset) = value;
}

static const struct opt *find_long(const struct opt *options, const char *name, size_t len)
{
	for (; options->name; options++)
		if (strlen(options->name) == len && memcmp(options->name, name, len) == 0)
			return options;
	return NULL;
}

static const struct opt *find_letter(const struct opt *options, char letter)
{
	for (; options->name; options++)
		if (options->letter && options->letter == letter)
			return options;
	return NULL;
}

static int unknown_long(const struct parser *p, const char *word, size_t len, struct err *e)
{
	char name[64];
	struct nearest near;

	snprintf(name, sizeof(name), "%.*s", (int)MIN(len, sizeof(name) - 1), word);
	near = nearest_begin(name);
	for (const struct opt *opt = p->options; opt->name; opt++)
		if (!opt->hidden)
			nearest_offer(&near, opt->name);
	if (p->common) {
		nearest_offer(&near, "help");
		nearest_offer(&near, "version");
	}
	if (near.best)
		return err_usage(e, "unknown option --%s; did you mean --%s?", name, near.best);
	return err_usage(e, "unknown option --%s", name);
}

/* --help, --help=man, --help=completion, --help=fields, --version. */
static bool take_common(struct parser *p, const char *word, struct err *e, int *rc)
{
	if (!p->common)
		return false;
	if (str_eq(word, "help"))
		p->request = REQUEST_HELP;
	else if (str_eq(word, "help=man"))
		p->request = REQUEST_MAN;
	else if (str_eq(word, "help=completion"))
		p->request = REQUEST_COMPLETION;
	else if (str_eq(word, "help=fields"))
		p->request = REQUEST_FIELDS;
	else if (str_eq(word, "version"))
		p->request = REQUEST_VERSION;
	else if (str_starts(word, "help="))
		*rc = err_usage(e, "--help '%s' is not one of man, completion, fields",
				word + strlen("help="));
	else
		return false;
	return true;
}

static int take_long(struct parser *p, const char *word, struct err *e)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct opt *opt = find_long(p->options, word, len);
	int rc = 0;

	if (!opt && take_common(p, word, e, &rc))
		return rc;
	if (!opt && len > 3 && str_starts(word, "no-")) {
		opt = find_long(p->options, word + 3, len - 3);
		if (opt && opt->type == OPT_TYPE_FLAG && !equals) {
			set_flag(p, opt, false);
			return 0;
		}
		opt = NULL;
	}
	if (!opt)
		return unknown_long(p, word, len, e);
	if (opt->type == OPT_TYPE_RENAMED)
		return err_usage(e, "--%s is now %s", opt->name, opt->help);
	if (opt->type != OPT_TYPE_FLAG)
		return take_value(p, opt, equals ? equals + 1 : NULL, e);
	if (equals)
		return err_usage(e, "--%s takes no value; --no-%s turns it off", opt->name,
				 opt->name);
	set_flag(p, opt, true);
	return 0;
}

/* "-v", "-qv", "-d10s", "-vd10s", "-d" and its value in the next word. */
static int take_letters(struct parser *p, const char *letters, struct err *e)
{
	for (; *letters; letters++) {
		const struct opt *opt = find_letter(p->options, *letters);

		if (!opt && p->common && (*letters == 'h' || *letters == 'V')) {
			p->request = *letters == 'h' ? REQUEST_HELP : REQUEST_VERSION;
			return 0;
		}
		if (!opt)
			return err_usage(e, "unknown option -%c", *letters);
		if (opt->type != OPT_TYPE_FLAG)
			return take_value(p, opt, letters[1] ? letters + 1 : NULL, e);
		set_flag(p, opt, true);
	}
	return 0;
}

/* Moves the words [from, at) of an option before the operands met so far. Only for good. */
static void put_before_operands(struct parser *p, int from)
{
	int n = p->at - from, operands = from - p->first_operand;

	if (p->config) {
		for (int i = 0; i < n; i++) {
			char *word = p->argv[from + i];

			memmove(&p->argv[p->first_operand + i + 1], &p->argv[p->first_operand + i],
				(size_t)operands * sizeof(*p->argv));
			p->argv[p->first_operand + i] = word;
		}
	}
	p->first_operand += n;
}

static int walk(struct parser *p, struct err *e)
{
	p->at = p->first_operand = 1;
	while (p->at < p->argc && !p->request) {
		const char *word = p->argv[p->at];
		int from = p->at, rc;

		p->at++;
		if (word[0] != '-' || !word[1])
			continue;
		p->ended = str_eq(word, "--");
		p->n_before_end = from - p->first_operand;
		if (p->ended) {
			put_before_operands(p, from);
			return 0;
		}
		rc = word[1] == '-' ? take_long(p, word + 2, e) : take_letters(p, word + 1, e);
		if (rc < 0)
			return rc;
		put_before_operands(p, from);
	}
	p->n_before_end = p->at - p->first_operand;
	return 0;
}

int opt_parse(const struct opt *options, void *config, int argc, char **argv, int *used,
	      struct err *e)
{
	struct parser p = { .options = options, .config = config, .argc = argc, .argv = argv };
	int rc = walk(&p, e);

	if (rc == 0)
		*used = p.first_operand;
	return rc;
}

/* ---- formatting ---- */

static void format_share(struct text *t, double v)
{
	char percent[32];
	double back;

	snprintf(percent, sizeof(percent), "%.10g%%", v * 100);
	if (units_parse_share(percent, &back, NULL) == 0 && back == v)
		text_str(t, percent);
	else
		text_shortest(t, v);
}

static void format_unsigned(struct text *t, const struct opt *opt, uint64_t v)
{
	char buf[UNITS_TEXT_MAX];

	if (v == MISSING_U64)
		return;
	if (opt->type == OPT_TYPE_U64)
		text_u64(t, v);
	else
		text_str(t, opt->type == OPT_TYPE_SIZE ? units_exact_size(v, buf)
						       : units_exact_duration(v, buf));
}

static void format_value(struct text *t, const struct opt *opt, const void *at)
{
	const struct opt_list *list;
	const char *s;

	switch (opt->type) {
	case OPT_TYPE_RENAMED:
		return;
	case OPT_TYPE_FLAG:
		text_str(t, *(const bool *)at ? "true" : "false");
		break;
	case OPT_TYPE_U64:
	case OPT_TYPE_SIZE:
	case OPT_TYPE_DURATION:
		format_unsigned(t, opt, *(const uint64_t *)at);
		break;
	case OPT_TYPE_F64:
		if (!isnan(*(const double *)at))
			text_shortest(t, *(const double *)at);
		break;
	case OPT_TYPE_SHARE:
		if (!isnan(*(const double *)at))
			format_share(t, *(const double *)at);
		break;
	case OPT_TYPE_STRING:
	case OPT_TYPE_FILE:
	case OPT_TYPE_DIR:
		s = *(const char *const *)at;
		text_str(t, s ? s : "");
		break;
	case OPT_TYPE_CHOICE:
		text_str(t, *(const int *)at < 0 ? "" : opt->choices[*(const int *)at]);
		break;
	case OPT_TYPE_PID:
		if (*(const pid_t *)at)
			text_u64(t, (uint64_t) * (const pid_t *)at);
		break;
	case OPT_TYPE_LIST:
		list = at;
		for (size_t i = 0; i < list->n; i++) {
			text_str(t, i ? "," : "");
			text_str(t, list->items[i]);
		}
		break;
	}
}

void opt_format_value(const struct opt *opt, const void *config, char *buf, size_t len)
{
	struct text t = { 0 };

	format_value(&t, opt, (const char *)config + opt->offset);
	snprintf(buf, len, "%.*s", (int)t.n, t.n ? t.s : "");
	text_done(&t);
}

/* ---- programs ---- */

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
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(signals[i], &action, NULL);
}

/* How many words of argv (from argv[1]) name this command: "trigger compress" is two; 0 = they do
 * not. */
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

static int half_command(const struct opt_program *program, const char *word, struct err *e)
{
	struct text names = { 0 };

	for (const struct opt_command *c = program->commands; c->run; c++)
		if (opt_in_group(c, word)) {
			text_str(&names, names.n ? ", " : "");
			text_str(&names, c->name);
		}
	err_usage(e, "'%s' is half of a command: %.*s", word, (int)names.n, names.s);
	text_done(&names);
	return -EINVAL;
}

static int no_command(const struct opt_program *program, const char *word, struct err *e)
{
	struct nearest near = nearest_begin(word ? word : "");
	struct text names = { 0 };

	if (word && is_group(program, word))
		return half_command(program, word, e);

	for (const struct opt_command *c = program->commands; c->run; c++) {
		nearest_offer(&near, c->name);
		text_str(&names, names.n ? ", " : "");
		text_str(&names, c->name);
	}
	for (const char *const *s = program->companions; s && *s; s++) {
		nearest_offer(&near, *s);
		text_str(&names, ", ");
		text_str(&names, *s);
	}
	if (!word)
		err_usage(e, "a command is needed: %.*s", (int)names.n, names.s);
	else if (word[0] == '-')
		err_usage(e, "unknown option %s before the command: %.*s", word, (int)names.n,
			  names.s);
	else if (near.best)
		err_usage(e, "unknown command '%s'; did you mean %s?", word, near.best);
	else
		err_usage(e, "unknown command '%s': there are %.*s", word, (int)names.n, names.s);
	text_done(&names);
	return -EINVAL;
}

static int find_command(const struct opt_program *program, int argc, char **argv,
			const struct opt_command **ret, int *words, struct err *e)
{
	const struct opt_command *c = program->commands;

	for (; c->run; c++) {
		*words = command_words(c, argc, argv);
		if (!c->name || *words) {
			*ret = c;
			return 0;
		}
	}
	return no_command(program, argc > 1 ? argv[1] : NULL, e);
}

/* command NULL: about the program, of the commands those that begin with the word `group` where
 * that is not NULL. */
static int answer(const struct opt_program *program, const struct opt_command *command,
		  const char *group, enum request request, struct err *e)
{
	if (request == REQUEST_HELP && group)
		opt_help_group(stdout, program, group);
	else if (request == REQUEST_HELP)
		opt_help_print(stdout, program, command);
	else if (request == REQUEST_MAN)
		opt_help_man(stdout, program);
	else if (request == REQUEST_COMPLETION)
		opt_help_completion(stdout, program);
	else if (request == REQUEST_FIELDS && program->records)
		record_print_docs(stdout, program->records);
	else if (request == REQUEST_FIELDS)
		return err_usage(e, "%s declares no records", program->name);
	else
		printf("%s (coldpress) %s%s%s\n", program->name, COLDPRESS_VERSION,
		       *COLDPRESS_REVISION ? " " : "", COLDPRESS_REVISION);
	if (fflush(stdout) == 0 || errno == EPIPE)
		return 0;
	return err_set(e, errno, "cannot write standard output");
}

static int check_operands(const struct opt_command *command, const struct parser *p, struct err *e)
{
	if (command->operands != OPT_OPERANDS_ANY && p->n_before_end > 0)
		return err_usage(e, "unexpected word '%s'%s", p->argv[p->first_operand],
				 command->operands == OPT_OPERANDS_COMMAND
					 ? ": a command stands behind --"
					 : "");
	if (command->operands == OPT_OPERANDS_NONE && p->first_operand < p->argc)
		return err_usage(e, "unexpected word '%s'", p->argv[p->first_operand]);
	if (command->operands == OPT_OPERANDS_COMMAND && p->ended &&
	    (p->first_operand == p->argc || !*p->argv[p->first_operand]))
		return err_usage(e, "the command behind -- is empty");
	return 0;
}

static int run_command(const struct opt_program *program, const struct opt_command *command,
		       int argc, char **argv, int *exit_code, struct err *e)
{
	struct parser look = {
		.options = command->options, .argc = argc, .argv = argv, .common = true
	};
	struct parser keep = look;
	int rc = walk(&look, e);

	if (rc == 0 && look.request)
		return answer(program, command, NULL, look.request, e);
	keep.config = program->config;
	if (rc == 0)
		rc = walk(&keep, e);
	if (rc == 0)
		rc = check_operands(command, &keep, e);
	if (rc < 0)
		return rc;
	return command->run(program->config, argc - keep.first_operand, argv + keep.first_operand,
			    exit_code, e);
}

/* The program's own --help and --version, where it has commands and the first word is none. */
static enum request program_request(int argc, char **argv)
{
	static const struct opt none[] = { OPT_END };
	struct parser p = { .options = none, .argc = MIN(argc, 2), .argv = argv, .common = true };

	return walk(&p, NULL) == 0 ? p.request : REQUEST_NONE;
}

static int dispatch(const struct opt_program *program, const struct opt_command **command, int argc,
		    char **argv, int *exit_code, struct err *e)
{
	enum request request;
	int words, rc;

	if (program->commands->name) {
		bool group = argc > 2 && is_group(program, argv[1]);

		request = program_request(argc - group, argv + group);
		if (request)
			return answer(program, NULL, group ? argv[1] : NULL, request, e);
	}
	rc = find_command(program, argc, argv, command, &words, e);
	if (rc < 0)
		return rc;
	return run_command(program, *command, argc - words, argv + words, exit_code, e);
}

int opt_main(const struct opt_program *program, int argc, char **argv)
{
	const struct opt_command *command = NULL;
	int exit_code = EXIT_DONE, rc;
	struct err e = { 0 };

	settle_process();
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
