/* SPDX-License-Identifier: GPL-2.0-only */
/* earlier.c - reads scans (JSON lines) and bench results (CSV) back. A file is other people's: every figure is
 * checked, and a line that is not what it should be is named.
 */
#include "earlier.h"

#include <json-c/json.h>

#include "units.h"

#define COLUMNS_MAX 64

static int bad_line(const char *path, size_t number, const char *what, const char *how, struct err *e)
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

/* The result of that name, made where there is none. NULL = no memory. */
static struct scan_result *result_named(struct earlier *earlier, const char *name)
{
	struct scan_result *bigger;

	for (size_t i = 0; i < earlier->n; i++)
		if (str_eq(earlier->results[i].target, name))
			return &earlier->results[i];
	bigger = reallocarray(earlier->results, earlier->n + 1, sizeof(*bigger));
	if (!bigger)
		return NULL;
	earlier->results = bigger;
	bigger += earlier->n++;
	*bigger = (struct scan_result){ 0 };
	snprintf(bigger->target, sizeof(bigger->target), "%s", name);
	return bigger;
}

/* A codec joins a result. Labels are pointed to only when all is read: results move while they grow in number. */
static int add_codec(struct scan_result *result, const char *label, const char *validation, struct scan_codec_record c)
{
	if (result->n_codecs == SCAN_CODECS_MAX || !*label || strlen(label) >= sizeof(result->labels[0]) ||
	    !c.orig_bytes)
		return -EBADMSG;
	c.validation = str_eq(validation, "PASS") ? "PASS" : "FAIL";
	snprintf(result->labels[result->n_codecs], sizeof(result->labels[0]), "%s", label);
	result->codecs[result->n_codecs++] = c;
	return 0;
}

static void point_to_labels(struct earlier *earlier)
{
	for (size_t i = 0; i < earlier->n; i++)
		for (size_t k = 0; k < earlier->results[i].n_codecs; k++)
			earlier->results[i].codecs[k].label = earlier->results[i].labels[k];
}

/* ---- JSON ------------------------------------------------------------------------------------------ */
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

static int take_record(struct json_object *o, struct scan_result *result)
{
	struct scan_codec_record c = { 0 };
	struct json_object *heavy = json_object_object_get(o, "heavy");
	const char *type = get_text(o, "type"), *label = get_text(o, "label"), *validation = get_text(o, "validation");

	if (!type)
		return -EBADMSG;
	if (str_eq(type, "scan_summary"))
		snprintf(result->target, sizeof(result->target), "%s", get_text(o, "target") ?: "");
	if (!str_eq(type, "scan_codec"))
		return 0;
	if (!label || !validation || !json_object_is_type(heavy, json_type_boolean) ||
	    !get_u64(o, "orig_bytes", &c.orig_bytes) || !get_u64(o, "codec_bytes", &c.codec_bytes) ||
	    !get_u64(o, "slot_bytes", &c.slot_bytes) || !get_u64(o, "compress_cpu_ns", &c.compress_cpu_ns) ||
	    !get_u64(o, "decompress_cpu_ns", &c.decompress_cpu_ns))
		return -EBADMSG;
	c.heavy = json_object_get_boolean(heavy);
	return add_codec(result, label, validation, c);
}

int earlier_read_json(const char *path, struct earlier *ret, struct err *e)
{
	static const char how[] = "scan --format json";
	AUTO_FCLOSE FILE *f = fopen(path, "re");
	AUTO_FREE char *line = NULL;
	struct scan_result *result;
	size_t size = 0, number = 0;

	*ret = (struct earlier){ 0 };
	if (!f)
		return err_set(e, errno, "cannot open %s", path);
	result = result_named(ret, "");
	if (!result)
		return err_set(e, ENOMEM, "cannot read %s", path);
	while (getline(&line, &size, f) > 0) {
		struct json_object *o = json_tokener_parse(line);
		int r = take_record(o, result);

		json_object_put(o);
		number++;
		if (r)
			return bad_line(path, number, "not a record of a scan", how, e);
	}
	point_to_labels(ret);
	return result->n_codecs ? 0 : nothing_in(path, "scan_codec record", how, e);
}

