/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup_swap.c - which groups have pages in swap and how much they may still be charged with,
 * those that enclose this process too, and in which groups the OOM killer ended processes. Reads
 * only.
 */
#include "cgroup.h"
#include "keyed.h"
#include "procfs.h"
#include "lib/base/dir.h"

#define DEPTH_MAX 64

/* ---- the walk through the groups ---- */

struct walk {
	enum cgroup_mode mode;
	size_t top; /* characters of the mount point */
	/* fn's first non-zero ends the walk; *below: whether the groups below this one are visited
	 */
	int (*visit)(const struct walk *walk, const char *dir, bool *below);
	cgroup_swap_fn *swap_fn;
	cgroup_oom_fn *oom_fn;
	void *ctx;
};

static int walk_below(const struct walk *walk, const char *dir, unsigned int depth)
{
	AUTO_DIR DIR *list = depth == DEPTH_MAX ? NULL : opendir(dir);
	char path[SYSROOT_PATH_MAX];

	for (struct dirent *entry; list && (entry = readdir(list));) {
		bool below = true;
		int rc;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >= (int)sizeof(path))
			continue;
		rc = walk->visit(walk, path, &below);
		if (!rc && below)
			rc = walk_below(walk, path, depth + 1);
		if (rc)
			return rc;
	}
	return 0;
}

static const char *mount_of(const struct cgroup_layout *layout)
{
	if (layout->mode == CGROUP_NONE)
		return "";
	return layout->mount[layout->mode == CGROUP_V2 ? CGROUP_TREE_UNIFIED : CGROUP_TREE_MEMORY];
}

static uint64_t read_one(const char *dir, const char *file)
{
	uint64_t value;

	return sysroot_read_u64(NULL, &value, NULL, "%s/%s", dir, file) ? MISSING_U64 : value;
}

/* ---- swap ---- */

struct group_values {
	uint64_t swap, inactive_file, active_file;
};

#define VALUE(key, member) KEYED(struct group_values, key, member, 1)

static const struct keyed_field values_v1[] = {
	VALUE("total_swap", swap),
	VALUE("total_inactive_file", inactive_file),
	VALUE("total_active_file", active_file),
};
static const struct keyed_field values_v2[] = {
	VALUE("inactive_file", inactive_file),
	VALUE("active_file", active_file),
};

/* What a group may still be charged with: up to its limit, and its file pages, which go first. */
static uint64_t room_bytes(uint64_t limit, uint64_t current, const struct group_values *values)
{
	uint64_t room;

	if (limit > CGROUP_NO_LIMIT_BYTES || current == MISSING_U64)
		return MISSING_U64;
	room = limit > current ? limit - current : 0;
	room += values->inactive_file == MISSING_U64 ? 0 : values->inactive_file;
	room += values->active_file == MISSING_U64 ? 0 : values->active_file;
	return MIN(room, limit);
}

/* false: the group is gone, or the kernel does not account its swap. */
static bool read_group(enum cgroup_mode mode, const char *dir, struct cgroup_swap *ret)
{
	const bool v2 = mode == CGROUP_V2;
	struct group_values values;
	AUTO_FREE char *stat = NULL;
	ssize_t n = sysroot_read_alloc(NULL, &stat, NULL, "%s/memory.stat", dir);

	ret->limit_bytes = ret->room_bytes = MISSING_U64;
	if (n < 0)
		return false;
	if (v2)
		keyed_parse(stat, (size_t)n, values_v2, ARRAY_SIZE(values_v2), &values);
	else
		keyed_parse(stat, (size_t)n, values_v1, ARRAY_SIZE(values_v1), &values);
	ret->swap_bytes = v2 ? read_one(dir, "memory.swap.current") : values.swap;
	ret->limit_bytes = read_one(dir, v2 ? "memory.max" : "memory.limit_in_bytes");
	ret->room_bytes =
		room_bytes(ret->limit_bytes,
			   read_one(dir, v2 ? "memory.current" : "memory.usage_in_bytes"), &values);
	return ret->swap_bytes != MISSING_U64;
}

