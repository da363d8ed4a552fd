/* SPDX-License-Identifier: GPL-2.0-only */
/* text.c - a growing byte buffer, and the encodings of sinks: numbers, UTF-8, escapes.
 *
 * Most of a stream of records is numbers, and printf takes several times as long as the code here.
 * Doubles go through integers where that is exact.
 */
#include "text.h"

#include <math.h>

bool text_reserve(struct text *t, size_t len)
{
	size_t need, cap;
	char *s;

	if (t->failed)
		return false;
	if (t->cap - t->n >= len)
		return true;
	if (add_overflows(t->n, len, &need) || need > SIZE_MAX / 2) {
		t->failed = true;
		return false;
	}
	cap = MAX(MAX(need, t->cap * 2), (size_t)256);
	s = realloc(t->s, cap);
	if (!s) {
		t->failed = true;
		return false;
	}
	t->s = s;
	t->cap = cap;
	return true;
}

void text_done(struct text *t)
{
	free(t->s);
	*t = (struct text){ 0 };
}

void text_put(struct text *t, const char *bytes, size_t n)
{
	if (!n || !text_reserve(t, n))
		return;
	memcpy(t->s + t->n, bytes, n);
	t->n += n;
}

void text_str(struct text *t, const char *s)
{
	text_put(t, s, strlen(s));
}

void text_item(struct text *t, const char *s)
{
	text_str(t, t->n ? ", " : "");
	text_str(t, s);
}

void text_fill(struct text *t, char c, size_t n)
{
	if (!n || !text_reserve(t, n))
		return;
	memset(t->s + t->n, c, n);
	t->n += n;
}

void text_u64(struct text *t, uint64_t v)
{
	char digits[20], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	text_put(t, p, (size_t)(digits + sizeof(digits) - p));
}

void text_i64(struct text *t, int64_t v)
{
	if (v < 0)
		text_put(t, "-", 1);
	text_u64(t, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void text_hex(struct text *t, uint64_t v)
{
	char digits[18], *p = digits + sizeof(digits);

	do
		*--p = "0123456789abcdef"[v & 15];
	while (v >>= 4);
	*--p = 'x';
	*--p = '0';
	text_put(t, p, (size_t)(digits + sizeof(digits) - p));
}

void text_fixed(struct text *t, double v, int decimals)
{
	char buf[400]; /* -DBL_MAX takes 310 characters before the point */

	text_put(t, buf, (size_t)snprintf(buf, sizeof(buf), "%.*f", MIN(MAX(decimals, 0), 60), v));
}

/* Whether v is a whole number of millionths below 10^15 of them. Both that number and 10^6 are
 * exact doubles, so their quotient is what reading the decimal text gives; and as two decimals of
 * up to 15 digits never read to the same double, no shorter text does.
 */
static bool text_millionths(double v, uint64_t *ret)
{
	double scaled = fabs(v) * 1e6;
	uint64_t whole;

	if (!(scaled < 1e15))
		return false;
	whole = (uint64_t)(scaled + 0.5);
	if ((double)whole / 1e6 != fabs(v))
		return false;
	*ret = whole;
	return true;
}

void text_shortest(struct text *t, double v)
{
	uint64_t millionths;
	char buf[32];
	int digits;

	if (text_millionths(v, &millionths)) {
		uint64_t fraction = millionths % 1000000;

		if (signbit(v))
			text_put(t, "-", 1);
		text_u64(t, millionths / 1000000);
		if (!fraction)
			return;
		for (digits = 6; fraction % 10 == 0; digits--)
			fraction /= 10;
		text_put(t, buf,
			 (size_t)snprintf(buf, sizeof(buf), ".%0*u", digits,
					  (unsigned int)fraction));
		return;
	}
	for (digits = 15; digits < 17; digits++) {
		snprintf(buf, sizeof(buf), "%.*g", digits, v);
		if (strtod(buf, NULL) == v)
			break;
	}
	text_put(t, buf, (size_t)snprintf(buf, sizeof(buf), "%.*g", digits, v));
}

/* The first bytes of a character, and the range of the second one, which excludes overlong forms,
 * surrogates and what is above U+10FFFF (Unicode, table 3-7).
 */
static const struct {
	unsigned char first, last, second_first, second_last, length;
} utf8_forms[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

size_t text_utf8_length(const char *bytes, size_t n)
{
	const unsigned char *p = (const unsigned char *)bytes;
	size_t form = 0, length;

	if (n == 0 || *p < 0x80)
		return n != 0;
	while (form < ARRAY_SIZE(utf8_forms) && *p > utf8_forms[form].last)
		form++;
	if (form == ARRAY_SIZE(utf8_forms) || *p < utf8_forms[form].first)
		return 0;
	length = utf8_forms[form].length;
	if (n < length || p[1] < utf8_forms[form].second_first ||
	    p[1] > utf8_forms[form].second_last)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

size_t text_columns(const char *bytes, size_t n)
{
	size_t columns = 0;

	for (size_t i = 0; i < n; i++)
		columns += ((unsigned char)bytes[i] & 0xc0) != 0x80;
	return columns;
}

/* C1 controls, which some terminals obey, and characters that reorder or break a line: U+061C,
 * U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069.
 */
static bool text_deceives(const unsigned char *p, size_t length)
{
	if (length == 2)
		return (p[0] == 0xc2 && p[1] < 0xa0) || (p[0] == 0xd8 && p[1] == 0x9c);
	if (length != 3 || p[0] != 0xe2)
		return false;
	if (p[1] == 0x80)
		return p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae);
	return p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9;
}

static void text_hex_bytes(struct text *t, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char hex[4] = { '\\', 'x', "0123456789abcdef"[p[i] >> 4],
				"0123456789abcdef"[p[i] & 15] };

		text_put(t, hex, sizeof(hex));
	}
}

void text_escaped(struct text *t, const char *bytes, size_t n, const char *also)
{
	for (size_t i = 0, length; i < n; i += length) {
		const unsigned char *p = (const unsigned char *)bytes + i;

		length = text_utf8_length(bytes + i, n - i);
		if (length == 0 || text_deceives(p, length) || *p < 0x20 || *p == 0x7f) {
			length = MAX(length, (size_t)1);
			text_hex_bytes(t, p, length);
			continue;
		}
		if (*p == '\\' || (*p < 0x80 && strchr(also, *p)))
			text_put(t, "\\", 1);
		text_put(t, bytes + i, length);
	}
}

static void text_json_char(struct text *t, const unsigned char *p, size_t length)
{
	unsigned int code = length == 2 ? p[1] : p[0]; /* U+0080 to U+009F is C2 80 to C2 9F */
	char hex[6] = {
		'\\', 'u', '0', '0', "0123456789abcdef"[code >> 4], "0123456789abcdef"[code & 15]
	};

	if (length == 0)
		text_str(t, "\xef\xbf\xbd");
	else if (*p == '"' || *p == '\\')
		text_put(t, (char[2]){ '\\', (char)*p }, 2);
	else if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
		text_put(t, hex, sizeof(hex));
	else
		text_put(t, (const char *)p, length);
}

static bool json_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void text_json_string(struct text *t, const char *bytes, size_t n)
{
	text_put(t, "\"", 1);
	for (size_t i = 0; i < n;) {
		size_t run = i, length;

		while (run < n && json_plain((unsigned char)bytes[run]))
			run++;
		text_put(t, bytes + i, run - i);
		if (run == n)
			break;
		length = text_utf8_length(bytes + run, n - run);
		text_json_char(t, (const unsigned char *)bytes + run, length);
		i = run + MAX(length, (size_t)1);
	}
	text_put(t, "\"", 1);
}