/* ---- CSV (RFC 4180, but no newlines within quotes: our own never has them) -------------------------------- */

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
			from++;		/* a doubled quote is one */
		}
		*to++ = *from;
	}
	*rest = *from ? from + 1 : NULL;
	*to = '\0';
	return field;
}

/* Cuts a line into fields, in place. Returns their number; those beyond COLUMNS_MAX are left out. */
static size_t split(char *line, char *fields[COLUMNS_MAX])
{
	size_t n = 0;

	line[strcspn(line, "\r\n")] = '\0';
	for (char *rest = line; rest && n < COLUMNS_MAX;)
		fields[n++] = cut_field(rest, &rest);
	return n;
}

enum column {
	LABEL, HEAVY, CORPUS, SIZE, PAGE, ORIG, CODEC_BYTES, SLOT_BYTES, COMPRESS_CPU, DECOMPRESS_CPU, VALIDATION,
	COLUMNS
};

static const char *const column_names[COLUMNS] = {
	"label", "heavy", "corpus", "size_bytes", "page_bytes", "orig_bytes", "codec_bytes", "slot_bytes",
	"compress_cpu_ns", "decompress_cpu_ns", "validation",
};

/* Where each column is among the fields of the head; the name of one that is missing, or NULL. */
static const char *find_columns(char *line, size_t where[COLUMNS])
{
	char *fields[COLUMNS_MAX];
	size_t n = split(line, fields);

	for (size_t c = 0; c < COLUMNS; c++) {
		for (where[c] = 0; where[c] < n && !str_eq(fields[where[c]], column_names[c]); where[c]++)
			;
		if (where[c] == n)
			return column_names[c];
	}
	return NULL;
}

static int take_row(char *line, const size_t where[COLUMNS], struct earlier *earlier)
{
	char *fields[COLUMNS_MAX], *value[COLUMNS], name[256];
	struct scan_codec_record c = { 0 };
	size_t n = split(line, fields);
	struct scan_result *result;

	for (size_t i = 0; i < COLUMNS; i++) {
		if (where[i] >= n)
			return -EBADMSG;
		value[i] = fields[where[i]];
	}
	if (!*value[SLOT_BYTES])
		return 0;
	if (units_parse_u64(value[ORIG], &c.orig_bytes, NULL) ||
	    units_parse_u64(value[CODEC_BYTES], &c.codec_bytes, NULL) ||
	    units_parse_u64(value[SLOT_BYTES], &c.slot_bytes, NULL) ||
	    units_parse_u64(value[COMPRESS_CPU], &c.compress_cpu_ns, NULL) ||
	    units_parse_u64(value[DECOMPRESS_CPU], &c.decompress_cpu_ns, NULL))
		return -EBADMSG;
	c.heavy = str_eq(value[HEAVY], "true");
	if (!c.heavy && !str_eq(value[HEAVY], "false"))
		return -EBADMSG;
	snprintf(name, sizeof(name), "%s, %s bytes in pages of %s", value[CORPUS], value[SIZE], value[PAGE]);
	result = result_named(earlier, name);
	return result ? add_codec(result, value[LABEL], value[VALIDATION], c) : -ENOMEM;
}

int earlier_read_csv(const char *path, struct earlier *ret, struct err *e)
{
	static const char how[] = "bench --format csv";
	AUTO_FCLOSE FILE *f = fopen(path, "re");
	AUTO_FREE char *line = NULL;
	size_t size = 0, where[COLUMNS] = { 0 };
	const char *missing;

	*ret = (struct earlier){ 0 };
	if (!f)
		return err_set(e, errno, "cannot open %s", path);
	if (getline(&line, &size, f) <= 0)
		return nothing_in(path, "head of columns", how, e);
	missing = find_columns(line, where);
	if (missing) {
		err_say(e, EBADMSG, "%s has no column '%s'", path, missing);
		return err_hint(e, "make the file with: compressor_monitor %s --output FILE", how);
	}
	for (size_t number = 2; getline(&line, &size, f) > 0; number++) {
		int r = take_row(line, where, ret);

		if (r == -ENOMEM)
			return err_set(e, ENOMEM, "cannot read %s", path);
		if (r)
			return bad_line(path, number, "not a row of a bench", how, e);
	}
	point_to_labels(ret);
	return ret->n ? 0 : nothing_in(path, "row with slot_bytes", how, e);
}
