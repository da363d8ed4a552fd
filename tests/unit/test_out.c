/* SPDX-License-Identifier: GPL-2.0-only */
/* test_out.c - records through a sink into a file of the test, read back; full disks; readers that
 * went away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/base/out.h"
#include "skip.h"
#include "lib/base/units.h"

struct sample {
	uint64_t used_bytes;
	int64_t delta;
	double ratio;
	uint32_t cpu;
	uint64_t addr;
	bool major;
	const char *path;
	char comm[4];
	struct series costs;
};

static const struct field fields[] = {
	FIELD(struct sample, used_bytes, FIELD_U64, "bytes", "b"),
	FIELD(struct sample, delta, FIELD_I64, "", "d"),
	FIELD(struct sample, ratio, FIELD_F64, "ratio", "r"),
	FIELD(struct sample, cpu, FIELD_U32, "", "c"),
	FIELD(struct sample, addr, FIELD_HEX, "", "a"),
	FIELD(struct sample, major, FIELD_BOOL, "", "m"),
	FIELD(struct sample, path, FIELD_STRING, "", "p"),
	FIELD(struct sample, comm, FIELD_CHARS, "", "c"),
	FIELD(struct sample, costs, FIELD_SERIES, "ns", "s"),
};
static const struct record_type line_type = RECORD_TYPE("s", 3, RECORD_LINE, fields, "");
static const struct record_type table_type = RECORD_TYPE("s", 3, RECORD_TABLE, fields, "");
static const struct record_type card_type = RECORD_TYPE("s", 3, RECORD_CARD, fields, "");

static const double costs[] = { 1.5, NAN, 2 };
static const struct sample full = {
	.used_bytes = 65536,
	.delta = -5,
	.ratio = 0.1234567,
	.cpu = 3,
	.addr = 0xffff9a1f01234000,
	.major = true,
	.path = "/usr/bin/x",
	.comm = { 'f', 'o', 'u', 'r' },
	.costs = { costs, ARRAY_SIZE(costs) },
};
static const struct sample empty = {
	.used_bytes = MISSING_U64,
	.delta = MISSING_I64,
	.ratio = MISSING_F64,
};

static char dir[] = "/tmp/test_out.XXXXXX", path[64], content[65536];

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

static const char *read_back(void)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, content, sizeof(content) - 1);
	assert_true(n >= 0);
	content[n] = '\0';
	return content;
}

static struct out *open_out(enum out_format format)
{
	struct out *out = NULL;

	assert_int_equal(out_new(&out, format, path, NULL), 0);
	return out;
}

static const char *printed(enum out_format format, const struct record_type *type,
			   const struct sample *a, const struct sample *b)
{
	struct out *out = open_out(format);

	assert_int_equal(out_record(out, type, a), 0);
	if (b)
		assert_int_equal(out_record(out, type, b), 0);
	assert_int_equal(out_close(out, NULL), 0);
	return read_back();
}

static void test_out__json_has_type_version_and_every_field(void **state UNUSED)
{
	assert_string_equal(
		printed(OUT_JSON, &line_type, &full, NULL),
		"{\"type\":\"s\",\"v\":3,\"used_bytes\":65536,\"delta\":-5,\"ratio\":0.1234567,"
		"\"cpu\":3,\"addr\":\"0xffff9a1f01234000\",\"major\":true,\"path\":\"/usr/bin/x\","
		"\"comm\":\"four\",\"costs\":[1.5,null,2]}\n");
}

static void test_out__missing_is_null_a_dash_or_an_empty_cell(void **state UNUSED)
{
	assert_string_equal(
		printed(OUT_JSON, &line_type, &empty, NULL),
		"{\"type\":\"s\",\"v\":3,\"used_bytes\":null,\"delta\":null,\"ratio\":null,\"cpu\":"
		"0,"
		"\"addr\":\"0x0\",\"major\":false,\"path\":null,\"comm\":\"\",\"costs\":null}\n");
	assert_string_equal(printed(OUT_TEXT, &line_type, &empty, NULL),
			    "s used_bytes=- delta=- ratio=- cpu=0 addr=0x0 major=no path=- "
			    "comm=\"\" costs=-\n");
	assert_string_equal(printed(OUT_CSV, &line_type, &empty, NULL),
			    "used_bytes,delta,ratio,cpu,addr,major,path,comm,costs\n"
			    ",,,0,0x0,false,,\"\",\n");
}

struct moment {
	uint64_t ts_ns;
	uint32_t pid;
};

static const struct field moment_fields[] = {
	FIELD(struct moment, pid, FIELD_U32, "", "p"),
	FIELD(struct moment, ts_ns, FIELD_U64, "ns", "t"),
};
static const struct record_type moment_type = RECORD_TYPE("m", 1, RECORD_LINE, moment_fields, "");

static void test_out__time_stands_first_in_place_of_ts_ns_or_beside_it(void **state UNUSED)
{
	static const char *const pid[] = { "pid" };
	const struct opt_list only_pid = { (const char **)pid, 1 };
	const struct moment moment = { .ts_ns = monotonic_ns(), .pid = 7 };
	char utc[UNITS_TEXT_MAX], expect[160];

	units_format_utc(record_epoch_ns(moment.ts_ns), utc);
	for (int i = 0; i < 4; i++) {
		static const enum out_format formats[] = { OUT_JSON, OUT_TEXT, OUT_CSV, OUT_JSON };
		struct out *out = open_out(formats[i]);

		out_set_time(out, i == 1 ? OUT_TIME_BOTH : OUT_TIME_UTC);
		if (i == 3)
			assert_int_equal(out_select(out, &moment_type, &only_pid, NULL), 0);
		assert_int_equal(out_record(out, &moment_type, &moment), 0);
		assert_int_equal(out_close(out, NULL), 0);
		if (formats[i] == OUT_JSON)
			snprintf(expect, sizeof(expect),
				 "{\"type\":\"m\",\"v\":1,\"time\":\"%s\",\"pid\":7}\n", utc);
		else if (formats[i] == OUT_TEXT)
			snprintf(expect, sizeof(expect), "m time=%s pid=7 ts_ns=%llu\n", utc,
				 (unsigned long long)moment.ts_ns);
		else
			snprintf(expect, sizeof(expect), "time,pid\n%s,7\n", utc);
		assert_string_equal(read_back(), expect);
	}
}

static void test_out__times_of_a_record_without_ts_ns_change_nothing(void **state UNUSED)
{
	struct out *out = open_out(OUT_TEXT);

	out_set_time(out, OUT_TIME_UTC);
	assert_int_equal(out_record(out, &line_type, &empty), 0);
	assert_int_equal(out_close(out, NULL), 0);
	assert_string_equal(read_back(), "s used_bytes=- delta=- ratio=- cpu=0 addr=0x0 major=no "
					 "path=- comm=\"\" costs=-\n");
}

static void test_out__an_infinite_ratio_is_null_in_json(void **state UNUSED)
{
	struct sample sample = empty;

	sample.ratio = INFINITY;
	assert_non_null(strstr(printed(OUT_JSON, &line_type, &sample, NULL), "\"ratio\":null"));
}

static void test_out__a_line_keeps_hostile_values_in_their_place(void **state UNUSED)
{
	static const struct {
		const char *path, *text;
	} known[] = {
		{ "plain", " path=plain " },
		{ "-", " path=\"-\" " },
		{ "a b", " path=\"a b\" " },
		{ "x cpu=9", " path=\"x cpu=9\" " },
		{ "say \"hi\"", " path=\"say \\\"hi\\\"\" " },
		{ "a\nend seen=0", " path=\"a\\x0aend seen=0\" " },
		{ "\x1b[31m", " path=\"\\x1b[31m\" " },
		{ "back\\slash", " path=\"back\\\\slash\" " },
		{ "\xc0\xaf", " path=\"\\xc0\\xaf\" " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct sample sample = full;

		sample.path = known[i].path;
		if (!strstr(printed(OUT_TEXT, &line_type, &sample, NULL), known[i].text))
			fail_msg("no%sin: %s", known[i].text, content);
		assert_ptr_equal(strchr(content, '\n'), content + strlen(content) - 1);
	}
}

static void test_out__csv_quotes_as_rfc_4180_and_prints_its_head_once(void **state UNUSED)
{
	struct sample sample = full;

	sample.path = "a,\"b\"\nc";
	assert_string_equal(
		printed(OUT_CSV, &table_type, &sample, &full),
		"used_bytes,delta,ratio,cpu,addr,major,path,comm,costs\n"
		"65536,-5,0.1234567,3,0xffff9a1f01234000,true,\"a,\"\"b\"\"\\x0ac\",four,1.5;;2\n"
		"65536,-5,0.1234567,3,0xffff9a1f01234000,true,/usr/bin/x,four,1.5;;2\n");
}

static void test_out__a_table_aligns_and_prints_its_head_once(void **state UNUSED)
{
	printed(OUT_TEXT, &table_type, &full, &empty);
	assert_string_equal(
		content, "  used_bytes     delta     ratio       cpu                addr  major  "
			 "path              comm             costs\n"
			 "       65536        -5     0.123         3  0xffff9a1f01234000  yes    "
			 "/usr/bin/x        four           1.5,-,2\n"
			 "           -         -         -         0                 0x0  no     "
			 "-                                      -\n");
}

static void test_out__a_card_has_a_line_for_each_field_with_its_unit(void **state UNUSED)
{
	printed(OUT_TEXT, &card_type, &full, NULL);
	assert_non_null(strstr(content,
			       "s\n  used_bytes  65536 bytes (64.0 KiB)\n  delta       -5\n"
			       "  ratio       0.123 ratio\n"));
}

static void test_out__select_takes_fields_in_the_order_asked_for(void **state UNUSED)
{
	const char *items[] = { "comm", "used_bytes" };
	const struct opt_list list = { items, 2 };
	struct out *out = open_out(OUT_JSON);

	assert_int_equal(out_select(out, &line_type, &list, NULL), 0);
	assert_int_equal(out_record(out, &line_type, &full), 0);
	assert_int_equal(out_close(out, NULL), 0);
	assert_string_equal(read_back(),
			    "{\"type\":\"s\",\"v\":3,\"comm\":\"four\",\"used_bytes\":65536}\n");
}

static void test_out__select_names_the_nearest_of_an_unknown_field(void **state UNUSED)
{
	const char *items[] = { "user_bytes" };
	const struct opt_list list = { items, 1 };
	struct out *out = open_out(OUT_JSON);
	struct err e = { 0 };

	assert_int_equal(out_select(out, &line_type, &list, &e), -EINVAL);
	assert_int_equal(e.exit, EXIT_USAGE);
	assert_non_null(strstr(e.what, "did you mean used_bytes?"));
	out_discard(out);
}

static void test_out__select_any_is_of_the_types_that_have_the_fields(void **state UNUSED)
{
	const struct record_type *const types[] = { &moment_type, &line_type, &end_record_type,
						    NULL };
	const char *items[] = { "comm" }, *of_the_end[] = { "reason" };
	const struct opt_list list = { items, 1 }, none = { of_the_end, 1 };
	struct out *out = open_out(OUT_JSON);
	struct err e = { 0 };

	assert_int_equal(out_select_any(out, types, &none, &e), -EINVAL);
	assert_non_null(strstr(e.what, moment_type.name));
	assert_int_equal(out_select_any(out, types, &list, &e), 0);
	assert_int_equal(out_record(out, &line_type, &full), 0);
	assert_int_equal(out_close(out, NULL), 0);
	assert_string_equal(read_back(), "{\"type\":\"s\",\"v\":3,\"comm\":\"four\"}\n");
}

static void test_out__the_end_record_is_in_json_only(void **state UNUSED)
{
	const struct end_record end = { .seen = 11,
					.emitted = 11,
					.missed = MISSING_U64,
					.unmatched = MISSING_U64,
					.reason = "duration" };

	for (enum out_format format = OUT_TEXT; format <= OUT_CSV; format++) {
		struct out *out = open_out(format);

		assert_int_equal(out_record(out, &end_record_type, &end), 0);
		assert_int_equal(out_close(out, NULL), 0);
		assert_string_equal(read_back(),
				    format != OUT_JSON
					    ? ""
					    : "{\"type\":\"end\",\"v\":1,\"seen\":11,\"emitted\":"
					      "11,\"filtered\":0,"
					      "\"dropped\":0,\"missed\":null,\"unmatched\":null,"
					      "\"reason\":\"duration\"}\n");
	}
}

static void test_out__lines_are_for_text_only(void **state UNUSED)
{
	struct out *out = open_out(OUT_JSON);

	assert_int_equal(out_line(out, "words"), 0);
	assert_int_equal(out_close(out, NULL), 0);
	assert_string_equal(read_back(), "");
	out = open_out(OUT_TEXT);
	assert_int_equal(out_line(out, "%d words", 2), 0);
	assert_int_equal(out_close(out, NULL), 0);
	assert_string_equal(read_back(), "2 words\n");
}

static void test_out__an_earlier_file_stays_until_close_and_keeps_its_mode(void **state UNUSED)
{
	struct stat st;
	struct out *out;

	printed(OUT_JSON, &line_type, &full, NULL);
	assert_int_equal(chmod(path, 0640), 0);
	out = open_out(OUT_TEXT);
	assert_int_equal(out_line(out, "new"), 0);
	assert_int_equal(out_flush(out), 0);
	assert_int_equal(read_back()[0], '{');
	assert_int_equal(out_close(out, NULL), 0);
	assert_string_equal(read_back(), "new\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
}

static void test_out__discard_leaves_an_earlier_file_and_nothing_else(void **state UNUSED)
{
	struct out *out;

	printed(OUT_TEXT, &line_type, &full, NULL);
	out = open_out(OUT_JSON);
	assert_int_equal(out_record(out, &line_type, &full), 0);
	out_discard(out);
	out_discard(NULL);
	assert_int_equal(read_back()[0], 's');
}

static void test_out__a_link_keeps_pointing_where_it_did(void **state UNUSED)
{
	char name[128];
	struct stat st;
	struct out *out;

	printed(OUT_TEXT, &line_type, &full, NULL);
	snprintf(name, sizeof(name), "%s/link", dir);
	assert_int_equal(symlink(path, name), 0);
	assert_int_equal(out_new(&out, OUT_TEXT, name, NULL), 0);
	assert_int_equal(out_line(out, "through"), 0);
	assert_int_equal(out_close(out, NULL), 0);
	assert_int_equal(lstat(name, &st), 0);
	unlink(name);
	assert_true(S_ISLNK(st.st_mode));
	assert_string_equal(read_back(), "through\n");
}

static void test_out__a_link_that_another_user_planted_is_not_followed(void **state UNUSED)
{
	char name[128];
	struct out *out = NULL;
	struct err e = { 0 };
	int rc;

	if (geteuid() != 0)
		SKIP("takes root to make a link of another user");
	printed(OUT_TEXT, &line_type, &full, NULL);
	snprintf(name, sizeof(name), "%s/planted", dir);
	assert_int_equal(symlink(path, name), 0);
	assert_int_equal(lchown(name, 65534, 65534), 0);
	rc = out_new(&out, OUT_TEXT, name, &e);
	unlink(name);
	assert_int_equal(rc, -EPERM);
	assert_non_null(strstr(e.what, name));
	assert_int_equal(read_back()[0], 's');
}

/* What a record through name, with standard output being fd, leaves to be read in fd's other end or
 * file. */
