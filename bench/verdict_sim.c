/* SPDX-License-Identifier: GPL-2.0-only */
/* verdict_sim.c - how often the verdict is right, over simulated programs (verdict_model.h).
 *
 *   build/bench/verdict_sim [STUDIES]     2,000 for each spread of the run times by default
 *
 * First the test of pairs alone: reference against reference, planted slowdowns of 5 % and 20 % at
 * n = 10, and a slowdown exactly at the bound. Then whole studies at a bound of 5 %; their columns
 * are
 *
 *   saves tie none open   shares of the verdicts; open is "not decided"
 *   right                 share whose limit really keeps the bound: of all verdicts, of those that
 * save miss                  "none", although 5 % of the RAM could be saved left, p90 RAM left on
 * the table: mean RAM at the verdict (the reference's where nothing is saved) minus the least
 * possible, over the reference's; median and 90th percentile, of the verdicts that save, then of
 * all used, long            share of the budget used, and in runs of more than twice the reference
 *
 * "edge" breaks the bound barely at every limit, so that each claim is wrong; "same" is reference
 * against reference: it must neither save nor be slower.
 */
#include "bench/verdict_model.h"
#include "lib/analysis/verdict.h"

#define BOUND 0.05

static const double cvs[] = { 0.01, 0.03, 0.10 };

static double log_time(struct model *m, bool outliers)
{
	double x;

	m->drift = 0.95 * m->drift + 0.15 * m->cv * model_normal(m);
	x = m->cv * model_normal(m) + m->drift;
	if (outliers && model_uniform(m, 0, 1) < 0.02)
		x += model_uniform(m, 0.05, 0.30);
	return x;
}

static void draw_pairs(struct model *m, double slowdown, size_t n, bool outliers, double *x)
{
	for (size_t i = 0; i < n; i++) {
		double reference = log_time(m, outliers);

		x[i] = slowdown + log_time(m, outliers) - reference;
	}
}

/* Of `trials` times n pairs: shares with the estimate above 0, with the two-sided 95 % interval
 * wholly on one side of 0, with the lower one-sided 95 % bound above 0.
 */
struct found {
	double upwards, differs, slower;
};

static struct found share_found(double slowdown, double cv, size_t n, bool outliers, size_t trials)
{
	struct found f = { 0 };
	double x[PAIRED_MAX];
	struct model m;

	model_init(&m, SAME, cv, 2e9, 4242);
	for (size_t i = 0; i < trials; i++) {
		struct stats_interval two_sided, one_sided;

		draw_pairs(&m, slowdown, n, outliers, x);
		if (stats_walsh_interval(x, n, 0.95, &two_sided, NULL) ||
		    stats_walsh_interval(x, n, 0.90, &one_sided, NULL))
			continue;
		f.upwards += two_sided.estimate > 0;
		f.differs += two_sided.low > 0 || two_sided.high < 0;
		f.slower += one_sided.low > 0;
	}
	return (struct found){ 100 * f.upwards / (double)trials, 100 * f.differs / (double)trials,
			       100 * f.slower / (double)trials };
}

/* Share of stages of `planned` pairs that pass although the slowdown is exactly the bound. */
static double share_passed(double cv, double alpha, size_t planned, size_t trials)
{
	double x[PAIRED_MAX], passed = 0;
	struct model m;

	model_init(&m, SAME, cv, 2e9, 97 + planned);
	for (size_t i = 0; i < trials; i++) {
		struct paired_test test;
		bool holds = false;

		draw_pairs(&m, log(1 + BOUND), planned, true, x);
		for (size_t n = PAIRED_MIN; n <= planned && !holds; n++)
			holds = paired_looks_now(planned, n) &&
				!paired_test(x, n, log(1 + BOUND), paired_alpha(alpha, planned, n),
					     &test) &&
				test.outcome == PAIRED_HOLDS;
		passed += holds;
	}
	return passed / (double)trials;
}

