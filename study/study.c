/* SPDX-License-Identifier: GPL-2.0-only */
/* study.c - `coldpress study`: what RAM compression saves for a program, which codec, at what cost,
 * and does it hold.
 *
 * For each target: one reference run without a limit, scanned and probed, whose peak of anonymous
 * and shared memory is the 100 %; then under the limit one probed run for each algorithm, which
 * also warms everything up; then blocks of timed runs, one of each arm in shuffled order.
 * Everything goes into a store as it happens; an answer in words and a page to look at come last.
 * It leaves nothing behind on the machine: pools are bound to this process, cages have guardians,
 * and `coldpress recover` does the rest after kill -9.
 */
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <sys/fsuid.h>
#include <sys/stat.h>

#include "lib/kernel/procfs.h"
#include "lib/base/stop.h"
#include "lib/results/calibration.h"
#include "study.h"
#include "version.h"

#define LIMIT_FLOOR_BYTES \
	(16 * MIB) /* below it a group spends its time on the kernel's own needs */

static const char *const savings_choices[] = {
	[POLICY_SLOT] = "slot", [POLICY_CODEC] = "codec", NULL
};

#define S struct lab_config
const struct opt study_options[] = {
	OPT_SHARE(0, "limit", S, study.limit_ratio,
		  "hold the command to this share of its own peak of anonymous and shared memory"),
	OPT_LIST(0, "algo", S, study.algorithms,
		 "pool algorithms to try; without it all that the kernel has",
		 .metavar = "NAME,..."),
	OPT_U64(0, "blocks", S, study.blocks,
		"timed runs of each arm; 6 or more decide about time, fewer about bytes only",
		.min = 1, .max = STUDY_BLOCKS_MAX),
	OPT_DIR(0, "out", S, study.out_dir,
		"folder for the results, the page and what the command printed"),
	OPT_U64(0, "seed", S, study.seed, "of the order of runs and of sampling"),
	OPT_DURATION(0, "timeout", S, study.timeout_ns, "end a run that takes longer",
		     .min = NS_PER_S, .max = 3600 * NS_PER_S),
	OPT_SHARE(0, "floor", S, study.floor_ratio,
		  "savings from which compression is worth considering"),
	OPT_F64(0, "heavy-below", S, study.heavy_below,
		"consider zstd and deflate only for memory read back at most this often per page "
		"written out"),
	OPT_F64(0, "price", S, study.price_gib_per_core,
		"GiB-seconds that a heavy codec must save more for each extra CPU-second"),
	OPT_STRING(0, "kernel-costs", S, study.kernel_costs,
		   "scale the policy's CPU times to the kernel's codecs, by what "
		   "compressor_monitor calibrate --db saved of this machine; default the study's "
		   "own results, where it has",
		   .metavar = "STORE"),
	OPT_FLAG(0, "no-calibration", S, study.no_calibration,
		 "the policy judges by the libraries' CPU times"),
	OPT_CHOICE(0, "savings", S, study.savings, savings_choices,
		   "which bytes count for the policy: RAM in the pool, or compressed data"),
	OPT_FLAG(0, "demo", S, study.demo,
		 "two blocks of the built-in targets: an answer in under three minutes"),
	OPT_CHOICE('f', "format", S, study.format, opt_format_choices,
		   "what goes to standard output"),
	OPT_FILE('o', "output", S, study.output, "write that to a file instead"),
	OPT_FLAG('q', "quiet", S, study.quiet, "no progress"),
	OPT_FLAG('v', "verbose", S, study.verbose, "more words about what happens"),
	OPT_END
};
#undef S

/* ---- small things all parts use ---- */