static void write_through(const char *name, int fd)
{
	int keep = dup(STDOUT_FILENO), made, closed = -1;
	struct out *out = NULL;

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	made = out_new(&out, OUT_TEXT, name, NULL);
	if (made == 0 && out_line(out, "through") == 0)
		closed = out_close(out, NULL);
	dup2(keep, STDOUT_FILENO);
	close(keep);
	assert_int_equal(made, 0);
	assert_int_equal(closed, 0);
}

static void test_out__a_pipe_by_its_name_is_written_to(void **state UNUSED)
{
	char got[32] = "";
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	write_through("/dev/stdout", ends[1]);
	close(ends[1]);
	assert_int_equal(read(ends[0], got, sizeof(got) - 1), 8);
	close(ends[0]);
	assert_string_equal(got, "through\n");
}

static void test_out__dev_stdout_appends_where_standard_output_does(void **state UNUSED)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "earlier\n", 8), 8);
	write_through("/dev/stdout", fd);
	close(fd);
	assert_string_equal(read_back(), "earlier\nthrough\n");
}

static void test_out__a_path_that_is_too_long_is_refused(void **state UNUSED)
{
	char longer[2 * PATH_MAX];
	struct out *out;
	struct err e = { 0 };

	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(out_new(&out, OUT_JSON, longer, &e), -ENAMETOOLONG);
}

