/* SPDX-License-Identifier: GPL-2.0-only */
/* llc.h - size of the last-level cache. */
#ifndef COLDPRESS_MONITOR_LLC_H
#define COLDPRESS_MONITOR_LLC_H

#include "lib/base/sysroot.h"

/* llc_bytes - of this CPU; MISSING_U64: of CPU 0. Returns MISSING_U64 if the kernel does not report
 * it. source  /sys/devices/system/cpu/cpuN/cache/index*; not sysconf(3), which asks the CPU and in
 * a virtual machine gets the host's
 */
uint64_t llc_bytes(const struct sysroot *root, uint64_t cpu);

#endif
