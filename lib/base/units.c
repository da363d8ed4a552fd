/* SPDX-License-Identifier: GPL-2.0-only */
/* units.c - one suffix table per quantity serves parsing and exact formatting. */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>

#include "units.h"

struct suffix {
	const char *text;
	uint64_t factor;
};

/* Formatting takes the first that divides the value; the parser takes any. */
static const struct suffix size_suffixes[] = {
	{ "TiB", GIB << 10 }, { "GiB", GIB },     { "MiB", MIB },
	{ "KiB", KIB },       { "B", 1 },         { "TB", UINT64_C(1000000000000) },
	{ "GB", 1000000000 }, { "MB", 1000000 },  { "kB", 1000 },
	{ "KB", 1000 },       { "T", GIB << 10 }, { "G", GIB },
	{ "M", MIB },         { "K", KIB },       { NULL, 0 },
};
static const struct suffix duration_suffixes[] = {
	{ "h", 3600 * NS_PER_S }, { "m", 60 * NS_PER_S },    { "s", NS_PER_S },
	{ "ms", NS_PER_MS },      { "us", NS_PER_US },       { "ns", 1 },
	{ "min", 60 * NS_PER_S }, { "d", 86400 * NS_PER_S }, { NULL, 0 },
};

/* The number in front: whole part and fraction apart, so that 64-bit values stay exact. */
static int parse_decimal(const char **cursor, uint64_t *whole, double *fraction)
{
	const char *p = *cursor;
	double scale = 0.1;

	if (!isdigit((unsigned char)*p))
		return -EINVAL;
	for (*whole = 0; isdigit((unsigned char)*p); p++) {
		if (mul_overflows(*whole, 10u, whole) ||
		    add_overflows(*whole, (uint64_t)(*p - '0'), whole))
			return -ERANGE;
	}
	*fraction = 0;
	if (*p == '.') {
		if (!isdigit((unsigned char)*++p))
			return -EINVAL;
		for (; isdigit((unsigned char)*p); p++, scale /= 10)
			*fraction += scale * (*p - '0');
	}
	*cursor = p;
	return 0;
}

static int too_large(const char *text, struct err *e)
{
	err_usage(e, "'%s' is too large", text);
	return -ERANGE;
}

static int parse_scaled(const char *text, const struct suffix *suffixes, const char *quantity,
			const char *example, uint64_t *ret, struct err *e)
{
	const struct suffix *s = suffixes;
	const char *p = text;
	uint64_t whole, value;
	double fraction;
	int rc = parse_decimal(&p, &whole, &fraction);

	if (rc == -ERANGE)
		return too_large(text, e);
	if (rc)
		return err_usage(e, "'%s' is not a %s, such as %s", text, quantity, example);
	if (!*p && whole == 0 && fraction == 0) {
		*ret = 0;
		return 0;
	}
	if (!*p)
		return err_usage(e, "'%s': a %s needs a unit, such as %s", text, quantity, example);
	while (s->text && !str_eq(p, s->text))
		s++;
	if (!s->text)
		return err_usage(e, "'%s': unknown unit '%s' of a %s; try %s", text, p, quantity,
				 example);
	if (mul_overflows(whole, s->factor, &value) ||
	    add_overflows(value, (uint64_t)(fraction * (double)s->factor + 0.5), &value) ||
	    value == MISSING_U64)
		return too_large(text, e);
	*ret = value;
	return 0;
}

int units_parse_size(const char *text, uint64_t *ret, struct err *e)
{
	return parse_scaled(text, size_suffixes, "size", "64MiB", ret, e);
}

int units_parse_duration(const char *text, uint64_t *ret, struct err *e)
{
	return parse_scaled(text, duration_suffixes, "duration", "10s or 500ms", ret, e);
}

int units_parse_u64(const char *text, uint64_t *ret, struct err *e)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	char *end = NULL;
	uint64_t value;

	if (!(hex ? isxdigit((unsigned char)*digits) : isdigit((unsigned char)*digits)))
		return err_usage(e, "'%s' is not a whole number", text);
	errno = 0;
	value = strtoull(digits, &end, hex ? 16 : 10);
	if (*end)
		return err_usage(e, "'%s' is not a whole number", text);
	if (errno == ERANGE || value == MISSING_U64)
		return too_large(text, e);
	*ret = value;
	return 0;
}

