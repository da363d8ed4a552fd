/* SPDX-License-Identifier: GPL-2.0-only */
/* hold_pages.c - a known number of anonymous pages, each with content of its own, no huge pages.
 *
 *   hold_pages PAGES
 *
 * Fills them, prints `held`, and ends when standard input does.
 */
#include <sys/mman.h>

#include "lib/base/base.h"

int main(int argc, char **argv)
{
	size_t pages = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	uint64_t *area;
	char byte;

	if (!pages)
		return 1;
	area = mmap(NULL, pages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (area == MAP_FAILED || madvise(area, pages * PAGE_BYTES, MADV_NOHUGEPAGE))
		return 1;
	for (size_t i = 0; i < pages; i++)
		area[i * PAGE_BYTES / sizeof(*area) + i % 64] = i + 1;
	puts("held");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
