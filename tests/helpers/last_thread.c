/* SPDX-License-Identifier: GPL-2.0-only */
/* last_thread.c - processes whose first thread is not the one that matters.
 *
 *   last_thread outlive          the first thread ends; 50 ms later the second one does, and the
 * process with it last_thread exec COMMAND     the second thread runs COMMAND
 *
 * Prints `pid=N tid=N`, tid being the second thread's.
 */
#include <pthread.h>
#include <sys/syscall.h>

#include "lib/base/base.h"

static void *second(void *arg)
{
	printf("pid=%d tid=%ld\n", getpid(), syscall(SYS_gettid));
	fflush(stdout);
	if (arg)
		execl(arg, arg, (char *)NULL);
	sleep_ns(50 * NS_PER_MS);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 2 || pthread_create(&thread, NULL, second, argc > 2 ? argv[2] : NULL))
		return 1;
	if (argc == 2)
		pthread_exit(NULL);
	pthread_join(thread, NULL);
	return 1;
}
