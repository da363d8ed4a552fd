/* SPDX-License-Identifier: GPL-2.0-only */
/* zsmalloc.c - size classes of mm/zsmalloc.c, and the chain size of the running kernel.
 *
 * The chain size is a build option since 6.3 (CONFIG_ZSMALLOC_CHAIN_SIZE, commit 4ff93b292f9e); the
 * same series replaced the percentage rule by the least waste. Kernels without the option have 4
 * and the old rule.
 */
#include "zsmalloc.h"

#include <math.h>
#include <zlib.h>

#define SIZE_MIN     32u
#define SIZE_STEP    16u
#define HANDLE_BYTES 8u /* ZS_HANDLE_SIZE: kept in front of every object but huge ones */

static unsigned int chain_of(unsigned int size, unsigned int chain, enum zsmalloc_rule rule)
{
	unsigned int best = 1, best_score = 0;

	for (unsigned int k = 1; k <= chain; k++) {
		unsigned int bytes = k * PAGE_BYTES, waste = bytes % size;
		/* Both rules take the first k that beats all before it; 1 + keeps a score of 0 from
		 * winning. */
		unsigned int score = rule == ZSMALLOC_LEAST_WASTE
					     ? 1 + PAGE_BYTES - MIN(waste, PAGE_BYTES)
					     : (bytes - waste) * 100 / bytes;
		if (score > best_score) {
			best_score = score;
			best = k;
		}
	}
	return best;
}

int zsmalloc_init(struct zsmalloc_model *ret, unsigned int chain, enum zsmalloc_rule rule)
{
	if (chain < ZSMALLOC_CHAIN_MIN || chain > ZSMALLOC_CHAIN_MAX)
		return -EINVAL;

	*ret = (struct zsmalloc_model){ .chain = chain, .huge_bytes = PAGE_BYTES };
	for (unsigned int i = ZSMALLOC_CLASSES; i-- > 0;) {
		unsigned int size = SIZE_MIN + SIZE_STEP * i;
		unsigned int pages = chain_of(size, chain, rule);
		unsigned int objects = pages * PAGE_BYTES / size;
		const struct zsmalloc_class *next = &ret->classes[i + 1];

		/* The largest class that is neither one page nor one object is the last that saves
		 * memory. */
		if (pages != 1 && objects != 1 && ret->huge_bytes == PAGE_BYTES)
			ret->huge_bytes = size - HANDLE_BYTES + 1;

		if (i + 1 < ZSMALLOC_CLASSES && next->pages == pages && next->objects == objects)
			ret->classes[i] = *next;
		else
			ret->classes[i] = (struct zsmalloc_class){ i, size, pages, objects };
	}
	return 0;
}

/* The value of CONFIG_ZSMALLOC_CHAIN_SIZE in a build configuration: 0 = a kernel without that
 * option, -ENOENT no such file, or not one with zsmalloc. */
static int chain_from_config(const char *path)
{
	static const char option[] = "CONFIG_ZSMALLOC_CHAIN_SIZE=";
	gzFile f = gzopen(path, "re"); /* reads plain files too */
	char line[512];
	int chain = -ENOENT;

	if (!f)
		return -ENOENT;
	while (gzgets(f, line, sizeof(line))) {
		if (str_starts(line, option))
			chain = atoi(line + sizeof(option) - 1);
		else if (chain < 0 && str_starts(line, "CONFIG_ZSMALLOC="))
			chain = 0;
	}
	gzclose(f);
	return chain;
}

int zsmalloc_detect(struct zsmalloc_model *ret, const struct sysroot *root, const char **how,
		    struct err *e)
{
	static const char *const configs[] = { "/proc/config.gz", "/boot/config-%s",
					       "/lib/modules/%s/config" };
	char release[128], path[SYSROOT_PATH_MAX], name[SYSROOT_PATH_MAX / 2];
	unsigned int major, minor;
	ssize_t n = sysroot_read(root, release, sizeof(release), e, "/proc/sys/kernel/osrelease");

