/* SPDX-License-Identifier: GPL-2.0-only */
/* test_zsmalloc.c - the slot model against Documentation/mm/zsmalloc.rst and hand-computed classes.
 */
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/base.h"
#include "lib/analysis/stats.h"
#include "lib/kernel/zsmalloc.h"

static struct zsmalloc_model model_of(unsigned int chain, enum zsmalloc_rule rule)
{
	struct zsmalloc_model m;

	assert_int_equal(zsmalloc_init(&m, chain, rule), 0);
	return m;
}

/* The watermarks of huge classes in the documentation: 3264, 3632 and 3840 bytes, handle included.
 */
static void test_zsmalloc__incompressible_from_the_documented_sizes(void **state UNUSED)
{
	static const struct {
		unsigned int chain, size;
	} documented[] = { { 4, 3264 }, { 8, 3632 }, { 16, 3840 } };

	for (size_t i = 0; i < ARRAY_SIZE(documented); i++) {
		struct zsmalloc_model m = model_of(documented[i].chain, ZSMALLOC_LEAST_WASTE);

		assert_int_equal(m.huge_bytes, documented[i].size - 8 + 1);
		assert_int_equal(zsmalloc_class(&m, m.huge_bytes - 1)->size_bytes,
				 documented[i].size);
		assert_int_equal(zsmalloc_class(&m, m.huge_bytes)->size_bytes, 4096);
		assert_int_equal(zsmalloc_stored_bytes(&m, m.huge_bytes - 1), m.huge_bytes - 1);
		assert_int_equal(zsmalloc_stored_bytes(&m, m.huge_bytes), 4096);
	}
}

/* The documentation's example: 13 objects of 1568 bytes take 6 pages in chains of 4, in class 100.
 */
static void test_zsmalloc__documented_example_of_merging(void **state UNUSED)
{
	struct zsmalloc_model four = model_of(4, ZSMALLOC_LEAST_WASTE),
			      eight = model_of(8, ZSMALLOC_LEAST_WASTE);
	struct zsmalloc_pool pool4 = { .model = &four }, pool8 = { .model = &eight };
	const struct zsmalloc_class *class = zsmalloc_class(&four, 1568 - 8);

	assert_int_equal(class->index, 100);
	assert_int_equal(class->size_bytes, 1632);
	assert_int_equal(class->pages, 2);
	assert_int_equal(class->objects, 5);
	for (int i = 0; i < 13; i++) {
		zsmalloc_pool_add(&pool4, 1568 - 8);
		zsmalloc_pool_add(&pool8, 1568 - 8);
	}
	assert_int_equal(zsmalloc_pool_used_bytes(&pool4), 6 * 4096);
	assert_int_equal(zsmalloc_pool_used_bytes(&pool8), 5 * 4096);
	assert_int_equal(pool4.stored_bytes, 13 * 1560);
}

static unsigned int distinct_classes(const struct zsmalloc_model *m)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < ZSMALLOC_CLASSES; i++)
		n += m->classes[i].index == i;
	return n;
}

/* 69 clusters with chains of 4 is in the documentation; 119 with chains of 8 was counted by another
 * program. */
static void test_zsmalloc__number_of_classes(void **state UNUSED)
{
	struct zsmalloc_model m = model_of(4, ZSMALLOC_LEAST_WASTE);

	assert_int_equal(distinct_classes(&m), 69);
	m = model_of(4, ZSMALLOC_BEST_PERCENT);
	assert_int_equal(distinct_classes(&m), 69);
	m = model_of(8, ZSMALLOC_LEAST_WASTE);
	assert_int_equal(distinct_classes(&m), 119);
}

static void test_zsmalloc__smallest_lengths_share_the_first_class(void **state UNUSED)
{
	struct zsmalloc_model m = model_of(8, ZSMALLOC_LEAST_WASTE);

	assert_int_equal(zsmalloc_class(&m, 1)->size_bytes, 32);
	assert_int_equal(zsmalloc_class(&m, 24)->size_bytes, 32);
	assert_int_equal(zsmalloc_class(&m, 25)->size_bytes, 48);
}

