/* SPDX-License-Identifier: GPL-2.0-only */
/* opt_help.c - help, man page and bash completion from the option tables.
 *
 * Defaults are read from the configuration, so they are written once. The texts are ours, plain
 * ASCII; what mdoc would take for markup in them is escaped. The hand-written parts of a man page
 * are not made here.
 */
#include "opt_help.h"

#include <ctype.h>

#include "text.h"

#define HELP_COLUMNS 80
#define HELP_INDENT  26 /* where the texts of options begin */
#define MAN_COLUMNS  78

static const struct {
	int code;
	const char *meaning;
} exit_codes[] = {
	{ EXIT_DONE, "done, also when ended by ^C" },
	{ EXIT_FAILED, "failed" },
	{ EXIT_USAGE, "wrong usage" },
	{ EXIT_IMPOSSIBLE,
	  "not possible on this machine: a feature, a right or a tool is missing" },
};

static const struct opt no_options[] = { OPT_END };

/* The options every command has, behind its own. */
static const struct {
	const char *letter, *name, *help;
} common_options[] = {
	{ "h", "help", "show this help; --help=man an mdoc page, --help=completion a bash script" },
	{ "V", "version", "show program, version and revision" },
};

/* ---- words ---- */

static const char *metavar(const struct opt *opt)
{
	if (opt->metavar)
		return opt->metavar;
	switch (opt->type) {
	case OPT_TYPE_FLAG:
	case OPT_TYPE_RENAMED:
		return "";
	case OPT_TYPE_U64:
		return "N";
	case OPT_TYPE_F64:
		return "X";
	case OPT_TYPE_SHARE:
		return "SHARE";
	case OPT_TYPE_SIZE:
		return "SIZE";
	case OPT_TYPE_DURATION:
		return "TIME";
	case OPT_TYPE_FILE:
		return "FILE";
	case OPT_TYPE_DIR:
		return "DIR";
	case OPT_TYPE_STRING:
		return "TEXT";
	case OPT_TYPE_CHOICE:
		return "NAME";
	case OPT_TYPE_PID:
		return "PID";
	case OPT_TYPE_LIST:
		return "LIST";
	}
	return "";
}

/* "fill the pages; one of a, b; from 1; default 3": all that there is to say about an option. */
static void describe(struct text *t, const struct opt *opt, const void *config)
{
	bool flag = opt->type == OPT_TYPE_FLAG;
	char value[256];

	text_str(t, opt->help);
	for (int i = 0; opt->choices && opt->choices[i]; i++) {
		text_str(t, i ? ", " : "; one of ");
		text_str(t, opt->choices[i]);
	}
	opt_format_value(opt, config, value, sizeof(value));
	if (flag && str_eq(value, "true")) {
		text_str(t, "; on by default, --no-");
		text_str(t, opt->name);
		text_str(t, " turns it off");
	} else if (!flag && *value) {
		text_str(t, "; default ");
		text_str(t, value);
	}
}

/* Words of text, wrapped: the first line starts at `column`, the others at `indent`. */
static void wrap(FILE *f, const char *text, size_t n, size_t column, size_t indent)
{
	size_t at = column;

	for (size_t i = 0; i < n;) {
		size_t len = 0;

		while (i < n && text[i] == ' ')
			i++;
		while (i + len < n && text[i + len] != ' ' && text[i + len] != '\n')
			len++;
		if (at > indent && at + 1 + len > HELP_COLUMNS) {
			fprintf(f, "\n%*s", (int)indent, "");
			at = indent;
		}
		if (len)
			at += (size_t)fprintf(f, "%s%.*s", at > indent ? " " : "", (int)len,
					      text + i);
		i += len;
		if (i < n && text[i] == '\n') {
			fprintf(f, "\n%*s", text[i + 1] == '\n' ? 0 : (int)indent, "");
			at = indent;
			i++;
		}
	}
	fputc('\n', f);
}

