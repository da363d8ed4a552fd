/* SPDX-License-Identifier: GPL-2.0-only */
/* fork_exec_storm.c - processes that run another program, as a shell or a build does. */
#include <fcntl.h>
#include <sys/stat.h>

#include "forks.h"

static int check(const struct gen_config *config, struct err *e)
{
	struct stat st;

	if (config->exec_path[0] != '/')
		return err_usage(e, "--exec '%s' is no absolute path", config->exec_path);
	if (!stat(config->exec_path, &st) && !S_ISREG(st.st_mode))
		return err_usage(e, "--exec '%s' is no program", config->exec_path);
	if (access(config->exec_path, X_OK))
		return err_set(e, errno, "cannot run '%s'", config->exec_path);
	return 0;
}

static void become(const struct worker *w)
{
	const char *const argv[] = { w->config->exec_path, NULL };
	int null = open("/dev/null", O_RDWR);

	/* What it prints must not come between our own records. */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	execv(w->config->exec_path, (char *const *)argv);
}

static void step(struct worker *w)
{
	const uint64_t before = w->operations;

	fork_chain(w, become);
	w->execs += w->operations - before;
}

extern const struct pattern pattern_fork_exec_storm;
const struct pattern pattern_fork_exec_storm = {
	.name = "fork_exec_storm",
	.summary = "fork processes that run another program (--exec)",
	.signals = "cost of exec, file-backed faults, short-lived address spaces",
	.forks = true,
	.check = check,
	.step = step,
};
