/* SPDX-License-Identifier: GPL-2.0-only */
/* exits.c - processes with several threads that end in different ways, and what wait4(2) tells of
 * each.
 *
 *   exits PROCESSES THREADS PAGES [hold]
 *
 * Each thread touches PAGES fresh pages and then runs until the process ends: by _exit of the first
 * thread, by _exit of all threads at once, or as the threads end one by one, the first one before
 * the others. Prints a line `PID MINOR_FAULTS CPU_NS STATUS` for each process, one process at a
 * time. With hold, one thread of each process ends first; then it prints `held`, and all wait for
 * the end of standard input, and then touch their pages once more.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "lib/base/base.h"

enum end { BY_FIRST, BY_ALL, ONE_BY_ONE, ENDS };

static enum end how;
static size_t pages;
static pthread_barrier_t touched;
static bool hold;

static void touch(void)
{
	size_t bytes = pages * PAGE_BYTES;
	char *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(2);
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < bytes; i += PAGE_BYTES)
		((volatile char *)memory)[i] = 1;
}

/* Each reader of the pipe sees its end. */
static void await_end(void)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	touch();
}

static void *once(void *arg)
{
	touch();
	return arg;
}

static void *work(void *arg)
{
	uint64_t begin_ns = monotonic_ns();

	touch();
	if (hold)
		await_end();
	pthread_barrier_wait(&touched);
	while (how == BY_FIRST || monotonic_ns() - begin_ns < NS_PER_MS)
		;
	if (how == BY_ALL)
		_exit(7);
	return arg;
}

static _Noreturn void process(unsigned threads)
{
	pthread_t thread;

	pthread_barrier_init(&touched, NULL, threads + 1);
	if (hold && (pthread_create(&thread, NULL, once, NULL) || pthread_join(thread, NULL)))
		_exit(2);
	for (unsigned i = 0; i < threads; i++) {
		if (pthread_create(&thread, NULL, work, NULL))
			_exit(2);
	}
	if (hold && write(STDOUT_FILENO, "held\n", 5) != 5)
		_exit(2);
	pthread_barrier_wait(&touched);
	if (how == ONE_BY_ONE)
		pthread_exit(NULL);
	_exit(how == BY_ALL ? 7 : 5);
}

static uint64_t nanoseconds(struct timeval t)
{
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_usec * NS_PER_US;
}

int main(int argc, char **argv)
{
	unsigned long processes = argc > 3 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned threads = argc > 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;

	pages = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	hold = argc > 4;
	for (unsigned long i = 0; i < processes; i++) {
		struct rusage usage;
		int status;
		pid_t pid;

		how = (enum end)(i % ENDS);
		pid = fork();
		if (pid == 0)
			process(threads);
		if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
			return 1;
		printf("%d %ld %llu %d\n", pid, usage.ru_minflt,
		       (unsigned long long)nanoseconds(usage.ru_utime) +
			       (unsigned long long)nanoseconds(usage.ru_stime),
		       status);
		fflush(stdout);
	}
	return !processes;
}
