/* SPDX-License-Identifier: GPL-2.0-only */
/* procfs.c - /proc as structs: memory, events, swaps, processes, load.
 *
 * Files of "name value" lines go through one table walk; the rest is cut by hand. Parsers take any
 * bytes: they never read past len and leave out what they do not know. Numbers that do not fit
 * count as missing.
 */
#include "procfs.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>

/* A file of "name: number unit" lines, and where each name belongs. */
struct name_field {
	const char *name;
	size_t offset;
};

static void set_missing(void *ret, const struct name_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*(uint64_t *)((char *)ret + fields[i].offset) = MISSING_U64;
}

/* The next line of *rest without its newline; false at the end. */
static bool next_line(const char **rest, const char *end, const char **line, size_t *len)
{
	if (*rest >= end)
		return false;
	const char *newline = memchr(*rest, '\n', (size_t)(end - *rest));

	*line = *rest;
	*len = (size_t)((newline ? newline : end) - *rest);
	*rest = newline ? newline + 1 : end;
	return true;
}

/* Decimal digits at the start of *p, which moves behind them; MISSING_U64 when there are none or
 * too many. */
static uint64_t take_u64(const char **p, const char *end)
{
	uint64_t value = 0;
	bool ok = false, fits = true;

	while (*p < end && (**p == ' ' || **p == '\t'))
		(*p)++;
	for (; *p < end && isdigit((unsigned char)**p); (*p)++) {
		ok = true;
		if (mul_overflows(value, (uint64_t)10, &value) ||
		    add_overflows(value, (uint64_t)(**p - '0'), &value))
			fits = false;
	}
	return ok && fits ? value : MISSING_U64;
}

static int64_t take_i64(const char **p, const char *end)
{
	while (*p < end && (**p == ' ' || **p == '\t'))
		(*p)++;
	bool negative = *p < end && **p == '-';

	if (negative)
		(*p)++;
	uint64_t value = take_u64(p, end);

	if (value > INT64_MAX)
		return MISSING_I64;
	return negative ? -(int64_t)value : (int64_t)value;
}

/* The value behind `name` on this line (": " or " " between); false when the line is another. */
static bool value_of(const char *line, size_t len, const char *name, uint64_t *ret)
{
	size_t n = strlen(name);

	if (len <= n || memcmp(line, name, n) != 0 || (line[n] != ' ' && line[n] != ':'))
		return false;
	const char *p = line + n + (line[n] == ':');

	*ret = take_u64(&p, line + len);
	return true;
}

/* How many of the names were there. */
static size_t take_fields(const char *buf, size_t len, const struct name_field *fields, size_t n,
			  uint64_t scale, void *ret)
{
	const char *line, *rest = buf;
	size_t line_len, found = 0;

	set_missing(ret, fields, n);
	while (next_line(&rest, buf + len, &line, &line_len)) {
		for (size_t i = 0; i < n; i++) {
			uint64_t *out = (uint64_t *)((char *)ret + fields[i].offset);

			if (!value_of(line, line_len, fields[i].name, out))
				continue;
			if (*out != MISSING_U64 && mul_overflows(*out, scale, out))
				*out = MISSING_U64;
			found++;
			break;
		}
	}
	return found;
}

/* ---- meminfo ---- */

#define MEMINFO(n, m) \
	{ \
		n, offsetof(struct procfs_meminfo, m) \
	}
static const struct name_field meminfo_fields[] = {
	MEMINFO("MemTotal", total_bytes),         MEMINFO("MemFree", free_bytes),
	MEMINFO("MemAvailable", available_bytes), MEMINFO("Cached", cached_bytes),
	MEMINFO("AnonPages", anon_bytes),         MEMINFO("Shmem", shmem_bytes),
	MEMINFO("SwapTotal", swap_total_bytes),   MEMINFO("SwapFree", swap_free_bytes),
	MEMINFO("SwapCached", swap_cached_bytes), MEMINFO("Zswap", zswap_bytes),
	MEMINFO("Zswapped", zswapped_bytes),
};

int procfs_meminfo_parse(const char *buf, size_t len, struct procfs_meminfo *ret)
{
	struct procfs_meminfo meminfo;

	take_fields(buf, len, meminfo_fields, ARRAY_SIZE(meminfo_fields), KIB, &meminfo);
	if (meminfo.total_bytes == MISSING_U64)
		return -EBADMSG;
	*ret = meminfo;
	return 0;
}

int procfs_meminfo_read(const struct sysroot *root, struct procfs_meminfo *ret, struct err *e)
{
	AUTO_FREE char *text = NULL;
	ssize_t n = sysroot_read_alloc(root, &text, e, "/proc/meminfo");

	if (n < 0)
		return (int)n;
	return procfs_meminfo_parse(text, (size_t)n, ret)
		       ? err_say(e, EBADMSG, "no MemTotal in /proc/meminfo")
		       : 0;
}

