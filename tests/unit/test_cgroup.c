/* SPDX-License-Identifier: GPL-2.0-only */
/* test_cgroup.c - where groups go and what their files say, on texts of several systems and on a
 * tree of plain files that stands for a v2 hierarchy. Real groups are made in test_supervise.c.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "lib/kernel/cgroup.h"
#include "lib/kernel/procfs.h"

static const char hybrid_mounts[] =
	"22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
	"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
	"33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
	"35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
	"39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n"
	"40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
	"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:1 master:2 - cgroup2 cgroup2 rw\n";
static const char hybrid_own[] =
	"9:name=systemd:/\n8:pids:/jobs\n4:memory:/jobs/a b:c\n2:cpuacct,cpu:/\n0::/\n";

static const char v2_mounts[] =
	"29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

static void test_cgroup__hybrid(void **state UNUSED)
{
	struct cgroup_layout layout;

	assert_int_equal(cgroup_layout_parse(hybrid_mounts, hybrid_own, &layout, NULL), 0);
	assert_int_equal(layout.mode, CGROUP_HYBRID);
	assert_string_equal(layout.mount[CGROUP_TREE_MEMORY], "/sys/fs/cgroup/memory");
	assert_string_equal(layout.own[CGROUP_TREE_MEMORY], "/jobs/a b:c");
	assert_string_equal(layout.mount[CGROUP_TREE_UNIFIED], "/sys/fs/cgroup/unified");
	assert_string_equal(layout.own[CGROUP_TREE_UNIFIED], "");
}

static void test_cgroup__v1_places_below_the_own_group_in_each_tree(void **state UNUSED)
{
	struct cgroup_layout layout;
	struct cgroup group;

	assert_int_equal(cgroup_layout_parse(hybrid_mounts, hybrid_own, &layout, NULL), 0);
	assert_int_equal(cgroup_place(&layout, "coldpress.7", &group, NULL), 0);
	assert_string_equal(group.dir[CGROUP_TREE_MEMORY],
			    "/sys/fs/cgroup/memory/jobs/a b:c/coldpress.7");
	assert_string_equal(group.dir[CGROUP_TREE_PIDS], "/sys/fs/cgroup/pids/jobs/coldpress.7");
	assert_string_equal(group.dir[CGROUP_TREE_UNIFIED], "/sys/fs/cgroup/unified/coldpress.7");
	assert_string_equal(group.enable, "");
}

static void test_cgroup__v1_alone_has_no_mirror(void **state UNUSED)
{
	struct cgroup_layout layout;
	struct cgroup group;

	assert_int_equal(
		cgroup_layout_parse("35 31 0:32 / /cg\\040m rw - cgroup none rw,memory,pids\n",
				    "3:pids,memory:/\n", &layout, NULL),
		0);
	assert_int_equal(layout.mode, CGROUP_V1);
	assert_int_equal(cgroup_place(&layout, "x", &group, NULL), 0);
	assert_string_equal(group.dir[CGROUP_TREE_MEMORY], "/cg m/x");
	assert_string_equal(group.dir[CGROUP_TREE_UNIFIED], "");
}

static void test_cgroup__container_sees_a_part_of_the_tree(void **state UNUSED)
{
	struct cgroup_layout layout;

	/* the mount shows /docker/f00 only; the process is in /docker/f00/app */
	assert_int_equal(cgroup_layout_parse(
				 "29 23 0:26 /docker/f00 /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
				 "0::/docker/f00/app\n", &layout, NULL),
			 0);
	assert_string_equal(layout.own[CGROUP_TREE_UNIFIED], "/app");
	/* outside of what the mount shows, and a name that only begins alike */
	assert_int_equal(cgroup_layout_parse(
				 "29 23 0:26 /docker/f00 /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
				 "0::/docker/f007\n", &layout, NULL),
			 0);
	assert_string_equal(layout.own[CGROUP_TREE_UNIFIED], "");
}

