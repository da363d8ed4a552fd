/* SPDX-License-Identifier: GPL-2.0-only */
/* test_results.c - the results database keeps what it is given, refuses what it cannot keep, and
 * says why. */
#include "lib/analysis/prng.h"
#include "lib/results/calibration.h"

#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#define HOSTILE "'; DROP TABLE run; -- <script>\"\\\n\x01\xff\xfe`id`"

struct place {
	char dir[64], path[96];
	struct results *results;
	struct results_id experiment, workload, cell, run;
};

static int place_new(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/test_results.XXXXXX");
	if (!mkdtemp(p->dir))
		return -1;
	snprintf(p->path, sizeof(p->path), "%s/study.db", p->dir);
	*state = p;
	return 0;
}

static int place_remove(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	struct place *p = *state;
	char path[128];

	results_close(p->results);
	chmod(p->dir, 0700);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(path, sizeof(path), "%s%s", p->path, suffixes[i]);
		unlink(path);
	}
	rmdir(p->dir);
	free(p);
	return 0;
}

/* A database with one run in it. */
static int filled_new(void **state)
{
	const struct results_experiment experiment = { .argv = "coldpress study",
						       .seed = UINT64_MAX,
						       .limit_ratio = 0.5,
						       .blocks = 3,
						       .settings_json = "{}",
						       .version = "test" };
	struct place *p;
	int r = place_new(state);

	p = *state;
	r = r ? r : results_open(&p->results, p->path, RESULTS_WRITE, NULL, NULL);
	r = r ? r : results_experiment_add(p->results, &experiment, &p->experiment, NULL);
	r = r ? r
	      : results_workload_add(p->results, &p->experiment, "target", NULL, 1000, &p->workload,
				     NULL);
	r = r ? r
	      : results_cell_add(p->results, &p->workload, NULL, "none", MISSING_U64, &p->cell,
				 NULL);
	return r ? r
		 : results_run_begin(p->results, &p->cell, 1, 0, RESULTS_RUN_TIMED, &p->run, NULL);
}

