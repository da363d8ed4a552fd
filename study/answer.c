/* SPDX-License-Identifier: GPL-2.0-only */
/* answer.c - compares the runs of each target, asks the policy, prints and stores the conclusion.
 */
#include "answer.h"

#include "rank.h"
#include "text.h"
#include "verdict.h"

#define COLUMNS 110

struct answer_record {
	const char *target, *recommended, *decided_by, *policy_choice, *policy_decision, *text;
	double no_codec_ratio, win_ratio, readback_factor;
	const char *calibration;
};

static const struct field answer_fields[] = {
	FIELD(struct answer_record, target, FIELD_STRING, "", "name of the program under study"),
	FIELD(struct answer_record, recommended, FIELD_STRING, "", "an algorithm, or nothing"),
	FIELD(struct answer_record, decided_by, FIELD_STRING, "",
	      "pairs (a search), policy, bytes or scan"),
	FIELD(struct answer_record, policy_choice, FIELD_STRING, "",
	      "codec that the fairness policy chose, or nothing"),
	FIELD(struct answer_record, policy_decision, FIELD_STRING, "",
	      "leave_alone, no_codec, baseline, fast or heavy, as of rank_decision; missing: no "
	      "page "
	      "scan"),
	FIELD(struct answer_record, no_codec_ratio, FIELD_F64, "ratio",
	      "zero and same-filled pages, which need no codec, of the scanned memory"),
	FIELD(struct answer_record, win_ratio, FIELD_F64, "ratio",
	      "how often the policy's choice is the same when the scanned pages are drawn again"),
	FIELD(struct answer_record, readback_factor, FIELD_F64, "ratio",
	      "swap-ins per swap-out that the policy assumed"),
	FIELD(struct answer_record, calibration, FIELD_STRING, "",
	      "by which the libraries' CPU times were scaled; missing: they were not"),
	FIELD(struct answer_record, text, FIELD_STRING, "",
	      "the verdict or recommendation as a sentence"),
};
const struct record_type study_answer_type = RECORD_TYPE(
	"study_answer", 2, RECORD_CARD, answer_fields, "what a study recommends for one target");

static int store_ranking(struct study *s, const struct target_answer *a, struct err *e)
{
	/* All sampled pages: zero and same-filled ones are saved, for no CPU. */
	double total = (double)a->target->scan.summary.sampled_pages * PAGE_BYTES;
	int rc = 0;

	for (size_t i = 0; i < a->ranking.n && !rc; i++) {
		const struct rank_candidate *r = &a->ranking.candidates[i];
		bool eligible = r->rank != MISSING_U64;
		struct results_ranking row = {
			.place = eligible ? r->rank : 0,
			.codec = r->label,
			.tier = r->tier,
			.eligible = eligible,
			.recommended = r->chosen,
			.fair_score = r->fair_score,
			.value_gib_per_core = r->value_gib_per_core,
			.saved_slot_bytes = r->saved_slot_ratio * total,
			.saved_codec_bytes = r->saved_codec_ratio * total,
			.total_bytes = total,
			.compress_cpu_ms = r->compress_cpu_ms,
			.decompress_cpu_ms = r->decompress_cpu_ms,
			.readback_factor = answer_readback(a),
			.reason = r->why,
		};

		rc = results_ranking(s->results, &a->target->workload, &row, e);
	}
	return rc;
}

static const char *recommended(const struct target_answer *a, const struct study_verdict *v,
			       const char *choice)
{
	if (v)
		return v->verdict.kind == VERDICT_SAVES || v->verdict.kind == VERDICT_TIE
			       ? v->record.algorithm
			       : "nothing";
	if (a->best)
		return a->best->configuration;
	return a->n < 2 ? choice : "nothing";
}

static void print_records(struct study *s, const struct target_answer *a,
			  const struct study_verdict *v, const char *recommendation)
{
	const char *choice = a->ranking.n && a->ranking.choice ? a->ranking.choice : "nothing";
	struct answer_record answer = {
		.target = a->target->name,
		.policy_choice = choice,
		.policy_decision = a->ranking.n ? a->ranking.decision : NULL,
		.no_codec_ratio = a->ranking.n ? a->ranking.no_codec_ratio : MISSING_F64,
		.win_ratio = a->ranking.n ? a->ranking.sureness.win_ratio : MISSING_F64,
		.recommended = recommended(a, v, choice),
		.decided_by = v             ? "pairs"
			      : a->n < 2    ? "scan"
			      : a->on_bytes ? "bytes"
					    : "policy",
		.readback_factor = answer_readback(a),
		.calibration = a->ranking.calibration[0] ? a->ranking.calibration : NULL,
		.text = recommendation,
	};

	if (v)
		out_record(s->out, &verdict_type, &v->record);
	for (size_t i = 0; v && i < v->n_curve; i++)
		out_record(s->out, &curve_type, &v->curve[i]);
	for (size_t i = 0; i < a->n; i++)
		out_record(s->out, &study_configuration_type, &a->configurations[i]);
	for (size_t i = 1; i < a->n; i++)
		out_record(s->out, &study_prediction_type, &a->predictions[i]);
	out_record(s->out, &study_answer_type, &answer);
}

static char *text_of(void (*print)(FILE *f, const struct target_answer *a),
		     const struct target_answer *a)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	print(f, a);
	fclose(f);
	return text;
}

static int conclude(struct study *s, struct study_target *target, struct target_answer *a,
		    struct err *e)
{
	int rc = study_compare(s, target, a, e);