static void test_cgroup__without_controllers_says_so(void **state UNUSED)
{
	struct cgroup_layout layout;
	struct cgroup group;
	struct err e;

	assert_int_equal(cgroup_layout_parse("22 1 254:0 / / rw - ext4 /dev/vda rw\n", "", &layout,
					     NULL),
			 0);
	assert_int_equal(layout.mode, CGROUP_NONE);
	assert_int_equal(cgroup_place(&layout, "x", &group, &e), -ENOTSUP);
	assert_int_equal(e.exit, EXIT_IMPOSSIBLE);
}

static void test_cgroup__refuses_torn_texts_and_names(void **state UNUSED)
{
	static const char *const names[] = { "", ".x", "a/b", "..", "a b", "a\n" };
	struct cgroup_layout layout = { .mode = CGROUP_V1 };
	struct cgroup group;

	assert_int_equal(cgroup_layout_parse("29 23 0:26 /\n", "", &layout, NULL), -EBADMSG);
	assert_int_equal(cgroup_layout_parse(v2_mounts, "0:x\n", &layout, NULL), -EBADMSG);
	assert_int_equal(layout.mode, CGROUP_V1);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(cgroup_place(&layout, names[i], &group, NULL), -EINVAL);
}

/* ---- a tree of plain files ---- */

static char top[64];

static void put(const char *path, const char *text)
{
	char full[CGROUP_PATH_MAX];
	AUTO_CLOSE int fd = -1;

	snprintf(full, sizeof(full), "%s/%s", top, path);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static const char *got(const char *path)
{
	static char text[256];

	assert_true(sysroot_read(NULL, text, sizeof(text), NULL, "%s/%s", top, path) >= 0);
	return text;
}

static int make_tree(void **state UNUSED)
{
	char dir[CGROUP_PATH_MAX];

	snprintf(top, sizeof(top), "/tmp/test_cgroup.XXXXXX");
	if (!mkdtemp(top))
		return -1;
	snprintf(dir, sizeof(dir), "%s/user", top);
	mkdir(dir, 0700);
	snprintf(dir, sizeof(dir), "%s/user/own", top);
	mkdir(dir, 0700);
	snprintf(dir, sizeof(dir), "%s/g", top);
	return mkdir(dir, 0700);
}

static int remove_tree(void **state UNUSED)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", top);
	return system(command);
}

static struct cgroup_layout v2_layout(const char *own)
{
	struct cgroup_layout layout = { .mode = CGROUP_V2 };

	snprintf(layout.mount[CGROUP_TREE_UNIFIED], CGROUP_PATH_MAX, "%s", top);
	snprintf(layout.own[CGROUP_TREE_UNIFIED], CGROUP_PATH_MAX, "%s", own);
	return layout;
}

static void test_cgroup__v2_places_below_the_nearest_that_hands_out_both(void **state UNUSED)
{
	const struct cgroup_layout layout = v2_layout("/user/own");
	struct cgroup group;
	char want[128];

	put("user/own/cgroup.subtree_control", "memory\n");
	put("user/cgroup.subtree_control", "cpu memory pids\n");
	put("cgroup.subtree_control", "cpu memory pids\n");
	assert_int_equal(cgroup_place(&layout, "n", &group, NULL), 0);
	snprintf(want, sizeof(want), "%s/user/n", top);
	assert_string_equal(group.dir[CGROUP_TREE_UNIFIED], want);
	assert_string_equal(group.enable, "");
}

static void test_cgroup__v2_enables_what_lacks_and_leaves_it_to_others(void **state UNUSED)
{
	const struct cgroup_layout layout = v2_layout("/user/own");
	struct cgroup group;

	put("user/own/cgroup.subtree_control", "");
	put("user/cgroup.subtree_control", "memory\n");
	put("cgroup.subtree_control", "cpu memory\n");
	assert_int_equal(cgroup_place(&layout, "n", &group, NULL), 0);
	assert_string_equal(group.enable, top);
	assert_false(group.enable_memory);
	assert_int_equal(cgroup_create(&group, NULL), 0);
	assert_string_equal(got("cgroup.subtree_control"), "+pids");
	assert_true(group.id != 0);
	assert_int_equal(cgroup_create(&group, NULL), -EEXIST);
	assert_int_equal(cgroup_remove(&group, 0, NULL), 0);
	assert_string_equal(got("cgroup.subtree_control"), "+pids");
	assert_int_equal(cgroup_remove(&group, 0, NULL), 0);
}

