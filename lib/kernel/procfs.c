/* SPDX-License-Identifier: GPL-2.0-only */
/* procfs.c - /proc as structs: memory, events, swaps, processes. */
#include "procfs.h"

#include <ctype.h>
#include <dirent.h>

#include "keyed.h"

static int64_t take_i64(const char **p, const char *end)
{
	while (*p < end && (**p == ' ' || **p == '\t'))
		(*p)++;
	bool negative = *p < end && **p == '-';

	*p += negative;
	uint64_t value = keyed_number(p, end);

	if (value > INT64_MAX)
		return MISSING_I64;
	return negative ? -(int64_t)value : (int64_t)value;
}

/* What a parser returned, as an error that names the file. */
static int parsed(int rc, const char *path, struct err *e)
{
	return rc ? err_say(e, rc, "cannot parse %s", path) : 0;
}

/* ---- meminfo ---- */

#define MEMINFO(key, member) KEYED(struct procfs_meminfo, key, member, KIB)

static const struct keyed_field meminfo_fields[] = {
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

	keyed_parse(buf, len, meminfo_fields, ARRAY_SIZE(meminfo_fields), &meminfo);
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
	return parsed(procfs_meminfo_parse(text, (size_t)n, ret), "/proc/meminfo", e);
}

/* ---- vmstat ---- */

#define VMSTAT(member) KEYED(struct procfs_vmstat, #member, member, 1)

