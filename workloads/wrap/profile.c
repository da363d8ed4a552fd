/* SPDX-License-Identifier: GPL-2.0-only */
/* profile.c - a user's own profile, from a YAML file that is checked as a whole before anything
 *runs.
 *
 *	tool: fio
 *	summary: random reads of a file in memory
 *	arguments: [--rw=randread, "--size={region}"]
 */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <yaml.h>

#include "wrap.h"

#define FILE_MAX_BYTES (64 * KIB)

/* A profile being read, and which of its keys were seen. */
struct reading {
	const char *path;
	const struct wrap_tool *tool;
	yaml_document_t document;
	bool had_tool, had_summary, had_arguments;
	struct args *args;
};

static int PRINTF_LIKE(4, 5)
	fail_at(const struct reading *r, size_t line, struct err *e, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_usage(e, "%s:%zu: %s", r->path, line + 1, what);
}

/* A scalar's text; NULL: another kind of node, or text with a NUL byte. */
static const char *scalar_of(const yaml_node_t *node)
{
	const char *text =
		node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;

	return text && strlen(text) == node->data.scalar.length ? text : NULL;
}

/* Refuses a {name} in lower case that is not a placeholder: most likely a spelling mistake. */
static int check_placeholders(const struct reading *r, const yaml_node_t *node, const char *arg,
			      struct err *e)
{
	for (const char *open = strchr(arg, '{'); open; open = strchr(open + 1, '{')) {
		const size_t len = strspn(open + 1, "abcdefghijklmnopqrstuvwxyz_");

		if (!len || open[1 + len] != '}' || wrap_is_placeholder(open + 1, len))
			continue;
		fail_at(r, node->start_mark.line, e, "unknown placeholder {%.*s}", (int)len,
			open + 1);
		return err_hint(e, "placeholders: %s", wrap_placeholder_names);
	}
	return 0;
}

static int read_arguments(struct reading *r, const yaml_node_t *list, struct err *e)
{
	if (list->type != YAML_SEQUENCE_NODE)
		return fail_at(r, list->start_mark.line, e, "arguments is a list: [--one, --two]");
	for (yaml_node_item_t *item = list->data.sequence.items.start;
	     item < list->data.sequence.items.top; item++) {
		const yaml_node_t *node = yaml_document_get_node(&r->document, *item);
		const char *arg = scalar_of(node);
		int rc;

		if (!arg)
			return fail_at(r, node->start_mark.line, e,
				       "an argument is plain text without NUL bytes");
		rc = check_placeholders(r, node, arg, e);
		if (rc)
			return rc;
		if (args_add(r->args, "%s", arg))
			return err_set(e, ENOMEM, "cannot read the profile %s", r->path);
	}
	return r->args->n ? 0 : fail_at(r, list->start_mark.line, e, "no arguments");
}

static int read_tool(struct reading *r, const yaml_node_t *value, struct err *e)
{
	const char *name = scalar_of(value);

	if (name && str_eq(name, r->tool->name))
		return 0;
	return fail_at(r, value->start_mark.line, e, "this profile is for %s, not for %s",
		       name ? name : "no tool", r->tool->name);
}

/* For those who read the file. */
static int read_summary(struct reading *r, const yaml_node_t *value, struct err *e)
{
	return scalar_of(value) ? 0
				: fail_at(r, value->start_mark.line, e, "summary is plain text");
}

static int read_pair(struct reading *r, const yaml_node_t *key, const yaml_node_t *value,
		     struct err *e)
{
	const struct {
		const char *name;
		bool *had;
		int (*read)(struct reading *r, const yaml_node_t *value, struct err *e);
	} keys[] = {
		{ "tool", &r->had_tool, read_tool },
		{ "summary", &r->had_summary, read_summary },
		{ "arguments", &r->had_arguments, read_arguments },
	};
	const char *name = scalar_of(key);

