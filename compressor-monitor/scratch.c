/* SPDX-License-Identifier: GPL-2.0-only */
/* scratch.c - a zram device for the length of a measurement. */
#include "scratch.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "lib/pool/device.h"
#include "lib/safety/journal_recover.h"

#define LOCK_WAIT_NS (30 * NS_PER_S)

int scratch_algorithms(struct zram_algorithms *ret, struct err *e)
{
	struct scratch s = { .fd = -1 };
	unsigned int entry;
	int r = zram_available(NULL, e), undone;

	if (!r)
		r = zram_algorithms_any(NULL, ret, e);
	if (r != -ENODEV)
		return r;
	r = journal_open(&s.journal, "scratch", e);
	if (r)
		return r;
	r = pool_device_add(s.journal, &s.device, &entry, e);
	if (!r)
		r = zram_algorithms_read(NULL, s.device.id, ret, e);
	undone = scratch_close(&s, r ? NULL : e);
	return r ? r : undone;
}

/* The kernel reads the dictionary from a file while the device is set up: it may go then. */
static int put_dictionary(struct scratch *s, const char *dir, const void *bytes, size_t len,
			  char path[SYSROOT_PATH_MAX], struct err *e)
{
	unsigned int entry;
	int r;

	if (snprintf(path, SYSROOT_PATH_MAX, "%s/dictionary.%d", dir, (int)getpid()) >=
	    SYSROOT_PATH_MAX)
		return err_set(e, ENAMETOOLONG, "cannot make a file in %s", dir);
	r = journal_path(s->journal, path, &entry, e);
	if (r)
		return r;

	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		return err_set(e, errno, "cannot write the dictionary to %s", path);
	return journal_done(s->journal, entry, e);
}

int scratch_open(struct scratch *ret, const struct zram_config *config, const void *dictionary,
		 size_t len, struct err *e)
{
	char dir[SYSROOT_PATH_MAX], path[SYSROOT_PATH_MAX];
	struct zram_config with = *config;
	unsigned int entry;
	int r;

	*ret = (struct scratch){ .fd = -1 };
	if ((r = journal_state_dir(dir, e)) || (r = journal_open(&ret->journal, "scratch", e)))
		return r;

	AUTO_CLOSE int lock = journal_lock(LOCK_WAIT_NS, e);

	if (lock < 0)
		return lock;
	if (len) {
		r = put_dictionary(ret, dir, dictionary, len, path, e);
		with.dict = path;
	}
	if (r || (r = pool_device_add(ret->journal, &ret->device, &entry, e)) ||
	    (r = zram_setup(NULL, ret->device.id, &with, e)) ||
	    (r = journal_done(ret->journal, entry, e)))
		return r;
	ret->fd = zram_open(&ret->device, O_RDWR | O_DIRECT, e);
	return MIN(ret->fd, 0);
}

int scratch_close(struct scratch *s, struct err *e)
{
	int r;

	if (!s->journal)
		return 0;
	if (s->fd >= 0)
		close(s->fd);
	r = journal_undo_all(s->journal, e);
	journal_close(s->journal);
	*s = (struct scratch){ .fd = -1 };
	return r;
}

int scratch_transfer(const struct scratch *s, char *buf, size_t bytes, size_t request, off_t at,
		     bool out)
{
	for (size_t done = 0; done < bytes; done += request) {
		size_t len = MIN(request, bytes - done);
		ssize_t n = out ? pwrite(s->fd, buf + done, len, at + (off_t)done)
				: pread(s->fd, buf + done, len, at + (off_t)done);

		if (n != (ssize_t)len)
			return n < 0 ? -errno : -EIO;
	}
	return 0;
}

int scratch_discard(const struct scratch *s, off_t at, size_t bytes)
{
	uint64_t range[2] = { (uint64_t)at, bytes };

	return ioctl(s->fd, BLKDISCARD, range) < 0 ? -errno : 0;
}
