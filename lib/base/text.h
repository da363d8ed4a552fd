/* SPDX-License-Identifier: GPL-2.0-only */
/* text.h - a growing byte buffer, and the encodings of sinks: numbers, UTF-8, escapes.
 *
 * No file descriptors, no locale. A failed allocation sets .failed and makes later puts do nothing,
 * so that callers check once, at the end.
 */
#ifndef COLDPRESS_BASE_TEXT_H
#define COLDPRESS_BASE_TEXT_H

#include "base.h"

struct text {
	char *s; /* not NUL-terminated */
	size_t n, cap;
	bool failed;
};

/* text_reserve - space for len more bytes; false: no memory. */
bool text_reserve(struct text *t, size_t len);
void text_done(struct text *t);

void text_put(struct text *t, const char *bytes, size_t n);
void text_str(struct text *t, const char *s);
void text_item(struct text *t, const char *s); /* of a list: ", " before all but the first */
void text_fill(struct text *t, char c, size_t n);
void text_u64(struct text *t, uint64_t v);
void text_i64(struct text *t, int64_t v);
void text_hex(struct text *t, uint64_t v); /* "0x7f2ea77f4b90" */
void text_fixed(struct text *t, double v, int decimals);
void text_shortest(struct text *t, double v); /* finite v; the shortest that reads back to v */

/* text_escaped - safe for a terminal and reversible: backslash doubled; control bytes, invalid
 * UTF-8, line and paragraph separators and bidirectional overrides as \xHH. Bytes of `also` get a
 * backslash.
 */
void text_escaped(struct text *t, const char *bytes, size_t n, const char *also);

/* text_json_string - quoted, always valid UTF-8: controls (C0, DEL, C1) as \u00HH, each invalid
 * byte as U+FFFD. */
void text_json_string(struct text *t, const char *bytes, size_t n);

/* text_utf8_length - bytes of the character at p, 1 to 4; 0: invalid (overlong, surrogate, cut). */
size_t text_utf8_length(const char *p, size_t n);

/* text_columns - characters in valid UTF-8; wide and combining ones count as one. */
size_t text_columns(const char *bytes, size_t n);

#endif
