/* SPDX-License-Identifier: GPL-2.0-only */
/* saved.c - reads saved scans (JSON lines) and bench results (CSV) by the field tables that wrote
 * them. Files may come from anywhere: every value is checked, and errors name the line.
 */
#include "saved.h"

#include "bench.h"
#include "lib/base/companion.h"
#include "lib/base/units.h"

#define COLUMNS_MAX     64
#define RESULTS_MAX     1024 /* they are large */
#define LINE_MAX_BYTES  (1u << 20)
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* of UTF-8: spreadsheets put it in front */
#define PAGES_MAX       (UINT64_C(1) << 50)

/* A file while it is read. */
struct reader {
	const char *path, *command; /* command: what makes such a file */
	FILE *f;
	char *line;
	size_t size, number; /* of the line */
	struct saved_results *ret;
	struct err *e;
};

static int bad_file(const struct reader *r, int code, const char *what)
{
	if (code == EBADMSG && r->number)
		err_say(r->e, code, "%s, line %zu: %s", r->path, r->number, what);
	else
		err_say(r->e, code, "%s: %s", r->path, what);
	return err_hint(r->e, "make the file with: compressor_monitor %s --output FILE",
			r->command);
}

static int bad_line(const struct reader *r, const char *what)
{
	return bad_file(r, EBADMSG, what);
}

void saved_done(struct saved_results *saved)
{
	for (size_t i = 0; i < saved->n; i++)
		free(saved->items[i].groups);
	free(saved->items);
	*saved = (struct saved_results){ 0 };
}

/* One line, as getline, but never more than LINE_MAX_BYTES: a file may have no newline and no end.
 * 1 = a line; 0 = end.
 */
static int next_line(struct reader *r)
{
	size_t n = 0;
	int c = 0;

	r->number++;
	while (c != '\n' && (c = getc(r->f)) != EOF) {
		if (!c || n + 2 > LINE_MAX_BYTES)
			return bad_line(r, "not a line of text");
		if (n + 2 > r->size) {
			size_t more = MAX(r->size * 2, (size_t)1024);
			char *bigger = realloc(r->line, more);

			if (!bigger)
				return err_set(r->e, ENOMEM, "cannot read %s", r->path);
			r->line = bigger;
			r->size = more;
		}
		r->line[n++] = (char)c;
	}
	if (ferror(r->f))
		return err_set(r->e, EIO, "cannot read %s", r->path);
	if (n)
		r->line[n] = '\0';
	if (n && r->number == 1 && str_starts(r->line, BYTE_ORDER_MARK))
		memmove(r->line, r->line + strlen(BYTE_ORDER_MARK),
			n + 1 - strlen(BYTE_ORDER_MARK));
	return n > 0;
}

static int add_result(struct reader *r, const char *target)
{
	struct saved_results *saved = r->ret;
	struct rank_input *bigger;

	if (saved->n == RESULTS_MAX)
		return err_say(r->e, E2BIG, "%s has more than %d results: rank a part of it",
			       r->path, RESULTS_MAX);
	bigger = reallocarray(saved->items, saved->n + 1, sizeof(*bigger));
	if (!bigger)
		return err_set(r->e, ENOMEM, "cannot read %s", r->path);
	saved->items = bigger;
	bigger += saved->n++;
	memset(bigger, 0, sizeof(*bigger));
	snprintf(bigger->target, sizeof(bigger->target), "%s", target);
	bigger->unsampled_ratio = 1;
	return 0;
}

static struct rank_input *last_result(const struct reader *r)
{
	return &r->ret->items[r->ret->n - 1];
}

/* -1 = none */
static int label_index(const struct rank_input *input, const char *label)
{
	for (size_t i = 0; i < input->n; i++)
		if (str_eq(input->labels[i], label))
			return (int)i;
	return -1;
}

static bool is_whole(const struct scan_codec_record *c)
{
	if (!c->label || !*c->label || strlen(c->label) >= CODEC_LABEL_MAX)
		return false;
	if (!c->validation || (!str_eq(c->validation, "PASS") && !str_eq(c->validation, "FAIL")))
		return false;
	if (c->orig_bytes == MISSING_U64 || c->codec_bytes == MISSING_U64 ||
	    c->slot_bytes == MISSING_U64)
		return false;
	/* Where no page needed a codec, all its bytes are 0. */
	return c->orig_bytes || (!c->codec_bytes && !c->slot_bytes);
}

static enum page_class class_named(const char *name)
{
	size_t class = 0;

	while (class < PAGE_CLASSES && !str_eq(page_class_name(class), name))
		class ++;
	return class;
}

/* What a scan or a bench measured of one codec: on all pages, or on those of a page class, whose
 * codec came before. */
