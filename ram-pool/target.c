/* SPDX-License-Identifier: GPL-2.0-only */
/* target.c - the anonymous pages of another process: which are in RAM or in swap, and moving them.
 */
#include "target.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/uio.h>

#include "lib/base/stop.h"
#include "lib/base/sysroot.h"
#include "lib/kernel/pagemap.h"

#define BATCH 1024 /* UIO_MAXIOV */

void target_pages_done(struct target_pages *pages)
{
	free(pages->runs);
	*pages = (struct target_pages){ .n = 0 };
}

static int ended(const struct target *target, struct err *e)
{
	return err_say(e, ESRCH, "process %d has ended", (int)target->pid);
}

static bool alive(const struct target *target)
{
	return pidfd_send_signal(target->pidfd, 0, NULL, 0) == 0 || errno == EPERM;
}

int target_open(struct target *ret, pid_t pid, struct err *e)
{
	struct target target = { .pid = pid,
				 .pidfd = pidfd_open(pid, 0),
				 .pagemap_fd = -1,
				 .swap_types = pagemap_swap_types() };
	uint64_t entry;
	int rc = 0;

	if (target.pidfd < 0)
		return errno == ESRCH ? err_say(e, ESRCH, "process %d not found", (int)pid)
				      : err_set(e, errno, "cannot open process %d", (int)pid);
	target.pagemap_fd = pagemap_open(pid, e);
	if (target.pagemap_fd < 0)
		rc = target.pagemap_fd;
	else if (pread(target.pagemap_fd, &entry, sizeof(entry), 0) == 0)
		rc = pagemap_no_memory(pid, e); /* older kernels open it, and it is empty */
	if (rc == 0 && !alive(&target))         /* the pagemap may be another's */
		rc = ended(&target, e);
	if (rc)
		target_close(&target);
	else
		*ret = target;
	return rc;
}

void target_close(struct target *target)
{
	if (target->pagemap_fd >= 0)
		close(target->pagemap_fd);
	if (target->pidfd >= 0)
		close(target->pidfd);
	target->pagemap_fd = target->pidfd = -1;
}

static bool in_state(const struct target *target, uint64_t entry, enum target_state state)
{
	struct pagemap_page page = pagemap_decode(entry, target->swap_types);

	return !page.file &&
	       page.state == (state == TARGET_PRESENT ? PAGEMAP_PRESENT : PAGEMAP_SWAPPED);
}

/* first: where the run may begin at the earliest. */
static int add_page(struct target_pages *pages, uint64_t address, uint64_t first)
{
	struct target_run *last = pages->n ? &pages->runs[pages->n - 1] : NULL;

	pages->n_pages++;
	if (last && last->address >= first &&
	    last->address + last->n_pages * PAGE_BYTES == address) {
		last->n_pages++;
		return 0;
	}
	if (pages->n == pages->capacity) {
		size_t capacity = MAX(pages->capacity * 2, (size_t)64);
		struct target_run *runs = reallocarray(pages->runs, capacity, sizeof(*runs));

		if (!runs)
			return -ENOMEM;
		pages->runs = runs;
		pages->capacity = capacity;
	}
	pages->runs[pages->n++] = (struct target_run){ .address = address, .n_pages = 1 };
	return 0;
}

/* Adds the pages of [begin, end) that are in this state to *n, and to the list unless that is NULL;
 * stops at max.
 */
static int read_pagemap(const struct target *target, uint64_t begin, uint64_t end,
			enum target_state state, uint64_t max, struct target_pages *list,
			uint64_t *n)
{
	const uint64_t first = begin;
	uint64_t entries[BATCH];

	while (begin < end && *n < max) {
		size_t want = (size_t)MIN((end - begin) / PAGE_BYTES, (uint64_t)BATCH);
		ssize_t got = pread(target->pagemap_fd, entries, want * sizeof(*entries),
				    (off_t)(begin / PAGE_BYTES * sizeof(*entries)));

		if (got < 0)
			return -errno;
		if (got < (ssize_t)sizeof(*entries)) /* the address space is gone, or ends here */
			return 0;
		for (size_t i = 0; i < (size_t)got / sizeof(*entries); i++, begin += PAGE_BYTES) {
			if (*n == max || !in_state(target, entries[i], state))
				continue;
			++*n;
			if (list && add_page(list, begin, first))
				return -ENOMEM;
		}
	}
	return 0;
}

