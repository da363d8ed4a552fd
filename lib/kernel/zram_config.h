/* SPDX-License-Identifier: GPL-2.0-only */
/* zram_config.h - what a zram device can be configured with on this kernel, and doing it. */
#ifndef COLDPRESS_KERNEL_ZRAM_CONFIG_H
#define COLDPRESS_KERNEL_ZRAM_CONFIG_H

#include "zram.h"

/* What the kernel offers for this device, told by its files, not by the version. */
struct zram_features {
	bool params;     /* algorithm_params: level, dictionary */
	bool recompress; /* recomp_algorithm: CONFIG_ZRAM_MULTI_COMP */
	bool writeback;  /* backing_dev: CONFIG_ZRAM_WRITEBACK */
	bool idle; /* pages can be marked idle; by age only with CONFIG_ZRAM_TRACK_ENTRY_ACTIME */
};

void zram_features_read(const struct sysroot *root, unsigned int id, struct zram_features *ret);

/* zram_features_words - "levels and dictionaries, writeback"; "none of these features".
 * Returns buf. */
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

/* zram_check_params - refuses a level or a dictionary that this codec ignores on every kernel. A
 * codec that is not known here is left to the kernel. */
int zram_check_params(const struct zram_config *config, const char *algorithm, struct err *e);

/* zram_check - whether the kernel and its codecs can do what the configuration asks for. Changes
 * nothing.
 *
 * errors  usage: no such algorithm, or it has no level or dictionary; exit 77 the kernel lacks the
 *         feature
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

#endif
