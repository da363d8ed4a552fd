/* SPDX-License-Identifier: GPL-2.0-only */
/* rank_main.c - the subcommand rank: from a fresh scan or saved results to decisions. */
#include "lib/base/out.h"
#include "lib/base/term.h"
#include "monitor.h"
#include "saved.h"

static const char columns[] =
	"rank,label,saved_slot_ratio,saved_codec_ratio,cost_cpu_ms,fair_score,why";

static int rank_saved(const struct rank_config *config, struct rank_setup *setup, struct out *out,
		      uint64_t *n, struct err *e)
{
	struct saved_results saved;
	size_t classes = 0;
	int rc = config->json ? saved_read_json(config->json, &saved, e)
			      : saved_read_csv(config->csv, &saved, e);

	for (size_t i = 0; !rc && i < saved.n; i++)
		rc = rank_print(config, setup, &saved.items[i], out, n, &classes, e);
	if (!rc && !classes)
		term_say("no decision by page class: %s has no measurements by class (%s)",
			 config->json ?: config->csv,
			 config->json ? "scan --format json" : "bench --by-class");
	saved_done(&saved);
	return rc;
}

static void take_scan(const struct scan_result *scan, struct rank_input *ret)
{
	struct rank_query memory;

	scan_rank_memory(&scan->summary, &memory);
	ret->same_bytes = memory.same_bytes;
	ret->unsampled_ratio = memory.unsampled_ratio;
	ret->n = scan->n_codecs;
	snprintf(ret->target, sizeof(ret->target), "%s", scan->target);
	for (size_t i = 0; i < scan->n_codecs; i++) {
		ret->codecs[i] = scan_rank_codec(&scan->codecs[i]);
		ret->codecs[i].groups = scan->groups[i];
		for (size_t class = 0; class < PAGE_CLASSES; class ++)
			ret->classes[class][i] = scan_rank_codec(&scan->by_class[class][i]);
	}
}

static int rank_fresh(const struct monitor_config *c, struct rank_setup *setup, struct out *out,
		      uint64_t *n, int *exit_code, struct err *e)
{
	static struct scan_result scan;
	static struct rank_input input; /* too large for a stack */
	size_t classes = 0;
	int rc = scan_run(&c->scan, &scan, e);

	if (!rc) {
		out_record(out, &scan_summary_type, &scan.summary);
		take_scan(&scan, &input);
		rc = rank_print(&c->rank, setup, &input, out, n, &classes, e);
	}
	if (!rc && scan.failed)
		*exit_code = EXIT_FAILED;
	scan_result_done(&scan);
	return rc;
}

int rank_main(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code, struct err *e)
{
	const struct monitor_config *c = config;
	const struct scan_config *s = &c->scan;
	const char *saved = c->rank.json ? c->rank.json : c->rank.csv;
	uint64_t n = 0;
	struct rank_setup setup;
	struct out *out;
	int rc;

	if ((saved && (s->pids.n || s->tree || s->cgroup || s->system || s->file || s->zram)) ||
	    (c->rank.json && c->rank.csv))
		return err_usage(e, "give one of: a target to scan, --json FILE, --csv FILE");
	rc = rank_prepare(&c->rank, &setup, e);
	if (!rc)
		rc = monitor_open(c, &rank_candidate_type, columns, &out, e);
	if (rc)
		return rc;
	rc = saved ? rank_saved(&c->rank, &setup, out, &n, e)
		   : rank_fresh(c, &setup, out, &n, exit_code, e);
	if (rc) {
		out_discard(out);
		return rc;
	}
	return monitor_close(out, n, e);
}
