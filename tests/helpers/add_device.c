/* SPDX-License-Identifier: GPL-2.0-only */
/* add_device.c - adds a zram device while the journal can take the intent, but no line behind it.
 *
 * Prints the error and how many entries of the journal are open afterwards; exits with 1 when the
 * device was added in spite of it.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "lib/pool/device.h"
#include "lib/safety/journal_recover.h"

static off_t size_of(const struct journal *j)
{
	struct stat st;

	return fstat(j->fd, &st) ? 0 : st.st_size;
}

int main(void)
{
	struct zram_device device;
	struct err e = { .code = 0 };
	struct journal *j;
	unsigned int entry, open_entries = 0;
	off_t before;
	int rc;

	signal(SIGXFSZ, SIG_IGN);
	if (journal_open(&j, "add_device", &e))
		return 2;
	before = size_of(j);
	if (journal_zram(j, &entry, &e))
		return 2;
	off_t intent = size_of(j) - before;

	if (journal_undone(j, entry, &e))
		return 2;
	/* The next intent is as long as this one; the line behind it is longer than 30 bytes. */
	const struct rlimit small = { (rlim_t)(size_of(j) + intent + 30), RLIM_INFINITY };

	if (setrlimit(RLIMIT_FSIZE, &small))
		return 2;
	rc = pool_device_add(j, &device, &entry, &e);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
	for (size_t i = 0; i < j->file.n; i++)
		open_entries += !j->file.entries[i].undone;
	printf("%s\nopen %u\n", rc ? e.what : "added", open_entries);
	journal_undo_all(j, NULL);
	journal_close(j);
	return rc == 0;
}
