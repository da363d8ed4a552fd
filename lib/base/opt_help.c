/* SPDX-License-Identifier: GPL-2.0-only */
/* opt_help.c - help, man page and bash completion from the option tables.
 *
 * Defaults are read from the configuration, so they are written once. The texts are ours, plain
 * ASCII; what mdoc would take for markup in them is escaped. The hand-written parts of a man page
 * are in man/.
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
	{ EXIT_DONE, "success, also when stopped with ^C" },
	{ EXIT_FAILED, "failure; also an incomplete result, or one that failed its validation" },
	{ EXIT_USAGE, "usage error" },
	{ EXIT_IMPOSSIBLE,
	  "not supported on this machine: a kernel feature, a privilege or a tool is missing" },
};

/* Of every command, after its own. The type is one whose value is never read. */
static const struct opt common_options[] = {
	{ .letter = 'h',
	  .name = "help",
	  .type = OPT_TYPE_RENAMED,
	  .help = "print this help; --help=man prints an mdoc page, --help=completion a bash "
		  "script, --help=fields the record fields" },
	{ .letter = 'V',
	  .name = "version",
	  .type = OPT_TYPE_RENAMED,
	  .help = "print the version and revision" },
	OPT_END
};

/* ---- words ---- */

/* "fill the pages; one of a, b; default 3" */
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

/* Calls print for the options of a command and the common ones. */
static void each_option(FILE *f, const struct opt *options, const void *config,
			void (*print)(FILE *f, const struct opt *opt, const struct text *about))
{
	const struct opt *const tables[] = { options, common_options };

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		for (const struct opt *opt = tables[i]; opt && opt->name; opt++) {
			struct text t = { 0 };

			if (opt->hidden)
				continue;
			describe(&t, opt, config);
			print(f, opt, &t);
			text_done(&t);
		}
	}
}

struct word {
	const char *s;
	size_t len;
	unsigned int newlines; /* before it */
};

/* The last one may be empty, with the newlines at the end. */
static bool next_word(struct word *w, const char **at, const char *end)
{
	if (*at == end)
		return false;
	w->newlines = 0;
	for (; *at < end && (**at == ' ' || **at == '\n'); ++*at)
		w->newlines += **at == '\n';
	w->s = *at;
	while (*at < end && **at != ' ' && **at != '\n')
		++*at;
	w->len = (size_t)(*at - w->s);
	return true;
}

/* Running text from column `indent` on, where the first line is already. */
static void wrap(FILE *f, const char *text, size_t n, size_t indent)
{
	const char *at = text;
	size_t column = indent;

	for (struct word w; next_word(&w, &at, text + n);) {
		if (!w.newlines && column > indent && column + 1 + w.len > HELP_COLUMNS)
			w.newlines = 1;
		for (unsigned int i = 0; i < w.newlines; i++)
			fputc('\n', f);
		if (w.newlines && w.len)
			column = (size_t)fprintf(f, "%*s", (int)indent, "");
		if (w.len)
			column += (size_t)fprintf(f, "%s%.*s", column > indent ? " " : "",
						  (int)w.len, w.s);
	}
	fputc('\n', f);
}

/* The next block of a description: literal (lines that begin with a space) or running text. */
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

static void print_option(FILE *f, const struct opt *opt, const struct text *about)
{
	const char *value = opt_value_name(opt);
	int at = opt->letter ? fprintf(f, "  -%c, --%s", opt->letter, opt->name)
			     : fprintf(f, "      --%s", opt->name);

	if (*value)
		at += fprintf(f, " %s", value);
	if (at + 2 > HELP_INDENT) {
		fputc('\n', f);
		at = 0;
	}
	fprintf(f, "%*s", HELP_INDENT - at, "");
	wrap(f, about->s, about->n, HELP_INDENT);
}

bool opt_in_group(const struct opt_command *command, const char *group)
{
	size_t n = strlen(group);

	return strncmp(command->name, group, n) == 0 && command->name[n] == ' ';
}

/* group: only the commands that begin with this word; NULL: all. */
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
		wrap(f, c->summary, strlen(c->summary), width + 4);
	}
	fprintf(f, "\n\"%s COMMAND --help\" describes a command.\n", program->name);
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
			wrap(f, description, n - (description[n - 1] == '\n'), 0);
	}
}

static void print_command_help(FILE *f, const struct opt_program *program,
			       const struct opt_command *command)
{
	const char *description = command->description;

	if (!description && !command->name)
		description = program->description;
	fprintf(f, "Usage: %s%s%s [OPTION]...%s%s\n", program->name, command->name ? " " : "",
		command->name ? command->name : "", command->synopsis ? " " : "",
		command->synopsis ? command->synopsis : "");
	print_about(f, command->summary, description);
	fputs("\nOptions:\n", f);
	each_option(f, command->options, opt_config(program, command), print_option);
	if (command->examples)
		print_indented(f, "Examples", command->examples);
}

