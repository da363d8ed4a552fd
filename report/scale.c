/* SPDX-License-Identifier: GPL-2.0-only */
/* scale.c - numbers with their thousands. */
#include "scale.h"

#include <math.h>

struct scale scale_for(enum metric_unit unit, double largest)
{
	static const char *const sizes[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	static const char *const times[] = { "ns", "µs", "ms", "s" };
	struct scale s = { .divisor = 1, .unit = "" };
	double v = isfinite(largest) ? fabs(largest) : 0;
	size_t i = 0;

	switch (unit) {
	case METRIC_BYTES:
		for (; v >= 1024 && i + 1 < ARRAY_SIZE(sizes); i++, v /= 1024)
			s.divisor *= 1024;
		s.unit = sizes[i];
		break;
	case METRIC_US:
	case METRIC_NS:
		if (unit == METRIC_US) {
			s.divisor /= 1000;
			v *= 1000;
		}
		for (; v >= 1000 && i + 1 < ARRAY_SIZE(times); i++, v /= 1000)
			s.divisor *= 1000;
		s.unit = times[i];
		break;
	case METRIC_RATIO:
		return (struct scale){ 1, 3, "×" };
	case METRIC_SHARE:
		return (struct scale){ 0.01, 1, "%" };
	case METRIC_PAGES:
	case METRIC_FAULTS:
	case METRIC_UNITS:
		return s;
	}
	if (i > 0)
		s.decimals = v >= 100 ? 1 : v >= 10 ? 2 : 3;
	return s;
}

const char *scale_format(const struct scale *scale, double value, char buf[SCALE_TEXT_MAX])
{
	char plain[SCALE_TEXT_MAX];
	char *to = buf;
	size_t whole;
	int n = snprintf(plain, sizeof(plain), "%.*f", scale->decimals,
			 fabs(value / scale->divisor));

	if (isnan(value) || n < 0 || n > 24)
		return strcpy(buf, isnan(value) ? "–" : "> 10²⁰");
	if (value < 0)
		to = stpcpy(to, "−");
	whole = strcspn(plain, ".");
	for (size_t i = 0; i < whole; i++) {
		if (i && (whole - i) % 3 == 0)
			to = stpcpy(to, "\u202f");
		*to++ = plain[i];
	}
	strcpy(to, plain + whole);
	return buf;
}
