/* SPDX-License-Identifier: GPL-2.0-only */
/* pagemap.c - opens /proc/PID/pagemap, decodes its entries, reads /proc/kpageflags. */
#include "pagemap.h"

#include <fcntl.h>

#include "procfs.h"

#define BIT(n) (UINT64_C(1) << (n))

/* fs/proc/task_mmu.c */
#define ENTRY_PRESENT         BIT(63)
#define ENTRY_SWAP            BIT(62)
#define ENTRY_FILE            BIT(61)
#define ENTRY_GUARD           BIT(58) /* Linux 6.15, 0 before */
#define ENTRY_WRITE_PROTECTED BIT(57)
#define ENTRY_EXCLUSIVE       BIT(56)
#define ENTRY_SOFT_DIRTY      BIT(55)
#define ENTRY_FRAME           (BIT(55) - 1)
#define ENTRY_SWAP_TYPE       UINT64_C(31)

/* MAX_SWAPFILES of a kernel with every special type (include/linux/swap.h): 32 less a marker, a
 * poisoned page, three kinds of migration and four of device memory. The kernel gives the lowest
 * free type, so a larger one needs that many areas at once.
 */
#define SWAP_TYPES_LEAST 23

/* include/uapi/linux/kernel-page-flags.h */
#define FLAG_ANON        BIT(12)
#define FLAG_SWAPBACKED  BIT(14)
#define FLAG_TAIL        BIT(16)
#define FLAG_UNEVICTABLE BIT(18)
#define FLAG_ZERO_PAGE   BIT(24)
#define HUGE_FRAMES      512 /* of a huge page */

static enum pagemap_state state_of(uint64_t entry, unsigned int swap_types)
{
	const uint64_t frame = entry & ENTRY_FRAME;

	if (entry & ENTRY_PRESENT)
		return PAGEMAP_PRESENT;
	if (entry & ENTRY_GUARD)
		return PAGEMAP_GUARD;
	if (!(entry & ENTRY_SWAP))
		return PAGEMAP_EMPTY;
	if ((frame & ENTRY_SWAP_TYPE) >= swap_types)
		return PAGEMAP_SPECIAL;
	/* Type and offset are hidden: offset 0 is the header of a swap area. */
	return !frame && entry & ENTRY_WRITE_PROTECTED ? PAGEMAP_SPECIAL : PAGEMAP_SWAPPED;
}

struct pagemap_page pagemap_decode(uint64_t entry, unsigned int swap_types)
{
	return (struct pagemap_page){
		.state = state_of(entry, swap_types),
		.file = (entry & ENTRY_FILE) != 0,
		.exclusive = (entry & ENTRY_EXCLUSIVE) != 0,
		.soft_dirty = (entry & ENTRY_SOFT_DIRTY) != 0,
		.write_protected = (entry & ENTRY_WRITE_PROTECTED) != 0,
		.frame = entry & ENTRY_PRESENT ? entry & ENTRY_FRAME : 0,
	};
}

unsigned int pagemap_swap_types(void)
{
	struct procfs_swaps swaps;

	if (procfs_swaps_read(NULL, &swaps, NULL))
		return SWAP_TYPES_LEAST;
	return swaps.n ? (unsigned int)MAX(swaps.n, (size_t)SWAP_TYPES_LEAST) : 0;
}

/* Before Linux 6.10 the flags of a huge page are those of its first frame only. */
struct pagemap_flags pagemap_flags_read(int fd, uint64_t frame)
{
	uint64_t flags[HUGE_FRAMES];
	const uint64_t first = frame & ~(uint64_t)(HUGE_FRAMES - 1);
	size_t i = 0;

	if (pread(fd, flags, sizeof(*flags), (off_t)(frame * sizeof(*flags))) != sizeof(*flags))
		return (struct pagemap_flags){ .lazyfree = false };
	if (flags[0] & FLAG_TAIL && !(flags[0] & FLAG_SWAPBACKED)) {
		size_t bytes = (frame - first + 1) * sizeof(*flags);

		if (pread(fd, flags, bytes, (off_t)(first * sizeof(*flags))) != (ssize_t)bytes)
			return (struct pagemap_flags){ .lazyfree = false };
		for (i = frame - first; i && flags[i] & FLAG_TAIL; i--)
			;
	}
	return (struct pagemap_flags){
		.lazyfree = (flags[i] & (FLAG_ANON | FLAG_SWAPBACKED)) == FLAG_ANON,
		.zero = (flags[i] & FLAG_ZERO_PAGE) != 0,
		.unevictable = (flags[i] & FLAG_UNEVICTABLE) != 0,
	};
}

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
