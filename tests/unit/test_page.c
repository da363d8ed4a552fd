/* SPDX-License-Identifier: GPL-2.0-only */
/* test_page.c - classes of made pages, even samples, and children whose memory is known page by
 * page. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/kernel/page.h"

static uint64_t page[PAGE_BYTES / 8];

/* ---- content ---- */
static void test_page__zero_and_same_filled(void **state UNUSED)
{
	memset(page, 0, sizeof(page));
	assert_int_equal(page_classify(page), PAGE_ZERO);
	memset(page, 0xab, sizeof(page));
	assert_int_equal(page_classify(page), PAGE_SAME_FILLED);
}

static void test_page__one_last_byte_makes_a_page_of_its_own(void **state UNUSED)
{
	memset(page, 0, sizeof(page));
	((char *)page)[PAGE_BYTES - 1] = 1;
	assert_int_equal(page_classify(page), PAGE_SPARSE);
}

static void test_page__text(void **state UNUSED)
{
	for (size_t i = 0; i < PAGE_BYTES; i++)
		((char *)page)[i] = "every good page deserves a slot\n"[i % 31];
	assert_int_equal(page_classify(page), PAGE_TEXT);
	memset(page, 0x80, PAGE_BYTES / 10 + 1);
	assert_int_equal(page_classify(page), PAGE_OTHER);
}

static void test_page__pointers(void **state UNUSED)
{
	struct prng rng;

	prng_seed(&rng, 7);
	for (size_t i = 0; i < ARRAY_SIZE(page); i++)
		page[i] = i % 4 ? prng_next(&rng) | UINT64_C(1) << 63
				: UINT64_C(0x7f2ea77f4b90) + i * 64;
	assert_int_equal(page_classify(page), PAGE_POINTER);
	page[0] = 1;
	assert_int_equal(page_classify(page), PAGE_OTHER);
}

/* ---- samples ---- */
static void test_page__every_page_is_drawn_as_often(void **state UNUSED)
{
	unsigned int drawn[53] = { 0 };

	for (uint64_t seed = 0; seed < 2000; seed++) {
		struct page_sample s;

		page_sample_init(&s, 11, seed);
		for (uint64_t i = 0; i < 53; i++)
			assert_int_equal(page_sample_offer(&s, &(struct page_ref){ .address = i }),
					 0);
		assert_int_equal(s.n, 11);
		assert_int_equal(s.seen, 53);
		page_sample_sort(&s, 0, s.n);
		for (size_t i = 0; i < s.n; i++) {
			drawn[s.refs[i].address]++;
			assert_true(!i ||
				    s.refs[i].address > s.refs[i - 1].address); /* none twice */
		}
		page_sample_done(&s);
	}
	/* 2,000 * 11/53 = 415, standard deviation 18: four of them. */
	for (size_t i = 0; i < 53; i++)
		assert_in_range(drawn[i], 415 - 73, 415 + 73);
}

/* A page's place in the reservoir tells when it came; after a shuffle it must not. */
static void test_page__the_first_of_a_shuffled_sample_are_a_sample(void **state UNUSED)
{
	unsigned int drawn[53] = { 0 };

	for (uint64_t seed = 0; seed < 2000; seed++) {
		struct page_sample s;

		page_sample_init(&s, 29, seed);
		for (uint64_t i = 0; i < 53; i++)
			page_sample_offer(&s, &(struct page_ref){ .address = i });
		page_sample_shuffle(&s);
		for (size_t i = 0; i < 11; i++)
			drawn[s.refs[i].address]++;
		page_sample_done(&s);
	}
	for (size_t i = 0; i < 53; i++)
		assert_in_range(drawn[i], 415 - 73, 415 + 73);
}

static void test_page__the_seed_makes_the_sample(void **state UNUSED)
{
	struct page_sample s[3];

	for (size_t k = 0; k < 3; k++) {
		page_sample_init(&s[k], 11, k / 2);
		for (uint64_t i = 0; i < 1009; i++)
			page_sample_offer(&s[k], &(struct page_ref){ .address = i });
	}
	assert_memory_equal(s[0].refs, s[1].refs, 11 * sizeof(*s[0].refs));
	assert_memory_not_equal(s[0].refs, s[2].refs, 11 * sizeof(*s[0].refs));
	for (size_t k = 0; k < 3; k++)
		page_sample_done(&s[k]);
}

