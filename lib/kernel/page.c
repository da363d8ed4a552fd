/* SPDX-License-Identifier: GPL-2.0-only */
/* page.c - walks /proc/PID/maps and pagemap and samples the present pages. page_class.c
 * classifies them, page_read.c reads them.
 */
#include "page.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "maps.h"
#include "pagemap.h"

#define WALK_ENTRIES 8192 /* 64 KiB of pagemap, 32 MiB of address space a read */

/* ---- sources ---- */
int page_open_pid(struct page_source *ret, pid_t pid, struct err *e)
{
	int fd = pagemap_open(pid, e);

	if (fd < 0)
		return fd;
	*ret = (struct page_source){ .pid = pid, .fd = fd };
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
	*ret = (struct page_source){ .fd = fd };
	fd = -1;
	return 0;
}

void page_close(struct page_source *source)
{
	if (source->fd >= 0)
		close(source->fd);
	source->fd = -1;
}

/* ---- page frames seen ---- */
void page_set_done(struct page_set *set)
{
	free(set->slots);
	*set = (struct page_set){ 0 };
}

/* Slots hold frame numbers, which are never 0 here; linear probing at a load of at most one half.
 */
static bool set_insert(struct page_set *set, uint64_t frame)
{
	size_t i = (frame * UINT64_C(0x9e3779b97f4a7c15)) & (set->capacity - 1);

	while (set->slots[i]) {
		if (set->slots[i] == frame)
			return false;
		i = (i + 1) & (set->capacity - 1);
	}
	set->slots[i] = frame;
	set->n++;
	return true;
}

static int set_grow(struct page_set *set)
{
	struct page_set bigger = { .capacity = MAX(set->capacity * 2, (size_t)1024) };

	bigger.slots = calloc(bigger.capacity, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < set->capacity; i++)
		if (set->slots[i])
			set_insert(&bigger, set->slots[i]);
	free(set->slots);
	*set = bigger;
	return 0;
}

/* 1 = the page of this entry was seen before, 0 = it was not, or its frame number is hidden. */
static int seen_before(struct page_set *set, uint64_t entry)
{
	uint64_t frame = entry & PAGEMAP_PFN;

	if (!frame || entry & PAGEMAP_MMAP_EXCLUSIVE)
		return 0;
	if (set->n * 2 >= set->capacity && set_grow(set))
		return -ENOMEM;
	return !set_insert(set, frame);
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

/* ---- walking ---- */
struct walk {
	struct page_source *source;
	uint32_t index;
	unsigned int kinds;
	struct page_set *set;
	struct page_census *census;
	struct page_sample *sample;
	uint64_t *entries; /* WALK_ENTRIES of them */
	const char *name;  /* of the mapping */
	enum page_kind
		stratum_kind; /* that stratum is of; 0 = none looked up for this mapping yet */
	uint32_t stratum;
	struct maps_tmpfs tmpfs; /* that the process sees */
};

/* What the file-like pages of a mapping are; 0 = nothing here can be swapped or dropped. */
static unsigned int mapping_kind(const struct walk *w, dev_t dev, const char *name)
{
	static const char *const outside[] = { "[vvar", "[vdso]", "[vsyscall]", "/anon_hugepage",
					       "/dev/" };

	if (maps_kernel_shmem(name))
		return PAGE_KIND_SHMEM;
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++)
		if (str_starts(name, outside[i]))
			return 0;
	return maps_on_tmpfs(&w->tmpfs, dev) ? PAGE_KIND_SHMEM : PAGE_KIND_FILE;
}

/* Pages of one mapping are of one kind or two: looked up where it changes. */
static int offer(struct walk *w, uint64_t address, enum page_kind kind)
{
	struct page_ref ref = { .address = address, .source = w->index, .kind = kind };
	struct page_strata *strata = w->census->strata;

	if (strata && w->stratum_kind != kind) {
		int rc = page_strata_find(strata, w->name, kind, &w->stratum);

		if (rc)
			return rc;
		w->stratum_kind = kind;
	}
	if (strata) {
		ref.stratum = w->stratum;
		strata->items[w->stratum].pages++;
	}
	return page_sample_offer(w->sample, &ref);
}

