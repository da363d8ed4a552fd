/* SPDX-License-Identifier: GPL-2.0-only */
/* page.h - pages of a process or a file: finding, sampling, reading and classifying them.
 *
 * A process's pages are found in /proc/PID/pagemap and only present ones are read, each checked
 * again right before its process_vm_readv: nothing is swapped in but what the kernel swaps out
 * between those two calls, and that is counted. Reading marks a page accessed; that cannot be
 * avoided.
 */
#ifndef COLDPRESS_KERNEL_PAGE_H
#define COLDPRESS_KERNEL_PAGE_H

#include "lib/base/err.h"
#include "lib/analysis/stats.h"

/* ---- content ---- */
enum page_class {
	PAGE_ZERO,        /* every byte 0: a bit in the kernel's zeromap, or same-filled in zram */
	PAGE_SAME_FILLED, /* one 8-byte word repeated: no slot in zram */
	PAGE_SPARSE,      /* at least half of its 8-byte words are 0 */
	PAGE_TEXT,        /* at least 90 % of its bytes are printable, tab or newline */
	PAGE_POINTER,     /* at least a quarter of its words look like user-space addresses */
	PAGE_OTHER,
	PAGE_CLASSES
};

/* page_classify - the first class of the list above that fits; page has PAGE_BYTES bytes,
 * 8-aligned. */
enum page_class page_classify(const void *page);
const char *page_class_name(enum page_class class);

/* ---- where pages are ---- */
enum page_kind {
	PAGE_KIND_ANON = 1,  /* private anonymous, written copies of private file pages included */
	PAGE_KIND_SHMEM = 2, /* tmpfs, memfd, System V and anonymous shared memory */
	PAGE_KIND_FILE = 4,  /* page cache of other files: dropped or written back, never swapped */
	PAGE_KIND_SWAPPABLE = PAGE_KIND_ANON | PAGE_KIND_SHMEM,
};

struct page_ref {
	uint64_t address; /* in the process; offset in the file */
	uint32_t source;  /* index the caller gave page_walk */
	uint32_t stratum; /* index into the census' strata; 0 without */
	enum page_kind kind;
};

/* What is mapped under one name, whoever maps it, of one kind: names as in /proc/PID/maps, "[anon]"
 * without. */
struct page_stratum {
	char *name; /* any bytes but NUL and newline */
	uint64_t hash;
	uint64_t pages;          /* offered to the sample */
	uint64_t lazyfree_pages; /* of those: which of them cannot be told */
	enum page_kind kind;
};

#define PAGE_STRATA_MAX 4096 /* more mappings are counted under "[others]" of their kind */

/* Zero before use. */
struct page_strata {
	struct page_stratum *items;
	size_t n;
};
void page_strata_done(struct page_strata *strata);

/* page_strata_find - the index of this one, which is added if it is new, in *ret. -ENOMEM. */
int page_strata_find(struct page_strata *strata, const char *name, enum page_kind kind,
		     uint32_t *ret);

/* page_kind_name - "anon", "shmem", "file"; "swapped" for PAGE_KIND_SWAPPABLE, either of the two.
 */
const char *page_kind_name(enum page_kind kind);

/* An open process or file. */
struct page_source {
	pid_t pid;               /* 0 = file */
	int fd;                  /* its pagemap, or the file */
	int mem_fd;              /* its /proc/PID/mem, for what only that reads; -1 = none */
	unsigned int swap_types; /* for pagemap_decode */
	bool ended;              /* the process exited or executed another program */
	uint64_t swapin_pages;   /* that reading swapped in: swapped out after the check */
};

/* page_open_pid - errors  -ESRCH no such process, or it has no memory of its own (a kernel thread,
 * a zombie); -EACCES another user's, and we are not root */
int page_open_pid(struct page_source *ret, pid_t pid, struct err *e);
/* page_open_file - a regular file; a last part shorter than a page is padded with zeros. */
int page_open_file(struct page_source *ret, const char *path, struct err *e);
void page_close(struct page_source *source);

/* What one or several walks found, in pages. The population is what reclaim would move to swap:
 * anon_pages and shmem_pages, less lazyfree_mixed_pages. */
struct page_census {
	uint64_t anon_pages, shmem_pages, file_pages; /* present, each once */
	uint64_t lazyfree_mixed_pages; /* among anon_pages; which of them cannot be told */
	uint64_t swapped_pages;        /* not read */
	uint64_t again_pages;          /* mapped again here or elsewhere, not counted twice */

	/* left out, as reclaim swaps none of them out */
	uint64_t lazyfree_pages;    /* MADV_FREE: dropped */
	uint64_t locked_pages;      /* mlock(2), SHM_LOCK */
	uint64_t shared_zero_pages; /* mappings of the kernel's shared page of zeros */
	uint64_t guard_pages;       /* guard regions: no memory */
	uint64_t special_pages;     /* PAGEMAP_SPECIAL: no page of this process, or one in motion */

	struct page_strata *strata; /* NULL = not asked for */
};

/* Page frames seen; shared by the walks of one scan. Zero before use. */
struct page_set {
	uint64_t *slots;
	size_t n, capacity;
};
void page_set_done(struct page_set *set);

/* A uniform sample without replacement of what walks find, of fixed size and in one pass
 * (reservoir). */
struct page_sample {
	struct page_ref *refs;
	size_t n, capacity, allocated;
	uint64_t seen; /* pages offered: the population */
	struct prng rng;
};

/* page_sample_init - capacity SIZE_MAX takes every page. */
void page_sample_init(struct page_sample *sample, size_t capacity, uint64_t seed);
void page_sample_done(struct page_sample *sample);
int page_sample_offer(struct page_sample *sample, const struct page_ref *ref); /* -ENOMEM */
/* page_sample_shuffle - into random order, so that any first n of them are a sample too. */
void page_sample_shuffle(struct page_sample *sample);
/* page_sample_sort - those from `from` to before `to` by source and address, for reading. */
void page_sample_sort(struct page_sample *sample, size_t from, size_t to);

/* page_walk - offers every page of these kinds to the sample that reclaim could move; counts go to
 * census. Page frames mapped more than once are recognised by number, which needs CAP_SYS_ADMIN:
 * without it they count each time, as do shared pages of zeros. Mappings of devices and of hugetlb
 * pages are skipped. Pages that MADV_FREE gave back are known by mapping (smaps), and one by one
 * only with CAP_SYS_ADMIN: where a mapping has others too, all of them are offered, and counted
 * lazyfree_mixed_pages.
 *
 * errors  -ESRCH the process ended meanwhile (what was found is kept); -ENOMEM; read's own
 */
int page_walk(struct page_source *source, uint32_t index, unsigned int kinds, struct page_set *set,
	      struct page_census *census, struct page_sample *sample, struct err *e);

enum page_got {
	PAGE_READ,
	PAGE_SWAPPED,
	PAGE_GONE,   /* unmapped, or its process ended */
	PAGE_DENIED, /* still there, and the kernel does not let it be read */
};

/* page_read - n pages of one source, in ascending order, into buf (n * PAGE_BYTES); got[i] is
 * the result of each. What process_vm_readv refuses (PROT_NONE) is read through /proc/PID/mem.
 *
 * errors  -ENOTSUP (exit 77) the kernel lets us see where pages are, but not read them; a page or a
 * process that is gone is no error but PAGE_GONE
 */
int page_read(struct page_source *source, const struct page_ref *refs, size_t n, void *buf,
	      enum page_got *got, struct err *e);

#endif
