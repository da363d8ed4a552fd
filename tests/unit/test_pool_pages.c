/* SPDX-License-Identifier: GPL-2.0-only */
/* test_pool_pages.c - sampled pages copied to memory: the same ones, in their order, without the
 * device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/pool/pages.h"

#define PAGES 1009u
#define DRAWN 499u

static void test_pool_pages__what_was_drawn_is_in_memory(void **state UNUSED)
{
	static uint64_t page[PAGE_BYTES / 8], back[DRAWN][PAGE_BYTES / 8];
	char path[] = "/tmp/test_pool_pages.XXXXXX";
	int fd = mkstemp(path);
	enum page_got got[DRAWN];
	uint64_t numbers[DRAWN];
	struct page_source source;
	struct page_sample sample;
	struct err e;

	assert_true(fd >= 0);
	page_sample_init(&sample, DRAWN, 7);
	for (uint64_t i = 0; i < PAGES; i++) {
		page[0] = i;
		assert_int_equal(write(fd, page, PAGE_BYTES), PAGE_BYTES);
		assert_int_equal(page_sample_offer(&sample,
						   &(struct page_ref){ .address = i * PAGE_BYTES }),
				 0);
	}
	page_sample_sort(&sample, 0, DRAWN);
	for (size_t i = 0; i < DRAWN; i++)
		numbers[i] = sample.refs[i].address / PAGE_BYTES;
	page_sample_shuffle(&sample);
	assert_int_equal(page_open_file(&source, path, &e), 0);
	assert_int_equal(pool_pages_copy(&source, &sample, &e), 1);
	assert_int_equal(ftruncate(fd, 0), 0);

	page_sample_sort(&sample, 0, DRAWN);
	assert_int_equal(page_read(&source, sample.refs, DRAWN, back, got, &e), 0);
	for (size_t i = 0; i < DRAWN; i++) {
		assert_int_equal(got[i], PAGE_READ);
		assert_int_equal(back[i][0], numbers[i]);
	}
	page_close(&source);
	page_sample_done(&sample);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pool_pages__what_was_drawn_is_in_memory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
