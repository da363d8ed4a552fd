/* SPDX-License-Identifier: GPL-2.0-only */
/* scale.c - numbers with their thousands. */
#include "scale.h"

#include <math.h>

struct scale scale_for(enum metric_unit unit, double largest)
{
	static const char *const sizes[] = { "B", "KiB", "MiB", "GiB", "TiB", NULL };
	static const char *const times[] = { "ns", "µs", "ms", "s", NULL };
	const char *const *name = unit == METRIC_BYTES ? sizes
				  : unit == METRIC_NS  ? times
						       : times + 1;
	double step = unit == METRIC_BYTES ? 1024 : 1000;
	double v = isfinite(largest) ? fabs(largest) : 0;
	struct scale s = { .divisor = 1, .unit = "" };

	if (unit == METRIC_RATIO)
		return (struct scale){ 1, 3, "×" };
	if (unit == METRIC_SHARE)
		return (struct scale){ 0.01, 1, "%" };
	if (unit == METRIC_PAGES || unit == METRIC_FAULTS)
		return s;
	for (; v >= step && name[1]; name++, v /= step)
		s.divisor *= step;
	s.unit = *name;
	if (s.divisor > 1)
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
