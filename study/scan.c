/* SPDX-License-Identifier: GPL-2.0-only */
/* scan.c - runs compressor_monitor scan beside the target and keeps its records.
 *
 * The pages of a scan are those of one moment. Of several scans the last one that saw nearly all of
 * the memory counts.
 */
#include "scan.h"

#include <signal.h>

#include "lib/base/stop.h"

#define GROWTH          1.25 /* scan again when memory has grown by this */
#define NEAR_PEAK       0.90 /* or from time to time when it is at least this near its peak */
#define SCAN_MIN_BYTES  (4 * MIB)
#define SCAN_SHARE      5 /* scans take at most one part of this of the time */
#define SCAN_TIMEOUT_NS (60 * NS_PER_S)

/* Groups come behind the codecs. */
static void take_group(struct study_scan *scan, const struct scan_group_record *group)
{
	for (size_t i = 0; i < scan->n; i++)
		if (group->group < RANK_GROUPS && str_eq(scan->labels[i], group->label ?: ""))
			scan->groups[i][group->group] = group->sums;
}

static int take_record(void *ctx, const char *type UNUSED, struct json_object *record)
{
	struct study_scan *scan = ctx;
	struct scan_codec_record codec;
	struct scan_group_record group;

	if (record_read(record, &scan_summary_type, &scan->summary)) {
		scan->present = scan->summary.sampled_pages > 0 &&
				scan->summary.sampled_pages != MISSING_U64;
	} else if (scan->n < STUDY_CODECS_MAX && record_read(record, &scan_codec_type, &codec)) {
		snprintf(scan->labels[scan->n], sizeof(scan->labels[0]), "%s", codec.label ?: "");
		scan->codecs[scan->n] = codec;
		scan->codecs[scan->n].validation =
			codec.validation && str_eq(codec.validation, "PASS") ? "PASS" : "FAIL";
		scan->n++;
	} else if (record_read(record, &scan_group_type, &group)) {
		take_group(scan, &group);
	}
	return 0;
}

/* The strings of the records are gone; the labels were copied. */
static void keep(struct study_target *target, const struct study_scan *scan, char *lines)
{
	free(target->scan.lines);
	target->scan = *scan;
	target->scan.lines = lines;
	for (size_t i = 0; i < scan->n; i++)
		target->scan.codecs[i].label = target->scan.labels[i];
}

static void take(struct study_target *target, struct study_scanner *scanner)
{
	struct study_scan scan = { .resident_bytes = scanner->resident_bytes };
	uint64_t now = monotonic_ns();
	struct err e = { 0 };
	size_t len;

	scanner->running = false;
	/* So that all scans together take no more than their share of the time. */
	scanner->next_ns = now + SCAN_SHARE * (now - scanner->begin_ns);
	if (companion_finish(&scanner->companion, 0, NS_PER_S, &e)) {
		term_detail("scan of %s: %s", target->name, e.what); /* it may just have ended */
	} else {
		companion_each(&scanner->companion, take_record, &scan);
		if (scan.present &&
		    (double)scan.resident_bytes >= NEAR_PEAK * (double)target->scan.resident_bytes)
			keep(target, &scan, companion_text(&scanner->companion, &len));
	}
	companion_done(&scanner->companion);
}

void study_scan_take(struct study_target *target, const char *lines)
{
	struct study_scan scan = { .present = false };

	record_each_line(lines, take_record, &scan);
	if (scan.present)
		keep(target, &scan, strdup(lines));
}

/* What a scan measures by default, and the codecs that stand for the algorithms of this study:
 * lz4hc and deflate are in no default.
 */
static void codecs_for(const struct study *s, char *buf, size_t len)
{
	const char *labels[STUDY_CODECS_MAX + STUDY_CHOICES_MAX] = { CODEC_SCAN_DEFAULT };
	size_t n = 0, at = 0;

	while (labels[n])
		n++;
	for (size_t i = 0; i < s->n_choices; i++) {
		const char *label = codec_for_kernel(s->choices[i].algorithm, s->crypto, NULL);
		size_t same = 0;

		while (label && same < n && !str_eq(labels[same], label))
			same++;
		if (label && same == n)
			labels[n++] = label;
	}
	for (size_t i = 0; i < n && at < len; i++)
		at += (size_t)snprintf(buf + at, len - at, "%s%s", at ? "," : "", labels[i]);
}

void study_scan_step(struct study *s, struct study_target *target, struct study_scanner *scanner,
		     const char *option, const char *value, uint64_t resident_bytes)
{
	char codecs[256];
	const char *const argv[] = { "compressor_monitor", "scan", option, value, "--codec", codecs,
				     "--format",           "json", NULL };
	struct err e = { 0 };

	codecs_for(s, codecs, sizeof(codecs));
	scanner->peak_bytes = MAX(scanner->peak_bytes, resident_bytes);
	if (scanner->running && companion_ended(&scanner->companion))
		take(target, scanner);
	if (scanner->running || resident_bytes < SCAN_MIN_BYTES ||
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

void study_scan_end(struct study_target *target, struct study_scanner *scanner)
{
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

static int store_hist(void *ctx, const char *type UNUSED, struct json_object *record)
{
	const struct hist_context *c = ctx;
	struct scan_hist_record hist;

	if (!record_read(record, &scan_hist_type, &hist) || !hist.label || !hist.class)
		return 0;
	return results_page_hist(c->study->results, c->run, hist.label, hist.class, hist.bin_bytes,
				 metric_u64(hist.pages), c->e);
}

int study_scan_store(struct study *s, const struct study_target *target,
		     const struct results_id *run, struct err *e)
{
	struct hist_context c = { s, run, e };
	int rc;

	if (!target->scan.lines)
		return 0;
	rc = results_artifact(s->results, run, "scan", NULL, target->scan.lines, e);
	return rc ? rc : record_each_line(target->scan.lines, store_hist, &c);
}
