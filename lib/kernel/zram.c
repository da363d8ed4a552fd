/* SPDX-License-Identifier: GPL-2.0-only */
/* zram.c - zram devices: what they hold, how they are added, set up, reset and removed.
 *
 * Everything goes through /sys/block/zram<id> and /sys/class/zram-control. udev opens new devices
 * for a moment, and a late close may outlive its process: EBUSY is waited for, never taken as the
 * answer at once.
 */
#include "zram.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "btf.h"
#include "keyed.h"
#include "lib/base/dir.h"
#include "lib/base/rights.h"
#include "lib/base/stop.h"
#include "lib/base/units.h"

/* devtmpfs has the node at once; udev may rename or chmod it late */
#define NODE_WAIT_NS NS_PER_S
#define RETRY_MIN_NS (2 * NS_PER_MS)
#define RETRY_MAX_NS (200 * NS_PER_MS)

/* ---- devices ---- */

/* -ENOENT of a file below the device means that the device is missing. */
static int no_device(int rc, unsigned int id, struct err *e)
{
	return rc == -ENOENT ? err_say(e, ENODEV, "zram%u not found", id) : rc;
}

int zram_name_parse(const char *name, unsigned int *ret)
{
	const char *number = name + (str_starts(name, "/dev/") ? strlen("/dev/") : 0);
	uint64_t id;

	number = str_starts(number, "zram") ? number + strlen("zram") : "";
	if (number[strspn(number, "0123456789")] || units_parse_u64(number, &id, NULL) ||
	    id > INT32_MAX)
		return -EINVAL;
	*ret = (unsigned int)id;
	return 0;
}

int zram_identify(const struct sysroot *root, unsigned int id, struct zram_device *ret,
		  struct err *e)
{
	struct zram_device device = { .id = id };
	unsigned int major_number, minor_number;
	char text[64];
	ssize_t n = sysroot_read(root, text, sizeof(text), e, "/sys/block/zram%u/dev", id);

	if (n < 0)
		return no_device((int)n, id, e);
	if (sscanf(text, "%u:%u", &major_number, &minor_number) != 2)
		return err_say(e, EBADMSG, "/sys/block/zram%u/dev holds no device number", id);
	device.dev = makedev(major_number, minor_number);
	int rc = sysroot_read_u64(root, &device.diskseq, e, "/sys/block/zram%u/diskseq", id);

	if (rc)
		return no_device(rc, id, e);
	*ret = device;
	return 0;
}

bool zram_present(const struct sysroot *root, const struct zram_device *device)
{
	struct zram_device now;

	return zram_identify(root, device->id, &now, NULL) == 0 && now.dev == device->dev &&
	       now.diskseq == device->diskseq;
}

int zram_born(const struct zram_device *device, struct timespec *ret)
{
	char path[64];
	struct statx st;

	snprintf(path, sizeof(path), "/dev/zram%u", device->id);
	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME | STATX_CTIME, &st) ||
	    makedev(st.stx_rdev_major, st.stx_rdev_minor) != device->dev)
		return -ENODEV;
	/* Before 5.19 tmpfs kept no birth; udev may have changed mode and owner a moment later. */
	const struct statx_timestamp *born =
		st.stx_mask & STATX_BTIME ? &st.stx_btime : &st.stx_ctime;

	*ret = (struct timespec){ .tv_sec = born->tv_sec, .tv_nsec = born->tv_nsec };
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct zram_device *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

int zram_list_read(const struct sysroot *root, struct zram_list *ret, struct err *e)
{
	char path[SYSROOT_PATH_MAX];
	int rc = sysroot_path(root, path, "/sys/block");
	AUTO_DIR DIR *dir = rc ? NULL : opendir(path);
	struct zram_list list = { .n = 0 };

	if (!dir)
		return err_set(e, rc ? rc : errno, "cannot list /sys/block");
	for (struct dirent *entry; (entry = readdir(dir));) {
		unsigned int id;
		char behind;

		if (sscanf(entry->d_name, "zram%u%c", &id, &behind) != 1)
			continue;
		if (list.n == ARRAY_SIZE(list.devices))
			return err_say(e, E2BIG, "more than %d zram devices", ZRAM_DEVICES_MAX);
		rc = zram_identify(root, id, &list.devices[list.n], e);
		if (rc == -ENODEV) /* removed since readdir */
			continue;
		if (rc)
			return rc;
		list.n++;
	}
	qsort(list.devices, list.n, sizeof(list.devices[0]), by_id);
	*ret = list;
	return 0;
}