static void test_zsmalloc__every_length_fits_its_class(void **state UNUSED)
{
	for (unsigned int chain = ZSMALLOC_CHAIN_MIN; chain <= ZSMALLOC_CHAIN_MAX; chain++) {
		struct zsmalloc_model m = model_of(chain, ZSMALLOC_LEAST_WASTE);

		for (size_t len = 1; len < m.huge_bytes; len++) {
			const struct zsmalloc_class *c = zsmalloc_class(&m, len);

			assert_true(c->size_bytes >= len + 8);
			assert_true(c->pages <= chain);
			assert_true(c->objects * c->size_bytes <= c->pages * 4096);
			assert_true(zsmalloc_slot_bytes(&m, len) >= (double)c->size_bytes);
		}
	}
}

static void test_zsmalloc__same_filled_pages_take_no_slot(void **state UNUSED)
{
	struct zsmalloc_model m = model_of(8, ZSMALLOC_LEAST_WASTE);
	struct zsmalloc_pool pool = { .model = &m };

	zsmalloc_pool_add(&pool, 0);
	assert_int_equal(pool.same_pages, 1);
	assert_int_equal(zsmalloc_pool_used_bytes(&pool), 0);
	assert_true(zsmalloc_slot_bytes(&m, 0) == 0);
}

static void test_zsmalloc__scaling_counts_whole_zspages(void **state UNUSED)
{
	struct zsmalloc_model m = model_of(8, ZSMALLOC_LEAST_WASTE);
	struct zsmalloc_pool pool = { .model = &m };

	zsmalloc_pool_add(&pool, 1560); /* 13 in 5 pages */
	assert_int_equal(zsmalloc_pool_scaled_bytes(&pool, 13), 5 * 4096);
	assert_int_equal(zsmalloc_pool_scaled_bytes(&pool, 14), 10 * 4096);
}

/* ---- pools whose pages come and go: the lists of mm/zsmalloc.c at work ---- */
#define GROUPS      12 /* of zspages by tenths full; the last are full (get_fullness_group) */
#define CHURN_PAGES 2000

struct zspage {
	unsigned int used, group;
	struct zspage *prev, *next;
};

struct churned_class {
	unsigned int objects, zspages;
	struct zspage *lists[GROUPS], *at[CHURN_PAGES], all[CHURN_PAGES];
};

static unsigned int group_of(const struct churned_class *c, const struct zspage *z)
{
	return z->used == c->objects ? GROUPS - 1 : 100 * z->used / c->objects / 10 + 1;
}

static void unlink_zspage(struct churned_class *c, struct zspage *z)
{
	if (z->prev)
		z->prev->next = z->next;
	else
		c->lists[z->group] = z->next;
	if (z->next)
		z->next->prev = z->prev;
}

static void link_zspage(struct churned_class *c, struct zspage *z)
{
	z->group = group_of(c, z);
	z->prev = NULL;
	z->next = c->lists[z->group];
	if (z->next)
		z->next->prev = z;
	c->lists[z->group] = z;
}

/* A slot more or less in use: the zspage moves to the head of another list where its group changes.
 */
static void use_slot(struct churned_class *c, struct zspage *z, int by)
{
	z->used += (unsigned int)by;
	c->zspages -= z->used == 0;
	if (z->used && z->group == group_of(c, z))
		return;
	unlink_zspage(c, z);
	if (z->used)
		link_zspage(c, z);
}

static void page_out(struct churned_class *c, size_t page)
{
	struct zspage *z = NULL;

	for (unsigned int g = GROUPS - 1; g-- > 0 && !z;)
		z = c->lists[g];
	if (z) {
		use_slot(c, z, 1);
	} else {
		for (z = c->all; z->used; z++)
			;
		z->used = 1;
		c->zspages++;
		link_zspage(c, z);
	}
	c->at[page] = z;
}

/* Empty slots beyond those that a last zspage has anyway: half of the pages are out, and one at
 * random comes or goes. */
