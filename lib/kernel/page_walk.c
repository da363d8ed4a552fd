/* SPDX-License-Identifier: GPL-2.0-only */
/* page_walk.c - walks /proc/PID/smaps and pagemap, and offers to the sample what reclaim could
 * move.
 *
 * smaps says of each mapping whether it is locked, and how many of its pages MADV_FREE gave back;
 * which ones those are only /proc/kpageflags says, and a page that was written again since looks
 * alike there. So such a mapping is walked twice: if no more pages look like it than smaps counts,
 * they are left out one by one, else they are counted and stay in.
 */
#include "page.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "maps.h"
#include "pagemap.h"

#define WALK_ENTRIES 8192 /* 64 KiB of pagemap, 32 MiB of address space a read */

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

/* ---- walking ---- */
struct walk {
	struct page_source *source;
	uint32_t index;
	unsigned int kinds;
	struct page_set *set;
	struct page_census *census;
	struct page_sample *sample;
	int flags_fd;            /* /proc/kpageflags; -1 = not permitted */
	uint64_t *entries;       /* WALK_ENTRIES of them */
	struct maps_tmpfs tmpfs; /* that the process sees */

	/* of the mapping */
	struct maps_line line;
	struct maps_detail detail;
	char *name;
	enum page_kind file_kind;    /* of its pages that are not anonymous; 0 = not walked */
	enum page_kind stratum_kind; /* that stratum is of; 0 = none looked up yet */
	uint32_t stratum;
	uint64_t anon_pages, lazyfree_pages; /* counted so far: those that look like MADV_FREE */
	bool lazyfree_told;                  /* leave those out */
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
		int rc = page_strata_find(strata, *w->name ? w->name : "[anon]", kind, &w->stratum);

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

/* 1 = it cannot be moved; its reason is counted. Pages mapped more than once are those that can be
 * locked elsewhere, or the shared page of zeros. */
static int leave_out_by_flags(struct walk *w, const struct pagemap_page *page)
{
	struct page_census *census = w->census;
	struct pagemap_flags flags = { .lazyfree = false };
	const bool lazyfree = w->lazyfree_told && !page->file;

	if (page->frame && w->flags_fd >= 0 && (!page->exclusive || lazyfree))
		flags = pagemap_flags_read(w->flags_fd, page->frame);
	census->locked_pages += flags.unevictable;
	census->shared_zero_pages += flags.zero;
	census->lazyfree_pages += lazyfree && flags.lazyfree;
	return flags.unevictable || flags.zero || (lazyfree && flags.lazyfree);
}

/* 1 = it cannot be moved, or was seen before. */
static int leave_out(struct walk *w, const struct pagemap_page *page)
{
	if (w->detail.locked) {
		w->census->locked_pages++;
		return 1;
	}
	if (page->frame && !page->exclusive) {
		if (w->set->n * 2 >= w->set->capacity && set_grow(w->set))
			return -ENOMEM;
		if (!set_insert(w->set, page->frame)) {
			w->census->again_pages++;
			return 1;
		}
	}
	return leave_out_by_flags(w, page);
}

static int take_page(struct walk *w, uint64_t address, const struct pagemap_page *page)
{
	const enum page_kind kind = page->file ? w->file_kind : PAGE_KIND_ANON;
	int out;

	w->census->swapped_pages += page->state == PAGEMAP_SWAPPED;
	w->census->guard_pages += page->state == PAGEMAP_GUARD;
	w->census->special_pages += page->state == PAGEMAP_SPECIAL;
	if (page->state != PAGEMAP_PRESENT)
		return 0;
	out = leave_out(w, page);
	if (out)
		return MIN(out, 0);
	w->census->anon_pages += kind == PAGE_KIND_ANON;
	w->census->shmem_pages += kind == PAGE_KIND_SHMEM;
	w->census->file_pages += kind == PAGE_KIND_FILE;
	return kind & w->kinds ? offer(w, address, kind) : 0;
}

/* Counts those that MADV_FREE may have given back. */
static int count_lazyfree(struct walk *w, uint64_t address UNUSED, const struct pagemap_page *page)
{
	if (page->state != PAGEMAP_PRESENT || page->file)
		return 0;
	w->anon_pages++;
	if (page->frame && w->flags_fd >= 0)
		w->lazyfree_pages += pagemap_flags_read(w->flags_fd, page->frame).lazyfree;
	return 0;
}

typedef int take(struct walk *w, uint64_t address, const struct pagemap_page *page);

static int walk_range(struct walk *w, take *each)
{
	for (uint64_t at = w->line.begin; at < w->line.end;) {
		size_t want = MIN((w->line.end - at) / PAGE_BYTES, (uint64_t)WALK_ENTRIES);
		ssize_t got = pread(w->source->fd, w->entries, want * sizeof(*w->entries),
				    (off_t)(at / PAGE_BYTES * sizeof(*w->entries)));

		if (got < 0)
			return -errno;
		if ((size_t)got < sizeof(*w->entries)) {
			w->source->ended = true;
			return -ESRCH;
		}
		for (size_t i = 0; i < (size_t)got / sizeof(*w->entries); i++, at += PAGE_BYTES) {
			struct pagemap_page page =
				pagemap_decode(w->entries[i], w->source->swap_types);
			int rc = page.state == PAGEMAP_EMPTY ? 0 : each(w, at, &page);

			if (rc)
				return rc;
		}
	}
	return 0;
}

/* Where a mapping has pages that MADV_FREE gave back: whether they can be told from its others. */
static int find_lazyfree(struct walk *w, bool *all)
{
	int rc = walk_range(w, count_lazyfree);

	*all = w->anon_pages <= w->detail.lazyfree_pages;
	w->lazyfree_told = w->lazyfree_pages > 0 && w->lazyfree_pages <= w->detail.lazyfree_pages;
	return rc;
}

/* They stay in, as many as they are. */
static int count_mixed(struct walk *w)
{
	uint32_t stratum;
	int rc = 0;

	w->census->lazyfree_mixed_pages += w->detail.lazyfree_pages;
	if (w->census->strata)
		rc = page_strata_find(w->census->strata, *w->name ? w->name : "[anon]",
				      PAGE_KIND_ANON, &stratum);
	if (!rc && w->census->strata)
		w->census->strata->items[stratum].lazyfree_pages += w->detail.lazyfree_pages;
	return rc;
}

static int walk_mapping(struct walk *w)
{
	bool all = false;
	int rc = 0;

	if (!w->file_kind || w->detail.outside)
		return 0;
	w->stratum_kind = 0;
	w->anon_pages = w->lazyfree_pages = 0;
	w->lazyfree_told = false;
	if (w->detail.lazyfree_pages && w->kinds & PAGE_KIND_ANON && !w->detail.locked)
		rc = find_lazyfree(w, &all);
	if (all && !w->lazyfree_told) {
		w->census->lazyfree_pages += w->anon_pages;
		return rc;
	}
	if (!rc)
		rc = walk_range(w, take_page);
	if (!rc && w->detail.lazyfree_pages && w->kinds & PAGE_KIND_ANON && !w->detail.locked &&
	    !w->lazyfree_told)
		rc = count_mixed(w);
	return rc;
}

/* A mapping is walked once all its lines were read. */
static int walk_smaps(struct walk *w, FILE *smaps)
{
	AUTO_FREE char *text = NULL;
	struct maps_line line;
	size_t size = 0;
	bool any = false;
	int rc = 0;

	while (!rc && getline(&text, &size, smaps) > 0) {
		text[strcspn(text, "\n")] = '\0';
		if (!maps_line_parse(text, &line)) {
			maps_detail_parse(text, &w->detail);
			continue;
		}
		rc = any ? walk_mapping(w) : 0;
		any = true;
		free(w->name);
		w->name = strdup(text + line.path);
		if (!w->name)
			return -ENOMEM;
		w->line = line;
		w->detail = (struct maps_detail){ .locked = false };
		w->file_kind = mapping_kind(w, line.dev, w->name);
	}
	if (!rc)
		rc = any ? walk_mapping(w) : -ESRCH;
	free(w->name);
	return rc;
}

static int walk_file(struct walk *w)
{
	static char file[] = "[file]";
	struct stat st;

	if (fstat(w->source->fd, &st))
		return -errno;
	w->name = file;
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
	AUTO_CLOSE int flags_fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	AUTO_FCLOSE FILE *smaps = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/smaps", (int)w->source->pid);
	smaps = fopen(path, "re");
	if (!smaps)
		return errno == ENOENT ? -ESRCH : -errno;
	if (!entries)
		return -ENOMEM;
	w->entries = entries;
	w->flags_fd = flags_fd;
	maps_tmpfs_read(w->source->pid, &w->tmpfs);
	return walk_smaps(w, smaps);
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
