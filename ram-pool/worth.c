/* SPDX-License-Identifier: GPL-2.0-only */
/* worth.c - whether recompression is worth its CPU, threshold by threshold: lib/policy on a sample.
 * Pure. */
#include "worth.h"

#include <stdio.h>

#define STEP_BYTES 256 /* between thresholds */

/* What a round does to the pages that a threshold lets in, as two candidates: left as they are, and
 * tried again. A page is kept as it was unless it comes into a smaller class, and below the
 * threshold.
 */
static void weigh(const struct worth_sample *s, size_t threshold, struct policy_candidate ret[2])
{
	ret[0] = (struct policy_candidate){ .name = s->first, .tier = POLICY_FAST };
	ret[1] = (struct policy_candidate){ .name = s->second, .tier = POLICY_HEAVY };
	for (size_t i = 0; i < s->n; i++) {
		const struct worth_page *p = &s->pages[i];
		bool better =
			p->again_bytes < p->slot_bytes && (!threshold || p->again_len < threshold);

		if (p->len < threshold)
			continue;
		for (size_t k = 0; k < 2; k++) {
			bool again = k && better;

			ret[k].orig_bytes += PAGE_BYTES;
			ret[k].saved_slot_bytes +=
				PAGE_BYTES - (again ? p->again_bytes : p->slot_bytes);
			ret[k].compress_cpu_ms += k ? p->open_ms + p->again_ms : 0;
			ret[k].decompress_cpu_ms += again ? p->again_open_ms : p->open_ms;
		}
	}
}

/* What is left of the savings once their CPU is paid at the price: GiB-seconds, by a constant. */
static double left(const struct policy_settings *policy, const struct policy_verdict v[2])
{
	return (v[1].value_gib_per_core - policy->price_gib_per_core) *
	       (v[1].cost_cpu_ms - (v[0].eligible ? v[0].cost_cpu_ms : 0));
}

void worth_judge(const struct worth_sample *s, const struct policy_settings *policy, bool huge_only,
		 struct pool_worth *ret)
{
	const size_t from = huge_only ? PAGE_BYTES : 0,
		     to = huge_only ? PAGE_BYTES + 1 : s->huge_bytes;
	double best = -1;

	for (size_t threshold = from; threshold < to; threshold += STEP_BYTES) {
		struct policy_candidate candidates[2];
		struct policy_verdict v[2];

		weigh(s, threshold, candidates);
		bool worth = policy_rank(policy, candidates, 2, v) == 1;

		if (threshold > from && !(worth && left(policy, v) > best))
			continue;
		*ret = (struct pool_worth){
			.worth = worth,
			.threshold_bytes = threshold,
			.sampled_pages = s->n,
			.value_gib_per_core = v[1].value_gib_per_core,
		};
		best = worth ? left(policy, v) : -1;
		if (candidates[1].orig_bytes > 0)
			policy_explain(policy, &candidates[1], &v[1], ret->why, sizeof(ret->why));
		else
			snprintf(ret->why, sizeof(ret->why), "none of its pages is incompressible");
	}
}