/* The next block of a description: lines that begin with a space stand as they are, others are
 * running text.
 */
static size_t next_block(const char *text, bool *literal)
{
	size_t n = 0;

	*literal = *text == ' ';
	while (text[n] && (text[n] == ' ') == *literal) {
		n += strcspn(text + n, "\n");
		n += text[n] == '\n';
	}
	return n;
}

/* ---- help ---- */

static void print_option(FILE *f, char letter, const char *name, const char *value,
			 const char *text, size_t n)
{
	int at = letter ? fprintf(f, "  -%c, --%s", letter, name) : fprintf(f, "      --%s", name);

	if (*value)
		at += fprintf(f, " %s", value);
	if (at + 2 > HELP_INDENT) {
		fputc('\n', f);
		at = 0;
	}
	fprintf(f, "%*s", HELP_INDENT - at, "");
	wrap(f, text, n, HELP_INDENT, HELP_INDENT);
}

static void print_options(FILE *f, const struct opt *options, const void *config)
{
	fputs("\nOptions:\n", f);
	for (const struct opt *opt = options; opt->name; opt++) {
		struct text t = { 0 };

		if (opt->hidden)
			continue;
		describe(&t, opt, config);
		print_option(f, (char)opt->letter, opt->name, metavar(opt), t.s, t.n);
		text_done(&t);
	}
	for (size_t i = 0; i < ARRAY_SIZE(common_options); i++)
		print_option(f, *common_options[i].letter, common_options[i].name, "",
			     common_options[i].help, strlen(common_options[i].help));
}

bool opt_in_group(const struct opt_command *command, const char *group)
{
	size_t n = strlen(group);

	return strncmp(command->name, group, n) == 0 && command->name[n] == ' ';
}

/* group: the first word of those that are wanted; NULL = all. */
static void print_commands(FILE *f, const struct opt_program *program, const char *group)
{
	size_t width = 0;

	for (const struct opt_command *c = program->commands; c->run; c++)
		width = MAX(width, strlen(c->name));
	fputs("\nCommands:\n", f);
	for (const struct opt_command *c = program->commands; c->run; c++) {
		if (group && !opt_in_group(c, group))
			continue;
		fprintf(f, "  %-*s  ", (int)width, c->name);
		wrap(f, c->summary, strlen(c->summary), width + 4, width + 4);
	}
	fprintf(f, "\n%s COMMAND --help tells more about each.\n", program->name);
}

static void print_indented(FILE *f, const char *heading, const char *lines)
{
	fprintf(f, "\n%s:\n", heading);
	while (*lines) {
		size_t len = strcspn(lines, "\n");

		fprintf(f, len ? "  %.*s\n" : "%.*s\n", (int)len, lines);
		lines += len;
		lines += *lines == '\n';
	}
}

static void print_about(FILE *f, const char *summary, const char *description)
{
	bool literal;

	fprintf(f, "\n%c%s.\n", toupper((unsigned char)summary[0]), summary + 1);
	if (description)
		fputc('\n', f);
	for (size_t n; description && *description; description += n) {
		n = next_block(description, &literal);
		if (literal)
			fprintf(f, "%.*s", (int)n, description);
		else
			wrap(f, description, n - (description[n - 1] == '\n'), 0, 0);
	}
}

void opt_help_group(FILE *f, const struct opt_program *program, const char *group)
{
	fprintf(f, "Usage: %s COMMAND [OPTION]...\n", program->name);
	print_commands(f, program, group);
}

