/* SPDX-License-Identifier: GPL-2.0-only */
/* maps.c - parses /proc/PID/maps and finds addresses in it. */
#include "maps.h"

#include <sys/sysmacros.h>

const char *const mapping_kind_names[] = { NULL, "anon", "heap", "stack", "shmem", "file" };

void maps_tmpfs_read(pid_t pid, struct maps_tmpfs *ret)
{
	AUTO_FREE char *line = NULL;
	AUTO_FCLOSE FILE *f = NULL;
	char path[64];
	size_t size = 0;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	f = fopen(path, "re");
	ret->n = 0;
	while (f && ret->n < ARRAY_SIZE(ret->dev) && getline(&line, &size, f) > 0) {
		const char *type = strstr(line, " - ");
		unsigned int major, minor;

		if (type && (str_starts(type, " - tmpfs ") || str_starts(type, " - devtmpfs ")) &&
		    sscanf(line, "%*u %*u %u:%u", &major, &minor) == 2)
			ret->dev[ret->n++] = makedev(major, minor);
	}
}

bool maps_on_tmpfs(const struct maps_tmpfs *tmpfs, dev_t dev)
{
	for (size_t i = 0; i < tmpfs->n; i++) {
		if (tmpfs->dev[i] == dev)
			return true;
	}
	return false;
}

bool maps_kernel_shmem(const char *path)
{
	static const char *const names[] = { "/memfd:", "/SYSV", "/dev/zero (deleted)",
					     "/dev/shm/" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (str_starts(path, names[i]))
			return true;
	}
	return false;
}

/* Of a path, in place: the kernel writes a newline as \012, and " (deleted)" behind it. */
static char *last_part(char *path)
{
	static const char gone[] = " (deleted)";
	size_t n = strlen(path), tail = sizeof(gone) - 1;
	char *slash, *to;

	if (n >= tail && str_eq(path + n - tail, gone))
		path[n - tail] = '\0';
	slash = strrchr(path, '/');
	path = to = slash ? slash + 1 : path;
	for (const char *from = path; *from; from++) {
		bool newline = str_starts(from, "\\012");

		*to++ = newline ? '\n' : *from;
		from += newline ? 3 : 0;
	}
	*to = '\0';
	return path;
}

bool maps_line_parse(const char *line, struct maps_line *ret)
{
	unsigned int major, minor;
	int at = 0;

	/* begin-end perms offset major:minor inode path */
	if (sscanf(line, "%lx-%lx %*s %*x %x:%x %lu %n", &ret->begin, &ret->end, &major, &minor,
		   &ret->inode, &at) != 5 ||
	    !at)
		return false;
	ret->dev = makedev(major, minor);
	ret->path = (size_t)at;
	return true;
}

void maps_detail_parse(const char *line, struct maps_detail *detail)
{
	static const char lazyfree[] = "LazyFree:", flags[] = "VmFlags:";

	if (str_starts(line, lazyfree))
		detail->lazyfree_pages =
			strtoull(line + sizeof(lazyfree) - 1, NULL, 10) * KIB / PAGE_BYTES;
	if (!str_starts(line, flags))
		return;
	detail->locked = strstr(line, " lo") != NULL;
	detail->outside = strstr(line, " io") || strstr(line, " pf") || strstr(line, " ht");
}

/* One line, NUL-terminated. */
static bool parse_line(char *text, const struct maps_tmpfs *tmpfs, struct mapping *ret)
{
	struct maps_line line;
	char *path;

	if (!maps_line_parse(text, &line))
		return false;
	ret->begin = line.begin;
	ret->end = line.end;
	ret->inode = line.inode;
	ret->dev = line.dev;
	path = text + line.path;
	ret->name = "";
	if (*path != '/') {
		ret->kind = str_eq(path, "[heap]")             ? MAPPING_HEAP
			    : str_eq(path, "[stack]")          ? MAPPING_STACK
			    : str_starts(path, "[anon_shmem:") ? MAPPING_SHMEM
							       : MAPPING_ANON;
		return true;
	}
	ret->kind = maps_kernel_shmem(path) || maps_on_tmpfs(tmpfs, ret->dev) ? MAPPING_SHMEM
									      : MAPPING_FILE;
	ret->name = last_part(path);
	return true;
}

int maps_parse(char *text, const struct maps_tmpfs *tmpfs, struct maps *ret)
{
	struct maps maps = { .text = text };
	size_t lines = 1;

	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	maps.items = calloc(lines, sizeof(*maps.items));
	if (!maps.items)
		return -ENOMEM;
	for (char *line = text, *end; line && *line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		maps.n += parse_line(line, tmpfs, &maps.items[maps.n]);
	}
	*ret = maps;
	return 0;
}

const struct mapping *maps_find(const struct maps *maps, uint64_t addr)
{
	size_t low = 0, high = maps->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (addr >= maps->items[middle].end)
			low = middle + 1;
		else
			high = middle;
	}
	return low < maps->n && addr >= maps->items[low].begin ? &maps->items[low] : NULL;
}

void maps_done(struct maps *maps)
{
	free(maps->text);
	free(maps->items);
	*maps = (struct maps){ 0 };
}
