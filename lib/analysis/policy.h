/* SPDX-License-Identifier: GPL-2.0-only */
/* policy.h - the fairness policy: which codec, if any, repays its CPU time for some memory.
 *
 * Pure arithmetic on measured values; no I/O, no clock, no allocation. All values are of the pages
 * that need a codec. The steps:
 *
 *  1. Eligible are candidates whose savings reach the floor (5 %), in slot or codec bytes as asked.
 *  2. They are ranked by
 *         fair_score = bytes_saved / (compress_cpu_ms + readback_factor * decompress_cpu_ms)
 *     On equal scores the baseline is first. Nothing else moves a rank.
 *  3. The choice is separate, as bytes per CPU never pick what saves a little more for several
 * times the CPU, however long the pages stay out. It climbs the front of saved bytes against CPU
 * from nothing, each time to the point that buys most for its extra CPU, value = extra_bytes *
 * residence / extra_cpu and stops where that is below the price: there bytes * residence - price *
 * CPU is largest. Points are the eligible fast candidates; the heavy ones too, if memory is seldom
 * read back (readback_factor <= heavy_below); and, where the kernel recompresses, a fast codec
 * whose pages a heavy one compresses again once they are idle.
 *  4. If no candidate is eligible, or the first step is not worth the price, nothing is chosen.
 *
 * Idle pages: of all pages that are swapped out, readback_factor (below 1) are read back soon. The
 * rest, `stay` = 1 - readback_factor, share the whole residence: residence / stay each. Idle is a
 * page older than the mean residence. So each of the rest is heavy for residence / stay -
 * residence, and recompression saves readback_factor of what the heavy codec saves beyond the fast
 * one, for the CPU of decompressing and compressing the rest once.
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
	double price_gib_per_core;   /* GiB-seconds that one CPU-second must buy, in every step */
	double residence_s;          /* how long a page stays out, in seconds */
	enum policy_savings savings; /* which bytes decide */
	bool recompress;             /* the kernel recompresses idle pages with a second codec */
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
	POLICY_WON_PRICE,           /* the last step of the front that is worth the price */
	POLICY_WON_WRITE,           /* writes pages; another recompresses the idle ones */
	POLICY_WON_RECOMPRESS,      /* heavy; recompresses the idle pages */
	POLICY_LOST_TO_CHOICE,      /* worth the price, and so is the choice, a further step */
	POLICY_LOST_READBACK,       /* heavy; the readback factor is above heavy_below */
	POLICY_LOST_PRICE,          /* its extra CPU saves too little */
	POLICY_LOST_NO_GAIN,        /* another saves as much for no more CPU */
	POLICY_INELIGIBLE_FLOOR,    /* savings below the floor */
	POLICY_INELIGIBLE_FAILED,   /* a page did not decompress to its original */
	POLICY_INELIGIBLE_NO_PAGES, /* no page needs a codec */
	POLICY_INELIGIBLE_NO_VALUE, /* a value is missing, or the cost is not above 0 */
};

struct policy_verdict {
	enum policy_reason reason;
	bool eligible;
	unsigned int rank;         /* 1 = best fair_score; 0 = ineligible */
	double saved_bytes;        /* of the kind that decides */
	double saved_ratio;        /* saved_bytes / orig_bytes */
	double cost_cpu_ms;        /* compress + readback_factor * decompress */
	double fair_score;         /* bytes saved per CPU-ms; NaN = cannot be had */
	double vs_baseline_ratio;  /* fair_score / the baseline's; NaN without one */
	double value_gib_per_core; /* extra bytes * residence / extra CPU, compared with the last
				    * cheaper step of the front; NaN = ineligible */
	bool first_step;           /* there is none: compared with no compression */
};

#define POLICY_NOTHING (-1)

struct policy_choice {
	int codec;          /* index of the candidate that writes pages, or POLICY_NOTHING */
	int recompress;     /* of the one that recompresses idle pages, or POLICY_NOTHING */
	double saved_bytes; /* mean over the residence; 0 for nothing */
	double cost_cpu_ms; /* for all pages */
};

/* policy_decide - a verdict for every candidate, and the choice. */
void policy_decide(const struct policy_settings *settings,
		   const struct policy_candidate *candidates, size_t n,
		   struct policy_verdict *verdicts, struct policy_choice *ret);

/* policy_rank - the same for callers that cannot recompress.
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
