/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup_swap.c - who has pages in swap, whether their groups could take them back, and where the
 * OOM killer was. Reads only.
 */
#include <dirent.h>

#include "cgroup.h"
#include "lib/base/units.h"

#define DEPTH_MAX 64

static void closedir_(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* One key of a flat keyed file; MISSING_U64 where it is not there. */
static uint64_t find_key(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n'), line += line != NULL) {
		char number[24];
		uint64_t value;

		if (strncmp(line, key, n) || line[n] != ' ')
			continue;
		snprintf(number, sizeof(number), "%.*s", (int)strcspn(line + n + 1, "\n"),
			 line + n + 1);
		return units_parse_u64(number, &value, NULL) ? MISSING_U64 : value;
	}
	return MISSING_U64;
}

static uint64_t read_one(const char *dir, const char *file)
{
	uint64_t value;

	return sysroot_read_u64(NULL, &value, NULL, "%s/%s", dir, file) ? MISSING_U64 : value;
}

/* What a group may still be charged with: up to its limit, and what its file pages take, which go
 * first. */
static uint64_t room_bytes(uint64_t limit, uint64_t current, uint64_t inactive_file,
			   uint64_t active_file)
{
	uint64_t room;

	if (limit == MISSING_U64 || limit > UINT64_C(1) << 62 || current == MISSING_U64)
		return MISSING_U64;
	room = limit > current ? limit - current : 0;
	room += inactive_file == MISSING_U64 ? 0 : inactive_file;
	room += active_file == MISSING_U64 ? 0 : active_file;
	return MIN(room, limit);
}

/* false: the group is gone, or the kernel does not count its swap. */
static bool read_group(enum cgroup_mode mode, const char *dir, struct cgroup_swap *ret)
{
	AUTO_FREE char *stat = NULL;

	if (sysroot_read_alloc(NULL, &stat, NULL, "%s/memory.stat", dir) < 0)
		return false;
	if (mode == CGROUP_V2) {
		ret->swap_bytes = read_one(dir, "memory.swap.current");
		ret->limit_bytes = read_one(dir, "memory.max");
		ret->room_bytes =
			room_bytes(ret->limit_bytes, read_one(dir, "memory.current"),
				   find_key(stat, "inactive_file"), find_key(stat, "active_file"));
	} else {
		ret->swap_bytes = find_key(stat, "total_swap");
		ret->limit_bytes = read_one(dir, "memory.limit_in_bytes");
		ret->room_bytes =
			room_bytes(ret->limit_bytes, read_one(dir, "memory.usage_in_bytes"),
				   find_key(stat, "total_inactive_file"),
				   find_key(stat, "total_active_file"));
	}
	return ret->swap_bytes != MISSING_U64;
}

struct visit {
	enum cgroup_mode mode;
	size_t top; /* characters of the mount point */
	cgroup_swap_fn *fn;
	void *ctx;
};

static int visit_below(const struct visit *visit, const char *dir, unsigned int depth)
{
	__attribute__((cleanup(closedir_))) DIR *list = depth == DEPTH_MAX ? NULL : opendir(dir);
	char path[SYSROOT_PATH_MAX];

	for (struct dirent *entry; list && (entry = readdir(list));) {
		struct cgroup_swap group;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >= (int)sizeof(path))
			continue;
		/* Figures are of all below: where there is nothing, there is nothing below. */
		if (!read_group(visit->mode, path, &group) || group.swap_bytes == 0)
			continue;
		group.dir = path;
		group.path = path + visit->top;
		int r = visit->fn(visit->ctx, &group);

		if (r || (r = visit_below(visit, path, depth + 1)))
			return r;
	}
	return 0;
}

int cgroup_swap_visit(const struct cgroup_layout *layout, cgroup_swap_fn *fn, void *ctx)
{
	const char *mount =
		layout->mount[layout->mode == CGROUP_V2 ? CGROUP_TREE_UNIFIED : CGROUP_TREE_MEMORY];
	const struct visit visit = {
		.mode = layout->mode, .top = strlen(mount), .fn = fn, .ctx = ctx
	};
	struct cgroup_swap group = { .dir = mount, .path = "/" };

	if (layout->mode == CGROUP_NONE || !*mount)
		return 0;
	/* In a container the top of the tree is a group with a limit, too; the system's own has
	 * none. */
	if (read_group(layout->mode, mount, &group) && group.room_bytes != MISSING_U64) {
		int r = fn(ctx, &group);

		if (r)
			return r;
	}
	return visit_below(&visit, mount, 0);
}

/* ---- where the OOM killer was ---- */

struct oom_visit {
	enum cgroup_mode mode;
	size_t top; /* characters of the mount point */
	cgroup_oom_fn *fn;
	void *ctx;
};

static uint64_t oom_kills(const char *dir, const char *file)
{
	AUTO_FREE char *text = NULL;

	return sysroot_read_alloc(NULL, &text, NULL, "%s/%s", dir, file) < 0
		       ? MISSING_U64
		       : find_key(text, "oom_kill");
}

static int oom_visit_below(const struct oom_visit *visit, const char *dir, unsigned int depth)
{
	__attribute__((cleanup(closedir_))) DIR *list = depth == DEPTH_MAX ? NULL : opendir(dir);
	char path[SYSROOT_PATH_MAX];

	for (struct dirent *entry; list && (entry = readdir(list));) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >= (int)sizeof(path))
			continue;
		uint64_t own = oom_kills(path, visit->mode == CGROUP_V2 ? "memory.events.local"
									: "memory.oom_control");

		if (visit->mode == CGROUP_V2) {
			uint64_t all = oom_kills(path, "memory.events");

			if (all == 0 || all == MISSING_U64) /* nor was it below */
				continue;
			own = own == MISSING_U64 ? all : own;
		}
		int r = own && own != MISSING_U64 ? visit->fn(visit->ctx, path + visit->top, own)
						  : 0;

		if (r || (r = oom_visit_below(visit, path, depth + 1)))
			return r;
	}
	return 0;
}

int cgroup_oom_visit(const struct cgroup_layout *layout, cgroup_oom_fn *fn, void *ctx)
{
	const char *mount =
		layout->mount[layout->mode == CGROUP_V2 ? CGROUP_TREE_UNIFIED : CGROUP_TREE_MEMORY];
	const struct oom_visit visit = {
		.mode = layout->mode, .top = strlen(mount), .fn = fn, .ctx = ctx
	};

	return layout->mode == CGROUP_NONE || !*mount ? 0 : oom_visit_below(&visit, mount, 0);
}
