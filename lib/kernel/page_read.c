/* SPDX-License-Identifier: GPL-2.0-only */
/* page_read.c - copies sampled pages out of files and processes: present ones only, each checked
 * again before. */
#include "page.h"

#include <sys/resource.h>
#include <sys/uio.h>

#include "pagemap.h"

#define READ_PAGES 256 /* one process_vm_readv; below UIO_MAXIOV */

/* How many of the first are neighbours, one behind the other. */
static size_t run_length(const struct page_ref *refs, size_t n)
{
	size_t run = 1;

	while (run < n && refs[run].address == refs[0].address + run * PAGE_BYTES)
		run++;
	return run;
}

static int read_file_pages(struct page_source *source, const struct page_ref *refs, size_t n,
			   char *buf, enum page_got *got, struct err *e)
{
	for (size_t i = 0, run; i < n; i += run) {
		char *pages = buf + i * PAGE_BYTES;
		size_t filled = 0, bytes;

		run = run_length(refs + i, n - i);
		bytes = run * PAGE_BYTES;
		while (filled < bytes) {
			ssize_t got_bytes = pread(source->fd, pages + filled, bytes - filled,
						  (off_t)(refs[i].address + filled));

			if (got_bytes < 0)
				return err_set(e, errno, "cannot read the file at %lu",
					       refs[i].address + filled);
			if (got_bytes == 0)
				break;
			filled += (size_t)got_bytes;
		}
		memset(pages + filled, 0, bytes - filled);
		for (size_t k = 0; k < run; k++)
			got[i + k] = k * PAGE_BYTES < filled ? PAGE_READ : PAGE_GONE;
	}
	return 0;
}

static enum page_got got_of(const struct page_source *source, uint64_t entry)
{
	switch (pagemap_decode(entry, source->swap_types).state) {
	case PAGEMAP_PRESENT:
		return PAGE_READ;
	case PAGEMAP_SWAPPED:
		return PAGE_SWAPPED;
	default:
		return PAGE_GONE;
	}
}

/* What the pagemap says now, run by run of neighbours. */
static void check_again(struct page_source *source, const struct page_ref *refs, size_t n,
			enum page_got *got)
{
	uint64_t entries[READ_PAGES];

	for (size_t i = 0, run; i < n; i += run) {
		ssize_t bytes = 0;

		run = run_length(refs + i, n - i);
		if (!source->ended)
			bytes = pread(source->fd, entries, run * sizeof(*entries),
				      (off_t)(refs[i].address / PAGE_BYTES * sizeof(*entries)));
		if (bytes < (ssize_t)sizeof(*entries))
			source->ended = true;
		else
			run = MIN(run, (size_t)bytes / sizeof(*entries));
		for (size_t k = 0; k < run; k++)
			got[i + k] = source->ended ? PAGE_GONE : got_of(source, entries[k]);
	}
}

/* Through /proc/PID/mem, which reads pages without the permission to be read, as a debugger may. */
static void read_forced(struct page_source *source, const struct page_ref *ref, char *page,
			enum page_got *got)
{
	if (source->mem_fd >= 0 &&
	    pread(source->mem_fd, page, PAGE_BYTES, (off_t)ref->address) == PAGE_BYTES)
		return;
	check_again(source, ref, 1, got);
	if (*got == PAGE_READ)
		*got = PAGE_DENIED;
}

static int read_refused(const struct page_source *source, int code, struct err *e)
{
	if (code != EPERM && code != ENOSYS)
		return err_set(e, code, "cannot read the memory of process %d", (int)source->pid);
	err_impossible(e, "the kernel does not let this user read the memory of process %d",
		       (int)source->pid);
	return err_hint(e, "run this as root, or check kernel.yama.ptrace_scope and the "
			   "container's seccomp rules");
}

/* The present pages from the i-th, neighbours in one piece: each costs the kernel a lock and a walk
 * of page tables. */
static size_t gather(const struct page_ref *refs, const size_t *which, size_t from, size_t n,
		     char *buf, struct iovec *local, struct iovec *remote)
{
	size_t pieces = 0;

	for (size_t i = from; i < n; i++) {
		size_t at = which[i];

		if (i > from && at == which[i - 1] + 1 &&
		    refs[at].address == refs[which[i - 1]].address + PAGE_BYTES) {
			local[pieces - 1].iov_len += PAGE_BYTES;
			remote[pieces - 1].iov_len += PAGE_BYTES;
			continue;
		}
		local[pieces] = (struct iovec){ buf + at * PAGE_BYTES, PAGE_BYTES };
		remote[pieces++] =
			(struct iovec){ (void *)(uintptr_t)refs[at].address, PAGE_BYTES };
	}
	return pieces;
}

/* One system call for all pages that are still there; where it stops, that page is tried alone, and
 * then the rest. */
static int read_present(struct page_source *source, const struct page_ref *refs,
			const size_t *which, size_t n, char *buf, enum page_got *got, struct err *e)
{
	struct iovec local[READ_PAGES], remote[READ_PAGES];
	size_t done = 0;

	while (done < n && !source->ended) {
		size_t pieces = gather(refs, which, done, n, buf, local, remote);
		ssize_t bytes = process_vm_readv(source->pid, local, pieces, remote, pieces, 0);

		if (bytes < 0 && errno == ESRCH) {
			source->ended = true;
		} else if (bytes < 0 && errno != EFAULT) {
			return read_refused(source, errno, e);
		} else {
			done += bytes > 0 ? (size_t)bytes / PAGE_BYTES : 0;
			if (done < n) {
				size_t at = which[done++];

				read_forced(source, &refs[at], buf + at * PAGE_BYTES, &got[at]);
			}
		}
	}
	for (; done < n; done++)
		got[which[done]] = PAGE_GONE;
	return 0;
}

static uint64_t major_faults(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) ? 0 : (uint64_t)usage.ru_majflt;
}

static int read_process_pages(struct page_source *source, const struct page_ref *refs, size_t n,
			      char *buf, enum page_got *got, struct err *e)
{
	size_t which[READ_PAGES], present = 0;

	check_again(source, refs, n, got);
	for (size_t i = 0; i < n; i++)
		if (got[i] == PAGE_READ)
			which[present++] = i;
	if (!present)
		return 0;

	/* A page of theirs that the kernel swaps in for us is a major fault of ours: nothing here
	 * faults otherwise. */
	uint64_t before = major_faults();
	int rc = read_present(source, refs, which, present, buf, got, e);

	source->swapin_pages += major_faults() - before;
	return rc;
}

int page_read(struct page_source *source, const struct page_ref *refs, size_t n, void *buf,
	      enum page_got *got, struct err *e)
{
	if (!source->pid)
		return read_file_pages(source, refs, n, buf, got, e);
	for (size_t i = 0; i < n; i += READ_PAGES) {
		int rc = read_process_pages(source, refs + i, MIN(n - i, (size_t)READ_PAGES),
					    (char *)buf + i * PAGE_BYTES, got + i, e);

		if (rc)
			return rc;
	}
	return 0;
}