void opt_help_print(FILE *f, const struct opt_program *program, const struct opt_command *command)
{
	if (!command) {
		fprintf(f, "Usage: %s COMMAND [OPTION]...\n", program->name);
		print_about(f, program->summary, program->description);
		print_commands(f, program, NULL);
		print_options(f, no_options, NULL);
	} else {
		fprintf(f, "Usage: %s%s%s [OPTION]...%s%s\n", program->name,
			command->name ? " " : "", command->name ? command->name : "",
			command->synopsis ? " " : "", command->synopsis ? command->synopsis : "");
		print_about(f, command->summary,
			    command->description ? command->description
			    : command->name      ? NULL
						 : program->description);
		print_options(f, command->options, program->config);
		if (command->examples)
			print_indented(f, "Examples", command->examples);
	}
	fputs("\nExit status:\n", f);
	for (size_t i = 0; i < ARRAY_SIZE(exit_codes); i++)
		fprintf(f, "  %-4d%s\n", exit_codes[i].code, exit_codes[i].meaning);
}

/* ---- man page ---- */

/* One word of a text line or of a macro's arguments. */
static size_t man_word(FILE *f, const char *word, size_t len)
{
	if (len && (*word == '.' || *word == '\''))
		fputs("\\&", f);
	for (size_t i = 0; i < len; i++) {
		if (word[i] == '\\')
			fputs("\\e", f);
		else
			fputc(word[i], f);
	}
	return len;
}

/* A macro's argument that stands for itself, whatever macro or delimiter it looks like. */
static void man_arg(FILE *f, const char *text)
{
	fputs(" \"\\&", f);
	for (; *text; text++) {
		if (*text == '"')
			fputs("\\(dq", f);
		else
			man_word(f, text, 1);
	}
	fputc('"', f);
}

/* Running text: short lines, a new one behind each sentence, `.Pp` where a line is empty. */
static void man_text(FILE *f, const char *text, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n;) {
		size_t len = 0;
		bool sentence;

		while (i < n &&
		       (text[i] == ' ' || (text[i] == '\n' && (i + 1 == n || text[i + 1] != '\n'))))
			i++;
		if (i + 1 < n && text[i] == '\n') {
			fputs(at ? "\n.Pp\n" : ".Pp\n", f);
			at = 0;
			i += 2;
			continue;
		}
		while (i + len < n && text[i + len] != ' ' && text[i + len] != '\n')
			len++;
		if (!len)
			break;
		if (at && at + 1 + len > MAN_COLUMNS) {
			fputc('\n', f);
			at = 0;
		}
		if (at)
			at += (size_t)fprintf(f, " ");
		at += man_word(f, text + i, len);
		i += len;
		sentence = (text[i - 1] == '.' || text[i - 1] == '?') && i + 1 < n &&
			   text[i] == ' ' && isupper((unsigned char)text[i + 1]);
		if (sentence) {
			fputc('\n', f);
			at = 0;
		}
	}
	if (at)
		fputc('\n', f);
}

static void man_literal(FILE *f, const char *lines, size_t n)
{
	fputs(".Bd -literal\n", f);
	for (const char *end = lines + n; lines < end;) {
		size_t len = strcspn(lines, "\n");

		man_word(f, lines, len);
		fputc('\n', f);
		lines += len;
		lines += *lines == '\n';
	}
	fputs(".Ed\n", f);
}

static void man_paragraphs(FILE *f, const char *text)
{
	bool literal;

	for (size_t n; *text; text += n) {
		n = next_block(text, &literal);
		if (literal) {
			man_literal(f, text, n);
			fputs(text[n] ? ".Pp\n" : "", f);
		} else {
			man_text(f, text, n - (n > 1 && text[n - 2] == '\n'));
		}
	}
}

static void man_item(FILE *f, char letter, const char *name, const char *value)
{
	fputs(".It", f);
	if (letter)
		fprintf(f, " Fl %c ,", letter);
	fprintf(f, " Fl \\-%s", name);
	if (*value) {
		fputs(" Ar", f);
		man_arg(f, value);
	}
	fputc('\n', f);
}