/* "Usage: ram_pool trigger compress|readback [OPTION]..." */
static void print_usage(FILE *f, const struct opt_program *program, const char *group)
{
	const char *before = " ";

	if (!group) {
		fprintf(f, "Usage: %s COMMAND [OPTION]...\n", program->name);
		return;
	}
	fprintf(f, "Usage: %s %s", program->name, group);
	for (const struct opt_command *c = program->commands; c->run; c++) {
		if (!opt_in_group(c, group))
			continue;
		fprintf(f, "%s%s", before, c->name + strlen(group) + 1);
		before = "|";
	}
	fputs(" [OPTION]...\n", f);
}

void opt_help_print(FILE *f, const struct opt_program *program, const struct opt_command *command,
		    const char *group)
{
	if (command) {
		print_command_help(f, program, command);
	} else {
		print_usage(f, program, group);
		if (!group)
			print_about(f, program->summary, program->description);
		print_commands(f, program, group);
		if (group)
			return;
		fputs("\nOptions:\n", f);
		each_option(f, NULL, NULL, print_option);
	}
	fputs("\nExit status:\n", f);
	for (size_t i = 0; i < ARRAY_SIZE(exit_codes); i++) {
		size_t indent = (size_t)fprintf(f, "  %-4d", exit_codes[i].code);

		wrap(f, exit_codes[i].meaning, strlen(exit_codes[i].meaning), indent);
	}
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

/* A macro's argument, not to be taken for a macro or a delimiter. */
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

/* Running text: short lines, a new one for each sentence, `.Pp` where a line is empty. */
static void man_text(FILE *f, const char *text, size_t n)
{
	const char *at = text;
	size_t column = 0;
	char last = '\0'; /* of the word before */

	for (struct word w; next_word(&w, &at, text + n) && w.len;) {
		bool sentence = (last == '.' || last == '?') && isupper((unsigned char)*w.s);

		if (column && (sentence || w.newlines > 1 || column + 1 + w.len > MAN_COLUMNS)) {
			fputc('\n', f);
			column = 0;
		}
		if (w.newlines > 1)
			fputs(".Pp\n", f);
		if (column)
			column += (size_t)fprintf(f, " ");
		column += man_word(f, w.s, w.len);
		last = w.s[w.len - 1];
	}
	if (column)
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
			man_text(f, text, n);
		}
	}
}

static void man_option(FILE *f, const struct opt *opt, const struct text *about)
{
	fputs(".It", f);
	if (opt->letter)
		fprintf(f, " Fl %c ,", opt->letter);
	fprintf(f, " Fl \\-%s", opt->name);
	if (*opt_value_name(opt)) {
		fputs(" Ar", f);
		man_arg(f, opt_value_name(opt));
	}
	fputc('\n', f);
	man_text(f, about->s, about->n);
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
		fprintf(f, "%c%s.\n", toupper((unsigned char)program->summary[0]),
			program->summary + 1);
	for (const struct opt_command *c = program->commands; c->run; c++) {
		if (c->name)
			fprintf(f, ".Ss %s\n%c%s.\n", c->name,
				toupper((unsigned char)c->summary[0]), c->summary + 1);
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
		fputs(".Bl -tag -width indent\n", f);
		each_option(f, c->options, opt_config(program, c), man_option);
		fputs(".El\n", f);
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

/* The values of every option that has choices, or names a file or directory; where commands differ
 * in an option, the first one counts. */
static void completion_values(FILE *f, const struct opt *options)
{
	for (const struct opt *opt = options; opt->name; opt++) {
		bool dir = opt->type == OPT_TYPE_DIR, path = dir || opt->type == OPT_TYPE_FILE;

		if (opt->hidden || (!opt->choices && !path))
			continue;
		fputc('\t', f);
		if (opt->letter)
			fprintf(f, "-%c | ", opt->letter);
		fprintf(f, "--%s) ", opt->name);
		if (path) {
			fprintf(f,
				"compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < "
				"<(compgen -%c -- \"$word\"); return ;;\n",
				dir ? 'd' : 'f');
			continue;
		}
		fputs("COMPREPLY=($(compgen -W '", f);
		for (int i = 0; opt->choices[i]; i++)
			fprintf(f, "%s%s", i ? " " : "", opt->choices[i]);
		fputs("' -- \"$word\")); return ;;\n", f);
	}
}

/* After a companion's name its own function completes, which is loaded once. */
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
		completion_values(f, c->options);
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
