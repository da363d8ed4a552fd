/* SPDX-License-Identifier: GPL-2.0-only */
/* fork_exec_storm.c - forks processes that execute another program, like a shell or a build. */
#include <fcntl.h>
#include <sys/stat.h>

#include "forks.h"

static int check(const struct gen_config *config, struct err *e)
{
	struct stat st;

	if (config->exec_path[0] != '/')
		return err_usage(e, "--exec '%s' is not an absolute path", config->exec_path);
	if (!stat(config->exec_path, &st) && !S_ISREG(st.st_mode))
		return err_usage(e, "--exec '%s' is not a regular file", config->exec_path);
	if (access(config->exec_path, X_OK))
		return err_set(e, errno, "cannot run '%s'", config->exec_path);
	return 0;
}

static void exec_program(const struct worker *w)
{
	const char *const argv[] = { w->config->exec_path, NULL };
	int null = open("/dev/null", O_RDWR);

	/* Its output must not mix with our records. */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	execv(w->config->exec_path, (char *const *)argv);
}

static void step(struct worker *w)
{
	if (fork_chain(w, exec_program))
		w->execs++;
}

const struct pattern pattern_fork_exec_storm = {
	.name = "fork_exec_storm",
	.summary = "fork processes that execute another program (--exec)",
	.measures = "cost of exec, file-backed faults, short-lived address spaces",
	.forks = true,
	.check = check,
	.step = step,
};