static double simulated_holes(unsigned int objects)
{
	static struct churned_class c;
	struct prng rng;
	double sum = 0;
	size_t out = 0, n = 0;

	memset(&c, 0, sizeof(c));
	c.objects = objects;
	prng_seed(&rng, objects);
	for (size_t i = 0; i < (size_t)200 * CHURN_PAGES; i++) {
		size_t page = prng_below(&rng, CHURN_PAGES);

		if (c.at[page]) {
			use_slot(&c, c.at[page], -1);
			c.at[page] = NULL;
			out--;
		} else {
			page_out(&c, page);
			out++;
		}
		if (i > (size_t)10 * CHURN_PAGES && i % 97 == 0) {
			const size_t needed = (out + objects - 1) / objects;

			sum += (double)(c.zspages - needed) * objects;
			n++;
		}
	}
	return sum / (double)n;
}

static void test_zsmalloc__holes_are_those_of_its_lists_at_work(void **state UNUSED)
{
	struct zsmalloc_model m = model_of(8, ZSMALLOC_LEAST_WASTE);

	for (size_t i = 0; i < ZSMALLOC_CLASSES; i++) {
		const struct zsmalloc_class *class = &m.classes[i];
		struct zsmalloc_pool pool = { .model = &m };
		double slot = (double)(class->pages * PAGE_BYTES) / class->objects, holes;

		if (class->index != i || class->objects > 64)
			continue;
		pool.objects[i] = CHURN_PAGES / 2;
		holes = zsmalloc_pool_holes_bytes(&pool, 1) / slot;
		if (class->objects == 1)
			assert_true(holes == 0);
		else
			assert_in_range(100 * holes / simulated_holes(class->objects), 80, 125);
	}
}

static void test_zsmalloc__holes_grow_as_the_root_of_the_pool(void **state UNUSED)
{
	struct zsmalloc_model m = model_of(8, ZSMALLOC_LEAST_WASTE);
	struct zsmalloc_pool pool = { .model = &m };

	for (int i = 0; i < 100; i++)
		zsmalloc_pool_add(&pool, 1560); /* 13 in 5 pages */
	assert_true(fabs(zsmalloc_pool_holes_bytes(&pool, 1) -
			 sqrt(100 * log(13) / 2) / 13 * 5 * 4096) < 1e-6);
	assert_true(fabs(zsmalloc_pool_holes_bytes(&pool, 4) / zsmalloc_pool_holes_bytes(&pool, 1) -
			 2) < 1e-9);
	/* One zspage has no other. */
	assert_true(zsmalloc_pool_holes_bytes(&pool, 0.13) == 0);
}

static void test_zsmalloc__bad_chains_are_refused(void **state UNUSED)
{
	struct zsmalloc_model m;

	assert_int_equal(zsmalloc_init(&m, ZSMALLOC_CHAIN_MIN - 1, ZSMALLOC_LEAST_WASTE), -EINVAL);
	assert_int_equal(zsmalloc_init(&m, ZSMALLOC_CHAIN_MAX + 1, ZSMALLOC_LEAST_WASTE), -EINVAL);
}

