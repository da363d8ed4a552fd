/* SPDX-License-Identifier: GPL-2.0-only */
/* study_scan.c - runs compressor_monitor on the target and turns its records into predictions and
 * ranks.
 *
 * A scan runs beside the target, so its pages are those of one moment. Of several scans the last
 * one that saw nearly all of the memory counts.
 */
#include <math.h>
#include <signal.h>

#include "lib/kernel/procfs.h"
#include "lib/base/stop.h"
#include "study.h"

#define GROWTH          1.25 /* scan again when memory has grown by this */
#define NEAR_PEAK       0.90 /* or once in a while when it is at least this near its peak */
#define WORTH_BYTES     (4 * MIB)
#define SCAN_SHARE      5 /* scans take at most one part of this of the time */
#define SCAN_TIMEOUT_NS (60 * NS_PER_S)

static int take_record(void *ctx, const char *type, struct json_object *record)
{
	struct study_scan *scan = ctx;

	if (str_eq(type, "scan_summary")) {
		scan->population_pages = record_u64(record, "population_pages");
		scan->sampled_pages = record_u64(record, "sampled_pages");
		scan->zero_pages = record_u64(record, "zero_pages");
		scan->same_pages = record_u64(record, "same_pages");
		scan->present = scan->sampled_pages > 0 && scan->sampled_pages != MISSING_U64;
	} else if (str_eq(type, "scan_codec") && scan->n < STUDY_CODECS_MAX) {
		struct study_codec *codec = &scan->codecs[scan->n++];
		const char *label = record_string(record, "label");

		snprintf(codec->label, sizeof(codec->label), "%s", label ? label : "");
		codec->pool_bytes = record_f64(record, "pool_bytes");
		codec->stored_bytes = record_f64(record, "stored_bytes");
		codec->holes_bytes = record_f64(record, "pool_unused_bytes");
		codec->saved_slot_ratio = record_f64(record, "saved_slot_ratio");
		codec->saved_codec_ratio = record_f64(record, "saved_codec_ratio");
	}
	return 0;
}

static void take(struct study_target *target, struct study_scanner *scanner)
{
	struct study_scan scan = { .resident_bytes = scanner->resident_bytes };
	uint64_t now = monotonic_ns();
	struct err e = { 0 };

	scanner->running = false;
	/* So that all scans together take no more than their share of the time. */
	scanner->next_ns = now + SCAN_SHARE * (now - scanner->begin_ns);
	if (companion_finish(&scanner->companion, 0, NS_PER_S, &e)) {
		term_detail("scan of %s: %s", target->name, e.what); /* it may just have ended */
	} else {
		companion_each(&scanner->companion, take_record, &scan);
		for (size_t i = 0; i < scan.n && scan.present; i++)
			scan.codecs[i].stored_bytes *=
				(double)scan.population_pages / (double)scan.sampled_pages;
		if (scan.present && (double)scan.resident_bytes >=
					    NEAR_PEAK * (double)target->scan.resident_bytes) {
			free(target->scan.lines);
			scan.lines = companion_text(&scanner->companion, &scan.lines_len);
			target->scan = scan;
		}
	}
	companion_done(&scanner->companion);
}

static bool listed(const char *list, const char *label)
{
	const size_t len = strlen(label);

	for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (strncmp(at, label, len) == 0 && (at[len] == ',' || !at[len]))
			return true;
	return false;
}

/* What a scan measures by itself, and what stands for the algorithms of the arms to come: lz4hc and
 * deflate are in no default. */
static void codecs_for(const struct study *s, char *buf, size_t len)
{
	static const char *const usual[] = { CODEC_SCAN_DEFAULT };
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		at += (size_t)snprintf(buf + at, len - at, "%s%s", i ? "," : "", usual[i]);

	for (size_t i = 0; s->algorithms && i < s->algorithms->n; i++) {
		const char *label =
			codec_for_kernel(s->algorithms->names[i], s->algorithms->crypto, NULL);

		if (label && !listed(buf, label) && at + strlen(label) + 2 <= len)
			at += (size_t)snprintf(buf + at, len - at, ",%s", label);
	}
}

void study_scan_step(struct study *s, struct study_target *target, struct study_scanner *scanner,
		     const char *where, const char *what, uint64_t resident_bytes)
{
	char codecs[256];
	const char *const argv[] = { "compressor_monitor", "scan", where, what, "--codec", codecs,
				     "--format",           "json", NULL };
	struct err e = { 0 };

	codecs_for(s, codecs, sizeof(codecs));
	scanner->peak_bytes = MAX(scanner->peak_bytes, resident_bytes);
	if (scanner->running && companion_ended(&scanner->companion))
		take(target, scanner);
	if (scanner->running || resident_bytes < WORTH_BYTES ||
	    (double)resident_bytes < NEAR_PEAK * (double)scanner->peak_bytes)
		return;
	if ((double)resident_bytes < GROWTH * (double)scanner->resident_bytes &&
	    monotonic_ns() < scanner->next_ns)
		return;
	scanner->resident_bytes = resident_bytes;
	scanner->begin_ns = monotonic_ns();
	if (companion_start(&scanner->companion, argv, &e)) {
		study_note(s, RESULTS_NOTE_SKIPPED, "page scan", "%s", e.what);
		companion_done(&scanner->companion);
		scanner->next_ns = UINT64_MAX;
		return;
	}
	scanner->running = true;
}

