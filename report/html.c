/* SPDX-License-Identifier: GPL-2.0-only */
/* html.c - escaping, by character. It knows nothing of the page. */
#include "html.h"

#include <stdarg.h>

void html_raw(struct text *t, const char *fmt, ...)
{
	AUTO_FREE char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) {
		s = NULL;
		t->failed = true;
		return;
	}
	text_put(t, s, (size_t)n);
}

/* Controls, which XML refuses, and overrides and isolates, by which a name could turn the text
 * around it.
 */
static bool shown(const unsigned char *p, size_t n)
{
	static const struct {
		uint32_t from, to;
	} hidden[] = {
		{ 0, 8 },           { 0xb, 0x1f },      { 0x7f, 0x9f },     { 0x200e, 0x200f },
		{ 0x2028, 0x202e }, { 0x2066, 0x2069 }, { 0xfffe, 0xffff },
	};
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		if (c >= hidden[i].from && c <= hidden[i].to)
			return false;
	return true;
}

void html_text(struct text *t, const char *s)
{
	size_t left = s ? strlen(s) : 0;

	if (!s)
		text_str(t, "–");
	while (left) {
		size_t n = text_utf8_length(s, left);

		if (n == 0 || !shown((const unsigned char *)s, n))
			text_str(t, "\xef\xbf\xbd");
		else if (n == 1 && strchr("&<>\"'", *s))
			html_raw(t, "&#%d;", *s);
		else
			text_put(t, s, n);
		n = n ? n : 1;
		s += n;
		left -= n;
	}
}
