/* SPDX-License-Identifier: GPL-2.0-only */
/* main.c - `coldpress`, the front door: its own commands, and every other program of ours by its name.
 *
 * A first word that is none of its commands names a program beside it (or in ../libexec/coldpress once
 * installed), which replaces this process. Does nothing itself.
 */
#include <ctype.h>
#include <limits.h>

#include "lab.h"
#include "term.h"

static struct lab_config config;

static const struct opt_command commands[] = {
	{
		.name = "doctor",
		.summary = "what this machine can do, what is missing, and the command that would give it",
		.description = "Looks at the kernel, its tracing, zram, swap, control groups, rights and "
			       "tools. Changes "
			       "nothing: one BPF program and one counter are opened and closed again. Ends 0 "
			       "whenever "
			       "it could look; the last line says whether a full study can run here.",
		.examples = "sudo coldpress doctor                    # everything, with the remedies\n"
			    "coldpress doctor -f json | jq .remedy    # for a script\n",
		.options = doctor_options,
		.run = doctor_run,
	},
	{
		.name = "recover",
		.summary = "finish what a killed command left: pools, swaps, control groups, settings",
		.description =
			"Every command that changes the machine writes down what it is about to do. recover "
			"undoes "
			"what is still open in the books of commands that are gone, and leaves those that "
			"run, "
			"and pools that were set up to stay, alone. It may be run at any time, and twice.",
		.examples = "sudo coldpress recover    # after a kill -9\n",
		.options = recover_options,
		.run = recover_run,
	},
	{.run = NULL}};

static const struct opt_program program = {
	.name = "coldpress",
	.summary = "a laboratory for RAM compression on Linux",
	.description =
		"Five minutes:\n"
		"\n"
		"  coldpress doctor                      can this machine do it?\n"
		"  sudo coldpress study --demo           what would compression save, with which codec, at "
		"what cost?\n"
		"  sudo coldpress study -- COMMAND ...   the same for your own program\n"
		"  coldpress report                      the page with the figures of the last study\n"
		"  sudo coldpress recover                only after a kill -9: puts back what was changed\n"
		"\n"
		"Behind it, each also a tool of its own, run as `coldpress NAME`:\n"
		"\n"
		"  compressor_monitor   which codec is worth it for a process or file: scan, rank, bench\n"
		"  ram_pool             a compressed pool (zram): setup, status, trigger, reset\n"
		"  workload             loads with known page contents, and stress-ng, fio, sysbench, ... "
		"wrapped\n"
		"  report               what a study stored, as one HTML page\n"
		"  proc_create          process forks, live\n"
		"  page_fault           page faults, live\n"
		"  swap_probe           reclaim and swap, one line a second\n",
	.commands = commands,
	.config = &config,
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

/* Where a program of ours is: beside this one, or in ../libexec/coldpress. */
static int sibling_path(const char *name, char *buf, size_t len, struct err *e)
{
	static const char *const places[] = { "", "/../libexec/coldpress" };
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return err_set(e, errno, "cannot read /proc/self/exe");
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if ((size_t)snprintf(buf, len, "%s%s/%s", self, places[i], name) < len && access(buf, X_OK) == 0)
			return 0;
	return err_say(e, ENOENT, "there is no program '%s' of coldpress", name);
}

int main(int argc, char **argv)
{
	char *help[] = {argv[0], (char[]){"--help"}, NULL};
	char path[PATH_MAX];
	struct err e = {0};

	if (argc < 2)
		return opt_main(&program, 2, help);
	if (!program_name(argv[1]) || own_command(argv[1]) || sibling_path(argv[1], path, sizeof(path), NULL))
		return opt_main(&program, argc, argv);
	execv(path, argv + 1);
	err_set(&e, errno, "cannot run %s", path);
	return term_error(&e, program.name);
}
