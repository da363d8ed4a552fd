/* SPDX-License-Identifier: GPL-2.0-only */
/* specs.h - codec specs as --codec takes them: "zstd:3", and ranges of levels, "zstd:1..5". */
#ifndef COLDPRESS_MONITOR_SPECS_H
#define COLDPRESS_MONITOR_SPECS_H

#include "lib/base/opt.h"

/* specs_expand - one spec for each level of a range, others as they are; level 0 is left out of a
 * range that begins below it. ret->items and what they point to live until exit.
 *
 * errors  usage: no range of whole numbers, or more than 1,024 specs
 */
int specs_expand(const struct opt_list *specs, struct opt_list *ret, struct err *e);

/* specs_for_bench - expanded, "kernel" to all algorithms of this kernel's zram, and checked.
 * full_sweep: without specs, all levels that the codecs list for it.
 *
 * errors  usage: unknown codec or level, or a page size that zram does not have
 */
int specs_for_bench(const struct opt_list *specs, bool full_sweep, uint64_t page_bytes,
		    struct opt_list *ret, struct err *e);

#endif
