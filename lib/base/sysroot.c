/* SPDX-License-Identifier: GPL-2.0-only */
/* sysroot.c - reads and writes small kernel files below an optional prefix. */
#include <fcntl.h>
#include <stdarg.h>

#include "sysroot.h"
#include "rights.h"
#include "units.h"

static int build_path(const struct sysroot *root, char buf[SYSROOT_PATH_MAX], const char *fmt,
		      va_list ap)
{
	const char *prefix = root && root->prefix ? root->prefix : "";
	int at = snprintf(buf, SYSROOT_PATH_MAX, "%s", prefix), n;

	if (at >= SYSROOT_PATH_MAX)
		return -ENAMETOOLONG;
	n = vsnprintf(buf + at, SYSROOT_PATH_MAX - (size_t)at, fmt, ap);
	return n < 0 || at + n >= SYSROOT_PATH_MAX ? -ENAMETOOLONG : 0;
}

/* Sets rc and fills path from a function's root, fmt and what follows them. */
#define BUILD_PATH(rc, path) \
	do { \
		va_list ap_; \
		va_start(ap_, fmt); \
		(rc) = build_path(root, path, fmt, ap_); \
		va_end(ap_); \
	} while (0)

int sysroot_path(const struct sysroot *root, char buf[SYSROOT_PATH_MAX], const char *fmt, ...)
{
	int rc;

	BUILD_PATH(rc, buf);
	return rc;
}

/* Until the end of the file, or len bytes. */
static ssize_t read_all(int fd, char *buf, size_t len)
{
	size_t used = 0;

	while (used < len) {
		ssize_t n = read(fd, buf + used, len - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

/* rc, which err_set returned, explained. */
static int refused(const char *path, int rc, struct err *e)
{
	rights_explain(path, e);
	return rc;
}

static ssize_t read_path(const char *path, char *buf, size_t len, struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return refused(path, err_set(e, errno, "cannot open %s", path), e);
	n = read_all(fd, buf, len);
	if (n < 0)
		return err_set(e, (int)-n, "cannot read %s", path);
	if ((size_t)n == len)
		return err_set(e, E2BIG, "cannot read %s", path);
	buf[n] = '\0';
	return n;
}

ssize_t sysroot_read(const struct sysroot *root, char *buf, size_t len, struct err *e,
		     const char *fmt, ...)
{
	char path[SYSROOT_PATH_MAX];
	int rc;

	BUILD_PATH(rc, path);
	return rc ? err_set(e, rc, "cannot open %s", fmt) : read_path(path, buf, len, e);
}

ssize_t sysroot_read_alloc(const struct sysroot *root, char **ret, struct err *e, const char *fmt,
			   ...)
{
	char path[SYSROOT_PATH_MAX];
	int rc;

	BUILD_PATH(rc, path);
	if (rc)
		return err_set(e, rc, "cannot open %s", fmt);
	/* The size of a kernel file is unknown before: grow until one read fits. */
	for (size_t len = 16 * KIB; len <= 64 * MIB; len *= 4) {
		AUTO_FREE char *buf = malloc(len);
		ssize_t n;

		if (!buf)
			return err_set(e, ENOMEM, "cannot read %s", path);
		n = read_path(path, buf, len, e);
		if (n == -E2BIG)
			continue;
		if (n >= 0) {
			*ret = buf;
			buf = NULL;
		}
		return n;
	}
	return -E2BIG;
}

int sysroot_read_u64(const struct sysroot *root, uint64_t *ret, struct err *e, const char *fmt, ...)
{
	char path[SYSROOT_PATH_MAX], buf[64];
	ssize_t n;

	BUILD_PATH(n, path);
	if (n)
		return err_set(e, (int)n, "cannot open %s", fmt);
	n = read_path(path, buf, sizeof(buf), e);
	if (n < 0)
		return (int)n;
	buf[strcspn(buf, " \t\n")] = '\0';
	if (str_eq(buf, "max")) {
		*ret = UINT64_MAX;
		return 0;
	}
	if (units_parse_u64(buf, ret, NULL))
		return err_say(e, EBADMSG, "%s holds '%s', which is not a number", path, buf);
	return 0;
}

int sysroot_write(const struct sysroot *root, const char *text, struct err *e, const char *fmt, ...)
{
	char path[SYSROOT_PATH_MAX];
	size_t len = strlen(text);
	ssize_t n;

	BUILD_PATH(n, path);
	if (n)
		return err_set(e, (int)n, "cannot open %s", fmt);

	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC | O_TRUNC);

	if (fd < 0)
		return refused(path, err_set(e, errno, "cannot open %s to write '%s'", path, text),
			       e);
	n = write(fd, text, len);
	if (n < 0)
		return refused(path, err_set(e, errno, "cannot write '%s' to %s", text, path), e);
	return (size_t)n == len ? 0 : err_set(e, EIO, "cannot write '%s' to %s", text, path);
}

bool sysroot_exists(const struct sysroot *root, const char *fmt, ...)
{
	char path[SYSROOT_PATH_MAX];
	int rc;

	BUILD_PATH(rc, path);
	return !rc && access(path, F_OK) == 0;
}
