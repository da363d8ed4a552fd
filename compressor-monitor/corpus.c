/* SPDX-License-Identifier: GPL-2.0-only */
/* corpus.c - the data of a bench. */
#include "corpus.h"

#include <fts.h>
#include <sys/stat.h>

#include "draw.h"
#include "lib/analysis/mixture.h"
#include "lib/analysis/prng.h"
#include "lib/base/units.h"

#define PROCESS_PREFIX "pid:"
#define PROFILE_PREFIX "profile:"
#define BEYOND_PAGES   (UINT64_C(1) << 32) /* page numbers of mixtures that no corpus reaches */

/* ---- generated ---- */
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

/* Pages from this number on that need a codec. */
static void fill_profile(const struct corpus *c, uint64_t index, char *buf, size_t size)
{
	uint64_t page[PAGE_BYTES / 8];

	for (size_t at = 0; at < size; index++) {
		if (mixture_fill(page, c->mixture, c->seed, index, 0) <= MIXTURE_SAME)
			continue;
		memcpy(buf + at, page, MIN(size - at, (size_t)PAGE_BYTES));
		at += PAGE_BYTES;
	}
}

static bool is_generated(const char *name)
{
	return str_eq(name, "repetitive") || str_eq(name, "unique") || str_eq(name, "mixed_50_50");
}

static void fill_generated(const struct corpus *c, uint64_t seed, void *buf, size_t size)
{
	struct prng rng;

	prng_seed(&rng, seed);
	if (str_eq(c->name, "repetitive"))
		fill_repetitive(buf, size);
	else if (str_eq(c->name, "unique"))
		fill_unique(buf, size, &rng);
	else
		fill_mixed(buf, size, &rng);
}

static int open_profile(struct corpus *ret, const char *name, struct err *e)
{
	int rc = mixture_find(name, &ret->mixture, e);

	if (rc)
		return rc;
	if (ret->mixture->permille[MIXTURE_ZERO] + ret->mixture->permille[MIXTURE_SAME] == 1000)
		return err_say(e, ENODATA, "profile %s: all its pages are zero or same-filled",
			       name);
	return 0;
}

/* ---- files and directories ---- */

