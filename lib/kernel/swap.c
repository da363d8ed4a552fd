/* SPDX-License-Identifier: GPL-2.0-only */
/* swap.c - a zram device as swap: its header, on, off, and its line in /proc/swaps. */
#include "swap.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/swap.h>

/* union swap_header, include/linux/swap.h */
struct swap_header {
	char boot_bits[1024];
	uint32_t version, last_page, n_bad_pages;
	unsigned char uuid[16];
	char label[16];
	char unused[PAGE_BYTES - 1024 - 12 - 32 - 10];
	char magic[10];
};
_Static_assert(sizeof(struct swap_header) == PAGE_BYTES, "the header is one page");

int swap_format(int fd, const char *label, struct err *e)
{
	struct swap_header header = { .version = 1 };
	uint64_t bytes;

	if (ioctl(fd, BLKGETSIZE64, &bytes))
		return err_set(e, errno, "cannot read the size of the device");
	if (bytes < 10 * PAGE_BYTES || bytes / PAGE_BYTES - 1 > UINT32_MAX)
		return err_say(e, EINVAL, "a device of %llu bytes cannot be swap",
			       (unsigned long long)bytes);
	header.last_page = (uint32_t)(bytes / PAGE_BYTES - 1);
	memcpy(header.label, label, strnlen(label, sizeof(header.label)));
	memcpy(header.magic, "SWAPSPACE2", sizeof(header.magic));
	if (getrandom(header.uuid, sizeof(header.uuid), 0) != sizeof(header.uuid))
		return err_set(e, errno, "cannot create a UUID for the swap");
	header.uuid[6] = (unsigned char)((header.uuid[6] & 0x0f) | 0x40); /* RFC 9562 version 4 */
	header.uuid[8] = (unsigned char)((header.uuid[8] & 0x3f) | 0x80);
	ssize_t n = pwrite(fd, &header, sizeof(header), 0);

	if (n != (ssize_t)sizeof(header))
		return err_set(e, n < 0 ? errno : EIO, "cannot write the swap header");
	return fsync(fd) ? err_set(e, errno, "cannot write the swap header") : 0;
}

int swap_label_read(int fd, char ret[SWAP_LABEL_MAX], struct err *e)
{
	struct swap_header header;
	ssize_t n = pread(fd, &header, sizeof(header), 0);

	if (n < 0)
		return err_set(e, errno, "cannot read the swap header");
	if (n != (ssize_t)sizeof(header) ||
	    memcmp(header.magic, "SWAPSPACE2", sizeof(header.magic)))
		return err_say(e, EINVAL, "no swap header");
	snprintf(ret, SWAP_LABEL_MAX, "%.16s", header.label);
	return 0;
}

/* The kernel resolves this to the node that was opened, and shows that one in /proc/swaps. */
static void fd_path(int fd, char path[64])
{
	snprintf(path, 64, "/proc/self/fd/%d", fd);
}

/* errno as an error with the node's path. */
static int fail(int fd, const char *what, struct err *e)
{
	char path[64], name[256] = "";
	int code = errno;

	fd_path(fd, path);
	if (readlink(path, name, sizeof(name) - 1) < 0)
		snprintf(name, sizeof(name), "the device");
	return err_set(e, code, "cannot %s %s", what, name);
}

int swap_on(int fd, int priority, struct err *e)
{
	char path[64];

	fd_path(fd, path);
	if (swapon(path, SWAP_FLAG_PREFER | (priority & SWAP_FLAG_PRIO_MASK)))
		return fail(fd, "swap to", e);
	return 0;
}

int swap_off(int fd, struct err *e)
{
	char path[64];

	fd_path(fd, path);
	if (swapoff(path) == 0 || errno == EINVAL)
		return 0;
	return fail(fd, "disable the swap on", e);
}

const struct procfs_swap *swap_find(const struct procfs_swaps *swaps,
				    const struct zram_device *device)
{
	struct stat st;

	for (size_t i = 0; i < swaps->n; i++) {
		const struct procfs_swap *swap = &swaps->swaps[i];

		if (!swap->file && !swap->deleted && stat(swap->path, &st) == 0 &&
		    S_ISBLK(st.st_mode) && st.st_rdev == device->dev)
			return swap;
	}
	return NULL;
}

bool swap_in_use(const struct zram_device *device)
{
	struct procfs_swaps swaps;

	return procfs_swaps_read(NULL, &swaps, NULL) == 0 && swap_find(&swaps, device);
}

uint64_t swap_used_bytes(const struct zram_device *device)
{
	struct procfs_swaps swaps;
	const struct procfs_swap *swap =
		procfs_swaps_read(NULL, &swaps, NULL) ? NULL : swap_find(&swaps, device);

	return swap ? swap->used_bytes : 0;
}

int swap_next_priority(const struct procfs_swaps *swaps, int *ret, struct err *e)
{
	int next = 0; /* negative ones are the kernel's own */

	for (size_t i = 0; i < swaps->n; i++) {
		if (swaps->swaps[i].priority >= SWAP_PRIORITY_MAX) {
			err_say(e, ERANGE, "%s already has the highest swap priority, %d",
				swaps->swaps[i].path, SWAP_PRIORITY_MAX);
			return err_hint(e,
					"disable it and enable it again with a lower priority, or "
					"give --priority");
		}
		next = MAX(next, swaps->swaps[i].priority + 1);
	}
	*ret = next;
	return 0;
}
