/* SPDX-License-Identifier: GPL-2.0-only */
/* page_out.c - a known number of anonymous pages through swap: out by request, in again by touching
 * them.
 *
 *   page_out PAGES ROUNDS
 *
 * Half of each page is noise, half one byte. Prints `pages=N out=N cpu_ns=N`: pages written, those
 * that were in swap when asked, summed over the rounds, and the CPU time that both ways took.
 */
#include <sys/mman.h>
#include <time.h>

#include "lib/base/base.h"

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void fill(unsigned char *map, size_t bytes, uint64_t seed)
{
	memset(map, 1, bytes);
	for (size_t i = 0; i < bytes; i += 8) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		if (i % PAGE_BYTES < PAGE_BYTES / 2)
			memcpy(map + i, &seed, sizeof(seed));
	}
}

static size_t in_swap(unsigned char *map, size_t pages)
{
	AUTO_FREE unsigned char *resident = malloc(pages);
	size_t n = 0;

	if (!resident || mincore(map, pages * PAGE_BYTES, resident))
		return 0;
	for (size_t i = 0; i < pages; i++)
		n += !(resident[i] & 1);
	return n;
}

int main(int argc, char **argv)
{
	size_t pages = argc == 3 ? strtoul(argv[1], NULL, 10) : 0, bytes = pages * PAGE_BYTES,
	       out = 0;
	unsigned long rounds = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	uint64_t spent = 0;
	unsigned char *map =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (!pages || map == MAP_FAILED || madvise(map, bytes, MADV_NOHUGEPAGE))
		return 1;
	for (unsigned long round = 0; round < rounds; round++) {
		uint64_t begin;

		fill(map, bytes, round + 88172645463325252u);
		begin = cpu_ns();
		if (madvise(map, bytes, MADV_PAGEOUT))
			return 1;
		spent += cpu_ns() - begin;
		out += in_swap(map, pages);
		begin = cpu_ns();
		for (size_t i = 0; i < pages; i++)
			(void)((volatile unsigned char *)map)[i * PAGE_BYTES];
		spent += cpu_ns() - begin;
	}
	printf("pages=%zu out=%zu cpu_ns=%llu\n", pages * rounds, out, (unsigned long long)spent);
	return 0;
}