/* The first column of the first row, as text. */
static const char *ask(struct results *results, const char *sql)
{
	static char answer[512];
	struct sqlite3_stmt *st;

	assert_int_equal(sqlite3_prepare_v2(results_sqlite(results), sql, -1, &st, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	snprintf(answer, sizeof(answer), "%s",
		 sqlite3_column_text(st, 0) ? (const char *)sqlite3_column_text(st, 0) : "NULL");
	sqlite3_finalize(st);
	return answer;
}

static void test_results_open__says_which_directory_is_missing(void **state UNUSED)
{
	struct results *results;
	struct err e = { 0 };

	assert_int_equal(results_open(&results, "/nonexistent/study.db", RESULTS_WRITE, NULL, &e),
			 -ENOENT);
	assert_non_null(strstr(e.what, "/nonexistent/study.db"));
}

static void test_results_open__reading_creates_nothing(void **state)
{
	struct place *p = *state;

	assert_int_equal(results_open(&p->results, p->path, RESULTS_READ, NULL, NULL), -ENOENT);
	assert_int_equal(access(p->path, F_OK), -1);
}

static void test_results_open__refuses_what_is_no_database(void **state)
{
	struct place *p = *state;
	FILE *f = fopen(p->path, "w");

	for (int i = 0; i < 200; i++)
		fputs("plain text, no database\n", f);
	fclose(f);
	assert_int_equal(results_open(&p->results, p->path, RESULTS_WRITE, NULL, NULL), -EBADMSG);
	assert_int_equal(results_open(&p->results, p->path, RESULTS_READ, NULL, NULL), -EBADMSG);
}

static void test_results_open__refuses_the_database_of_others(void **state)
{
	struct place *p = *state;
	struct sqlite3 *db;

	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE bookmarks (url)", NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(results_open(&p->results, p->path, RESULTS_WRITE, NULL, NULL), -EBADMSG);
}

static void test_results_open__refuses_a_newer_format(void **state)
{
	struct place *p = *state;
	struct err e = { 0 };

	assert_int_equal(sqlite3_exec(results_sqlite(p->results), "PRAGMA user_version=99", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	results_close(p->results);
	p->results = NULL;
	assert_int_equal(results_open(&p->results, p->path, RESULTS_WRITE, NULL, &e), -ENOTSUP);
	assert_int_equal(e.exit, EXIT_IMPOSSIBLE);
}

static void test_results_open__follows_no_symbolic_link(void **state)
{
	struct place *p = *state;
	char target[128];

	snprintf(target, sizeof(target), "%s/elsewhere", p->dir);
	assert_int_equal(symlink(target, p->path), 0);
	assert_int_equal(results_open(&p->results, p->path, RESULTS_WRITE, NULL, NULL), -EEXIST);
	assert_int_equal(access(target, F_OK), -1);
}

static void test_results_open__gives_the_file_to_its_owner(void **state)
{
	const struct caller nobody = {
		.uid = 65534, .gid = 65534, .groups = { 65534 }, .n_groups = 1
	};
	struct place *p = *state;
	struct stat st;

	if (geteuid() != 0)
		skip();
	assert_int_equal(results_open(&p->results, p->path, RESULTS_WRITE, &nobody, NULL), -EACCES);
	assert_int_equal(access(p->path, F_OK), -1);
	assert_int_equal(chmod(p->dir, 0777), 0);
	assert_int_equal(results_open(&p->results, p->path, RESULTS_WRITE, &nobody, NULL), 0);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_uid, 65534);
}

/* Exchanges a directory and a link to another one, every 0 to 2 ms, until it is killed. */
static pid_t exchanger(const char *a, const char *b)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	struct prng prng;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prng_seed(&prng, 13);
	while (!renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE))
		sleep_ns(prng_below(&prng, 2 * NS_PER_MS));
	_exit(1);
}

/* A user's directory becomes a link to one that only root may write to, and back, while root opens
 * the user's database. Nothing may appear there, whenever the exchange comes. */
static void test_results_open__exchanged_directory_leads_nowhere(void **state)
{
	const struct caller nobody = {
		.uid = 65534, .gid = 65534, .groups = { 65534 }, .n_groups = 1
	};
	char dir[128], link[128], secret[128], path[160];
	struct place *p = *state;
	unsigned int opened = 0;

	if (geteuid() != 0)
		skip();
	snprintf(dir, sizeof(dir), "%s/dir", p->dir);
	snprintf(link, sizeof(link), "%s/link", p->dir);
	snprintf(secret, sizeof(secret), "%s/secret", p->dir);
	snprintf(path, sizeof(path), "%s/study.db", dir);
	assert_int_equal(chmod(p->dir, 0755), 0);
	assert_int_equal(mkdir(secret, 0700), 0);
	assert_int_equal(mkdir(dir, 0777), 0);
	assert_int_equal(chown(dir, 65534, 65534), 0);
	assert_int_equal(symlink(secret, link), 0);
	pid_t pid = exchanger(dir, link);

	for (int i = 0; i < 100; i++) {
		struct results *results AUTO_RESULTS = NULL;

		opened += results_open(&results, path, RESULTS_WRITE, &nobody, NULL) == 0;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	print_message("# opened %u of 100\n", opened);
	assert_int_equal(rmdir(secret), 0); /* it is empty */
}

/* Root writes everywhere, so this one gives root up in a child. */
static void test_results_open__reads_where_nothing_can_be_written(void **state)
{
	struct place *p = *state;
	int status;
	pid_t pid;

	results_close(p->results);
	p->results = NULL;
	assert_int_equal(chmod(p->path, 0444), 0);
	assert_int_equal(chmod(p->dir, 0555), 0);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(9);
		if (results_open(&p->results, p->path, RESULTS_READ, NULL, NULL))
			_exit(1);
		_exit(str_eq(ask(p->results, "SELECT count(*) FROM run"), "1") ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_results_run_begin__is_on_disk_when_it_returns(void **state)
{
	struct place *p = *state;
	struct place other = { .results = NULL };

	assert_int_equal(results_open(&other.results, p->path, RESULTS_READ, NULL, NULL), 0);
	assert_string_equal(ask(other.results, "SELECT state FROM run"), "running");
	results_close(other.results);
}

static void test_results_run_begin__refuses_an_open_transaction(void **state)
{
	struct place *p = *state;
	struct results_id run;

	assert_int_equal(results_begin(p->results, NULL), 0);
	assert_int_equal(results_run_begin(p->results, &p->cell, 2, 0, RESULTS_RUN_TIMED, &run,
					   NULL),
			 -EINVAL);
}

static void test_results_run_end__refuses_an_unknown_run(void **state)
{
	const struct results_id unknown = { "no such run" };
	struct place *p = *state;

	assert_int_equal(results_run_end(p->results, &unknown, RESULTS_RUN_OK, NULL, NULL),
			 -ENOENT);
}

static void test_results_run_end__keeps_state_and_reason(void **state)
{
	struct place *p = *state;

	assert_int_equal(results_run_end(p->results, &p->run, RESULTS_RUN_OOM,
					 "the kernel killed it", NULL),
			 0);
	assert_string_equal(
		ask(p->results,
		    "SELECT state || ': ' || reason FROM run WHERE ended_ns >= started_ns"),
		"oom: the kernel killed it");
}

static void test_results__keeps_hostile_bytes_as_they_are(void **state)
{
	struct place *p = *state;

	assert_int_equal(results_run_end(p->results, &p->run, RESULTS_RUN_FAILED, HOSTILE, NULL),
			 0);
	assert_string_equal(ask(p->results, "SELECT reason FROM run"), HOSTILE);
}

static void test_results__a_seed_keeps_all_its_bits(void **state)
{
	struct place *p = *state;

	assert_string_equal(ask(p->results, "SELECT seed FROM experiment"), "18446744073709551615");
}

static void test_results_metric__missing_is_null(void **state)
{
	struct place *p = *state;

	assert_int_equal(
		results_metric(p->results, &p->run, "residence_ns", "ns", MISSING_F64, NULL), 0);
	assert_string_equal(ask(p->results, "SELECT value FROM metric"), "NULL");
}

static void test_results_metric__of_an_unknown_run_is_refused(void **state)
{
	const struct results_id unknown = { "no such run" };
	struct place *p = *state;

	assert_int_equal(results_metric(p->results, &unknown, "wall_ns", "ns", 1, NULL), -EINVAL);
}

struct sampler {
	uint64_t wall_ns, gone_ns;
	int64_t balance;
	double ratio;
	const char *word;
};

static void test_results_record__stores_numbers_by_their_declaration(void **state)
{
	static const struct field fields[] = {
		FIELD(struct sampler, wall_ns, FIELD_U64, "ns", ""),
		FIELD(struct sampler, gone_ns, FIELD_U64, "ns", ""),
		FIELD(struct sampler, balance, FIELD_I64, "pages", ""),
		FIELD(struct sampler, ratio, FIELD_F64, "ratio", ""),
		FIELD(struct sampler, word, FIELD_STRING, "", ""),
	};
	static const struct record_type type = RECORD_TYPE("sampler", 1, RECORD_LINE, fields, "");
	const struct sampler record = { 4099, MISSING_U64, -23, 0.75, "no figure" };
	struct place *p = *state;

	assert_int_equal(results_record(p->results, &p->run, &type, &record, NULL), 0);
	assert_string_equal(
		ask(p->results, "SELECT group_concat(name || ' ' || ifnull(value, 'missing') || ' "
				"' || unit, ';')"
				" FROM (SELECT * FROM metric ORDER BY name)"),
		"balance -23.0 pages;gone_ns missing ns;ratio 0.75 ratio;wall_ns 4099.0 ns");
}

static void test_results_prediction__the_second_call_fills_the_other_side(void **state)
{
	struct place *p = *state;

	assert_int_equal(results_prediction(p->results, &p->cell, "pool_used_bytes", "bytes", 4099,
					    MISSING_F64, NULL),
			 0);
	assert_int_equal(results_prediction(p->results, &p->cell, "pool_used_bytes", "bytes",
					    MISSING_F64, 4111, NULL),
			 0);
	assert_string_equal(ask(p->results, "SELECT predicted || ' ' || measured FROM prediction"),
			    "4099.0 4111.0");
}

static void test_results_rollback__forgets_what_was_begun(void **state)
{
	struct place *p = *state;

	assert_int_equal(results_begin(p->results, NULL), 0);
	for (uint64_t i = 0; i < 23; i++)
		assert_int_equal(results_sample(p->results, &p->run, "ram_bytes", i, 1, NULL), 0);
	results_rollback(p->results);
	assert_string_equal(ask(p->results, "SELECT count(*) FROM sample"), "0");
}

static void test_results_interrupt__marks_what_did_not_live_to_its_end(void **state)
{
	struct place *p = *state;
	uint64_t n;

	assert_int_equal(results_interrupt(p->results, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_string_equal(ask(p->results,
				"SELECT r.state || ' ' || e.state FROM run r, experiment e"),
			    "failed interrupted");
}

/* 7 writers, 101 commits each, on one file that the first of them creates. */
static void test_results__writers_at_once_lose_nothing(void **state)
{
	const struct results_experiment experiment = { .argv = "a",
						       .settings_json = "{}",
						       .version = "v" };
	struct place *p = *state;
	struct err e = { 0 };
	struct results_id id;
	int status;

	for (int w = 0; w < 7; w++) {
		if (fork() != 0)
			continue;
		if (results_open(&p->results, p->path, RESULTS_WRITE, NULL, &e)) {
			print_error("# %s\n", e.what);
			_exit(1);
		}
		for (int i = 0; i < 101; i++)
			if (results_experiment_add(p->results, &experiment, &id, &e)) {
				print_error("# %s\n", e.what);
				_exit(2);
			}
		results_close(p->results);
		_exit(0);
	}
	for (int w = 0; w < 7; w++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(results_open(&p->results, p->path, RESULTS_READ, NULL, NULL), 0);
	assert_string_equal(ask(p->results, "SELECT count(*) FROM experiment"), "707");
}

/* In a child with its own mounts: a filesystem of 256 KiB, filled by samples. */
static int fill_a_small_disk(const struct place *p)
{
	const struct results_experiment experiment = { .argv = "a",
						       .settings_json = "{}",
						       .version = "v" };
	struct results *results;
	struct results_id id;
	struct err e = { 0 };
	int r = 0;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", p->dir, "tmpfs", 0, "size=256k") < 0)
		return 77;
	if (results_open(&results, p->path, RESULTS_WRITE, NULL, NULL))
		return 1;
	for (int i = 0; i < 5003 && r == 0; i++)
		r = results_experiment_add(results, &experiment, &id, &e);
	return r == -ENOSPC && strstr(e.what, p->path) && strstr(e.hint, "free some space") ? 0 : 2;
}

static void test_results__a_full_disk_says_so(void **state)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fill_a_small_disk(*state));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WEXITSTATUS(status) == 77) {
		print_message("# needs the right to mount\n");
		skip();
	}
	assert_int_equal(status, 0);
}

/* What a shell makes of the line is the original again. */
static void test_results_quote_argv__a_shell_reads_it_back(void **state UNUSED)
{
	static char a[] = "A=1", b[] = "it's", c[] = "\x01\xff\n\\'$(id)`id`", d[] = "",
		    f[] = "--limit=50%", g[] = "a b*~";
	char *const argv[] = { a, b, c, d, f, g, NULL };
	static const char expected[] = "A=1\0it's\0\x01\xff\n\\'$(id)`id`\0\0--limit=50%\0a b*~";
	char *quoted AUTO_FREE = results_quote_argv(argv);
	char *script AUTO_FREE = NULL;
	char got[256];
	int fds[2];
	size_t n = 0;
	ssize_t r;

	assert_non_null(quoted);
	assert_true(asprintf(&script, "printf '%%s\\0' %s", quoted) > 0);
	assert_int_equal(pipe(fds), 0);
	if (fork() == 0) {
		dup2(fds[1], 1);
		execlp("bash", "bash", "-c", script, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	while ((r = read(fds[0], got + n, sizeof(got) - n)) > 0)
		n += (size_t)r;
	close(fds[0]);
	wait(NULL);
	assert_int_equal(n, sizeof(expected));
	assert_memory_equal(got, expected, sizeof(expected));
}

/* ---- calibrations ---- */
static const struct results_machine here = { "6.18 " HOSTILE, "a CPU" },
				    elsewhere = { "6.1", "a CPU" };

static void test_results_calibration__the_last_of_a_machine_and_algorithm_stands(void **state)
{
	struct place *p = *state;
	struct calibration c = { .algorithm = "lz4",
				 .model = "lz4:1",
				 .source = HOSTILE,
				 .pages = 100,
				 .compress_factor = 1.5,
				 .decompress_factor = 0.5,
				 .compress_ns = NAN,
				 .compress_error_ratio = -0.01 };
	struct calibration got[RESULTS_CALIBRATIONS_MAX];

	assert_int_equal(results_calibrations_get(p->results, &here, got, NULL), 0);
	assert_int_equal(results_calibration_put(p->results, &elsewhere, &c, NULL), 0);
	assert_int_equal(results_calibration_put(p->results, &here, &c, NULL), 0);
	c.compress_factor = 2;
	assert_int_equal(results_calibration_put(p->results, &here, &c, NULL), 0);
	snprintf(c.algorithm, sizeof(c.algorithm), "a-rle");
	c.approximate = true;
	assert_int_equal(results_calibration_put(p->results, &here, &c, NULL), 0);
	assert_int_equal(results_calibrations_get(p->results, &here, got, NULL), 2);
	assert_string_equal(got[0].algorithm, "lz4"); /* exact ones first */
	assert_string_equal(got[0].source, HOSTILE);
	assert_true(got[0].compress_factor == 2 && got[0].decompress_factor == 0.5 &&
		    isnan(got[0].compress_ns));
	assert_true(got[1].approximate);
}

static void test_results_calibration__factors_that_cannot_be_are_left_out(void **state)
{
	static const char *const values[] = {
		"0", "-1", "9e999", "-9e999", "NULL", "'1.5'", "x'00'"
	};
	struct place *p = *state;
	struct calibration c = {
		.algorithm = "lz4", .model = "lz4:1", .compress_factor = 1, .decompress_factor = 1
	};
	struct calibration got[RESULTS_CALIBRATIONS_MAX];

	assert_int_equal(results_calibration_put(p->results, &here, &c, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		char sql[96];

		snprintf(sql, sizeof(sql), "UPDATE calibration SET compress_factor=%s", values[i]);
		assert_int_equal(sqlite3_exec(results_sqlite(p->results), sql, NULL, NULL, NULL),
				 SQLITE_OK);
		/* A text that is a number becomes one as it is stored: the column is REAL. */
		assert_int_equal(results_calibrations_get(p->results, &here, got, NULL),
				 values[i][0] == '\'');
	}
}

static void
test_results_calibration__a_database_of_version_1_is_read_and_gets_its_table_when_written(
	void **state)
{
	struct place *p = *state;
	struct calibration c = {
		.algorithm = "lz4", .model = "lz4:1", .compress_factor = 1, .decompress_factor = 1
	};
	struct calibration got[RESULTS_CALIBRATIONS_MAX];

	assert_int_equal(sqlite3_exec(results_sqlite(p->results),
				      "DROP TABLE calibration; PRAGMA user_version=1", NULL, NULL,
				      NULL),
			 SQLITE_OK);
	results_close(p->results);
	assert_int_equal(results_open(&p->results, p->path, RESULTS_READ, NULL, NULL), 0);
	assert_int_equal(results_calibrations_get(p->results, &here, got, NULL), 0);
	results_close(p->results);
	assert_int_equal(results_open(&p->results, p->path, RESULTS_WRITE, NULL, NULL), 0);
	assert_int_equal(results_calibration_put(p->results, &here, &c, NULL), 0);
	assert_int_equal(results_calibrations_get(p->results, &here, got, NULL), 1);
}

/* A file, whole. Tests run at the top of the tree. */
static char *file_text(const char *path)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_true(getdelim(&text, &n, '\0', f) > 0);
	fclose(f);
	return text;
}

/* The database of two studies that the release before comparisons left. */
static void make_version_2(const char *path)
{
	char *schema = file_text("tests/fixtures/results/schema-v2.sql");
	char *data = file_text("tests/fixtures/results/study.sql");
	struct sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, schema, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, data, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	free(schema);
	free(data);
}

static const char compared[] =
	"SELECT count(DISTINCT cell) || ' ' || sum(name = 'slowdown_ratio') || ' ' || "
	"(SELECT printf('%d %.3f', runs, value) FROM comparison WHERE cell = 'w1-lz4' AND "
	"name = 'slowdown_ratio') FROM comparison";

static void test_results_open__brings_version_2_up_to_date_with_its_comparisons(void **state)
{
	struct place *p = *state;

	make_version_2(p->path);
	assert_int_equal(results_open(&p->results, p->path, RESULTS_WRITE, NULL, NULL), 0);
	assert_string_equal(ask(p->results, "PRAGMA user_version"), "3");
	/* Two targets with three pools each; four blocks. */
	assert_string_equal(ask(p->results, compared), "8 6 4 1.219");
	assert_string_equal(
		ask(p->results, "SELECT count(*) FROM metric WHERE name = 'slowdown_ratio'"), "23");
}

static void test_results_open__reads_version_2_and_leaves_it_as_it_is(void **state)
{
	struct place *p = *state;

	make_version_2(p->path);
	assert_int_equal(results_open(&p->results, p->path, RESULTS_READ, NULL, NULL), 0);
	assert_string_equal(ask(p->results, compared), "8 6 4 1.219");
	results_close(p->results);
	p->results = NULL;

	struct sqlite3 *db;
	struct results raw;

	assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
	raw = (struct results){ .db = db };
	assert_string_equal(ask(&raw, "PRAGMA user_version"), "2");
	sqlite3_close(db);
}

static void test_results_machine__names_kernel_and_cpu(void **state UNUSED)
{
	struct results_machine machine;

	results_machine_read(NULL, &machine);
	assert_true(machine.kernel[0] && machine.cpu[0]);
	assert_null(strpbrk(machine.cpu, "\n\t:"));
}

#define IN_EMPTY(test)  cmocka_unit_test_setup_teardown(test, place_new, place_remove)
#define IN_FILLED(test) cmocka_unit_test_setup_teardown(test, filled_new, place_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results_open__says_which_directory_is_missing),
		IN_EMPTY(test_results_open__reading_creates_nothing),
		IN_EMPTY(test_results_open__refuses_what_is_no_database),
		IN_EMPTY(test_results_open__refuses_the_database_of_others),
		IN_FILLED(test_results_open__refuses_a_newer_format),
		IN_EMPTY(test_results_open__follows_no_symbolic_link),
		IN_EMPTY(test_results_open__gives_the_file_to_its_owner),
		IN_EMPTY(test_results_open__exchanged_directory_leads_nowhere),
		IN_FILLED(test_results_open__reads_where_nothing_can_be_written),
		IN_FILLED(test_results_run_begin__is_on_disk_when_it_returns),
		IN_FILLED(test_results_run_begin__refuses_an_open_transaction),
		IN_FILLED(test_results_run_end__refuses_an_unknown_run),
		IN_FILLED(test_results_run_end__keeps_state_and_reason),
		IN_FILLED(test_results__keeps_hostile_bytes_as_they_are),
		IN_FILLED(test_results__a_seed_keeps_all_its_bits),
		IN_FILLED(test_results_metric__missing_is_null),
		IN_FILLED(test_results_metric__of_an_unknown_run_is_refused),
		IN_FILLED(test_results_record__stores_numbers_by_their_declaration),
		IN_FILLED(test_results_prediction__the_second_call_fills_the_other_side),
		IN_FILLED(test_results_rollback__forgets_what_was_begun),
		IN_FILLED(test_results_interrupt__marks_what_did_not_live_to_its_end),
		IN_EMPTY(test_results__writers_at_once_lose_nothing),
		IN_EMPTY(test_results__a_full_disk_says_so),
		IN_FILLED(test_results_calibration__the_last_of_a_machine_and_algorithm_stands),
		IN_FILLED(test_results_calibration__factors_that_cannot_be_are_left_out),
		IN_FILLED(
			test_results_calibration__a_database_of_version_1_is_read_and_gets_its_table_when_written),
		IN_EMPTY(test_results_open__brings_version_2_up_to_date_with_its_comparisons),
		IN_EMPTY(test_results_open__reads_version_2_and_leaves_it_as_it_is),
		cmocka_unit_test(test_results_machine__names_kernel_and_cpu),
		cmocka_unit_test(test_results_quote_argv__a_shell_reads_it_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
