/* SPDX-License-Identifier: GPL-2.0-only */
/* policy.h - the fairness policy: which codec, if any, repays its CPU time for some memory.
 *
 * Pure arithmetic on measured values; no I/O, no clock, no allocation. The steps:
 *
 *  1. Eligible are candidates whose savings reach the floor (5 %), in slot or codec bytes as asked.
 *  2. Within a tier they are ranked by
 *         fair_score = bytes_saved / (compress_cpu_ms + readback_factor * decompress_cpu_ms)
 *     On equal scores the baseline wins. The fast tier's best is the choice so far.
 *  3. That score alone never picks a heavy codec: a heavy one moves up only for memory that is
 * seldom read back (readback_factor <= heavy_below), and only if what it saves beyond the choice so
 * far, for as long as the pages stay out, pays for its extra CPU: extra_bytes * residence /
 * extra_cpu >= price Among heavy ones that pass, the best score of the tier is the choice.
 *  4. If no codec is eligible, or none repays its CPU, nothing is chosen: leave the memory alone.
 *
 * The price is in GiB-seconds per CPU-second, which is GiB per core: 4 says that one busy core is
 * worth 4 GiB of memory, about the proportion in which machines are sold.
 */
#ifndef COLDPRESS_ANALYSIS_POLICY_H
#define COLDPRESS_ANALYSIS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum policy_tier { POLICY_FAST, POLICY_HEAVY };
enum policy_savings {
	POLICY_SLOT,
	POLICY_CODEC
}; /* bytes of RAM in the pool; bytes of compressed data */

/* What was measured on the same pages for every candidate: totals, not rates. */
struct policy_candidate {
	const char *name;
	enum policy_tier tier;
	bool baseline; /* LZ4 fast: at most one */
	bool failed;   /* a page did not decompress to its original: never eligible */
	double orig_bytes;
	double saved_codec_bytes; /* orig - compressed; may be negative */
	double saved_slot_bytes;  /* orig - memory in the pool; may be negative */
	double compress_cpu_ms;   /* for all of orig_bytes */
	double decompress_cpu_ms;
};

struct policy_settings {
	double floor_ratio;     /* savings from which a candidate is eligible */
	double readback_factor; /* expected swap-ins per swap-out */
	double heavy_below;     /* largest readback factor at which heavy codecs are considered */
	double price_gib_per_core;   /* GiB-seconds that one CPU-second must buy */
	double residence_s;          /* how long a page stays out, in seconds */
	enum policy_savings savings; /* which bytes decide */
};

#define POLICY_PRICE_GIB_PER_CORE 4.0
#define POLICY_DEFAULTS \
	{ \
		.floor_ratio = 0.05, .readback_factor = 1.0, .heavy_below = 0.25, \
		.price_gib_per_core = POLICY_PRICE_GIB_PER_CORE, .residence_s = 120.0, \
		.savings = POLICY_SLOT \
	}

/* The readback factors that stand in for a measured one. */
#define POLICY_READBACK_HOT  4.0
#define POLICY_READBACK_WARM 1.0
#define POLICY_READBACK_COLD 0.1

enum policy_reason {
	POLICY_WON_SCORE,           /* best score of the fast tier; no heavy one repays its CPU */
	POLICY_WON_PRICE,           /* heavy, and repays its extra CPU */
	POLICY_LOST_SCORE,          /* another of its tier scores better */
	POLICY_LOST_TO_HEAVY,       /* best of the fast tier; a heavy one repays its extra CPU */
	POLICY_LOST_READBACK,       /* heavy; the readback factor is above heavy_below */
	POLICY_LOST_PRICE,          /* heavy, and saves too little more for its extra CPU */
	POLICY_LOST_NO_GAIN,        /* heavy, and saves no more than the choice of the fast tier */
	POLICY_INELIGIBLE_FLOOR,    /* savings below the floor */
	POLICY_INELIGIBLE_FAILED,   /* a page did not decompress to its original */
	POLICY_INELIGIBLE_NO_VALUE, /* a value is missing, or the cost is not above 0 */
};

struct policy_verdict {
	enum policy_reason reason;
	bool eligible;
	unsigned int rank;         /* 1 = chosen, then by tier and score; 0 = ineligible */
	double saved_bytes;        /* of the kind that decides */
	double saved_ratio;        /* saved_bytes / orig_bytes */
	double cost_cpu_ms;        /* compress + readback_factor * decompress */
	double fair_score;         /* bytes saved per CPU-ms; NaN = cannot be had */
	double vs_baseline_ratio;  /* fair_score / the baseline's; NaN without one */
	double value_gib_per_core; /* heavy: extra bytes * residence / extra CPU, against the best
				    * of the fast tier (against nothing if that is empty); INFINITY
				    * if no extra CPU */
};

#define POLICY_NOTHING (-1)

/* policy_rank - a verdict for every candidate.
 *
 * returns  index of the chosen candidate, or POLICY_NOTHING
 */
int policy_rank(const struct policy_settings *settings, const struct policy_candidate *candidates,
		size_t n, struct policy_verdict *verdicts);

/* policy_reason_name - "won_score", for records. */
const char *policy_reason_name(enum policy_reason reason);

/* policy_explain - one sentence with the values that decided, into buf. Returns buf. */
const char *policy_explain(const struct policy_settings *settings,
			   const struct policy_candidate *candidate,
			   const struct policy_verdict *verdict, char *buf, size_t len);

#endif