/* ---- statistics ---- */

#define ATTRIBUTE_MAX 512

/* An attribute as text. */
static ssize_t read_attribute(const struct sysroot *root, unsigned int id, const char *attribute,
			      char text[ATTRIBUTE_MAX], struct err *e)
{
	return sysroot_read(root, text, ATTRIBUTE_MAX, e, "/sys/block/zram%u/%s", id, attribute);
}

static int unreadable(unsigned int id, const char *attribute, struct err *e)
{
	return err_say(e, EBADMSG, "cannot parse /sys/block/zram%u/%s", id, attribute);
}

/* The n numbers of an attribute. */
static int read_numbers(const struct sysroot *root, unsigned int id, const char *attribute,
			uint64_t *values, size_t n, struct err *e)
{
	char text[ATTRIBUTE_MAX];
	ssize_t len = read_attribute(root, id, attribute, text, e);

	if (len < 0)
		return (int)len;
	return keyed_numbers(text, (size_t)len, values, n) < n ? unreadable(id, attribute, e) : 0;
}

int zram_mm_stat_parse(const char *buf, size_t len, struct zram_mm_stat *ret)
{
	uint64_t v[9];
	size_t n = keyed_numbers(buf, len, v, ARRAY_SIZE(v));

	if (n < 8)
		return -EBADMSG;
	*ret = (struct zram_mm_stat){
		.orig_bytes = v[0],
		.compr_bytes = v[1],
		.used_bytes = v[2],
		.limit_bytes = v[3],
		.used_max_bytes = v[4],
		.same_pages = v[5],
		.compacted_pages = v[6],
		.huge_pages = v[7],
		.huge_since_pages = n > 8 ? v[8] : MISSING_U64,
	};
	return 0;
}

int zram_mm_stat_read(const struct sysroot *root, unsigned int id, struct zram_mm_stat *ret,
		      struct err *e)
{
	char text[ATTRIBUTE_MAX];
	ssize_t n = read_attribute(root, id, "mm_stat", text, e);

	if (n < 0)
		return (int)n;
	return zram_mm_stat_parse(text, (size_t)n, ret) ? unreadable(id, "mm_stat", e) : 0;
}

int zram_io_stat_read(const struct sysroot *root, unsigned int id, struct zram_io_stat *ret,
		      struct err *e)
{
	uint64_t v[4];
	int rc = read_numbers(root, id, "io_stat", v, ARRAY_SIZE(v), e);

	if (rc == 0)
		*ret = (struct zram_io_stat){ v[0], v[1], v[2], v[3] };
	return rc;
}

int zram_bd_stat_read(const struct sysroot *root, unsigned int id, struct zram_bd_stat *ret,
		      struct err *e)
{
	uint64_t v[3];
	int rc = read_numbers(root, id, "bd_stat", v, ARRAY_SIZE(v), e);

	if (rc == 0)
		*ret = (struct zram_bd_stat){ v[0], v[1], v[2] };
	return rc;
}

int zram_block_stat_read(const struct sysroot *root, unsigned int id, struct zram_block_stat *ret,
			 struct err *e)
{
	uint64_t v[15]; /* discards came with 4.18; before, there were 11 */
	int rc = read_numbers(root, id, "stat", v, ARRAY_SIZE(v), e);

	if (rc)
		return rc;
	*ret = (struct zram_block_stat){
		.reads = v[0],
		.read_bytes = v[2] * 512,
		.writes = v[4],
		.written_bytes = v[6] * 512,
		.discards = v[11],
		.discarded_bytes = v[13] * 512,
	};
	return 0;
}

#define ENTRY_TRACKED_BYTES 24

