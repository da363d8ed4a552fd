/* SPDX-License-Identifier: GPL-2.0-only */
/* test_out_file.c - the file of a stream: what a kill and a full disk leave; links to nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/base/out.h"
#include "lib/analysis/prng.h"
#include "lib/base/record_json.h"
#include "skip.h"

struct event {
	uint64_t n;
	const char *what;
};

static const struct field fields[] = {
	FIELD(struct event, n, FIELD_U64, "", "n"),
	FIELD(struct event, what, FIELD_STRING, "", "w"),
};
static const struct record_type event_type = RECORD_TYPE("event", 1, RECORD_LINE, fields, "");

static char dir[] = "/tmp/test_out_file.XXXXXX", path[64];

static int make_dir(void **state UNUSED)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/out", dir);
	return 0;
}

/* Fails where anything but the result itself was left behind. */
static int remove_dir(void **state UNUSED)
{
	unlink(path);
	return rmdir(dir);
}

/* The whole file, terminated; to be freed. */
static char *read_back(void)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY);
	struct stat st = { 0 };
	char *text;

	if (fd < 0 || fstat(fd, &st) < 0)
		return strdup("");
	text = calloc(1, (size_t)st.st_size + 1);
	if (read(fd, text, (size_t)st.st_size) != st.st_size)
		text[0] = '\0';
	return text;
}

static bool holds(const char *text)
{
	AUTO_FREE char *found = read_back();

	return str_eq(found, text);
}

static void write_earlier(void)
{
	struct out *out;

	assert_int_equal(out_new(&out, OUT_TEXT, path, NULL), 0);
	assert_int_equal(out_line(out, "earlier"), 0);
	assert_int_equal(out_close(out, NULL), 0);
}

static void test_stream__the_first_flush_replaces_an_earlier_file(void **state UNUSED)
{
	struct out *out;

	write_earlier();
	assert_int_equal(out_new_stream(&out, OUT_TEXT, path, NULL), 0);
	assert_int_equal(out_line(out, "one"), 0);
	assert_true(holds("earlier\n"));
	assert_int_equal(out_flush(out), 0);
	assert_true(holds("one\n"));
	assert_int_equal(out_line(out, "two"), 0);
	out_discard(out);
	assert_true(holds("one\ntwo\n"));
}

static void test_stream__a_program_that_cannot_begin_leaves_the_earlier_file(void **state UNUSED)
{
	struct out *out;

	write_earlier();
	assert_int_equal(out_new_stream(&out, OUT_TEXT, path, NULL), 0);
	out_discard(out);
	assert_true(holds("earlier\n"));
}

static void test_stream__a_kill_leaves_what_was_flushed(void **state UNUSED)
{
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		struct out *out;

		if (out_new_stream(&out, OUT_TEXT, path, NULL) || out_line(out, "one") ||
		    out_flush(out) || out_line(out, "never flushed"))
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_true(holds("one\n"));
}

/* ---- a full disk ---- */

struct found {
	uint64_t events, ends;
	struct end_record end;
};

static int take(void *ctx, const char *type, struct json_object *record)
{
	struct found *f = ctx;

	if (str_eq(type, "end")) {
		f->ends++;
		f->end.emitted = record_u64(record, "emitted");
		f->end.dropped = record_u64(record, "dropped");
		f->end.reason = str_eq(record_string(record, "reason"), "partial") ? "partial" : "";
		return 0;
	}
	/* none is missing in between */
	return !str_eq(type, "event") || record_u64(record, "n") != f->events++ || f->ends;
}

/* Records of lengths as they come from the seed, flushed as they come from it, until the disk is
 * full. Returns 0 where the file holds whole records and the end record counts them.
 */