/* A file of the target in /proc, as text. */
static int read_text(const struct target *target, const char *file, char **ret, struct err *e)
{
	ssize_t len = sysroot_read_alloc(NULL, ret, e, "/proc/%d/%s", (int)target->pid, file);

	if (len == -ENOENT || len == -ESRCH || (len >= 0 && !alive(target)))
		return ended(target, e);
	return (int)MIN(len, (ssize_t)0);
}

/* The first line of maps or smaps from *at on that begins a mapping; *at is then behind it. */
static bool next_mapping(char **at, uint64_t *begin, uint64_t *end)
{
	while (**at) {
		const char *line = *at;

		*at += strcspn(*at, "\n");
		*at += **at == '\n';
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", begin, end) == 2)
			return true;
	}
	return false;
}

int target_find(const struct target *target, enum target_state state, uint64_t max,
		struct target_pages *ret, struct err *e)
{
	struct target_pages pages = { .n = 0 };
	AUTO_FREE char *maps = NULL;
	uint64_t n = 0, begin, end;
	int rc = read_text(target, "maps", &maps, e);

	if (rc)
		return rc;
	/* The kernel's own pages (vdso, vvar, vsyscall) are not anonymous. */
	for (char *at = maps; rc == 0 && next_mapping(&at, &begin, &end);)
		if (begin < UINT64_C(1) << 63)
			rc = read_pagemap(target, begin, end, state, max, &pages, &n);
	if (rc < 0) {
		target_pages_done(&pages);
		return err_set(e, rc, "cannot read the pagemap of process %d", (int)target->pid);
	}
	*ret = pages;
	return 0;
}

int target_count(const struct target *target, const struct target_pages *pages,
		 enum target_state state, uint64_t *ret, struct err *e)
{
	uint64_t n = 0;

	for (size_t i = 0; i < pages->n; i++) {
		const struct target_run *run = &pages->runs[i];
		int rc =
			read_pagemap(target, run->address, run->address + run->n_pages * PAGE_BYTES,
				     state, UINT64_MAX, NULL, &n);

		if (rc)
			return err_set(e, rc, "cannot read the pagemap of process %d",
				       (int)target->pid);
	}
	*ret = n;
	return 0;
}

/* What a mapping's refused pages are counted as, by its VmFlags in smaps (proc(5)); NULL: it is not
 * refused, a part of the run was unmapped. */
static uint64_t *reason_of(const char *flags, struct target_refused *refused)
{
	size_t len = strcspn(flags, "\n");

	return memmem(flags, len, " ht", 3)   ? &refused->hugetlb_pages
	       : memmem(flags, len, " lo", 3) ? &refused->locked_pages
	       : memmem(flags, len, " pf", 3) ? &refused->pfnmap_pages
					      : NULL;
}

/* Counts the runs by the mappings that they are in now. */
static int count_refused(const struct target *target, const struct target_pages *runs,
			 struct target_refused *ret, struct err *e)
{
	AUTO_FREE char *smaps = NULL;
	uint64_t begin, end, mapped_pages = 0;
	int rc = runs->n ? read_text(target, "smaps", &smaps, e) : 0;
	size_t next = 0;

	for (char *at = smaps; rc == 0 && at && next_mapping(&at, &begin, &end);) {
		const char *flags = strstr(at, "VmFlags:");
		uint64_t *reason = reason_of(flags ? flags : "", ret);

		for (size_t i = next; i < runs->n && runs->runs[i].address < end; i++) {
			uint64_t from = runs->runs[i].address;
			uint64_t to = from + runs->runs[i].n_pages * PAGE_BYTES;

			next = to <= end ? i + 1 : next;
			if (to <= begin)
				continue;
			uint64_t n = (MIN(to, end) - MAX(from, begin)) / PAGE_BYTES;

			mapped_pages += n;
			if (reason)
				*reason += n;
		}
	}
	ret->unmapped_pages = runs->n_pages - mapped_pages;
	return rc;
}

/* Keeps a run for count_refused. */
static int add_run(struct target_pages *pages, const struct target_run *run)
{
	int rc = add_page(pages, run->address, run->address);

	if (rc == 0) {
		pages->runs[pages->n - 1].n_pages = run->n_pages;
		pages->n_pages += run->n_pages - 1;
	}
	return rc;
}

