/* SPDX-License-Identifier: GPL-2.0-only */
/* keyed.h - what text files of the kernel have in common: lines "key value", and plain numbers.
 *
 * Pure. Takes any bytes, never reads past len, and leaves out what it does not know. Numbers that
 * do not fit into 64 bits are missing.
 */
#ifndef COLDPRESS_KERNEL_KEYED_H
#define COLDPRESS_KERNEL_KEYED_H

#include "lib/base/base.h"

/* Where the value of a key goes: a uint64_t member of a struct, multiplied by scale. */
struct keyed_field {
	const char *key;
	size_t offset;
	uint64_t scale;
};

#define KEYED(type, key, member, scale) \
	{ \
		key, offsetof(type, member), scale \
	}

/* keyed_parse - "key value" or "key: value unit" lines into members of *ret. Members whose key is
 * not found are set to MISSING_U64. Returns how many were found. */
size_t keyed_parse(const char *buf, size_t len, const struct keyed_field *fields, size_t n,
		   void *ret);

/* keyed_numbers - decimal numbers separated by blanks into values[]. Returns how many, at most max.
 */
size_t keyed_numbers(const char *buf, size_t len, uint64_t *values, size_t max);

/* keyed_line - the next line of *rest without its newline; false at the end. */
bool keyed_line(const char **rest, const char *end, const char **line, size_t *len);

/* keyed_number - the decimal number at *p behind blanks; *p moves behind it. MISSING_U64 without
 * digits. */
uint64_t keyed_number(const char **p, const char *end);

/* keyed_unescape - undoes the \ooo of paths in /proc (seq_path), in place. */
void keyed_unescape(char *text);

#endif
