/* SPDX-License-Identifier: GPL-2.0-only */
/* draw.c - walks a process or file, and reads what was drawn in chunks. */
#include "draw.h"

#define READ_PAGES 256

/* Appends those of n pages that were read and need a codec; returns their number. */
static size_t keep_pages(char *to, const char *pages, const enum page_got *got, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const char *page = pages + i * PAGE_BYTES;

		if (got[i] == PAGE_READ && page_classify(page) > PAGE_SAME_FILLED)
			memcpy(to + kept++ * PAGE_BYTES, page, PAGE_BYTES);
	}
	return kept;
}

static int read_sample(struct page_source *source, struct page_sample *sample, char **ret_pages,
		       size_t *ret_n, struct err *e)
{
	AUTO_FREE char *chunk = aligned_alloc(PAGE_BYTES, (size_t)READ_PAGES * PAGE_BYTES);
	AUTO_FREE char *pages = aligned_alloc(PAGE_BYTES, MAX(sample->n, (size_t)1) * PAGE_BYTES);
	enum page_got got[READ_PAGES];
	size_t kept = 0;

	if (!pages || !chunk)
		return err_set(e, ENOMEM, "cannot hold the pages");
	page_sample_sort(sample, 0, sample->n);
	for (size_t at = 0, n; at < sample->n; at += n) {
		int rc;

		n = MIN(sample->n - at, (size_t)READ_PAGES);
		rc = page_read(source, sample->refs + at, n, chunk, got, e);
		if (rc)
			return rc;
		kept += keep_pages(pages + kept * PAGE_BYTES, chunk, got, n);
	}
	*ret_pages = pages;
	*ret_n = kept;
	pages = NULL;
	return 0;
}

int draw_pages(const struct draw *draw, char **ret_pages, size_t *ret_n, struct err *e)
{
	struct page_census census = { 0 };
	struct page_set set = { 0 };
	struct page_sample sample;
	struct page_source source;
	int rc = draw->pid ? page_open_pid(&source, draw->pid, e)
			   : page_open_file(&source, draw->file, e);

	if (rc)
		return rc;
	page_sample_init(&sample, draw->max, draw->seed);
	rc = page_walk(&source, 0, draw->pid ? PAGE_KIND_SWAPPABLE : PAGE_KIND_FILE, &set, &census,
		       &sample, e);
	if (!rc)
		rc = read_sample(&source, &sample, ret_pages, ret_n, e);
	page_sample_done(&sample);
	page_set_done(&set);
	page_close(&source);
	return rc;
}
