/* SPDX-License-Identifier: GPL-2.0-only */
/* journal_garbled.c - removes the device of a journal that cannot be parsed. */
#include "journal_garbled.h"

#include <fcntl.h>
#include <inttypes.h>

#include "lib/kernel/swap.h"

#define POOL_PREFIX "pool." /* of the journals of pools, which the label of their swap follows */

enum found { NOT_OURS, ADDED, TAKEN };

/* A device as an entry has it. That of a "before" list, which are others', follows a brace. */
static enum found find_in_text(const char *text, const struct zram_device *device)
{
	char entry[128], taken[sizeof(entry) + 32];

	snprintf(entry, sizeof(entry), ",\"zram\":%u,\"dev\":%" PRIu64 ",\"diskseq\":%" PRIu64 "}",
		 device->id, (uint64_t)device->dev, device->diskseq);
	snprintf(taken, sizeof(taken), "\"taken\"%s", entry);
	return strstr(text, taken) ? TAKEN : strstr(text, entry) ? ADDED : NOT_OURS;
}

static bool has_label(const struct journal *j, const struct zram_device *device)
{
	const char *name = j->file.name + strlen(POOL_PREFIX);
	char label[SWAP_LABEL_MAX];
	AUTO_CLOSE int fd = str_starts(j->file.name, POOL_PREFIX) && swap_in_use(device)
				    ? zram_open(device, O_RDONLY, NULL)
				    : -1;

	return fd >= 0 && swap_label_read(fd, label, NULL) == 0 && *label &&
	       strncmp(label, name, SWAP_LABEL_MAX - 1) == 0;
}

static int remove_device(const struct zram_device *device, enum found found, struct journal_how how,
			 struct err *e)
{
	struct journal_entry entry = { .kind = JOURNAL_SWAP,
				       .has_device = true,
				       .device = *device };
	char what[JOURNAL_WHAT_MAX];
	int rc = journal_undo(&entry, how, what, e);

	entry.kind = found == TAKEN ? JOURNAL_TAKEN : JOURNAL_ZRAM;
	return rc ? rc : journal_undo(&entry, how, what, e);
}

static bool of_other_boot(const char *text, const char *boot_id)
{
	return strstr(text, "\"boot\":\"") && !strstr(text, boot_id);
}

/* Those in no journal that can be read; devices that are not set up are nobody's pool. */
static int unlisted(struct zram_list *ret, struct err *e)
{
	struct zram_list list;
	uint64_t disk_bytes;
	int rc = zram_list_read(NULL, &list, e);

	if (rc)
		return rc;
	rc = journal_drop_journaled(&list, e);
	ret->n = 0;
	for (size_t i = 0; i < list.n; i++)
		if (!zram_disk_bytes(NULL, list.devices[i].id, &disk_bytes, NULL) && disk_bytes)
			ret->devices[ret->n++] = list.devices[i];
	return rc == -EBADMSG ? 0 : rc;
}

bool journal_garbled_device(const struct journal *j)
{
	struct zram_list list;
	bool any = false;

	if (!str_starts(j->file.name, POOL_PREFIX) || unlisted(&list, NULL))
		return false;
	for (size_t i = 0; i < list.n && !any; i++)
		any = has_label(j, &list.devices[i]);
	return any;
}

static int none_told(const struct zram_list *list, struct err *e)
{
	char names[128] = "";

	for (size_t i = 0; i < list->n; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), " zram%u",
			 list->devices[i].id);
	err_say(e, ENODATA,
		"the journal cannot be parsed, and does not tell which device is its own:%s",
		names);
	return err_hint(
		e, "if one is: swapoff /dev/zramN; echo N >/sys/class/zram-control/hot_remove; "
		   "then remove the journal");
}

int journal_garbled_undo(const struct journal *j, struct journal_how how, const char *boot_id,
			 char what[JOURNAL_WHAT_MAX], struct err *e)
{
	AUTO_FREE char *text = NULL;
	struct zram_list list;
	size_t removed = 0;
	ssize_t n = sysroot_read_alloc(NULL, &text, e, "%s", j->path);
	int rc = n < 0 ? (int)n : unlisted(&list, e);

	snprintf(what, JOURNAL_WHAT_MAX, "removed the journal, which could not be parsed");
	if (rc || of_other_boot(text, boot_id))
		return rc;
	for (size_t i = 0; i < list.n && rc == 0; i++) {
		enum found found = find_in_text(text, &list.devices[i]);

		if (found == NOT_OURS && !has_label(j, &list.devices[i]))
			continue;
		rc = remove_device(&list.devices[i], found, how, e);
		removed++;
		snprintf(what + strlen(what), JOURNAL_WHAT_MAX - strlen(what), "%s zram%u",
			 removed > 1 ? "," : ", and", list.devices[i].id);
	}
	if (rc == 0 && list.n && !removed)
		return none_told(&list, e);
	snprintf(what + strlen(what), JOURNAL_WHAT_MAX - strlen(what),
		 "; settings such as vm.swappiness that it had changed stay as they are");
	return rc;
}
