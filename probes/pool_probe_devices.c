// SPDX-License-Identifier: GPL-2.0-only
/* pool_probe_devices.c - the zram devices that are watched, their counters and those of
 * /proc/vmstat. */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "pool_probe_parts.h"
#include "lib/base/sysroot.h"
#include "lib/kernel/zram.h"

/* Adds the zram device at path to those watched. */
static int add_device(const char *path, struct watched *ret, struct err *e)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	struct pool_device *device = &ret->devices[ret->n];
	uint64_t bytes;
	struct stat st;
	int rc;

	if (ret->n == POOL_DEVICES)
		return err_usage(e, "--device: at most %d devices", POOL_DEVICES);
	if (!str_starts(name, "zram") || strlen(name) >= sizeof(ret->names[0]) || stat(path, &st) ||
	    !S_ISBLK(st.st_mode))
		return err_usage(e, "--device %s is not a zram device such as /dev/zram1", path);
	rc = sysroot_read_u64(NULL, &bytes, e, "/sys/block/%s/disksize", name);
	if (rc)
		return rc;
	if (bytes < PAGE_BYTES) {
		err_say(e, ENODEV, "%s has no size: it cannot store pages", path);
		return err_hint(e, "set one up with ram_pool setup");
	}
	if (ret->pages + bytes / PAGE_BYTES > UINT32_MAX)
		return err_usage(e, "--device %s: more than 16 TiB in total", path);
	/* The kernel's dev_t: 12 bits major, 20 bits minor. */
	device->dev = major(st.st_rdev) << 20 | minor(st.st_rdev);
	device->first_page = (__u32)ret->pages;
	device->pages = (__u32)(bytes / PAGE_BYTES);
	ret->ids[ret->n] = (unsigned int)strtoul(name + strlen("zram"), NULL, 10);
	strcpy(ret->names[ret->n++], name);
	ret->pages += bytes / PAGE_BYTES;
	return 0;
}

static bool is_watched(const struct watched *watched, const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	for (size_t i = 0; i < watched->n; i++) {
		if (str_eq(watched->names[i], name))
			return true;
	}
	return false;
}

int watched_find(const struct opt_list *paths, struct watched *ret, struct err *e)
{
	struct procfs_swaps swaps;
	int rc = procfs_swaps_read(NULL, &swaps, e);

	*ret = (struct watched){ .n = 0 };
	for (size_t i = 0; i < paths->n && rc == 0; i++)
		rc = add_device(paths->items[i], ret, e);
	for (size_t i = 0; !paths->n && rc == 0 && i < swaps.n; i++) {
		if (str_starts(swaps.swaps[i].path, "/dev/zram") && !swaps.swaps[i].deleted)
			rc = add_device(swaps.swaps[i].path, ret, e);
	}
	if (rc)
		return rc;
	if (!ret->n) {
		err_say(e, ENODEV, "no zram device is in use as swap");
		return err_hint(e,
				"set one up with ram_pool setup, or name one: --device /dev/zram1");
	}
	ret->all_swaps = swaps.n > 0;
	for (size_t i = 0; i < swaps.n; i++)
		ret->all_swaps = ret->all_swaps && is_watched(ret, swaps.swaps[i].path);
	return 0;
}

/* Missing stays missing. */
static void add(uint64_t *to, bool known, uint64_t value)
{
	*to = known && *to != MISSING_U64 ? *to + value : MISSING_U64;
}

void pool_edge_read(const struct watched *watched, struct pool_edge *ret)
{
	*ret = (struct pool_edge){ 0 };
	if (procfs_vmstat_read(NULL, &ret->vmstat, NULL))
		memset(&ret->vmstat, 0xff, sizeof(ret->vmstat));
	for (size_t i = 0; i < watched->n; i++) {
		struct zram_block_stat block;
		struct zram_io_stat io;
		struct zram_mm_stat mm;
		bool has_block = !zram_block_stat_read(NULL, watched->ids[i], &block, NULL);
		bool has_io = !zram_io_stat_read(NULL, watched->ids[i], &io, NULL);
		bool has_mm = !zram_mm_stat_read(NULL, watched->ids[i], &mm, NULL);

		add(&ret->written, has_block, has_block ? block.written_bytes / PAGE_BYTES : 0);
		add(&ret->read, has_block, has_block ? block.read_bytes / PAGE_BYTES : 0);
		add(&ret->freed, has_io, has_io ? io.notify_free : 0);
		add(&ret->held, has_mm, has_mm ? mm.orig_bytes / PAGE_BYTES : 0);
		add(&ret->same, has_mm, has_mm ? mm.same_pages : 0);
	}
}
