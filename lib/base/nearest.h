/* SPDX-License-Identifier: GPL-2.0-only */
/* nearest.h - "did you mean": the known name nearest to a mistyped one.
 *
 *	struct nearest n = nearest_begin("fromat");
 *	for each name: nearest_offer(&n, name);
 *	n.best is "format", or NULL where nothing is near enough
 */
#ifndef COLDPRESS_BASE_NEAREST_H
#define COLDPRESS_BASE_NEAREST_H

#include "base.h"

struct nearest {
	const char *word;
	const char *best;
	size_t distance; /* of best; at first the largest that still counts as near */
};

struct nearest nearest_begin(const char *word);
void nearest_offer(struct nearest *n, const char *name);

#endif
