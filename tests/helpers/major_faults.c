/* SPDX-License-Identifier: GPL-2.0-only */
/* major_faults.c - a known number of major faults: reads pages of a file that the page cache no
 * longer holds.
 *
 *   major_faults FILE PAGES [hold]
 *
 * Makes FILE, asks the kernel to page it out (MADV_PAGEOUT, which is one of the reclaim events),
 * drops the rest and reads it page by page without readahead. Prints `pid=N majors=N`, by the count
 * of getrusage(2). With hold, lives on until standard input ends.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "lib/base/base.h"

static long majors(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) ? 0 : usage.ru_majflt;
}

static bool fill(int fd, size_t pages)
{
	char page[PAGE_BYTES];

	memset(page, 1, sizeof(page));
	for (size_t i = 0; i < pages; i++) {
		if (write(fd, page, sizeof(page)) != (ssize_t)sizeof(page))
			return false;
	}
	return fsync(fd) == 0;
}

int main(int argc, char **argv)
{
	size_t pages = argc >= 3 ? strtoul(argv[2], NULL, 10) : 0, bytes = pages * PAGE_BYTES;
	AUTO_CLOSE int fd =
		pages ? open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	long before;
	char *map;

	if (fd < 0 || !fill(fd, pages))
		return 1;
	for (int round = 0; round < 2; round++) {
		map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED || madvise(map, bytes, MADV_RANDOM))
			return 1;
		before = majors();
		for (size_t i = 0; i < pages; i++)
			(void)((volatile char *)map)[i * PAGE_BYTES];
		if (round == 0 && (madvise(map, bytes, MADV_PAGEOUT) || munmap(map, bytes) ||
				   posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED)))
			return 1;
	}
	printf("pid=%d majors=%ld\n", getpid(), majors() - before);
	while (argc > 3 && getchar() != EOF)
		;
	return 0;
}
