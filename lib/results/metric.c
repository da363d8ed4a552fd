/* SPDX-License-Identifier: GPL-2.0-only */
/* metric.c - the table of METRICS as data, and how to find one by its name. */
#include "metric.h"

#define METRIC_ROW_(arg, name_, unit_, group_, better_, take_, label_, what) \
	{ #name_, METRIC_##unit_, METRIC_##group_, METRIC_##better_, METRIC_##take_, label_, what },
const struct metric metrics[METRICS_N] = { METRICS(METRIC_ROW_, ) };

const char *const metric_unit_names[METRIC_UNITS] = {
	METRIC_UNIT_BYTES,  METRIC_UNIT_NS,    METRIC_UNIT_US,    METRIC_UNIT_PAGES,
	METRIC_UNIT_FAULTS, METRIC_UNIT_RATIO, METRIC_UNIT_SHARE,
};

const char *const metric_group_labels[METRIC_GROUPS] = {
	[METRIC_TIME] = "Time",    [METRIC_MEMORY] = "Memory",
	[METRIC_POOL] = "Pool",    [METRIC_TRAFFIC] = "Pages of the pool",
	[METRIC_FAULT] = "Faults",
};

void metrics_clear(struct metrics *ret)
{
	for (size_t i = 0; i < METRICS_N; i++)
		*metric_value(ret, i) = MISSING_F64;
}

int metric_find(const char *name)
{
	for (int i = 0; i < METRICS_N; i++)
		if (str_eq(metrics[i].name, name))
			return i;
	return -1;
}
