/* SPDX-License-Identifier: GPL-2.0-only */
/* device.h - adds a zram device under the protection of a journal. */
#ifndef COLDPRESS_POOL_DEVICE_H
#define COLDPRESS_POOL_DEVICE_H

#include "lib/safety/journal.h"

/* pool_device_add - a new device and the id of its journal entry. After a failure the device is
 * removed again. Whoever undoes the journal removes the device. Adds none where it could not be
 * removed (zram_can_remove). */
int pool_device_add(struct journal *j, struct zram_device *ret, unsigned int *entry, struct err *e);

#endif
