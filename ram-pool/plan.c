/* SPDX-License-Identifier: GPL-2.0-only */
/* plan.c - a set-up as others would be asked for it: a shell, or zram-generator. Changes nothing.
 */
#include "plan.h"

const char *const plan_as_choices[] = { "shell", "zram-generator", NULL };

/* A word as any POSIX shell reads it back, byte for byte: results_quote_argv's $'...' is not for
 * dash. NULL = NULL, or no memory. To be freed.
 */
static char *quoted(const char *word)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/+:@%-";
	char *ret = word ? malloc(4 * strlen(word) + 3) : NULL, *at = ret;

	if (!ret)
		return NULL;
	if (*word && !word[strspn(word, plain)])
		return strcpy(ret, word);
	*at++ = '\'';
	for (; *word; word++)
		if (*word == '\'')
			at = stpcpy(at, "'\\''");
		else
			*at++ = *word;
	stpcpy(at, "'");
	return ret;
}

struct words {
	char *algorithm, *dict, *recompress, *backing, *zswap, *label;
};

static void words_done(struct words *w)
{
	free(w->algorithm);
	free(w->dict);
	free(w->recompress);
	free(w->backing);
	free(w->zswap);
	free(w->label);
}

static void shell_device(const struct pool_request *request, struct out *out)
{
	unsigned int id;

	if (request->device && pool_device_id(request->device, &id, NULL) == 0)
		out_line(out, "id=%u", id);
	else
		out_line(out, "id=$(cat /sys/class/zram-control/hot_add)");
	out_line(out, "zram=/sys/block/zram$id");
}

/* The same attributes as zram_setup() writes, in its order. */
static void shell_attributes(const struct pool_request *request, const struct words *w,
			     struct out *out)
{
	if (w->algorithm)
		out_line(out, "echo %s >$zram/comp_algorithm", w->algorithm);
	if (w->recompress)
		out_line(out, "echo algo=%s priority=1 >$zram/recomp_algorithm", w->recompress);
	if (request->level && w->dict)
		out_line(out, "echo level=%d dict='\"'%s'\"' >$zram/algorithm_params",
			 *request->level, w->dict);
	else if (request->level)
		out_line(out, "echo level=%d >$zram/algorithm_params", *request->level);
	else if (w->dict)
		out_line(out, "echo dict='\"'%s'\"' >$zram/algorithm_params", w->dict);
	if (w->backing) {
		out_line(out, "backing=%s", w->backing);
		out_line(out,
			 "[ -b \"$backing\" ] || backing=$(losetup --find --show \"$backing\")");
		out_line(out, "echo \"$backing\" >$zram/backing_dev");
	}
	out_line(out, "echo %llu >$zram/mem_limit", (unsigned long long)request->mem_limit_bytes);
	out_line(out, "echo %llu >$zram/disksize", (unsigned long long)request->size_bytes);
}

static void as_shell(const struct pool_request *request, const struct words *w, int priority,
		     struct out *out)
{
	out_line(out, "set -eu");
	shell_device(request, out);
	shell_attributes(request, w, out);
	switch (request->mode) {
	case POOL_SWAP:
		out_line(out, "mkswap -L %s /dev/zram$id", w->label);
		out_line(out, "swapon -p %d /dev/zram$id", priority);
		break;
	case POOL_EXT4:
		out_line(out, "mkfs.ext4 -q -F -m 0 -L %s /dev/zram$id", w->label);
		break;
	case POOL_RAW:
		break;
	}
	if (request->tune)
		out_line(out, "sysctl -w vm.swappiness=180 vm.page-cluster=0");
	if (w->zswap) {
		out_line(out, "echo %s >/sys/module/zswap/parameters/compressor", w->zswap);
		out_line(out, "[ ! -e /sys/module/zswap/parameters/shrinker_enabled ] || echo Y "
			      ">/sys/module/zswap/parameters/shrinker_enabled");
		out_line(out, "echo Y >/sys/module/zswap/parameters/enabled");
	}
}

/* What its configuration has no word for stands there as a comment. */
static void as_generator(const struct pool_request *request, int priority, struct out *out)
{
	unsigned int id = 0;
	char params[64] = "";

	if (request->device)
		pool_device_id(request->device, &id, NULL);
	if (request->level)
		snprintf(params, sizeof(params), "(level=%d)", *request->level);
	out_line(out, "# /etc/systemd/zram-generator.conf");
	out_line(out, "[zram%u]", id);
	out_line(out, "zram-size = %llu / 1048576", (unsigned long long)request->size_bytes);
	out_line(out, "zram-resident-limit = %llu / 1048576",
		 (unsigned long long)request->mem_limit_bytes);
	if (request->algorithm)
		out_line(out, "compression-algorithm = %s%s%s%s", request->algorithm, params,
			 request->recompress ? " " : "",
			 request->recompress ? request->recompress : "");
	else if (request->recompress || request->level)
		out_line(out, "# name the codec with --algo: it has no word for the level or the "
			      "second codec of an unnamed one");
	if (request->backing)
		out_line(out, "writeback-device = %s", request->backing);
	if (request->mode == POOL_SWAP)
		out_line(out, "swap-priority = %d", priority);
	else
		out_line(out, "fs-type = ext4");
	if (request->dict)
		out_line(out, "# it has no word for a dictionary");
	if (request->tune)
		out_line(out, "# sysctl.d: vm.swappiness = 180, vm.page-cluster = 0");
	if (request->zswap)
		out_line(out, "# kernel command line: zswap.enabled=1 zswap.compressor=%s",
			 request->zswap);
}

static bool one_line(const char *text)
{
	return !text || !text[strcspn(text, "\n\r")];
}

int plan_print(const struct pool_request *request, enum plan_as as, struct out *out, struct err *e)
{
	struct pool_request plan = *request;
	char label[17]; /* as much as a swap header and ext4 have room for */
	int priority, r = pool_plan(&plan, &priority, e);

	if (r)
		return r;
	if (as == PLAN_GENERATOR) {
		if (plan.mode == POOL_RAW) {
			err_usage(e, "zram-generator makes no plain block device: each of its "
				     "devices is swap, or has a file system");
			return err_hint(e, "a script can: leave out --as, or --raw");
		}
		if (!one_line(plan.algorithm) || !one_line(plan.recompress) ||
		    !one_line(plan.backing) || !one_line(plan.zswap))
			return err_usage(
				e,
				"a name with a newline in it cannot be written to a configuration");
		as_generator(&plan, priority, out);
		return 0;
	}
	snprintf(label, sizeof(label), "%s", plan.name);
	struct words w = {
		.algorithm = quoted(plan.algorithm),
		.dict = quoted(plan.dict),
		.recompress = quoted(plan.recompress),
		.backing = quoted(plan.backing),
		.zswap = quoted(plan.zswap),
		.label = quoted(label),
	};

	as_shell(&plan, &w, priority, out);
	words_done(&w);
	return 0;
}