/* ---- vmstat ---- */

#define VMSTAT(m) \
	{ \
#m, offsetof(struct procfs_vmstat, m) \
	}
static const struct name_field vmstat_fields[] = {
	VMSTAT(pgfault),
	VMSTAT(pgmajfault),
	VMSTAT(pswpin),
	VMSTAT(pswpout),
	VMSTAT(zswpin),
	VMSTAT(zswpout),
	VMSTAT(zswpwb),
	VMSTAT(swpin_zero),
	VMSTAT(swpout_zero),
	VMSTAT(swap_ra),
	VMSTAT(swap_ra_hit),
	VMSTAT(pgscan_kswapd),
	VMSTAT(pgscan_direct),
	VMSTAT(pgsteal_kswapd),
	VMSTAT(pgsteal_direct),
	VMSTAT(pgsteal_proactive),
	VMSTAT(workingset_refault_anon),
	VMSTAT(workingset_refault_file),
	VMSTAT(nr_zspages),
	VMSTAT(oom_kill),
	VMSTAT(thp_swpout),
};

int procfs_vmstat_parse(const char *buf, size_t len, struct procfs_vmstat *ret)
{
	struct procfs_vmstat vmstat;
	const char *line, *rest = buf;
	size_t line_len;

	if (take_fields(buf, len, vmstat_fields, ARRAY_SIZE(vmstat_fields), 1, &vmstat) == 0)
		return -EBADMSG;
	vmstat.allocstall = MISSING_U64;
	while (next_line(&rest, buf + len, &line, &line_len)) {
		static const char prefix[] = "allocstall";
		const char *space = memchr(line, ' ', line_len), *p = space;

		if (!space || line_len < sizeof(prefix) ||
		    memcmp(line, prefix, sizeof(prefix) - 1) != 0)
			continue;
		uint64_t value = take_u64(&p, line + line_len);

		if (value != MISSING_U64)
			vmstat.allocstall =
				value + (vmstat.allocstall == MISSING_U64 ? 0 : vmstat.allocstall);
	}
	*ret = vmstat;
	return 0;
}

int procfs_vmstat_read(const struct sysroot *root, struct procfs_vmstat *ret, struct err *e)
{
	AUTO_FREE char *text = NULL;
	ssize_t n = sysroot_read_alloc(root, &text, e, "/proc/vmstat");

	if (n < 0)
		return (int)n;
	return procfs_vmstat_parse(text, (size_t)n, ret)
		       ? err_say(e, EBADMSG, "nothing known in /proc/vmstat")
		       : 0;
}

/* ---- swaps ---- */

/* Undoes seq_file's \ooo. Cuts what does not fit. */
static void unescape(const char *in, size_t n, char *out, size_t len)
{
	size_t o = 0;

	for (size_t i = 0; i < n && o + 1 < len; i++) {
		if (in[i] == '\\' && i + 3 < n && in[i + 1] >= '0' && in[i + 1] <= '3' &&
		    in[i + 2] >= '0' && in[i + 2] <= '7' && in[i + 3] >= '0' && in[i + 3] <= '7') {
			out[o++] = (char)((in[i + 1] - '0') << 6 | (in[i + 2] - '0') << 3 |
					  (in[i + 3] - '0'));
			i += 3;
		} else {
			out[o++] = in[i];
		}
	}
	out[o] = '\0';
}

/* "/dev/zram1\040(deleted)   partition\t1048572\t0\t\t100"; type and what follows hold no escapes.
 */
static int swap_line(const char *line, size_t len, struct procfs_swap *ret)
{
	static const char mark[] = " (deleted)";
	const char *end = line + len, *space = memchr(line, ' ', len), *p;

	if (!space)
		space = memchr(line, '\t', len);
	if (!space || space == line)
		return -EBADMSG;
	unescape(line, (size_t)(space - line), ret->path, sizeof(ret->path));
	size_t n = strlen(ret->path);

	ret->deleted = n > sizeof(mark) - 1 && str_eq(ret->path + n - (sizeof(mark) - 1), mark);
	if (ret->deleted)
		ret->path[n - (sizeof(mark) - 1)] = '\0';
	for (p = space; p < end && isspace((unsigned char)*p); p++)
		;
	ret->file = end - p > 4 && memcmp(p, "file", 4) == 0;
	while (p < end && !isspace((unsigned char)*p))
		p++;
	uint64_t size = take_u64(&p, end), used = take_u64(&p, end);
	int64_t priority = take_i64(&p, end);

	if (size == MISSING_U64 || used == MISSING_U64 || priority < INT32_MIN ||
	    priority > INT32_MAX || mul_overflows(size, KIB, &ret->size_bytes) ||
	    mul_overflows(used, KIB, &ret->used_bytes))
		return -EBADMSG;
	ret->priority = (int)priority;
	return 0;
}

