/* SPDX-License-Identifier: GPL-2.0-only */
/* journal_garbled.h - removes the device of a journal that cannot be parsed. */
#ifndef COLDPRESS_SAFETY_JOURNAL_GARBLED_H
#define COLDPRESS_SAFETY_JOURNAL_GARBLED_H

#include "journal_dir.h"
#include "journal_undo.h"

/* journal_garbled_device - whether a swap that is in no journal has the label of the pool that the
 * journal is named after. */
bool journal_garbled_device(const struct journal *j);

/* journal_garbled_undo - turns off, resets and removes the devices that are in no other journal,
 * and either in what is left of this one's text, by number and diskseq, or swap with the label of
 * the pool that it is named after. Nothing else in it is trusted: settings stay as they are. what:
 * what was done, and what was not.
 *
 * errors  -ENODATA there are such devices, but none can be told to be its own
 */
int journal_garbled_undo(const struct journal *j, struct journal_how how, const char *boot_id,
			 char what[JOURNAL_WHAT_MAX], struct err *e);

#endif
