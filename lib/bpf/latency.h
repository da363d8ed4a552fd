/* SPDX-License-Identifier: GPL-2.0-only */
/* latency.h - a histogram of times as fields of a record: total, mean, quantiles, maximum. */
#ifndef COLDPRESS_BPF_LATENCY_H
#define COLDPRESS_BPF_LATENCY_H

#include "lib/base/record.h"

#include "bpf/hist.h"

/* Total, mean and maximum are exact, quantiles within 3.2 %. */
struct latency {
	uint64_t total_ns, mean_ns, p50_ns, p90_ns, p99_ns, max_ns;
};

/* latency_of - all but total_ns are missing where the histogram is empty. */
static inline struct latency latency_of(const struct hist *h)
{
	return (struct latency){
		.total_ns = h->total,
		.mean_ns = h->n ? h->total / h->n : MISSING_U64,
		.p50_ns = hist_quantile(h, 0.50),
		.p90_ns = hist_quantile(h, 0.90),
		.p99_ns = hist_quantile(h, 0.99),
		.max_ns = h->n ? h->max : MISSING_U64,
	};
}

/* A field whose name differs from the member's: member m of struct s, which may be nested. */
#define FIELD_AT(n, s, m, t, u, what) \
	{ \
		.name = (n), .unit = (u), .type = (t), .offset = offsetof(s, m), \
		.size = sizeof(((s *)0)->m), .meaning = (what) \
	}

/* PREFIX_p50_ns: member p50_ns of the struct latency that is member l of struct s. */
#define LATENCY_FIELD(s, l, prefix, m, what) FIELD_AT(prefix "_" #m, s, l.m, FIELD_U64, "ns", what)

#endif
