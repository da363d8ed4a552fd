/* SPDX-License-Identifier: GPL-2.0-only */
/* specs.c - which codecs at which levels a scan or a bench runs. */
#include "specs.h"

#include "bench_kernel.h"
#include "scratch.h"

#define SPECS_MAX 1024

static int add(struct opt_list *list, const char *spec, struct err *e)
{
	if (list->n == SPECS_MAX)
		return err_usage(e, "--codec: at most %d codecs and levels at once", SPECS_MAX);
	list->items[list->n] = strdup(spec);
	return list->items[list->n++] ? 0 : err_set(e, ENOMEM, "cannot list the codecs");
}

static int list_new(struct opt_list *ret, struct err *e)
{
	*ret = (struct opt_list){ calloc(SPECS_MAX, sizeof(*ret->items)), 0 };
	return ret->items ? 0 : err_set(e, ENOMEM, "cannot list the codecs");
}

/* What stands before a range of levels, and behind it: "zstd:1..3:16KiB". */
struct range {
	int before; /* characters */
	long from, to;
	const char *behind;
};

static bool parse_range(const char *spec, const char *dots, struct range *ret)
{
	const char *number = dots;
	char *end, *behind;

	while (number > spec && number[-1] != ':')
		number--;
	errno = 0;
	*ret = (struct range){
		.before = (int)MIN(number - spec, CODEC_LABEL_MAX),
		.from = strtol(number, &end, 10),
		.to = strtol(dots + 2, &behind, 10),
	};
	ret->behind = behind;
	if (errno || number == spec || number == dots || end != dots || behind == dots + 2)
		return false;
	return (!*behind || *behind == ':') && ret->from <= ret->to &&
	       ret->to - ret->from < SPECS_MAX;
}

static int add_expanded(struct opt_list *list, const char *spec, struct err *e)
{
	const char *dots = strstr(spec, "..");
	struct range range;
	int rc = 0;

	if (!dots)
		return add(list, spec, e);
	if (!parse_range(spec, dots, &range))
		return err_usage(e, "--codec: a range of levels is NAME:FROM..TO, not '%s'", spec);
	for (long level = range.from; !rc && level <= range.to; level++) {
		char one[2 * CODEC_LABEL_MAX];

		if (!level && range.from < 0)
			continue;
		snprintf(one, sizeof(one), "%.*s%ld%s", range.before, spec, level, range.behind);
		rc = add(list, one, e);
	}
	return rc;
}

int specs_expand(const struct opt_list *specs, struct opt_list *ret, struct err *e)
{
	struct opt_list list;
	int rc = list_new(&list, e);

	for (size_t i = 0; !rc && i < specs->n; i++)
		rc = add_expanded(&list, specs->items[i], e);
	if (!rc)
		*ret = list;
	else
		free(list.items);
	return rc;
}

/* Each codec at the levels that its descriptor lists. */
static int sweep(struct opt_list *list, struct err *e)
{
	int rc = list_new(list, e);

	for (size_t i = 0; !rc && codec_all[i]; i++) {
		const struct codec *c = codec_all[i];
		const char *at = c->sweep;

		if (!c->level_word)
			rc = add(list, c->name, e);
		while (!rc && at && *at) {
			char spec[2 * CODEC_LABEL_MAX];
			size_t len = strcspn(at, ",");

			snprintf(spec, sizeof(spec), "%s:%.*s", c->name, (int)len, at);
			rc = add_expanded(list, spec, e);
			at += len + (at[len] == ',');
		}
	}
	return rc;
}

/* The checked specs, and what zram offers, which is asked for at the first spec that needs it. */
struct checked {
	struct opt_list list;
	struct zram_algorithms kernel;
	bool asked, all; /* all: "kernel" was expanded */
	uint64_t page_bytes;
};

static int ask_kernel(struct checked *c, struct err *e)
{
	if (c->page_bytes != PAGE_BYTES)
		return err_usage(e, "--page: zram's own codecs take pages of 4KiB");
	if (c->asked)
		return 0;
	c->asked = true;
	return scratch_algorithms(&c->kernel, e);
}

static int add_all_kernel(struct checked *c, struct err *e)
{
	char name[sizeof(KERNEL_PREFIX) + ZRAM_ALGORITHM_MAX];
	int rc = ask_kernel(c, e);

	for (size_t k = 0; !rc && !c->all && k < c->kernel.n; k++) {
		snprintf(name, sizeof(name), KERNEL_PREFIX "%s", c->kernel.names[k]);
		rc = add(&c->list, name, e);
	}
	c->all = true;
	return rc;
}

static int add_checked(struct checked *c, const char *spec, struct err *e)
{
	struct kernel_spec parsed;
	struct codec_run run;
	int rc;

	if (str_eq(spec, "kernel"))
		return add_all_kernel(c, e);
	if (!kernel_spec_is(spec)) {
		rc = codec_parse(&run, spec, e);
		return rc ? rc : add(&c->list, spec, e);
	}
	rc = kernel_spec_parse(spec, &parsed, e);
	if (!rc)
		rc = ask_kernel(c, e);
	if (rc)
		return rc;
	if (!zram_algorithms_have(&c->kernel, parsed.algorithm)) {
		err_usage(e, "this kernel's zram has no algorithm '%s'", parsed.algorithm);
		return err_hint(e, "all it has: --codec kernel");
	}
	return add(&c->list, spec, e);
}

int specs_for_bench(const struct opt_list *specs, bool full_sweep, uint64_t page_bytes,
		    struct opt_list *ret, struct err *e)
{
	static const char *usual[] = { "lz4:1", "lzo1x-1", "zstd:1", "zstd:3", "deflate:1" };
	const struct opt_list defaults = { usual, ARRAY_SIZE(usual) };
	struct checked checked = { .page_bytes = page_bytes };
	struct opt_list all = { 0 };
	int rc = list_new(&checked.list, e);

	if (!rc && !specs->n && full_sweep)
		rc = sweep(&all, e);
	else if (!rc)
		rc = specs_expand(specs->n ? specs : &defaults, &all, e);
	for (size_t i = 0; !rc && i < all.n; i++)
		rc = add_checked(&checked, all.items[i], e);
	if (!rc)
		*ret = checked.list;
	else
		free(checked.list.items);
	free(all.items); /* its words are of checked.list now */
	return rc;
}
