/* SPDX-License-Identifier: GPL-2.0-only */
/* opt_value.c - the values of options: a table with a parser and a formatter for each type. */
#include "opt.h"

#include <math.h>

#include "text.h"
#include "units.h"

/* ---- parsing ---- */

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
	if (!rc)
		rc = check_bounds(opt, v, e);
	if (!rc && to)
		*(uint64_t *)to = v;
	return rc;
}

static int parse_real(const struct opt *opt, void *to, const char *text, struct err *e)
{
	double v;
	int rc = opt->type == OPT_TYPE_SHARE ? units_parse_share(text, &v, e)
					     : units_parse_f64(text, &v, e);

	if (!rc && to)
		*(double *)to = v;
	return rc;
}

static int parse_pid(const struct opt *opt UNUSED, void *to, const char *text, struct err *e)
{
	uint64_t v;

	if (units_parse_u64(text, &v, NULL) || v < 1 || v > INT32_MAX)
		return err_usage(e, "'%s' is not a process ID, a whole number from 1", text);
	if (to)
		*(pid_t *)to = (pid_t)v;
	return 0;
}

static int parse_string(const struct opt *opt UNUSED, void *to, const char *text,
			struct err *e UNUSED)
{
	if (to)
		*(const char **)to = text;
	return 0;
}

static int parse_path(const struct opt *opt, void *to, const char *text, struct err *e)
{
	if (!*text)
		return err_usage(e, "names no %s: it is empty",
				 opt->type == OPT_TYPE_DIR ? "directory" : "file");
	return parse_string(opt, to, text, e);
}

static int parse_choice(const struct opt *opt, void *to, const char *text, struct err *e)
{
	struct text all = { 0 };

	for (int i = 0; opt->choices[i]; i++)
		if (str_eq(text, opt->choices[i])) {
			if (to)
				*(int *)to = i;
			return 0;
		}
	for (int i = 0; opt->choices[i]; i++)
		text_item(&all, opt->choices[i]);
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
		return err_set(e, ENOMEM, "cannot store '%s'", item);
	}
	items[list->n++] = copy;
	return 0;
}

static int parse_list(const struct opt *opt UNUSED, void *to, const char *text, struct err *e)
{
	for (const char *item = text;; item++) {
		size_t len = strcspn(item, ",");

		if (len == 0)
			return err_usage(e, "'%s' has an empty item", text);
		if (to && list_add(to, item, len, e))
			return -ENOMEM;
		item += len;
		if (!*item)
			return 0;
	}
}

/* ---- formatting ---- */

static void format_flag(struct text *t, const struct opt *opt UNUSED, const void *at)
{
	text_str(t, *(const bool *)at ? "true" : "false");
}

static void format_unsigned(struct text *t, const struct opt *opt, const void *at)
{
	const uint64_t v = *(const uint64_t *)at;
	char buf[UNITS_TEXT_MAX];

	if (v == MISSING_U64)
		return;
	if (opt->type == OPT_TYPE_U64)
		text_u64(t, v);
	else
		text_str(t, opt->type == OPT_TYPE_SIZE ? units_exact_size(v, buf)
						       : units_exact_duration(v, buf));
}

static void format_real(struct text *t, const struct opt *opt, const void *at)
{
	const double v = *(const double *)at;
	char percent[32];
	double back;

	if (isnan(v))
		return;
	snprintf(percent, sizeof(percent), "%.10g%%", v * 100);
	if (opt->type == OPT_TYPE_SHARE && !units_parse_share(percent, &back, NULL) && back == v)
		text_str(t, percent);
	else
		text_shortest(t, v);
}

static void format_string(struct text *t, const struct opt *opt UNUSED, const void *at)
{
	const char *s = *(const char *const *)at;

	text_str(t, s ? s : "");
}

static void format_choice(struct text *t, const struct opt *opt, const void *at)
{
	const int i = *(const int *)at;

	text_str(t, i < 0 ? "" : opt->choices[i]);
}

static void format_pid(struct text *t, const struct opt *opt UNUSED, const void *at)
{
	const pid_t pid = *(const pid_t *)at;

	if (pid)
		text_u64(t, (uint64_t)pid);
}

static void format_list(struct text *t, const struct opt *opt UNUSED, const void *at)
{
	const struct opt_list *list = at;

	for (size_t i = 0; i < list->n; i++) {
		text_str(t, i ? "," : "");
		text_str(t, list->items[i]);
	}
}

/* ---- types ---- */

/* A flag and an old spelling have no value. */
static const struct {
	const char *name;
	int (*parse)(const struct opt *opt, void *to, const char *text, struct err *e);
	void (*format)(struct text *t, const struct opt *opt, const void *at);
} types[] = {
	[OPT_TYPE_FLAG] = { "", NULL, format_flag },
	[OPT_TYPE_U64] = { "N", parse_unsigned, format_unsigned },
	[OPT_TYPE_F64] = { "X", parse_real, format_real },
	[OPT_TYPE_SHARE] = { "SHARE", parse_real, format_real },
	[OPT_TYPE_SIZE] = { "SIZE", parse_unsigned, format_unsigned },
	[OPT_TYPE_DURATION] = { "TIME", parse_unsigned, format_unsigned },
	[OPT_TYPE_STRING] = { "TEXT", parse_string, format_string },
	[OPT_TYPE_FILE] = { "FILE", parse_path, format_string },
	[OPT_TYPE_DIR] = { "DIR", parse_path, format_string },
	[OPT_TYPE_CHOICE] = { "NAME", parse_choice, format_choice },
	[OPT_TYPE_PID] = { "PID", parse_pid, format_pid },
	[OPT_TYPE_LIST] = { "LIST", parse_list, format_list },
	[OPT_TYPE_RENAMED] = { "", NULL, NULL },
};

int opt_value_parse(const struct opt *opt, void *to, const char *text, struct err *e)
{
	return types[opt->type].parse(opt, to, text, e);
}

const char *opt_value_name(const struct opt *opt)
{
	return opt->metavar ? opt->metavar : types[opt->type].name;
}

void opt_format_value(const struct opt *opt, const void *config, char *buf, size_t len)
{
	struct text t = { 0 };

	if (types[opt->type].format)
		types[opt->type].format(&t, opt, (const char *)config + opt->offset);
	snprintf(buf, len, "%.*s", (int)t.n, t.n ? t.s : "");
	text_done(&t);
}
