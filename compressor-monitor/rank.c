/* SPDX-License-Identifier: GPL-2.0-only */
/* rank.c - settles the readback factor and the calibrations, ranks, prints. The arithmetic is in
 * lib/analysis/rank.c.
 */
#include "rank.h"

#include <math.h>

#include "lib/base/term.h"
#include "lib/kernel/zram_config.h"
#include "plot_front.h"
#include "readback.h"

const char *const rank_class_choices[] = { "hot", "warm", "cold", NULL };
const char *const rank_savings_choices[] = { "slot", "codec", NULL }; /* as enum policy_savings */

const char *const rank_recompress_choices[] = { "auto", "yes", "no", NULL };

static bool factor_is_given(const struct rank_config *config)
{
	return !isnan(config->readback) || config->class >= 0;
}

static bool factor_is_from_db(const struct rank_config *config)
{
	return config->db && !config->readback_pid && !factor_is_given(config);
}

static int check(const struct rank_config *config, struct err *e)
{
	if (config->readback_pid && factor_is_given(config))
		return err_usage(e, "--readback-pid measures the readback factor: leave out "
				    "--readback and --class");
	if (config->readback < 0)
		return err_usage(e, "--readback: the readback factor must be 0 or more");
	if (!(config->policy.heavy_below >= 0) || !(config->policy.price_gib_per_core >= 0))
		return err_usage(e, "--heavy-below and --price must be 0 or more");
	if (config->target && !factor_is_from_db(config))
		return err_usage(e, "--target names the target in --db whose readback factor is "
				    "used: leave out --readback, --readback-pid and --class");
	return 0;
}

static int measure_readback(const struct rank_config *config, struct rank_setup *s, struct err *e)
{
	struct readback readback;
	int rc = config->readback_pid ? readback_from_pid(config->readback_pid, config->duration_ns,
							  &readback, e)
				      : readback_from_db(config->db, config->target, &readback, e);

	if (rc)
		return rc;
	s->query.policy.readback_factor = readback.factor;
	if (s->residence_ns == MISSING_U64 && readback.residence_ns > 0)
		s->residence_ns = (uint64_t)readback.residence_ns;
	snprintf(s->readback_source, sizeof(s->readback_source), "%s", readback.source);
	return 0;
}

static int choose_factor(const struct rank_config *config, struct rank_setup *s, struct err *e)
{
	static const double by_class[] = { POLICY_READBACK_HOT, POLICY_READBACK_WARM,
					   POLICY_READBACK_COLD };
	int class = config->class < 0 ? RANK_WARM : config->class;

	if (config->readback_pid || factor_is_from_db(config)) {
		int rc = measure_readback(config, s, e);

		/* A database may have nothing but calibrations. */
		s->no_study = rc == -ENOMSG && !config->target;
		if (!s->no_study)
			return rc;
	}
	s->query.policy.readback_factor = config->readback;
	if (isnan(config->readback)) {
		s->class = rank_class_choices[class];
		s->query.policy.readback_factor = by_class[class];
	}
	return 0;
}

static int read_calibrations(const char *path, struct rank_setup *s, struct err *e)
{
	struct results *results AUTO_RESULTS = NULL;
	struct results_machine machine;
	ssize_t n = results_open(&results, path, RESULTS_READ, NULL, e);

	if (n)
		return (int)n;
	results_machine_read(NULL, &machine);
	n = results_calibrations_get(results, &machine, s->calibrations, e);
	if (n < 0)
		return (int)n;
	if (!n) {
		err_say(e, ENODATA, "%s has no calibration of this machine (Linux %s, %s)", path,
			machine.kernel, machine.cpu);
		return err_hint(e, "measure it: compressor_monitor calibrate --file FILE --db %s",
				path);
	}
	s->query.calibrations = s->calibrations;
	s->query.n_calibrations = (size_t)n;
	s->query.calibration_source = path;
	return 0;
}

/* Without calibrations the libraries' CPU times are used. That is an error only where a database
 * was named that has nothing else to give.
 */
static int find_calibrations(const struct rank_config *config, struct rank_setup *s, struct err *e)
{
	struct err why = { 0 };
	int rc;

	if (config->no_calibration)
		return 0;
	rc = read_calibrations(config->db ? config->db : RESULTS_USUAL_PATH, s, &why);
	if (!rc || (!config->db && (rc == -ENOENT || rc == -ENODATA)))
		return 0;
	if (config->db && (s->no_study || !factor_is_from_db(config))) {
		if (s->no_study && rc == -ENODATA)
			return err_say(e, ENODATA,
				       "%s has no study and no calibration of this machine",
				       config->db);
		if (e)
			*e = why;
		return rc;
	}
	term_warn("%s: CPU times are those of the libraries", why.what);
	return 0;
}

