/* SPDX-License-Identifier: GPL-2.0-only */
/* device.c - adds a zram device under the protection of a journal. */
#include "device.h"

/* A device that is in no journal yet, by its number alone. */
static int remove_new(unsigned int id)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", id);
	return sysroot_write(NULL, text, NULL, "/sys/class/zram-control/hot_remove");
}

int pool_device_add(struct journal *j, struct zram_device *ret, unsigned int *entry, struct err *e)
{
	unsigned int id;
	int rc = zram_can_remove(NULL, e);

	if (!rc)
		rc = journal_zram(j, entry, e);
	if (rc)
		return rc;
	rc = zram_hot_add(NULL, &id, e);
	if (rc) {
		journal_undone(j, *entry, NULL);
		return rc;
	}
	rc = zram_identify(NULL, id, ret, e);
	if (!rc)
		rc = journal_zram_added(j, *entry, ret, e);
	if (rc && !remove_new(id))
		journal_undone(j, *entry, NULL);
	return rc;
}
