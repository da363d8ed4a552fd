/* SPDX-License-Identifier: GPL-2.0-only */
/* earlier.c - reads scans (JSON lines) and bench results (CSV) back. A file is other people's:
 * every figure is checked, and a line that is not what it should be is named.
 */
#include "earlier.h"

#include <json-c/json.h>

#include "lib/base/units.h"

#define COLUMNS_MAX    64
#define RESULTS_MAX    1024 /* they are large */
#define LINE_MAX_BYTES (1u << 20)

static int bad_line(const char *path, size_t number, const char *what, const char *how,
		    struct err *e)
{
	err_say(e, EBADMSG, "%s, line %zu: %s", path, number, what);
	return err_hint(e, "make the file with: compressor_monitor %s --output FILE", how);
}

static int nothing_in(const char *path, const char *what, const char *how, struct err *e)
{
	err_say(e, ENODATA, "no %s in %s", what, path);
	return err_hint(e, "make the file with: compressor_monitor %s --output FILE", how);
}

void earlier_done(struct earlier *earlier)
{
	free(earlier->results);
	*earlier = (struct earlier){ 0 };
}

/* One line, as getline, but never more than LINE_MAX_BYTES: a file may have no newline and no end.
 * 0 = end; -EBADMSG too long, or bytes in it that no text has.
 */
static ssize_t read_line(FILE *f, char **line, size_t *size)
{
	size_t n = 0;
	int c;

	while ((c = getc(f)) != EOF) {
		if (n + 2 > *size) {
			size_t more = MAX(*size * 2, (size_t)1024);
			char *bigger = n + 2 > LINE_MAX_BYTES ? NULL : realloc(*line, more);

			if (!bigger)
				return n + 2 > LINE_MAX_BYTES ? -EBADMSG : -ENOMEM;
			*line = bigger;
			*size = more;
		}
		if (!c)
			return -EBADMSG;
		(*line)[n++] = (char)c;
		if (c == '\n')
			break;
	}
	if (n)
		(*line)[n] = '\0';
	return ferror(f) ? -EIO : (ssize_t)n;
}

static int bad_read(const char *path, size_t number, ssize_t r, const char *how, struct err *e)
{
	return r == -EBADMSG ? bad_line(path, number, "not a line of text", how, e)
			     : err_set(e, (int)r, "cannot read %s", path);
}

/* One more. NULL = no memory, or too many of them. */
static struct scan_result *result_new(struct earlier *earlier, const char *name)
{
	struct scan_result *bigger;

	if (earlier->n == RESULTS_MAX)
		return NULL;
	bigger = reallocarray(earlier->results, earlier->n + 1, sizeof(*bigger));
	if (!bigger)
		return NULL;
	earlier->results = bigger;
	bigger += earlier->n++;
	*bigger = (struct scan_result){ 0 };
	snprintf(bigger->target, sizeof(bigger->target), "%s", name);
	return bigger;
}

/* The result of that name, made where there is none. NULL as above. */
static struct scan_result *result_named(struct earlier *earlier, const char *name)
{
	for (size_t i = 0; i < earlier->n; i++)
		if (str_eq(earlier->results[i].target, name))
			return &earlier->results[i];
	return result_new(earlier, name);
}

static int no_result(const struct earlier *earlier, const char *path, struct err *e)
{
	if (earlier->n < RESULTS_MAX)
		return err_set(e, ENOMEM, "cannot read %s", path);
	return err_say(e, E2BIG, "%s has more than %d results: rank a part of it", path,
		       RESULTS_MAX);
}

static int label_index(const struct scan_result *result, const char *label)
{
	for (size_t i = 0; i < result->n_codecs; i++)
		if (str_eq(result->labels[i], label))
			return (int)i;
	return -1;
}

/* A codec joins a result; where no page needed one, all its bytes are 0. Labels are pointed to only
 * when all is read: results move while they grow in number.
 */
static int add_codec(struct scan_result *result, const char *label, const char *validation,
		     struct scan_codec_record c)
{
	if (result->n_codecs == SCAN_CODECS_MAX || !*label ||
	    strlen(label) >= sizeof(result->labels[0]) ||
	    (!c.orig_bytes && (c.codec_bytes || c.slot_bytes)) || label_index(result, label) >= 0 ||
	    (!str_eq(validation, "PASS") && !str_eq(validation, "FAIL")))
		return -EBADMSG;
	c.validation = str_eq(validation, "PASS") ? "PASS" : "FAIL";
	snprintf(result->labels[result->n_codecs], sizeof(result->labels[0]), "%s", label);
	result->codecs[result->n_codecs++] = c;
	return 0;
}

static void point_to_labels(struct earlier *earlier)
{
	for (size_t i = 0; i < earlier->n; i++) {
		struct scan_result *result = &earlier->results[i];

		for (size_t k = 0; k < result->n_codecs; k++) {
			result->codecs[k].label = result->labels[k];
			for (size_t class = 0; class < PAGE_CLASSES; class ++) {
				result->by_class[class][k].label = result->labels[k];
				result->by_class[class][k].class = page_class_name(class);
			}
		}
	}
}

