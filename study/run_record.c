/* SPDX-License-Identifier: GPL-2.0-only */
/* run_record.c - the fields of a run: who and when, then every metric that is measured. */
#include "run_record.h"

#define RUN(m, t, what) \
	{ \
		.name = #m, .unit = "", .type = (t), .offset = offsetof(struct run_record, run.m), \
		.size = sizeof(((struct run_record *)0)->run.m), .meaning = (what) \
	}

static const struct field run_fields[] = {
	FIELD(struct run_record, target, FIELD_STRING, "", "name of the program under study"),
	FIELD(struct run_record, configuration, FIELD_STRING, "",
	      "none: no limit, no pool; else the pool's algorithm"),
	FIELD(struct run_record, kind, FIELD_STRING, "", "reference, probed or timed"),
	RUN(block, FIELD_U64, "shuffled pass over the configurations, from 1; 0 outside blocks"),
	RUN(position, FIELD_U64, "place in the block, from 0"),
	FIELD(struct run_record, state, FIELD_STRING, "",
	      "ok, failed, timeout, oom, contaminated or unsettled"),
	RUN(reason, FIELD_CHARS, "why the state is not ok"),
	FIELD(struct run_record, exit_status, FIELD_I64, "",
	      "of the command; missing when a signal ended it"),
	RUN(by_probe, FIELD_BOOL,
	    "readback factor, residence and latencies of the pool are pool_probe's; else the first "
	    "two come from counters"),
	METRIC_MEASURED_FIELDS(struct run_record, run.metrics)
};
const struct record_type study_run_type =
	RECORD_TYPE("study_run", 2, RECORD_CARD, run_fields, "one run of a study");

void run_record_init(struct run_record *ret, const char *target, const char *configuration,
		     enum results_run_kind kind, uint64_t block, uint64_t position)
{
	record_clear(&study_run_type, ret);
	metrics_clear(&ret->run.metrics); /* the derived ones too */
	ret->target = target;
	ret->configuration = configuration;
	ret->kind = results_run_kinds[kind];
	ret->run.kind = kind;
	ret->run.block = block;
	ret->run.position = position;
}

void run_record_end(struct run_record *record, enum results_run_state state, const char *reason)
{
	record->run.state = state;
	record->state = results_run_states[state];
	snprintf(record->run.reason, sizeof(record->run.reason), "%s", reason);
}