int procfs_swaps_parse(const char *buf, size_t len, struct procfs_swaps *ret)
{
	const char *line, *rest = buf;
	size_t line_len;

	ret->n = 0;
	if (!next_line(&rest, buf + len, &line, &line_len) || line_len < 8 ||
	    memcmp(line, "Filename", 8) != 0)
		return -EBADMSG;
	while (next_line(&rest, buf + len, &line, &line_len)) {
		if (ret->n == ARRAY_SIZE(ret->swaps))
			return -E2BIG;
		int r = swap_line(line, line_len, &ret->swaps[ret->n]);

		if (r)
			return r;
		ret->n++;
	}
	return 0;
}

int procfs_swaps_read(const struct sysroot *root, struct procfs_swaps *ret, struct err *e)
{
	AUTO_FREE char *text = NULL;
	ssize_t n = sysroot_read_alloc(root, &text, e, "/proc/swaps");

	if (n < 0)
		return (int)n;
	int r = procfs_swaps_parse(text, (size_t)n, ret);

	return r ? err_set(e, r, "cannot read /proc/swaps") : 0;
}

/* ---- one process ---- */

int procfs_stat_parse(const char *buf, size_t len, struct procfs_stat *ret)
{
	const char *end = buf + len, *open = memchr(buf, '(', len), *close = memrchr(buf, ')', len),
		   *p = buf;
	uint64_t pid = take_u64(&p, end);

	if (pid > INT32_MAX || !open || !close || close < open || close + 3 >= end)
		return -EBADMSG;
	struct procfs_stat stat = { .pid = (pid_t)pid, .state = close[2] };
	size_t n = MIN((size_t)(close - open - 1), sizeof(stat.comm) - 1);

	memcpy(stat.comm, open + 1, n);
	int64_t fields[24 - 4 + 1]; /* fields[0] is field 4 of proc(5) */

	p = close + 3;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		fields[i] = take_i64(&p, end);
		if (fields[i] == MISSING_I64)
			return -EBADMSG;
	}
	stat.ppid = (pid_t)fields[4 - 4];
	stat.pgrp = (pid_t)fields[5 - 4];
	stat.session = (pid_t)fields[6 - 4];
	stat.minor_faults = (uint64_t)fields[10 - 4];
	stat.major_faults = (uint64_t)fields[12 - 4];
	stat.user_ticks = (uint64_t)fields[14 - 4];
	stat.system_ticks = (uint64_t)fields[15 - 4];
	stat.threads = (uint64_t)fields[20 - 4];
	stat.start_ticks = (uint64_t)fields[22 - 4];
	stat.rss_pages = (uint64_t)fields[24 - 4];
	*ret = stat;
	return 0;
}

int procfs_stat_read(const struct sysroot *root, pid_t pid, struct procfs_stat *ret, struct err *e)
{
	char text[4096];
	ssize_t n = sysroot_read(root, text, sizeof(text), e, "/proc/%d/stat", (int)pid);

	if (n == -ENOENT || n == -ESRCH)
		return err_say(e, ESRCH, "there is no process %d", (int)pid);
	if (n < 0)
		return (int)n;
	return procfs_stat_parse(text, (size_t)n, ret)
		       ? err_say(e, EBADMSG, "cannot read /proc/%d/stat", (int)pid)
		       : 0;
}

#define STATUS(n, m) \
	{ \
		n, offsetof(struct procfs_status, m) \
	}
static const struct name_field status_sizes[] = {
	STATUS("VmRSS", rss_bytes),          STATUS("VmHWM", rss_peak_bytes),
	STATUS("RssAnon", rss_anon_bytes),   STATUS("RssFile", rss_file_bytes),
	STATUS("RssShmem", rss_shmem_bytes), STATUS("VmSwap", swap_bytes),
	STATUS("VmLck", locked_bytes),
};

int procfs_status_parse(const char *buf, size_t len, struct procfs_status *ret)
{
	static const char uid_key[] = "Uid:";
	struct procfs_status status;
	const char *line, *rest = buf;
	size_t line_len;
	bool has_uid = false;

	take_fields(buf, len, status_sizes, ARRAY_SIZE(status_sizes), KIB, &status);
	status.threads = MISSING_U64;
	while (next_line(&rest, buf + len, &line, &line_len)) {
		const char *p = line + sizeof(uid_key) - 1;

		if (value_of(line, line_len, "Threads", &status.threads) ||
		    line_len < sizeof(uid_key) || memcmp(line, uid_key, sizeof(uid_key) - 1) != 0)
			continue;
		uint64_t real = take_u64(&p, line + line_len),
			 effective = take_u64(&p, line + line_len);

		has_uid = real <= UINT32_MAX && effective <= UINT32_MAX;
		status.uid = (uid_t)real;
		status.effective_uid = (uid_t)effective;
	}
	if (!has_uid)
		return -EBADMSG;
	*ret = status;
	return 0;
}

