/* SPDX-License-Identifier: GPL-2.0-only */
/* base.h - for every file: cleanup attributes, units, checked arithmetic, time.
 *
 * Everything here is static inline or a macro: including it costs no link dependency.
 */
#ifndef COLDPRESS_BASE_BASE_H
#define COLDPRESS_BASE_BASE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define KIB       (UINT64_C(1) << 10)
#define MIB       (UINT64_C(1) << 20)
#define GIB       (UINT64_C(1) << 30)
#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

/* Kernels with larger pages are refused by `coldpress doctor`. */
#define PAGE_BYTES 4096u

/* A value that was not measured. Printed as "-", null or an empty CSV cell, never as 0. */
#define MISSING_U64 UINT64_MAX
#define MISSING_I64 INT64_MIN
#define MISSING_F64 ((double)__builtin_nanf(""))

#define ARRAY_SIZE(a)           (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)               ((a) < (b) ? (a) : (b))
#define MAX(a, b)               ((a) > (b) ? (a) : (b))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define UNUSED                  __attribute__((unused))

/* *ret = a op b; true: the result does not fit and *ret must not be used. */
#define add_overflows(a, b, ret) __builtin_add_overflow((a), (b), (ret))
#define mul_overflows(a, b, ret) __builtin_mul_overflow((a), (b), (ret))

static inline void base_free_(void *p)
{
	free(*(void **)p);
}

static inline void base_close_(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void base_fclose_(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define AUTO_FREE   __attribute__((cleanup(base_free_)))
#define AUTO_CLOSE  __attribute__((cleanup(base_close_)))
#define AUTO_FCLOSE __attribute__((cleanup(base_fclose_)))

static inline uint64_t timespec_ns(const struct timespec *ts)
{
	return (uint64_t)ts->tv_sec * NS_PER_S + (uint64_t)ts->tv_nsec;
}

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return timespec_ns(&ts);
}

/* The clock of every measurement; BPF's bpf_ktime_get_ns() is the same one. */
static inline uint64_t monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* CPU time of the calling thread, for costs that must not count waiting. */
static inline uint64_t thread_cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* CPU time of all threads of this process. */
static inline uint64_t process_cpu_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* Sleeps ns, less where a signal arrives, so that loops can look at stop. */
static inline void sleep_ns(uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / NS_PER_S),
			       .tv_nsec = (long)(ns % NS_PER_S) };

	nanosleep(&ts, NULL);
}

static inline bool str_eq(const char *a, const char *b)
{
	/* Names of tables that another file holds.
	 * NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	return strcmp(a, b) == 0;
}

static inline bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

#endif
