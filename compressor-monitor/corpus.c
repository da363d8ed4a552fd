/* SPDX-License-Identifier: GPL-2.0-only */
/* corpus.c - the bench's data. */
#include "corpus.h"

#include <sys/stat.h>

#include "page.h"
#include "stats.h"

static void fill_repetitive(unsigned char *p, size_t size)
{
	static const char line[] = "page 4096 bytes, one line of text over and over again\n";

	for (size_t i = 0; i < size; i++)
		p[i] = (unsigned char)line[i % (sizeof(line) - 1)];
}

static void fill_unique(unsigned char *p, size_t size, struct prng *rng)
{
	for (size_t i = 0; i < size; i++)
		p[i] = (unsigned char)(prng_next(rng) >> 56);
}

static void fill_mixed(unsigned char *p, size_t size, struct prng *rng)
{
	for (size_t at = 0; at < size; at += CORPUS_BLOCK_BYTES) {
		size_t len = MIN(size - at, (size_t)CORPUS_BLOCK_BYTES);

		if (at / CORPUS_BLOCK_BYTES % 2)
			fill_unique(p + at, len, rng);
		else
			fill_repetitive(p + at, len);
	}
}

static int fill_from_file(const char *path, char *buf, size_t size, struct err *e)
{
	struct page_source file;
	size_t filled = 0;
	ssize_t n = 1;
	int r = page_open_file(&file, path, e);

	if (r)
		return r;
	while (filled < size && (n = pread(file.fd, buf + filled, size - filled, (off_t)filled)) > 0)
		filled += (size_t)n;
	if (n < 0)
		r = err_set(e, errno, "cannot read %s", path);
	else if (filled < size)
		r = err_say(e, ENODATA, "%s has only %zu bytes", path, filled);
	page_close(&file);
	return r;
}

static bool is_made(const char *name)
{
	return str_eq(name, "repetitive") || str_eq(name, "unique") || str_eq(name, "mixed_50_50");
}

int corpus_has(const char *name, uint64_t size, bool *ret, struct err *e)
{
	struct page_source file;
	struct stat st;
	int r;

	*ret = !str_eq(name, "mixed_50_50") || size % (2 * CORPUS_BLOCK_BYTES) == 0;
	if (is_made(name))
		return 0;
	r = page_open_file(&file, name, e);
	if (r)
		return r;
	if (fstat(file.fd, &st))
		r = err_set(e, errno, "cannot look at %s", name);
	else
		*ret = (uint64_t)st.st_size >= size;
	page_close(&file);
	return r;
}

int corpus_fill(const char *name, uint64_t seed, void *buf, size_t size, struct err *e)
{
	struct prng rng;

	prng_seed(&rng, seed);
	if (str_eq(name, "repetitive"))
		fill_repetitive(buf, size);
	else if (str_eq(name, "unique"))
		fill_unique(buf, size, &rng);
	else if (str_eq(name, "mixed_50_50"))
		fill_mixed(buf, size, &rng);
	else
		return fill_from_file(name, buf, size, e);
	return 0;
}
