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

/* XML has no place for controls; overrides would let a name turn the words around it. */
static bool shown(const unsigned char *p, size_t n)
{
	if (n == 1)
		return (*p >= ' ' && *p != 0x7f) || *p == '\n' || *p == '\t';
	if (n == 2)
		return !(p[0] == 0xc2 && p[1] < 0xa0); /* C1 */
	if (n == 3 && p[0] == 0xe2 && p[1] == 0x80)
		return !((p[2] >= 0x8e && p[2] <= 0x8f) || (p[2] >= 0xa8 && p[2] <= 0xae));
	if (n == 3 && p[0] == 0xe2 && p[1] == 0x81)
		return p[2] < 0xa6 || p[2] > 0xa9; /* isolates */
	if (n == 3 && p[0] == 0xef && p[1] == 0xbf)
		return p[2] < 0xbe; /* U+FFFE, U+FFFF */
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
