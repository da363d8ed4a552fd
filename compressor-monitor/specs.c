/* SPDX-License-Identifier: GPL-2.0-only */
/* specs.c - which codecs at which levels a bench runs. */
#include <limits.h>

#include "bench_kernel.h"
#include "scratch.h"

#define SPECS_MAX 1024

static const char *usual_codecs[] = { "lz4:1", "lzo1x-1", "zstd:1", "zstd:3", "deflate:1" };
static const char *all_codecs[] = {
	"lz4:1",
	"lz4:2",
	"lz4:4",
	"lz4:8",
	"lz4:16",
	"lz4hc:3",
	"lz4hc:6",
	"lz4hc:9",
	"lz4hc:12",
	"lzo1x-1",
	"lzo",
	"lzo-rle",
	"snappy",
	"zstd:-5",
	"zstd:-3",
	"zstd:-1",
	"zstd:1",
	"zstd:2",
	"zstd:3",
	"zstd:4",
	"zstd:5",
	"zstd:6",
	"zstd:7",
	"zstd:8",
	"zstd:9",
	"zstd:10",
	"zstd:11",
	"zstd:12",
	"zstd:13",
	"zstd:14",
	"zstd:15",
	"zstd:16",
	"zstd:17",
	"zstd:18",
	"zstd:19",
	"deflate:1",
	"deflate:6",
	"deflate:12",
	"zlib:1",
	"zlib:6",
	"lz4-dict:1:4KiB",
	"lz4-dict:1:16KiB",
	"lz4-dict:1:64KiB",
	"zstd-dict:3:4KiB",
	"zstd-dict:3:16KiB",
	"zstd-dict:3:64KiB",
};
/* What --levels is applied to where --codecs is not given. */
static const char *levelled_codecs[] = { "lz4", "lz4hc", "zstd", "deflate", "zlib" };

struct range {
	long from, to;
};

/* "3", "-5", "1..19". */
static int parse_range(const char *text, struct range *ret, struct err *e)
{
	char *end;

	errno = 0;
	ret->from = ret->to = strtol(text, &end, 10);
	if (end != text && strncmp(end, "..", 2) == 0 && end[2]) {
		char *begin = end + 2;

		ret->to = strtol(begin, &end, 10);
		if (end == begin)
			end = begin - 1; /* at the dot: not a number */
	}
	if (errno || end == text || *end || ret->from > ret->to ||
	    ret->to - ret->from >= SPECS_MAX || ret->from < INT_MIN || ret->to > INT_MAX)
		return err_usage(e, "--levels: whole numbers and ranges, e.g. 1,3,6..9, not '%s'",
				 text);
	return 0;
}

static int add_spec(struct opt_list *list, const char *codec, long level, struct err *e)
{
	char *spec;

	if (list->n == SPECS_MAX)
		return err_usage(e, "--levels: at most %d codecs and levels at once", SPECS_MAX);
	if (asprintf(&spec, "%s:%ld", codec, level) < 0)
		return err_set(e, ENOMEM, "cannot list the codecs");
	list->items[list->n++] = spec;
	return 0;
}

/* A codec named without a level at those of these levels that it has. named: by the caller, who
 * expects some. */
static int add_levels(struct opt_list *list, const char *name, bool named,
		      const struct opt_list *levels, struct err *e)
{
	const struct codec *codec = codec_find(name);
	size_t before = list->n;

	for (size_t i = 0; i < levels->n; i++) {
		struct range range;
		int r = parse_range(levels->items[i], &range, e);

		if (r)
			return r;
		for (long level = range.from; !r && level <= range.to; level++)
			if (level >= codec->level_min && level <= codec->level_max &&
			    (level || codec->level_min > 0))
				r = add_spec(list, name, level, e);
		if (r)
			return r;
	}
	if (named && list->n == before)
		return err_usage(e,
				 "--levels: codec %s has none of them, its %s goes from %d to %d",
				 name, codec->level_word, codec->level_min, codec->level_max);
	return 0;
}