static int fill(uint64_t seed)
{
	struct end_record end = { .missed = MISSING_U64, .unmatched = MISSING_U64, .reason = "x" };
	struct found found = { 0 };
	AUTO_FREE char *text = NULL;
	struct prng rng;
	char what[3000];
	struct out *out;
	int rc = 0;

	prng_seed(&rng, seed);
	memset(what, 'x', sizeof(what));
	if (out_new_stream(&out, OUT_JSON, path, NULL))
		return 1;
	while (rc == 0) {
		size_t cut = prng_next(&rng) % sizeof(what);
		struct event event = { end.emitted, what };

		what[cut] = '\0';
		rc = out_record(out, &event_type, &event);
		end.emitted += rc == 0;
		what[cut] = 'x';
		if (rc == 0 && prng_next(&rng) % 4 == 0)
			rc = out_flush(out);
	}
	end.seen = end.emitted;
	if (rc != -ENOSPC || out_record(out, &end_record_type, &end) != -ENOSPC)
		return 2;
	if (out_close(out, NULL) != -ENOSPC)
		return 3;
	text = read_back();
	if (record_each_line(text, take, &found) || text[strlen(text) - 1] != '\n')
		return 4;
	if (found.ends != 1 || !str_eq(found.end.reason, "partial"))
		return 5;
	if (found.end.emitted != found.events || found.end.dropped != end.seen - found.events)
		return 6;
	return found.events && found.end.dropped ? 0 : 7;
}

/* Runs in a child with its own mounts: a small file system over dir. */
static int fill_small_disks(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 77;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		char options[32];
		int rc;

		snprintf(options, sizeof(options), "size=%uk", (unsigned int)(64 + 4 * seed));
		if (mount("tmpfs", dir, "tmpfs", 0, options) < 0)
			return 77;
		rc = fill(seed);
		if (rc)
			return rc;
		if (unlink(path) < 0 || umount(dir) < 0) /* not empty: something was left */
			return 8;
	}
	return 0;
}

static void test_stream__a_full_disk_leaves_whole_records_and_the_end_that_counts_them(
	void **state UNUSED)
{
	AUTO_CLOSE int messages = -1;
	int status, keep;
	pid_t child;

	fflush(NULL);
	keep = dup(STDERR_FILENO);
	messages = open("/dev/null", O_WRONLY);
	dup2(messages, STDERR_FILENO);
	child = fork();
	if (child == 0)
		_exit(fill_small_disks());
	dup2(keep, STDERR_FILENO);
	close(keep);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		SKIP("cannot mount a small file system here");
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- links to nothing ---- */

static void write_through(const char *target)
{
	char link[128];
	struct out *out;
	struct stat st;
	int rc;

	unlink(path);
	snprintf(link, sizeof(link), "%s/link", dir);
	assert_int_equal(symlink(target, link), 0);
	rc = out_new(&out, OUT_TEXT, link, NULL);
	if (!rc)
		rc = out_line(out, "through");
	if (!rc)
		rc = out_close(out, NULL);
	assert_int_equal(lstat(link, &st), 0);
	unlink(link);
	assert_int_equal(rc, 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_true(holds("through\n"));
}

static void test_link__to_nothing_makes_its_target(void **state UNUSED)
{
	char second[128];

	write_through(path);
	write_through("out");
	snprintf(second, sizeof(second), "%s/second", dir);
	assert_int_equal(symlink("out", second), 0);
	write_through("second");
	unlink(second);
}

static void test_link__to_itself_is_refused(void **state UNUSED)
{
	char link[128];
	struct out *out;
	struct err e = { 0 };
	int rc;

	snprintf(link, sizeof(link), "%s/loop", dir);
	assert_int_equal(symlink("loop", link), 0);
	rc = out_new(&out, OUT_TEXT, link, &e);
	unlink(link);
	assert_int_equal(rc, -ELOOP);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream__the_first_flush_replaces_an_earlier_file),
		cmocka_unit_test(test_stream__a_program_that_cannot_begin_leaves_the_earlier_file),
		cmocka_unit_test(test_stream__a_kill_leaves_what_was_flushed),
		cmocka_unit_test(
			test_stream__a_full_disk_leaves_whole_records_and_the_end_that_counts_them),
		cmocka_unit_test(test_link__to_nothing_makes_its_target),
		cmocka_unit_test(test_link__to_itself_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
