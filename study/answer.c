/* SPDX-License-Identifier: GPL-2.0-only */
/* study_answer.c - compares, asks the policy, prints and stores what came out. */
#include "answer.h"

struct answer_figures {
	const char *target, *recommended, *decided_by, *policy_choice, *text;
	double readback_factor;
	const char *calibration;
};

static const struct field answer_fields[] = {
	FIELD(struct answer_figures, target, FIELD_STRING, "", "name of the program under study"),
	FIELD(struct answer_figures, recommended, FIELD_STRING, "", "an algorithm, or nothing"),
	FIELD(struct answer_figures, decided_by, FIELD_STRING, "", "policy, bytes or scan"),
	FIELD(struct answer_figures, policy_choice, FIELD_STRING, "",
	      "codec that the fairness policy chose, or nothing"),
	FIELD(struct answer_figures, readback_factor, FIELD_F64, "ratio", "at which it chose"),
	FIELD(struct answer_figures, calibration, FIELD_STRING, "",
	      "that the libraries' CPU times were scaled by; missing: they were not"),
	FIELD(struct answer_figures, text, FIELD_STRING, "", "the recommendation in words"),
};
const struct record_type study_answer_type = RECORD_TYPE(
	"study_answer", 1, RECORD_CARD, answer_fields, "what a study recommends for one target");

static int results_predictions(struct study *s, const struct target_answer *a, struct err *e)
{
	int rc = 0;

	for (size_t i = 1; i < a->n_arms && !rc; i++) {
		const struct prediction_figures *p = &a->predictions[i];
		const struct results_id *cell = &a->target->arms[i].cell;

		rc = results_prediction(s->results, cell, "pool_used_bytes", "bytes",
					p->predicted_used_bytes, p->measured_used_bytes, e);
		if (!rc)
			rc = results_prediction(s->results, cell, "pool_compr_bytes", "bytes",
						p->predicted_compr_bytes, p->measured_compr_bytes,
						e);
	}
	return rc;
}

static int results_ranks(struct study *s, const struct target_answer *a, struct err *e)
{
	const struct study_scan *scan = &a->target->scan;
	/* Bytes and CPU of the same pages: those of the sample that need a codec. */
	double total =
		(double)(scan->sampled_pages - scan->zero_pages - scan->same_pages) * PAGE_BYTES;
	int rc = 0;

	for (size_t i = 0; i < a->ranking.n && !rc; i++) {
		const struct study_rank *r = &a->ranking.ranks[i];
		struct results_ranking row = {
			.place = r->eligible ? i + 1 : 0,
			.codec = r->label,
			.tier = r->heavy ? "heavy" : "fast",
			.eligible = r->eligible,
			.recommended = r->chosen,
			.fair_score = r->fair_score,
			.value_gib_per_core = r->value_gib_per_core,
			.saved_slot_bytes = r->saved_slot_ratio * total,
			.saved_codec_bytes = r->saved_codec_ratio * total,
			.total_bytes = total,
			.compress_cpu_ms = r->compress_cpu_ms,
			.decompress_cpu_ms = r->decompress_cpu_ms,
			.readback_factor = answer_readback(a),
			.reason = r->reason,
		};

		rc = results_ranking(s->results, &a->target->workload, &row, e);
	}
	return rc;
}

static void print_records(struct study *s, const struct target_answer *a, const char *recommended)
{
	struct answer_figures answer = {
		.target = a->target->name,
		.policy_choice = a->chosen ? a->chosen->label : "nothing",
		.decided_by = a->n_arms < 2 ? "scan"
			      : a->on_bytes ? "bytes"
					    : "policy",
		.readback_factor = answer_readback(a),
		.calibration = a->ranking.calibration[0] ? a->ranking.calibration : NULL,
		.text = recommended,
	};

	answer.recommended = a->best         ? a->best->arm
			     : a->n_arms < 2 ? answer.policy_choice
					     : "nothing";
	for (size_t i = 0; i < a->n_arms; i++)
		out_record(s->out, &study_arm_type, &a->arms[i]);
	for (size_t i = 1; i < a->n_arms; i++)
		out_record(s->out, &study_prediction_type, &a->predictions[i]);
	out_record(s->out, &study_answer_type, &answer);
}

#define COLUMNS 110

static char *text_of(void (*say)(FILE *f, const struct target_answer *a),
		     const struct target_answer *a)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	say(f, a);
	fclose(f);
	return text;
}

/* plain and recommended collect a line for each target. */
static int answer_target(struct study *s, const struct study_target *target, FILE *printed,
			 FILE *plain, FILE *recommended, struct err *e)
{
	struct target_answer a;
	char note[sizeof(a.ranking.calibration) + 64];
	int rc = 0;

	study_compare(s, target, &a);
	if (target->scan.present) {
		rc = study_rank(s, target, answer_readback(&a),
				isnan(a.residence_ns) ? MISSING_U64 : (uint64_t)a.residence_ns,
				&a.ranking, e);
		snprintf(note, sizeof(note), "the policy's CPU times are the kernel's by %s",
			 a.ranking.calibration);
		if (!rc && a.ranking.calibration[0])
			rc = results_note(s->results, &s->experiment, RESULTS_NOTE_INFO,
					  target->name, note, e);
		if (rc)
			return rc;
	}
	study_choose(&a);

	AUTO_FREE char *sentences = text_of(words_plain, &a),
		       *sentence = text_of(words_recommended, &a);

	if (!sentences || !sentence)
		return err_set(e, ENOMEM, "cannot write the answer");
	words_wrap(printed, sentences, COLUMNS);
	words_tables(printed, &a);
	fprintf(printed, "\nrecommended: %s\n\n", sentence);
	fputs(sentences, plain);
	fprintf(recommended, "%s%s", ftell(recommended) > 0 ? "\n" : "", sentence);
	if (s->config->format != OUT_TEXT)
		print_records(s, &a, sentence);
	rc = results_predictions(s, &a, e);
	return rc ? rc : results_ranks(s, &a, e);
}

static void print_lines(struct study *s, char *text)
{
	for (char *rest = text, *line; (line = strsep(&rest, "\n")) && rest;)
		out_line(s->out, "%s", line);
}

int study_answer(struct study *s, struct err *e)
{
	AUTO_FREE char *printed = NULL, *plain = NULL, *recommended = NULL;
	size_t len[3];
	FILE *p = open_memstream(&printed, &len[0]), *w = open_memstream(&plain, &len[1]),
	     *r = open_memstream(&recommended, &len[2]);
	int rc = p && w && r ? 0 : err_set(e, errno, "cannot write the answer");

	for (size_t i = 0; i < s->n_targets && !rc; i++)
		rc = answer_target(s, &s->targets[i], p, w, r, e);
	if (p)
		fclose(p);
	if (w)
		fclose(w);
	if (r)
		fclose(r);
	if (rc)
		return rc;
	print_lines(s, printed);
	return results_experiment_end(s->results, &s->experiment, RESULTS_EXPERIMENT_DONE, plain,
				      recommended, e);
}