/* ---- processes ---- */
#define ANON_PAGES   211
#define SHARED_PAGES 97
#define MARK         UINT64_C(0x636f6c6470726573)

/* A child with ANON_PAGES private and SHARED_PAGES shared pages that start with MARK, its kind and
 * a number, then as `then` says when it is told to go on.
 */
enum then { THEN_EXIT, THEN_EXEC, THEN_UNMAP };

struct child {
	pid_t pid;
	int go, done;
};

static void mark(uint64_t *pages, size_t n, uint64_t kind)
{
	for (size_t i = 0; i < n; i++) {
		pages[i * 512] = MARK;
		pages[i * 512 + 1] = kind;
		pages[i * 512 + 2] = i;
	}
}

static void *map(size_t n, int flags)
{
	void *p = mmap(NULL, n * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);

	if (p == MAP_FAILED)
		_exit(3);
	return p;
}

static void child_main(int go, int done, enum then then)
{
	/* Twice the size, half of it never touched: absent pages must not be counted. */
	void *anon = map(2 * ANON_PAGES, MAP_PRIVATE), *shared = map(2 * SHARED_PAGES, MAP_SHARED);
	char c = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	mark(anon, ANON_PAGES, PAGE_KIND_ANON);
	mark(shared, SHARED_PAGES, PAGE_KIND_SHMEM);
	if (write(done, &c, 1) != 1 || read(go, &c, 1) != 1)
		_exit(3);
	if (then == THEN_EXEC)
		execl("/bin/sleep", "sleep", "1000", (char *)NULL);
	if (then == THEN_UNMAP) {
		munmap(anon, 2 * ANON_PAGES * PAGE_BYTES);
		c = (char)write(done, &c, 1);
		pause();
	}
	_exit(0);
}

static struct child child_new(enum then then)
{
	struct child c;
	int go[2], done[2];
	char byte;

	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(done), 0);
	c.pid = fork();
	assert_true(c.pid >= 0);
	if (!c.pid)
		child_main(go[0], done[1], then);
	close(go[0]);
	close(done[1]);
	c.go = go[1];
	c.done = done[0];
	assert_int_equal(read(c.done, &byte, 1), 1);
	return c;
}

static void child_free(struct child *c)
{
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	close(c->go);
	close(c->done);
}

struct walked {
	struct page_source source;
	struct page_set set;
	struct page_census census;
	struct page_sample sample;
};

static void walk(struct walked *w, pid_t pid, unsigned int kinds)
{
	struct err e;

	*w = (struct walked){ 0 };
	page_sample_init(&w->sample, SIZE_MAX, 1);
	assert_int_equal(page_open_pid(&w->source, pid, &e), 0);
	assert_int_equal(page_walk(&w->source, 0, kinds, &w->set, &w->census, &w->sample, &e), 0);
	page_sample_sort(&w->sample, 0, w->sample.n);
}

static void walked_done(struct walked *w)
{
	page_close(&w->source);
	page_set_done(&w->set);
	page_sample_done(&w->sample);
}

/* Reads all that was walked; counts marked pages by kind, and what became of the rest. */
static void read_all(struct walked *w, size_t marked[5], size_t got_count[4])
{
	AUTO_FREE uint64_t *buf = calloc(w->sample.n, PAGE_BYTES);
	AUTO_FREE enum page_got *got = calloc(w->sample.n, sizeof(*got));
	struct err e;

	assert_int_equal(page_read(&w->source, w->sample.refs, w->sample.n, buf, got, &e), 0);
	for (size_t i = 0; i < w->sample.n; i++) {
		const uint64_t *words = buf + i * 512;

		got_count[got[i]]++;
		if (got[i] != PAGE_READ || words[0] != MARK)
			continue;
		assert_int_equal(words[1], w->sample.refs[i].kind);
		marked[words[1]]++;
	}
}

