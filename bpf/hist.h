/* SPDX-License-Identifier: GPL-2.0-only */
/* hist.h - a log-linear histogram: 16 buckets of equal width in each power of two, for both
 * compilers.
 *
 * Values below 16 have a bucket each; from 2^41 on (36 minutes in ns) all share the last one. The
 * middle of a bucket is within 1/32 (3.2 %) of every value in it.
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

/* Without loops and without an instruction that old BPF lacks. v > 0. */
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

/* BPF callers compare with HIST_BUCKETS and keep all 64 bits. The verifier of 6.1 loses its bounds
 * in the arithmetic (even to a least above the greatest) and in a copy whose upper half was cut
 * off. The mask, which the compiler must not see is for nothing, gives the value bounds of its own
 * again.
 */
static inline __attribute__((always_inline)) __u64 hist_bucket(__u64 v)
{
	__u64 bucket = hist_bucket_of(v);

#ifdef __bpf__
	asm volatile("%0 &= 1023" : "+r"(bucket));
#endif
	return bucket;
}

/* The smallest value of a bucket; that of the next one is where it ends. */
static inline __attribute__((always_inline)) __u64 hist_low(__u32 bucket)
{
	__u32 shift = bucket / HIST_SUB;

	return shift < 2 ? bucket : (__u64)(HIST_SUB + bucket % HIST_SUB) << (shift - 1);
}

_Static_assert(HIST_BUCKETS <= 1024, "hist_bucket() masks with 1023");

#ifndef __bpf__
/* hist_quantile - the value that a share p of n values does not pass, in the middle of its bucket;
 * never above max, which was measured. MISSING_U64 where n is 0.
 */
static inline __u64 hist_quantile(const __u64 *buckets, __u64 n, double p, __u64 max)
{
	__u64 rank = (__u64)(p * (double)n), below = 0, middle;
	__u32 b = 0;

	if (!n)
		return ~0ULL;
	if ((double)rank < p * (double)n || rank == 0)
		rank++;
	while (b < HIST_BUCKETS - 1 && below + buckets[b] < rank)
		below += buckets[b++];
	if (b == HIST_BUCKETS - 1)
		return max;
	middle = (hist_low(b) + hist_low(b + 1) - 1) / 2;
	return middle < max ? middle : max;
}
#endif

#endif