/* Advises on runs from `at` on; how many: 0 with *code the errno of the first. The kernel stops at
 * the first range that it refuses, and does not say why unless it was the first. */
static size_t advise_batch(const struct target *target, const struct target_pages *pages, size_t at,
			   int advice, int *code)
{
	struct iovec ranges[BATCH] = { 0 };
	size_t n = MIN(pages->n - at, (size_t)BATCH), done = 0;

	for (size_t i = 0; i < n; i++)
		ranges[i] = (struct iovec){ (void *)(uintptr_t)pages->runs[at + i].address,
					    pages->runs[at + i].n_pages * PAGE_BYTES };
	ssize_t bytes = process_madvise(target->pidfd, ranges, n, advice, 0);

	*code = bytes < 0 ? errno : EAGAIN;
	for (uint64_t left = bytes < 0 ? 0 : (uint64_t)bytes;
	     done < n && left >= ranges[done].iov_len; done++)
		left -= ranges[done].iov_len;
	return done;
}

#define RETRIES_MAX 100 /* of EAGAIN and EINTR without progress */

/* Notes a run that was refused with this errno, or says why it cannot go on. */
static int refuse(const struct target *target, const struct target_run *run, int code,
		  struct target_pages *refused, struct err *e)
{
	if (code == ESRCH)
		return ended(target, e);
	if (code != ENOMEM && code != EINVAL && code != EBADF && code != EAGAIN)
		return err_set(e, code, "cannot advise on the pages of process %d",
			       (int)target->pid);
	return add_run(refused, run)
		       ? err_set(e, ENOMEM, "cannot note the pages of process %d", (int)target->pid)
		       : 0;
}

int target_advise(const struct target *target, const struct target_pages *pages, int advice,
		  struct target_refused *ret, struct err *e)
{
	struct target_pages refused = { .n = 0 };
	unsigned int retries = 0;
	int rc = 0, code;

	*ret = (struct target_refused){ 0 };
	for (size_t at = 0; rc == 0 && at < pages->n && !stop_requested();) {
		size_t done = advise_batch(target, pages, at, advice, &code);

		at += done;
		retries = done ? 0 : retries + 1;
		if (done || ((code == EINTR || code == EAGAIN) && retries < RETRIES_MAX))
			continue;
		rc = refuse(target, &pages->runs[at++], code, &refused, e);
		retries = 0;
	}
	if (rc == 0)
		rc = count_refused(target, &refused, ret, e);
	target_pages_done(&refused);
	return rc;
}

/* The next pages from *run and *page on, at most max; how many. */
static size_t next_pages(const struct target_pages *pages, size_t *run, uint64_t *page, size_t max,
			 struct iovec ret[BATCH])
{
	size_t n = 0;

	for (; n < max && *run < pages->n; n++) {
		uint64_t address = pages->runs[*run].address + *page * PAGE_BYTES;

		ret[n] = (struct iovec){ (void *)(uintptr_t)address, 1 };
		if (++*page == pages->runs[*run].n_pages) {
			*page = 0;
			++*run;
		}
	}
	return n;
}

int target_read(const struct target *target, const struct target_pages *pages, double *page_ns,
		size_t *n_timed, struct err *e)
{
	struct iovec theirs[BATCH];
	char bytes[BATCH];
	size_t run = 0, n;
	uint64_t page = 0;

	while (!stop_requested() &&
	       (n = next_pages(pages, &run, &page, page_ns ? 1 : BATCH, theirs)) > 0) {
		for (size_t at = 0; at < n;) {
			struct iovec ours = { bytes, n - at };
			uint64_t begin_ns = page_ns ? monotonic_ns() : 0;
			ssize_t got =
				process_vm_readv(target->pid, &ours, 1, theirs + at, n - at, 0);

			if (got < 0 && errno == ESRCH)
				return ended(target, e);
			if (got < 0 && errno != EFAULT && errno != EINTR)
				return err_set(e, errno, "cannot read the pages of process %d",
					       (int)target->pid);
			/* By its number, which may be another's by now. */
			if (!alive(target))
				return ended(target, e);
			if (got > 0 && page_ns)
				page_ns[(*n_timed)++] = (double)(monotonic_ns() - begin_ns);
			at += got > 0 ? (size_t)got : 1; /* EFAULT: this one was unmapped */
		}
	}
	return 0;
}