static void test_out__where_nothing_can_be_made_is_said_at_once(void **state UNUSED)
{
	struct out *out = NULL;
	struct err e = { 0 };

	assert_int_equal(out_new(&out, OUT_JSON, "/nonexistent/x", &e), -ENOENT);
	assert_non_null(strstr(e.what, "/nonexistent/x"));
	assert_int_equal(out_new(&out, OUT_JSON, dir, &e), -EISDIR);
	assert_int_equal(out_new(&out, OUT_JSON, "", &e), -EINVAL);
	assert_int_equal(e.exit, EXIT_USAGE);
	assert_null(out);
}

static void test_out__a_full_device_is_an_error_that_sticks(void **state UNUSED)
{
	struct out *out = NULL;
	struct err e = { 0 };

	assert_int_equal(out_new(&out, OUT_JSON, "/dev/full", NULL), 0);
	assert_int_equal(out_record(out, &line_type, &full), 0);
	assert_int_equal(out_flush(out), -ENOSPC);
	assert_int_equal(out_record(out, &line_type, &full), -ENOSPC);
	assert_int_equal(out_close(out, &e), -ENOSPC);
	assert_string_equal(e.what, "cannot write /dev/full: No space left on device");
	assert_true(strlen(e.hint) > 0);
}

/* Runs in a child with its own mounts: a file system of 64 KiB over dir, an earlier file, too much
 * to write. */
