/* SPDX-License-Identifier: GPL-2.0-only */
/* layout.h - the chosen fields of a record type in order, and how a record becomes text. */
#ifndef COLDPRESS_BASE_LAYOUT_H
#define COLDPRESS_BASE_LAYOUT_H

#include "record.h"
#include "text.h"

struct column {
	const struct field *field;
	char key[64]; /* `,"name":` */
	size_t key_len;
	size_t width; /* of a table */
};

struct layout {
	const struct record_type *type;
	char begin[96]; /* `{"type":"name","v":1` */
	size_t begin_len;
	struct field time;   /* for the owner: a column that is not in the type's table */
	struct layout *next; /* for the owner */
	size_t n;
	struct column columns[];
};

/* layout_new - no fields yet, space for n_columns; to be freed. NULL: no memory. */
struct layout *layout_new(const struct record_type *type, size_t n_columns);

/* layout_add - one more field, also one that is there already. */
void layout_add(struct layout *layout, const struct field *field);

/* One record with its newline. head: the names of the columns first. layout_put_text follows the
 * type's style. */
void layout_put_json(struct text *t, const struct layout *layout, const void *record);
void layout_put_csv(struct text *t, const struct layout *layout, const void *record, bool head);
void layout_put_line(struct text *t, const struct layout *layout, const void *record);
void layout_put_text(struct text *t, const struct layout *layout, const void *record, bool head);

#endif
