/* SPDX-License-Identifier: GPL-2.0-only */
/* recompress_policy.c - whether recompression pays for its CPU time: the fairness policy on a
 * sample, threshold by threshold. Pure.
 */
#include "recompress_policy.h"

#include <stdio.h>

#define STEP_BYTES 256 /* between thresholds */

/* A round on the pages from a threshold on, as two candidates: none, and recompression. The kernel
 * keeps the first result unless the second is in a smaller size class and below the threshold.
 */
static void add_up(const struct recompress_sample *s, size_t threshold,
		   struct policy_candidate ret[2])
{
	ret[0] = (struct policy_candidate){ .name = s->first, .tier = POLICY_FAST };
	ret[1] = (struct policy_candidate){ .name = s->second, .tier = POLICY_HEAVY };
	for (size_t i = 0; i < s->n; i++) {
		const struct recompress_page *p = &s->pages[i];
		bool smaller = p->second_bytes < p->slot_bytes &&
			       (!threshold || p->second_len < threshold);

		if (p->len < threshold)
			continue;
		for (size_t k = 0; k < 2; k++) {
			bool second = k && smaller;

			ret[k].orig_bytes += PAGE_BYTES;
			ret[k].saved_slot_bytes +=
				PAGE_BYTES - (second ? p->second_bytes : p->slot_bytes);
			ret[k].compress_cpu_ms += k ? p->decompress_ms + p->second_compress_ms : 0;
			ret[k].decompress_cpu_ms +=
				second ? p->second_decompress_ms : p->decompress_ms;
		}
	}
}

/* What is left of the savings once their CPU time is paid: GiB-seconds, up to a constant factor. */
static double left(const struct policy_settings *policy, const struct policy_verdict v[2])
{
	return (v[1].value_gib_per_core - policy->price_gib_per_core) *
	       (v[1].cost_cpu_ms - (v[0].eligible ? v[0].cost_cpu_ms : 0));
}

void recompress_policy_decide(const struct recompress_sample *s,
			      const struct policy_settings *policy, bool huge_only,
			      struct recompress_verdict *ret)
{
	const size_t from = huge_only ? PAGE_BYTES : 0,
		     to = huge_only ? PAGE_BYTES + 1 : s->huge_bytes;
	double best = -1;

	for (size_t threshold = from; threshold < to; threshold += STEP_BYTES) {
		struct policy_candidate candidates[2];
		struct policy_verdict v[2];

		add_up(s, threshold, candidates);
		bool pays = policy_rank(policy, candidates, 2, v) == 1;

		if (threshold > from && !(pays && left(policy, v) > best))
			continue;
		*ret = (struct recompress_verdict){
			.recompress = pays,
			.threshold_bytes = threshold,
			.sampled_pages = s->n,
			.value_gib_per_core = v[1].value_gib_per_core,
		};
		best = pays ? left(policy, v) : -1;
		if (candidates[1].orig_bytes > 0)
			policy_explain(policy, &candidates[1], &v[1], ret->why, sizeof(ret->why));
		else
			snprintf(ret->why, sizeof(ret->why), "no page is incompressible");
	}
}