	if (!rc && target->scan.present) {
		study_rank(s, target, answer_readback(a), a->residence_ns, &a->ranking);
		if (a->ranking.calibration[0]) {
			char note[sizeof(a->ranking.calibration) + 64];

			snprintf(note, sizeof(note),
				 "the policy's CPU times are the kernel's by %s",
				 a->ranking.calibration);
			rc = results_note(s->results, &s->experiment, RESULTS_NOTE_INFO,
					  target->name, note, e);
		}
	}
	if (rc)
		return rc;
	study_choose(a);
	rc = study_comparison_store(s, a, e);
	return rc ? rc : store_ranking(s, a, e);
}

/* Texts of all targets, one after another. */
struct texts {
	FILE *printed, *summaries, *recommendations;
};

/* Verdict, what it rests on, curve, why. */
static int print_search(struct texts *texts, const struct target_answer *a,
			const struct study_verdict *v, struct err *e)
{
	AUTO_FREE char *details = NULL;
	size_t len;
	FILE *f = open_memstream(&details, &len);

	if (!f)
		return err_set(e, errno, "cannot write the answer");
	verdict_details(f, v);
	fclose(f);
	fprintf(texts->printed, "%s: %s\n\n", a->target->name, v->text);
	text_wrap(texts->printed, details, COLUMNS);
	fputc('\n', texts->printed);
	verdict_curve_table(texts->printed, v);
	text_why(texts->printed, a);
	fputc('\n', texts->printed);
	fprintf(texts->summaries, "%s: %s\n", a->target->name, details);
	fprintf(texts->recommendations, "%s%s: %s", ftell(texts->recommendations) > 0 ? "\n" : "",
		a->target->name, v->text);
	return 0;
}

static int print_fixed(struct texts *texts, const struct target_answer *a,
		       const char *recommendation, struct err *e)
{
	AUTO_FREE char *summary = text_of(text_summary, a);

	if (!summary || !recommendation)
		return err_set(e, ENOMEM, "cannot write the answer");
	text_wrap(texts->printed, summary, COLUMNS);
	text_tables(texts->printed, a);
	fprintf(texts->printed, "\nrecommended: %s\n\n", recommendation);
	fputs(summary, texts->summaries);
	fprintf(texts->recommendations, "%s%s", ftell(texts->recommendations) > 0 ? "\n" : "",
		recommendation);
	return 0;
}

/* Of a search's many configurations the one that was probed explains the verdict. */
static void keep_probed(struct target_answer *a)
{
	size_t probed = 0;

	for (size_t i = 1; i < a->n; i++) {
		const struct study_configuration *c = &a->target->configurations[i];

		for (size_t k = 0; k < c->n; k++)
			if (c->runs[k].kind == RESULTS_RUN_PROBED &&
			    results_run_counts(&c->runs[k]))
				probed = i;
	}
	a->n = 1;
	if (!probed)
		return;
	a->configurations[1] = a->configurations[probed];
	a->predictions[1] = a->predictions[probed];
	a->n = 2;
}

static int answer_target(struct study *s, struct study_target *target, struct texts *texts,
			 struct err *e)
{
	/* Both are too large for a stack. */
	AUTO_FREE struct target_answer *a = calloc(1, sizeof(*a));
	AUTO_FREE struct study_verdict *v = target->search ? calloc(1, sizeof(*v)) : NULL;
	AUTO_FREE char *recommendation = NULL;
	int rc = a && (v || !target->search) ? conclude(s, target, a, e)
					     : err_set(e, ENOMEM, "cannot write the answer");

	if (rc)
		return rc;
	if (v) {
		rc = study_verdict_of(s, target, v, e);
		if (!rc)
			rc = study_verdict_store(s, v, e);
		if (rc)
			return rc;
		keep_probed(a);
		rc = print_search(texts, a, v, e);
	} else {
		recommendation = text_of(text_recommendation, a);
		rc = print_fixed(texts, a, recommendation, e);
	}
	if (!rc && s->config->output.format != OUT_TEXT)
		print_records(s, a, v, v ? v->text : recommendation);
	return rc;
}

static void print_lines(struct study *s, char *text)
{
	for (char *rest = text, *line; (line = strsep(&rest, "\n")) && rest;)
		out_line(s->out, "%s", line);
}

int study_answer(struct study *s, enum results_experiment_state state, struct err *e)
{
	AUTO_FREE char *printed = NULL, *summaries = NULL, *recommendations = NULL;
	size_t len[3];
	struct texts texts = {
		open_memstream(&printed, &len[0]),
		open_memstream(&summaries, &len[1]),
		open_memstream(&recommendations, &len[2]),
	};
	int rc = texts.printed && texts.summaries && texts.recommendations
			 ? results_begin(s->results, e)
			 : err_set(e, errno, "cannot write the answer");
	bool begun = !rc;

	for (size_t i = 0; i < s->n_targets && !rc; i++)
		if (s->targets[i].n_configurations && study_reference(&s->targets[i]))
			rc = answer_target(s, &s->targets[i], &texts, e);
	if (texts.printed)
		fclose(texts.printed);
	if (texts.summaries)
		fclose(texts.summaries);
	if (texts.recommendations)
		fclose(texts.recommendations);
	if (!rc)
		rc = results_experiment_end(s->results, &s->experiment, state, summaries,
					    recommendations, e);
	if (!rc)
		rc = results_commit(s->results, e);
	if (rc) {
		if (begun)
			results_rollback(s->results);
		return rc;
	}
	print_lines(s, printed);
	return 0;
}
