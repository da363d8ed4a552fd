/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup_paths.c - a hash table of ids and paths, filled by walks through the tree. readdir returns
 * the inode numbers, so that a walk opens no file. */
#include "cgroup_paths.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "cgroup.h"

#define DEPTH_MAX 32
#define PATHS_MAX (1u << 18) /* ids kept; further ones have no path */

struct entry {
	uint64_t id; /* 0: free */
	char *path;  /* NULL: not found */
};

struct cgroup_paths {
	char top[CGROUP_PATH_MAX];
	struct entry *entries;
	size_t n, room; /* room: a power of two, at most three quarters full */
};

static struct entry *slot(const struct cgroup_paths *paths, uint64_t id)
{
	size_t i = (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (paths->room - 1);

	while (paths->entries[i].id && paths->entries[i].id != id)
		i = (i + 1) & (paths->room - 1);
	return &paths->entries[i];
}

static bool grow(struct cgroup_paths *paths)
{
	struct cgroup_paths larger = { .room = paths->room * 2 };

	larger.entries = calloc(larger.room, sizeof(*larger.entries));
	if (!larger.entries)
		return false;
	for (size_t i = 0; i < paths->room; i++) {
		if (paths->entries[i].id)
			*slot(&larger, paths->entries[i].id) = paths->entries[i];
	}
	free(paths->entries);
	paths->entries = larger.entries;
	paths->room = larger.room;
	return true;
}

/* path is copied; NULL: not found. Without memory it is not kept. */
static void keep(struct cgroup_paths *paths, uint64_t id, const char *path)
{
	struct entry *entry;

	if (!id || paths->n >= PATHS_MAX || (paths->n >= paths->room / 4 * 3 && !grow(paths)))
		return;
	entry = slot(paths, id);
	if (entry->path || (entry->id && !path))
		return;
	paths->n += !entry->id;
	entry->id = id;
	entry->path = path ? strdup(path) : NULL;
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
	struct entry *entry = slot(paths, id);
	char path[CGROUP_PATH_MAX] = "/";
	struct stat st;
	int fd;

	if (entry->id)
		return entry->path;
	fd = *paths->top ? open(paths->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0 && fstat(fd, &st) == 0)
		keep(paths, st.st_ino, path);
	if (fd >= 0)
		walk(paths, fd, path, 0, 1);
	keep(paths, id, NULL);
	return slot(paths, id)->path;
}

int cgroup_paths_new(struct cgroup_paths **ret, const char *top, struct err *e)
{
	struct cgroup_paths *paths = calloc(1, sizeof(*paths));
	struct cgroup_layout layout;

	if (paths) {
		paths->room = 256;
		paths->entries = calloc(paths->room, sizeof(*paths->entries));
	}
	if (!paths || !paths->entries) {
		free(paths);
		return err_set(e, ENOMEM, "cannot keep the paths of cgroups");
	}
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
	for (size_t i = 0; i < paths->room; i++)
		free(paths->entries[i].path);
	free(paths->entries);
	free(paths);
}
