/* SPDX-License-Identifier: GPL-2.0-only */
/* swap_probe_stalls.h - swap_probe --by: who waited for reclaim in an interval, and how long. */
#ifndef COLDPRESS_SWAP_PROBE_STALLS_H
#define COLDPRESS_SWAP_PROBE_STALLS_H

#include <linux/types.h>

#include "lib/base/err.h"
#include "lib/base/out.h"
#include "swap_probe.h"

extern const struct record_type stall_type;

struct stalls; /* opaque: what each had waited when last looked at */

/* stalls_new - begins the first interval.
 *
 * map     the BPF side's "stalls"
 * epochs  its map of that name: the number of the interval, which the longest stalls are kept by
 * errors  -ENOMEM
 */
int stalls_new(struct stalls **ret, enum swap_by by, int map, int epochs, struct err *e);
void stalls_free(struct stalls *stalls);

/* stalls_take - begins the next interval: what happened up to now is what stalls_print tells next.
 */
int stalls_take(struct stalls *stalls, struct err *e);

/* stalls_print - a record for each of the `top` who waited longest between the last two takes;
 * returns what out_record did.
 */
int stalls_print(struct stalls *stalls, struct out *out, size_t top, uint64_t ts_ns,
		 uint64_t interval_ns);

#endif
