/* SPDX-License-Identifier: GPL-2.0-only */
/* opt_parse.c - the words of a command line against an option table.
 *
 * Long names are never abbreviated: a script must not break when an option is added.
 */
#include "opt_parse.h"

#include "nearest.h"

/* The value's parser describes the value; "--name" goes in front. */
static int value_failed(const struct opt *opt, const struct err *why, struct err *e)
{
	if (why->exit != EXIT_USAGE)
		return err_say(e, why->code, "--%s: %s", opt->name, why->what);
	return err_usage(e, "--%s %s", opt->name, why->what);
}

static int take_value(struct opt_parser *p, const struct opt *opt, const char *attached,
		      struct err *e)
{
	const uint64_t bit = UINT64_C(1) << ((opt - p->options) & 63);
	void *to = p->config ? (char *)p->config + opt->offset : NULL;
	struct err why = { 0 };

	if (!attached && p->at >= p->argc)
		return err_usage(e, "--%s needs a value", opt->name);
	if (!attached)
		attached = p->argv[p->at++];
	if (opt->type == OPT_TYPE_LIST && to && !(p->lists_given & bit))
		*(struct opt_list *)to = (struct opt_list){ 0 };
	p->lists_given |= bit;
	return opt_value_parse(opt, to, attached, &why) ? value_failed(opt, &why, e) : 0;
}

static void set_flag(struct opt_parser *p, const struct opt *opt, bool value)
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

static int unknown_long(const struct opt_parser *p, const char *word, size_t len, struct err *e)
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

/* --help, --version and their kind. Returns whether the word is one of them. */
static bool take_common(struct opt_parser *p, const char *word, struct err *e, int *rc)
{
	static const char *const requests[] = {
		[OPT_REQUEST_HELP] = "help",
		[OPT_REQUEST_MAN] = "help=man",
		[OPT_REQUEST_COMPLETION] = "help=completion",
		[OPT_REQUEST_FIELDS] = "help=fields",
		[OPT_REQUEST_VERSION] = "version",
	};

	if (!p->common)
		return false;
	for (size_t i = OPT_REQUEST_HELP; i < ARRAY_SIZE(requests); i++) {
		if (str_eq(word, requests[i])) {
			p->request = (enum opt_request)i;
			return true;
		}
	}
	if (!str_starts(word, "help="))
		return false;
	*rc = err_usage(e, "--help '%s' is not one of man, completion, fields",
			word + strlen("help="));
	return true;
}

/* --no-NAME for a flag. */
static bool take_negated(struct opt_parser *p, const char *word)
{
	const struct opt *opt =
		str_starts(word, "no-") ? find_long(p->options, word + 3, strlen(word + 3)) : NULL;

	if (!opt || opt->type != OPT_TYPE_FLAG)
		return false;
	set_flag(p, opt, false);
	return true;
}

static int take_long(struct opt_parser *p, const char *word, struct err *e)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct opt *opt = find_long(p->options, word, len);
	int rc = 0;

	if (!opt && (take_common(p, word, e, &rc) || take_negated(p, word)))
		return rc;
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
static int take_letters(struct opt_parser *p, const char *letters, struct err *e)
{
	for (; *letters; letters++) {
		const struct opt *opt = find_letter(p->options, *letters);

		if (!opt && p->common && (*letters == 'h' || *letters == 'V')) {
			p->request = *letters == 'h' ? OPT_REQUEST_HELP : OPT_REQUEST_VERSION;
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

/* Moves the words [from, at) of an option before the operands found so far. */
static void put_before_operands(struct opt_parser *p, int from)
{
	int n = p->at - from, operands = from - p->first_operand;

	for (int i = 0; p->config && i < n; i++) {
		char **to = &p->argv[p->first_operand + i], *word = p->argv[from + i];

		memmove(to + 1, to, (size_t)operands * sizeof(*to));
		*to = word;
	}
	p->first_operand += n;
}

int opt_parse(struct opt_parser *p, struct err *e)
{
	p->at = p->first_operand = 1;
	while (p->at < p->argc && !p->request) {
		const char *word = p->argv[p->at];
		int from = p->at, rc = 0;

		p->at++;
		if (word[0] != '-' || !word[1])
			continue;
		p->ended = str_eq(word, "--");
		p->n_before_end = from - p->first_operand;
		if (!p->ended)
			rc = word[1] == '-' ? take_long(p, word + 2, e)
					    : take_letters(p, word + 1, e);
		if (rc)
			return rc;
		put_before_operands(p, from);
		if (p->ended)
			return 0;
	}
	p->n_before_end = p->at - p->first_operand;
	return 0;
}
