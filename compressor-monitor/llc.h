/* SPDX-License-Identifier: GPL-2.0-only */
/* llc.h - how large the last-level cache is. */
#ifndef COLDPRESS_MONITOR_LLC_H
#define COLDPRESS_MONITOR_LLC_H

#include "lib/base/sysroot.h"

/* llc_bytes - of this CPU; MISSING_U64: of CPU 0. MISSING_U64 where the kernel does not say.
 * source  /sys/devices/system/cpu/cpuN/cache/index*; the C library asks the CPU, which in a virtual
 * machine tells of the host's
 */
uint64_t llc_bytes(const struct sysroot *root, uint64_t cpu);

#endif
