/* SPDX-License-Identifier: GPL-2.0-only */
/* main.c - `coldpress`, the front door: its own commands, and every other program of ours by its
 * name.
 *
 * A first word that is none of its commands names a program beside it (or in ../libexec/coldpress
 * once installed), which replaces this process. Does nothing itself.
 */
#include <ctype.h>
#include <limits.h>

#include "cli.h"
#include "lib/base/companion.h"
#include "lib/base/term.h"

static struct lab_config config = { .study = STUDY_DEFAULTS };

static const struct opt_command commands[] = {
	{
		.name = "doctor",
		.summary = "what this machine can do, what is missing, and the command that would "
			   "give it",
		.description = "Looks at the kernel, its tracing, zram, swap, control groups, "
			       "rights and tools. Changes nothing: one BPF program and one counter "
			       "are opened and closed again. Ends 0 whenever it could look; the "
			       "last line says whether a full study can run here.",
		.examples =
			"sudo coldpress doctor                    # everything, with the remedies\n"
			"coldpress doctor -f json | jq .remedy    # for a script\n",
		.options = doctor_options,
		.run = doctor_run,
	},
	{
		.name = "study",
		.synopsis = "[-- COMMAND ARG...]",
		.summary = "what would RAM compression save for a program, with which codec, at "
			   "what cost",
		.description =
			"Runs COMMAND as the user who called sudo: once without limit, with a page "
			"scan and probes (the reference run); then limited to a share of its own "
			"peak "
			"of memory, with a zram pool of each algorithm in turn, in shuffled blocks "
			"with runs without limit. Prints what was saved, what it cost, and what "
			"the "
			"page scan predicted; recommends an algorithm, or nothing; keeps all "
			"results "
			"in --dir. Without COMMAND it studies sqlite3 with a database in memory, "
			"and "
			"a generator. "
			"COMMAND should do a fixed amount of work and end by itself.\n\n"
			"Without root it scans the command's pages and ranks codecs, and says what "
			"was left out.",
		.examples = "sudo coldpress study --demo                      # an answer in three "
			    "minutes\n"
			    "sudo coldpress study -- python3 job.py           # your own program\n"
			    "sudo coldpress study --limit 70% --blocks 6 --algo lz4,zstd -- "
			    "./server --selftest\n",
		.options = study_options,
		.operands = OPT_OPERANDS_COMMAND,
		.run = study_run,
	},
	{
		.name = "recover",
		.summary =
			"finish what a killed command left: pools, swaps, control groups, settings",
		.description = "Every command that changes the machine writes down what it is "
			       "about to do. recover undoes what is still open in the books of "
			       "commands that are gone, and leaves those that run, and pools that "
			       "were set up to stay, alone. It may be run at any time, and twice.",
		.examples = "sudo coldpress recover    # after a kill -9\n",
		.options = recover_options,
		.run = recover_run,
	},
	{ .run = NULL }
};

static const struct record_type *const records[] = {
	&study_run_type,    &study_configuration_type, &study_prediction_type,
	&study_answer_type, &end_record_type,          NULL,
};

static const char *const companions[] = {
	"compressor_monitor", "ram_pool",   "workload",   "report", "proc_create",
	"page_fault",         "swap_probe", "pool_probe", NULL,
};

static const struct opt_program program = {
	.name = "coldpress",
	.companions = companions,
	.summary = "a laboratory for RAM compression on Linux",
	.description =
		"Five minutes:\n"
		"\n"
		"  coldpress doctor                      can this machine do it?\n"
		"  sudo coldpress study --demo           what would compression save, with which "
		"codec, at what cost?\n"
		"  sudo coldpress study -- COMMAND ...   the same for your own program\n"
		"  coldpress report --db DIR/study.db    a study's page with its figures, again\n"
		"  sudo coldpress recover                only after a kill -9: puts back what was "
		"changed\n"
		"\n"
		"Behind it, each also a tool of its own, run as `coldpress NAME`:\n"
		"\n"
		"  compressor_monitor   which codec is worth it for a process or file: scan, rank, "
		"bench\n"
		"  ram_pool             a compressed pool (zram): setup, status, age, trigger, "
		"reset\n"
		"  workload             loads with known page contents, and stress-ng, fio, "
		"sysbench, ... wrapped\n"
		"  report               what a study stored, as one HTML page\n"
		"  proc_create          process forks, live\n"
		"  page_fault           page faults, live\n"
		"  swap_probe           reclaim and swap, one line a second\n"
		"  pool_probe           what happens inside a zram pool: stores, loads, "
		"residence\n",
	.commands = commands,
	.config = &config,
	.records = records,
};

static bool own_command(const char *word)
{
	for (const struct opt_command *c = commands; c->run; c++)
		if (str_eq(word, c->name))
			return true;
	return false;
}

/* A program's name, not a path or an option. */
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
	if (!program_name(argv[1]) || own_command(argv[1]) ||
	    companion_path(argv[1], path, sizeof(path), NULL))
		return opt_main(&program, argc, argv);
	execv(path, argv + 1);
	err_set(&e, errno, "cannot run %s", path);
	return term_error(&e, program.name);
}