static void test_page__finds_and_reads_every_present_page(void **state UNUSED)
{
	struct child c = child_new(THEN_EXIT);
	size_t marked[5] = { 0 }, got[4] = { 0 };
	struct walked w;

	walk(&w, c.pid, PAGE_KIND_SWAPPABLE);
	read_all(&w, marked, got);
	assert_int_equal(marked[PAGE_KIND_ANON], ANON_PAGES);
	assert_int_equal(marked[PAGE_KIND_SHMEM], SHARED_PAGES);
	assert_int_equal(w.census.shmem_pages, SHARED_PAGES);
	assert_int_equal(w.sample.n, w.census.anon_pages + w.census.shmem_pages);
	assert_true(w.census.file_pages > 0);
	assert_int_equal(got[PAGE_READ], w.sample.n);
	walked_done(&w);
	child_free(&c);
}

static void test_page__shared_pages_of_two_processes_count_once(void **state UNUSED)
{
	void *shared = map(SHARED_PAGES, MAP_SHARED);
	struct walked w;
	struct child a, b;
	struct err e;
	uint64_t first;

	if (geteuid() != 0)
		skip(); /* without CAP_SYS_ADMIN there are no frame numbers */
	mark(shared, SHARED_PAGES, PAGE_KIND_SHMEM);
	a = child_new(THEN_EXIT);
	b = child_new(THEN_EXIT);
	walk(&w, getpid(), PAGE_KIND_SHMEM);
	first = w.census.shmem_pages;
	assert_true(first >= SHARED_PAGES);
	/* Children that did not touch what they inherited add only the shared pages of their own.
	 */
	for (int i = 0; i < 2; i++) {
		struct page_source source;

		assert_int_equal(page_open_pid(&source, i ? b.pid : a.pid, &e), 0);
		assert_int_equal(page_walk(&source, 1, PAGE_KIND_SHMEM, &w.set, &w.census,
					   &w.sample, &e),
				 0);
		page_close(&source);
		assert_int_equal(w.census.shmem_pages, first + (uint64_t)(i + 1) * SHARED_PAGES);
	}
	walked_done(&w);
	child_free(&a);
	child_free(&b);
	munmap(shared, SHARED_PAGES * PAGE_BYTES);
}

static void test_page__a_process_that_exits_is_gone(void **state UNUSED)
{
	struct child c = child_new(THEN_EXIT);
	size_t marked[5] = { 0 }, got[4] = { 0 };
	struct walked w;

	walk(&w, c.pid, PAGE_KIND_SWAPPABLE);
	assert_int_equal(write(c.go, "", 1), 1);
	waitpid(c.pid, NULL, 0);
	read_all(&w, marked, got);
	assert_int_equal(got[PAGE_GONE], w.sample.n);
	assert_true(w.source.ended);
	walked_done(&w);
	close(c.go);
	close(c.done);
}

static void test_page__a_process_that_executes_is_gone(void **state UNUSED)
{
	struct child c = child_new(THEN_EXEC);
	size_t marked[5] = { 0 }, got[4] = { 0 };
	struct walked w;
	char path[64], exe[64] = "";

	walk(&w, c.pid, PAGE_KIND_SWAPPABLE);
	assert_int_equal(write(c.go, "", 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)c.pid);
	for (int i = 0; i < 5000 && (!*exe || strstr(exe, "test_page")); i++) {
		usleep(1000);
		memset(exe, 0, sizeof(exe));
		assert_true(readlink(path, exe, sizeof(exe) - 1) > 0);
	}
	read_all(&w, marked, got);
	assert_int_equal(got[PAGE_READ], 0);
	assert_true(w.source.ended);
	walked_done(&w);
	child_free(&c);
}