static int fill_small_disk(void)
{
	struct out *out = NULL;
	int rc = 0;

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", dir, "tmpfs", 0, "size=64k") < 0)
		return 77;
	if (out_new(&out, OUT_TEXT, path, NULL) < 0 || out_line(out, "earlier") < 0 ||
	    out_close(out, NULL) < 0)
		return 1;
	if (out_new(&out, OUT_JSON, path, NULL) < 0)
		return 2;
	for (int i = 0; i < 10007 && rc == 0; i++)
		rc = out_record(out, &line_type, &full);
	if (rc != -ENOSPC || out_close(out, NULL) != -ENOSPC)
		return 3;
	if (!str_eq(read_back(), "earlier\n"))
		return 4;
	return unlink(path) < 0 || umount(dir) < 0 ? 5
						   : 0; /* busy or not empty: something was left */
}

static void test_out__a_full_disk_leaves_the_earlier_file(void **state UNUSED)
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0)
		_exit(fill_small_disk());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		SKIP("cannot mount a small file system here");
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_out__a_reader_that_went_away_is_no_error_at_close(void **state UNUSED)
{
	int ends[2], keep = dup(STDOUT_FILENO), flushed, later, closed;
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);
	struct out *out = NULL;

	fflush(stdout);
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDOUT_FILENO);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(out_new(&out, OUT_JSON, NULL, NULL), 0);
	out_record(out, &line_type, &full);
	flushed = out_flush(out);
	later = out_record(out, &line_type, &full);
	closed = out_close(out, NULL);
	dup2(keep, STDOUT_FILENO);
	close(keep);
	signal(SIGPIPE, old);
	assert_int_equal(flushed, -EPIPE);
	assert_int_equal(later, -EPIPE);
	assert_int_equal(closed, 0);
}