static int add_codec(struct rank_input *input, const char *class, const struct scan_codec_record *c)
{
	enum page_class at = class ? class_named(class) : PAGE_CLASSES;
	int k = is_whole(c) ? label_index(input, c->label) : -1;

	if (!is_whole(c))
		return -EBADMSG;
	if (!class) {
		if (k >= 0 || input->n == RANK_CODECS_MAX)
			return -EBADMSG;
		memcpy(input->labels[input->n], c->label, strlen(c->label) + 1);
		input->codecs[input->n++] = scan_rank_codec(c);
		return 0;
	}
	if (at == PAGE_CLASSES || k < 0 || !c->orig_bytes || c->orig_bytes % PAGE_BYTES)
		return -EBADMSG;
	input->classes[at][k] = scan_rank_codec(c);
	return 0;
}

/* Whether the groups of every codec add up to its pages. */
static bool has_all_groups(const struct rank_input *input)
{
	for (size_t k = 0; input->groups && k < input->n; k++) {
		uint64_t sum = 0;

		for (size_t g = 0; g < RANK_GROUPS; g++)
			sum += input->groups[k][g].orig_bytes;
		if (sum != input->codecs[k].orig_bytes)
			return false;
	}
	return input->groups != NULL;
}

/* Labels are pointed to only now: results move while they grow in number. A codec without a row for
 * a page class has not passed there.
 */
static void point_to_labels(struct saved_results *saved)
{
	for (size_t i = 0; i < saved->n; i++) {
		struct rank_input *input = &saved->items[i];
		bool groups = has_all_groups(input);

		for (size_t k = 0; k < input->n; k++) {
			input->codecs[k].label = input->labels[k];
			input->codecs[k].groups = groups ? input->groups[k] : NULL;
			for (size_t class = 0; class < PAGE_CLASSES; class ++) {
				struct rank_codec *c = &input->classes[class][k];

				c->label = input->labels[k];
				c->failed |= !c->orig_bytes;
			}
		}
	}
}

static int open_file(struct reader *r)
{
	*r->ret = (struct saved_results){ 0 };
	r->f = fopen(r->path, "re");
	return r->f ? 0 : err_set(r->e, errno, "cannot open %s", r->path);
}

static int finish(struct reader *r, int rc, const char *missing)
{
	if (r->f)
		fclose(r->f);
	free(r->line);
	if (rc)
		return rc;
	point_to_labels(r->ret);
	return r->ret->n && r->ret->items[0].n ? 0 : bad_file(r, ENODATA, missing);
}

/* ---- JSON ---- */

/* record_read makes 0 of a negative number. */
static bool has_negative(struct json_object *o, const struct record_type *type)
{
	for (size_t i = 0; i < type->n_fields; i++)
		if (type->fields[i].type == FIELD_U64 &&
		    json_object_get_int64(json_object_object_get(o, type->fields[i].name)) < 0)
			return true;
	return false;
}

/* Records of earlier versions, or written by hand without one, lack fields; those they have mean
 * the same.
 */
static void accept_earlier(struct json_object *o, const struct record_type *type)
{
	uint64_t version = record_u64(o, "v");

	if (version == MISSING_U64 || version < type->version)
		json_object_object_add(o, "v", json_object_new_int64((int64_t)type->version));
}

/* A scan_codec or scan_class_codec record. */
static int take_codec(struct reader *r, struct json_object *o, const struct record_type *type)
{
	struct scan_class_codec_record c = { 0 };
	bool by_class = type == &scan_class_codec_type;

	accept_earlier(o, type);
	if (!record_read(o, type, by_class ? (void *)&c : &c.codec))
		return bad_line(r, "a record of another version of coldpress: scan again");
	if (by_class && (!c.class || c.codec.pages != c.codec.orig_bytes / PAGE_BYTES))
		return bad_line(r, "not a record of a scan");
	if (has_negative(o, type) || c.codec.compress_cpu_ns == MISSING_U64 ||
	    c.codec.decompress_cpu_ns == MISSING_U64 ||
	    !json_object_is_type(json_object_object_get(o, "heavy"), json_type_boolean) ||
	    add_codec(last_result(r), c.class, &c.codec))
		return bad_line(r, "not a record of a scan");
	return 0;
}