static struct cgroup tree_group(enum cgroup_mode mode)
{
	struct cgroup group = { .mode = mode };

	for (size_t tree = 0; tree < CGROUP_TREES; tree++)
		snprintf(group.dir[tree], CGROUP_PATH_MAX, "%s/g", top);
	return group;
}

static void test_cgroup__v2_limits(void **state UNUSED)
{
	const struct cgroup group = tree_group(CGROUP_V2);

	put("g/memory.max", "max");
	put("g/memory.swap.max", "max");
	put("g/pids.max", "max");
	assert_int_equal(cgroup_limit_memory(&group, 64 * MIB, 0, NULL), 0);
	assert_string_equal(got("g/memory.max"), "67108864");
	assert_string_equal(got("g/memory.swap.max"), "0");
	assert_int_equal(cgroup_limit_memory(&group, MISSING_U64, MISSING_U64, NULL), 0);
	assert_string_equal(got("g/memory.max"), "max");
	assert_string_equal(got("g/memory.swap.max"), "max");
	assert_int_equal(cgroup_limit_pids(&group, 17, NULL), 0);
	assert_string_equal(got("g/pids.max"), "17");
}

static void test_cgroup__v1_bounds_memory_and_swap_together(void **state UNUSED)
{
	const struct cgroup group = tree_group(CGROUP_HYBRID);
	struct err e;

	put("g/memory.limit_in_bytes", "9223372036854771712");
	assert_int_equal(cgroup_limit_memory(&group, 64 * MIB, 1 * MIB, &e), -ENOTSUP);
	put("g/memory.memsw.limit_in_bytes", "9223372036854771712");
	assert_int_equal(cgroup_limit_memory(&group, 64 * MIB, 1 * MIB, NULL), 0);
	assert_string_equal(got("g/memory.limit_in_bytes"), "67108864");
	assert_string_equal(got("g/memory.memsw.limit_in_bytes"), "68157440");
	assert_int_equal(cgroup_limit_memory(&group, 32 * MIB, MISSING_U64, NULL), 0);
	assert_string_equal(got("g/memory.memsw.limit_in_bytes"), "-1");
}

static void test_cgroup__v2_limits_that_are_raised_or_removed_are_noticed(void **state UNUSED)
{
	const struct cgroup group = tree_group(CGROUP_V2);
	char path[CGROUP_PATH_MAX];
	struct err e;

	put("g/memory.max", "67108864\n");
	put("g/memory.swap.max", "0\n");
	put("g/pids.max", "17\n");
	assert_int_equal(cgroup_limits_check(&group, 64 * MIB, 0, 17, NULL), 0);
	assert_int_equal(cgroup_limits_check(&group, 64 * MIB + 4095, 0, 17, NULL), 0);
	assert_int_equal(cgroup_limits_check(&group, 63 * MIB, 0, 17, &e), -ESTALE);
	assert_non_null(strstr(e.what, "memory.max was raised"));
	assert_int_equal(cgroup_limits_check(&group, MISSING_U64, 0, 16, &e), -ESTALE);
	assert_non_null(strstr(e.what, "pids.max"));
	put("g/memory.swap.max", "max\n");
	assert_int_equal(cgroup_limits_check(&group, 64 * MIB, 0, 17, &e), -ESTALE);
	assert_int_equal(cgroup_limits_check(&group, 64 * MIB, MISSING_U64, 17, NULL), 0);
	snprintf(path, sizeof(path), "%s/g/memory.max", top);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(cgroup_limits_check(&group, 64 * MIB, MISSING_U64, 17, &e), -ESTALE);
	assert_non_null(strstr(e.what, "memory.max was removed"));
	assert_int_equal(cgroup_limits_check(&group, MISSING_U64, MISSING_U64, 17, NULL), 0);
}