static int visit_swap(const struct walk *walk, const char *dir, bool *below)
{
	struct cgroup_swap group = { .dir = dir, .path = dir + walk->top };

	/* Values include the groups below: where they are 0, nothing is below either. */
	*below = read_group(walk->mode, dir, &group) && group.swap_bytes > 0;
	return *below ? walk->swap_fn(walk->ctx, &group) : 0;
}

int cgroup_swap_visit(const struct cgroup_layout *layout, cgroup_swap_fn *fn, void *ctx)
{
	const char *mount = mount_of(layout);
	const struct walk walk = { .mode = layout->mode,
				   .top = strlen(mount),
				   .visit = visit_swap,
				   .swap_fn = fn,
				   .ctx = ctx };
	struct cgroup_swap group = { .dir = mount, .path = "/" };
	int rc = 0;

	if (!*mount)
		return 0;
	/* In a container the top of the tree is a group with a limit, too; the system's own has
	 * none. */
	if (read_group(layout->mode, mount, &group) && group.room_bytes != MISSING_U64)
		rc = fn(ctx, &group);
	return rc ? rc : walk_below(&walk, mount, 0);
}

/* ---- the groups that enclose this process ---- */

void cgroup_bound(const struct cgroup_layout *layout, struct procfs_meminfo *memory)
{
	const bool v2 = layout->mode == CGROUP_V2;
	const char *mount = mount_of(layout);
	const char *own = layout->own[v2 ? CGROUP_TREE_UNIFIED : CGROUP_TREE_MEMORY];
	char below[CGROUP_PATH_MAX], dir[SYSROOT_PATH_MAX];

	if (!*mount)
		return;
	snprintf(below, sizeof(below), "%s", own);
	for (char *end = below + strlen(below); end; end = strrchr(below, '/')) {
		struct cgroup_swap group;

		*end = '\0';
		if (sysroot_path(NULL, dir, "%s%s", mount, below))
			continue;
		read_group(layout->mode, dir, &group);
		if (group.room_bytes == MISSING_U64)
			continue;
		memory->total_bytes = MIN(memory->total_bytes, group.limit_bytes);
		memory->available_bytes = MIN(memory->available_bytes, group.room_bytes);
	}
}

/* ---- OOM kills ---- */

static uint64_t oom_kills(const char *dir, const char *file)
{
	static const struct keyed_field key = { "oom_kill", 0, 1 };
	AUTO_FREE char *text = NULL;
	ssize_t n = sysroot_read_alloc(NULL, &text, NULL, "%s/%s", dir, file);
	uint64_t kills = MISSING_U64;

	if (n >= 0)
		keyed_parse(text, (size_t)n, &key, 1, &kills);
	return kills;
}

static int visit_oom(const struct walk *walk, const char *dir, bool *below)
{
	const bool v2 = walk->mode == CGROUP_V2;
	uint64_t own = oom_kills(dir, v2 ? "memory.events.local" : "memory.oom_control");

	if (v2) {
		uint64_t all = oom_kills(dir, "memory.events");

		*below = all > 0 && all != MISSING_U64;
		if (!*below)
			return 0;
		own = own == MISSING_U64 ? all : own;
	}
	if (own == 0 || own == MISSING_U64)
		return 0;
	return walk->oom_fn(walk->ctx, dir + walk->top, own);
}

int cgroup_oom_visit(const struct cgroup_layout *layout, cgroup_oom_fn *fn, void *ctx)
{
	const char *mount = mount_of(layout);
	const struct walk walk = { .mode = layout->mode,
				   .top = strlen(mount),
				   .visit = visit_oom,
				   .oom_fn = fn,
				   .ctx = ctx };

	return *mount ? walk_below(&walk, mount, 0) : 0;
}