static int with_levels(const struct opt_list *codecs, bool named, const struct opt_list *levels,
		       struct opt_list *ret, struct err *e)
{
	struct opt_list list = { calloc(SPECS_MAX, sizeof(*list.items)), 0 };
	int r = 0;

	if (!list.items)
		return err_set(e, ENOMEM, "cannot list the codecs");
	for (size_t i = 0; !r && i < codecs->n; i++) {
		const struct codec *codec = codec_find(codecs->items[i]);

		if (codec && codec->level_word)
			r = add_levels(&list, codecs->items[i], named, levels, e);
		else if (list.n < SPECS_MAX)
			list.items[list.n++] = codecs->items[i];
	}
	if (r)
		free(list.items);
	else
		*ret = list;
	return r;
}

/* "kernel" stands for every algorithm of this kernel's zram; those named must be among them. */
static int with_kernel(const struct opt_list *list, struct opt_list *ret, struct err *e)
{
	static struct zram_algorithms algorithms; /* what ret points to */
	static char names[ARRAY_SIZE(algorithms.names)][ZRAM_ALGORITHM_MAX + sizeof(KERNEL_PREFIX)];
	struct opt_list all = { calloc(list->n + ARRAY_SIZE(names), sizeof(*all.items)), 0 };
	int r = all.items ? scratch_algorithms(&algorithms, e)
			  : err_set(e, ENOMEM, "cannot list the codecs");
	bool done = false;

	for (size_t i = 0; !r && i < list->n; i++) {
		if (!str_eq(list->items[i], "kernel")) {
			all.items[all.n++] = list->items[i];
			continue;
		}
		for (size_t k = 0; !done && k < algorithms.n; k++) {
			snprintf(names[k], sizeof(names[k]), KERNEL_PREFIX "%s",
				 algorithms.names[k]);
			all.items[all.n++] = names[k];
		}
		done = true;
	}
	for (size_t i = 0; !r && i < all.n; i++) {
		struct kernel_spec spec;

		if (kernel_spec_is(all.items[i]) && !kernel_spec_parse(all.items[i], &spec, NULL) &&
		    !zram_algorithms_have(&algorithms, spec.algorithm)) {
			r = err_usage(e, "this kernel's zram has no algorithm '%s'",
				      spec.algorithm);
			err_hint(e, "all it has: --codecs kernel");
		}
	}
	if (r)
		free(all.items);
	else
		*ret = all;
	return r;
}

int bench_specs(const struct bench_config *config, struct opt_list *ret, struct err *e)
{
	struct opt_list list = config->codecs;
	bool kernel = false;

	if (!list.n && config->full_sweep)
		list = (struct opt_list){ all_codecs, ARRAY_SIZE(all_codecs) };
	else if (!list.n && config->levels.n)
		list = (struct opt_list){ levelled_codecs, ARRAY_SIZE(levelled_codecs) };
	else if (!list.n)
		list = (struct opt_list){ usual_codecs, ARRAY_SIZE(usual_codecs) };
	if (config->levels.n) {
		int r = with_levels(&list, config->codecs.n > 0, &config->levels, &list, e);

		if (r)
			return r;
	}
	for (size_t i = 0; i < list.n; i++) {
		struct kernel_spec spec;
		struct codec_run run;
		int r = 0;

		if (str_eq(list.items[i], "kernel") || kernel_spec_is(list.items[i]))
			kernel = true;
		if (kernel_spec_is(list.items[i]))
			r = kernel_spec_parse(list.items[i], &spec, e);
		else if (!str_eq(list.items[i], "kernel"))
			r = codec_parse(&run, list.items[i], e);
		if (r)
			return r;
	}
	if (kernel && config->page_bytes != PAGE_BYTES)
		return err_usage(e, "--page: zram's own codecs take pages of 4KiB");
	if (kernel)
		return with_kernel(&list, ret, e);
	*ret = list;
	return 0;
}
