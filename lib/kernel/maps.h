/* SPDX-License-Identifier: GPL-2.0-only */
/* maps.h - /proc/PID/maps as a sorted table, and which mappings are shared memory. */
#ifndef COLDPRESS_KERNEL_MAPS_H
#define COLDPRESS_KERNEL_MAPS_H

#include <sys/types.h>

#include "lib/base/base.h"

enum mapping_kind {
	MAPPING_UNKNOWN,
	MAPPING_ANON,
	MAPPING_HEAP,  /* that of brk(2) */
	MAPPING_STACK, /* that of the first thread */
	MAPPING_SHMEM, /* tmpfs, memfd, System V and anonymous shared memory: it can be swapped */
	MAPPING_FILE,
};
extern const char *const mapping_kind_names[]; /* NULL, "anon", "heap", "stack", "shmem", "file" */

/* Devices of tmpfs mounts; mappings of further ones count as files. */
struct maps_tmpfs {
	dev_t dev[64];
	size_t n;
};

/* maps_tmpfs_read - those that the process sees, of /proc/PID/mountinfo; none where that cannot be
 * read. */
void maps_tmpfs_read(pid_t pid, struct maps_tmpfs *ret);
bool maps_on_tmpfs(const struct maps_tmpfs *tmpfs, dev_t dev);

/* maps_kernel_shmem - whether a path in maps is the kernel's name for memory without a mount of its
 * own. */
bool maps_kernel_shmem(const char *path);

/* One line of /proc/PID/maps, or the first of a mapping in smaps. */
struct maps_line {
	uint64_t begin, end; /* addresses, end behind the last */
	dev_t dev;
	uint64_t inode;
	size_t path; /* where it begins in the line; it ends with the line */
};

/* maps_line_parse - false: it is no such line. */
bool maps_line_parse(const char *line, struct maps_line *ret);

/* What the lines of a mapping in /proc/PID/smaps say beside. */
struct maps_detail {
	uint64_t lazyfree_pages; /* MADV_FREE */
	bool locked;             /* mlock(2): cannot be swapped out */
	bool outside;            /* of a device, or of hugetlb: likewise */
};

/* maps_detail_parse - adds what this line says; other lines are skipped. */
void maps_detail_parse(const char *line, struct maps_detail *detail);

struct mapping {
	uint64_t begin, end; /* addresses, end behind the last */
	enum mapping_kind kind;
	dev_t dev; /* of shmem and file, with inode */
	uint64_t inode;
	const char *name; /* last part of the path, any bytes but NUL and '/'; "" without a file */
};

struct maps {
	char *text;
	struct mapping *items; /* by address */
	size_t n;
};

/* maps_parse - of the text of a /proc/PID/maps, NUL-terminated on the heap, which then belongs to
 * ret. Lines that cannot be parsed are skipped.
 *
 * errors  -ENOMEM; the text is then still the caller's
 */
int maps_parse(char *text, const struct maps_tmpfs *tmpfs, struct maps *ret);

/* maps_find - the mapping that addr lies in, or NULL. */
const struct mapping *maps_find(const struct maps *maps, uint64_t addr);
void maps_done(struct maps *maps);

#endif
