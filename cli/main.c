/* SPDX-License-Identifier: GPL-2.0-only */
/* main.c - the command `coldpress`: its subcommands, and every companion program by its name.
 *
 * A first word that is not a subcommand names a program in the same directory (or in
 * ../libexec/coldpress once installed), which replaces this process.
 */
#include <ctype.h>
#include <limits.h>

#include "cli.h"
#include "lib/base/companion.h"
#include "lib/base/term.h"
#include "lib/results/search_records.h"
#include "study/config.h"

static struct doctor_config doctor;
static struct recover_config recover;
static struct study_config study = STUDY_DEFAULTS;

static const struct opt_command commands[] = {
	{
		.name = "doctor",
		.summary = "show what this machine supports, what is missing and how to get it",
		.description =
			"Checks the kernel, tracing, zram, swap, cgroups, capabilities and tools. "
			"Makes no lasting change: it loads one BPF program and opens one perf "
			"counter, then closes them. Exits 0 if the checks ran, whatever they "
			"found; the last line says whether a full study can run.",
		.examples =
			"sudo coldpress doctor                    # all checks, with remedies\n"
			"coldpress doctor -f json | jq .remedy    # remedies only, for a script\n",
		.options = doctor_options,
		.config = &doctor,
		.run = doctor_run,
	},
	{
		.name = "study",
		.synopsis = "[-- COMMAND ARG...]",
		.summary = "find the smallest RAM at which a program keeps a bound of slowdown",
		.description =
			"Runs COMMAND as the user who called sudo, many times: without a limit, "
			"then limited to shares of its peak memory with a zram pool of each "
			"algorithm, then in shuffled pairs of both. Prints a verdict of one line: "
			"how little RAM (program + pool) is enough at a slowdown of at most "
			"--max-slowdown, with which algorithm and how sure that is, or to leave it "
			"alone, or what it would take to decide. Then follow the slowdown at each "
			"limit, and why: page scan, predicted and measured pool. --limit measures "
			"at given limits instead. All results are written into the directory "
			"--dir. Without COMMAND it studies sqlite3 with an in-memory database and "
			"the workload pattern interactive_burst.\n\n"
			"COMMAND should do a fixed amount of work and end by itself, or print a "
			"number to compare (--metric). It gets the same standard input in each "
			"run: a file from where it stands, or what a pipe sent. ^C ends the study "
			"with what the finished runs support; --resume goes on.\n\n"
			"Without root it scans the pages of COMMAND, ranks codecs, and lists what "
			"was not measured.",
		.examples = "sudo coldpress study --demo                      # two built-in "
			    "targets, 2 "
			    "minutes\n"
			    "sudo coldpress study -- python3 job.py           # your own program\n"
			    "sudo coldpress study --max-slowdown 10% --budget 5m -- sqlite3 "
			    ":memory: <script.sql\n"
			    "sudo coldpress study --metric 'ops/s: ([0-9.]+)' --better higher -- "
			    "./benchmark\n"
			    "sudo coldpress study --limit 50%,70% --blocks 6 --algo lz4,zstd -- "
			    "./server --selftest\n",
		.options = study_options,
		.config = &study,
		.operands = OPT_OPERANDS_COMMAND,
		.run = study_run,
	},
	{
		.name = "recover",
		.summary = "undo what a killed command left: pools, swaps, cgroups, settings",
		.description = "Every command that changes the machine first writes a journal "
			       "entry. recover undoes the open entries of commands that no longer "
			       "run. It does not change running commands, nor pools whose setup "
			       "has finished: `ram_pool reset` removes those. Same as `ram_pool "
			       "recover`. It can be run at any time, and more than once.",
		.examples = "sudo coldpress recover    # after a kill -9\n",
		.options = recover_options,
		.config = &recover,
		.run = recover_run,
	},
	{ .run = NULL }
};

static const struct record_type *const records[] = {
	&study_run_type,           &search_run_type,       &verdict_type,      &curve_type,
	&study_configuration_type, &study_prediction_type, &study_answer_type, &doctor_check_type,
	&doctor_verdict_type,      &recovered_type,        &end_record_type,   NULL,
};

static const char *const companions[] = {
	"compressor_monitor", "ram_pool",   "workload",   "report", "proc_create",
	"page_fault",         "swap_probe", "pool_probe", NULL,
};

static const struct opt_program program = {
	.name = "coldpress",
	.companions = companions,
	.summary = "measure RAM compression with zram on Linux",
	.description =
		"Quick start:\n"
		"\n"
		"  coldpress doctor                      what does this machine support?\n"
		"  sudo coldpress study --demo           how little RAM is enough? (two "
		"built-in targets)\n"
		"  sudo coldpress study -- COMMAND ...   the same for your own program\n"
		"  coldpress report --db DIR/study.db    write a study's HTML page again\n"
		"  sudo coldpress recover                after a kill -9: undo what was "
		"left\n"
		"\n"
		"Companion programs, run as `coldpress NAME`:\n"
		"\n"
		"  compressor_monitor   compress the pages of a process or file; choose a codec\n"
		"  ram_pool             manage a dedicated zram pool\n"
		"  workload             memory workloads under limits; also stress-ng, fio, ...\n"
		"  report               write the results of a study to one HTML page\n"
		"  proc_create          trace process creation, exec and exit\n"
		"  page_fault           trace page faults\n"
		"  swap_probe           reclaim events and swap counters, one line per second\n"
		"  pool_probe           swap-outs, swap-ins and residence in a zram pool\n",
	.commands = commands,
	.records = records,
};

static bool own_command(const char *word)
{
	for (const struct opt_command *c = commands; c->run; c++)
		if (str_eq(word, c->name))
			return true;
	return false;
}

/* Whether the word can be a program's name: not a path, not an option. */
static bool program_name(const char *word)
{
	if (!isalpha((unsigned char)word[0]))
		return false;
	for (const char *c = word; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_' && *c != '-')
			return false;
	return true;
}

int main(int argc, char **argv)
{
	char *help[] = { argv[0], (char[]){ "--help" }, NULL };
	char path[PATH_MAX];
	struct err e = { 0 };

	if (argc < 2)
		return opt_main(&program, 2, help);
	opt_help_words(argc, argv);
	if (!program_name(argv[1]) || own_command(argv[1]) ||
	    companion_path(argv[1], path, sizeof(path), NULL))
		return opt_main(&program, argc, argv);
	execv(path, argv + 1);
	err_set(&e, errno, "cannot run %s", path);
	return term_error(&e, program.name);
}