static const struct keyed_field vmstat_fields[] = {
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
	static const char prefix[] = "allocstall"; /* "allocstall_normal" and others, by zone */
	struct procfs_vmstat vmstat;
	const char *line, *rest = buf;
	size_t line_len;

	if (keyed_parse(buf, len, vmstat_fields, ARRAY_SIZE(vmstat_fields), &vmstat) == 0)
		return -EBADMSG;
	vmstat.allocstall = MISSING_U64;
	while (keyed_line(&rest, buf + len, &line, &line_len)) {
		const char *p = memchr(line, ' ', line_len);
		uint64_t value;

		if (!p || line_len < sizeof(prefix) || memcmp(line, prefix, sizeof(prefix) - 1))
			continue;
		value = keyed_number(&p, line + line_len);
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
	return parsed(procfs_vmstat_parse(text, (size_t)n, ret), "/proc/vmstat", e);
}

/* ---- swaps ---- */

/* The path ends at the first blank, for blanks in it are escaped; the type behind it is one word.
 */
static int swap_path(const char *path, size_t len, struct procfs_swap *ret)
{
	static const char mark[] = " (deleted)";
	AUTO_FREE char *text = strndup(path, len);

	if (!text)
		return -ENOMEM;
	keyed_unescape(text);
	snprintf(ret->path, sizeof(ret->path), "%s", text);
	size_t n = strlen(ret->path);

	ret->deleted = n > sizeof(mark) - 1 && str_eq(ret->path + n - (sizeof(mark) - 1), mark);
	if (ret->deleted)
		ret->path[n - (sizeof(mark) - 1)] = '\0';
	return 0;
}

static const char *skip(const char *p, const char *end, bool blanks)
{
	while (p < end && (isspace((unsigned char)*p) != 0) == blanks)
		p++;
	return p;
}

/* "/dev/zram1\040(deleted)   partition\t1048572\t0\t\t100" */
static int swap_line(const char *line, size_t len, struct procfs_swap *ret)
{
	const char *end = line + len, *blank = skip(line, end, false), *type, *p;
	uint64_t size, used;
	int64_t priority;
	int rc;

	if (blank == end || blank == line)
		return -EBADMSG;
	rc = swap_path(line, (size_t)(blank - line), ret);
	if (rc)
		return rc;
	type = skip(blank, end, true);
	ret->file = end - type > 4 && memcmp(type, "file", 4) == 0;
	p = skip(type, end, false);
	size = keyed_number(&p, end);
	used = keyed_number(&p, end);
	priority = take_i64(&p, end);
	if (size == MISSING_U64 || used == MISSING_U64 || mul_overflows(size, KIB, &size) ||
	    mul_overflows(used, KIB, &used) || priority < INT32_MIN || priority > INT32_MAX)
		return -EBADMSG;
	ret->size_bytes = size;
	ret->used_bytes = used;
	ret->priority = (int)priority;
	return 0;
}

int procfs_swaps_parse(const char *buf, size_t len, struct procfs_swaps *ret)
{
	const char *line, *rest = buf;
	size_t line_len;

	ret->n = 0;
	if (!keyed_line(&rest, buf + len, &line, &line_len) || line_len < 8 ||
	    memcmp(line, "Filename", 8) != 0)
		return -EBADMSG;
	while (keyed_line(&rest, buf + len, &line, &line_len)) {
		if (ret->n == ARRAY_SIZE(ret->swaps))
			return -E2BIG;
		int rc = swap_line(line, line_len, &ret->swaps[ret->n]);

		if (rc)
			return rc;
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
	return parsed(procfs_swaps_parse(text, (size_t)n, ret), "/proc/swaps", e);
}

/* ---- one process ---- */

static ssize_t read_process(const struct sysroot *root, pid_t pid, const char *file, char **ret,
			    struct err *e)
{
	ssize_t n = sysroot_read_alloc(root, ret, e, "/proc/%d/%s", (int)pid, file);

	return n == -ENOENT || n == -ESRCH ? err_say(e, ESRCH, "process %d not found", (int)pid)
					   : n;
}

int procfs_stat_parse(const char *buf, size_t len, struct procfs_stat *ret)
{
	const char *end = buf + len, *open = memchr(buf, '(', len), *close = memrchr(buf, ')', len),
		   *p = buf;
	uint64_t pid = keyed_number(&p, end);

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
	AUTO_FREE char *text = NULL;
	ssize_t n = read_process(root, pid, "stat", &text, e);

	if (n < 0)
		return (int)n;
	return parsed(procfs_stat_parse(text, (size_t)n, ret), "/proc/PID/stat", e);
}

#define STATUS(key, member) KEYED(struct procfs_status, key, member, KIB)

static const struct keyed_field status_fields[] = {
	STATUS("VmRSS", rss_bytes),
	STATUS("VmHWM", rss_peak_bytes),
	STATUS("RssAnon", rss_anon_bytes),
	STATUS("RssShmem", rss_shmem_bytes),
	STATUS("VmSwap", swap_bytes),
	STATUS("VmLck", locked_bytes),
	KEYED(struct procfs_status, "Threads", threads, 1),
};

int procfs_status_parse(const char *buf, size_t len, struct procfs_status *ret)
{
	struct procfs_status status;
	const char *line, *rest = buf;
	size_t line_len;

	keyed_parse(buf, len, status_fields, ARRAY_SIZE(status_fields), &status);
	while (keyed_line(&rest, buf + len, &line, &line_len)) {
		uint64_t uids[2]; /* real, effective, and two that nobody asks for */

		if (line_len < 4 || memcmp(line, "Uid:", 4) != 0)
			continue;
		if (keyed_numbers(line + 4, line_len - 4, uids, 2) < 2 ||
		    MAX(uids[0], uids[1]) > UINT32_MAX)
			return -EBADMSG;
		status.uid = (uid_t)uids[0];
		status.effective_uid = (uid_t)uids[1];
		*ret = status;
		return 0;
	}
	return -EBADMSG;
}

int procfs_status_read(const struct sysroot *root, pid_t pid, struct procfs_status *ret,
		       struct err *e)
{
	AUTO_FREE char *text = NULL;
	ssize_t n = read_process(root, pid, "status", &text, e);

	if (n < 0)
		return (int)n;
	return parsed(procfs_status_parse(text, (size_t)n, ret), "/proc/PID/status", e);
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
	int rc = sysroot_path(root, path, "/proc/%d/exe", (int)pid);

	if (rc)
		return err_set(e, rc, "cannot read /proc/%d/exe", (int)pid);
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