static int take_group(struct reader *r, struct json_object *o)
{
	struct rank_input *input = last_result(r);
	struct scan_group_record group;
	int k;

	if (!record_read(o, &scan_group_type, &group))
		return bad_line(r, "a record of another version of coldpress: scan again");
	k = group.label ? label_index(input, group.label) : -1;
	if (k < 0 || group.group >= RANK_GROUPS || has_negative(o, &scan_group_type) ||
	    group.sums.orig_bytes == MISSING_U64 || group.sums.codec_bytes == MISSING_U64 ||
	    group.sums.slot_bytes == MISSING_U64 || group.sums.compress_cpu_ns == MISSING_U64 ||
	    group.sums.decompress_cpu_ns == MISSING_U64)
		return bad_line(r, "not a record of a scan");
	if (!input->groups)
		input->groups = calloc(RANK_CODECS_MAX, sizeof(*input->groups));
	if (!input->groups)
		return err_set(r->e, ENOMEM, "cannot read %s", r->path);
	input->groups[k][group.group] = group.sums;
	return 0;
}

/* A summary after codecs begins another scan. */
static int take_summary(struct reader *r, struct json_object *o)
{
	struct scan_summary_record summary;
	struct rank_query memory;
	int rc;

	if (!record_read(o, &scan_summary_type, &summary))
		return bad_line(r, "a record of another version of coldpress: scan again");
	/* Pages of no more memory than there can be: the sums of their bytes do not overflow. */
	if (has_negative(o, &scan_summary_type) || summary.sampled_pages > PAGES_MAX ||
	    summary.zero_pages > summary.sampled_pages ||
	    summary.same_pages > summary.sampled_pages - summary.zero_pages)
		return bad_line(r, "not a record of a scan");
	rc = last_result(r)->n ? add_result(r, "") : 0;
	if (rc)
		return rc;
	scan_rank_memory(&summary, &memory);
	last_result(r)->same_bytes = memory.same_bytes;
	last_result(r)->unsampled_ratio = memory.unsampled_ratio;
	snprintf(last_result(r)->target, sizeof(last_result(r)->target), "%s",
		 summary.target ?: "");
	return 0;
}

static int take_record(struct reader *r, struct json_object *o)
{
	const char *type = record_string(o, "type");

	if (!type)
		return bad_line(r, "not a record of a scan");
	if (str_eq(type, scan_summary_type.name))
		return take_summary(r, o);
	if (str_eq(type, scan_codec_type.name))
		return take_codec(r, o, &scan_codec_type);
	if (str_eq(type, scan_class_codec_type.name))
		return take_codec(r, o, &scan_class_codec_type);
	if (str_eq(type, scan_group_type.name))
		return take_group(r, o);
	return 0;
}

int saved_read_json(const char *path, struct saved_results *ret, struct err *e)
{
	struct reader r = { .path = path, .command = "scan --format json", .ret = ret, .e = e };
	int rc = open_file(&r);

	if (!rc)
		rc = add_result(&r, "");
	while (!rc && (rc = next_line(&r)) > 0) {
		struct json_object *o = json_tokener_parse(r.line);

		rc = take_record(&r, o);
		json_object_put(o);
	}
	return finish(&r, rc, "no scan_codec record");
}

/* ---- CSV (RFC 4180, but no newlines within quotes: our own never has them; with semicolons where
 * a spreadsheet wrote it in a country whose numbers have commas) ---- */