static void test_cgroup__v1_limits_that_are_raised_or_removed_are_noticed(void **state UNUSED)
{
	const struct cgroup group = tree_group(CGROUP_HYBRID);

	put("g/memory.limit_in_bytes", "67108864\n");
	put("g/memory.memsw.limit_in_bytes", "68157440\n");
	put("g/pids.max", "max\n");
	assert_int_equal(cgroup_limits_check(&group, 64 * MIB, MIB, MISSING_U64, NULL), 0);
	assert_int_equal(cgroup_limits_check(&group, 64 * MIB, MIB, 17, NULL), -ESTALE);
	put("g/memory.memsw.limit_in_bytes", "9223372036854771712\n");
	assert_int_equal(cgroup_limits_check(&group, 64 * MIB, MIB, MISSING_U64, NULL), -ESTALE);
	put("g/memory.limit_in_bytes", "9223372036854771712\n");
	assert_int_equal(cgroup_limits_check(&group, 64 * MIB, MISSING_U64, MISSING_U64, NULL),
			 -ESTALE);
}

static void test_cgroup__v2_stat(void **state UNUSED)
{
	const struct cgroup group = tree_group(CGROUP_V2);
	struct cgroup_stat stat;

	put("g/memory.stat", "anon 4096\nfile 12288\nshmem 8192\npgfault 4099\npgmajfault 7\n"
			     "workingset_refault_anon 3\nworkingset_refault_file 2\n");
	put("g/memory.current", "20480\n");
	put("g/memory.swap.current", "40960\n");
	put("g/memory.max", "max\n");
	put("g/memory.events", "low 0\nhigh 0\nmax 11\noom 2\noom_kill 1\noom_group_kill 0\n");
	put("g/cpu.stat", "usage_usec 30\nuser_usec 20\nsystem_usec 10\n");
	put("g/memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=77\n"
				 "full avg10=0.00 avg60=0.00 avg300=0.00 total=66\n");
	put("g/pids.events", "max 5\n");
	assert_int_equal(cgroup_stat_read(&group, &stat, NULL), 0);
	assert_int_equal(stat.anon_bytes, 4096);
	assert_int_equal(stat.shmem_bytes, 8192);
	assert_int_equal(stat.fault_count, 4099);
	assert_int_equal(stat.major_fault_count, 7);
	assert_int_equal(stat.refault_anon_pages, 3);
	assert_int_equal(stat.swap_bytes, 40960);
	assert_true(stat.limit_bytes == MISSING_U64);
	assert_int_equal(stat.limit_hit_count, 11);
	assert_int_equal(stat.oom_kill_count, 1);
	assert_int_equal(stat.user_ns, 20000);
	assert_int_equal(stat.system_ns, 10000);
	assert_int_equal(stat.stall_some_us, 77);
	assert_int_equal(stat.stall_full_us, 66);
	assert_int_equal(stat.pids_refused_count, 5);
	assert_true(stat.peak_bytes == MISSING_U64);
}

