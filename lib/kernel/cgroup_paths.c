/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup_paths.c - a tree of ids and paths, filled by walks through the groups. readdir returns the
 * inode numbers, so that a walk opens no file. */
#include "cgroup_paths.h"

#include <dirent.h>
#include <fcntl.h>
#include <search.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "lib/base/text.h"

#define DEPTH_MAX 512        /* a descriptor each; deeper groups have no path */
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

/* The groups below the directory fd, which is closed; path has its own, without its NUL. */
static void walk(struct cgroup_paths *paths, int fd, struct text *path, int depth)
{
	DIR *dir = fdopendir(fd);
	size_t n = path->n;

	if (!dir) {
		close(fd);
		return;
	}
	for (struct dirent *entry; (entry = readdir(dir)); path->n = n) {
		int below;

		if (entry->d_type != DT_DIR || str_eq(entry->d_name, ".") ||
		    str_eq(entry->d_name, ".."))
			continue;
		text_str(path, "/");
		text_put(path, entry->d_name, strlen(entry->d_name) + 1);
		if (path->failed)
			break;
		path->n--;
		keep(paths, entry->d_ino, path->s);
		if (depth == DEPTH_MAX)
			continue;
		below = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below >= 0)
			walk(paths, below, path, depth + 1);
	}
	closedir(dir);
}

const char *cgroup_paths_find(struct cgroup_paths *paths, uint64_t id)
{
	const struct known *entry = find(paths, id);
	struct text path = { 0 };
	struct stat st;

	if (!entry) {
		int fd = *paths->top ? open(paths->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

		if (fd >= 0 && fstat(fd, &st) == 0)
			keep(paths, st.st_ino, "/");
		if (fd >= 0)
			walk(paths, fd, &path, 1);
		text_done(&path);
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
