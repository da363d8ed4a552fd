/* SPDX-License-Identifier: GPL-2.0-only */
/* keyed.c - lines "key value" and plain numbers, as files of procfs, sysfs and cgroupfs hold them.
 */
#include "keyed.h"

bool keyed_line(const char **rest, const char *end, const char **line, size_t *len)
{
	if (*rest >= end)
		return false;
	const char *newline = memchr(*rest, '\n', (size_t)(end - *rest));

	*line = *rest;
	*len = (size_t)((newline ? newline : end) - *rest);
	*rest = newline ? newline + 1 : end;
	return true;
}

uint64_t keyed_number(const char **p, const char *end)
{
	uint64_t value = 0;
	bool any = false, fits = true;

	while (*p < end && (**p == ' ' || **p == '\t' || **p == '\n'))
		(*p)++;
	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
		any = true;
		if (mul_overflows(value, (uint64_t)10, &value) ||
		    add_overflows(value, (uint64_t)(**p - '0'), &value))
			fits = false;
	}
	return any && fits ? value : MISSING_U64;
}

size_t keyed_numbers(const char *buf, size_t len, uint64_t *values, size_t max)
{
	const char *p = buf;
	size_t n = 0;

	while (n < max && (values[n] = keyed_number(&p, buf + len)) != MISSING_U64)
		n++;
	return n;
}

size_t keyed_parse(const char *buf, size_t len, const struct keyed_field *fields, size_t n,
		   void *ret)
{
	const char *line, *rest = buf;
	size_t line_len, found = 0;

	for (size_t i = 0; i < n; i++)
		*(uint64_t *)((char *)ret + fields[i].offset) = MISSING_U64;
	while (keyed_line(&rest, buf + len, &line, &line_len)) {
		for (size_t i = 0; i < n; i++) {
			size_t key_len = strlen(fields[i].key);
			const char *p = line + key_len;
			uint64_t *out = (uint64_t *)((char *)ret + fields[i].offset);

			if (line_len <= key_len || memcmp(line, fields[i].key, key_len) != 0 ||
			    (*p != ' ' && *p != ':'))
				continue;
			p += *p == ':';
			*out = keyed_number(&p, line + line_len);
			if (*out != MISSING_U64 && mul_overflows(*out, fields[i].scale, out))
				*out = MISSING_U64;
			found++;
			break;
		}
	}
	return found;
}

static bool octal(char c, char max)
{
	return c >= '0' && c <= max;
}

void keyed_unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && octal(from[1], '3') && octal(from[2], '7') &&
		    octal(from[3], '7')) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}
