/* SPDX-License-Identifier: GPL-2.0-only */
/* zram_config.c - checks and writes a zram device's configuration in the order the kernel needs.
 *
 * The kernel ignores parameters that a codec does not use and reports no error
 * (algorithm_params_store in drivers/block/zram/zram_drv.c): what would have no effect is refused
 * here.
 */
#include <inttypes.h>

#include "zram_config.h"

/* drivers/block/zram/backend_*.c: what of struct zcomp_params each uses */
static const struct codec_params {
	const char *name;
	bool level, dict;
} codec_params[] = {
	{ "lz4", true, true },      { "lz4hc", true, true },     { "zstd", true, true },
	{ "deflate", true, false }, { "lzo-rle", false, false }, { "lzo", false, false },
	{ "842", false, false },
};

void zram_features_read(const struct sysroot *root, unsigned int id, struct zram_features *ret)
{
	*ret = (struct zram_features){
		.params = sysroot_exists(root, "/sys/block/zram%u/algorithm_params", id),
		.recompress = sysroot_exists(root, "/sys/block/zram%u/recomp_algorithm", id),
		.writeback = sysroot_exists(root, "/sys/block/zram%u/backing_dev", id),
		.idle = sysroot_exists(root, "/sys/block/zram%u/idle", id),
	};
}

char *zram_features_words(const struct zram_features *features, char *buf, size_t len)
{
	snprintf(buf, len, "%s%s%s%s", features->params ? "levels and dictionaries" : "",
		 features->recompress ? ", recompression" : "",
		 features->writeback ? ", writeback" : "", features->idle ? ", idle marks" : "");
	if (!*buf)
		snprintf(buf, len, "none of these features");
	if (*buf == ',')
		memmove(buf, buf + 2, strlen(buf) - 1);
	return buf;
}

static int unknown_algorithm(const struct zram_algorithms *algorithms, const char *name,
			     struct err *e)
{
	char list[384] = "";
	size_t at = 0;

	for (size_t i = 0; i < algorithms->n && at < sizeof(list); i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? ", " : "",
				       algorithms->names[i]);
	err_usage(e, "this kernel's zram has no algorithm '%s'", name);
	return err_hint(e, "it has: %s", list);
}

static int lacks(const struct zram_features *features, const char *what, const char *who,
		 struct err *e)
{
	char words[128];

	err_impossible(e, "this kernel's zram cannot %s", what);
	return err_hint(e, "%s; this kernel has: %s", who,
			zram_features_words(features, words, sizeof(words)));
}

int zram_check_params(const struct zram_config *config, const char *algorithm, struct err *e)
{
	const struct codec_params *codec = codec_params;
	const struct codec_params *const end = codec_params + ARRAY_SIZE(codec_params);

	while (codec < end && !str_eq(codec->name, algorithm))
		codec++;
	if (codec == end) /* a codec of a newer kernel: the kernel decides */
		return 0;
	if (config->level && !codec->level) {
		err_usage(e, "%s has no level", algorithm);
		return err_hint(e, "codecs with a level: lz4 (acceleration), lz4hc, zstd, deflate");
	}
	if (config->dict && !codec->dict) {
		err_usage(e, "%s takes no dictionary", algorithm);
		return err_hint(e, "codecs with a dictionary: lz4, lz4hc, zstd");
	}
	return 0;
}

static int check_algorithm(const struct zram_algorithms *algorithms, const char *name,
			   struct err *e)
{
	if (!name || zram_algorithms_have(algorithms, name))
		return 0;
	return unknown_algorithm(algorithms, name, e);
}

int zram_check(const struct sysroot *root, unsigned int id, const struct zram_config *config,
	       struct err *e)
{
	const bool params = config->level || config->dict;
	const char *algorithm = config->algorithm;
	struct zram_algorithms algorithms;
	struct zram_features features;
	int rc = zram_algorithms_read(root, id, &algorithms, e);