void study_note(struct study *s, enum results_note_kind kind, const char *about, const char *fmt,
		...)
{
	char reason[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	if (kind == RESULTS_NOTE_WARNING)
		term_warn("%s: %s", about, reason);
	else
		term_say("%s: %s", about, reason);
	if (s->results && results_note(s->results, &s->experiment, kind, about, reason, NULL))
		term_warn("the note above could not be stored");
}

static void become_caller(const struct study *s)
{
	if (geteuid() == 0) {
		setfsgid(s->user.gid);
		setfsuid(s->user.uid);
	}
}

static void become_root(void)
{
	setfsuid(geteuid());
	setfsgid(getegid());
}

int study_open_as_caller(const struct study *s, const char *path)
{
	int fd, saved;

	become_caller(s);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	saved = errno;
	become_root();
	errno = saved;
	return fd;
}

/* ---- before the first run ---- */

static int make_out_dir(struct study *s, struct err *e)
{
	const char *dir = s->config->out_dir;
	int rc = 0;

	if (!dir[0])
		return err_usage(e, "--out needs a folder");
	become_caller(s);
	if (mkdir(dir, 0755) && errno != EEXIST)
		rc = err_set(e, errno, "cannot make the folder %s", dir);
	else if (access(dir, R_OK | X_OK) || faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS))
		rc = err_set(e, errno, "cannot write into %s", dir);
	become_root();
	return rc ? err_hint(e, "name another one with --out DIR") : 0;
}

/* What stands in the way of a pool here, or NULL. Words live in buf. */
static const char *why_no_pool(char *buf, size_t len)
{
	struct cgroup_layout layout;
	struct err e = { 0 };

	if (geteuid() != 0)
		return "a pool, a limit and probes take root: run it with sudo";
	if (zram_available(NULL, &e)) {
		snprintf(buf, len, "%s", e.what);
		return buf;
	}
	if (cgroup_layout_read(NULL, &layout, &e) || layout.mode == CGROUP_NONE)
		return "this machine has no cgroup memory controller to hold the command with";
	return NULL;
}

/* The algorithms asked for, or all; each must be there. */
static int choose_algorithms(struct study *s, struct zram_algorithms *ret, struct err *e)
{
	const struct opt_list *asked = &s->config->algorithms;
	struct zram_algorithms have;
	char names[256] = "";
	int rc = zram_algorithms_any(NULL, &have, e);

	if (rc)
		return rc;
	for (size_t i = 0; i < have.n; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), " %s",
			 have.names[i]);
	*ret = asked->n ? (struct zram_algorithms){ .crypto = have.crypto } : have;
	for (size_t i = 0; i < asked->n; i++) {
		if (!zram_algorithms_have(&have, asked->items[i])) {
			err_usage(e, "this kernel's zram has no algorithm '%s'", asked->items[i]);
			return err_hint(e, "it has:%s", names);
		}
		if (ret->n < STUDY_ARMS_MAX - 1 && !zram_algorithms_have(ret, asked->items[i]))
			snprintf(ret->names[ret->n++], ZRAM_ALGORITHM_MAX, "%s", asked->items[i]);
	}
	ret->n = MIN(ret->n, (size_t)STUDY_ARMS_MAX - 1);
	return 0;
}

static int other_study(void *ctx, const struct journal_file *book, bool live)
{
	pid_t *other = ctx;

	if (live && str_starts(book->name, "study.") && book->pid != getpid())
		*other = book->pid;
	return 0;
}

static int open_journal(struct study *s, struct err *e)
{
	pid_t other = 0;
	int rc = journal_open(&s->journal, "study", e);

	if (!rc)
		rc = journal_visit(other_study, &other, e);
	if (!rc && other) {
		err_say(e, EBUSY,
			"another study runs, process %d: swap is one for the whole machine",
			(int)other);
		return err_hint(e, "wait for it, or end it with: kill %d", (int)other);
	}
	return rc;
}

