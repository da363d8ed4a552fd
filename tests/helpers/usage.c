/* SPDX-License-Identifier: GPL-2.0-only */
/* usage.c - runs a command and prints what the kernel told its parent of its end.
 *
 *   usage [-a] COMMAND [ARG...]          -a: by execveat(2) on a descriptor
 *
 * Prints `pid=N cpu_ns=N max_rss_bytes=N minor_faults=N major_faults=N exit_code=N signal=N
 * core=0|1`, as wait4(2) has it: of the command itself and of children it waited for. Where the
 * command cannot be run it exits with 127.
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/base/base.h"

static uint64_t nanoseconds(struct timeval t)
{
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_usec * NS_PER_US;
}

static void run(char **argv, bool at)
{
	if (at)
		syscall(SYS_execveat, open(argv[0], O_RDONLY | O_CLOEXEC), "", argv, environ,
			AT_EMPTY_PATH);
	else
		execv(argv[0], argv);
	_exit(127);
}

int main(int argc, char **argv)
{
	bool at = argc > 2 && str_eq(argv[1], "-a");
	struct rusage usage;
	int status;
	pid_t pid = argc > 1 ? fork() : -1;

	if (pid == 0)
		run(argv + 1 + at, at);
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 1;
	uint64_t cpu_ns = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);

	printf("pid=%d cpu_ns=%llu max_rss_bytes=%ld", pid, (unsigned long long)cpu_ns,
	       usage.ru_maxrss * 1024);
	printf(" minor_faults=%ld major_faults=%ld exit_code=%d signal=%d core=%d\n",
	       usage.ru_minflt, usage.ru_majflt, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
	       WIFSIGNALED(status) ? WTERMSIG(status) : 0,
	       WIFSIGNALED(status) && WCOREDUMP(status));
	return 0;
}
