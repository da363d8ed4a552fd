/* SPDX-License-Identifier: GPL-2.0-only */
/* dry_run.c - a setup as an equivalent shell script, or for zram-generator. Changes nothing. */
#include "dry_run.h"

const char *const dry_run_as_choices[] = { "shell", "zram-generator", NULL };

/* `before`, the word as any POSIX shell reads it back byte for byte, `after`: results_quote_argv's
 * $'...' is not for dash. Nothing where there is no word.
 */
static void shell_line(struct out *out, const char *before, const char *word, const char *after)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/+:@%-";
	AUTO_FREE char *quoted = word ? malloc(4 * strlen(word) + 3) : NULL;
	char *at = quoted;

	if (!quoted)
		return;
	if (*word && !word[strspn(word, plain)]) {
		strcpy(quoted, word);
	} else {
		*at++ = '\'';
		for (; *word; word++)
			if (*word == '\'')
				at = stpcpy(at, "'\\''");
			else
				*at++ = *word;
		strcpy(at, "'");
	}
	out_line(out, "%s%s%s", before, quoted, after);
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
static void shell_attributes(const struct pool_request *request, struct out *out)
{
	char params[64] = "echo ";

	shell_line(out, "echo ", request->algorithm, " >$zram/comp_algorithm");
	shell_line(out, "echo algo=", request->recompress, " priority=1 >$zram/recomp_algorithm");
	if (request->level)
		snprintf(params, sizeof(params), "echo level=%d%s", *request->level,
			 request->dict ? " " : " >$zram/algorithm_params");
	if (request->dict) {
		strcat(params, "dict='\"'");
		shell_line(out, params, request->dict, "'\"' >$zram/algorithm_params");
	} else if (request->level) {
		out_line(out, "%s", params);
	}
	if (request->backing) {
		shell_line(out, "backing=", request->backing, "");
		out_line(out,
			 "[ -b \"$backing\" ] || backing=$(losetup --find --show \"$backing\")");
		out_line(out, "echo \"$backing\" >$zram/backing_dev");
	}
	out_line(out, "echo %llu >$zram/mem_limit", (unsigned long long)request->mem_limit_bytes);
	out_line(out, "echo %llu >$zram/disksize", (unsigned long long)request->size_bytes);
}

static void print_shell(const struct pool_request *request, int priority, struct out *out)
{
	char label[17]; /* of a swap header, and of ext4 */

	snprintf(label, sizeof(label), "%s", request->name);
	out_line(out, "set -eu");
	shell_device(request, out);
	shell_attributes(request, out);
	if (request->mode == POOL_SWAP) {
		shell_line(out, "mkswap -L ", label, " /dev/zram$id");
		out_line(out, "swapon -p %d /dev/zram$id", priority);
	}
	if (request->mode == POOL_EXT4)
		shell_line(out, "mkfs.ext4 -q -F -m 0 -L ", label, " /dev/zram$id");
	if (request->tune)
		out_line(out, "sysctl -w vm.swappiness=180 vm.page-cluster=0");
	if (request->zswap) {
		shell_line(out, "echo ", request->zswap,
			   " >/sys/module/zswap/parameters/compressor");
		out_line(out, "[ ! -e /sys/module/zswap/parameters/shrinker_enabled ] || echo Y "
			      ">/sys/module/zswap/parameters/shrinker_enabled");
		out_line(out, "echo Y >/sys/module/zswap/parameters/enabled");
	}
}

/* What its configuration has no key for becomes a comment. */
static void print_generator(const struct pool_request *request, int priority, struct out *out)
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
		out_line(out, "# give --algo: the level and the second algorithm cannot be set "
			      "without the first");
	if (request->backing)
		out_line(out, "writeback-device = %s", request->backing);
	if (request->mode == POOL_SWAP)
		out_line(out, "swap-priority = %d", priority);
	else
		out_line(out, "fs-type = ext4");
	if (request->dict)
		out_line(out, "# zram-generator has no key for a dictionary");
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

int dry_run_print(const struct pool_request *request, enum dry_run_as as, struct out *out,
		  struct err *e)
{
	struct pool_request plan = *request;
	int priority, rc = pool_plan(&plan, &priority, e);

	if (rc)
		return rc;
	if (as == DRY_RUN_SHELL) {
		print_shell(&plan, priority, out);
		return 0;
	}
	if (plan.mode == POOL_RAW) {
		err_usage(e, "zram-generator cannot set up a plain block device: its devices are "
			     "swap, or have a file system");
		return err_hint(e, "leave out --as, or --raw");
	}
	if (!one_line(plan.algorithm) || !one_line(plan.recompress) || !one_line(plan.backing) ||
	    !one_line(plan.zswap))
		return err_usage(e, "a name with a newline cannot be written to a configuration");
	print_generator(&plan, priority, out);
	return 0;
}
