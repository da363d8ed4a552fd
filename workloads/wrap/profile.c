/* SPDX-License-Identifier: GPL-2.0-only */
/* profile.c - a profile of the user's own, from a YAML file: data, looked at before anything runs.
 *
 *	tool: fio
 *	summary: random reads of a file in memory
 *	words: [--rw=randread, "--size={region}"]
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <yaml.h>

#include "lib/base/err.h"
#include "wrap.h"

#define FILE_MAX_BYTES (64 * KIB)
#define WORDS_MAX      256

struct wrap_profile_file {
	struct wrap_profile profile;
	char *summary;
	char *words[WORDS_MAX + 1];
	size_t n_words;
};

/* A file being read: where it is, for errors, and which keys it has had. */
struct reading {
	const char *path;
	const struct wrap_tool *tool;
	yaml_document_t document;
	bool had_tool, had_summary, had_words;
};

static int at_line(const struct reading *r, const yaml_mark_t *mark, struct err *e,
		   const char *what)
{
	return err_usage(e, "%s:%zu: %s", r->path, mark->line + 1, what);
}

/* A scalar's text; NULL: it is none, or has a NUL byte in it. */
static const char *scalar_of(const yaml_node_t *node)
{
	const char *text =
		node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;

	return text && strlen(text) == node->data.scalar.length ? text : NULL;
}

/* A {name} of small letters that no placeholder has: a slip of the pen, which would reach the tool
 * as it is.
 */
static int check_placeholders(const struct reading *r, const yaml_node_t *node, const char *word,
			      struct err *e)
{
	for (const char *open = strchr(word, '{'); open; open = strchr(open + 1, '{')) {
		const size_t len = strspn(open + 1, "abcdefghijklmnopqrstuvwxyz_");

		if (!len || open[1 + len] != '}' || wrap_is_placeholder(open + 1, len))
			continue;
		err_usage(e, "%s:%zu: {%.*s} is no placeholder", r->path, node->start_mark.line + 1,
			  (int)len, open + 1);
		return err_hint(e, "there are: %s", wrap_placeholder_names);
	}
	return 0;
}

static int take_words(struct reading *r, const yaml_node_t *list, struct wrap_profile_file *ret,
		      struct err *e)
{
	if (list->type != YAML_SEQUENCE_NODE)
		return at_line(r, &list->start_mark, e, "words is a list: [--one, --two]");
	for (yaml_node_item_t *item = list->data.sequence.items.start;
	     item < list->data.sequence.items.top; item++) {
		const yaml_node_t *node = yaml_document_get_node(&r->document, *item);
		const char *word = scalar_of(node);
		int rc;

		if (!word)
			return at_line(r, &node->start_mark, e,
				       "a word is plain text, without NUL bytes");
		if (ret->n_words == WORDS_MAX)
			return at_line(r, &node->start_mark, e, "more than 256 words");
		rc = check_placeholders(r, node, word, e);
		if (rc)
			return rc;
		ret->words[ret->n_words] = strdup(word);
		if (!ret->words[ret->n_words++])
			return err_set(e, ENOMEM, "cannot keep the words of %s", r->path);
	}
	return ret->n_words ? 0 : at_line(r, &list->start_mark, e, "no words");
}

static int take_tool(const struct reading *r, const yaml_node_t *value, struct err *e)
{
	const char *name = scalar_of(value);

	if (name && str_eq(name, r->tool->name))
		return 0;
	return err_usage(e, "%s:%zu: this profile is for %s, not for %s", r->path,
			 value->start_mark.line + 1, name ? name : "no tool", r->tool->name);
}

static int take_summary(const struct reading *r, const yaml_node_t *value,
			struct wrap_profile_file *ret, struct err *e)
{
	const char *text = scalar_of(value);

	if (!text)
		return at_line(r, &value->start_mark, e, "summary is plain text");
	ret->summary = strdup(text);
	return ret->summary ? 0 : err_set(e, ENOMEM, "cannot keep the summary of %s", r->path);
}

static int take_pair(struct reading *r, const yaml_node_t *key, const yaml_node_t *value,
		     struct wrap_profile_file *ret, struct err *e)
{
	const char *name = scalar_of(key);
	bool *had = !name                     ? NULL
		    : str_eq(name, "tool")    ? &r->had_tool
		    : str_eq(name, "summary") ? &r->had_summary
		    : str_eq(name, "words")   ? &r->had_words
					      : NULL;