/* Decimal and finite; end: what follows the number. */
static bool parse_real(const char *text, double *ret, char **end)
{
	if ((!isdigit((unsigned char)text[text[0] == '-']) && text[0] != '.') ||
	    strpbrk(text, "xX"))
		return false;
	*ret = strtod(text, end);
	return *end != text && isfinite(*ret);
}

int units_parse_f64(const char *text, double *ret, struct err *e)
{
	double value;
	char *end;

	if (!parse_real(text, &value, &end) || *end)
		return err_usage(e, "'%s' is not a number", text);
	*ret = value;
	return 0;
}

int units_parse_share(const char *text, double *ret, struct err *e)
{
	double value;
	char *end;

	if (!parse_real(text, &value, &end) || value < 0 || (*end && !str_eq(end, "%")))
		return err_usage(e, "'%s' is not a share, such as 50%% or 0.5", text);
	if (value > 1 && !*end)
		return err_usage(e, "'%s' is above 1, the whole; did you mean %s%%?", text, text);
	*ret = *end ? value / 100 : value;
	return 0;
}

char *units_format_size(uint64_t bytes, char buf[UNITS_TEXT_MAX])
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = (double)bytes;
	size_t i = 0;

	if (bytes == MISSING_U64)
		return strcpy(buf, "-");
	for (; value >= 1024 && i + 1 < ARRAY_SIZE(names); i++)
		value /= 1024;
	snprintf(buf, UNITS_TEXT_MAX, i == 0 ? "%.0f %s" : "%.1f %s", value, names[i]);
	return buf;
}

char *units_format_duration(uint64_t ns, char buf[UNITS_TEXT_MAX])
{
	double value = (double)ns;

	if (ns == MISSING_U64)
		strcpy(buf, "-");
	else if (ns < NS_PER_US)
		snprintf(buf, UNITS_TEXT_MAX, "%" PRIu64 " ns", ns);
	else if (ns < NS_PER_MS)
		snprintf(buf, UNITS_TEXT_MAX, "%.1f us", value / 1e3);
	else if (ns < NS_PER_S)
		snprintf(buf, UNITS_TEXT_MAX, "%.1f ms", value / 1e6);
	else if (ns < 120 * NS_PER_S)
		snprintf(buf, UNITS_TEXT_MAX, "%.2f s", value / 1e9);
	else
		snprintf(buf, UNITS_TEXT_MAX, "%" PRIu64 " min %02" PRIu64 " s", ns / NS_PER_S / 60,
			 ns / NS_PER_S % 60);
	return buf;
}

static char *exact(uint64_t value, const struct suffix *suffixes, char buf[UNITS_TEXT_MAX])
{
	const struct suffix *s = suffixes;

	while (s->factor > 1 && (value % s->factor || value == 0))
		s++;
	snprintf(buf, UNITS_TEXT_MAX, "%" PRIu64 "%s", value / s->factor, s->text);
	return buf;
}

char *units_exact_size(uint64_t bytes, char buf[UNITS_TEXT_MAX])
{
	return exact(bytes, size_suffixes, buf);
}

char *units_exact_duration(uint64_t ns, char buf[UNITS_TEXT_MAX])
{
	return exact(ns, duration_suffixes, buf);
}

char *units_format_utc(uint64_t epoch_ns, char buf[UNITS_TEXT_MAX])
{
	time_t seconds = (time_t)(epoch_ns / NS_PER_S);
	struct tm tm;
	size_t n;

	if (epoch_ns == MISSING_U64 || !gmtime_r(&seconds, &tm)) {
		snprintf(buf, UNITS_TEXT_MAX, "-");
		return buf;
	}
	n = strftime(buf, UNITS_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, UNITS_TEXT_MAX - n, ".%09uZ", (unsigned int)(epoch_ns % NS_PER_S));
	return buf;
}