/* ---- JSON ---- */
static bool get_u64(struct json_object *o, const char *key, uint64_t *ret)
{
	struct json_object *value = json_object_object_get(o, key);

	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
		return false;
	*ret = json_object_get_uint64(value);
	return true;
}

static const char *get_text(struct json_object *o, const char *key)
{
	struct json_object *value = json_object_object_get(o, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static enum page_class class_named(const char *name)
{
	for (size_t i = 0; name && i < PAGE_CLASSES; i++)
		if (str_eq(page_class_name(i), name))
			return (enum page_class)i;
	return PAGE_CLASSES;
}

/* A codec on the pages of one class; the codec itself came before. */
static int take_class(const char *name, const struct scan_codec_record *c, const char *label,
		      const char *validation, struct scan_result *result)
{
	enum page_class class = class_named(name);
	int k = label_index(result, label);

	if (class == PAGE_CLASSES || k < 0 || !c->orig_bytes || c->orig_bytes % PAGE_BYTES)
		return -EBADMSG;
	result->by_class[class][k] = (struct scan_class_codec_record){
		.heavy = c->heavy,
		.pages = c->orig_bytes / PAGE_BYTES,
		.orig_bytes = c->orig_bytes,
		.codec_bytes = c->codec_bytes,
		.slot_bytes = c->slot_bytes,
		.compress_cpu_ns = c->compress_cpu_ns,
		.decompress_cpu_ns = c->decompress_cpu_ns,
		.validation = str_eq(validation, "PASS") ? "PASS" : "FAIL",
	};
	return 0;
}

/* The last result of earlier takes it; a summary behind codecs begins another. */
static int take_record(struct json_object *o, struct earlier *earlier)
{
	struct scan_result *result = &earlier->results[earlier->n - 1];
	struct scan_codec_record c = { 0 };
	struct json_object *heavy = json_object_object_get(o, "heavy");
	const char *type = get_text(o, "type"), *label = get_text(o, "label"),
		   *validation = get_text(o, "validation");
	uint64_t pages;

	if (!type)
		return -EBADMSG;
	if (str_eq(type, "scan_summary")) {
		if (result->n_codecs && !(result = result_new(earlier, "")))
			return -E2BIG;
		snprintf(result->target, sizeof(result->target), "%s", get_text(o, "target") ?: "");
	}
	if (!str_eq(type, "scan_codec") && !str_eq(type, "scan_class_codec"))
		return 0;
	if (!label || !validation || !json_object_is_type(heavy, json_type_boolean) ||
	    !get_u64(o, "orig_bytes", &c.orig_bytes) ||
	    !get_u64(o, "codec_bytes", &c.codec_bytes) ||
	    !get_u64(o, "slot_bytes", &c.slot_bytes) ||
	    !get_u64(o, "compress_cpu_ns", &c.compress_cpu_ns) ||
	    !get_u64(o, "decompress_cpu_ns", &c.decompress_cpu_ns))
		return -EBADMSG;
	c.heavy = json_object_get_boolean(heavy);
	if (str_eq(type, "scan_class_codec"))
		return get_u64(o, "pages", &pages) && pages == c.orig_bytes / PAGE_BYTES
			       ? take_class(get_text(o, "class"), &c, label, validation, result)
			       : -EBADMSG;
	return add_codec(result, label, validation, c);
}

int earlier_read_json(const char *path, struct earlier *ret, struct err *e)
{
	static const char how[] = "scan --format json";
	AUTO_FCLOSE FILE *f = fopen(path, "re");
	AUTO_FREE char *line = NULL;
	size_t size = 0, number = 0;
	ssize_t n;

	*ret = (struct earlier){ 0 };
	if (!f)
		return err_set(e, errno, "cannot open %s", path);
	if (!result_new(ret, ""))
		return no_result(ret, path, e);
	while ((n = read_line(f, &line, &size)) > 0) {
		struct json_object *o = json_tokener_parse(line);
		int r = take_record(o, ret);

		json_object_put(o);
		number++;
		if (r == -E2BIG)
			return no_result(ret, path, e);
		if (r)
			return bad_line(path, number, "not a record of a scan", how, e);
	}
	if (n < 0)
		return bad_read(path, number + 1, n, how, e);
	point_to_labels(ret);
	return ret->results[0].n_codecs ? 0 : nothing_in(path, "scan_codec record", how, e);
}

/* ---- CSV (RFC 4180, but no newlines within quotes: our own never has them) ---- */

/* Takes one field off the line, in place; *rest is behind its comma, or NULL behind the last. */
static char *cut_field(char *from, char **rest)
{
	char *field = from, *to = from;
	bool quoted = *from == '"';

	from += quoted;
	for (; *from && (quoted || *from != ','); from++) {
		if (quoted && *from == '"') {
			if (from[1] != '"') {
				quoted = false;
				continue;
			}
			from++; /* a doubled quote is one */
		}
		*to++ = *from;
	}
	*rest = *from ? from + 1 : NULL;
	*to = '\0';
	return field;
}

/* Cuts a line into fields, in place. Returns their number; those beyond COLUMNS_MAX are left out.
 */
static size_t split(char *line, char *fields[COLUMNS_MAX])
{
	size_t n = 0;

	line[strcspn(line, "\r\n")] = '\0';
	for (char *rest = line; rest && n < COLUMNS_MAX;)
		fields[n++] = cut_field(rest, &rest);
	return n;
}

enum column {
	LABEL,
	HEAVY,
	CORPUS,
	SIZE,
	PAGE,
	ORIG,
	CODEC_BYTES,
	SLOT_BYTES,
	COMPRESS_CPU,
	DECOMPRESS_CPU,
	VALIDATION,
	NEEDED,
	CACHE = NEEDED,
	CLASS,
	COLUMNS /* from CACHE on: not in results of before there were such */
};

static const char *const column_names[COLUMNS] = {
	"label",      "heavy",       "corpus",     "size_bytes",      "page_bytes",
	"orig_bytes", "codec_bytes", "slot_bytes", "compress_cpu_ns", "decompress_cpu_ns",
	"validation", "cache",       "class",
};

/* Where each column is among the fields of the head; the name of one that is missing, or NULL. */
static const char *find_columns(char *line, size_t where[COLUMNS])
{
	char *fields[COLUMNS_MAX];
	size_t n = split(line, fields);

	for (size_t c = 0; c < COLUMNS; c++) {
		for (where[c] = 0; where[c] < n && !str_eq(fields[where[c]], column_names[c]);
		     where[c]++)
			;
		if (where[c] == n && c < NEEDED)
			return column_names[c];
	}
	return NULL;
}

/* A time may be missing. */
static int parse_time(const char *text, uint64_t *ret)
{
	*ret = MISSING_U64;
	return *text ? units_parse_u64(text, ret, NULL) : 0;
}

static int take_row(char *line, const size_t where[COLUMNS], struct earlier *earlier)
{
	const char *value[COLUMNS];
	char *fields[COLUMNS_MAX], name[256];
	struct scan_codec_record c = { 0 };
	size_t n = split(line, fields);
	struct scan_result *result;

	for (size_t i = 0; i < COLUMNS; i++) {
		if (where[i] >= n && i < NEEDED)
			return -EBADMSG;
		value[i] = where[i] < n ? fields[where[i]] : "";
	}
	if (!*value[SLOT_BYTES])
		return 0;
	if (units_parse_u64(value[ORIG], &c.orig_bytes, NULL) ||
	    units_parse_u64(value[CODEC_BYTES], &c.codec_bytes, NULL) ||
	    units_parse_u64(value[SLOT_BYTES], &c.slot_bytes, NULL) ||
	    parse_time(value[COMPRESS_CPU], &c.compress_cpu_ns) ||
	    parse_time(value[DECOMPRESS_CPU], &c.decompress_cpu_ns))
		return -EBADMSG;
	c.heavy = str_eq(value[HEAVY], "true");
	if (!c.heavy && !str_eq(value[HEAVY], "false"))
		return -EBADMSG;
	snprintf(name, sizeof(name), "%s, %s bytes in pages of %s%s", value[CORPUS], value[SIZE],
		 value[PAGE], str_eq(value[CACHE], "cold") ? ", cold" : "");
	result = result_named(earlier, name);
	if (!result)
		return -ENOMEM;
	return *value[CLASS] ? take_class(value[CLASS], &c, value[LABEL], value[VALIDATION], result)
			     : add_codec(result, value[LABEL], value[VALIDATION], c);
}

int earlier_read_csv(const char *path, struct earlier *ret, struct err *e)
{
	static const char how[] = "bench --format csv";
	AUTO_FCLOSE FILE *f = fopen(path, "re");
	AUTO_FREE char *line = NULL;
	size_t size = 0, number = 1, where[COLUMNS] = { 0 };
	const char *missing;
	ssize_t n;

	*ret = (struct earlier){ 0 };
	if (!f)
		return err_set(e, errno, "cannot open %s", path);
	n = read_line(f, &line, &size);
	if (n < 0)
		return bad_read(path, number, n, how, e);
	if (!n)
		return nothing_in(path, "head of columns", how, e);
	missing = find_columns(line, where);
	if (missing) {
		err_say(e, EBADMSG, "%s has no column '%s'", path, missing);
		return err_hint(e, "make the file with: compressor_monitor %s --output FILE", how);
	}
	while ((n = read_line(f, &line, &size)) > 0) {
		int r = take_row(line, where, ret);

		number++;
		if (r == -ENOMEM)
			return no_result(ret, path, e);
		if (r)
			return bad_line(path, number, "not a row of a bench", how, e);
	}
	if (n < 0)
		return bad_read(path, number + 1, n, how, e);
	point_to_labels(ret);
	return ret->n ? 0 : nothing_in(path, "row with slot_bytes", how, e);
}
