/* SPDX-License-Identifier: GPL-2.0-only */
/* stop.c - the handlers only set a flag. */
#include <signal.h>

#include "stop.h"

static volatile sig_atomic_t stop_signal;

static void on_signal(int sig)
{
	stop_signal = sig;
}

int stop_install(struct err *e)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct sigaction sa = { .sa_handler = on_signal }, old;

	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (signals[i] == SIGHUP && !sigaction(SIGHUP, NULL, &old) &&
		    old.sa_handler == SIG_IGN)
			continue;
		if (sigaction(signals[i], &sa, NULL))
			return err_set(e, errno, "cannot handle signal %d", signals[i]);
	}
	return 0;
}

int stop_requested(void)
{
	return stop_signal;
}
