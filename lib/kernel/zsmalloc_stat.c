/* SPDX-License-Identifier: GPL-2.0-only */
/* zsmalloc_stat.c - how full a pool's size classes are, as the kernel says it in debugfs. Pure.
 *
 * The columns differ: "almost_full almost_empty" before 6.3, "10% 20% ... 100%" after; "freeable"
 * came with 4.3. So they are found by the words of the first line.
 */
#include "zsmalloc.h"

#define COLUMNS_MAX 32

/* Words of a line into columns[]; the rest of the text behind its newline. */
static size_t split(const char *line, const char *end, const char *columns[COLUMNS_MAX],
		    size_t lens[COLUMNS_MAX])
{
	size_t n = 0;

	while (line < end && n < COLUMNS_MAX) {
		while (line < end && (*line == ' ' || *line == '\t'))
			line++;
		const char *begin = line;

		while (line < end && *line != ' ' && *line != '\t')
			line++;
		if (line > begin) {
			columns[n] = begin;
			lens[n++] = (size_t)(line - begin);
		}
	}
	return n;
}

static bool number(const char *word, size_t len, uint64_t *ret)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len; i++)
		if (word[i] < '0' || word[i] > '9' || mul_overflows(value, (uint64_t)10, &value) ||
		    add_overflows(value, (uint64_t)(word[i] - '0'), &value))
			return false;
	*ret = value;
	return len > 0;
}

static const struct {
	const char *name;
	size_t offset;
} wanted[] = {
	{ "size", offsetof(struct zsmalloc_use, size_bytes) },
	{ "obj_allocated", offsetof(struct zsmalloc_use, allocated_objects) },
	{ "obj_used", offsetof(struct zsmalloc_use, used_objects) },
	{ "pages_used", offsetof(struct zsmalloc_use, pages) },
	{ "pages_per_zspage", offsetof(struct zsmalloc_use, zspage_pages) },
	{ "freeable", offsetof(struct zsmalloc_use, freeable_pages) },
};

int zsmalloc_use_parse(const char *buf, size_t len, struct zsmalloc_use ret[ZSMALLOC_CLASSES],
		       size_t *n)
{
	const char *columns[COLUMNS_MAX], *end = buf + len;
	size_t lens[COLUMNS_MAX], at[ARRAY_SIZE(wanted)], heads = 0;
	bool first = true;

	*n = 0;
	for (const char *line = buf, *newline; (newline = memchr(line, '\n', (size_t)(end - line)));
	     line = newline + 1) {
		struct zsmalloc_use use = { .size_bytes = 0 };
		size_t words = split(line, newline, columns, lens), found = 0;

		if (words == 0)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(wanted); k++)
			for (size_t i = 0; first && i < words; i++)
				if (strlen(wanted[k].name) == lens[i] &&
				    !memcmp(wanted[k].name, columns[i], lens[i])) {
					at[k] = i;
					heads++;
				}
		if (first) {
			if (heads != ARRAY_SIZE(wanted))
				return -EBADMSG;
			first = false;
			continue;
		}
		if (lens[0] == 5 && !memcmp(columns[0], "Total", 5)) /* it has fewer columns */
			break;
		for (size_t k = 0; k < ARRAY_SIZE(wanted); k++)
			found += at[k] < words &&
				 number(columns[at[k]], lens[at[k]],
					(uint64_t *)((char *)&use + wanted[k].offset));
		if (found != ARRAY_SIZE(wanted))
			return -EBADMSG;
		if (use.allocated_objects == 0)
			continue;
		if (*n == ZSMALLOC_CLASSES)
			return -E2BIG;
		ret[(*n)++] = use;
	}
	return first ? -EBADMSG : 0;
}