/* Appends a file's data, padded with zeros to whole pages if pad is set. */
static int append_file(struct corpus *ret, const char *path, size_t limit, bool pad, struct err *e)
{
	struct page_source file;
	ssize_t n = 1;
	size_t from = ret->n_bytes;
	int rc = page_open_file(&file, path, e);

	if (rc)
		return rc;
	while (ret->n_bytes < limit &&
	       (n = pread(file.fd, ret->bytes + ret->n_bytes, limit - ret->n_bytes,
			  (off_t)(ret->n_bytes - from))) > 0)
		ret->n_bytes += (size_t)n;
	page_close(&file);
	if (n < 0)
		return err_set(e, errno, "cannot read %s", path);
	for (; pad && ret->n_bytes % PAGE_BYTES && ret->n_bytes < limit; ret->n_bytes++)
		ret->bytes[ret->n_bytes] = '\0';
	return 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Files that may not be read, and those that go meanwhile, are left out. */
static int append_directory(struct corpus *ret, const char *path, size_t limit, struct err *e)
{
	AUTO_FREE char *copy = strdup(path);
	char *paths[] = { copy, NULL };
	FTS *tree = copy ? fts_open(paths, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, by_name) : NULL;
	FTSENT *entry;

	if (!tree)
		return err_set(e, copy ? errno : ENOMEM, "cannot open %s", path);
	while (ret->n_bytes < limit && (entry = fts_read(tree)))
		if (entry->fts_info == FTS_F && S_ISREG(entry->fts_statp->st_mode) &&
		    entry->fts_statp->st_size)
			append_file(ret, entry->fts_path, limit, true, NULL);
	fts_close(tree);
	return ret->n_bytes ? 0 : err_say(e, ENODATA, "no readable file with data below %s", path);
}

static int open_path(struct corpus *ret, size_t limit, struct err *e)
{
	struct stat st;

	if (stat(ret->name, &st))
		return err_set(e, errno, "cannot open %s", ret->name);
	if (S_ISREG(st.st_mode)) /* no larger than the file */
		limit = MIN(limit, MAX((size_t)st.st_size, (size_t)1));
	ret->bytes = malloc(limit);
	if (!ret->bytes)
		return err_set(e, ENOMEM, "cannot hold %s", ret->name);
	return S_ISDIR(st.st_mode) ? append_directory(ret, ret->name, limit, e)
				   : append_file(ret, ret->name, limit, false, e);
}

/* ---- processes ---- */

/* In random order, so that the beginning, whatever its size, stands for all of it. */
static void shuffle(char *pages, size_t n, uint64_t seed)
{
	char page[PAGE_BYTES];
	struct prng rng;

	prng_seed(&rng, seed);
	for (size_t i = n; i > 1; i--) {
		char *a = pages + (i - 1) * PAGE_BYTES,
		     *b = pages + prng_below(&rng, i) * PAGE_BYTES;

		memcpy(page, a, PAGE_BYTES);
		memmove(a, b, PAGE_BYTES);
		memcpy(b, page, PAGE_BYTES);
	}
}

static int open_process(struct corpus *ret, const char *text, size_t limit, struct err *e)
{
	struct draw draw = { .seed = ret->seed, .max = limit / PAGE_BYTES + 1 };
	uint64_t pid;
	size_t n;
	int rc = units_parse_u64(text, &pid, e);

	if (rc || pid < 1 || pid > INT32_MAX)
		return err_usage(e, "--corpora: '%s' is not a process ID", text);
	draw.pid = (pid_t)pid;
	rc = draw_pages(&draw, &ret->bytes, &n, e);
	if (rc)
		return rc;
	if (!n)
		return err_say(e, ENODATA, "no page of process %s that needs a codec could be read",
			       text);
	shuffle(ret->bytes, n, ret->seed);
	ret->n_bytes = n * PAGE_BYTES;
	return 0;
}

/* ---- all ---- */
int corpus_open(struct corpus *ret, const char *name, uint64_t seed, size_t limit, struct err *e)
{
	struct corpus c = { .name = name, .seed = seed };
	int rc;

	if (str_starts(name, PROCESS_PREFIX))
		rc = open_process(&c, name + strlen(PROCESS_PREFIX), limit, e);
	else if (str_starts(name, PROFILE_PREFIX))
		rc = open_profile(&c, name + strlen(PROFILE_PREFIX), e);
	else if (str_starts(name, "contents:"))
		return err_usage(e, "--corpora: write " PROFILE_PREFIX "%s", strchr(name, ':') + 1);
	else
		rc = is_generated(name) ? 0 : open_path(&c, limit, e);
	if (rc) {
		corpus_close(&c);
		return rc;
	}
	if (!c.bytes)
		c.n_bytes = SIZE_MAX;
	*ret = c;
	return 0;
}

void corpus_close(struct corpus *corpus)
{
	free(corpus->bytes);
	corpus->bytes = NULL;
}

bool corpus_has(const struct corpus *corpus, uint64_t size)
{
	if (str_eq(corpus->name, "mixed_50_50"))
		return size % (2 * CORPUS_BLOCK_BYTES) == 0;
	return size <= corpus->n_bytes;
}

void corpus_fill(const struct corpus *corpus, void *buf, size_t size)
{
	if (corpus->bytes)
		memcpy(buf, corpus->bytes, size);
	else if (corpus->mixture)
		fill_profile(corpus, 0, buf, size);
	else
		fill_generated(corpus, corpus->seed, buf, size);
}

size_t corpus_fill_beyond(const struct corpus *corpus, size_t used, size_t unit, void *buf,
			  size_t size)
{
	size_t left = used < corpus->n_bytes ? corpus->n_bytes - used : 0;

	size = MIN(size, left);
	size -= size % unit;
	if (corpus->bytes)
		memcpy(buf, corpus->bytes + used, size);
	else if (corpus->mixture)
		fill_profile(corpus, BEYOND_PAGES, buf, size);
	else
		fill_generated(corpus, mixture_hash(corpus->seed, 1), buf, size);
	return size;
}