static void test_out__escape_cuts_with_dots_and_never_overruns(void **state UNUSED)
{
	char buf[12];

	assert_string_equal(out_escape("a\nb", 3, buf, sizeof(buf)), "a\\x0ab");
	assert_string_equal(out_escape("12345678901", 11, buf, sizeof(buf)), "12345678901");
	assert_string_equal(out_escape("123456789012", 12, buf, sizeof(buf)), "12345678...");
	assert_string_equal(out_escape("1234567\xc3\xa9"
				       "0123",
				       13, buf, sizeof(buf)),
			    "1234567...");
	assert_string_equal(out_escape("abc", 3, buf, 1), "");
	for (size_t len = 1; len <= sizeof(buf); len++) {
		memset(buf, '#', sizeof(buf));
		out_escape("\xff\xff\xff\xff\xff", 5, buf, len);
		assert_true(strlen(buf) < len);
		for (size_t i = len; i < sizeof(buf); i++)
			assert_int_equal(buf[i], '#');
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_out__json_has_type_version_and_every_field),
		cmocka_unit_test(test_out__missing_is_null_a_dash_or_an_empty_cell),
		cmocka_unit_test(test_out__time_stands_first_in_place_of_ts_ns_or_beside_it),
		cmocka_unit_test(test_out__times_of_a_record_without_ts_ns_change_nothing),
		cmocka_unit_test(test_out__an_infinite_ratio_is_null_in_json),
		cmocka_unit_test(test_out__a_line_keeps_hostile_values_in_their_place),
		cmocka_unit_test(test_out__csv_quotes_as_rfc_4180_and_prints_its_head_once),
		cmocka_unit_test(test_out__a_table_aligns_and_prints_its_head_once),
		cmocka_unit_test(test_out__a_card_has_a_line_for_each_field_with_its_unit),
		cmocka_unit_test(test_out__select_takes_fields_in_the_order_asked_for),
		cmocka_unit_test(test_out__select_names_the_nearest_of_an_unknown_field),
		cmocka_unit_test(test_out__select_any_is_of_the_types_that_have_the_fields),
		cmocka_unit_test(test_out__the_end_record_is_in_json_only),
		cmocka_unit_test(test_out__lines_are_for_text_only),
		cmocka_unit_test(test_out__an_earlier_file_stays_until_close_and_keeps_its_mode),
		cmocka_unit_test(test_out__discard_leaves_an_earlier_file_and_nothing_else),
		cmocka_unit_test(test_out__a_link_keeps_pointing_where_it_did),
		cmocka_unit_test(test_out__a_link_that_another_user_planted_is_not_followed),
		cmocka_unit_test(test_out__a_pipe_by_its_name_is_written_to),
		cmocka_unit_test(test_out__dev_stdout_appends_where_standard_output_does),
		cmocka_unit_test(test_out__a_path_that_is_too_long_is_refused),
		cmocka_unit_test(test_out__where_nothing_can_be_made_is_said_at_once),
		cmocka_unit_test(test_out__a_full_device_is_an_error_that_sticks),
		cmocka_unit_test(test_out__a_full_disk_leaves_the_earlier_file),
		cmocka_unit_test(test_out__a_reader_that_went_away_is_no_error_at_close),
		cmocka_unit_test(test_out__escape_cuts_with_dots_and_never_overruns),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
