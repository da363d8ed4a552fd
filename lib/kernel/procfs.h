/* SPDX-License-Identifier: GPL-2.0-only */
/* procfs.h - /proc as structs: memory, events, swaps, processes.
 *
 * One pure parser of (buf, len) and one reader for each file. What the kernel does not report is
 * missing (MISSING_U64). Sizes are bytes, whatever unit the file uses.
 */
#ifndef COLDPRESS_KERNEL_PROCFS_H
#define COLDPRESS_KERNEL_PROCFS_H

#include "lib/base/sysroot.h"

/* ---- /proc/meminfo ---- */
struct procfs_meminfo {
	uint64_t total_bytes, free_bytes, available_bytes, cached_bytes, anon_bytes, shmem_bytes;
	uint64_t swap_total_bytes, swap_free_bytes, swap_cached_bytes;
	uint64_t zswap_bytes, zswapped_bytes; /* missing where zswap is not built in */
};

/* errors  -EBADMSG no MemTotal in it */
int procfs_meminfo_parse(const char *buf, size_t len, struct procfs_meminfo *ret);
int procfs_meminfo_read(const struct sysroot *root, struct procfs_meminfo *ret, struct err *e);

/* ---- /proc/vmstat: running counts since boot, by name ---- */
struct procfs_vmstat {
	uint64_t pgfault, pgmajfault;
	uint64_t pswpin, pswpout;         /* pages through swap devices */
	uint64_t zswpin, zswpout, zswpwb; /* pages through zswap, and written back by it */
	uint64_t swpin_zero, swpout_zero; /* pages kept as a bit, from 6.12: they reach no device */
	uint64_t swap_ra, swap_ra_hit;
	uint64_t allocstall; /* sum over the zones */
	uint64_t pgscan_kswapd, pgscan_direct, pgsteal_kswapd, pgsteal_direct, pgsteal_proactive;
	uint64_t workingset_refault_anon, workingset_refault_file;
	uint64_t nr_zspages, oom_kill, thp_swpout;
};

int procfs_vmstat_parse(const char *buf, size_t len, struct procfs_vmstat *ret);
int procfs_vmstat_read(const struct sysroot *root, struct procfs_vmstat *ret, struct err *e);

/* ---- /proc/swaps ---- */
struct procfs_swap {
	char path[256]; /* octal escapes undone; cut when longer */
	bool file;      /* a file, else a partition or device */
	bool deleted;   /* its node was unlinked; path is without the kernel's mark */
	uint64_t size_bytes, used_bytes;
	int priority;
};

struct procfs_swaps {
	struct procfs_swap swaps[32]; /* the kernel's MAX_SWAPFILES is below 32 */
	size_t n;
};

int procfs_swaps_parse(const char *buf, size_t len, struct procfs_swaps *ret);
int procfs_swaps_read(const struct sysroot *root, struct procfs_swaps *ret, struct err *e);

/* ---- one process ---- */
struct procfs_stat {
	pid_t pid, ppid;
	char state;    /* R S D Z T t X I */
	char comm[64]; /* any bytes; kernel threads' may be longer than 15 */
	uint64_t minor_faults, major_faults;
	uint64_t user_ticks, system_ticks;
	uint64_t start_ticks; /* since boot; with the PID it names one process for ever */
	uint64_t threads, rss_pages;
};

/* comm may hold spaces, brackets and newlines: fields are counted from the last ')'. */
int procfs_stat_parse(const char *buf, size_t len, struct procfs_stat *ret);

/* errors  -ESRCH no such process; -EACCES hidepid */
int procfs_stat_read(const struct sysroot *root, pid_t pid, struct procfs_stat *ret, struct err *e);

struct procfs_status {
	uid_t uid; /* real */
	uid_t effective_uid;
	uint64_t threads;
	/* missing for kernel threads and zombies */
	uint64_t rss_bytes, rss_peak_bytes, rss_anon_bytes, rss_shmem_bytes, swap_bytes,
		locked_bytes;
};

int procfs_status_parse(const char *buf, size_t len, struct procfs_status *ret);
int procfs_status_read(const struct sysroot *root, pid_t pid, struct procfs_status *ret,
		       struct err *e);

/* procfs_alive - whether the process that started at start_ticks is still there and no zombie. */
bool procfs_alive(const struct sysroot *root, pid_t pid, uint64_t start_ticks);

/* procfs_exe - path of the running program, NUL-terminated. Needs to be its owner or root. */
int procfs_exe(const struct sysroot *root, pid_t pid, char *buf, size_t len, struct err *e);

/* ---- descendants ---- */
struct procfs_relation {
	pid_t pid, parent;
	bool inside; /* procfs_descendants_mark */
};

/* procfs_relations - every process with its parent, unmarked; to be freed. NULL on failure, with
 * errno set. */
struct procfs_relation *procfs_relations(size_t *n);

/* procfs_descendants_mark - marks pid and its descendants; a process whose parent ended is none. */
void procfs_descendants_mark(struct procfs_relation *list, size_t n, pid_t pid);

/* ---- the machine ---- */
#define PROCFS_BOOT_ID_MAX 40

/* procfs_boot_id - changes at each boot; "" in buf is never returned with 0. */
int procfs_boot_id(const struct sysroot *root, char buf[PROCFS_BOOT_ID_MAX], struct err *e);

#endif
