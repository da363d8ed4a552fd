/* SPDX-License-Identifier: GPL-2.0-only */
/* nearest.c - "did you mean": the known name nearest to a mistyped one.
 *
 * By edits of one character (insert, delete, replace, swap of neighbours), at most one for three
 * characters; the beginning of a name is near as well.
 */
#include "nearest.h"

#define NEAREST_MAX 48 /* longer names are never near */

/* Optimal string alignment distance, three rows of the matrix at a time. */
static size_t edits(const char *a, size_t na, const char *b, size_t nb)
{
	size_t rows[3][NEAREST_MAX + 1];

	for (size_t j = 0; j <= nb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t cost = a[i - 1] != b[j - 1];

			row[j] = MIN(MIN(above[j] + 1, row[j - 1] + 1), above[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], above2[j - 2] + 1);
		}
	}
	return rows[na % 3][nb];
}

struct nearest nearest_begin(const char *word)
{
	return (struct nearest){ .word = word, .distance = MAX(strlen(word) / 3, (size_t)1) };
}

void nearest_offer(struct nearest *n, const char *name)
{
	size_t word_len = strlen(n->word), name_len = strlen(name), distance;

	if (word_len > NEAREST_MAX || name_len > NEAREST_MAX)
		return;
	distance = word_len >= 3 && str_starts(name, n->word)
			   ? 1
			   : edits(n->word, word_len, name, name_len);
	if (distance > n->distance || (n->best && distance == n->distance))
		return;
	n->best = name;
	n->distance = distance;
}
