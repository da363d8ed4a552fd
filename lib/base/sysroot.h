/* SPDX-License-Identifier: GPL-2.0-only */
/* sysroot.h - /proc and /sys below a root, so that readers also run on archived trees.
 *
 * Every reader of kernel files takes a `const struct sysroot *`; NULL is the running system. Paths
 * are absolute, printf-style.
 */
#ifndef COLDPRESS_BASE_SYSROOT_H
#define COLDPRESS_BASE_SYSROOT_H

#include "err.h"

struct sysroot {
	const char *prefix; /* "" for the running system, else e.g. "tests/fixtures/sysroot/6.1" */
};

#define SYSROOT_PATH_MAX 4096

/* sysroot_path - the real path into buf. -ENAMETOOLONG when it does not fit. */
int sysroot_path(const struct sysroot *root, char buf[SYSROOT_PATH_MAX], const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* sysroot_read - the whole file into buf, NUL-terminated.
 *
 * returns  bytes read (>= 0), or -errno; -E2BIG when the file does not fit in len - 1
 */
ssize_t sysroot_read(const struct sysroot *root, char *buf, size_t len, struct err *e,
		     const char *fmt, ...) PRINTF_LIKE(5, 6);

/* sysroot_read_alloc - as above into heap memory of the file's size; *ret is to be freed. */
ssize_t sysroot_read_alloc(const struct sysroot *root, char **ret, struct err *e, const char *fmt,
			   ...) PRINTF_LIKE(4, 5);

/* sysroot_read_u64 - a file that holds one decimal number ("max" reads as UINT64_MAX). */
int sysroot_read_u64(const struct sysroot *root, uint64_t *ret, struct err *e, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* sysroot_write - text in one write(2), as sysfs and cgroupfs want it. Never creates a file. */
int sysroot_write(const struct sysroot *root, const char *text, struct err *e, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* sysroot_exists - whether the path exists. */
bool sysroot_exists(const struct sysroot *root, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