	if (!had) {
		err_usage(e, "%s:%zu: unknown key '%s'", r->path, key->start_mark.line + 1,
			  name ? name : "?");
		return err_hint(e, "there are: tool summary words");
	}
	if (*had)
		return err_usage(e, "%s:%zu: a second '%s'", r->path, key->start_mark.line + 1,
				 name);
	*had = true;
	return had == &r->had_tool      ? take_tool(r, value, e)
	       : had == &r->had_summary ? take_summary(r, value, ret, e)
					: take_words(r, value, ret, e);
}

static int take_document(struct reading *r, struct wrap_profile_file *ret, struct err *e)
{
	static const yaml_mark_t first = { 0 };
	const yaml_node_t *root = yaml_document_get_root_node(&r->document);
	int rc = 0;

	if (!root || root->type != YAML_MAPPING_NODE)
		return at_line(r, root ? &root->start_mark : &first, e,
			       "a profile has the keys tool, summary and words");
	for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
	     pair < root->data.mapping.pairs.top && !rc; pair++)
		rc = take_pair(r, yaml_document_get_node(&r->document, pair->key),
			       yaml_document_get_node(&r->document, pair->value), ret, e);
	if (!rc && (!r->had_tool || !r->had_words))
		return err_usage(e, "%s:%zu: the key '%s' is missing", r->path,
				 root->end_mark.line + 1, r->had_tool ? "words" : "tool");
	return rc;
}

/* The whole file, of at most FILE_MAX_BYTES. A device or a FIFO is no profile. */
static int read_all(const char *path, char buf[FILE_MAX_BYTES], size_t *len, struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0 || fstat(fd, &st))
		return err_set(e, errno, "cannot read the profile %s", path);
	if (!S_ISREG(st.st_mode))
		return err_usage(e, "the profile %s is no regular file", path);
	while (*len < FILE_MAX_BYTES && (n = read(fd, buf + *len, FILE_MAX_BYTES - *len)) > 0)
		*len += (size_t)n;
	if (n < 0)
		return err_set(e, errno, "cannot read the profile %s", path);
	return n ? err_usage(e, "the profile %s is larger than 64 KiB", path) : 0;
}

/* What stands behind the first document would be passed over in silence. */
static int check_end(const struct reading *r, yaml_parser_t *parser, struct err *e)
{
	yaml_document_t next;
	const yaml_node_t *root;
	int rc = 0;

	if (!yaml_parser_load(parser, &next))
		return err_usage(e, "%s:%zu: %s", r->path, parser->problem_mark.line + 1,
				 parser->problem ? parser->problem : "no YAML");
	root = yaml_document_get_root_node(&next);
	if (root)
		rc = at_line(r, &root->start_mark, e, "a second document");
	yaml_document_delete(&next);
	return rc;
}

static int parse(struct reading *r, const char *text, size_t len, struct wrap_profile_file *ret,
		 struct err *e)
{
	yaml_parser_t parser;
	int rc;

	if (!yaml_parser_initialize(&parser))
		return err_set(e, ENOMEM, "cannot read the profile %s", r->path);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	if (!yaml_parser_load(&parser, &r->document)) {
		rc = err_usage(e, "%s:%zu: %s", r->path, parser.problem_mark.line + 1,
			       parser.problem ? parser.problem : "no YAML");
	} else {
		rc = take_document(r, ret, e);
		yaml_document_delete(&r->document);
		if (!rc)
			rc = check_end(r, &parser, e);
	}
	yaml_parser_delete(&parser);
	return rc;
}

int wrap_profile_load(const char *path, const struct wrap_tool *tool,
		      struct wrap_profile_file **ret, struct err *e)
{
	AUTO_FREE char *text = malloc(FILE_MAX_BYTES);
	struct wrap_profile_file *file = calloc(1, sizeof(*file));
	struct reading reading = { .path = path, .tool = tool };
	size_t len = 0;
	int rc;

	*ret = NULL;
	if (!text || !file)
		rc = err_set(e, ENOMEM, "cannot read the profile %s", path);
	else if (tool->checkout_env)
		rc = err_usage(e,
			       "%s takes no profile of your own: only its built-in ones are known "
			       "to be small",
			       tool->name);
	else
		rc = read_all(path, text, &len, e);
	if (!rc)
		rc = parse(&reading, text, len, file, e);
	if (rc) {
		wrap_profile_unload(file);
		return rc;
	}
	file->profile.name = path;
	file->profile.summary = file->summary;
	file->profile.words = (const char *const *)file->words;
	*ret = file;
	return 0;
}

const struct wrap_profile *wrap_profile_of(const struct wrap_profile_file *file)
{
	return &file->profile;
}

void wrap_profile_unload(struct wrap_profile_file *file)
{
	for (size_t i = 0; file && i < file->n_words; i++)
		free(file->words[i]);
	if (file)
		free(file->summary);
	free(file);
}
