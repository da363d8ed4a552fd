/* SPDX-License-Identifier: GPL-2.0-only */
/* skip.h - a unit test that cannot run here says why: tests/run lists the reason beside the test.
 */
#ifndef COLDPRESS_TESTS_SKIP_H
#define COLDPRESS_TESTS_SKIP_H

/* After cmocka.h. Leaves the test. */
#define SKIP(why) \
	do { \
		printf("# skip: %s\n", why); \
		fflush(stdout); \
		skip(); \
	} while (0)

#endif