/* The running kernel's does not change: it is looked up once. */
static uint64_t entry_bytes(const struct sysroot *root, unsigned int id)
{
	static uint64_t running;
	uint64_t bytes;

	if (!root && running)
		return running;
	if (btf_kernel_struct_bytes(root, "zram", "zram_table_entry", &bytes) || !bytes)
		return sysroot_exists(root, "/sys/kernel/debug/zram/zram%u/block_state", id)
			       ? ENTRY_TRACKED_BYTES
			       : MISSING_U64;
	if (!root)
		running = bytes;
	return bytes;
}

uint64_t zram_table_bytes(const struct sysroot *root, unsigned int id, uint64_t disk_bytes)
{
	uint64_t entry = entry_bytes(root, id);

	return entry == MISSING_U64 || disk_bytes == MISSING_U64 ? MISSING_U64
								 : disk_bytes / PAGE_BYTES * entry;
}

/* ---- algorithms ---- */

int zram_algorithms_parse(const char *buf, size_t len, struct zram_algorithms *ret)
{
	struct zram_algorithms list = { .current = SIZE_MAX };
	char text[ATTRIBUTE_MAX], *at = text, *word;

	if (len >= sizeof(text))
		return -E2BIG;
	memcpy(text, buf, len);
	text[len] = '\0';
	while ((word = strsep(&at, " \n"))) {
		size_t n = strlen(word);
		bool current = n > 2 && word[0] == '[' && word[n - 1] == ']';

		n -= current ? 2 : 0;
		if (n == 0)
			continue;
		if (list.n == ARRAY_SIZE(list.names) || n >= ZRAM_ALGORITHM_MAX)
			return -E2BIG;
		if (current)
			list.current = list.n;
		memcpy(list.names[list.n++], word + current, n);
	}
	if (list.current == SIZE_MAX)
		return -EBADMSG;
	*ret = list;
	return 0;
}

int zram_algorithms_read(const struct sysroot *root, unsigned int id, struct zram_algorithms *ret,
			 struct err *e)
{
	char text[ATTRIBUTE_MAX];
	ssize_t n = read_attribute(root, id, "comp_algorithm", text, e);

	if (n < 0)
		return (int)n;
	if (zram_algorithms_parse(text, (size_t)n, ret))
		return unreadable(id, "comp_algorithm", e);
	ret->crypto = !sysroot_exists(root, "/sys/block/zram%u/algorithm_params", id);
	return 0;
}

int zram_algorithms_any(const struct sysroot *root, struct zram_algorithms *ret, struct err *e)
{
	struct zram_list list;
	int rc = zram_list_read(root, &list, e);

	if (rc)
		return rc;
	for (size_t i = 0; i < list.n; i++)
		if (zram_algorithms_read(root, list.devices[i].id, ret, NULL) == 0)
			return 0;
	return err_say(e, ENODEV, "no zram device found to read the algorithms from");
}

bool zram_algorithms_have(const struct zram_algorithms *algorithms, const char *name)
{
	for (size_t i = 0; i < algorithms->n; i++)
		if (str_eq(algorithms->names[i], name))
			return true;
	return false;
}

/* ---- changing ---- */

int zram_available(const struct sysroot *root, struct err *e)
{
	if (sysroot_exists(root, "/sys/class/zram-control/hot_add"))
		return 0;
	err_impossible(e, "zram is missing: /sys/class/zram-control not found");
	return err_hint(
		e, "load it with `modprobe zram num_devices=0`, or use a kernel with CONFIG_ZRAM");
}

/* Really opened: access(2) knows nothing of what a security module or a read-only mount denies. */
static int check_writable(const struct sysroot *root, const char *what, const char *file,
			  struct err *e)
{
	char path[SYSROOT_PATH_MAX];
	int rc = sysroot_path(root, path, "%s", file);
	AUTO_CLOSE int fd = rc ? -1 : open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		return 0;
	rc = rc ? rc : -errno;
	err_impossible(e, "%s, since %s cannot be written: %s", what, file, strerror(-rc));
	err_hint(e, "a container needs /sys writable for this: run it on the host");
	return rc;
}

int zram_can_remove(const struct sysroot *root, struct err *e)
{
	return check_writable(root, "a zram device is not added: it could not be removed again",
			      "/sys/class/zram-control/hot_remove", e);
}

int zram_can_reset(const struct sysroot *root, unsigned int id, struct err *e)
{
	char file[64];

	snprintf(file, sizeof(file), "/sys/block/zram%u/reset", id);
	return check_writable(root, "the device is not used: it could not be reset again", file, e);
}

