/* SPDX-License-Identifier: GPL-2.0-only */
/* remote.c - another process's anonymous pages: which are in RAM and which are out, and moving
 * them. */
#include "remote.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/uio.h>

#include "lib/base/stop.h"
#include "lib/base/sysroot.h"
#include "lib/kernel/pagemap.h"

#define BATCH 1024 /* UIO_MAXIOV */

void remote_pages_done(struct remote_pages *pages)
{
	free(pages->runs);
	*pages = (struct remote_pages){ .n = 0 };
}

static int ended(const struct remote *remote, struct err *e)
{
	return err_say(e, ESRCH, "process %d has ended", (int)remote->pid);
}

int remote_open(struct remote *ret, pid_t pid, struct err *e)
{
	struct remote remote = { .pid = pid, .pidfd = pidfd_open(pid, 0), .pagemap_fd = -1 };
	uint64_t entry;
	int rc = 0;

	if (remote.pidfd < 0)
		return errno == ESRCH ? err_say(e, ESRCH, "there is no process %d", (int)pid)
				      : err_set(e, errno, "cannot open process %d", (int)pid);
	remote.pagemap_fd = pagemap_open(pid, e);
	if (remote.pagemap_fd < 0)
		rc = remote.pagemap_fd;
	else if (pread(remote.pagemap_fd, &entry, sizeof(entry), 0) == 0)
		rc = pagemap_no_memory(pid, e); /* older kernels open it, and it is empty */
	if (rc)
		remote_close(&remote);
	else
		*ret = remote;
	return rc;
}

void remote_close(struct remote *remote)
{
	if (remote->pagemap_fd >= 0)
		close(remote->pagemap_fd);
	if (remote->pidfd >= 0)
		close(remote->pidfd);
	remote->pagemap_fd = remote->pidfd = -1;
}

static bool in_state(uint64_t entry, enum remote_state state)
{
	if (state == REMOTE_PRESENT)
		return (entry & PAGEMAP_PRESENT) && !(entry & PAGEMAP_FILE);
	return (entry & PAGEMAP_SWAP) && !(entry & (PAGEMAP_PRESENT | PAGEMAP_FILE));
}

static int add_page(struct remote_pages *pages, uint64_t address)
{
	struct remote_run *last = pages->n ? &pages->runs[pages->n - 1] : NULL;

	pages->n_pages++;
	if (last && last->address + last->n_pages * PAGE_BYTES == address) {
		last->n_pages++;
		return 0;
	}
	if (pages->n == pages->capacity) {
		size_t capacity = MAX(pages->capacity * 2, (size_t)64);
		struct remote_run *runs = reallocarray(pages->runs, capacity, sizeof(*runs));

		if (!runs)
			return -ENOMEM;
		pages->runs = runs;
		pages->capacity = capacity;
	}
	pages->runs[pages->n++] = (struct remote_run){ .address = address, .n_pages = 1 };
	return 0;
}

/* fn for each pagemap entry of [begin, end); stops at its first non-zero, which is returned. */
typedef int entry_fn(void *ctx, uint64_t address, uint64_t entry);

static int each_entry(const struct remote *remote, uint64_t begin, uint64_t end, entry_fn *fn,
		      void *ctx)
{
	uint64_t entries[BATCH];

	while (begin < end) {
		size_t want = (size_t)MIN((end - begin) / PAGE_BYTES, (uint64_t)BATCH);
		ssize_t n = pread(remote->pagemap_fd, entries, want * sizeof(*entries),
				  (off_t)(begin / PAGE_BYTES * sizeof(*entries)));

		if (n < 0)
			return -errno;
		if (n < (ssize_t)sizeof(*entries)) /* the address space is gone, or ends here */
			return 0;
		for (size_t i = 0; i < (size_t)n / sizeof(*entries); i++, begin += PAGE_BYTES) {
			int r = fn(ctx, begin, entries[i]);

			if (r)
				return r;
		}
	}
	return 0;
}

struct finding {
	enum remote_state state;
	uint64_t max;
	struct remote_pages pages;
};

static int find_entry(void *ctx, uint64_t address, uint64_t entry)
{
	struct finding *finding = ctx;

	if (finding->pages.n_pages == finding->max)
		return 1;
	return in_state(entry, finding->state) ? add_page(&finding->pages, address) : 0;
}

int remote_find(const struct remote *remote, enum remote_state state, uint64_t max,
		struct remote_pages *ret, struct err *e)
{
	struct finding finding = { .state = state, .max = max };
	AUTO_FREE char *maps = NULL;
	ssize_t n = sysroot_read_alloc(NULL, &maps, e, "/proc/%d/maps", (int)remote->pid);
	int r = 0;

