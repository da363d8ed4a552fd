/* SPDX-License-Identifier: GPL-2.0-only */
/* touch_pages.c - a known number of minor faults: writes to fresh anonymous pages, no huge pages.
 *
 *   touch_pages PAGES SECONDS CPU [NAME]
 *
 * Touches PAGES pages on CPU (-1: any), gives them back and starts over until SECONDS are over; at
 * least once. NAME is what the task calls itself first. Prints `pid=N low=0x... high=0x...
 * touched=N minor=N cpu_ns=N page_ns=X`: minor faults meanwhile by getrusage(2), the CPU time of
 * all of it, and that of touching a page, which others at work disturb little: of blocks of 8 ms
 * the lower quartile.
 */
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "lib/base/base.h"

static int stay_on(int cpu)
{
	cpu_set_t cpus;

	if (cpu < 0)
		return 0;
	CPU_ZERO(&cpus);
	CPU_SET((size_t)cpu, &cpus);
	return sched_setaffinity(0, sizeof(cpus), &cpus);
}

static long minors(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) ? 0 : usage.ru_minflt;
}

#define BLOCK_NS   (8 * NS_PER_MS)
#define BLOCKS_MAX 65536

static double page_ns[BLOCKS_MAX];

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double lower_quartile(size_t n)
{
	qsort(page_ns, n, sizeof(*page_ns), by_size);
	return page_ns[n / 4];
}

int main(int argc, char **argv)
{
	size_t pages = argc > 3 ? strtoul(argv[1], NULL, 10) : 0;
	double seconds = argc > 3 ? atof(argv[2]) : 0;
	uint64_t begin_ns, begin_cpu_ns, touched = 0, spent_ns, block_ns = 0, block_pages = 0;
	size_t blocks = 0;
	long before;
	char *area;

	if (!pages || stay_on(atoi(argv[3])) || (argc > 4 && prctl(PR_SET_NAME, argv[4])))
		return 1;
	area = mmap(NULL, pages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (area == MAP_FAILED || madvise(area, pages * PAGE_BYTES, MADV_NOHUGEPAGE))
		return 1;
	begin_ns = monotonic_ns();
	begin_cpu_ns = thread_cpu_ns();
	page_ns[0] = 1; /* so that its page does not fault below */
	before = minors();
	do {
		uint64_t before_ns = thread_cpu_ns();

		for (size_t i = 0; i < pages; i++)
			((volatile char *)area)[i * PAGE_BYTES] = 1;
		block_ns += thread_cpu_ns() - before_ns;
		block_pages += pages;
		if (block_ns >= BLOCK_NS && blocks < BLOCKS_MAX) {
			page_ns[blocks++] = (double)block_ns / (double)block_pages;
			block_ns = block_pages = 0;
		}
		touched += pages;
		madvise(area, pages * PAGE_BYTES, MADV_DONTNEED);
		spent_ns = monotonic_ns() - begin_ns;
	} while ((double)spent_ns < seconds * (double)NS_PER_S);
	printf("pid=%d low=0x%llx high=0x%llx touched=%llu minor=%ld cpu_ns=%llu page_ns=%.1f\n",
	       getpid(), (unsigned long long)(uintptr_t)area,
	       (unsigned long long)(uintptr_t)area + pages * PAGE_BYTES,
	       (unsigned long long)touched, minors() - before,
	       (unsigned long long)(thread_cpu_ns() - begin_cpu_ns),
	       blocks ? lower_quartile(blocks) : (double)block_ns / (double)block_pages);
	return 0;
}
