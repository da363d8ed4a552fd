/* SPDX-License-Identifier: GPL-2.0-only */
/* busy.c - the first line of /proc/stat. */
#include "busy.h"

#include "lib/base/sysroot.h"

static void read_times(struct busy_times *ret)
{
	/* user nice system idle iowait irq softirq steal; guest is in user already */
	unsigned long long t[8];
	AUTO_FREE char *text = NULL;

	*ret = (struct busy_times){ MISSING_F64, MISSING_F64 };
	if (sysroot_read_alloc(NULL, &text, NULL, "/proc/stat") < 0 ||
	    sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3],
		   &t[4], &t[5], &t[6], &t[7]) != 8)
		return;
	ret->idle = (double)(t[3] + t[4]);
	ret->total = 0;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		ret->total += (double)t[i];
}

void busy_begin(struct busy *b)
{
	read_times(&b->begin);
}

void busy_end(struct busy *b)
{
	struct busy_times now;

	read_times(&now);
	b->sum.total += now.total - b->begin.total;
	b->sum.idle += now.idle - b->begin.idle;
}

double busy_ratio(const struct busy *b)
{
	return b->sum.total > 0 ? 1 - b->sum.idle / b->sum.total : MISSING_F64;
}

double busy_others_ratio(const struct busy *b, double own_ns)
{
	double tick_ns = (double)NS_PER_S / (double)sysconf(_SC_CLK_TCK);

	return busy_ratio(b) - own_ns / (b->sum.total * tick_ns);
}
