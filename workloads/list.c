/* SPDX-License-Identifier: GPL-2.0-only */
/* list.c - `workload list`: the patterns, and the contents that pages can have. */
#include "workloads/gen/worker.h"
#include "lib/base/out.h"
#include "workload.h"

const struct opt list_options[] = { GEN_OUTPUT(struct workload_config, list.output), OPT_END };

struct pattern_row {
	const char *name, *touch, *summary, *signals;
};

static const struct field pattern_fields[] = {
	FIELD(struct pattern_row, name, FIELD_STRING, "", "what `workload run` calls it"),
	FIELD(struct pattern_row, touch, FIELD_STRING, "",
	      "how it touches pages unless told otherwise"),
	FIELD(struct pattern_row, summary, FIELD_STRING, "", "what it does"),
	FIELD(struct pattern_row, signals, FIELD_STRING, "", "what it makes visible"),
};
const struct record_type workload_pattern_type =
	RECORD_TYPE("workload_pattern", 1, RECORD_TABLE, pattern_fields, "a pattern there is");

struct contents_row {
	const char *name;
	uint64_t permille[MIXTURE_KINDS];
	const char *source;
};

#define PERMILLE(kind, n) \
	{ \
		.name = n "_permille", .unit = "permille", .type = FIELD_U64, \
		.offset = offsetof(struct contents_row, permille) + (kind) * sizeof(uint64_t), \
		.size = sizeof(uint64_t), .meaning = "share of " n " pages" \
	}

static const struct field contents_fields[] = {
	FIELD(struct contents_row, name, FIELD_STRING, "", "what --contents calls it"),
	PERMILLE(MIXTURE_ZERO, "zero"),
	PERMILLE(MIXTURE_SAME, "same"),
	PERMILLE(MIXTURE_DUPLICATE, "duplicate"),
	PERMILLE(MIXTURE_SPARSE, "sparse"),
	PERMILLE(MIXTURE_POINTER, "pointer"),
	PERMILLE(MIXTURE_TEXT, "text"),
	PERMILLE(MIXTURE_COMPRESSED, "compressed"),
	PERMILLE(MIXTURE_RANDOM, "random"),
	FIELD(struct contents_row, source, FIELD_STRING, "", "where the proportions are from"),
};
const struct record_type workload_contents_type = RECORD_TYPE(
	"workload_contents", 1, RECORD_CARD, contents_fields, "a mixture of pages there is");

int list_run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
	     struct err *e)
{
	const struct list_config *list = &((struct workload_config *)config)->list;
	struct end_record end = { .missed = MISSING_U64,
				  .unmatched = MISSING_U64,
				  .reason = "done" };
	const struct pattern *pattern;
	const struct mixture *mixture;
	struct out *out;
	int rc = gen_output_open(&list->output, &out, e);

	if (rc)
		return rc;
	for (size_t i = 0; (pattern = pattern_at(i)); i++, end.seen++)
		out_record(out, &workload_pattern_type,
			   &(struct pattern_row){ pattern->name, touch_choices[pattern->touch],
						  pattern->summary, pattern->signals });
	for (size_t i = 0; (mixture = mixture_at(i)); i++, end.seen++) {
		struct contents_row row = { .name = mixture->name, .source = mixture->source };

		for (size_t kind = 0; kind < MIXTURE_KINDS; kind++)
			row.permille[kind] = mixture->permille[kind];
		out_record(out, &workload_contents_type, &row);
	}
	end.emitted = end.seen;
	out_record(out, &end_record_type, &end);
	return out_close(out, e);
}
