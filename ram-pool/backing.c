/* SPDX-License-Identifier: GPL-2.0-only */
/* backing.c - the backing device for cold pages: an unused block device, or a file behind a loop
 * device.
 *
 * The loop device detaches its file when nothing has it open (LO_FLAGS_AUTOCLEAR), and zram has it
 * open from backing_dev until reset: a command that is killed in between leaves nothing.
 */
#include "backing.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "lib/base/sysroot.h"
#include "lib/base/units.h"

#define BACKING_MIN    (1 * MIB)
#define LOOP_TRIES     64
#define BTRFS_MAGIC_AT 0x10040

/* zram does not use the first page of its backing device, so a device that was one before is empty
 * there; file systems, swap, partition tables and texts are not.
 */
static int check_empty(int fd, const char *path, struct err *e)
{
	char page[PAGE_BYTES], magic[8] = "";

	if (pread(fd, page, sizeof(page), 0) != (ssize_t)sizeof(page))
		return err_set(e, errno, "cannot read %s", path);
	bool empty = pread(fd, magic, sizeof(magic), BTRFS_MAGIC_AT) < 0 ||
		     memcmp(magic, "_BHRfS_M", 8) != 0;

	for (size_t i = 0; i < sizeof(page) && empty; i++)
		empty = page[i] == 0;
	if (empty)
		return 0;
	err_say(e, EEXIST, "%s is not empty, and writeback would overwrite it", path);
	return err_hint(e, "if its data is not needed: wipefs -a on a device; for a file, make "
			   "another with fallocate");
}

/* The lock belongs to the open file, and so to the loop device until that closes it. */
static int claim_file(int fd, const char *path, struct err *e)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return err_say(e, EBUSY, "%s is in use by another pool or program", path);
	return err_set(e, errno, "cannot lock %s", path);
}

static int attach(struct backing *backing, int file, struct err *e)
{
	const struct loop_config config = {
		.fd = (uint32_t)file,
		.block_size = PAGE_BYTES,
		.info = { .lo_flags = LO_FLAGS_AUTOCLEAR },
	};
	AUTO_CLOSE int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

	if (control < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO)) {
		err_impossible(e, "this kernel has no loop device, which a file needs: %s",
			       strerror(errno));
		return err_hint(e, "modprobe loop, or give a block device");
	}
	if (control < 0)
		return err_set(e, errno, "cannot open /dev/loop-control, which a file needs");
	for (int i = 0; i < LOOP_TRIES; i++) {
		int n = ioctl(control, LOOP_CTL_GET_FREE);

		if (n < 0)
			return err_set(e, errno, "cannot get a loop device");
		snprintf(backing->device, sizeof(backing->device), "/dev/loop%d", n);
		AUTO_CLOSE int fd = open(backing->device, O_RDWR | O_CLOEXEC);

		if (fd < 0)
			return err_set(e, errno, "cannot open %s", backing->device);
		if (ioctl(fd, LOOP_CONFIGURE, &config) == 0) {
			backing->fd = fd;
			fd = -1;
			return 0;
		}
		if (errno != EBUSY) /* else another program got it first */
			return err_set(e, errno, "cannot attach a file to %s", backing->device);
	}
	return err_say(e, EBUSY, "no free loop device");
}

/* An unused block device, opened exclusively: refused if it is mounted, swap, or part of another
 * device. Returns a descriptor.
 */
static int open_device(struct backing *backing, const char *path, uint64_t *bytes, struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
	int ret = fd;

	if (fd < 0 && errno == EBUSY)
		return err_say(e, EBUSY, "%s is in use: mounted, swap, or part of another device",
			       path);
	if (fd < 0)
		return err_set(e, errno, "cannot open %s", path);
	if (ioctl(fd, BLKGETSIZE64, bytes))
		return err_set(e, errno, "cannot read the size of %s", path);
	if (snprintf(backing->device, sizeof(backing->device), "%s", path) >=
	    (int)sizeof(backing->device))
		return err_set(e, ENAMETOOLONG, "cannot use %s", path);
	fd = -1;
	return ret;
}

int backing_open(struct backing *ret, const char *path, struct err *e)
{
	struct backing backing = { .fd = -1 };
	char text[UNITS_TEXT_MAX];
	struct stat st;
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	int rc = 0;

	if (fd < 0) {
		rc = err_set(e, errno, "cannot open the backing device %s", path);
		return rc == -ENOENT ? err_hint(e, "make it first: fallocate -l 4G %s", path) : rc;
	}
	if (fstat(fd, &st))
		return err_set(e, errno, "cannot read the status of %s", path);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_usage(e, "%s is neither a file nor a block device", path);
	uint64_t bytes = (uint64_t)st.st_size;

	if (S_ISBLK(st.st_mode)) {
		close(fd);
		fd = open_device(&backing, path, &bytes, e);
		rc = MIN(fd, 0);
	}
	if (rc == 0 && bytes < BACKING_MIN)
		rc = err_usage(e, "%s has %s; a backing device needs at least 1 MiB", path,
			       units_format_size(bytes, text));
	if (rc == 0 && S_ISREG(st.st_mode))
		rc = claim_file(fd, path, e);
	if (rc == 0)
		rc = check_empty(fd, path, e);
	if (rc == 0 && S_ISREG(st.st_mode))
		rc = attach(&backing, fd, e);
	if (rc == 0)
		*ret = backing;
	return rc;
}

void backing_close(struct backing *backing)
{
	if (backing->fd >= 0)
		close(backing->fd);
	backing->fd = -1;
}

bool backing_whole(const char *device, char *text, size_t len)
{
	const char *name = device + strlen("/dev/");
	char file[512];
	uint64_t sectors;
	struct stat st;

	if (stat(device, &st)) {
		snprintf(text, len, "its backing device %s is gone, with the pages on it", device);
		return false;
	}
	if (!str_starts(device, "/dev/loop") ||
	    sysroot_read(NULL, file, sizeof(file), NULL, "/sys/block/%s/loop/backing_file", name) <
		    0 ||
	    sysroot_read_u64(NULL, &sectors, NULL, "/sys/block/%s/size", name))
		return true;
	file[strcspn(file, "\n")] = '\0';
	/* A deleted file continues to work; its length cannot be seen. */
	if (stat(file, &st) || (uint64_t)st.st_size >= sectors * 512)
		return true;
	snprintf(text, len,
		 "its backing file %s was cut short, and the pages beyond its end are "
		 "lost",
		 file);
	return false;
}