static int count_entry(struct walk *w, uint64_t address, uint64_t entry, enum page_kind kind)
{
	int again;

	if (entry & PAGEMAP_SWAP)
		w->census->swapped_pages++;
	if (!(entry & PAGEMAP_PRESENT))
		return 0;
	again = seen_before(w->set, entry);
	if (again) {
		w->census->again_pages += again > 0;
		return again > 0 ? 0 : again;
	}
	w->census->anon_pages += kind == PAGE_KIND_ANON;
	w->census->shmem_pages += kind == PAGE_KIND_SHMEM;
	w->census->file_pages += kind == PAGE_KIND_FILE;
	return kind & w->kinds ? offer(w, address, kind) : 0;
}

static int walk_range(struct walk *w, uint64_t begin, uint64_t end, enum page_kind file_kind)
{
	for (uint64_t at = begin; at < end;) {
		size_t want = MIN((end - at) / PAGE_BYTES, (uint64_t)WALK_ENTRIES);
		ssize_t got = pread(w->source->fd, w->entries, want * sizeof(*w->entries),
				    (off_t)(at / PAGE_BYTES * sizeof(*w->entries)));

		if (got < 0)
			return -errno;
		if ((size_t)got < sizeof(*w->entries)) {
			w->source->ended = true;
			return -ESRCH;
		}
		for (size_t i = 0; i < (size_t)got / sizeof(*w->entries); i++, at += PAGE_BYTES) {
			uint64_t entry = w->entries[i];
			int rc = entry ? count_entry(w, at, entry,
						     entry & PAGEMAP_FILE ? file_kind
									  : PAGE_KIND_ANON)
				       : 0;

			if (rc)
				return rc;
		}
	}
	return 0;
}

static int walk_maps(struct walk *w, FILE *maps)
{
	AUTO_FREE char *line = NULL;
	size_t size = 0;
	bool any = false;

	while (getline(&line, &size, maps) > 0) {
		uint64_t begin, end;
		unsigned int major, minor, kind;
		int name = 0, rc;

		if (sscanf(line, "%lx-%lx %*s %*x %x:%x %*u %n", &begin, &end, &major, &minor,
			   &name) != 4 ||
		    !name)
			return -EBADMSG;
		any = true;
		line[strcspn(line, "\n")] = '\0';
		kind = mapping_kind(w, makedev(major, minor), line + name);
		w->name = line[name] ? line + name : "[anon]";
		w->stratum_kind = 0;
		rc = kind ? walk_range(w, begin, end, kind) : 0;
		if (rc)
			return rc;
	}
	return any ? 0 : -ESRCH;
}

static int walk_file(struct walk *w)
{
	struct stat st;

	if (fstat(w->source->fd, &st))
		return -errno;
	w->name = "[file]";
	for (uint64_t at = 0; at < (uint64_t)st.st_size; at += PAGE_BYTES) {
		int rc = offer(w, at, PAGE_KIND_FILE);

		if (rc)
			return rc;
		w->census->file_pages++;
	}
	return 0;
}

static int walk_process(struct walk *w)
{
	AUTO_FREE uint64_t *entries = calloc(WALK_ENTRIES, sizeof(*entries));
	AUTO_FCLOSE FILE *maps = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)w->source->pid);
	maps = fopen(path, "re");
	if (!maps)
		return errno == ENOENT ? -ESRCH : -errno;
	if (!entries)
		return -ENOMEM;
	w->entries = entries;
	maps_tmpfs_read(w->source->pid, &w->tmpfs);
	return walk_maps(w, maps);
}

int page_walk(struct page_source *source, uint32_t index, unsigned int kinds, struct page_set *set,
	      struct page_census *census, struct page_sample *sample, struct err *e)
{
	struct walk w = {
		.source = source,
		.index = index,
		.kinds = kinds,
		.set = set,
		.census = census,
		.sample = sample,
	};
	int rc = source->pid ? walk_process(&w) : walk_file(&w);

	if (rc == -ESRCH)
		return pagemap_no_memory(source->pid, e);
	if (rc && source->pid)
		return err_set(e, rc, "cannot walk the memory map of process %d", (int)source->pid);
	return rc ? err_set(e, rc, "cannot read the size of the file") : 0;
}