static void man_options(FILE *f, const struct opt *options, const void *config)
{
	fputs(".Bl -tag -width indent\n", f);
	for (const struct opt *opt = options; opt->name; opt++) {
		struct text t = { 0 };

		if (opt->hidden)
			continue;
		man_item(f, (char)opt->letter, opt->name, metavar(opt));
		describe(&t, opt, config);
		man_text(f, t.s, t.n);
		text_done(&t);
	}
	for (size_t i = 0; i < ARRAY_SIZE(common_options); i++) {
		man_item(f, *common_options[i].letter, common_options[i].name, "");
		man_text(f, common_options[i].help, strlen(common_options[i].help));
	}
	fputs(".El\n", f);
}

static void man_head(FILE *f, const struct opt_program *program)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t now = epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
	char date[32];
	struct tm tm;

	strftime(date, sizeof(date), "%B %e, %Y", gmtime_r(&now, &tm));
	fprintf(f, ".Dd %s\n.Dt ", date);
	for (const char *c = program->name; *c; c++)
		fputc(toupper((unsigned char)*c), f);
	fprintf(f, " 8\n.Os\n.Sh NAME\n.Nm %s\n.Nd %s\n", program->name, program->summary);
}

static void man_synopsis(FILE *f, const struct opt_program *program)
{
	fputs(".Sh SYNOPSIS\n", f);
	for (const struct opt_command *c = program->commands; c->run; c++) {
		fputs(".Nm\n", f);
		if (c->name) {
			fputs(".Cm", f);
			man_arg(f, c->name);
			fputc('\n', f);
		}
		fputs(".Op Ar option ...\n", f);
		if (c->synopsis)
			man_text(f, c->synopsis, strlen(c->synopsis));
	}
}

static void man_description(FILE *f, const struct opt_program *program)
{
	fputs(".Sh DESCRIPTION\n", f);
	if (program->description)
		man_paragraphs(f, program->description);
	else
		fprintf(f, ".Nm\nserves to %s.\n", program->summary);
	for (const struct opt_command *c = program->commands; c->run; c++) {
		if (c->name)
			fprintf(f, ".Ss %s\n", c->name);
		if (c->name)
			fprintf(f, "%c%s.\n", toupper((unsigned char)c->summary[0]),
				c->summary + 1);
		if (c->description) {
			fputs(".Pp\n", f);
			man_paragraphs(f, c->description);
		}
	}
}

static void man_examples(FILE *f, const struct opt_program *program)
{
	bool any = false;

	for (const struct opt_command *c = program->commands; c->run; c++) {
		if (!c->examples)
			continue;
		fputs(any ? "" : ".Sh EXAMPLES\n", f);
		man_literal(f, c->examples, strlen(c->examples));
		any = true;
	}
}

/* One list for each kind of record: name, unit and meaning of every field. */
static void man_fields(FILE *f, const struct record_type *const *records)
{
	fputs(".Sh FIELDS\n", f);
	for (; *records; records++) {
		fprintf(f, ".Ss %s\n", (*records)->name);
		man_text(f, (*records)->meaning, strlen((*records)->meaning));
		fputs(".Bl -tag -width indent\n", f);
		for (size_t i = 0; i < (*records)->n_fields; i++) {
			const struct field *field = &(*records)->fields[i];

			fputs(".It Va", f);
			man_arg(f, field->name);
			if (*field->unit)
				fprintf(f, " Pq %s", field->unit);
			fputc('\n', f);
			man_text(f, field->meaning, strlen(field->meaning));
		}
		fputs(".El\n", f);
	}
}

void opt_help_man(FILE *f, const struct opt_program *program)
{
	man_head(f, program);
	man_synopsis(f, program);
	man_description(f, program);
	fputs(".Sh OPTIONS\n", f);
	for (const struct opt_command *c = program->commands; c->run; c++) {
		if (c->name)
			fprintf(f, ".Ss Options of %s\n", c->name);
		man_options(f, c->options, program->config);
	}
	if (program->records)
		man_fields(f, program->records);
	fputs(".Sh EXIT STATUS\n.Bl -tag -width indent\n", f);
	for (size_t i = 0; i < ARRAY_SIZE(exit_codes); i++)
		fprintf(f, ".It %d\n%s\n", exit_codes[i].code, exit_codes[i].meaning);
	fputs(".El\n", f);
	man_examples(f, program);
}

