/* SPDX-License-Identifier: GPL-2.0-only */
/* result.c - reads back what workload-gen printed, by the same table of fields that it was printed
 * with. */
#include <json-c/json.h>

#include "workload.h"

static void take(const struct field *field, struct json_object *value, void *at)
{
	if (field->type == FIELD_U64 && json_object_is_type(value, json_type_int))
		*(uint64_t *)at = json_object_get_uint64(value);
	else if (field->type == FIELD_F64 && value)
		*(double *)at = json_object_get_double(value);
	else if (field->type == FIELD_STRING && json_object_is_type(value, json_type_string))
		*(const char **)at = json_object_get_string(value);
}

int result_parse(const char *line, struct workload_result *ret, struct json_object **keep,
		 struct err *e)
{
	struct json_object *object = json_tokener_parse(line), *value;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, "type", &value) ||
	    !str_eq(json_object_get_string(value), workload_result_type.name)) {
		json_object_put(object);
		return err_say(e, EBADMSG, "the generator printed no result");
	}
	workload_result_init(ret);
	for (size_t i = 0; i < workload_result_type.n_fields; i++) {
		const struct field *field = &workload_result_type.fields[i];

		if (json_object_object_get_ex(object, field->name, &value))
			take(field, value, (char *)ret + field->offset);
	}
	*keep = object;
	return 0;
}

void result_free(struct json_object *keep)
{
	json_object_put(keep);
}
