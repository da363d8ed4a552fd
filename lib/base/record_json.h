/* SPDX-License-Identifier: GPL-2.0-only */
/* record_json.h - reads records back from their JSON, by the same table that wrote them. */
#ifndef COLDPRESS_BASE_RECORD_JSON_H
#define COLDPRESS_BASE_RECORD_JSON_H

#include <json-c/json.h>

#include "record.h"

/* record_u64, record_f64, record_string - one member of a JSON object; the missing value where it
 * is absent, null or of another type. The string lives as long as the object.
 */
uint64_t record_u64(struct json_object *record, const char *key);
double record_f64(struct json_object *record, const char *key);
const char *record_string(struct json_object *record, const char *key);

/* record_read - one JSON object into the struct that the type's table describes. A field that the
 * object lacks is missing (record_clear), and so are series, hexadecimal numbers and times, which
 * are not read. Strings live as long as the object. False, and ret untouched: the object is a
 * record of another type or version.
 */
bool record_read(struct json_object *record, const struct record_type *type, void *ret);

/* record_text - the record as a JSON line, as record_read reads it; to be freed. NULL: no memory.
 */
char *record_text(const struct record_type *type, const void *record);

/* record_each_line - calls fn for each line of JSON lines that is a record, in order; returns its
 * first result that is not 0. A last line without its newline is left out: it is still being
 * written.
 */
typedef int record_fn(void *ctx, const char *type, struct json_object *record);
int record_each_line(const char *text, record_fn *fn, void *ctx);

#endif
