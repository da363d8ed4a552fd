/* SPDX-License-Identifier: GPL-2.0-only */
/* journal_file.c - parses the lines of a journal. */
#include "journal_file.h"

#include <json-c/json.h>

static const char *const kinds[JOURNAL_KINDS] = { "process", "cgroup",  "swap", "zram",
						  "taken",   "setting", "path" };

const char *journal_kind_name(enum journal_kind kind)
{
	return kinds[kind];
}

static void put_object(struct json_object **object)
{
	json_object_put(*object);
}

static void put_tokener(struct json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

static int take_number(struct json_object *object, const char *key, uint64_t max, uint64_t *ret)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_int) ||
	    (json_object_get_int64(value) < 0 && json_object_get_uint64(value) == 0))
		return -EBADMSG;
	uint64_t number = json_object_get_uint64(value);

	if (number > max)
		return -EBADMSG;
	*ret = number;
	return 0;
}

static const char *take_string(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

static int copy_string(struct json_object *object, const char *key, char **ret)
{
	const char *text = take_string(object, key);

	if (!text)
		return -EBADMSG;
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*ret);
	*ret = copy;
	return 0;
}

static int take_device(struct json_object *object, struct zram_device *ret)
{
	uint64_t id, dev, diskseq;

	if (take_number(object, "zram", UINT32_MAX, &id) ||
	    take_number(object, "dev", UINT64_MAX, &dev) ||
	    take_number(object, "diskseq", UINT64_MAX, &diskseq))
		return -EBADMSG;
	*ret = (struct zram_device){ .id = (unsigned int)id,
				     .dev = (dev_t)dev,
				     .diskseq = diskseq };
	return 0;
}

static int take_before(struct json_object *object, struct zram_list *ret)
{
	struct json_object *array;

	if (!json_object_object_get_ex(object, "before", &array) ||
	    !json_object_is_type(array, json_type_array) ||
	    json_object_array_length(array) > ARRAY_SIZE(ret->devices))
		return -EBADMSG;
	for (ret->n = 0; ret->n < json_object_array_length(array); ret->n++)
		if (take_device(json_object_array_get_idx(array, ret->n), &ret->devices[ret->n]))
			return -EBADMSG;
	return 0;
}

static int take_head(struct journal_file *file, struct json_object *object)
{
	uint64_t version, pid;
	const char *boot_id = take_string(object, "boot");

	if (take_number(object, "v", 1, &version) || take_number(object, "pid", INT32_MAX, &pid) ||
	    !boot_id || strlen(boot_id) >= sizeof(file->boot_id) || *file->boot_id)
		return -EBADMSG;
	strcpy(file->boot_id, boot_id);
	file->pid = (pid_t)pid;
	return 0;
}

static int take_ready(struct journal_file *file, struct json_object *object,
		      struct json_object *ready)
{
	uint64_t owner, start;

	file->ready = json_object_get_boolean(ready);
	if (!file->ready)
		return 0;
	if (take_number(object, "owner", INT32_MAX, &owner) ||
	    take_number(object, "owner_start", UINT64_MAX, &start))
		return -EBADMSG;
	if (take_number(object, "mark", UINT64_MAX, &file->ready_mark))
		file->ready_mark = MISSING_U64;
	file->ready_owner = (pid_t)owner;
	file->ready_owner_start_ticks = start;
	return copy_string(object, "words", &file->ready_text);
}