static void test_page__unmapped_pages_are_gone_and_the_others_are_read(void **state UNUSED)
{
	struct child c = child_new(THEN_UNMAP);
	size_t marked[5] = { 0 }, got[4] = { 0 };
	struct walked w;
	char byte;

	walk(&w, c.pid, PAGE_KIND_SWAPPABLE);
	assert_int_equal(write(c.go, "", 1), 1);
	assert_int_equal(read(c.done, &byte, 1), 1);
	read_all(&w, marked, got);
	assert_int_equal(marked[PAGE_KIND_ANON], 0);
	assert_int_equal(marked[PAGE_KIND_SHMEM], SHARED_PAGES);
	assert_int_equal(got[PAGE_GONE], ANON_PAGES);
	assert_false(w.source.ended);
	walked_done(&w);
	child_free(&c);
}

static void test_page__a_pid_that_ended_is_an_error_that_names_it(void **state UNUSED)
{
	struct page_source source;
	struct err e;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_int_equal(page_open_pid(&source, pid, &e), -ESRCH);
	assert_int_equal(e.exit, EXIT_FAILED);
}

/* ---- what reclaim does not swap out ---- */
enum made {
	MADE_PLAIN,
	MADE_PROT_NONE,
	MADE_LAZYFREE,
	MADE_LOCKED,
	MADE_GUARD,
	MADE_READ_ONLY,
	MADES
};

#define MADE_PAGES 64

/* Of a random kind each, apart from its neighbours so that mappings do not merge. Pages of each
 * kind to *counts. */
static bool make_mappings(struct prng *rng, uint64_t counts[MADES])
{
	for (size_t i = 0; i < 24; i++) {
		enum made kind = (enum made)prng_below(rng, MADES);
		size_t n = 1 + prng_below(rng, MADE_PAGES);
		char *pages = map(MADE_PAGES + 2, MAP_PRIVATE);
		volatile char sum UNUSED = 0;

		munmap(pages + (MADE_PAGES + 1) * PAGE_BYTES, PAGE_BYTES);
		if (kind != MADE_READ_ONLY && kind != MADE_GUARD)
			mark((uint64_t *)pages, n, PAGE_KIND_ANON);
		if (kind == MADE_PROT_NONE && mprotect(pages, n * PAGE_BYTES, PROT_NONE))
			return false;
		if (kind == MADE_LAZYFREE && madvise(pages, n * PAGE_BYTES, MADV_FREE))
			return false;
		if (kind == MADE_LOCKED && mlock(pages, n * PAGE_BYTES))
			return false;
		if (kind == MADE_GUARD && madvise(pages, n * PAGE_BYTES, 102 /* GUARD_INSTALL */))
			continue; /* before Linux 6.13 */
		for (size_t k = 0; kind == MADE_READ_ONLY && k < n; k++)
			sum += pages[k * PAGE_BYTES];
		counts[kind] += n;
	}
	return true;
}

/* By the kernel's own sum. */
static uint64_t lazyfree_of(pid_t pid)
{
	char path[64], line[256];
	uint64_t kib = 0;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);

	AUTO_FCLOSE FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "LazyFree: %lu", &kib) == 1)
			break;
	return kib / 4;
}

static void test_page__leaves_out_what_reclaim_does_not_move(void **state UNUSED)
{
	for (uint64_t seed = 1; seed <= 8; seed++) {
		uint64_t counts[MADES] = { 0 }, *shared = map(1, MAP_SHARED);
		size_t marked[5] = { 0 }, got[4] = { 0 };
		uint64_t lazyfree, lazyfree_before;
		struct walked w;
		struct prng rng;
		pid_t pid;

		prng_seed(&rng, seed);
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			shared[0] = make_mappings(&rng, shared + 1) ? 1 : 2;
			pause();
			_exit(0);
		}
		while (!*(volatile uint64_t *)shared)
			usleep(1000);
		assert_int_equal(shared[0], 1);
		memcpy(counts, shared + 1, sizeof(counts));
		lazyfree_before = lazyfree_of(pid);
		walk(&w, pid, PAGE_KIND_ANON);
		read_all(&w, marked, got);
		/* The kernel gives pages back in batches: smaps counts those that it has. */
		assert_int_equal(marked[PAGE_KIND_ANON] + w.census.lazyfree_pages,
				 counts[MADE_PLAIN] + counts[MADE_PROT_NONE] +
					 counts[MADE_LAZYFREE]);
		lazyfree = w.census.lazyfree_pages + w.census.lazyfree_mixed_pages;
		assert_true(lazyfree_before <= lazyfree && lazyfree <= lazyfree_of(pid));
		assert_int_equal(got[PAGE_READ], w.sample.n);
		assert_true(w.census.locked_pages >= counts[MADE_LOCKED]);
		assert_int_equal(w.census.swapped_pages, 0);
		assert_int_equal(w.census.guard_pages, counts[MADE_GUARD]);
		if (geteuid() == 0 && counts[MADE_READ_ONLY])
			assert_true(w.census.shared_zero_pages > 0);
		walked_done(&w);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		munmap(shared, PAGE_BYTES);
	}
}