static void pairs_alone(size_t trials)
{
	const double slowdowns[] = { 0, 0.05, 0.20 }, levels[] = { 0.05, 0.025 };

	printf("n = 10 pairs, %zu times: share %% with the right direction, the two-sided 95 %% "
	       "interval\n"
	       "without 0, the one-sided 95 %% bound above 0\n",
	       trials);
	for (size_t c = 0; c < ARRAY_SIZE(cvs); c++)
		for (size_t i = 0; i < ARRAY_SIZE(slowdowns); i++)
			for (int outliers = 0; outliers < 2; outliers++) {
				struct found f = share_found(log(1 + slowdowns[i]), cvs[c], 10,
							     outliers, trials);

				printf("  cv=%.0f%% planted=%.0f%% outliers=%s: %5.1f %5.1f "
				       "%5.1f\n",
				       cvs[c] * 100, slowdowns[i] * 100, outliers ? "2%" : "no",
				       f.upwards, f.differs, f.slower);
			}
	printf("slowdown exactly at the bound, cv=3%%: share %% of stages that pass, level 0.05 "
	       "and 0.025\n");
	for (size_t n = 5; n <= PAIRED_MAX; n += n < 10 ? 1 : n < 20 ? 5 : 20) {
		printf("  planned=%zu:", n);
		for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
			printf(" %4.1f", 100 * share_passed(0.03, levels[i], n, 2 * trials));
		printf("\n");
	}
}

struct tally {
	size_t studies, verdicts[4], wrong, wrong_none, slower;
	double used, longer, runs;
	double *left, *left_saves;
	size_t n_left, n_saves;
};

static void add(struct tally *t, const struct model *m, const struct search *s,
		const struct verdict *v)
{
	double bound = log(1 + BOUND), best = model_best_ram(m, s->config.n_algos, bound), ram = 1;
	bool saves = v->kind == VERDICT_SAVES || v->kind == VERDICT_TIE;
	double longer = 0;

	t->studies++;
	t->verdicts[v->kind]++;
	if (saves) {
		t->wrong += model_slowdown(m, v->algo, v->limit_ratio) > bound;
		ram = model_ram(m, v->algo, v->limit_ratio);
		t->left_saves[t->n_saves++] = ram - best;
	}
	t->slower += v->kind == VERDICT_NONE && v->why == VERDICT_SLOWER;
	t->wrong_none += v->kind == VERDICT_NONE && best < 0.95;
	t->left[t->n_left++] = ram - best;
	for (size_t i = 0; i < s->n_runs; i++)
		if ((double)s->run[i].elapsed_ns > 2 * m->reference_ns)
			longer += (double)s->run[i].wall_ns;
	t->used += (double)s->spent_ns / (double)s->budget_ns;
	t->longer += longer / (double)s->budget_ns;
	t->runs += (double)s->n_runs;
}

static void tally_init(struct tally *t, size_t most)
{
	*t = (struct tally){ .left = calloc(most, sizeof(double)),
			     .left_saves = calloc(most, sizeof(double)) };
	if (!t->left || !t->left_saves)
		exit(1);
}

static void print(const char *name, struct tally *t)
{
	double n = (double)t->studies;
	size_t saves = t->verdicts[VERDICT_SAVES] + t->verdicts[VERDICT_TIE];

	stats_sort(t->left, t->n_left);
	stats_sort(t->left_saves, t->n_saves);
	printf("%-28s %5zu %5.1f %5.1f %5.1f %5.1f | %6.2f %6.2f %5.1f | %5.1f %5.1f %5.1f %5.1f | "
	       "%4.0f %4.1f %4.0f\n",
	       name, t->studies, 100 * (double)t->verdicts[VERDICT_SAVES] / n,
	       100 * (double)t->verdicts[VERDICT_TIE] / n,
	       100 * (double)t->verdicts[VERDICT_NONE] / n,
	       100 * (double)t->verdicts[VERDICT_UNDECIDED] / n, 100 - 100 * (double)t->wrong / n,
	       saves ? 100 - 100 * (double)t->wrong / (double)saves : MISSING_F64,
	       100 * (double)t->wrong_none / n,
	       100 * stats_quantile(t->left_saves, t->n_saves, 0.5),
	       100 * stats_quantile(t->left_saves, t->n_saves, 0.9),
	       100 * stats_quantile(t->left, t->n_left, 0.5),
	       100 * stats_quantile(t->left, t->n_left, 0.9), 100 * t->used / n,
	       100 * t->longer / n, t->runs / n);
	free(t->left);
	free(t->left_saves);
}