/* Takes one cell off the line, in place; *rest is behind its separator, or NULL behind the last. */
static char *cut_cell(char *from, char separator, char **rest)
{
	char *cell = from, *to = from;
	bool quoted = *from == '"';

	from += quoted;
	for (; *from && (quoted || *from != separator); from++) {
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
	return cell;
}

/* Cuts a line into cells, in place. Returns their number; those beyond COLUMNS_MAX are left out. */
static size_t split(char *line, char separator, char *cells[COLUMNS_MAX])
{
	size_t n = 0;

	line[strcspn(line, "\r\n")] = '\0';
	for (char *rest = line; rest && n < COLUMNS_MAX;)
		cells[n++] = cut_cell(rest, separator, &rest);
	return n;
}

/* The field of each column, NULL for one that is not read. */
struct columns {
	const struct field *fields[COLUMNS_MAX];
	size_t n;
	char separator;
};

/* Files of earlier versions lack "cache" and "class". */
static int read_head(struct reader *r, struct columns *ret)
{
	static const char *const needed[] = {
		"label",      "heavy",       "corpus",     "size_bytes",      "page_bytes",
		"orig_bytes", "codec_bytes", "slot_bytes", "compress_cpu_ns", "decompress_cpu_ns",
		"validation"
	};
	char *cells[COLUMNS_MAX] = { NULL };

	/* Never without a line. No name of a column has either of them. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	ret->separator = strchr(r->line, ',') ? ',' : ';';
	ret->n = split(r->line, ret->separator, cells);
	for (size_t i = 0; i < ret->n; i++) {
		ret->fields[i] = NULL;
		for (size_t k = 0; k < bench_type.n_fields; k++)
			if (str_eq(bench_type.fields[k].name, cells[i]))
				ret->fields[i] = &bench_type.fields[k];
	}
	for (size_t k = 0; k < ARRAY_SIZE(needed); k++) {
		size_t i = 0;

		while (i < ret->n && !str_eq(cells[i], needed[k]))
			i++;
		if (i == ret->n) {
			char what[64];

			snprintf(what, sizeof(what), "no column '%s'", needed[k]);
			return bad_file(r, EBADMSG, what);
		}
	}
	return 0;
}

/* Numbers other than whole ones are not read: the policy needs none. An empty cell is a missing
 * value. */
static int read_cell(const struct field *field, const char *cell, void *row)
{
	void *to = (char *)row + field->offset;

	switch (field->type) {
	case FIELD_U64:
		return *cell ? units_parse_u64(cell, to, NULL) : 0;
	case FIELD_STRING:
		*(const char **)to = *cell ? cell : NULL;
		return 0;
	case FIELD_BOOL:
		*(bool *)to = str_eq(cell, "true");
		return str_eq(cell, "true") || str_eq(cell, "false") ? 0 : -EBADMSG;
	default:
		return 0;
	}
}

static int result_named(struct reader *r, const char *target, struct rank_input **ret)
{
	int rc = 0;

	for (size_t i = 0; i < r->ret->n; i++)
		if (str_eq(r->ret->items[i].target, target)) {
			*ret = &r->ret->items[i];
			return 0;
		}
	rc = add_result(r, target);
	if (!rc)
		*ret = last_result(r);
	return rc;
}

/* A bench compresses zero and same-filled pages too; zram does not, so their bytes are no codec's.
 * The CPU that they took cannot be told from the rest.
 */
static void leave_out_same(struct bench_record *row, struct rank_input *input)
{
	const uint64_t same_bytes = row->same_pages * PAGE_BYTES;

	row->orig_bytes -= same_bytes;
	if (!row->orig_bytes)
		row->codec_bytes = row->slot_bytes = 0;
	if (!row->class)
		input->same_bytes = same_bytes;
}

static int take_row(struct reader *r, const struct columns *columns)
{
	struct rank_input *input;
	struct bench_record row;
	char *cells[COLUMNS_MAX], target[sizeof(input->target)];
	size_t n = split(r->line, columns->separator, cells);
	int rc = n < columns->n ? -EBADMSG : 0;

	record_clear(&bench_type, &row);
	for (size_t i = 0; !rc && i < columns->n; i++)
		if (columns->fields[i])
			rc = read_cell(columns->fields[i], cells[i], &row);
	if (row.same_pages == MISSING_U64) /* a file of an earlier version */
		row.same_pages = 0;
	if (rc || row.orig_bytes == MISSING_U64 || row.same_pages > row.orig_bytes / PAGE_BYTES)
		return bad_line(r, "not a row of a bench");
	if (row.slot_bytes == MISSING_U64)
		return 0;
	snprintf(target, sizeof(target), "%s, %lu bytes in pages of %lu%s",
		 row.corpus ? row.corpus : "", row.size_bytes, row.page_bytes,
		 row.cache && str_eq(row.cache, "cold") ? ", cold" : "");
	rc = result_named(r, target, &input);
	if (rc)
		return rc;
	leave_out_same(&row, input);
	rc = add_codec(input, row.class,
		       &(struct scan_codec_record){
			       .label = row.label,
			       .heavy = row.heavy,
			       .orig_bytes = row.orig_bytes,
			       .codec_bytes = row.codec_bytes,
			       .slot_bytes = row.slot_bytes,
			       .compress_cpu_ns = row.compress.cpu_ns,
			       .decompress_cpu_ns = row.decompress.cpu_ns,
			       .saved_memory_low_ratio = MISSING_F64,
			       .saved_memory_high_ratio = MISSING_F64,
			       .validation = row.validation,
		       });
	return rc ? bad_line(r, "not a row of a bench") : 0;
}

int saved_read_csv(const char *path, struct saved_results *ret, struct err *e)
{
	struct reader r = { .path = path, .command = "bench --format csv", .ret = ret, .e = e };
	struct columns columns = { .n = 0 };
	int rc = open_file(&r);

	if (!rc) {
		rc = next_line(&r);
		if (rc > 0)
			rc = read_head(&r, &columns);
		else if (!rc)
			rc = bad_file(&r, ENODATA, "no line with the names of columns");
	}
	while (!rc && (rc = next_line(&r)) > 0)
		rc = take_row(&r, &columns);
	return finish(&r, rc, "no row with slot_bytes");
}
