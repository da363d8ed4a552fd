/* SPDX-License-Identifier: GPL-2.0-only */
/* rank.c - turns the codecs of a scan into candidates, asks the policy, puts its verdicts in order
 * and words. */
#include "rank.h"

#include <math.h>

#include "bench_kernel.h"
#include "readback.h"
#include "lib/base/term.h"
#include "lib/base/units.h"

#define BASELINE      "lz4:1"
#define NS_PER_MS_F64 1e6

const char *const rank_class_choices[] = { "hot", "warm", "cold", NULL };
const char *const rank_savings_choices[] = { "slot", "codec", NULL }; /* as enum policy_savings */

struct policy_settings rank_settings(const struct rank_config *config)
{
	static const double by_class[] = { POLICY_READBACK_HOT, POLICY_READBACK_WARM,
					   POLICY_READBACK_COLD };

	struct policy_settings ret = config->policy;

	ret.readback_factor = isnan(config->readback) ? by_class[config->class] : config->readback;
	ret.residence_s = (double)config->residence_ns / NS_PER_S;
	ret.savings = (enum policy_savings)config->savings;
	return ret;
}

/* "4242" is a process, anything else a store. */
static bool is_pid(const char *text, pid_t *ret)
{
	uint64_t pid;

	if (units_parse_u64(text, &pid, NULL) || pid < 1 || pid > INT32_MAX)
		return false;
	*ret = (pid_t)pid;
	return true;
}

static int read_readback(struct rank_config *config, struct err *e)
{
	struct readback readback;
	pid_t pid;
	int r;

	if (is_pid(config->readback_from, &pid))
		r = readback_from_pid(pid, config->watch_ns, &readback, e);
	else
		r = readback_from_store(config->readback_from, config->subject, &readback, e);
	if (r)
		return r;
	config->readback = readback.factor;
	if (config->residence_ns == MISSING_U64 && readback.residence_ns > 0)
		config->residence_ns = (uint64_t)readback.residence_ns;
	memcpy(config->source, readback.words, sizeof(config->source));
	config->readback_source = config->source;
	return 0;
}

static int read_costs(struct rank_config *config, const char *path, struct err *e)
{
	struct results *results AUTO_RESULTS = NULL;
	struct results_machine machine;
	ssize_t n = results_open(&results, path, RESULTS_READ, NULL, e);

	if (n)
		return (int)n;
	results_machine_read(NULL, &machine);
	n = results_calibrations_get(results, &machine, config->costs, e);
	if (n < 0)
		return (int)n;
	if (!n) {
		err_say(e, ENODATA, "%s has no calibration of this machine (Linux %s, %s)", path,
			machine.kernel, machine.cpu);
		return err_hint(
			e, "measure it: compressor_monitor calibrate --file FILE --store %s", path);
	}
	config->n_costs = (size_t)n;
	config->costs_from = path;
	return 0;
}

/* Those of a store that nobody named for it, the first that has any: without, the libraries' times
 * do. */
static void find_costs(struct rank_config *config)
{
	const char *const paths[] = { config->readback_from, RESULTS_USUAL_PATH };
	pid_t pid;

	for (size_t i = 0; i < ARRAY_SIZE(paths) && !config->n_costs; i++) {
		struct err e = { 0 };
		int r = paths[i] && !is_pid(paths[i], &pid) ? read_costs(config, paths[i], &e) : 0;

		if (r && r != -ENOENT && r != -ENODATA)
			term_warn("%s: CPU times are the libraries'", e.what);
	}
}

int rank_prepare(struct rank_config *config, struct err *e)
{
	int r = 0;

	if (config->readback_from && !isnan(config->readback))
		return err_usage(
			e,
			"--readback gives the factor: --readback-from has nothing left to measure");
	if (config->readback < 0)
		return err_usage(e, "--readback: pages are read back no less than 0 times");
	if (!(config->policy.heavy_below >= 0) || !(config->policy.price_gib_per_core >= 0))
		return err_usage(e, "--heavy-below and --price are 0 or more");
	if (config->subject && !config->readback_from)
		return err_usage(e, "--subject chooses among those of --readback-from STORE");
	if (config->no_calibration && config->kernel_costs)
		return err_usage(e, "--no-calibration leaves --kernel-costs nothing to do");
	if (config->readback_from)
		r = read_readback(config, e);
	if (!r && config->kernel_costs)
		r = read_costs(config, config->kernel_costs, e);
	else if (!r && !config->no_calibration)
		find_costs(config);
	if (config->residence_ns == MISSING_U64)
		config->residence_ns = RANK_RESIDENCE_NS;
	return r;
}

/* What the kernel's codec was measured to cost beside this library; NULL = not measured. Exact
 * models come first. */
