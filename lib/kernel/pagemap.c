/* SPDX-License-Identifier: GPL-2.0-only */
/* pagemap.c - opens /proc/PID/pagemap. */
#include "pagemap.h"

#include <fcntl.h>

int pagemap_no_memory(pid_t pid, struct err *e)
{
	return err_say(
		e, ESRCH,
		"process %d has no memory of its own: a kernel thread, or one that has ended",
		(int)pid);
}

int pagemap_open(pid_t pid, struct err *e)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	switch (errno) {
	case ESRCH:
		return pagemap_no_memory(pid, e);
	case ENOENT:
		err_say(e, ESRCH, "process %d not found", (int)pid);
		return err_hint(e, "list the PIDs of running processes: ps -e");
	case EACCES:
	case EPERM:
		err_say(e, EACCES,
			"cannot read the memory of process %d: it belongs to another user",
			(int)pid);
		return err_hint(e, "run this as root, or give a process of your own");
	default:
		return err_set(e, errno, "cannot open %s", path);
	}
}