/* ---- files ---- */
static void test_page__a_file_ends_in_a_padded_page(void **state UNUSED)
{
	char path[] = "/tmp/test_page.XXXXXX", buf[3 * PAGE_BYTES];
	int fd = mkstemp(path);
	enum page_got got[3];
	struct walked w = { 0 };
	struct err e;

	assert_true(fd >= 0);
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(write(fd, buf, 2 * PAGE_BYTES + 7), 2 * PAGE_BYTES + 7);
	page_sample_init(&w.sample, SIZE_MAX, 1);
	assert_int_equal(page_open_file(&w.source, path, &e), 0);
	assert_int_equal(page_walk(&w.source, 0, PAGE_KIND_FILE, &w.set, &w.census, &w.sample, &e),
			 0);
	assert_int_equal(w.sample.n, 3);
	assert_int_equal(page_read(&w.source, w.sample.refs, 3, buf, got, &e), 0);
	assert_int_equal(buf[2 * PAGE_BYTES + 6], 'x');
	assert_int_equal(buf[2 * PAGE_BYTES + 7], 0);
	assert_int_equal(buf[3 * PAGE_BYTES - 1], 0);
	/* A file that shrank: what is beyond its end is gone. */
	assert_int_equal(ftruncate(fd, PAGE_BYTES), 0);
	assert_int_equal(page_read(&w.source, w.sample.refs, 3, buf, got, &e), 0);
	assert_int_equal(got[0], PAGE_READ);
	assert_int_equal(got[1], PAGE_GONE);
	walked_done(&w);
	close(fd);
	unlink(path);
}

static void test_page__what_is_no_regular_file_is_refused(void **state UNUSED)
{
	struct page_source source;
	struct err e;

	assert_int_equal(page_open_file(&source, "/tmp", &e), -EINVAL);
	assert_int_equal(page_open_file(&source, "/dev/null", &e), -EINVAL);
	assert_int_equal(page_open_file(&source, "/nonexistent", &e), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page__zero_and_same_filled),
		cmocka_unit_test(test_page__one_last_byte_makes_a_page_of_its_own),
		cmocka_unit_test(test_page__text),
		cmocka_unit_test(test_page__pointers),
		cmocka_unit_test(test_page__every_page_is_drawn_as_often),
		cmocka_unit_test(test_page__the_first_of_a_shuffled_sample_are_a_sample),
		cmocka_unit_test(test_page__the_seed_makes_the_sample),
		cmocka_unit_test(test_page__finds_and_reads_every_present_page),
		cmocka_unit_test(test_page__shared_pages_of_two_processes_count_once),
		cmocka_unit_test(test_page__a_process_that_exits_is_gone),
		cmocka_unit_test(test_page__a_process_that_executes_is_gone),
		cmocka_unit_test(test_page__unmapped_pages_are_gone_and_the_others_are_read),
		cmocka_unit_test(test_page__a_pid_that_ended_is_an_error_that_names_it),
		cmocka_unit_test(test_page__leaves_out_what_reclaim_does_not_move),
		cmocka_unit_test(test_page__a_file_ends_in_a_padded_page),
		cmocka_unit_test(test_page__what_is_no_regular_file_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