int zram_hot_add(const struct sysroot *root, unsigned int *ret, struct err *e)
{
	char path[SYSROOT_PATH_MAX], text[32];
	int rc = sysroot_path(root, path, "/sys/class/zram-control/hot_add");

	if (rc)
		return err_set(e, rc, "cannot open hot_add");
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		rc = err_set(e, errno, "cannot open %s", path);
		rights_explain(path, e);
		return rc;
	}
	/* One read: each one at offset 0 adds a device. */
	ssize_t n = read(fd, text, sizeof(text) - 1);

	if (n < 0)
		return err_set(e, errno, "cannot add a zram device (%s)", path);
	text[n] = '\0';
	if (sscanf(text, "%u", ret) != 1)
		return err_say(e, EBADMSG, "%s gave no device number", path);
	return 0;
}

/* Writes until the answer is not EBUSY, for at most ZRAM_BUSY_NS. ^C does not end it: this is how
 * changes are undone. */
static int write_busy(const struct sysroot *root, const struct zram_device *device,
		      const char *text, const char *path, struct err *e)
{
	uint64_t end_ns = monotonic_ns() + ZRAM_BUSY_NS, wait_ns = RETRY_MIN_NS;

	for (;;) {
		if (!zram_present(root, device))
			return err_say(e, ENODEV, "zram%u was replaced by another device",
				       device->id);
		int rc = sysroot_write(root, text, e, "%s", path);

		if (rc != -EBUSY)
			return rc;
		if (monotonic_ns() >= end_ns) {
			err_hint(e,
				 "a process has it open: find it with `fuser -v /dev/zram%u`, "
				 "end it and try again",
				 device->id);
			return rc;
		}
		sleep_ns(wait_ns);
		wait_ns = MIN(wait_ns * 2, RETRY_MAX_NS);
	}
}

int zram_write(const struct sysroot *root, const struct zram_device *device, const char *attribute,
	       const char *text, struct err *e)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/block/zram%u/%s", device->id, attribute);
	return write_busy(root, device, text, path, e);
}

int zram_disk_bytes(const struct sysroot *root, unsigned int id, uint64_t *ret, struct err *e)
{
	return sysroot_read_u64(root, ret, e, "/sys/block/zram%u/disksize", id);
}

int zram_reset(const struct sysroot *root, const struct zram_device *device, struct err *e)
{
	return zram_write(root, device, "reset", "1", e);
}

int zram_hot_remove(const struct sysroot *root, const struct zram_device *device, struct err *e)
{
	char text[32];

	snprintf(text, sizeof(text), "%u", device->id);
	return write_busy(root, device, text, "/sys/class/zram-control/hot_remove", e);
}

/* Whether an open descriptor is this device: a path may have been replaced. */
static int check_open(int fd, const struct zram_device *device)
{
	struct stat st;
	uint64_t diskseq;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISBLK(st.st_mode) || st.st_rdev != device->dev)
		return -ENODEV;
	if (ioctl(fd, BLKGETDISKSEQ, &diskseq))
		return -errno;
	return diskseq == device->diskseq ? 0 : -ENODEV;
}

static int open_checked(const char *path, const struct zram_device *device, int flags)
{
	AUTO_CLOSE int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int rc = check_open(fd, device);

	if (rc)
		return rc;
	rc = fd;
	fd = -1;
	return rc;
}

int zram_open(const struct zram_device *device, int flags, struct err *e)
{
	uint64_t end_ns = monotonic_ns() + NODE_WAIT_NS;
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/zram%u", device->id);
	while ((fd = open_checked(path, device, flags)) == -ENOENT && monotonic_ns() < end_ns &&
	       !stop_requested())
		sleep_ns(RETRY_MIN_NS);
	if (fd >= 0)
		return fd;
	err_set(e, fd, "cannot open %s", path);
	if (!e || (fd != -ENOENT && fd != -ENODEV))
		return fd;
	e->exit = EXIT_IMPOSSIBLE;
	return err_hint(e, "it must be the node of the device: mknod -m 600 %s b %u %u", path,
			major(device->dev), minor(device->dev));
}
