/* SPDX-License-Identifier: GPL-2.0-only */
/* scan_speed.c - a codec alone on pages in memory, for comparison with `scan --all`.
 *
 *   scan_speed MIB DATA        DATA: a page profile of `workload list`, or a file
 *
 * Fills memory, prints `{"ready":...}`, and then answers lines of standard input:
 *   codec SPEC THREADS   compresses and decompresses every page that needs a codec, page by page:
 * nothing else parts                what a scan does beside: reads the pages as it does, classes
 * them, hashes them Without arguments it has nothing to do. bench/scan.sh talks to it, and scans it
 * meanwhile.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "lib/codec/codec.h"
#include "compressor-monitor/duplicates.h"
#include "lib/analysis/mixture.h"
#include "lib/kernel/page.h"

#define WINDOW_PAGES 128u /* as in scan_read.c */
#define THREADS_MAX  256u

static char *area;
static size_t n_pages, n_coded;
static uint32_t *coded; /* indices of the pages that need a codec */

static int fill(const char *profile, struct err *e)
{
	AUTO_FCLOSE FILE *f = fopen(profile, "re");
	const struct mixture *mixture = NULL;
	int rc = f ? 0 : mixture_find(profile, &mixture, e);

	for (size_t i = 0; !rc && i < n_pages; i++) {
		char *page = area + i * PAGE_BYTES;

		if (mixture) {
			mixture_fill(page, mixture, 7, i, 0);
		} else if (fread(page, 1, PAGE_BYTES, f) != PAGE_BYTES) {
			n_pages = i; /* as far as it goes */
			break;
		}
	}
	for (size_t i = 0; !rc && i < n_pages; i++) {
		enum page_class class = page_classify(area + i * PAGE_BYTES);

		if (class != PAGE_ZERO && class != PAGE_SAME_FILLED)
			coded[n_coded++] = (uint32_t)i;
	}
	return rc;
}

/* ---- the codec alone ---- */
static struct loop {
	const char *spec;
	atomic_size_t next;
	atomic_bool failed;
} loop;

static bool both_ways(struct codec_run *run, const char *page, char *out, size_t bound, char *back)
{
	ssize_t len = run->codec->compress(run->state, page, PAGE_BYTES, out, bound);

	return len >= 0 &&
	       run->codec->decompress(run->state, out, (size_t)len, back, PAGE_BYTES) == PAGE_BYTES;
}

static void *run_loop(void *unused UNUSED)
{
	static _Thread_local char back[PAGE_BYTES];
	AUTO_FREE char *out = NULL;
	struct codec_run run;
	size_t bound, at;

	if (codec_open(&run, loop.spec, NULL)) {
		atomic_store(&loop.failed, true);
		return NULL;
	}
	bound = run.codec->bound(PAGE_BYTES);
	out = malloc(bound);
	while (out && (at = atomic_fetch_add(&loop.next, WINDOW_PAGES)) < n_coded)
		for (size_t i = at; i < MIN(at + WINDOW_PAGES, n_coded); i++)
			if (!both_ways(&run, area + (size_t)coded[i] * PAGE_BYTES, out, bound,
				       back))
				atomic_store(&loop.failed, true);
	if (!out)
		atomic_store(&loop.failed, true);
	codec_close(&run);
	return NULL;
}

static void measure_codec(const char *spec, size_t threads)
{
	pthread_t ids[THREADS_MAX];
	uint64_t begin = monotonic_ns(), cpu_begin = process_cpu_ns();

	loop.spec = spec;
	atomic_store(&loop.next, 0);
	atomic_store(&loop.failed, false);
	for (size_t i = 1; i < threads; i++)
		if (pthread_create(&ids[i], NULL, run_loop, NULL))
			exit(1);
	run_loop(NULL);
	for (size_t i = 1; i < threads; i++)
		pthread_join(ids[i], NULL);
	if (atomic_load(&loop.failed)) {
		fprintf(stderr, "scan_speed: %s failed\n", spec);
		exit(1);
	}
	printf("{\"codec\":\"%s\",\"threads\":%zu,\"elapsed_ns\":%lu,\"cpu_ns\":%lu}\n", spec,
	       threads, monotonic_ns() - begin, process_cpu_ns() - cpu_begin);
}

/* ---- what a scan does beside ---- */
static void add_lap(uint64_t *sum, uint64_t *last)
{
	uint64_t now = thread_cpu_ns();

	*sum += now - *last;
	*last = now;
}

/* What is measured must be wanted. */
static volatile uint64_t sink;

static void measure_parts(void)
{
	static _Alignas(PAGE_BYTES) char window[WINDOW_PAGES * PAGE_BYTES];
	struct duplicates *duplicates = duplicates_new();
	struct page_source source;
	uint64_t read_ns = 0, class_ns = 0, hash_ns = 0, last;

	if (!duplicates || duplicates_expect(duplicates, n_pages) ||
	    page_open_pid(&source, getpid(), NULL))
		exit(1);
	for (size_t at = 0, n; at < n_pages; at += n) {
		struct page_ref refs[WINDOW_PAGES] = { 0 };
		struct page_hash hashes[WINDOW_PAGES];
		enum page_got got[WINDOW_PAGES];

		n = MIN((size_t)WINDOW_PAGES, n_pages - at);
		for (size_t i = 0; i < n; i++)
			refs[i].address = (uintptr_t)area + (at + i) * PAGE_BYTES;
		last = thread_cpu_ns();
		if (page_read(&source, refs, n, window, got, NULL))
			exit(1);
		add_lap(&read_ns, &last);
		for (size_t i = 0; i < n; i++)
			sink += page_classify(window + i * PAGE_BYTES);
		add_lap(&class_ns, &last);
		for (size_t i = 0; i < n; i++)
			duplicates_hash(duplicates, window + i * PAGE_BYTES, &hashes[i]);
		if (duplicates_add(duplicates, hashes, n) < 0)
			exit(1);
		add_lap(&hash_ns, &last);
	}
	page_close(&source);
	duplicates_free(duplicates);
	printf("{\"read_ns\":%lu,\"class_ns\":%lu,\"hash_ns\":%lu}\n", read_ns, class_ns, hash_ns);
}

int main(int argc, char **argv)
{
	char line[128], spec[64];
	unsigned int threads;
	struct err e;

	if (argc != 3) {
		printf("nothing to do without MIB and CONTENTS: bench/scan.sh gives them\n");
		return EXIT_IMPOSSIBLE;
	}
	n_pages = strtoul(argv[1], NULL, 10) * (MIB / PAGE_BYTES);
	area = mmap(NULL, n_pages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	coded = calloc(n_pages, sizeof(*coded));
	if (!n_pages || area == MAP_FAILED || !coded || fill(argv[2], &e)) {
		fprintf(stderr, "scan_speed: cannot hold %s MiB of %s\n", argv[1], argv[2]);
		return EXIT_FAILED;
	}
	printf("{\"ready\":%zu,\"coded\":%zu}\n", n_pages, n_coded);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "codec %63s %u", spec, &threads) == 2 && threads &&
		    threads <= THREADS_MAX)
			measure_codec(spec, threads);
		else if (str_starts(line, "parts"))
			measure_parts();
		fflush(stdout);
	}
	return 0;
}
