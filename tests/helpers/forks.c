/* SPDX-License-Identifier: GPL-2.0-only */
/* forks.c - a known number of new processes among a known number of new threads.
 *
 *   forks PROCESSES THREADS [COMMAND]
 *
 * Each is waited for; with COMMAND each process runs it. Prints `pid=N begin_ns=N processes=N
 * end_ns=N forks=N threads=N execs=N`: processes is by how much the count in /proc/stat grew, which
 * is of the processes and threads of the whole machine; execs are those that ended with 0.
 */
#include <pthread.h>
#include <sys/wait.h>

#include "lib/base/base.h"

static uint64_t kernel_count(void)
{
	FILE *f = fopen("/proc/stat", "r");
	char line[8192];
	unsigned long long n = 0;

	while (f && fgets(line, sizeof(line), f) && sscanf(line, "processes %llu", &n) != 1)
		;
	if (f)
		fclose(f);
	return n;
}

static void *nothing(void *arg)
{
	return arg;
}

static bool run_process(const char *command, long *execs)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (command)
			execl(command, command, (char *)NULL);
		_exit(command ? 1 : 0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return false;
	*execs += command && status == 0;
	return true;
}

static bool run_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

int main(int argc, char **argv)
{
	long processes = argc >= 3 ? atol(argv[1]) : 0, threads = argc >= 3 ? atol(argv[2]) : 0;
	const char *command = argc > 3 ? argv[3] : NULL;
	long forked = 0, started = 0, execs = 0;
	uint64_t begin_ns = monotonic_ns(), before = kernel_count();

	for (long i = 0; i < MAX(processes, threads); i++) {
		if (i < processes)
			forked += run_process(command, &execs);
		if (i < threads)
			started += run_thread();
	}
	printf("pid=%d begin_ns=%llu", getpid(), (unsigned long long)begin_ns);
	printf(" processes=%llu", (unsigned long long)(kernel_count() - before));
	printf(" end_ns=%llu forks=%ld threads=%ld execs=%ld\n", (unsigned long long)monotonic_ns(),
	       forked, started, execs);
	return forked == processes && started == threads ? 0 : 1;
}
