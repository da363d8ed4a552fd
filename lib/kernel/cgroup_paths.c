/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup_paths.c - a tree of ids and paths, filled by walks through the groups. readdir returns the
 * inode numbers, so that a walk opens no file. */
#include "cgroup_paths.h"

#include <dirent.h>
#include <fcntl.h>
#include <search.h>
#include <sys/stat.h>

#include "cgroup.h"

#define DEPTH_MAX 32
#define PATHS_MAX (1u << 18) /* ids kept; further ones have no path */

struct known {
	uint64_t id;
	char path[]; /* "" = not found */
};

struct cgroup_paths {
	char top[CGROUP_PATH_MAX];
	void *tree; /* of tsearch(3): entries by id */
	size_t n;
};

static int by_id(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static const struct known *find(const struct cgroup_paths *paths, uint64_t id)
{
	const struct known key = { .id = id };
	struct known *const *node = tfind(&key, &paths->tree, by_id);

	return node ? *node : NULL;
}

/* Without memory it is not kept. */
static void keep(struct cgroup_paths *paths, uint64_t id, const char *path)
{
	struct known *entry = paths->n < PATHS_MAX && !find(paths, id)
				      ? malloc(sizeof(*entry) + strlen(path) + 1)
				      : NULL;

	if (!entry)
		return;
	entry->id = id;
	strcpy(entry->path, path);
	if (tsearch(entry, &paths->tree, by_id))
		paths->n++;
	else
		free(entry);
}

/* The groups below the directory fd, which is closed; path has CGROUP_PATH_MAX bytes and its own
 * in the first n. */
static void walk(struct cgroup_paths *paths, int fd, char *path, size_t n, int depth)
{
	DIR *dir = fdopendir(fd);

	if (!dir) {
		close(fd);
		return;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		size_t len = strlen(entry->d_name);
		int below;

		if (entry->d_type != DT_DIR || str_eq(entry->d_name, ".") ||
		    str_eq(entry->d_name, "..") || n + len + 2 > CGROUP_PATH_MAX)
			continue;
		path[n] = '/';
		memcpy(path + n + 1, entry->d_name, len + 1);
		keep(paths, entry->d_ino, path);
		if (depth == DEPTH_MAX)
			continue;
		below = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below >= 0)
			walk(paths, below, path, n + 1 + len, depth + 1);
	}
	closedir(dir);
}

const char *cgroup_paths_find(struct cgroup_paths *paths, uint64_t id)
{
	const struct known *entry = find(paths, id);
	char path[CGROUP_PATH_MAX] = "/";
	struct stat st;

	if (!entry) {
		int fd = *paths->top ? open(paths->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

		if (fd >= 0 && fstat(fd, &st) == 0)
			keep(paths, st.st_ino, path);
		if (fd >= 0)
			walk(paths, fd, path, 0, 1);
		keep(paths, id, "");
		entry = find(paths, id);
	}
	return entry && *entry->path ? entry->path : NULL;
}

int cgroup_paths_new(struct cgroup_paths **ret, const char *top, struct err *e)
{
	struct cgroup_paths *paths = calloc(1, sizeof(*paths));
	struct cgroup_layout layout;

	if (!paths)
		return err_set(e, ENOMEM, "cannot keep the paths of cgroups");
	if (top)
		snprintf(paths->top, sizeof(paths->top), "%s", top);
	else if (!cgroup_layout_read(NULL, &layout, NULL))
		snprintf(paths->top, sizeof(paths->top), "%s", layout.mount[CGROUP_TREE_UNIFIED]);
	*ret = paths;
	return 0;
}

void cgroup_paths_free(struct cgroup_paths *paths)
{
	if (!paths)
		return;
	tdestroy(paths->tree, free);
	free(paths);
}
