/* SPDX-License-Identifier: GPL-2.0-only */
/* out_file.c - opens, replaces and cuts the file of a sink. No record is known here. */
#include "out_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#define LINKS_MAX      40 /* as the kernel's MAXSYMLINKS */
#define CUT_TAIL_BYTES (64 * KIB)

/* A file that is replaced keeps its mode and, where permitted, its owner. */
static int open_beside(struct out_file *file, const struct stat *earlier, struct err *e)
{
	char *name = file->temporary;

	file->fd = -1;
	for (int i = 0; i < 100 && file->fd < 0; i++) {
		snprintf(name, sizeof(file->temporary), "%s.%ld-%d.tmp", file->path, (long)getpid(),
			 i);
		file->fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (file->fd < 0 && errno != EEXIST)
			break;
	}
	if (file->fd < 0) {
		*name = '\0';
		return err_set(e, errno, "cannot create %s", file->path);
	}
	if (earlier && (fchown(file->fd, earlier->st_uid, earlier->st_gid) < 0 ||
			fchmod(file->fd, earlier->st_mode & 0777) < 0))
		errno = 0; /* a new file of ours will do */
	return 0;
}

/* The rule of fs.protected_symlinks, for every directory: a link is followed where it belongs to
 * us, to root or to the owner of the directory. */
static int check_link(const char *path, const struct stat *link, struct err *e)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	struct stat st;

	if (link->st_uid == geteuid() || link->st_uid == 0)
		return 0;
	if (dir && stat(dir, &st) == 0 && st.st_uid == link->st_uid)
		return 0;
	err_say(e, EPERM,
		"cannot write %s: it is a symbolic link of user %u in a directory of another user",
		path, (unsigned int)link->st_uid);
	return err_hint(e, "remove the link, or name its target");
}

static bool is_standard_output(const struct stat *st)
{
	struct stat standard;

	return fstat(STDOUT_FILENO, &standard) == 0 && standard.st_dev == st->st_dev &&
	       standard.st_ino == st->st_ino;
}

/* A pipe, a device or a socket. Not to follow a link that was made since we looked. */
static int open_special(struct out_file *file, bool linked, struct err *e)
{
	file->fd = open(file->path, O_WRONLY | O_CLOEXEC | O_NOCTTY | (linked ? 0 : O_NOFOLLOW));
	return file->fd < 0 ? err_set(e, errno, "cannot write %s", file->path) : 0;
}

/* The target of a link to nothing, beside the link where it is relative. */
static int follow(const char *path, char target[PATH_MAX], struct err *e)
{
	const char *slash = strrchr(path, '/');
	char link[PATH_MAX];
	ssize_t n = readlink(path, link, sizeof(link) - 1);
	int dir_len;

	if (n < 0)
		return err_set(e, errno, "cannot write %s", path);
	link[n] = '\0';
	dir_len = slash && link[0] != '/' ? (int)(slash - path) + 1 : 0;
	if (snprintf(target, PATH_MAX, "%.*s%s", dir_len, path, link) >= PATH_MAX)
		return err_set(e, ENAMETOOLONG, "cannot write %s", path);
	return 0;
}

static int open_missing(struct out_file *file, bool linked, int links, struct err *e);

static int open_path(struct out_file *file, const char *path, int links, struct err *e)
{
	struct stat link = { 0 }, st = { 0 };
	bool linked = lstat(path, &link) == 0 && S_ISLNK(link.st_mode);
	bool exists = stat(path, &st) == 0;
	bool regular = exists && S_ISREG(st.st_mode);
	int rc;

	/* follow() fills the path of a link.
	 * NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Branch) */
	if (!*path)
		return err_usage(e, "the name of the output file is empty");
	if (strlen(path) >= sizeof(file->path))
		return err_set(e, ENAMETOOLONG, "cannot write %s", path);
	rc = linked ? check_link(path, &link, e) : 0;
	if (rc)
		return rc;
	if (exists && S_ISDIR(st.st_mode))
		return err_set(e, EISDIR, "cannot write %s", path);
	strcpy(file->path, path);
	if (linked && regular && !realpath(path, file->path))
		return err_set(e, errno, "cannot write %s", path);
	if (!exists)
		return open_missing(file, linked, links, e);
	if (is_standard_output(&st)) /* /dev/stdout, which may append */
		return 0;
	return regular ? open_beside(file, &st, e) : open_special(file, linked, e);
}

/* Of a dangling link, its target. */
static int open_missing(struct out_file *file, bool linked, int links, struct err *e)
{
	char target[PATH_MAX];
	int rc;

	if (!linked)
		return open_beside(file, NULL, e);
	if (links == 0)
		return err_set(e, ELOOP, "cannot write %s", file->path);
	rc = follow(file->path, target, e);
	return rc ? rc : open_path(file, target, links - 1, e);
}

int out_file_open(struct out_file *file, const char *path, struct err *e)
{
	return open_path(file, path, LINKS_MAX, e);
}

int out_file_place(struct out_file *file)
{
	if (!*file->temporary)
		return 0;
	if (rename(file->temporary, file->path) < 0)
		return -errno;
	*file->temporary = '\0';
	return 0;
}

ssize_t out_file_cut(struct out_file *file, size_t spare)
{
	off_t end = lseek(file->fd, 0, SEEK_END), begin;
	AUTO_FREE char *tail = malloc(CUT_TAIL_BYTES);
	size_t n, keep;
	ssize_t lines = 0;

	if (end < 0 || !tail)
		return end < 0 ? -errno : -ENOMEM;
	begin = MAX(end - (off_t)CUT_TAIL_BYTES, (off_t)0);
	n = (size_t)(end - begin);
	if (pread(file->fd, tail, n, begin) != (ssize_t)n)
		return -EIO;
	keep = n > spare ? n - spare : 0;
	while (keep && tail[keep - 1] != '\n')
		keep--;
	if (!keep && begin) /* a line longer than all that was read */
		return -EMSGSIZE;
	for (size_t i = keep; i < n; i++)
		lines += tail[i] == '\n';
	if (ftruncate(file->fd, begin + (off_t)keep) < 0 || lseek(file->fd, 0, SEEK_END) < 0)
		return -errno;
	return lines;
}
