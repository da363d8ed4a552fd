/* SPDX-License-Identifier: GPL-2.0-only */
/* odd_mappings.c - one area of anonymous pages whose parts, by a seed, are locked, read-only,
 * unmapped or ordinary, side by side.
 *
 *   odd_mappings SEED
 *
 * Prints `MOVABLE LOCKED` pages, then on each line of input how many of the movable ones are
 * swapped out, and ends when standard input does. Needs root, for pagemap.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "lib/analysis/prng.h"
#include "lib/base/base.h"

#define PAGES 4099

enum kind { ORDINARY, READ_ONLY, LOCKED, UNMAPPED, KINDS };

static enum kind kinds[PAGES];
static char *area;

static int make(size_t from, size_t n, enum kind kind)
{
	char *at = area + from * PAGE_BYTES;

	for (size_t i = from; i < from + n; i++)
		kinds[i] = kind;
	return kind == READ_ONLY  ? mprotect(at, n * PAGE_BYTES, PROT_READ)
	       : kind == LOCKED   ? mlock(at, n * PAGE_BYTES)
	       : kind == UNMAPPED ? munmap(at, n * PAGE_BYTES)
				  : 0;
}

static size_t count(enum kind a, enum kind b)
{
	size_t n = 0;

	for (size_t i = 0; i < PAGES; i++)
		n += kinds[i] == a || kinds[i] == b;
	return n;
}

static size_t count_swapped(int pagemap)
{
	uint64_t entry;
	size_t n = 0;

	for (size_t i = 0; i < PAGES; i++)
		if (kinds[i] <= READ_ONLY &&
		    pread(pagemap, &entry, 8, (off_t)(((uintptr_t)area / PAGE_BYTES + i) * 8)) == 8)
			n += entry >> 62 & 1;
	return n;
}

int main(int argc, char **argv)
{
	struct prng prng;
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	char byte;

	area = mmap(NULL, PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (argc < 2 || pagemap < 0 || area == MAP_FAILED ||
	    madvise(area, PAGES * PAGE_BYTES, MADV_NOHUGEPAGE))
		return 1;
	prng_seed(&prng, strtoul(argv[1], NULL, 10));
	for (size_t i = 0; i < PAGES; i++)
		snprintf(area + i * PAGE_BYTES, PAGE_BYTES, "page %zu", i);
	for (size_t at = 0, n; at < PAGES; at += n) {
		n = MIN(1 + prng_below(&prng, 97), (uint64_t)(PAGES - at));
		if (make(at, n, prng_below(&prng, KINDS)))
			return 1;
	}
	printf("%zu %zu\n", count(ORDINARY, READ_ONLY), count(LOCKED, LOCKED));
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0) {
		printf("%zu\n", count_swapped(pagemap));
		fflush(stdout);
	}
	return 0;
}