	if (n < 0)
		return (int)n;
	release[strcspn(release, "\n")] = '\0';

	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		const char *mark = strstr(configs[i], "%s");
		int prefix = mark ? (int)(mark - configs[i]) : (int)strlen(configs[i]);

		snprintf(name, sizeof(name), "%.*s%s%s", prefix, configs[i], mark ? release : "",
			 mark ? mark + 2 : "");
		if (sysroot_path(root, path, "%s", name))
			continue;

		int chain = chain_from_config(path);

		if (chain < 0)
			continue;
		*how = "config";
		return chain ? zsmalloc_init(ret, (unsigned int)chain, ZSMALLOC_LEAST_WASTE)
			     : zsmalloc_init(ret, 4, ZSMALLOC_BEST_PERCENT);
	}

	if (sscanf(release, "%u.%u", &major, &minor) != 2)
		return err_say(e, EBADMSG, "cannot read a version from the kernel's release '%s'",
			       release);
	*how = "release";
	return major > 6 || (major == 6 && minor >= 3)
		       ? zsmalloc_init(ret, 8, ZSMALLOC_LEAST_WASTE)
		       : zsmalloc_init(ret, 4, ZSMALLOC_BEST_PERCENT);
}

const struct zsmalloc_class *zsmalloc_class(const struct zsmalloc_model *model, size_t len)
{
	size_t size = len + HANDLE_BYTES;

	if (len >= model->huge_bytes)
		return &model->classes[ZSMALLOC_CLASSES - 1];
	return &model->classes[size <= SIZE_MIN ? 0
						: (size - SIZE_MIN + SIZE_STEP - 1) / SIZE_STEP];
}

size_t zsmalloc_stored_bytes(const struct zsmalloc_model *model, size_t len)
{
	return len >= model->huge_bytes ? PAGE_BYTES : len;
}

double zsmalloc_slot_bytes(const struct zsmalloc_model *model, size_t len)
{
	const struct zsmalloc_class *class = zsmalloc_class(model, len);

	return len == 0 ? 0 : (double)(class->pages * PAGE_BYTES) / class->objects;
}

void zsmalloc_pool_add(struct zsmalloc_pool *pool, size_t len)
{
	if (len == 0) {
		pool->same_pages++;
		return;
	}
	pool->objects[zsmalloc_class(pool->model, len)->index]++;
	pool->stored_bytes += zsmalloc_stored_bytes(pool->model, len);
	pool->huge_pages += len >= pool->model->huge_bytes;
}

uint64_t zsmalloc_pool_scaled_bytes(const struct zsmalloc_pool *pool, double factor)
{
	uint64_t pages = 0;

	/* Objects are counted by merged class, so the entries of the classes merged into others are
	 * 0. */
	for (size_t i = 0; i < ZSMALLOC_CLASSES; i++) {
		const struct zsmalloc_class *class = &pool->model->classes[i];

		pages += (uint64_t)ceil(factor * (double)pool->objects[i] / class->objects) *
			 class->pages;
	}
	return pages * PAGE_BYTES;
}

double zsmalloc_pool_holes_bytes(const struct zsmalloc_pool *pool, double factor)
{
	double bytes = 0;

	for (size_t i = 0; i < ZSMALLOC_CLASSES; i++) {
		const struct zsmalloc_class *class = &pool->model->classes[i];
		double n = factor * (double)pool->objects[i], m = class->objects;

		/* A class of one zspage has no other with unused objects. */
		if (n > m)
			bytes += sqrt(n * log(m) / 2) / m * class->pages * PAGE_BYTES;
	}
	return bytes;
}

uint64_t zsmalloc_pool_used_bytes(const struct zsmalloc_pool *pool)
{
	return zsmalloc_pool_scaled_bytes(pool, 1);
}
