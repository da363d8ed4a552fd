/* SPDX-License-Identifier: GPL-2.0-only */
/* test_journal.c - journals written, torn, adopted; what recovery undoes and what it leaves. Needs
 * no root. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/safety/journal_recover.h"
#include "lib/kernel/procfs.h"

static char top[64], state_dir[96];

static const char *at(const char *name)
{
	static char paths[4][256];
	static unsigned int turn;

	turn = (turn + 1) % 4;
	snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", top, name);
	return paths[turn];
}

static void put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void assert_file(const char *path, const char *text)
{
	char now[4096];

	assert_true(sysroot_read(NULL, now, sizeof(now), NULL, "%s", path) >= 0);
	assert_string_equal(now, text);
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static unsigned int journals(void)
{
	char command[160];

	snprintf(command, sizeof(command), "ls %s | grep -c book$", state_dir);
	FILE *f = popen(command, "r");
	unsigned int n = 99;

	assert_int_equal(fscanf(f, "%u", &n), 1);
	pclose(f);
	return n;
}

static int begin(void **state UNUSED)
{
	strcpy(top, "/tmp/test_journal.XXXXXX");
	if (!mkdtemp(top))
		return -1;
	snprintf(state_dir, sizeof(state_dir), "%s/state", top);
	return setenv("COLDPRESS_STATE_DIR", state_dir, 1);
}

static int end(void **state UNUSED)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command);
}

/* What a report said, one line each. */
static char said[4096];

static void hear(void *ctx UNUSED, bool failed, const char *text)
{
	size_t n = strlen(said);

	snprintf(said + n, sizeof(said) - n, "%s%s\n", failed ? "FAILED " : "", text);
}

static int recover(void)
{
	struct err e = { .code = 0 };

	said[0] = '\0';
	int r = journal_recover((struct journal_how){ .force = false }, hear, NULL, &e);

	if (r < 0)
		fail_msg("recover: %s", e.what);
	return r;
}

/* Runs act in a child that then dies as kill -9 would have it. */
static void die_after(void (*act)(struct journal *j))
{
	pid_t pid = fork();

	if (pid == 0) {
		struct journal *j;

		if (journal_open_named(&j, "dead", NULL))
			_exit(1);
		act(j);
		raise(SIGKILL);
	}
	int status;

	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status));
}

static void change_setting(struct journal *j)
{
	unsigned int id;

	if (journal_setting(j, at("setting"), &id, NULL))
		_exit(2);
	put_file(at("setting"), "100");
	journal_done(j, id, NULL);
}

static void test_journal__a_dead_owners_setting_is_written_back(void **state UNUSED)
{
	put_file(at("setting"), "60\n");
	die_after(change_setting);
	assert_file(at("setting"), "100");
	assert_int_equal(recover(), 1);
	assert_file(at("setting"), "60");
	assert_non_null(strstr(said, " to 60"));
	assert_int_equal(recover(), 0);
	assert_int_equal(journals(), 0);
}

static void test_journal__of_a_choice_the_chosen_word_is_kept(void **state UNUSED)
{
	put_file(at("setting"), "always [madvise] never\n");
	die_after(change_setting);
	assert_int_equal(recover(), 1);
	assert_file(at("setting"), "madvise");
}

static void test_journal__a_setting_that_went_counts_as_put_back(void **state UNUSED)
{
	put_file(at("setting"), "60\n");
	die_after(change_setting);
	unlink(at("setting"));
	assert_int_equal(recover(), 1);
	assert_false(exists(at("setting")));
}

static void make_tree(struct journal *j)
{
	unsigned int id;

	if (journal_path(j, at("tree"), &id, NULL))
		_exit(2);
	mkdir(at("tree"), 0700);
	mkdir(at("tree/deep"), 0700);
	put_file(at("tree/deep/file"), "x");
	if (symlink(at("outside"), at("tree/deep/link")))
		_exit(3);
}

static void test_journal__a_tree_is_removed_and_what_its_links_lead_to_is_not(void **state UNUSED)
{
	mkdir(at("outside"), 0700);
	put_file(at("outside/kept"), "kept");
	die_after(make_tree);
	assert_true(exists(at("tree/deep/link")));
	assert_int_equal(recover(), 1);
	assert_false(exists(at("tree")));
	assert_file(at("outside/kept"), "kept");
}

