/* SPDX-License-Identifier: GPL-2.0-only */
/* remap.c - the same addresses first a file's, then anonymous memory.
 *
 *   remap FILE PAGES
 *
 * Maps PAGES pages of FILE, prints `pid=N low=0x... high=0x...`, and for each of two lines on stdin
 * writes to each page: for the first as the file, for the second as fresh anonymous memory in its
 * place. Ends at a third line.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "lib/base/base.h"

static void touch(char *area, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		((volatile char *)area)[i * PAGE_BYTES] = 1;
}

static bool asked(void)
{
	int c;

	while ((c = getchar()) != EOF && c != '\n')
		;
	return c != EOF;
}

int main(int argc, char **argv)
{
	size_t pages = argc == 3 ? strtoul(argv[2], NULL, 10) : 0, bytes = pages * PAGE_BYTES;
	AUTO_CLOSE int fd =
		pages ? open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	char *area;

	if (fd < 0 || ftruncate(fd, (off_t)bytes))
		return 1;
	area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (area == MAP_FAILED)
		return 1;
	printf("pid=%d low=0x%llx high=0x%llx\n", getpid(), (unsigned long long)(uintptr_t)area,
	       (unsigned long long)(uintptr_t)area + bytes);
	fflush(stdout);
	if (!asked())
		return 1;
	touch(area, pages);
	if (!asked() ||
	    mmap(area, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0) != area ||
	    madvise(area, bytes, MADV_NOHUGEPAGE))
		return 1;
	touch(area, pages);
	return !asked();
}