static char *settings_json(const struct lab_config *config)
{
	struct json_object *object = json_object_new_object();
	char value[256], *text;

	for (const struct opt *o = study_options; o->name; o++) {
		opt_format_value(o, config, value, sizeof(value));
		json_object_object_add(object, o->name, json_object_new_string(value));
	}
	text = strdup(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
	json_object_put(object);
	return text;
}

/* As it was typed, from the kernel's copy. */
static char *own_command_line(void)
{
	AUTO_FREE char *bytes = NULL;
	ssize_t n = sysroot_read_alloc(NULL, &bytes, NULL, "/proc/self/cmdline");
	AUTO_FREE char **argv = n > 0 ? calloc((size_t)n + 1, sizeof(*argv)) : NULL;
	size_t argc = 0;

	for (char *at = bytes; argv && at < bytes + n; at += strlen(at) + 1)
		argv[argc++] = at;
	return argv ? results_quote_argv(argv) : NULL;
}

static int open_store(struct study *s, const struct lab_config *config, char *const *command,
		      struct err *e)
{
	AUTO_FREE char *settings = settings_json(config);
	AUTO_FREE char *quoted = command[0] ? results_quote_argv(command) : NULL;
	AUTO_FREE char *whole = own_command_line();
	struct results_owner owner = { s->user.uid, s->user.gid };
	struct results_experiment experiment = {
		.argv = whole ? whole : "",
		.command = quoted,
		.seed = s->config->seed,
		.limit_ratio = s->config->limit_ratio,
		.blocks = s->config->blocks,
		.settings_json = settings ? settings : "{}",
		.version = COLDPRESS_VERSION " " COLDPRESS_REVISION,
	};
	char path[SYSROOT_PATH_MAX];
	uint64_t interrupted;
	int rc;

	snprintf(path, sizeof(path), "%s/study.db", s->config->out_dir);
	rc = results_open(&s->results, path, RESULTS_WRITE, &owner, e);
	if (!rc)
		rc = results_interrupt(s->results, &interrupted, e);
	if (!rc)
		rc = results_experiment_add(s->results, &experiment, &s->experiment, e);
	return rc ? rc : environment_store(s, e);
}

/* ---- one target ---- */

static int add_arm(struct study *s, struct study_target *target, const char *algorithm,
		   struct err *e)
{
	struct study_arm *arm = &target->arms[target->n_arms];
	struct results_pool pool = { algorithm, MISSING_U64, MISSING_U64, MISSING_I64 };
	struct results_id id;
	int rc = 0;

	*arm = (struct study_arm){ .algorithm = algorithm, .name = algorithm ? algorithm : "none" };
	if (algorithm)
		rc = results_pool_add(s->results, &s->experiment, &pool, &id, e);
	if (!rc)
		rc = results_cell_add(s->results, &target->workload, algorithm ? &id : NULL,
				      arm->name, algorithm ? target->limit_bytes : MISSING_U64,
				      &arm->cell, e);
	target->n_arms += !rc;
	return rc;
}

/* The reference run: what the command holds, and that it works at all. */
static int refer(struct study *s, struct study_target *target, struct err *e)
{
	struct study_run *reference = &target->reference;
	int rc;

	if (s->bare)
		rc = study_run_bare(s, target, e);
	else
		rc = study_run_arm(s, target, &target->arms[0], RESULTS_RUN_REFERENCE, 0, 0,
				   reference, e);
	if (rc)
		return rc;
	if (!study_run_counts(reference)) {
		err_say(e, ECHILD, "%s did not succeed without any limit: %s", target->name,
			reference->reason);
		return err_hint(e, "what it printed is in %s/%s.output", s->config->out_dir,
				target->name);
	}
	if (target->scan.present)
		return 0;
	err_say(e, ENODATA,
		"%s cannot be studied: it held less than 4 MiB of memory, or for too short a time "
		"to be scanned",
		target->name);
	return err_hint(e,
			"give it more work: a study needs a tenth of a second of it at its peak");
}

/* Sets the limit, or says why there cannot be one. */
static bool can_limit(struct study *s, struct study_target *target)
{
	uint64_t peak = target->reference.ram_bytes_peak;
	char have[UNITS_TEXT_MAX], need[UNITS_TEXT_MAX];

	target->limit_bytes =
		(uint64_t)(s->config->limit_ratio * (double)peak) / PAGE_BYTES * PAGE_BYTES;
	if (s->no_pool)
		return false;
	if (target->limit_bytes >= LIMIT_FLOOR_BYTES)
		return true;
	study_note(s, RESULTS_NOTE_SKIPPED, target->name,
		   "its peak of %s is too small to be held to %.0f %%: no group works below %s; "
		   "the page scan alone answers",
		   units_format_size(peak, have), s->config->limit_ratio * 100,
		   units_format_size(LIMIT_FLOOR_BYTES, need));
	return false;
}

static int timed_blocks(struct study *s, struct study_target *target, struct err *e)
{
	size_t order[STUDY_ARMS_MAX];
	int rc = 0;

	for (unsigned int block = 1; block <= s->config->blocks && !rc; block++) {
		prng_shuffle(&s->rng, order, target->n_arms);
		for (unsigned int i = 0; i < target->n_arms && !rc; i++) {
			struct study_arm *arm = &target->arms[order[i]];

			rc = study_run_arm(s, target, arm, RESULTS_RUN_TIMED, block, i,
					   &arm->timed[arm->n_timed], e);
			arm->n_timed += !rc;
		}
	}
	return rc;
}

/* Less out than the floor, and nothing worth having can be saved: kernel memory and page tables
 * alone push a few pages out of a group held to all that it needs.
 */
static bool bites(const struct study *s, const struct study_target *target,
		  const struct study_run *run)
{
	return (double)run->pool_orig_bytes_peak >=
	       s->config->floor_ratio * (double)target->reference.ram_bytes_peak;
}

static int study_target(struct study *s, struct study_target *target,
			const struct zram_algorithms *algorithms, struct err *e)
{
	AUTO_FREE char *argv = results_quote_argv(target->argv);
	bool bit = false, looked = false;

	s->algorithms = algorithms;
	int rc = results_workload_add(s->results, &s->experiment, target->name, argv, s->user.uid,
				      &target->workload, e);

	if (!rc)
		rc = add_arm(s, target, NULL, e);
	if (!rc)
		rc = refer(s, target, e);
	if (rc || !can_limit(s, target))
		return rc;
	for (size_t i = 0; i < algorithms->n && !rc; i++)
		rc = add_arm(s, target, algorithms->names[i], e);
	for (size_t i = 1; i < target->n_arms && !rc; i++) {
		struct study_arm *arm = &target->arms[i];

		rc = study_run_arm(s, target, arm, RESULTS_RUN_PROBED, 0, (unsigned int)i,
				   &arm->probed, e);
		arm->has_probed = !rc && study_run_counts(&arm->probed);
		looked = looked || arm->has_probed;
		bit = bit || (arm->has_probed && bites(s, target, &arm->probed));
	}
	if (!rc && looked && !bit)
		study_note(s, RESULTS_NOTE_WARNING, target->name,
			   "the limit did not bite: hardly a page went out; try a smaller --limit");
	return rc ? rc : timed_blocks(s, target, e);
}

/* ---- the whole ---- */

static int write_report(struct study *s, char path[SYSROOT_PATH_MAX], struct err *e)
{
	char db[SYSROOT_PATH_MAX];
	struct companion report;
	int rc;

	snprintf(db, sizeof(db), "%s/study.db", s->config->out_dir);
	snprintf(path, SYSROOT_PATH_MAX, "%s/report.html", s->config->out_dir);

	const char *const argv[] = { "report",           "--db",  db,   "--experiment",
				     s->experiment.text, "--out", path, NULL };

	rc = companion_start_as(&report, &s->user, argv, e);
	if (!rc)
		rc = companion_finish(&report, 0, 60 * NS_PER_S, e);
	companion_done(&report);
	return rc;
}

static int conduct(struct study *s, const struct zram_algorithms *algorithms, struct err *e)
{
	double arms = s->no_pool ? 0 : (double)algorithms->n + 1;
	char page[SYSROOT_PATH_MAX];
	int rc = 0;

	term_progress_begin(&s->progress,
			    (double)s->n_targets *
				    (1 + MAX(arms - 1, 0) + arms * (double)s->config->blocks));
	for (size_t i = 0; i < s->n_targets && !rc; i++)
		rc = study_target(s, &s->targets[i], algorithms, e);
	term_progress_end(&s->progress);
	if (!rc)
		rc = study_answer(s, e);
	if (!rc)
		rc = out_flush(s->out) ? err_set(e, EIO, "cannot print the answer") : 0;
	if (!rc)
		rc = write_report(s, page, e);
	if (!rc)
		term_say("report: %s", page);
	return rc;
}

static void interrupted(struct study *s)
{
	uint64_t unfinished;

	term_progress_end(&s->progress);
	if (s->results) {
		results_experiment_end(
			s->results, &s->experiment, RESULTS_EXPERIMENT_INTERRUPTED,
			"Stopped before the end; what was measured until then is in the store.",
			NULL, NULL);
		results_interrupt(s->results, &unfinished, NULL);
	}
	term_say("stopped: %.0f runs are in %s/study.db; %s", s->runs_done, s->config->out_dir,
		 s->left_behind ? "what could not be put away: coldpress recover"
				: "nothing is left on the machine");
}

static int prepare(struct study *s, struct lab_config *config, char *const *command,
		   struct zram_algorithms *algorithms, char *why, size_t why_len, struct err *e)
{
	struct procfs_vmstat vmstat;
	const char *how;
	int rc = caller_read(&s->user, e);

	if (!rc)
		rc = stop_install(e);
	if (!rc)
		rc = make_out_dir(s, e);
	s->no_pool = why_no_pool(why, why_len);
	s->bare = geteuid() != 0;
	if (!rc && !s->no_pool)
		rc = choose_algorithms(s, algorithms, e);
	if (!rc && !s->bare)
		rc = open_journal(s, e);
	if (!rc)
		rc = zsmalloc_detect(&s->slots, NULL, &how, e);
	s->zeromap = !procfs_vmstat_read(NULL, &vmstat, NULL) && vmstat.swpout_zero != MISSING_U64;
	if (!rc)
		rc = open_store(s, config, command, e);
	if (!rc && s->no_pool)
		study_note(s, RESULTS_NOTE_SKIPPED, "pool, limit and probes",
			   "%s; the page scan alone answers", s->no_pool);
	return rc;
}

/* Events of a study are its runs. */
static void print_end(struct study *s)
{
	struct end_record end = {
		.seen = (uint64_t)s->runs_done,
		.emitted = (uint64_t)s->runs_done,
		.missed = MISSING_U64,
		.unmatched = MISSING_U64,
		.reason = stop_requested() ? "signal" : "done",
	};

	out_record(s->out, &end_record_type, &end);
}

/* How many calibrations of this machine a store has. */
static ssize_t count_calibrations(struct results *results, const struct results_machine *machine,
				  struct err *e)
{
	struct calibration *found AUTO_FREE =
		calloc(RESULTS_CALIBRATIONS_MAX, sizeof(*found));

	return found ? results_calibrations_get(results, machine, found, e)
		     : err_set(e, ENOMEM, "cannot read the calibrations");
}

/* Known before the first run rather than after the last one. */
static int check_kernel_costs(const char *path, struct err *e)
{
	struct results *results AUTO_RESULTS = NULL;
	struct results_machine machine;
	ssize_t n = results_open(&results, path, RESULTS_READ, NULL, e);

	if (n)
		return (int)n;
	results_machine_read(NULL, &machine);
	n = count_calibrations(results, &machine, e);
	if (n)
		return (int)MIN(n, (ssize_t)0);
	err_say(e, ENODATA, "--kernel-costs: %s has no calibration of this machine (Linux %s, %s)",
		path, machine.kernel, machine.cpu);
	return err_hint(e, "measure it: compressor_monitor calibrate --file FILE --db %s", path);
}

/* Where the policy finds the kernel's costs: the store that was named, else our own where it has
 * any. */
static int choose_kernel_costs(struct study *s, struct err *e)
{
	struct results_machine machine;
	char own[SYSROOT_PATH_MAX];
	ssize_t n;

	if (s->config->no_calibration)
		return 0;
	if (s->config->kernel_costs) {
		snprintf(s->kernel_costs, sizeof(s->kernel_costs), "%s", s->config->kernel_costs);
		return 0;
	}
	snprintf(own, sizeof(own), "%s/study.db", s->config->out_dir);
	results_machine_read(NULL, &machine);
	n = count_calibrations(s->results, &machine, e);
	if (n > 0)
		memcpy(s->kernel_costs, own, sizeof(own));
	else if (!n)
		study_note(s, RESULTS_NOTE_INFO, "CPU times",
			   "the policy judges by the libraries'; for the kernel's: "
			   "compressor_monitor calibrate --file FILE --db %s",
			   own);
	return (int)MIN(n, (ssize_t)0);
}

int study_run(void *context, int argc, char **argv, int *exit_code, struct err *e)
{
	struct lab_config *config = context;
	struct study_config *settings = &config->study;
	struct zram_algorithms algorithms = { .n = 0 };
	AUTO_FREE struct study *s = calloc(1, sizeof(*s)); /* too large for a stack */
	uint64_t unfinished;
	char why[400];
	int rc;

	(void)exit_code;
	if (!s)
		return err_set(e, ENOMEM, "cannot begin a study");
	if (!(settings->heavy_below >= 0) || !(settings->price_gib_per_core >= 0))
		return err_usage(e, "--heavy-below and --price are 0 or more");
	if (!(settings->limit_ratio > 0 && settings->limit_ratio <= 1))
		return err_usage(e, "--limit is a share of the command's own peak, above 0 %% and "
				    "at most 100 %%");
	if (settings->no_calibration && settings->kernel_costs)
		return err_usage(e, "--no-calibration leaves --kernel-costs nothing to do");
	rc = settings->kernel_costs ? check_kernel_costs(settings->kernel_costs, e) : 0;
	if (rc)
		return rc;
	if (settings->demo)
		settings->blocks = MIN(settings->blocks, 2);
	s->config = settings;
	term_set_level(settings->quiet     ? TERM_QUIET
		       : settings->verbose ? TERM_VERBOSE
					   : TERM_NORMAL);
	prng_seed(&s->rng, settings->seed);
	rc = out_new(&s->out, (enum out_format)settings->format, settings->output, e);
	if (rc)
		return rc;
	rc = prepare(s, config, argv, &algorithms, why, sizeof(why), e);
	if (!rc)
		rc = choose_kernel_costs(s, e);
	if (!rc && argc > 0)
		study_subject_add(s, argv);
	else if (!rc)
		rc = study_targets(s, e);
	if (!rc)
		rc = conduct(s, &algorithms, e);
	if (rc && stop_requested()) {
		interrupted(s);
		rc = 0;
	} else if (rc && s->results) {
		results_experiment_end(s->results, &s->experiment, RESULTS_EXPERIMENT_FAILED,
				       e->what, NULL, NULL);
		results_interrupt(s->results, &unfinished, NULL);
	}
	for (size_t i = 0; i < s->n_targets; i++)
		free(s->targets[i].scan.lines);
	results_close(s->results);
	journal_close(s->journal);
	if (rc) {
		out_discard(s->out);
		return rc;
	}
	print_end(s);
	return out_close(s->out, e);
}
