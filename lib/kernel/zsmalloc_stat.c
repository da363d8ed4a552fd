/* SPDX-License-Identifier: GPL-2.0-only */
/* zsmalloc_stat.c - the size classes of a pool as debugfs lists them. Pure.
 *
 * Columns are found by the words of the first line, for they differ: "almost_full almost_empty"
 * before 6.3, "10% 20% ... 100%" after.
 */
#include "keyed.h"
#include "zsmalloc.h"

#define COLUMNS_MAX 32

#define COLUMN(word, member) KEYED(struct zsmalloc_use, word, member, 1)

static const struct keyed_field columns[] = {
	COLUMN("size", size_bytes),         COLUMN("obj_allocated", allocated_objects),
	COLUMN("obj_used", used_objects),   COLUMN("pages_used", pages),
	COLUMN("freeable", freeable_pages), COLUMN("pages_per_zspage", zspage_pages),
};

/* Which word of the first line names each column. -EBADMSG one is missing. */
static int find_columns(const char *line, size_t len, size_t at[ARRAY_SIZE(columns)])
{
	const char *end = line + len;
	size_t found = 0;

	for (size_t i = 0; line < end; i++) {
		size_t n = 0;

		while (line < end && (*line == ' ' || *line == '\t'))
			line++;
		while (line + n < end && line[n] != ' ' && line[n] != '\t')
			n++;
		for (size_t k = 0; k < ARRAY_SIZE(columns); k++) {
			if (strlen(columns[k].key) != n || memcmp(columns[k].key, line, n) != 0)
				continue;
			at[k] = i;
			found++;
		}
		line += n;
	}
	return found == ARRAY_SIZE(columns) ? 0 : -EBADMSG;
}

int zsmalloc_use_parse(const char *buf, size_t len, struct zsmalloc_use ret[ZSMALLOC_CLASSES],
		       size_t *n)
{
	const char *line, *rest = buf, *end = buf + len;
	size_t at[ARRAY_SIZE(columns)], line_len;

	*n = 0;
	if (!keyed_line(&rest, end, &line, &line_len) || find_columns(line, line_len, at))
		return -EBADMSG;
	while (keyed_line(&rest, end, &line, &line_len)) {
		uint64_t values[COLUMNS_MAX];
		size_t found = keyed_numbers(line, line_len, values, COLUMNS_MAX);
		struct zsmalloc_use use;

		if (found == 0) /* the empty line and the totals behind the classes */
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(columns); k++) {
			if (at[k] >= found)
				return -EBADMSG;
			*(uint64_t *)((char *)&use + columns[k].offset) = values[at[k]];
		}
		if (use.allocated_objects == 0)
			continue;
		if (*n == ZSMALLOC_CLASSES)
			return -E2BIG;
		ret[(*n)++] = use;
	}
	return 0;
}