static const struct results_calibration *cost_of(const struct rank_config *config,
						 const char *label)
{
	for (size_t i = 0; i < config->n_costs; i++)
		if (str_eq(config->costs[i].model, label))
			return &config->costs[i];
	return NULL;
}

static double ms_of(uint64_t ns, double factor)
{
	return ns == MISSING_U64 ? MISSING_F64 : (double)ns * factor / NS_PER_MS_F64;
}

static struct policy_candidate candidate_of(const struct rank_config *config,
					    const struct scan_codec_record *c)
{
	const struct results_calibration *cost = cost_of(config, c->label);
	double orig = (double)c->orig_bytes;

	return (struct policy_candidate){
		.name = c->label,
		.tier = c->heavy ? POLICY_HEAVY : POLICY_FAST,
		.baseline = str_eq(c->label, BASELINE),
		.failed = !str_eq(c->validation, "PASS"),
		.orig_bytes = orig,
		.saved_codec_bytes = orig - (double)c->codec_bytes,
		.saved_slot_bytes = orig - (double)c->slot_bytes,
		.compress_cpu_ms = ms_of(c->compress_cpu_ns, cost ? cost->compress_factor : 1),
		.decompress_cpu_ms =
			ms_of(c->decompress_cpu_ns, cost ? cost->decompress_factor : 1),
	};
}

size_t rank_candidates(const struct rank_config *config, const struct scan_result *scan,
		       struct policy_candidate *ret)
{
	for (size_t i = 0; i < scan->n_codecs; i++)
		ret[i] = candidate_of(config, &scan->codecs[i]);
	return scan->n_codecs;
}

static struct rank_candidate_record record_of(const char *subject, const struct policy_candidate *c,
					      const struct policy_verdict *v)
{
	return (struct rank_candidate_record){
		.rank = v->rank ? v->rank : MISSING_U64,
		.subject = subject,
		.label = c->name,
		.tier = c->tier == POLICY_HEAVY ? "heavy" : "fast",
		.saved_slot_ratio = c->saved_slot_bytes / c->orig_bytes,
		.saved_codec_ratio = c->saved_codec_bytes / c->orig_bytes,
		.saved_bytes = v->saved_bytes,
		.compress_cpu_ms = c->compress_cpu_ms,
		.decompress_cpu_ms = c->decompress_cpu_ms,
		.cost_cpu_ms = v->cost_cpu_ms,
		.fair_score = v->fair_score,
		.vs_baseline_ratio = v->vs_baseline_ratio,
		.value_gib_per_core =
			isfinite(v->value_gib_per_core) ? v->value_gib_per_core : MISSING_F64,
		.reason = policy_reason_name(v->reason),
	};
}

static void decide(const struct rank_config *config, const struct policy_settings *s,
		   const struct policy_candidate *candidates, const struct policy_verdict *verdicts,
		   int chosen, struct rank_result *ret)
{
	char why[160];

	ret->decision = (struct rank_decision_record){
		.readback_source = config->readback_source,
		.class = isnan(config->readback) ? rank_class_choices[config->class] : NULL,
		.readback_factor = s->readback_factor,
		.floor_ratio = s->floor_ratio,
		.heavy_below = s->heavy_below,
		.price_gib_per_core = s->price_gib_per_core,
		.residence_ns = config->residence_ns,
		.savings = rank_savings_choices[s->savings],
		.answer = ret->answer,
	};
	if (chosen == POLICY_NOTHING) {
		snprintf(ret->answer, sizeof(ret->answer),
			 "nothing is worth it: leave this memory uncompressed");
		return;
	}
	ret->decision.choice = candidates[chosen].name;
	snprintf(ret->answer, sizeof(ret->answer), "%s saves %.1f %% of %s: %s",
		 candidates[chosen].name, 100 * verdicts[chosen].saved_ratio,
		 s->savings == POLICY_SLOT ? "the memory" : "the bytes",
		 policy_explain(s, &candidates[chosen], &verdicts[chosen], why, sizeof(why)));
}

