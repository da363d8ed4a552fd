/* SPDX-License-Identifier: GPL-2.0-only */
/* llc.c - the highest cache level in sysfs that holds data. */
#include "llc.h"

#include "lib/base/units.h"

#define INDEXES 16

uint64_t llc_bytes(const struct sysroot *root, uint64_t cpu)
{
	uint64_t ret = MISSING_U64, highest = 0;

	cpu = cpu == MISSING_U64 ? 0 : cpu;
	for (unsigned int i = 0; i < INDEXES; i++) {
		static const char dir[] = "/sys/devices/system/cpu/cpu%lu/cache/index%u/%s";
		uint64_t level, bytes;
		char size[32];

		if (sysroot_read_u64(root, &level, NULL, dir, cpu, i, "level") ||
		    sysroot_read(root, size, sizeof(size), NULL, dir, cpu, i, "size") < 0)
			continue;
		size[strcspn(size, "\n")] = '\0'; /* "32768K" */
		if (level > highest && !units_parse_size(size, &bytes, NULL) && bytes) {
			highest = level;
			ret = bytes;
		}
	}
	return ret;
}