static void test_cgroup__v1_stat_counts_the_group_and_those_below(void **state UNUSED)
{
	const struct cgroup group = tree_group(CGROUP_HYBRID);
	struct cgroup_stat stat;

	put("g/memory.stat", "rss 1\nshmem 1\ntotal_rss 4096\ntotal_shmem 8192\ntotal_swap 12288\n"
			     "total_pgfault 31\ntotal_pgmajfault 13\n");
	put("g/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
	put("g/memory.usage_in_bytes", "20480\n");
	put("g/memory.max_usage_in_bytes", "24576\n");
	put("g/memory.failcnt", "9\n");
	put("g/memory.limit_in_bytes", "9223372036854771712\n");
	assert_int_equal(cgroup_stat_read(&group, &stat, NULL), 0);
	assert_int_equal(stat.anon_bytes, 4096);
	assert_int_equal(stat.swap_bytes, 12288);
	assert_int_equal(stat.major_fault_count, 13);
	assert_int_equal(stat.oom_kill_count, 3);
	assert_int_equal(stat.peak_bytes, 24576);
	assert_int_equal(stat.limit_hit_count, 9);
	assert_true(stat.limit_bytes == MISSING_U64);
}

static void test_cgroup__a_group_that_is_gone(void **state UNUSED)
{
	struct cgroup group = tree_group(CGROUP_V2);
	struct cgroup_stat stat;

	snprintf(group.dir[CGROUP_TREE_UNIFIED], CGROUP_PATH_MAX, "%s/none", top);
	assert_int_equal(cgroup_stat_read(&group, &stat, NULL), -ENOENT);
}

struct seen {
	unsigned int n;
	struct cgroup_swap last;
	char paths[256];
};

static int see(void *ctx, const struct cgroup_swap *group)
{
	struct seen *seen = ctx;
	size_t at = strlen(seen->paths);

	seen->n++;
	seen->last = *group;
	snprintf(seen->paths + at, sizeof(seen->paths) - at, "%s ", group->path);
	return 0;
}

static void test_cgroup__v2_room_for_what_is_in_swap(void **state UNUSED)
{
	struct cgroup_layout layout = { .mode = CGROUP_V2 };
	struct seen seen = { .n = 0 };

	snprintf(layout.mount[CGROUP_TREE_UNIFIED], CGROUP_PATH_MAX, "%s", top);
	put("g/memory.stat", "anon 4096\ninactive_file 8192\nactive_file 4096\n");
	put("g/memory.current", "20480\n");
	put("g/memory.swap.current", "40960\n");
	put("g/memory.max", "24576\n");
	assert_int_equal(cgroup_swap_visit(&layout, see, &seen), 0);
	assert_string_equal(seen.paths, "/g ");
	assert_int_equal(seen.last.swap_bytes, 40960);
	assert_int_equal(seen.last.limit_bytes, 24576);
	assert_int_equal(seen.last.room_bytes, 24576 - 20480 + 8192 + 4096);
	put("g/memory.max", "max\n");
	assert_int_equal(cgroup_swap_visit(&layout, see, &seen), 0);
	assert_true(seen.last.room_bytes == MISSING_U64);
	put("g/memory.swap.current", "0\n");
	assert_int_equal(cgroup_swap_visit(&layout, see, &seen), 0);
	assert_int_equal(seen.n, 2);
}

static void test_cgroup__v1_room_for_what_is_in_swap(void **state UNUSED)
{
	struct cgroup_layout layout = { .mode = CGROUP_HYBRID };
	struct seen seen = { .n = 0 };

	snprintf(layout.mount[CGROUP_TREE_MEMORY], CGROUP_PATH_MAX, "%s", top);
	put("g/memory.stat",
	    "swap 4096\ninactive_file 1\ntotal_swap 12288\ntotal_inactive_file 4096\n"
	    "total_active_file 0\n");
	put("g/memory.usage_in_bytes", "20480\n");
	put("g/memory.limit_in_bytes", "16384\n");
	assert_int_equal(cgroup_swap_visit(&layout, see, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.last.swap_bytes, 12288);
	assert_int_equal(seen.last.room_bytes,
			 4096); /* above its limit already: file pages alone make room */
	put("g/memory.limit_in_bytes", "9223372036854771712\n");
	assert_int_equal(cgroup_swap_visit(&layout, see, &seen), 0);
	assert_true(seen.last.room_bytes == MISSING_U64);
	put("g/memory.stat", "swap 4096\n"); /* no swap accounting: nothing is known of it */
	assert_int_equal(cgroup_swap_visit(&layout, see, &seen), 0);
	assert_int_equal(seen.n, 2);
}

/* memory.max and memory.current of a group of v2, in MiB; 0: no limit. */
static void put_limit(const char *group, unsigned int limit, unsigned int current)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "%s/memory.stat", group);
	put(path, "anon 0\ninactive_file 1048576\nactive_file 0\n");
	snprintf(path, sizeof(path), "%s/memory.max", group);
	snprintf(text, sizeof(text), limit ? "%u\n" : "max\n", limit << 20);
	put(path, text);
	snprintf(path, sizeof(path), "%s/memory.current", group);
	snprintf(text, sizeof(text), "%u\n", current << 20);
	put(path, text);
}