/* The policy asked for the pages of one class alone. */
static struct rank_class_record decide_class(const struct rank_config *config,
					     const struct policy_settings *s,
					     const struct scan_class_codec_record *codecs, size_t n,
					     char *why, size_t len)
{
	struct policy_candidate candidates[SCAN_CODECS_MAX] = { 0 };
	struct policy_verdict verdicts[SCAN_CODECS_MAX];
	struct rank_class_record ret = {
		.class = codecs[0].class,
		.pages = codecs[0].pages,
		.decision = "leave_alone",
		.why = why,
		.saved_ratio = MISSING_F64,
		.cost_cpu_ms = MISSING_F64,
	};
	int chosen;

	for (size_t i = 0; i < n; i++) {
		/* One that an earlier result has no figures for is no PASS. */
		struct scan_codec_record c = {
			.label = codecs[i].label,
			.heavy = codecs[i].heavy,
			.orig_bytes = codecs[i].orig_bytes,
			.codec_bytes = codecs[i].codec_bytes,
			.slot_bytes = codecs[i].slot_bytes,
			.compress_cpu_ns = codecs[i].compress_cpu_ns,
			.decompress_cpu_ns = codecs[i].decompress_cpu_ns,
			.validation = codecs[i].validation ?: "FAIL",
		};

		candidates[i] = candidate_of(config, &c);
	}
	chosen = policy_rank(s, candidates, n, verdicts);
	snprintf(why, len, "no codec is worth it for these pages");
	if (chosen == POLICY_NOTHING)
		return ret;
	ret.choice = candidates[chosen].name;
	ret.decision = candidates[chosen].tier == POLICY_HEAVY ? "heavy"
		       : candidates[chosen].baseline           ? "baseline"
							       : "fast";
	ret.saved_ratio = verdicts[chosen].saved_ratio;
	ret.cost_cpu_ms = verdicts[chosen].cost_cpu_ms;
	policy_explain(s, &candidates[chosen], &verdicts[chosen], why, len);
	return ret;
}

static void decide_classes(const struct rank_config *config, const struct policy_settings *s,
			   const struct scan_result *scan, struct rank_result *ret)
{
	ret->n_classes = 0;
	for (size_t class = 0; class < PAGE_CLASSES; class ++)
		if (scan->n_codecs && scan->by_class[class][0].pages) {
			size_t k = ret->n_classes++;

			ret->classes[k] =
				decide_class(config, s, scan->by_class[class], scan->n_codecs,
					     ret->class_why[k], sizeof(ret->class_why[k]));
		}
}

/* Whose times a candidate is judged by. */
static void name_costs(const char *label, const struct results_calibration *cost, char *buf,
		       size_t len)
{
	if (cost)
		snprintf(buf, len, "kernel %.32s", cost->algorithm);
	else if (kernel_spec_is(label))
		snprintf(buf, len, "kernel");
	else
		snprintf(buf, len, "library");
}

static void day_of(uint64_t unix_ns, char *buf, size_t len)
{
	time_t s = (time_t)(unix_ns / NS_PER_S);
	struct tm tm;

	if (!gmtime_r(&s, &tm) || !strftime(buf, len, "%Y-%m-%d", &tm))
		snprintf(buf, len, "an unknown day");
}

/* "study.db: lz4 of 2026-11-26 (off by 0.6 %), ...": those that a candidate is judged by. Returns
 * NULL for none. */
static const char *name_calibration(const struct rank_config *config,
				    const struct policy_candidate *candidates, size_t n, char *buf,
				    size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		const struct results_calibration *cost = cost_of(config, candidates[i].name);
		char day[32], error[32] = "not checked";
		double worst;

		if (!cost || at >= len)
			continue;
		worst = MAX(fabs(cost->compress_error_ratio), fabs(cost->decompress_error_ratio));
		day_of(cost->taken_unix_ns, day, sizeof(day));
		if (isfinite(worst))
			snprintf(error, sizeof(error), "off by %.1f %%", 100 * worst);
		at += (size_t)snprintf(buf + at, len - at, "%s%s %s of %s (%s)",
				       at ? "," : config->costs_from, at ? "" : ":",
				       cost->algorithm, day, error);
	}
	return at ? buf : NULL;
}

void rank_codecs(const struct rank_config *config, const struct scan_result *scan,
		 struct rank_result *ret)
{
	struct policy_settings settings = rank_settings(config);
	struct policy_candidate candidates[SCAN_CODECS_MAX] = { 0 };
	struct policy_verdict verdicts[SCAN_CODECS_MAX];
	size_t n = rank_candidates(config, scan, candidates), ineligible = n;
	const char *subject = scan->target[0] ? scan->target : NULL;
	int chosen;

	chosen = policy_rank(&settings, candidates, n, verdicts);
	ret->n = n;
	/* Ranks are 1, 2, 3, ...: each names its place; the others fill the end. */
	for (size_t i = n; i-- > 0;) {
		size_t place = verdicts[i].rank ? verdicts[i].rank - 1 : --ineligible;

		ret->candidates[place] = record_of(subject, &candidates[i], &verdicts[i]);
		name_costs(candidates[i].name, cost_of(config, candidates[i].name),
			   ret->costs[place], sizeof(ret->costs[place]));
		ret->candidates[place].costs = ret->costs[place];
		ret->candidates[place].why =
			policy_explain(&settings, &candidates[i], &verdicts[i], ret->why[place],
				       sizeof(ret->why[place]));
	}
	decide_classes(config, &settings, scan, ret);
	decide(config, &settings, candidates, verdicts, chosen, ret);
	ret->decision.subject = subject;
	ret->decision.calibration =
		name_calibration(config, candidates, n, ret->calibration, sizeof(ret->calibration));
}