static void test_journal__a_path_that_exists_is_nobodys_to_remove(void **state UNUSED)
{
	struct journal *j;
	unsigned int id;

	put_file(at("theirs"), "x");
	assert_int_equal(journal_open(&j, "test", NULL), 0);
	assert_int_equal(journal_path(j, at("theirs"), &id, NULL), -EEXIST);
	journal_close(j);
	assert_int_equal(journals(), 0);
	assert_true(exists(at("theirs")));
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	return pid;
}

static pid_t noted;

static void note_process(struct journal *j)
{
	unsigned int id;

	if (journal_process(j, noted, &id, NULL))
		_exit(2);
}

static void test_journal__a_dead_owners_process_is_ended(void **state UNUSED)
{
	int status;

	noted = sleeper();
	die_after(note_process);
	assert_int_equal(recover(), 1);
	assert_int_equal(waitpid(noted, &status, WNOHANG), noted);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void note_group(struct journal *j)
{
	unsigned int id;

	if (mkdir(at("group"), 0700) || journal_cgroup(j, at("group"), &id, NULL))
		_exit(2);
	put_file(at("group/file"), "");
}

/* Groups are tried twice: before the swaps of any journal, and with their own one. */
static void test_journal__what_stays_is_reported_once(void **state UNUSED)
{
	const char *found;

	die_after(note_group);
	said[0] = '\0';
	assert_int_equal(journal_recover((struct journal_how){ .force = false }, hear, NULL, NULL),
			 -ENOTEMPTY);
	found = strstr(said, "FAILED");
	assert_non_null(found);
	assert_null(strstr(found + 1, "FAILED"));
	assert_int_equal(unlink(at("group/file")), 0);
	assert_int_equal(recover(), 1);
	assert_null(strstr(said, "FAILED"));
}

/* A journal as another process would have left it, of this boot unless boot is given. */
static void put_journal(const char *name, const char *boot, const char *lines)
{
	char id[PROCFS_BOOT_ID_MAX], text[2048], path[160];

	assert_int_equal(procfs_boot_id(NULL, id, NULL), 0);
	assert_int_equal(journal_state_dir((char[SYSROOT_PATH_MAX]){ 0 }, NULL), 0);
	snprintf(text, sizeof(text), "{\"v\":1,\"boot\":\"%s\",\"pid\":1}\n%s", boot ? boot : id,
		 lines);
	snprintf(path, sizeof(path), "state/%s.book", name);
	put_file(at(path), text);
}

static void test_journal__another_process_of_that_number_is_left_alone(void **state UNUSED)
{
	char line[128];
	pid_t pid = sleeper();

	snprintf(line, sizeof(line), "{\"id\":1,\"kind\":\"process\",\"pid\":%d,\"start\":7}\n",
		 (int)pid);
	put_journal("reused", NULL, line);
	assert_int_equal(recover(), 1);
	assert_int_equal(kill(pid, 0), 0);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_journal__a_device_that_is_another_now_is_left_alone(void **state UNUSED)
{
	put_journal("device", NULL,
		    "{\"id\":1,\"kind\":\"zram\",\"before\":[]}\n"
		    "{\"id\":1,\"state\":\"added\",\"zram\":0,\"dev\":1,\"diskseq\":"
		    "18446744073709551615}\n"
		    "{\"id\":2,\"kind\":\"swap\",\"zram\":0,\"dev\":1,\"diskseq\":"
		    "18446744073709551615}\n");
	assert_int_equal(recover(), 2);
	assert_string_equal(said, "");
}

static void test_journal__one_of_an_earlier_boot_is_removed_not_undone(void **state UNUSED)
{
	char line[256];

	put_file(at("setting"), "100\n");
	snprintf(line, sizeof(line),
		 "{\"id\":1,\"kind\":\"setting\",\"path\":\"%s\",\"old\":\"60\"}\n", at("setting"));
	put_journal("old", "00000000-0000-0000-0000-000000000000", line);
	assert_int_equal(recover(), 0);
	assert_file(at("setting"), "100\n");
	assert_int_equal(journals(), 0);
}

static void test_journal__a_torn_last_line_is_left_out(void **state UNUSED)
{
	char line[256];

	put_file(at("setting"), "100\n");
	snprintf(line, sizeof(line),
		 "{\"id\":1,\"kind\":\"setting\",\"path\":\"%s\",\"old\":\"60\"}\n{\"id\":2,\"ki",
		 at("setting"));
	put_journal("torn", NULL, line);
	assert_int_equal(recover(), 1);
	assert_file(at("setting"), "60");
	assert_int_equal(journals(), 0);
}

static void test_journal__a_whole_line_that_is_none_of_ours_stops_everything(void **state UNUSED)
{
	static const char *const bad[] = {
		"rubbish\n",
		"{\"id\":2,\"kind\":\"cgroup\",\"path\":\"/x\"}\n",
		"{\"id\":1,\"kind\":\"novel\",\"path\":\"/x\"}\n",
		"{\"id\":1,\"kind\":\"setting\",\"path\":\"/x\"}\n",
		"{\"id\":1,\"kind\":\"process\",\"pid\":-1,\"start\":1}\n",
		"{\"id\":1,\"state\":\"done\"}\n",
		"[]\n",
		"\n",
	};
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		said[0] = '\0';
		put_journal("bad", NULL, bad[i]);
		assert_int_equal(journal_recover((struct journal_how){ .force = false }, hear, NULL,
						 &e),
				 -EBADMSG);
		assert_non_null(strstr(said, "FAILED cannot parse the journal"));
		assert_int_equal(journals(), 1);
	}
}

static void test_journal__an_empty_one_is_of_an_owner_that_did_nothing(void **state UNUSED)
{
	assert_int_equal(journal_state_dir((char[SYSROOT_PATH_MAX]){ 0 }, NULL), 0);
	put_file(at("state/empty.book"), "");
	put_file(at("state/headless.book"), "{\"v\":1,\"bo");
	assert_int_equal(recover(), 0);
	assert_int_equal(journals(), 0);
}

static void test_journal__a_living_owner_is_not_disturbed(void **state UNUSED)
{
	struct journal *j, *other;
	unsigned int id;

	put_file(at("setting"), "60\n");
	assert_int_equal(journal_open_named(&j, "alive", NULL), 0);
	assert_int_equal(journal_setting(j, at("setting"), &id, NULL), 0);
	put_file(at("setting"), "100");
	assert_int_equal(recover(), 0);
	assert_file(at("setting"), "100");
	assert_int_equal(journal_adopt(&other, "alive", NULL), -EBUSY);
	assert_int_equal(journal_open_named(&other, "alive", NULL), -EEXIST);
	assert_int_equal(journal_undo_all(j, NULL), 0);
	assert_file(at("setting"), "60");
	journal_close(j);
	assert_int_equal(journals(), 0);
}

static void make_ready(struct journal *j)
{
	change_setting(j);
	journal_ready(j, noted, MISSING_U64, "it is ready", NULL);
}

static void test_journal__what_is_ready_stays_and_is_named_until_taken_back(void **state UNUSED)
{
	struct journal *j;

	noted = 0;
	put_file(at("setting"), "60\n");
	die_after(make_ready);
	assert_int_equal(recover(), 0);
	assert_string_equal(said, "dead: it is ready\n");
	assert_file(at("setting"), "100");
	assert_int_equal(journal_adopt(&j, "dead", NULL), 0);
	assert_int_equal(journal_unready(j, NULL), 0);
	journal_close(j);
	assert_int_equal(recover(), 1);
	assert_file(at("setting"), "60");
}

static void test_journal__what_is_ready_goes_with_the_process_it_is_bound_to(void **state UNUSED)
{
	noted = sleeper();
	put_file(at("setting"), "60\n");
	die_after(make_ready);
	assert_int_equal(recover(), 0);
	kill(noted, SIGKILL);
	waitpid(noted, NULL, 0);
	assert_int_equal(recover(), 1);
	assert_file(at("setting"), "60");
}

static void test_journal__the_last_change_is_undone_first(void **state UNUSED)
{
	struct journal *j;
	unsigned int id;

	put_file(at("setting"), "1\n");
	assert_int_equal(journal_open_named(&j, "order", NULL), 0);
	assert_int_equal(journal_setting(j, at("setting"), &id, NULL), 0);
	put_file(at("setting"), "2");
	assert_int_equal(journal_setting(j, at("setting"), &id, NULL), 0);
	put_file(at("setting"), "3");
	assert_int_equal(journal_undo_all(j, NULL), 0);
	assert_file(at("setting"), "1");
	journal_close(j);
}

static void test_journal__two_recoveries_at_once_undo_once(void **state UNUSED)
{
	put_file(at("setting"), "60\n");
	die_after(change_setting);
	pid_t pids[4];

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(journal_recover((struct journal_how){ .force = false }, NULL, NULL,
					      NULL) < 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		int status;

		waitpid(pids[i], &status, 0);
		assert_int_equal(status, 0);
	}
	assert_file(at("setting"), "60");
	assert_int_equal(journals(), 0);
}

static void churn(void)
{
	for (;;) {
		struct journal *j;
		unsigned int id;

		if (journal_open_named(&j, "churn", NULL))
			_exit(1);
		for (int i = 0; i < 5; i++) {
			if (journal_setting(j, at("setting"), &id, NULL))
				_exit(2);
			put_file(at("setting"), "100");
			if (journal_done(j, id, NULL))
				_exit(3);
		}
		if (journal_undo_all(j, NULL))
			_exit(4);
		journal_close(j);
	}
}

static void test_journal__killed_at_any_moment_it_is_put_back(void **state UNUSED)
{
	for (unsigned int i = 0; i < 100; i++) {
		put_file(at("setting"), "60");
		pid_t pid = fork();

		if (pid == 0)
			churn();
		int status;

		sleep_ns((i * 7919 % 3001) * NS_PER_US);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		recover();
		/* Killed between truncating and writing the file, by a test that is not atomic:
		 * never 100 though. */
		char now[8] = "";

		sysroot_read(NULL, now, sizeof(now), NULL, "%s", at("setting"));
		assert_string_not_equal(now, "100");
		assert_int_equal(journals(), 0);
	}
}

static void test_journal_lock__is_exclusive_and_goes_with_its_holder(void **state UNUSED)
{
	struct err e;
	int fd = journal_lock(0, NULL);

	assert_true(fd >= 0);
	assert_int_equal(journal_lock(30 * NS_PER_MS, &e), -EBUSY);
	assert_non_null(strstr(e.hint, "fuser"));
	close(fd);
	fd = journal_lock(0, NULL);
	assert_true(fd >= 0);
	close(fd);
}

/* A pipe would hold recovery for ever, a giant for minutes. */
static void test_journal__a_file_that_is_no_journal_is_reported_and_blocks_nothing(
	void **state UNUSED)
{
	struct journal *j;
	struct err e = { .code = 0 };

	assert_int_equal(journal_open(&j, "first", NULL), 0);
	journal_close(j);
	assert_int_equal(mkfifo(at("state/pipe.book"), 0600), 0);
	alarm(10);
	assert_int_equal(journal_recover((struct journal_how){ .force = false }, NULL, NULL, &e),
			 -EINVAL);
	assert_non_null(strstr(e.what, "pipe.book is no journal"));
	assert_int_equal(unlink(at("state/pipe.book")), 0);
	put_file(at("state/giant.book"), "");
	assert_int_equal(truncate(at("state/giant.book"), 64 << 20), 0);
	assert_int_equal(journal_recover((struct journal_how){ .force = false }, NULL, NULL, &e),
			 -EBADMSG);
	alarm(0);
	assert_int_equal(journals(), 1);
}

static void test_journal_state_dir__takes_no_link_and_no_relative_path(void **state UNUSED)
{
	static const char *const behind[] = { "", "/", "//", "/.", "/./", "/../link", "/../link/" };
	char path[SYSROOT_PATH_MAX], buf[SYSROOT_PATH_MAX];
	struct err e;

	assert_int_equal(symlink(state_dir, at("link")), 0);
	for (size_t i = 0; i < ARRAY_SIZE(behind); i++) {
		snprintf(path, sizeof(path), "%s%s", at("link"), behind[i]);
		setenv("COLDPRESS_STATE_DIR", path, 1);
		assert_true(journal_state_dir(buf, &e) < 0);
	}
	snprintf(path, sizeof(path), "%s//", state_dir);
	setenv("COLDPRESS_STATE_DIR", path, 1);
	assert_int_equal(journal_state_dir(buf, NULL), 0);
	assert_string_equal(buf, state_dir);
	for (const char *relative = "state\0./state\0.\0..\0"; *relative;
	     relative += strlen(relative) + 1) {
		setenv("COLDPRESS_STATE_DIR", relative, 1);
		assert_int_equal(journal_state_dir(buf, &e), -EINVAL);
		assert_non_null(strstr(e.what, "not an absolute path"));
	}
	setenv("COLDPRESS_STATE_DIR", state_dir, 1);
}

static void test_journal__a_text_without_a_newline_is_no_torn_head(void **state UNUSED)
{
	struct err e;

	assert_true(journal_lock(0, NULL) >= 0);
	put_file(at("state/pool.torn.book"), "{\"v\":1,\"bo");
	assert_int_equal(recover(), 0);
	assert_int_equal(journals(), 0);
	put_file(at("state/pool.lab.book"), "garbage");
	assert_int_equal(journal_recover((struct journal_how){ .force = false }, hear, NULL, &e),
			 -EBADMSG);
	assert_int_equal(journals(), 1);
	assert_file(at("state/pool.lab.book"), "garbage");
}

/* Version 0.1.0 wrote these: tests/fixtures/journal/README.md. */
static void test_journal_file__a_pool_of_version_0_1_0_is_parsed(void **state UNUSED)
{
	static const enum journal_kind kinds[] = { JOURNAL_ZRAM, JOURNAL_SWAP, JOURNAL_SETTING,
						   JOURNAL_SETTING };
	AUTO_FREE char *text = NULL;
	struct journal_file file;
	ssize_t n = sysroot_read_alloc(NULL, &text, NULL, "tests/fixtures/journal/pool-0.1.0.book");

	assert_true(n > 0);
	assert_int_equal(journal_file_parse(text, (size_t)n, &file), 0);
	assert_string_equal(file.boot_id, "2a337d03-7803-4af7-b71f-1ede6891a4c8");
	assert_int_equal(file.n, ARRAY_SIZE(kinds));
	for (size_t i = 0; i < file.n; i++) {
		assert_int_equal(file.entries[i].kind, kinds[i]);
		assert_int_equal(file.entries[i].done, i > 0);
		assert_false(file.entries[i].undone);
	}
	assert_int_equal(file.entries[0].before.n, 1);
	assert_int_equal(file.entries[0].device.diskseq, 530);
	assert_int_equal(file.entries[1].device.id, 1);
	assert_string_equal(file.entries[2].path, "/proc/sys/vm/swappiness");
	assert_string_equal(file.entries[2].old, "60");
	assert_true(file.ready);
	assert_int_equal(file.ready_mark, 6);
	assert_non_null(strstr(file.ready_text, "ram_pool reset --name old"));
	journal_file_done(&file);
}

static void test_journal_file__a_workload_of_version_0_1_0_is_parsed(void **state UNUSED)
{
	AUTO_FREE char *text = NULL;
	struct journal_file file;
	ssize_t n =
		sysroot_read_alloc(NULL, &text, NULL, "tests/fixtures/journal/workload-0.1.0.book");

	assert_true(n > 0);
	assert_int_equal(journal_file_parse(text, (size_t)n, &file), 0);
	assert_true(file.n > 1);
	assert_int_equal(file.entries[0].kind, JOURNAL_CGROUP);
	assert_int_equal(file.entries[file.n - 1].kind, JOURNAL_CGROUP);
	assert_true(file.entries[file.n - 1].done);
	assert_false(file.ready);
	journal_file_done(&file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_journal_file__a_pool_of_version_0_1_0_is_parsed),
		TEST(test_journal_file__a_workload_of_version_0_1_0_is_parsed),
		TEST(test_journal__a_file_that_is_no_journal_is_reported_and_blocks_nothing),
		TEST(test_journal__a_dead_owners_setting_is_written_back),
		TEST(test_journal__of_a_choice_the_chosen_word_is_kept),
		TEST(test_journal__a_setting_that_went_counts_as_put_back),
		TEST(test_journal__a_tree_is_removed_and_what_its_links_lead_to_is_not),
		TEST(test_journal__a_path_that_exists_is_nobodys_to_remove),
		TEST(test_journal__a_dead_owners_process_is_ended),
		TEST(test_journal__what_stays_is_reported_once),
		TEST(test_journal__another_process_of_that_number_is_left_alone),
		TEST(test_journal__a_device_that_is_another_now_is_left_alone),
		TEST(test_journal__one_of_an_earlier_boot_is_removed_not_undone),
		TEST(test_journal__a_torn_last_line_is_left_out),
		TEST(test_journal__a_whole_line_that_is_none_of_ours_stops_everything),
		TEST(test_journal__an_empty_one_is_of_an_owner_that_did_nothing),
		TEST(test_journal__a_living_owner_is_not_disturbed),
		TEST(test_journal__what_is_ready_stays_and_is_named_until_taken_back),
		TEST(test_journal__what_is_ready_goes_with_the_process_it_is_bound_to),
		TEST(test_journal__the_last_change_is_undone_first),
		TEST(test_journal__two_recoveries_at_once_undo_once),
		TEST(test_journal__killed_at_any_moment_it_is_put_back),
		TEST(test_journal_lock__is_exclusive_and_goes_with_its_holder),
		TEST(test_journal_state_dir__takes_no_link_and_no_relative_path),
		TEST(test_journal__a_text_without_a_newline_is_no_torn_head),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
