/* SPDX-License-Identifier: GPL-2.0-only */
/* page.c - opens processes and files, names mappings, samples pages. page_walk.c finds them,
 * page_class.c classifies them, page_read.c reads them.
 */
#include "page.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "pagemap.h"

/* ---- sources ---- */
int page_open_pid(struct page_source *ret, pid_t pid, struct err *e)
{
	char path[64];
	int fd = pagemap_open(pid, e);

	if (fd < 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	*ret = (struct page_source){
		.pid = pid,
		.fd = fd,
		.mem_fd = open(path, O_RDONLY | O_CLOEXEC),
		.swap_types = pagemap_swap_types(),
	};
	return 0;
}

int page_open_file(struct page_source *ret, const char *path, struct err *e)
{
	/* O_NONBLOCK: the open of a FIFO must not hang. */
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return err_set(e, errno, "cannot open %s", path);
	if (!S_ISREG(st.st_mode)) {
		err_say(e, EINVAL, "%s is not a regular file", path);
		return err_hint(e, "copy its data to a file first");
	}
	*ret = (struct page_source){ .fd = fd, .mem_fd = -1 };
	fd = -1;
	return 0;
}

void page_close(struct page_source *source)
{
	if (source->fd >= 0)
		close(source->fd);
	if (source->mem_fd >= 0)
		close(source->mem_fd);
	source->fd = source->mem_fd = -1;
}

/* ---- mappings by name ---- */
void page_strata_done(struct page_strata *strata)
{
	for (size_t i = 0; i < strata->n; i++)
		free(strata->items[i].name);
	free(strata->items);
	*strata = (struct page_strata){ 0 };
}

const char *page_kind_name(enum page_kind kind)
{
	switch (kind) {
	case PAGE_KIND_ANON:
		return "anon";
	case PAGE_KIND_SHMEM:
		return "shmem";
	case PAGE_KIND_FILE:
		return "file";
	default:
		return "swapped";
	}
}

static uint64_t hash_name(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return hash;
}

int page_strata_find(struct page_strata *strata, const char *name, enum page_kind kind,
		     uint32_t *ret)
{
	uint64_t hash;

	if (strata->n >= PAGE_STRATA_MAX)
		name = "[others]";
	hash = hash_name(name);
	for (size_t i = 0; i < strata->n; i++)
		if (strata->items[i].hash == hash && strata->items[i].kind == kind &&
		    str_eq(strata->items[i].name, name)) {
			*ret = (uint32_t)i;
			return 0;
		}
	if (strata->n % 64 == 0) {
		struct page_stratum *items =
			reallocarray(strata->items, strata->n + 64, sizeof(*items));

		if (!items)
			return -ENOMEM;
		strata->items = items;
	}
	strata->items[strata->n] =
		(struct page_stratum){ .name = strdup(name), .hash = hash, .kind = kind };
	if (!strata->items[strata->n].name)
		return -ENOMEM;
	*ret = (uint32_t)strata->n++;
	return 0;
}

/* ---- samples ---- */
void page_sample_init(struct page_sample *sample, size_t capacity, uint64_t seed)
{
	*sample = (struct page_sample){ .capacity = capacity };
	prng_seed(&sample->rng, seed);
}

void page_sample_done(struct page_sample *sample)
{
	free(sample->refs);
	*sample = (struct page_sample){ 0 };
}

int page_sample_offer(struct page_sample *sample, const struct page_ref *ref)
{
	uint64_t place = sample->seen++;

	if (sample->n == sample->capacity) {
		place = prng_below(&sample->rng, sample->seen);
		if (place < sample->capacity)
			sample->refs[place] = *ref;
		return 0;
	}
	if (sample->n == sample->allocated) {
		size_t allocated = MAX(sample->allocated * 2, (size_t)1024);
		struct page_ref *refs = reallocarray(sample->refs, allocated, sizeof(*refs));

		if (!refs)
			return -ENOMEM;
		sample->refs = refs;
		sample->allocated = allocated;
	}
	sample->refs[sample->n++] = *ref;
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct page_ref *x = a, *y = b;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return (x->address > y->address) - (x->address < y->address);
}

void page_sample_shuffle(struct page_sample *sample)
{
	for (size_t i = sample->n; i > 1; i--) {
		size_t j = prng_below(&sample->rng, i);
		struct page_ref other = sample->refs[j];

		sample->refs[j] = sample->refs[i - 1];
		sample->refs[i - 1] = other;
	}
}

/* A sample of every page is in order already: sorting it would cost as much as hashing it. */
void page_sample_sort(struct page_sample *sample, size_t from, size_t to)
{
	bool in_order = true;

	for (size_t i = from + 1; in_order && i < to; i++)
		in_order = by_place(&sample->refs[i - 1], &sample->refs[i]) <= 0;
	if (!in_order)
		qsort(sample->refs + from, to - from, sizeof(*sample->refs), by_place);
}