	if (rc)
		return rc;
	zram_features_read(root, id, &features);
	rc = check_algorithm(&algorithms, algorithm, e);
	if (rc)
		return rc;
	if (params && !features.params)
		return lacks(&features, "take a level or a dictionary", "needs Linux 6.12", e);
	if (params)
		rc = zram_check_params(
			config, algorithm ? algorithm : algorithms.names[algorithms.current], e);
	if (rc)
		return rc;
	if (config->recompress && !features.recompress)
		return lacks(&features, "recompress",
			     "needs Linux 6.2 built with CONFIG_ZRAM_MULTI_COMP", e);
	rc = check_algorithm(&algorithms, config->recompress, e);
	if (rc)
		return rc;
	if (config->backing && !features.writeback)
		return lacks(&features, "write back to a backing device",
			     "needs a kernel built with CONFIG_ZRAM_WRITEBACK, as Debian's is", e);
	return 0;
}

static int write_params(const struct sysroot *root, const struct zram_device *device,
			const struct zram_config *config, struct err *e)
{
	char text[PAGE_BYTES], level[32] = "";

	if (config->level)
		snprintf(level, sizeof(level), "level=%d", *config->level);
	if (config->dict && strpbrk(config->dict, "\"\n"))
		return err_usage(e, "the path of the dictionary contains a quote or a newline");
	/* next_arg() takes quotes around a value, for blanks in it */
	int n = snprintf(text, sizeof(text), "%s%s%s%s%s", level, *level && config->dict ? " " : "",
			 config->dict ? "dict=\"" : "", config->dict ? config->dict : "",
			 config->dict ? "\"" : "");

	if (n >= (int)sizeof(text))
		return err_set(e, ENAMETOOLONG, "cannot use the dictionary");
	return n ? zram_write(root, device, "algorithm_params", text, e) : 0;
}

int zram_setup(const struct sysroot *root, unsigned int id, const struct zram_config *config,
	       struct err *e)
{
	struct zram_device device;
	char second[64 + ZRAM_ALGORITHM_MAX], limit[24], size[24];
	uint64_t disk_bytes;
	int rc = zram_identify(root, id, &device, e);

	if (rc)
		return rc;
	rc = zram_disk_bytes(root, id, &disk_bytes, e);
	if (rc)
		return rc;
	if (disk_bytes)
		return err_say(e, EBUSY, "zram%u is already set up", id);
	rc = zram_check(root, id, config, e);
	if (rc)
		return rc;
	snprintf(second, sizeof(second), "algo=%s priority=1",
		 config->recompress ? config->recompress : "");
	snprintf(limit, sizeof(limit), "%" PRIu64, config->mem_limit_bytes);
	snprintf(size, sizeof(size), "%" PRIu64, config->disk_bytes);
	if (config->algorithm)
		rc = zram_write(root, &device, "comp_algorithm", config->algorithm, e);
	if (!rc && config->recompress)
		rc = zram_write(root, &device, "recomp_algorithm", second, e);
	if (!rc)
		rc = write_params(root, &device, config, e);
	if (!rc && config->backing)
		rc = zram_write(root, &device, "backing_dev", config->backing, e);
	if (!rc)
		rc = zram_write(root, &device, "mem_limit", limit, e);
	if (!rc)
		rc = zram_write(root, &device, "disksize", size, e);
	return rc;
}

int zram_second_algorithm(const struct sysroot *root, unsigned int id, char ret[ZRAM_ALGORITHM_MAX])
{
	char text[512];
	ssize_t n = sysroot_read(root, text, sizeof(text), NULL,
				 "/sys/block/zram%u/recomp_algorithm", id);
	char *begin = n > 0 ? strchr(text, '[') : NULL, *end = begin ? strchr(begin, ']') : NULL;

	/* "#1: lzo-rle lzo [zstd]", a line for each; none in brackets where none was chosen */
	if (!end || end - begin > ZRAM_ALGORITHM_MAX)
		return -ENOENT;
	snprintf(ret, ZRAM_ALGORITHM_MAX, "%.*s", (int)(end - begin - 1), begin + 1);
	return 0;
}

int zram_backing(const struct sysroot *root, unsigned int id, char *buf, size_t len)
{
	char text[SYSROOT_PATH_MAX];
	ssize_t n =
		sysroot_read(root, text, sizeof(text), NULL, "/sys/block/zram%u/backing_dev", id);

	if (n < 0)
		return -ENOENT;
	text[strcspn(text, "\n")] = '\0';
	if (!*text || str_eq(text, "none"))
		return -ENOENT;
	snprintf(buf, len, "%s", text);
	return 0;
}
