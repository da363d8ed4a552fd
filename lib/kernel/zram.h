/* SPDX-License-Identifier: GPL-2.0-only */
/* zram.h - zram devices: statistics, adding, resetting, removing.
 *
 * A device number is used again after a removal: struct zram_device names one device for good.
 * Calls that change a device do not journal: their caller writes to the journal (journal.h) first.
 * A device that is open answers EBUSY: reset, set-up and removal try again with backoff for
 * ZRAM_BUSY_NS.
 */
#ifndef COLDPRESS_KERNEL_ZRAM_H
#define COLDPRESS_KERNEL_ZRAM_H

#include "lib/base/sysroot.h"

#define ZRAM_BUSY_NS     (5 * NS_PER_S)
#define ZRAM_DEVICES_MAX 64

struct zram_device {
	unsigned int id; /* the N of zramN */
	dev_t dev;
	uint64_t diskseq; /* counts devices since boot; never used twice */
};

struct zram_list {
	struct zram_device devices[ZRAM_DEVICES_MAX]; /* by id */
	size_t n;
};

/* zram_name_parse - N of "zramN" or "/dev/zramN", decimal digits alone. -EINVAL anything else, or
 * above INT32_MAX. */
int zram_name_parse(const char *name, unsigned int *ret);

/* zram_identify - the device that is zram<id> now. -ENODEV no such device. */
int zram_identify(const struct sysroot *root, unsigned int id, struct zram_device *ret,
		  struct err *e);

/* zram_present - whether zram<id> is still this device. */
bool zram_present(const struct sysroot *root, const struct zram_device *device);

/* zram_born - when its node appeared in /dev. -ENODEV without a node in devtmpfs. */
int zram_born(const struct zram_device *device, struct timespec *ret);

/* zram_list_read - every zram device; none is no error. -E2BIG over ZRAM_DEVICES_MAX. */
int zram_list_read(const struct sysroot *root, struct zram_list *ret, struct err *e);

/* ---- statistics; source Documentation/admin-guide/blockdev/zram.rst ---- */
struct zram_mm_stat {
	uint64_t orig_bytes;  /* uncompressed size of what is stored, same-filled pages included */
	uint64_t compr_bytes; /* codec bytes; an incompressible page counts PAGE_BYTES, a
				 same-filled one 0 */
	uint64_t used_bytes;  /* RAM the pool takes from the kernel, fragmentation included */
	uint64_t limit_bytes; /* 0 = none */
	uint64_t used_max_bytes;
	uint64_t same_pages; /* one repeated word: no slot */
	uint64_t compacted_pages;
	uint64_t huge_pages;       /* incompressible ones, now */
	uint64_t huge_since_pages; /* ever; missing before 5.11 */
};

/* errors  -EBADMSG fewer fields than documented */
int zram_mm_stat_parse(const char *buf, size_t len, struct zram_mm_stat *ret);
int zram_mm_stat_read(const struct sysroot *root, unsigned int id, struct zram_mm_stat *ret,
		      struct err *e);

struct zram_io_stat {
	uint64_t failed_reads, failed_writes, invalid_io, notify_free;
};

int zram_io_stat_read(const struct sysroot *root, unsigned int id, struct zram_io_stat *ret,
		      struct err *e);

struct zram_bd_stat {
	uint64_t count_pages, read_pages, written_pages; /* in 4 KiB */
};

/* -ENOENT where the kernel has no CONFIG_ZRAM_WRITEBACK. */
int zram_bd_stat_read(const struct sysroot *root, unsigned int id, struct zram_bd_stat *ret,
		      struct err *e);

struct zram_block_stat {
	uint64_t reads, read_bytes, writes, written_bytes, discards,
		discarded_bytes; /* completed */
};

/* source /sys/block/zram<id>/stat (Documentation/block/stat.rst); sectors are 512 bytes there */
int zram_block_stat_read(const struct sysroot *root, unsigned int id, struct zram_block_stat *ret,
			 struct err *e);

/* zram_table_bytes - RAM of the device's slot table, which mm_stat leaves out: an entry for each
 * page of its size, of 16 bytes, or 24 with access times (CONFIG_ZRAM_MEMORY_TRACKING). MISSING_U64
 * where the kernel does not say which.
 *
 * source  struct zram_table_entry in the kernel's BTF; without it, that debugfs has block_state
 */
uint64_t zram_table_bytes(const struct sysroot *root, unsigned int id, uint64_t disk_bytes);

/* ---- algorithms ---- */
#define ZRAM_ALGORITHM_MAX 32

struct zram_algorithms {
	char names[16][ZRAM_ALGORITHM_MAX];
	size_t n;
	size_t current; /* index of the one in use */
	bool crypto; /* they come by the kernel's crypto interface: before 6.12, no algorithm_params
		      */
};

/* "lzo-rle [lz4] zstd"; not crypto. errors -EBADMSG empty, or none in brackets */
int zram_algorithms_parse(const char *buf, size_t len, struct zram_algorithms *ret);
int zram_algorithms_read(const struct sysroot *root, unsigned int id, struct zram_algorithms *ret,
			 struct err *e);

/* zram_algorithms_any - what this kernel offers, read from any device. -ENODEV without a device. */
int zram_algorithms_any(const struct sysroot *root, struct zram_algorithms *ret, struct err *e);
bool zram_algorithms_have(const struct zram_algorithms *algorithms, const char *name);

/* ---- changing ---- */

/* zram_available - 0 where devices can be added, else exit 77 and the command that would help. */
int zram_available(const struct sysroot *root, struct err *e);

/* zram_can_remove, zram_can_reset - whether a device that is added now could be removed again, and
 * one that is set up reset: hot_add is a read, which a read-only /sys allows. Exit 77 where not. */
int zram_can_remove(const struct sysroot *root, struct err *e);
int zram_can_reset(const struct sysroot *root, unsigned int id, struct err *e);

/* zram_hot_add - a new device; its number is in *ret. Needs root. Call zram_can_remove() and
 * journal the intent first. */
int zram_hot_add(const struct sysroot *root, unsigned int *ret, struct err *e);

/* zram_write - one attribute of the device; waits out EBUSY. */
int zram_write(const struct sysroot *root, const struct zram_device *device, const char *attribute,
	       const char *text, struct err *e);

int zram_disk_bytes(const struct sysroot *root, unsigned int id, uint64_t *ret, struct err *e);
int zram_reset(const struct sysroot *root, const struct zram_device *device, struct err *e);
int zram_hot_remove(const struct sysroot *root, const struct zram_device *device, struct err *e);

/* zram_open - /dev/zram<id>, checked to be this device. Waits for udev up to a second. No node of
 * our own where that one is missing: /run is mounted nodev, and a swap whose node was removed is
 * "(deleted)" in /proc/swaps, where nobody finds it.
 *
 * flags    as open(2); O_CLOEXEC is added
 * returns  a descriptor, or -errno
 */
int zram_open(const struct zram_device *device, int flags, struct err *e);

#endif