/* What the first zram device says: all have the same attributes. */
static bool kernel_recompresses(void)
{
	struct zram_features features;
	struct zram_list list;

	if (zram_list_read(NULL, &list, NULL) || !list.n)
		return false;
	zram_features_read(NULL, list.devices[0].id, &features);
	return features.recompress;
}

int rank_prepare(const struct rank_config *config, struct rank_setup *ret, struct err *e)
{
	int rc = check(config, e);

	if (rc)
		return rc;
	memset(ret, 0, sizeof(*ret));
	ret->query.policy = config->policy;
	ret->query.policy.savings = (enum policy_savings)config->savings;
	ret->query.policy.recompress =
		config->recompress == RANK_RECOMPRESS_YES ||
		(config->recompress == RANK_RECOMPRESS_AUTO && kernel_recompresses());
	ret->residence_ns = config->residence_ns;
	rc = choose_factor(config, ret, e);
	if (!rc)
		rc = find_calibrations(config, ret, e);
	if (rc)
		return rc;
	if (ret->residence_ns == MISSING_U64)
		ret->residence_ns = RANK_RESIDENCE_NS;
	ret->query.policy.residence_s = (double)ret->residence_ns / NS_PER_S;
	return 0;
}

/* ---- printing ---- */
static int print_range(void *ctx, const struct rank_range *range)
{
	return out_record(ctx, &rank_sweep_type, range);
}

static void print_class(struct out *out, const struct rank_query *all, enum page_class class,
			const struct rank_codec *codecs, size_t n)
{
	struct rank_query query = *all;
	struct ranking ranking;
	struct rank_class_record record;

	query.same_bytes = 0;
	rank_codecs(&query, codecs, n, &ranking);
	record = (struct rank_class_record){
		.class = page_class_name(class),
		.decision = ranking.decision,
		.choice = ranking.choice,
		.recompress = ranking.recompress,
		.pages = codecs[0].orig_bytes / PAGE_BYTES,
		.saved_ratio = ranking.saved_ratio,
		.cost_cpu_ms = ranking.cost_cpu_ms,
		.why = ranking.why,
	};
	out_record(out, &rank_class_type, &record);
}

static void print_decision(struct out *out, const struct rank_setup *s,
			   const struct ranking *ranking)
{
	const struct policy_settings *policy = &s->query.policy;
	struct rank_decision_record record = {
		.target = s->query.target,
		.decision = ranking->decision,
		.choice = ranking->choice,
		.recompress = ranking->recompress,
		.answer = ranking->answer,
		.saved_ratio = ranking->saved_ratio,
		.saved_low_ratio = ranking->saved_low_ratio,
		.saved_high_ratio = ranking->saved_high_ratio,
		.no_codec_ratio = ranking->no_codec_ratio,
		.cost_cpu_ms = ranking->cost_cpu_ms,
		.win_ratio = ranking->sureness.win_ratio,
		.runner_up = ranking->sureness.runner_up[0] ? ranking->sureness.runner_up : NULL,
		.runner_up_ratio = ranking->sureness.runner_up_ratio,
		.class = s->class,
		.readback_factor = policy->readback_factor,
		.readback_source = s->readback_source[0] ? s->readback_source : NULL,
		.floor_ratio = policy->floor_ratio,
		.heavy_below = policy->heavy_below,
		.price_gib_per_core = policy->price_gib_per_core,
		.residence_ns = s->residence_ns,
		.savings = rank_savings_choices[policy->savings],
		.calibration = ranking->calibration[0] ? ranking->calibration : NULL,
	};

	out_record(out, &rank_decision_type, &record);
}

int rank_print(const struct rank_config *config, struct rank_setup *setup,
	       const struct rank_input *input, struct out *out, uint64_t *n, size_t *n_classes,
	       struct err *e)
{
	struct ranking ranking;
	struct rank_front front[RANK_CODECS_MAX];
	size_t n_front;
	int rc;

	setup->query.target = input->target[0] ? input->target : NULL;
	setup->query.same_bytes = input->same_bytes;
	setup->query.unsampled_ratio = input->unsampled_ratio;
	rank_codecs(&setup->query, input->codecs, input->n, &ranking);
	n_front = rank_pareto(&ranking, front);
	rc = config->plot ? plot_front_write(config->plot, &setup->query, &ranking, e) : 0;
	if (rc)
		return rc;
	for (size_t i = 0; i < ranking.n; i++)
		out_record(out, &rank_candidate_type, &ranking.candidates[i]);
	for (size_t i = 0; i < n_front; i++)
		out_record(out, &rank_front_type, &front[i]);
	for (size_t class = 0; class < PAGE_CLASSES; class ++)
		if (input->n && input->classes[class][0].orig_bytes) {
			print_class(out, &setup->query, class, input->classes[class], input->n);
			++*n_classes;
		}
	print_decision(out, setup, &ranking);
	if (config->sweep)
		rank_sweep(&setup->query, input->codecs, input->n, print_range, out);
	*n += ranking.n;
	return 0;
}