static const char *const kind_name[] = { "steep",          "flat", "cliff", "nothing",
					 "incompressible", "edge", "same" };
static const double references[] = { 2e9, 20e9 };

static int cell(enum model_kind kind, double cv, double reference, size_t studies,
		struct tally *all)
{
	struct tally t;
	char name[64];

	tally_init(&t, studies);
	for (size_t i = 0; i < studies; i++) {
		struct search_config config = {
			.max_slowdown = BOUND,
			.seed = i,
			.n_algos = MODEL_ALGOS,
			.predicted_ratio = { NAN, NAN, NAN },
		};
		struct model m;
		struct search *s = NULL;
		struct verdict v;
		int rc;

		model_init(&m, kind, cv, reference,
			   i * 1000003 + (uint64_t)kind * 101 + (uint64_t)(cv * 1e4));
		rc = model_study(&m, &config, &s);
		if (!rc)
			rc = verdict_of(s, &v);
		if (rc) {
			search_free(s);
			return rc;
		}
		add(&t, &m, s, &v);
		add(all, &m, s, &v);
		search_free(s);
	}
	snprintf(name, sizeof(name), "%s cv=%.0f%% ref=%.0fs", kind_name[kind], cv * 100,
		 reference / 1e9);
	print(name, &t);
	return 0;
}

int main(int argc, char **argv)
{
	size_t studies = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000;
	size_t each = MAX((size_t)1, studies / 10);

	pairs_alone(2000);
	printf("\n%-28s %5s %5s %5s %5s %5s | %6s %6s %5s | %5s %5s %5s %5s | %4s %4s %4s\n",
	       "program", "n", "saves", "tie", "none", "open", "right", "saves", "none", "left",
	       "p90", "all", "p90", "used", "long", "runs");
	printf("%-28s %5s %5s %5s %5s %5s | %6s %6s %5s | %5s %5s %5s %5s | %4s %4s %4s\n", "", "",
	       "%", "%", "%", "%", "%", "right%", "miss%", "%", "%", "%", "%", "%", "%", "");
	for (size_t c = 0; c < ARRAY_SIZE(cvs); c++) {
		struct tally all;
		char name[32];

		tally_init(&all, studies + 20);
		for (size_t r = 0; r < ARRAY_SIZE(references); r++)
			for (enum model_kind kind = STEEP; kind < EDGE; kind++)
				if (cell(kind, cvs[c], references[r], each, &all))
					return 1;
		snprintf(name, sizeof(name), "ALL cv=%.0f%%", cvs[c] * 100);
		print(name, &all);
		for (enum model_kind kind = EDGE; kind <= SAME; kind++) {
			struct tally own;

			tally_init(&own, studies);
			if (cell(kind, cvs[c], 2e9, studies, &own))
				return 1;
			printf("  false decisions of %zu: %.1f%%\n", own.studies,
			       100 *
				       (double)(own.verdicts[VERDICT_SAVES] +
						own.verdicts[VERDICT_TIE] +
						(kind == SAME ? own.slower : 0)) /
				       (double)own.studies);
			free(own.left);
			free(own.left_saves);
		}
	}
	return 0;
}
