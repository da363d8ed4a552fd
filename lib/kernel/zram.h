/* SPDX-License-Identifier: GPL-2.0-only */
/* zram.h - zram devices: what they hold, how they are added, set up, reset and removed.
 *
 * A device number is used again after a removal: struct zram_device names one device for ever.
 * Calls that change a device take no notes: who calls them writes to the journal (journal.h) first.
 * A device that somebody holds open answers EBUSY: reset, set-up and removal try again with backoff
 * for ZRAM_BUSY_NS.
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

/* zram_identify - the device that is zram<id> now. -ENODEV when there is none. */
int zram_identify(const struct sysroot *root, unsigned int id, struct zram_device *ret,
		  struct err *e);

/* zram_present - whether this very device is still there. */
bool zram_present(const struct sysroot *root, const struct zram_device *device);

/* zram_born - when its node came into /dev. -ENODEV where devtmpfs has no such node. */
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

int zram_io_stat_parse(const char *buf, size_t len, struct zram_io_stat *ret);
int zram_io_stat_read(const struct sysroot *root, unsigned int id, struct zram_io_stat *ret,
		      struct err *e);

struct zram_bd_stat {
	uint64_t count_pages, read_pages, written_pages; /* in 4 KiB */
};

int zram_bd_stat_parse(const char *buf, size_t len, struct zram_bd_stat *ret);

/* -ENOENT where the kernel has no CONFIG_ZRAM_WRITEBACK. */
int zram_bd_stat_read(const struct sysroot *root, unsigned int id, struct zram_bd_stat *ret,
		      struct err *e);

struct zram_block_stat {
	uint64_t reads, read_bytes, writes, written_bytes, discards,
		discarded_bytes; /* completed */
};

/* source /sys/block/zram<id>/stat (Documentation/block/stat.rst); sectors are 512 bytes there */
int zram_block_stat_parse(const char *buf, size_t len, struct zram_block_stat *ret);
int zram_block_stat_read(const struct sysroot *root, unsigned int id, struct zram_block_stat *ret,
			 struct err *e);

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

/* zram_algorithms_any - what this kernel offers, read from whichever device there is. -ENODEV
 * without any: only then must the caller add one to know.
 */
int zram_algorithms_any(const struct sysroot *root, struct zram_algorithms *ret, struct err *e);
bool zram_algorithms_have(const struct zram_algorithms *algorithms, const char *name);

/* ---- changing ---- */

/* zram_available - 0 where devices can be added, else exit 77 and the command that would help. */
int zram_available(const struct sysroot *root, struct err *e);

/* zram_hot_add - a new device; its number is in *ret. Needs root. Journal the intent first. */
int zram_hot_add(const struct sysroot *root, unsigned int *ret, struct err *e);

/* What this device's kernel can do, by the files it has: not by its version. */
struct zram_features {
	bool params;     /* algorithm_params: level, dictionary */
	bool recompress; /* recomp_algorithm: CONFIG_ZRAM_MULTI_COMP */
	bool writeback;  /* backing_dev: CONFIG_ZRAM_WRITEBACK */
	bool idle; /* pages can be marked idle; by age only with CONFIG_ZRAM_TRACK_ENTRY_ACTIME */
};

void zram_features_read(const struct sysroot *root, unsigned int id, struct zram_features *ret);

/* zram_features_words - "levels and dictionaries, writeback"; "nothing beyond the basics". Returns
 * buf. */
char *zram_features_words(const struct zram_features *features, char *buf, size_t len);

struct zram_config {
	const char *algorithm;    /* NULL = the kernel's default */
	const int *level;         /* NULL = the kernel's default; lz4: acceleration */
	const char *dict;         /* path of a dictionary; NULL = none */
	const char *recompress;   /* second algorithm, for cold pages; NULL = none */
	const char *backing;      /* block device for cold pages; NULL = none */
	uint64_t mem_limit_bytes; /* 0 = none */
	uint64_t disk_bytes;
};

/* zram_check_params - refuses a level or a dictionary that this codec would pass over: the same on
 * any kernel. A codec that is not known here is the kernel's to judge.
 */
int zram_check_params(const struct zram_config *config, const char *algorithm, struct err *e);

/* zram_check - whether the kernel and its codecs can do what the configuration asks for. Changes
 * nothing.
 *
 * errors  usage: the kernel lacks the algorithm, or it has no level or dictionary (e lists what
 * there is); exit 77 the kernel lacks the feature (e says what would have it, and what this one
 * has)
 */
int zram_check(const struct sysroot *root, unsigned int id, const struct zram_config *config,
	       struct err *e);

/* zram_setup - algorithm, second algorithm, parameters, backing device, limit, size, in the order
 * that every kernel takes.
 *
 * errors  zram_check's; -EBUSY already set up, or held
 */
int zram_setup(const struct sysroot *root, unsigned int id, const struct zram_config *config,
	       struct err *e);

/* zram_second_algorithm - what cold pages are recompressed with. -ENOENT none, or the kernel
 * cannot. */
int zram_second_algorithm(const struct sysroot *root, unsigned int id,
			  char ret[ZRAM_ALGORITHM_MAX]);

/* zram_backing - the path of the backing device as the kernel shows it. -ENOENT none, or the kernel
 * cannot. */
int zram_backing(const struct sysroot *root, unsigned int id, char *buf, size_t len);

/* zram_write - one attribute of the device, EBUSY waited for. */
int zram_write(const struct sysroot *root, const struct zram_device *device, const char *attribute,
	       const char *text, struct err *e);

int zram_disk_bytes(const struct sysroot *root, unsigned int id, uint64_t *ret, struct err *e);
int zram_reset(const struct sysroot *root, const struct zram_device *device, struct err *e);
int zram_hot_remove(const struct sysroot *root, const struct zram_device *device, struct err *e);

/* zram_open - the block device of the running system, by number: /dev/zram<id> where that is this
 * device, else by a node made in `dir` and removed again. Waits for udev up to a second.
 *
 * flags    as open(2); O_CLOEXEC is added
 * returns  a descriptor, or -errno
 */
int zram_open(const struct zram_device *device, const char *dir, int flags, struct err *e);

#endif
