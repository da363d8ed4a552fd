/* SPDX-License-Identifier: GPL-2.0-only */
/* next_touch - what the next touch of a page takes: of pages that were out, against pages that
 * never left.
 *
 *   next_touch MIB
 *
 * Two regions of text. "out" (a line on stdin) pages the first out, and answers "out"; "touch"
 * reads one byte of each page of both, by turns in runs of 64 pages, and answers "were_out_ns=X
 * stayed_ns=Y ratio=Z": the medians of the runs, a page. Small pages in both: a huge one would not
 * be the same after its way through swap.
 */
#include <inttypes.h>
#include <sys/mman.h>

#include "lib/base/base.h"
#include "lib/analysis/stats.h"

#define RUN 64 /* pages */

static unsigned char *region(size_t bytes)
{
	unsigned char *p =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || madvise(p, bytes, MADV_NOHUGEPAGE))
		return NULL;
	for (size_t at = 0; at < bytes; at += PAGE_BYTES)
		for (size_t n = 0; n < PAGE_BYTES;)
			n += (size_t)snprintf((char *)p + at + n, PAGE_BYTES - n,
					      "page %zu of the text, at %zu; ", at, n);
	return p;
}

/* Nanoseconds a page of one run. */
static double touch(const volatile unsigned char *p)
{
	uint64_t begin_ns = monotonic_ns();

	for (size_t i = 0; i < RUN; i++)
		(void)p[i * PAGE_BYTES];
	return (double)(monotonic_ns() - begin_ns) / RUN;
}

static int touch_both(const unsigned char *out, const unsigned char *stayed, size_t n)
{
	AUTO_FREE double *a = calloc(n, sizeof(*a));
	AUTO_FREE double *b = calloc(n, sizeof(*b));

	if (!a || !b)
		return 1;
	for (size_t i = 0; i < n; i++) {
		size_t at = i * RUN * PAGE_BYTES;

		if (i & 1)
			b[i] = touch(stayed + at);
		a[i] = touch(out + at);
		if (!(i & 1))
			b[i] = touch(stayed + at);
	}
	double x = stats_median(a, n), y = stats_median(b, n);

	printf("were_out_ns=%.1f stayed_ns=%.1f ratio=%.2f\n", x, y, x / y);
	return 0;
}

int main(int argc, char **argv)
{
	size_t bytes = argc == 2 ? (size_t)strtoul(argv[1], NULL, 10) << 20 : 0;
	unsigned char *out = bytes ? region(bytes) : NULL, *stayed = bytes ? region(bytes) : NULL;
	char line[16];

	if (!out || !stayed) {
		fprintf(stderr, "usage: next_touch MIB\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (fgets(line, sizeof(line), stdin)) {
		if (str_eq(line, "out\n")) {
			/* Pages that are not on their list yet are passed over: ask more than once.
			 */
			for (int i = 0; i < 3; i++)
				if (madvise(out, bytes, MADV_PAGEOUT))
					return 1;
			puts("out");
		} else if (str_eq(line, "touch\n") &&
			   touch_both(out, stayed, bytes / PAGE_BYTES / RUN)) {
			return 1;
		}
	}
	return 0;
}
