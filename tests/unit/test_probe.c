/* SPDX-License-Identifier: GPL-2.0-only */
/* test_probe.c - the pure parts of the probes: choice of hooks, names in print, histogram, filter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/bpf/latency.h"
#include "lib/bpf/probe.h"

static const struct probe_choice *choice(const struct probe_kernel *kernel,
					 enum probe_variant wanted, const char *hook)
{
	static struct probe_choice choices[PROBE_HOOKS];
	size_t i = 0;

	probe_hook_find(kernel, wanted, choices);
	while (!str_eq(choices[i].hook, hook))
		i++;
	return &choices[i];
}

static struct probe_kernel kernel_with(bool typed, bool listed)
{
	struct probe_kernel kernel = { .btf = true, .perf = true };

	for (size_t i = 0; i < PROBE_HOOKS; i++) {
		kernel.typed[i] = typed;
		kernel.listed[i] = listed;
	}
	return kernel;
}

static void test_hook__typed_arguments_come_first(void **state UNUSED)
{
	struct probe_kernel kernel = kernel_with(true, true);

	assert_int_equal(choice(&kernel, PROBE_AUTO, "page_fault_user")->variant, PROBE_TP_BTF);
}

static void test_hook__untyped_arguments_come_before_classic(void **state UNUSED)
{
	struct probe_kernel kernel = kernel_with(false, true);

	assert_int_equal(choice(&kernel, PROBE_AUTO, "page_fault_user")->variant, PROBE_RAW_TP);
}

static void test_hook__classic_needs_tracefs(void **state UNUSED)
{
	struct probe_kernel with = kernel_with(true, true), without = kernel_with(true, false);

	assert_int_equal(choice(&with, PROBE_CLASSIC, "page_fault_user")->variant, PROBE_CLASSIC);
	assert_int_equal(choice(&without, PROBE_CLASSIC, "page_fault_user")->variant,
			 PROBE_MISSING);
}

static void test_hook__fork_has_no_classic_variant(void **state UNUSED)
{
	struct probe_kernel kernel = kernel_with(true, true);

	assert_int_equal(choice(&kernel, PROBE_CLASSIC, "sched_process_fork")->variant,
			 PROBE_MISSING);
}

static void test_hook__what_is_missing_is_said_with_its_use(void **state UNUSED)
{
	struct probe_kernel kernel = kernel_with(false, false);
	const struct probe_choice *c = choice(&kernel, PROBE_AUTO, "mm_vmscan_reclaim_pages");

	assert_string_equal(c->status, "missing");
	assert_string_equal(c->note, "swap_probe reclaim_pages");
}

static void test_hook__what_goes_past_a_hook_is_said_with_it(void **state UNUSED)
{
	struct probe_kernel kernel = kernel_with(true, true);

	kernel.rw_page = true;
	assert_non_null(strstr(choice(&kernel, PROBE_AUTO, "block_bio_queue")->note, "rw_page"));
	assert_null(strstr(choice(&kernel, PROBE_AUTO, "sched_process_fork")->note, "rw_page"));
}

static void test_hook__without_btf_nothing_is_offered(void **state UNUSED)
{
	struct probe_kernel kernel = kernel_with(true, true);
	struct probe_choice choices[PROBE_HOOKS];

	kernel.btf = false;
	probe_hook_find(&kernel, PROBE_AUTO, choices);
	for (size_t i = 0; i < PROBE_HOOKS && choices[i].hook; i++)
		assert_int_equal(choices[i].variant, PROBE_MISSING);
}

static void test_kernel__a_tree_without_btf_is_no_error(void **state UNUSED)
{
	struct sysroot root = { .prefix = "/nonexistent" };
	struct probe_kernel kernel;

	assert_int_equal(probe_kernel_read(&root, &kernel, NULL), 0);
	assert_false(kernel.btf);
	assert_false(kernel.perf);
}

static void check_printable(const char *name, size_t len, const char *want)
{
	char comm[PROBE_COMM_LEN] = "";

	memcpy(comm, name, len);
	comm_printable(comm);
	assert_string_equal(comm, want);
}

static void test_comm__bytes_that_could_break_a_line_are_masked(void **state UNUSED)
{
	check_printable("a\nb", 3, "a?b");
	check_printable("a type=kernel", 13, "a?type?kernel");
	check_printable("\033[31m\xff\xfe\x7f", 8, "?[31m???");
	check_printable("!~", 2, "!~");
}

static void test_comm__ends_at_the_first_nul_and_within_the_array(void **state UNUSED)
{
	check_printable("ab\0cd", 5, "ab");
	check_printable("0123456789abcdef", 16, "0123456789abcde");
}

static void test_hist__every_value_lies_in_its_bucket(void **state UNUSED)
{
	for (uint64_t v = 0; v < UINT64_C(1) << 41; v += 1 + v / 7) {
		uint32_t b = hist_bucket(v);

		assert_true(b < HIST_BUCKETS);
		assert_true(hist_low(b) <= v);
		assert_true(v < hist_low(b + 1));
	}
}

static void test_hist__the_middle_of_a_bucket_is_within_a_32nd(void **state UNUSED)
{
	for (uint32_t b = 16; b < HIST_BUCKETS - 1; b++) {
		double low = (double)hist_low(b), high = (double)hist_low(b + 1) - 1,
		       middle = (low + high) / 2;

		assert_true((middle - low) / low <= 1.0 / 32);
		assert_true((high - middle) / high <= 1.0 / 32);
	}
}

static void test_hist__what_is_too_long_shares_the_last_bucket(void **state UNUSED)
{
	assert_int_equal(hist_bucket(UINT64_C(1) << 41), HIST_BUCKETS - 1);
	assert_int_equal(hist_bucket(UINT64_MAX), HIST_BUCKETS - 1);
}

static void test_hist__quantiles_are_those_of_the_values(void **state UNUSED)
{
	struct hist h = { 0 };

	for (uint64_t v = 1; v <= 1000; v++)
		hist_add(&h, v * 1000);
	assert_true(llabs((long long)hist_quantile(&h, 0.5) - 500000) <= 500000 / 32);
	assert_true(llabs((long long)hist_quantile(&h, 0.99) - 990000) <= 990000 / 32);
	assert_true(hist_quantile(&h, 1.0) <= 1000000);
}

static void test_hist__one_value_is_its_own_quantile(void **state UNUSED)
{
	struct hist h = { 0 };

	hist_add(&h, 7);
	assert_int_equal(hist_quantile(&h, 0.5), 7);
	assert_int_equal(hist_quantile(&h, 0.99), 7);
}

static void test_hist__no_values_have_no_quantile(void **state UNUSED)
{
	struct hist h = { 0 };

	assert_true(hist_quantile(&h, 0.5) == MISSING_U64);
}

static void test_hist__merging_is_adding(void **state UNUSED)
{
	static struct hist a, b, both;

	for (uint64_t v = 0; v < 1009; v++) {
		hist_add(v % 3 ? &a : &b, v * v);
		hist_add(&both, v * v);
	}
	hist_merge(&a, &b);
	assert_memory_equal(&a, &both, sizeof(a));
}

static void test_latency__what_was_not_measured_is_missing(void **state UNUSED)
{
	struct hist h = { 0 };
	struct latency l = latency_of(&h);

	assert_int_equal(l.total_ns, 0);
	assert_true(l.mean_ns == MISSING_U64 && l.p50_ns == MISSING_U64 && l.max_ns == MISSING_U64);
	hist_add(&h, 2);
	hist_add(&h, 5);
	l = latency_of(&h);
	assert_int_equal(l.total_ns, 7);
	assert_int_equal(l.mean_ns, 3);
	assert_int_equal(l.max_ns, 5);
}

static void test_hook__the_index_is_that_of_the_table(void **state UNUSED)
{
	assert_string_equal(probe_hooks[probe_hook_index("block_bio_complete")].name,
			    "block_bio_complete");
}

static void test_filter__a_name_longer_than_the_kernel_keeps_is_refused(void **state UNUSED)
{
	struct probe_options options = PROBE_DEFAULTS;
	struct probe_filter filter;
	struct err e;

	options.comm = "0123456789abcdef";
	assert_int_equal(probe_filter(&options, &filter, &e), -EINVAL);
	assert_int_equal(e.exit, EXIT_USAGE);
}

static void test_filter__what_is_not_given_lets_all_pass(void **state UNUSED)
{
	struct probe_options options = PROBE_DEFAULTS;
	struct probe_filter filter;

	assert_int_equal(probe_filter(&options, &filter, NULL), 0);
	assert_int_equal(filter.tgid, 0);
	assert_int_equal(filter.uid, UINT32_MAX);
	assert_false(filter.by_comm || filter.by_cgroup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hook__typed_arguments_come_first),
		cmocka_unit_test(test_hook__untyped_arguments_come_before_classic),
		cmocka_unit_test(test_hook__classic_needs_tracefs),
		cmocka_unit_test(test_hook__fork_has_no_classic_variant),
		cmocka_unit_test(test_hook__what_is_missing_is_said_with_its_use),
		cmocka_unit_test(test_hook__what_goes_past_a_hook_is_said_with_it),
		cmocka_unit_test(test_hook__without_btf_nothing_is_offered),
		cmocka_unit_test(test_kernel__a_tree_without_btf_is_no_error),
		cmocka_unit_test(test_comm__bytes_that_could_break_a_line_are_masked),
		cmocka_unit_test(test_comm__ends_at_the_first_nul_and_within_the_array),
		cmocka_unit_test(test_hist__every_value_lies_in_its_bucket),
		cmocka_unit_test(test_hist__the_middle_of_a_bucket_is_within_a_32nd),
		cmocka_unit_test(test_hist__what_is_too_long_shares_the_last_bucket),
		cmocka_unit_test(test_hist__quantiles_are_those_of_the_values),
		cmocka_unit_test(test_hist__one_value_is_its_own_quantile),
		cmocka_unit_test(test_hist__no_values_have_no_quantile),
		cmocka_unit_test(test_hist__merging_is_adding),
		cmocka_unit_test(test_latency__what_was_not_measured_is_missing),
		cmocka_unit_test(test_hook__the_index_is_that_of_the_table),
		cmocka_unit_test(test_filter__a_name_longer_than_the_kernel_keeps_is_refused),
		cmocka_unit_test(test_filter__what_is_not_given_lets_all_pass),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