int procfs_status_read(const struct sysroot *root, pid_t pid, struct procfs_status *ret,
		       struct err *e)
{
	AUTO_FREE char *text = NULL;
	ssize_t n = sysroot_read_alloc(root, &text, e, "/proc/%d/status", (int)pid);

	if (n == -ENOENT || n == -ESRCH)
		return err_say(e, ESRCH, "there is no process %d", (int)pid);
	if (n < 0)
		return (int)n;
	return procfs_status_parse(text, (size_t)n, ret)
		       ? err_say(e, EBADMSG, "cannot read /proc/%d/status", (int)pid)
		       : 0;
}

bool procfs_alive(const struct sysroot *root, pid_t pid, uint64_t start_ticks)
{
	struct procfs_stat stat;

	return procfs_stat_read(root, pid, &stat, NULL) == 0 && stat.start_ticks == start_ticks &&
	       stat.state != 'Z' && stat.state != 'X';
}

int procfs_exe(const struct sysroot *root, pid_t pid, char *buf, size_t len, struct err *e)
{
	char path[SYSROOT_PATH_MAX];
	int r = sysroot_path(root, path, "/proc/%d/exe", (int)pid);

	if (r)
		return err_set(e, r, "cannot read /proc/%d/exe", (int)pid);
	ssize_t n = readlink(path, buf, len);

	if (n < 0)
		return err_set(e, errno, "cannot read %s", path);
	if ((size_t)n == len)
		return err_set(e, ENAMETOOLONG, "cannot read %s", path);
	buf[n] = '\0';
	return 0;
}

/* ---- the machine ---- */

struct procfs_relation *procfs_relations(size_t *n)
{
	struct procfs_relation *list = NULL;
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t room = 0;

	for (*n = 0; proc && (entry = readdir(proc));) {
		struct procfs_stat stat;

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    procfs_stat_read(NULL, (pid_t)atoi(entry->d_name), &stat, NULL))
			continue;
		if (*n == room) {
			struct procfs_relation *bigger =
				reallocarray(list, room = 2 * room + 256, sizeof(*list));

			if (!bigger) {
				free(list);
				list = NULL;
				break;
			}
			list = bigger;
		}
		list[(*n)++] = (struct procfs_relation){ .pid = stat.pid, .parent = stat.ppid };
	}
	if (proc)
		closedir(proc);
	return list;
}

void procfs_descendants_mark(struct procfs_relation *list, size_t n, pid_t pid)
{
	bool more = true;

	for (size_t i = 0; i < n; i++)
		list[i].inside = list[i].pid == pid;
	while (more) {
		more = false;
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; !list[i].inside && k < n; k++)
				if (list[k].inside && list[k].pid == list[i].parent)
					more = list[i].inside = true;
	}
}

int procfs_loadavg_parse(const char *buf, size_t len, struct procfs_loadavg *ret)
{
	char text[128];
	struct procfs_loadavg load;

	if (len >= sizeof(text))
		return -EBADMSG;
	memcpy(text, buf, len);
	text[len] = '\0';
	if (sscanf(text, "%lf %lf %lf %" SCNu64 "/%" SCNu64, &load.load1, &load.load5, &load.load15,
		   &load.running, &load.threads) != 5)
		return -EBADMSG;
	*ret = load;
	return 0;
}

int procfs_loadavg_read(const struct sysroot *root, struct procfs_loadavg *ret, struct err *e)
{
	char text[128];
	ssize_t n = sysroot_read(root, text, sizeof(text), e, "/proc/loadavg");

	if (n < 0)
		return (int)n;
	return procfs_loadavg_parse(text, (size_t)n, ret)
		       ? err_say(e, EBADMSG, "cannot read /proc/loadavg")
		       : 0;
}

int procfs_boot_id(const struct sysroot *root, char buf[PROCFS_BOOT_ID_MAX], struct err *e)
{
	char text[PROCFS_BOOT_ID_MAX];
	ssize_t n = sysroot_read(root, text, sizeof(text), e, "/proc/sys/kernel/random/boot_id");

	if (n < 0)
		return (int)n;
	text[strcspn(text, "\n")] = '\0';
	if (!*text)
		return err_say(e, EBADMSG, "/proc/sys/kernel/random/boot_id is empty");
	memcpy(buf, text, sizeof(text));
	return 0;
}