	if (n < 0)
		return n == -ENOENT || n == -ESRCH ? ended(remote, e) : (int)n;
	for (char *line = maps; r == 0 && *line;
	     line += strcspn(line, "\n"), line += *line == '\n') {
		uint64_t begin, end;

		/* The kernel's own pages (vdso, vvar, vsyscall) are neither anonymous nor can they
		 * move. */
		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &begin, &end) == 2 &&
		    begin < UINT64_C(1) << 63)
			r = each_entry(remote, begin, end, find_entry, &finding);
	}
	if (r < 0) {
		remote_pages_done(&finding.pages);
		return err_set(e, r, "cannot look at the pages of process %d", (int)remote->pid);
	}
	*ret = finding.pages;
	return 0;
}

struct counting {
	enum remote_state state;
	uint64_t n;
};

static int count_entry(void *ctx, uint64_t address UNUSED, uint64_t entry)
{
	struct counting *counting = ctx;

	counting->n += in_state(entry, counting->state);
	return 0;
}

int remote_count(const struct remote *remote, const struct remote_pages *pages,
		 enum remote_state state, uint64_t *ret, struct err *e)
{
	struct counting counting = { .state = state };

	for (size_t i = 0; i < pages->n; i++) {
		const struct remote_run *run = &pages->runs[i];
		int r = each_entry(remote, run->address, run->address + run->n_pages * PAGE_BYTES,
				   count_entry, &counting);

		if (r)
			return err_set(e, r, "cannot look at the pages of process %d",
				       (int)remote->pid);
	}
	*ret = counting.n;
	return 0;
}

int remote_advise(const struct remote *remote, const struct remote_pages *pages, int advice,
		  struct err *e)
{
	struct iovec ranges[BATCH];

	for (size_t at = 0; at < pages->n && !stop_requested();) {
		size_t n = MIN(pages->n - at, (size_t)BATCH);

		for (size_t i = 0; i < n; i++)
			ranges[i] = (struct iovec){ (void *)(uintptr_t)pages->runs[at + i].address,
						    pages->runs[at + i].n_pages * PAGE_BYTES };
		ssize_t bytes = process_madvise(remote->pidfd, ranges, n, advice, 0);

		if (bytes < 0 && errno == ESRCH)
			return ended(remote, e);
		if (bytes < 0 && errno != ENOMEM && errno != EINVAL && errno != EINTR &&
		    errno != EAGAIN)
			return err_set(e, errno, "cannot advise on the pages of process %d",
				       (int)remote->pid);
		/* It stops at the first range it cannot do, one that was unmapped or is locked: on
		 * behind that one. */
		size_t done = 0;

		for (uint64_t left = bytes < 0 ? 0 : (uint64_t)bytes;
		     done < n && left >= ranges[done].iov_len; done++)
			left -= ranges[done].iov_len;
		at += done + (done < n);
	}
	return 0;
}

int remote_prefault(const struct remote *remote, const struct remote_pages *pages, struct err *e)
{
	struct iovec theirs[BATCH];
	char bytes[BATCH];
	size_t run = 0;
	uint64_t page = 0;

	while (run < pages->n && !stop_requested()) {
		size_t n = 0;

		for (; n < BATCH && run < pages->n; n++) {
			uint64_t address = pages->runs[run].address + page * PAGE_BYTES;

			theirs[n] = (struct iovec){ (void *)(uintptr_t)address, 1 };
			if (++page == pages->runs[run].n_pages) {
				page = 0;
				run++;
			}
		}
		for (size_t at = 0; at < n;) {
			struct iovec ours = { bytes, n - at };
			ssize_t got =
				process_vm_readv(remote->pid, &ours, 1, theirs + at, n - at, 0);

			if (got < 0 && errno == ESRCH)
				return ended(remote, e);
			if (got < 0 && errno != EFAULT && errno != EINTR)
				return err_set(e, errno, "cannot read the pages of process %d",
					       (int)remote->pid);
			at += got > 0 ? (size_t)got : 1; /* EFAULT: this one was unmapped */
		}
	}
	return 0;
}

int remote_touch(const struct remote *remote, const struct remote_pages *pages, double *page_ns,
		 size_t *n, struct err *e)
{
	*n = 0;
	for (size_t i = 0; i < pages->n; i++)
		for (uint64_t page = 0; page < pages->runs[i].n_pages && !stop_requested();
		     page++) {
			struct iovec theirs = {
				(void *)(uintptr_t)(pages->runs[i].address + page * PAGE_BYTES), 1
			};
			char byte;
			struct iovec ours = { &byte, 1 };
			uint64_t begin_ns = monotonic_ns();
			ssize_t got = process_vm_readv(remote->pid, &ours, 1, &theirs, 1, 0);

			if (got == 1)
				page_ns[(*n)++] = (double)(monotonic_ns() - begin_ns);
			else if (errno == ESRCH)
				return ended(remote, e);
			else if (errno != EFAULT && errno != EINTR)
				return err_set(e, errno, "cannot read the pages of process %d",
					       (int)remote->pid);
		}
	return 0;
}