/* ---- detection, on trees made for it ---- */
static void put(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	for (char *slash = path + strlen(dir) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		mkdir(path, 0700);
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void detect(const char *release, const char *config, unsigned int chain, const char *how)
{
	char dir[] = "/tmp/test_zsmalloc.XXXXXX", command[64];
	struct zsmalloc_model m;
	const char *got;
	struct err e;

	assert_non_null(mkdtemp(dir));
	put(dir, "proc/sys/kernel/osrelease", release);
	if (config)
		put(dir, "boot/config-6.12.43+deb13-amd64", config);
	assert_int_equal(zsmalloc_detect(&m, &(struct sysroot){ .prefix = dir }, &got, &e), 0);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(m.chain, chain);
	assert_string_equal(got, how);
}

static void test_zsmalloc__detects_by_configuration(void **state UNUSED)
{
	static const char release[] = "6.12.43+deb13-amd64\n";

	detect(release, "CONFIG_ZSMALLOC=m\nCONFIG_ZSMALLOC_CHAIN_SIZE=6\n", 6, "config");
	detect(release, "CONFIG_ZSMALLOC=y\n# CONFIG_ZSMALLOC_STAT is not set\n", 4, "config");
}

static void test_zsmalloc__detects_by_release_as_the_last_resort(void **state UNUSED)
{
	detect("6.2.16\n", NULL, 4, "release");
	detect("6.3.0-rc1\n", NULL, 8, "release");
	detect("6.12.43+deb13-amd64\n", "CONFIG_ZRAM=n\n", 8, "release");
}

static void test_use__columns_by_their_words_of_old_and_new_kernels(void **state UNUSED)
{
	static const char old[] = " class  size almost_full almost_empty obj_allocated   obj_used "
				  "pages_used pages_per_zspage freeable\n"
				  "     0    32            0            0             0          0 "
				  "         0                1        0\n"
				  "    94  1536            1            2            96         80 "
				  "        36                3        6\n"
				  "\n"
				  " Total                  1            2            96         80 "
				  "        36                         6\n";
	static const char new[] = " class  size       10%       99%      100% obj_allocated   "
				  "obj_used pages_used pages_per_zspage freeable\n"
				  "   254  4096         0         0        44            44        "
				  " 44         44                1        0\n"
				  "\n"
				  " Total               0         0        44            44        "
				  " 44         44                         0\n";
	struct zsmalloc_use use[ZSMALLOC_CLASSES];
	size_t n;

	assert_int_equal(zsmalloc_use_parse(old, sizeof(old) - 1, use, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(use[0].size_bytes, 1536);
	assert_int_equal(use[0].allocated_objects, 96);
	assert_int_equal(use[0].used_objects, 80);
	assert_int_equal(use[0].pages, 36);
	assert_int_equal(use[0].zspage_pages, 3);
	assert_int_equal(use[0].freeable_pages, 6);
	assert_int_equal(zsmalloc_use_parse(new, sizeof(new) - 1, use, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(use[0].size_bytes, 4096);
	assert_int_equal(use[0].used_objects, 44);
}

static void test_use__what_is_no_such_file_is_refused(void **state UNUSED)
{
	static const char torn[] =
		" class size obj_allocated obj_used pages_used pages_per_zspage freeable\n 1 2 3\n";
	struct zsmalloc_use use[ZSMALLOC_CLASSES];
	size_t n;

	assert_int_equal(zsmalloc_use_parse("", 0, use, &n), -EBADMSG);
	assert_int_equal(zsmalloc_use_parse("size\n", 5, use, &n), -EBADMSG);
	assert_int_equal(zsmalloc_use_parse(torn, sizeof(torn) - 1, use, &n), -EBADMSG);
	for (size_t len = 0; len < sizeof(torn); len++)
		zsmalloc_use_parse(torn, len, use, &n); /* no read beyond it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_use__columns_by_their_words_of_old_and_new_kernels),
		cmocka_unit_test(test_use__what_is_no_such_file_is_refused),
		cmocka_unit_test(test_zsmalloc__incompressible_from_the_documented_sizes),
		cmocka_unit_test(test_zsmalloc__documented_example_of_merging),
		cmocka_unit_test(test_zsmalloc__number_of_classes),
		cmocka_unit_test(test_zsmalloc__smallest_lengths_share_the_first_class),
		cmocka_unit_test(test_zsmalloc__every_length_fits_its_class),
		cmocka_unit_test(test_zsmalloc__same_filled_pages_take_no_slot),
		cmocka_unit_test(test_zsmalloc__scaling_counts_whole_zspages),
		cmocka_unit_test(test_zsmalloc__holes_are_those_of_its_lists_at_work),
		cmocka_unit_test(test_zsmalloc__holes_grow_as_the_root_of_the_pool),
		cmocka_unit_test(test_zsmalloc__bad_chains_are_refused),
		cmocka_unit_test(test_zsmalloc__detects_by_configuration),
		cmocka_unit_test(test_zsmalloc__detects_by_release_as_the_last_resort),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