/* ---- completion ---- */

static void completion_words(FILE *f, const struct opt *options)
{
	for (const struct opt *opt = options; opt->name; opt++)
		if (!opt->hidden)
			fprintf(f, "--%s ", opt->name);
	fputs("--help --version", f);
}

/* The values of every option with choices; where commands differ in an option's choices, the first
 * one counts. */
static void completion_choices(FILE *f, const struct opt *options)
{
	for (const struct opt *opt = options; opt->name; opt++) {
		if (!opt->choices || opt->hidden)
			continue;
		if (opt->letter)
			fprintf(f, "\t-%c | ", opt->letter);
		else
			fputs("\t", f);
		fprintf(f, "--%s) COMPREPLY=($(compgen -W '", opt->name);
		for (int i = 0; opt->choices[i]; i++)
			fprintf(f, "%s%s", i ? " " : "", opt->choices[i]);
		fputs("' -- \"$word\")); return ;;\n", f);
	}
}

/* What stands behind a companion's name is completed by the companion's own function, which is
 * asked for once. */
static void completion_companions(FILE *f, const struct opt_program *program)
{
	if (!program->companions)
		return;
	fputs("\tcase ${COMP_CWORD}:${COMP_WORDS[1]} in\n\t1:*) ;;\n\t", f);
	for (const char *const *s = program->companions; *s; s++)
		fprintf(f, "%s*:%s", s == program->companions ? "" : " | ", *s);
	fputs(")\n\t\tlocal companion=${COMP_WORDS[1]}\n"
	      "\t\tdeclare -F \"_coldpress_$companion\" >/dev/null || . <(\"$1\" \"$companion\" "
	      "--help=completion 2>/dev/null)\n"
	      "\t\tdeclare -F \"_coldpress_$companion\" >/dev/null || return\n"
	      "\t\tlocal COMP_WORDS=(\"${COMP_WORDS[@]:1}\") COMP_CWORD=$((COMP_CWORD - 1))\n"
	      "\t\t\"_coldpress_$companion\" \"$companion\" \"$word\" \"$before\"\n\t\treturn "
	      ";;\n\tesac\n",
	      f);
}

void opt_help_completion(FILE *f, const struct opt_program *program)
{
	fprintf(f, "# bash completion of %s, from %s --help=completion\n", program->name,
		program->name);
	fprintf(f, "_coldpress_%s()\n{\n\tlocal word=$2 before=$3 words=()\n", program->name);
	completion_companions(f, program);
	fputs("\tcase $before in\n", f);
	for (const struct opt_command *c = program->commands; c->run; c++)
		completion_choices(f, c->options);
	fputs("\tesac\n", f);
	if (program->commands->name) {
		fputs("\tcase \" ${COMP_WORDS[*]:1:COMP_CWORD-1} \" in\n", f);
		for (const struct opt_command *c = program->commands; c->run; c++) {
			fprintf(f, "\t\" %s \"*) words=(", c->name);
			completion_words(f, c->options);
			fputs(") ;;\n", f);
		}
		fputs("\t*) words=(", f);
		for (const struct opt_command *c = program->commands; c->run; c++)
			fprintf(f, "%s ", c->name);
		for (const char *const *s = program->companions; s && *s; s++)
			fprintf(f, "%s ", *s);
		fputs("--help --version) ;;\n\tesac\n", f);
	} else {
		fputs("\twords=(", f);
		completion_words(f, program->commands->options);
		fputs(")\n", f);
	}
	fputs("\tCOMPREPLY=($(compgen -W \"${words[*]}\" -- \"$word\"))\n}\n", f);
	fprintf(f, "complete -o bashdefault -o default -F _coldpress_%s %s\n", program->name,
		program->name);
}
