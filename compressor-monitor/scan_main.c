/* SPDX-License-Identifier: GPL-2.0-only */
/* scan_main.c - the subcommand scan: runs one and prints it. */
#include "lib/base/out.h"
#include "monitor.h"

static const char columns[] =
	"label,saved_codec_ratio,saved_slot_ratio,saved_slot_low_ratio,"
	"saved_slot_high_ratio,huge_pages,compress_ns,decompress_ns,pool_bytes,"
	"validation";

static void print_classes(struct out *out, const struct scan_result *result)
{
	for (size_t class = 0; class < PAGE_CLASSES; class ++)
		for (size_t i = 0; i < result->n_codecs; i++) {
			struct scan_class_codec_record record = { page_class_name(class),
								  result->by_class[class][i] };

			if (record.codec.pages)
				out_record(out, &scan_class_codec_type, &record);
		}
}

static void print_groups(struct out *out, const struct scan_result *result)
{
	for (size_t i = 0; i < result->n_codecs; i++)
		for (size_t g = 0; g < RANK_GROUPS; g++) {
			struct scan_group_record record = { result->codecs[i].label, g,
							    result->groups[i][g] };

			if (record.sums.orig_bytes)
				out_record(out, &scan_group_type, &record);
		}
}

static void print_hist(struct out *out, const struct scan_result *result)
{
	for (size_t i = 0; i < result->n_codecs; i++)
		for (size_t bin = 0; bin < SCAN_BINS; bin++) {
			struct scan_hist_record record = { result->codecs[i].label,
							   bin ? "coded" : "same_filled",
							   bin * SCAN_BIN_BYTES,
							   result->bins[i][bin] };

			if (record.pages)
				out_record(out, &scan_hist_type, &record);
		}
}

/* Not kinds without pages, nor mappings without sampled pages. */
static void print_mappings(struct out *out, const struct scan_result *result, int by)
{
	for (size_t i = 0; i < result->n_mappings; i++) {
		const struct scan_mapping_record *row = &result->mappings[i];

		if (row->mapping ? by == SCAN_BY_MAPPING && row->sampled_pages : row->pages > 0)
			out_record(out, &scan_mapping_type, row);
	}
}

static void print(struct out *out, const struct monitor_config *c, const struct scan_result *result)
{
	bool json = c->output.format == OUT_JSON;
	const struct scan_summary_record *s = &result->summary;
	struct end_record end = {
		.seen = s->population_pages,
		.emitted = s->sampled_pages,
		.dropped = s->skipped_swapped_pages + s->gone_pages + s->denied_pages,
		.missed = MISSING_U64,
		.unmatched = MISSING_U64,
		.reason = s->partial ? "partial" : "done",
	};

	out_record(out, &scan_summary_type, &result->summary);
	for (size_t i = 0; i < PAGE_CLASSES; i++)
		out_record(out, &scan_class_type, &result->classes[i]);
	for (size_t i = 0; i < result->n_codecs; i++)
		out_record(out, &scan_codec_type, &result->codecs[i]);
	for (size_t i = 0; c->scan.estimate && i < result->n_codecs; i++)
		out_record(out, &scan_estimate_type, &result->estimates[i]);
	if (json || c->scan.by >= 0)
		print_mappings(out, result, c->scan.by);
	if (json) {
		print_classes(out, result);
		print_groups(out, result);
		print_hist(out, result);
	}
	end.filtered = end.seen - end.emitted - end.dropped; /* not sampled */
	out_record(out, &end_record_type, &end);
}

int scan_main(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code, struct err *e)
{
	static struct scan_result result; /* too large for a stack */
	const struct monitor_config *c = config;
	struct out *out;
	int rc = monitor_open(c, &scan_codec_type, columns, &out, e);

	if (rc)
		return rc;
	rc = scan_run(&c->scan, &result, e);
	if (result.whole) {
		int closed;

		print(out, c, &result);
		closed = out_close(out, e);
		rc = rc ? rc : closed;
	} else {
		out_discard(out);
	}
	if (result.failed)
		*exit_code = EXIT_FAILED;
	scan_result_done(&result);
	return rc;
}