	for (size_t i = 0; name && i < ARRAY_SIZE(keys); i++) {
		if (!str_eq(name, keys[i].name))
			continue;
		if (*keys[i].had)
			return fail_at(r, key->start_mark.line, e, "a second '%s'", name);
		*keys[i].had = true;
		return keys[i].read(r, value, e);
	}
	fail_at(r, key->start_mark.line, e, "unknown key '%s'", name ? name : "?");
	return name && str_eq(name, "words") ? err_hint(e, "it is called arguments now")
					     : err_hint(e, "keys: tool summary arguments");
}

static int read_document(struct reading *r, struct err *e)
{
	const yaml_node_t *root = yaml_document_get_root_node(&r->document);

	if (!root || root->type != YAML_MAPPING_NODE)
		return fail_at(r, root ? root->start_mark.line : 0, e,
			       "a profile has the keys tool, summary and arguments");
	for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
	     pair < root->data.mapping.pairs.top; pair++) {
		int rc = read_pair(r, yaml_document_get_node(&r->document, pair->key),
				   yaml_document_get_node(&r->document, pair->value), e);

		if (rc)
			return rc;
	}
	if (r->had_tool && r->had_arguments)
		return 0;
	return fail_at(r, root->end_mark.line, e, "the key '%s' is missing",
		       r->had_tool ? "arguments" : "tool");
}

/* The whole file, of at most FILE_MAX_BYTES. */
static int read_file(const char *path, char buf[FILE_MAX_BYTES], size_t *len, struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0 || fstat(fd, &st))
		return err_set(e, errno, "cannot read the profile %s", path);
	if (!S_ISREG(st.st_mode))
		return err_usage(e, "the profile %s is not a regular file", path);
	while (*len < FILE_MAX_BYTES && (n = read(fd, buf + *len, FILE_MAX_BYTES - *len)) > 0)
		*len += (size_t)n;
	if (n < 0)
		return err_set(e, errno, "cannot read the profile %s", path);
	return n ? err_usage(e, "the profile %s is larger than 64 KiB", path) : 0;
}

static int load_document(const struct reading *r, yaml_parser_t *parser, yaml_document_t *out,
			 struct err *e)
{
	if (yaml_parser_load(parser, out))
		return 0;
	return fail_at(r, parser->problem_mark.line, e, "%s",
		       parser->problem ? parser->problem : "not YAML");
}

/* A second document would be ignored silently. */
static int check_end(const struct reading *r, yaml_parser_t *parser, struct err *e)
{
	yaml_document_t next;
	const yaml_node_t *root;
	int rc = load_document(r, parser, &next, e);

	if (rc)
		return rc;
	root = yaml_document_get_root_node(&next);
	if (root)
		rc = fail_at(r, root->start_mark.line, e, "a second document");
	yaml_document_delete(&next);
	return rc;
}

static int parse(struct reading *r, const char *text, size_t len, struct err *e)
{
	yaml_parser_t parser;
	int rc;

	if (!yaml_parser_initialize(&parser))
		return err_set(e, ENOMEM, "cannot read the profile %s", r->path);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	rc = load_document(r, &parser, &r->document, e);
	if (!rc) {
		rc = read_document(r, e);
		yaml_document_delete(&r->document);
		if (!rc)
			rc = check_end(r, &parser, e);
	}
	yaml_parser_delete(&parser);
	return rc;
}

int wrap_profile_load(const char *path, const struct wrap_tool *tool, struct args *out,
		      struct err *e)
{
	AUTO_FREE char *text = malloc(FILE_MAX_BYTES);
	struct args args = { 0 };
	struct reading r = { .path = path, .tool = tool, .args = &args };
	size_t len = 0;
	int rc;

	if (tool->checkout_env)
		return err_usage(e,
				 "%s takes only its built-in profiles, which are known to be small",
				 tool->name);
	if (!text)
		return err_set(e, ENOMEM, "cannot read the profile %s", path);
	rc = read_file(path, text, &len, e);
	if (!rc)
		rc = parse(&r, text, len, e);
	if (rc)
		args_done(&args);
	else
		*out = args;
	return rc;
}
