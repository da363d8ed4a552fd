/* SPDX-License-Identifier: GPL-2.0-only */
/* hist.h - a log-linear histogram: 16 buckets of equal width in each power of two. For the BPF and
 * the user side.
 *
 * Values below 16 have a bucket each; values from 2^41 on (36 minutes in ns) share the last one.
 * The middle of a bucket is within 1/32 (3.2 %) of every value in it.
 */
#ifndef COLDPRESS_BPF_HIST_H
#define COLDPRESS_BPF_HIST_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define HIST_SUB          16u
#define HIST_SUB_BITS     4u
#define HIST_TOP_EXPONENT 40u
#define HIST_BUCKETS      ((HIST_TOP_EXPONENT - HIST_SUB_BITS + 2) * HIST_SUB)

/* Unrolled by the compiler; BPF has no instruction for it. v > 0. */
static inline __attribute__((always_inline)) __u32 hist_log2(__u64 v)
{
	__u32 r = 0, bits;

	for (bits = 32; bits; bits >>= 1) {
		if (v >> bits) {
			v >>= bits;
			r += bits;
		}
	}
	return r;
}

static inline __attribute__((always_inline)) __u64 hist_bucket_of(__u64 v)
{
	__u32 exponent;

	if (v < HIST_SUB)
		return v;
	exponent = hist_log2(v);
	if (exponent > HIST_TOP_EXPONENT)
		return HIST_BUCKETS - 1;
	return (exponent - HIST_SUB_BITS + 1) * HIST_SUB +
	       (v >> (exponent - HIST_SUB_BITS) & (HIST_SUB - 1));
}

/* BPF callers compare with HIST_BUCKETS and keep all 64 bits. The verifier of 6.1 loses the bounds
 * in the arithmetic and in a copy whose upper half was cut off; the mask, hidden from the compiler
 * so that it is not optimised away, gives the value bounds again.
 */
static inline __attribute__((always_inline)) __u64 hist_bucket(__u64 v)
{
	__u64 bucket = hist_bucket_of(v);

#ifdef __bpf__
	asm volatile("%0 &= 1023" : "+r"(bucket));
#endif
	return bucket;
}

/* The smallest value of a bucket; that of the next bucket is its end. */
static inline __attribute__((always_inline)) __u64 hist_low(__u32 bucket)
{
	__u32 shift = bucket / HIST_SUB;

	return shift < 2 ? bucket : (__u64)(HIST_SUB + bucket % HIST_SUB) << (shift - 1);
}

_Static_assert(HIST_BUCKETS <= 1024, "hist_bucket() masks with 1023");

struct hist {
	__u64 n, total, max; /* all three exact */
	__u64 bucket[HIST_BUCKETS];
};

static inline __attribute__((always_inline)) void hist_add(struct hist *h, __u64 v)
{
	__u64 bucket = hist_bucket(v);

	h->n++;
	h->total += v;
	if (v > h->max)
		h->max = v;
	if (bucket < HIST_BUCKETS)
		h->bucket[bucket]++;
}

#ifdef __bpf__
/* For a histogram that several CPUs share; max may miss one of two values added at once. */
static inline __attribute__((always_inline)) void hist_add_shared(struct hist *h, __u64 v)
{
	__u64 bucket = hist_bucket(v);

	__sync_fetch_and_add(&h->n, 1);
	__sync_fetch_and_add(&h->total, v);
	if (v > h->max)
		h->max = v;
	if (bucket < HIST_BUCKETS)
		__sync_fetch_and_add(&h->bucket[bucket], 1);
}
#else
static inline void hist_merge(struct hist *to, const struct hist *from)
{
	to->n += from->n;
	to->total += from->total;
	to->max = from->max > to->max ? from->max : to->max;
	for (__u32 b = 0; b < HIST_BUCKETS; b++)
		to->bucket[b] += from->bucket[b];
}

/* hist_quantile - the middle of the bucket of the value at rank p * n, never above max; ~0
 * (MISSING_U64) where n is 0.
 */
static inline __u64 hist_quantile(const struct hist *h, double p)
{
	__u64 rank = (__u64)(p * (double)h->n), below = 0, middle;
	__u32 b = 0;

	if (!h->n)
		return ~0ULL;
	if ((double)rank < p * (double)h->n || rank == 0)
		rank++;
	while (b < HIST_BUCKETS - 1 && below + h->bucket[b] < rank)
		below += h->bucket[b++];
	if (b == HIST_BUCKETS - 1)
		return h->max;
	middle = (hist_low(b) + hist_low(b + 1) - 1) / 2;
	return middle < h->max ? middle : h->max;
}
#endif

#endif