void study_scan_end(struct study *s, struct study_target *target, struct study_scanner *scanner)
{
	(void)s;
	if (!scanner->running)
		return;
	companion_finish(&scanner->companion, stop_requested() ? SIGTERM : 0, SCAN_TIMEOUT_NS,
			 NULL);
	take(target, scanner);
}

struct hist_context {
	struct study *study;
	const struct results_id *run;
	struct err *e;
};

static int results_hist(void *ctx, const char *type, struct json_object *record)
{
	const struct hist_context *c = ctx;
	const char *label = record_string(record, "label"), *class = record_string(record, "class");

	if (!str_eq(type, "scan_hist") || !label || !class)
		return 0;
	return results_page_hist(c->study->results, c->run, label, class,
				 record_u64(record, "bin_bytes"), record_f64(record, "pages"),
				 c->e);
}

int study_scan_store(struct study *s, const struct study_target *target,
		     const struct results_id *run, struct err *e)
{
	struct hist_context c = { s, run, e };
	int rc;

	if (!target->scan.lines)
		return 0;
	rc = results_artifact(s->results, run, "scan", NULL, target->scan.lines, e);
	return rc ? rc : record_each_line(target->scan.lines, results_hist, &c);
}

struct study_prediction study_predict(const struct study *s, const struct study_target *target,
				      const char *algorithm, double pages)
{
	struct study_prediction p = { MISSING_F64, MISSING_F64, false };
	const struct study_scan *scan = &target->scan;
	const char *label =
		codec_for_kernel(algorithm, s->algorithms && s->algorithms->crypto, &p.approximate);
	double population;

	if (!label || !scan->present)
		return p;
	/* Zero pages never reach the pool where the kernel keeps them as a bit. */
	population = (double)scan->population_pages;
	if (s->zeromap)
		population *= 1 - (double)scan->zero_pages / (double)scan->sampled_pages;
	for (size_t i = 0; i < scan->n && population > 0; i++) {
		if (!str_eq(scan->codecs[i].label, label))
			continue;
		/* Holes grow as the root of the pool (zsmalloc.h). */
		p.used_bytes = scan->codecs[i].pool_bytes / population * pages +
			       scan->codecs[i].holes_bytes * sqrt(pages / population);
		p.compr_bytes = scan->codecs[i].stored_bytes / population * pages;
	}
	return p;
}

/* ---- the policy ---- */

static int take_rank(void *ctx, const char *type, struct json_object *record)
{
	struct study_ranking *c = ctx;
	const char *label = record_string(record, "label"), *reason = record_string(record, "why");
	const char *tier = record_string(record, "tier");
	struct study_rank *rank;

	if (str_eq(type, "rank_decision"))
		snprintf(c->calibration, sizeof(c->calibration), "%s",
			 record_string(record, "calibration") ?: "");
	if (!str_eq(type, "rank_candidate") || !label || c->n == STUDY_CODECS_MAX)
		return 0;
	rank = &c->ranks[c->n++];
	snprintf(rank->label, sizeof(rank->label), "%s", label);
	snprintf(rank->reason, sizeof(rank->reason), "%s", reason ? reason : "");
	rank->heavy = tier && str_eq(tier, "heavy");
	rank->eligible = record_u64(record, "rank") > 0;
	rank->chosen = record_u64(record, "rank") == 1;
	rank->fair_score = record_f64(record, "fair_score");
	rank->value_gib_per_core = record_f64(record, "value_gib_per_core");
	rank->saved_slot_ratio = record_f64(record, "saved_slot_ratio");
	rank->saved_codec_ratio = record_f64(record, "saved_codec_ratio");
	rank->compress_cpu_ms = record_f64(record, "compress_cpu_ms");
	rank->decompress_cpu_ms = record_f64(record, "decompress_cpu_ms");
	return 0;
}

int study_rank(struct study *s, const struct study_target *target, double readback_factor,
	       uint64_t residence_ns, struct study_ranking *ret, struct err *e)
{
	const struct study_config *config = s->config;
	char readback[32], residence[UNITS_TEXT_MAX], floor_text[32], below[32], price[32];
	struct companion rank;
	int rc;

	snprintf(readback, sizeof(readback), "%.6f", readback_factor);
	snprintf(floor_text, sizeof(floor_text), "%.6f", config->floor_ratio);
	snprintf(below, sizeof(below), "%.6f", config->heavy_below);
	snprintf(price, sizeof(price), "%.6f", config->price_gib_per_core);

	const char *argv[COMPANION_ARGS_MAX] = { "compressor_monitor",
						 "rank",
						 "--json",
						 "/dev/stdin",
						 "--readback",
						 readback,
						 "--floor",
						 floor_text,
						 "--heavy-below",
						 below,
						 "--price",
						 price,
						 "--savings",
						 config->savings == POLICY_SLOT ? "slot" : "codec",
						 "--format",
						 "json" };

	size_t n = 16;

	if (residence_ns != MISSING_U64) {
		argv[n++] = "--residence";
		argv[n++] = units_exact_duration(residence_ns, residence);
	}
	if (s->kernel_costs[0]) {
		argv[n++] = "--db";
		argv[n++] = s->kernel_costs;
	} else {
		argv[n++] = "--no-calibration";
	}
	ret->n = 0;
	rc = companion_start_with_input(&rank, argv, target->scan.lines, target->scan.lines_len, e);
	if (!rc)
		rc = companion_finish(&rank, 0, SCAN_TIMEOUT_NS, e);
	if (!rc)
		companion_each(&rank, take_rank, ret);
	companion_done(&rank);
	return rc;
}