/* A new entry, which belongs to the file from here on, also when a field turns out bad. */
static int add_entry(struct journal_file *file, enum journal_kind kind, struct journal_entry **ret)
{
	struct journal_entry *entries = reallocarray(file->entries, file->n + 1, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	file->entries = entries;
	*ret = &entries[file->n++];
	**ret = (struct journal_entry){ .id = (unsigned int)file->n, .kind = kind };
	return 0;
}

static int take_process(struct json_object *object, struct journal_entry *entry)
{
	uint64_t pid;

	if (take_number(object, "pid", INT32_MAX, &pid) || pid == 0)
		return -EBADMSG;
	entry->pid = (pid_t)pid;
	return take_number(object, "start", UINT64_MAX, &entry->start_ticks);
}

static int take_fields(struct json_object *object, struct journal_entry *entry)
{
	switch (entry->kind) {
	case JOURNAL_PROCESS:
		return take_process(object, entry);
	case JOURNAL_SWAP:
	case JOURNAL_TAKEN:
		entry->has_device = true;
		return take_device(object, &entry->device);
	case JOURNAL_ZRAM:
		if (take_number(object, "time_ms", UINT64_MAX, &entry->time_ms))
			entry->time_ms = MISSING_U64;
		return take_before(object, &entry->before);
	case JOURNAL_SETTING:
		if (copy_string(object, "old", &entry->old))
			return -EBADMSG;
		break;
	default:
		break;
	}
	return copy_string(object, "path", &entry->path);
}

static int take_intent(struct journal_file *file, struct json_object *object, uint64_t id,
		       const char *kind)
{
	struct journal_entry *entry;
	size_t k = 0;
	int rc;

	while (k < JOURNAL_KINDS && !str_eq(kinds[k], kind))
		k++;
	if (k == JOURNAL_KINDS || id != file->n + 1)
		return -EBADMSG;
	rc = add_entry(file, (enum journal_kind)k, &entry);
	return rc ? rc : take_fields(object, entry);
}

static int take_state(struct journal_file *file, struct json_object *object, uint64_t id)
{
	const char *state = take_string(object, "state");

	if (!state || id == 0 || id > file->n)
		return -EBADMSG;
	struct journal_entry *entry = &file->entries[id - 1];

	if (str_eq(state, "done")) {
		entry->done = true;
	} else if (str_eq(state, "undone")) {
		entry->undone = true;
	} else if (str_eq(state, "added") && entry->kind == JOURNAL_ZRAM) {
		entry->has_device = true;
		return take_device(object, &entry->device);
	} else {
		return -EBADMSG;
	}
	return 0;
}

int journal_file_line(struct journal_file *file, const char *line, size_t len)
{
	__attribute__((cleanup(put_tokener))) struct json_tokener *tokener = json_tokener_new();
	__attribute__((cleanup(put_object))) struct json_object *object = NULL;
	struct json_object *ready;
	const char *kind;
	uint64_t id;

	if (!tokener || len > INT32_MAX)
		return -ENOMEM;
	object = json_tokener_parse_ex(tokener, line, (int)len);
	if (!json_object_is_type(object, json_type_object) ||
	    json_tokener_get_parse_end(tokener) != len)
		return -EBADMSG;
	if (!*file->boot_id)
		return take_head(file, object);
	if (json_object_object_get_ex(object, "ready", &ready))
		return take_ready(file, object, ready);
	if (take_number(object, "id", UINT32_MAX, &id))
		return -EBADMSG;
	kind = take_string(object, "kind");
	return kind ? take_intent(file, object, id, kind) : take_state(file, object, id);
}

/* A torn line that may be the beginning of a head. */
static bool may_be_head(const char *line, size_t len)
{
	static const char head[] = "{\"v\":1,\"boot\":\"";

	return memcmp(line, head, MIN(len, sizeof(head) - 1)) == 0;
}

int journal_file_parse(const char *buf, size_t len, struct journal_file *ret)
{
	const char *p = buf, *newline;

	*ret = (struct journal_file){ .n = 0 };
	for (; (newline = memchr(p, '\n', (size_t)(buf + len - p))); p = newline + 1) {
		int rc = journal_file_line(ret, p, (size_t)(newline - p));

		if (rc) {
			journal_file_done(ret);
			return rc;
		}
	}
	return *ret->boot_id || may_be_head(p, (size_t)(buf + len - p)) ? 0 : -EBADMSG;
}

void journal_file_done(struct journal_file *file)
{
	for (size_t i = 0; i < file->n; i++) {
		free(file->entries[i].path);
		free(file->entries[i].old);
	}
	free(file->entries);
	free(file->ready_text);
	*file = (struct journal_file){ .n = 0 };
}