static void test_cgroup__every_enclosing_limit_bounds_what_is_available(void **state UNUSED)
{
	const struct cgroup_layout layout = v2_layout("/user/own");
	struct procfs_meminfo memory = { .total_bytes = 1024 * MIB, .available_bytes = 512 * MIB };

	cgroup_bound(&layout, &memory);
	assert_int_equal(memory.total_bytes, 1024 * MIB);
	put_limit("user/own", 0, 90);
	put_limit("user", 128, 100);
	put_limit("g", 2, 1); /* not ours */
	cgroup_bound(&layout, &memory);
	assert_int_equal(memory.total_bytes, 128 * MIB);
	assert_int_equal(memory.available_bytes, 29 * MIB); /* file pages go first */
	/* As in a container, whose top is a group, too. */
	put_limit(".", 64, 50);
	cgroup_bound(&layout, &memory);
	assert_int_equal(memory.total_bytes, 64 * MIB);
	assert_int_equal(memory.available_bytes, 15 * MIB);
	put_limit("user/own", 32, 40);
	cgroup_bound(&layout, &memory);
	assert_int_equal(memory.total_bytes, 32 * MIB);
	assert_int_equal(memory.available_bytes, 1 * MIB); /* above its limit: its file pages */
}

static void test_cgroup__a_path_may_be_as_long_as_any(void **state UNUSED)
{
	struct cgroup_layout layout;
	struct cgroup group;
	char own[2100] = "0::";

	for (size_t i = 0; i < 20; i++)
		snprintf(own + 3 + i * 101, sizeof(own) - 3 - i * 101, "/%0100zu", i);
	assert_int_equal(cgroup_layout_parse(hybrid_mounts, own, &layout, NULL), 0);
	assert_string_equal(layout.own[CGROUP_TREE_UNIFIED], own + 3);
	assert_int_equal(cgroup_place(&layout, "x", &group, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cgroup__a_path_may_be_as_long_as_any),
		cmocka_unit_test_setup_teardown(
			test_cgroup__every_enclosing_limit_bounds_what_is_available, make_tree,
			remove_tree),
		cmocka_unit_test(test_cgroup__hybrid),
		cmocka_unit_test(test_cgroup__v1_places_below_the_own_group_in_each_tree),
		cmocka_unit_test(test_cgroup__v1_alone_has_no_mirror),
		cmocka_unit_test(test_cgroup__container_sees_a_part_of_the_tree),
		cmocka_unit_test(test_cgroup__without_controllers_says_so),
		cmocka_unit_test(test_cgroup__refuses_torn_texts_and_names),
		cmocka_unit_test_setup_teardown(
			test_cgroup__v2_places_below_the_nearest_that_hands_out_both, make_tree,
			remove_tree),
		cmocka_unit_test_setup_teardown(
			test_cgroup__v2_enables_what_lacks_and_leaves_it_to_others, make_tree,
			remove_tree),
		cmocka_unit_test_setup_teardown(test_cgroup__v2_limits, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(
			test_cgroup__v2_limits_that_are_raised_or_removed_are_noticed, make_tree,
			remove_tree),
		cmocka_unit_test_setup_teardown(
			test_cgroup__v1_limits_that_are_raised_or_removed_are_noticed, make_tree,
			remove_tree),
		cmocka_unit_test_setup_teardown(test_cgroup__v1_bounds_memory_and_swap_together,
						make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(test_cgroup__v2_stat, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(
			test_cgroup__v1_stat_counts_the_group_and_those_below, make_tree,
			remove_tree),
		cmocka_unit_test_setup_teardown(test_cgroup__v2_room_for_what_is_in_swap, make_tree,
						remove_tree),
		cmocka_unit_test_setup_teardown(test_cgroup__v1_room_for_what_is_in_swap, make_tree,
						remove_tree),
		cmocka_unit_test_setup_teardown(test_cgroup__a_group_that_is_gone, make_tree,
						remove_tree),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
