/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup_layout.c - where the hierarchies are mounted and where a new group belongs. Reads only. */
#include "cgroup.h"
#include "keyed.h"

/* Whether the word is one of those in a list. */
static bool has_word(const char *list, const char *word, const char *separators)
{
	size_t len = strlen(word);

	while (*list) {
		size_t n = strcspn(list, separators);

		if (n == len && !memcmp(list, word, n))
			return true;
		list += n + (list[n] != '\0');
	}
	return false;
}

static int keep(char to[CGROUP_PATH_MAX], const char *path)
{
	return snprintf(to, CGROUP_PATH_MAX, "%s", path) < CGROUP_PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* The directory inside each filesystem that its mount shows: not "/" where a container got a part
 * of it. */
struct mount_roots {
	char root[CGROUP_TREES][CGROUP_PATH_MAX];
};

/* One line: id parent major:minor root mountpoint options [tags] - type source superoptions
 * (proc(5)). */
static int take_mount(char *line, struct cgroup_layout *layout, struct mount_roots *roots)
{
	char *word[6], *type, *options = NULL, *tail = strstr(line, " - ");
	bool holds[CGROUP_TREES] = { false };

	if (!tail)
		return -EBADMSG;
	*tail = '\0';
	tail += 3;
	for (size_t i = 0; i < 5; i++)
		if (!(word[i] = strsep(&line, " ")))
			return -EBADMSG;
	type = strsep(&tail, " ");
	strsep(&tail, " ");
	options = tail;
	if (!options)
		return -EBADMSG;
	if (str_eq(type, "cgroup2"))
		holds[CGROUP_TREE_UNIFIED] = true;
	else if (str_eq(type, "cgroup"))
		holds[CGROUP_TREE_MEMORY] = has_word(options, "memory", ","),
		holds[CGROUP_TREE_PIDS] = has_word(options, "pids", ",");
	keyed_unescape(word[3]);
	keyed_unescape(word[4]);
	for (size_t tree = 0; tree < CGROUP_TREES; tree++) {
		if (!holds[tree] || layout->mount[tree][0])
			continue;
		if (keep(layout->mount[tree], word[4]) || keep(roots->root[tree], word[3]))
			return -ENAMETOOLONG;
	}
	return 0;
}

/* Where `path` lies in the tree that the mount shows; NULL: not in it, as in a namespace of its
 * own. Then the mount point is the best place known. */
static const char *below_root(const char *path, const char *root)
{
	size_t len = str_eq(root, "/") ? 0 : strlen(root);

	if (strncmp(path, root, len) || (path[len] && path[len] != '/'))
		return NULL;
	return str_eq(path + len, "/") ? "" : path + len;
}

/* One line: id:controllers:path; cgroup2 is 0::path. */
static int take_membership(char *line, struct cgroup_layout *layout, struct mount_roots *roots)
{
	const char *id = strsep(&line, ":"), *controllers = strsep(&line, ":"), *path = line;

	if (!controllers || !path || path[0] != '/')
		return -EBADMSG;
	const bool holds[CGROUP_TREES] = {
		[CGROUP_TREE_UNIFIED] = str_eq(id, "0") && !*controllers,
		[CGROUP_TREE_MEMORY] = has_word(controllers, "memory", ","),
		[CGROUP_TREE_PIDS] = has_word(controllers, "pids", ","),
	};

	for (size_t tree = 0; tree < CGROUP_TREES; tree++) {
		const char *below = below_root(path, roots->root[tree]);

		if (!holds[tree] || !layout->mount[tree][0] || !below)
			continue;
		if (keep(layout->own[tree], below))
			return -ENAMETOOLONG;
	}
	return 0;
}

/* One line of either file. */
typedef int take_fn(char *line, struct cgroup_layout *layout, struct mount_roots *roots);

static int take_lines(const char *text, take_fn *take, struct cgroup_layout *layout,
		      struct mount_roots *roots)
{
	AUTO_FREE char *copy = strdup(text);
	char *at = copy, *line;
	int rc = copy ? 0 : -ENOMEM;

	while (!rc && (line = strsep(&at, "\n")))
		rc = *line ? take(line, layout, roots) : 0;
	return rc;
}

int cgroup_layout_parse(const char *mountinfo, const char *self_cgroup, struct cgroup_layout *ret,
			struct err *e)
{
	AUTO_FREE struct mount_roots *roots = calloc(1, sizeof(*roots));
	struct cgroup_layout layout = { .mode = CGROUP_NONE };
	int rc;

	if (!roots)
		return err_set(e, ENOMEM, "cannot read the mounts");
	rc = take_lines(mountinfo, take_mount, &layout, roots);
	if (rc)
		return err_set(e, rc, "cannot parse a line of /proc/self/mountinfo");
	rc = take_lines(self_cgroup, take_membership, &layout, roots);
	if (rc)
		return err_set(e, rc, "cannot parse a line of /proc/self/cgroup");
	if (layout.mount[CGROUP_TREE_MEMORY][0])
		layout.mode = layout.mount[CGROUP_TREE_UNIFIED][0] ? CGROUP_HYBRID : CGROUP_V1;
	else if (layout.mount[CGROUP_TREE_UNIFIED][0])
		layout.mode = CGROUP_V2;
	*ret = layout;
	return 0;
}

int cgroup_layout_read(const struct sysroot *root, struct cgroup_layout *ret, struct err *e)
{
	AUTO_FREE char *mounts = NULL, *own = NULL;
	char controllers[512];
	ssize_t n;
	int rc;

	n = sysroot_read_alloc(root, &mounts, e, "/proc/self/mountinfo");
	if (n < 0)
		return (int)n;
	n = sysroot_read_alloc(root, &own, e, "/proc/self/cgroup");
	if (n < 0)
		return (int)n;
	rc = cgroup_layout_parse(mounts, own, ret, e);
	if (rc || ret->mode != CGROUP_V2)
		return rc;
	n = sysroot_read(root, controllers, sizeof(controllers), NULL, "%s/cgroup.controllers",
			 ret->mount[CGROUP_TREE_UNIFIED]);
	if (n < 0 || !has_word(controllers, "memory", " \n"))
		ret->mode = CGROUP_NONE;
	return 0;
}

static int join(char to[CGROUP_PATH_MAX], const char *mount, const char *below, const char *name)
{
	return snprintf(to, CGROUP_PATH_MAX, "%s%s/%s", mount, below, name) < CGROUP_PATH_MAX
		       ? 0
		       : -ENAMETOOLONG;
}

/* cgroup v2 forbids processes in a group that hands out controllers (the root excepted), so the
 * place is beside or above ourselves, never simply below. */
static int place_v2(const struct cgroup_layout *layout, const char *name, struct cgroup *group)
{
	const char *mount = layout->mount[CGROUP_TREE_UNIFIED];
	char below[CGROUP_PATH_MAX], control[512];

	memcpy(below, layout->own[CGROUP_TREE_UNIFIED], sizeof(below));
	for (;;) {
		ssize_t n = sysroot_read(NULL, control, sizeof(control), NULL,
					 "%s%s/cgroup.subtree_control", mount, below);
		bool memory = n >= 0 && has_word(control, "memory", " \n");
		bool pids = n >= 0 && has_word(control, "pids", " \n");

		if (memory && pids)
			break;
		if (!below[0]) {
			memcpy(group->enable, mount, sizeof(group->enable));
			group->enable_memory = !memory;
			group->enable_pids = !pids;
			break;
		}
		*strrchr(below, '/') = '\0';
	}
	return join(group->dir[CGROUP_TREE_UNIFIED], mount, below, name);
}

int cgroup_place(const struct cgroup_layout *layout, const char *name, struct cgroup *ret,
		 struct err *e)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	struct cgroup group = { .mode = layout->mode };
	int rc = 0;

	if (!name[0] || name[0] == '.' || name[strspn(name, allowed)] || strlen(name) > 200)
		return err_say(e, EINVAL, "'%s' cannot name a control group", name);
	if (layout->mode == CGROUP_NONE) {
		err_impossible(
			e, "no memory controller found: the memory of a command cannot be limited");
		return err_hint(e, "mount cgroup2, or boot without cgroup_disable=memory");
	}
	if (layout->mode == CGROUP_V2)
		rc = place_v2(layout, name, &group);
	for (size_t tree = 0; layout->mode != CGROUP_V2 && tree < CGROUP_TREES && !rc; tree++)
		if (layout->mount[tree][0])
			rc = join(group.dir[tree], layout->mount[tree], layout->own[tree], name);
	if (rc)
		return err_set(e, rc, "cannot name the group %s", name);
	*ret = group;
	return 0;
}
