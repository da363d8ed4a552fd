/* SPDX-License-Identifier: GPL-2.0-only */
/* record_json.c - reads records back from their JSON, and writes one as text. */
#include "record_json.h"

static struct json_object *member(struct json_object *record, const char *key, json_type type)
{
	struct json_object *value = json_object_object_get(record, key);

	return json_object_is_type(value, type) ? value : NULL;
}

uint64_t record_u64(struct json_object *record, const char *key)
{
	struct json_object *value = member(record, key, json_type_int);

	return value ? json_object_get_uint64(value) : MISSING_U64;
}

/* A double that is whole may be written without a point. */
double record_f64(struct json_object *record, const char *key)
{
	struct json_object *value = member(record, key, json_type_double);

	if (!value)
		value = member(record, key, json_type_int);
	return value ? json_object_get_double(value) : MISSING_F64;
}

const char *record_string(struct json_object *record, const char *key)
{
	struct json_object *value = member(record, key, json_type_string);

	return value ? json_object_get_string(value) : NULL;
}

static void read_field(struct json_object *record, const struct field *field, void *to)
{
	switch (field->type) {
	case FIELD_U64:
		*(uint64_t *)to = record_u64(record, field->name);
		break;
	case FIELD_F64:
		*(double *)to = record_f64(record, field->name);
		break;
	case FIELD_BOOL:
		*(bool *)to =
			json_object_get_boolean(member(record, field->name, json_type_boolean));
		break;
	case FIELD_STRING:
		*(const char **)to = record_string(record, field->name);
		break;
	default:
		break;
	}
}

bool record_read(struct json_object *record, const struct record_type *type, void *ret)
{
	const char *name = record_string(record, "type");

	if (!name || !str_eq(name, type->name) || record_u64(record, "v") != type->version)
		return false;
	record_clear(type, ret);
	for (size_t i = 0; i < type->n_fields; i++)
		read_field(record, &type->fields[i], (char *)ret + type->fields[i].offset);
	return true;
}

static struct json_object *field_value(const struct field *field, const void *at)
{
	switch (field->type) {
	case FIELD_U64:
		return json_object_new_uint64(*(const uint64_t *)at);
	case FIELD_F64:
		return json_object_new_double(*(const double *)at);
	case FIELD_BOOL:
		return json_object_new_boolean(*(const bool *)at);
	case FIELD_STRING:
		return json_object_new_string(*(const char *const *)at);
	default:
		return NULL;
	}
}

char *record_text(const struct record_type *type, const void *record)
{
	struct json_object *object = json_object_new_object();
	char *text = NULL;

	json_object_object_add(object, "type", json_object_new_string(type->name));
	json_object_object_add(object, "v", json_object_new_int64(type->version));
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct field *field = &type->fields[i];

		json_object_object_add(object, field->name,
				       record_missing(field, record)
					       ? NULL
					       : field_value(field,
							     (const char *)record + field->offset));
	}
	if (asprintf(&text, "%s\n",
		     json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN)) < 0)
		text = NULL;
	json_object_put(object);
	return text;
}

int record_each_line(const char *text, record_fn *fn, void *ctx)
{
	int rc = 0;

	for (const char *end; !rc && (end = strchr(text, '\n')); text = end + 1) {
		AUTO_FREE char *line = strndup(text, (size_t)(end - text));
		struct json_object *record = line ? json_tokener_parse(line) : NULL;

		if (json_object_is_type(record, json_type_object)) {
			const char *type = record_string(record, "type");

			rc = fn(ctx, type ? type : "", record);
		}
		json_object_put(record);
	}
	return rc;
}
