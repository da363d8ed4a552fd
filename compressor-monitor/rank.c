/* SPDX-License-Identifier: GPL-2.0-only */
/* rank.c - turns the codecs of a scan into candidates, asks the policy, puts its verdicts in order and words. */
#include "rank.h"

#include <json-c/json.h>
#include <math.h>

#define BASELINE	"lz4:1"
#define NS_PER_MS_F64	1e6

const char *const rank_class_choices[] = { "hot", "warm", "cold", NULL };
const char *const rank_savings_choices[] = { "slot", "codec", NULL };	/* as enum policy_savings */

static struct policy_settings settings_of(const struct rank_config *config)
{
	static const double by_class[] = { POLICY_READBACK_HOT, POLICY_READBACK_WARM, POLICY_READBACK_COLD };

	struct policy_settings ret = config->policy;

	ret.readback_factor = isnan(config->readback) ? by_class[config->class] : config->readback;
	ret.residence_s = (double)config->residence_ns / NS_PER_S;
	ret.savings = (enum policy_savings)config->savings;
	return ret;
}

static struct policy_candidate candidate_of(const struct scan_codec_record *c)
{
	double orig = (double)c->orig_bytes;

	return (struct policy_candidate){
		.name = c->label,
		.tier = c->heavy ? POLICY_HEAVY : POLICY_FAST,
		.baseline = str_eq(c->label, BASELINE),
		.failed = !str_eq(c->validation, "PASS"),
		.orig_bytes = orig,
		.saved_codec_bytes = orig - (double)c->codec_bytes,
		.saved_slot_bytes = orig - (double)c->slot_bytes,
		.compress_cpu_ms = (double)c->compress_cpu_ns / NS_PER_MS_F64,
		.decompress_cpu_ms = (double)c->decompress_cpu_ns / NS_PER_MS_F64,
	};
}

static struct rank_candidate_record record_of(const struct policy_candidate *c, const struct policy_verdict *v)
{
	return (struct rank_candidate_record){
		.rank = v->rank ? v->rank : MISSING_U64,
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
		.value_gib_per_core = isfinite(v->value_gib_per_core) ? v->value_gib_per_core : MISSING_F64,
		.reason = policy_reason_name(v->reason),
	};
}

static void decide(const struct rank_config *config, const struct policy_settings *s,
		   const struct policy_candidate *candidates, const struct policy_verdict *verdicts, int chosen,
		   struct rank_result *ret)
{
	char why[160];

	ret->decision = (struct rank_decision_record){
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
		snprintf(ret->answer, sizeof(ret->answer), "nothing is worth it: leave this memory uncompressed");
		return;
	}
	ret->decision.choice = candidates[chosen].name;
	snprintf(ret->answer, sizeof(ret->answer), "%s saves %.1f %% of %s: %s", candidates[chosen].name,
		 100 * verdicts[chosen].saved_ratio, s->savings == POLICY_SLOT ? "the memory" : "the bytes",
		 policy_explain(s, &candidates[chosen], &verdicts[chosen], why, sizeof(why)));
}

void rank_codecs(const struct rank_config *config, const struct scan_result *scan, struct rank_result *ret)
{
	struct policy_settings settings = settings_of(config);
	struct policy_candidate candidates[SCAN_CODECS_MAX] = { 0 };
	struct policy_verdict verdicts[SCAN_CODECS_MAX];
	size_t n = scan->n_codecs, ineligible = n;
	int chosen;

	for (size_t i = 0; i < n; i++)
		candidates[i] = candidate_of(&scan->codecs[i]);
	chosen = policy_rank(&settings, candidates, n, verdicts);
	ret->n = n;
	/* Ranks are 1, 2, 3, ...: each names its place; the others fill the end. */
	for (size_t i = n; i-- > 0;) {
		size_t place = verdicts[i].rank ? verdicts[i].rank - 1 : --ineligible;

		ret->candidates[place] = record_of(&candidates[i], &verdicts[i]);
		ret->candidates[place].why = policy_explain(&settings, &candidates[i], &verdicts[i], ret->why[place],
							    sizeof(ret->why[place]));
	}
	decide(config, &settings, candidates, verdicts, chosen, ret);
}

/* ---- earlier scans ---------------------------------------------------------------------------------- */
static bool get_u64(struct json_object *o, const char *key, uint64_t *ret)
{
	struct json_object *value = json_object_object_get(o, key);

	if (!json_object_is_type(value, json_type_int))
		return false;
	*ret = json_object_get_uint64(value);
	return true;
}

static const char *get_text(struct json_object *o, const char *key)
{
	struct json_object *value = json_object_object_get(o, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

/* One scan_codec line. Only what the policy needs is taken. */
static int take_codec(struct json_object *o, struct scan_result *ret)
{
	struct scan_codec_record c = { 0 };
	struct json_object *heavy = json_object_object_get(o, "heavy");
	const char *label = get_text(o, "label"), *validation = get_text(o, "validation");

	if (!label || !validation || !json_object_is_type(heavy, json_type_boolean) ||
	    !get_u64(o, "orig_bytes", &c.orig_bytes) || !get_u64(o, "codec_bytes", &c.codec_bytes) ||
	    !get_u64(o, "slot_bytes", &c.slot_bytes) || !get_u64(o, "compress_cpu_ns", &c.compress_cpu_ns) ||
	    !get_u64(o, "decompress_cpu_ns", &c.decompress_cpu_ns) || ret->n_codecs == SCAN_CODECS_MAX)
		return -EBADMSG;
	c.heavy = json_object_get_boolean(heavy);
	c.validation = str_eq(validation, "PASS") ? "PASS" : "FAIL";
	c.label = ret->labels[ret->n_codecs];
	snprintf(ret->labels[ret->n_codecs], sizeof(ret->labels[0]), "%s", label);
	ret->codecs[ret->n_codecs++] = c;
	return 0;
}

static const char how_to_make[] = "make the file with: compressor_monitor scan --format json --output FILE ...";

int rank_read_json(const char *path, struct scan_result *ret, struct err *e)
{
	AUTO_FCLOSE FILE *f = fopen(path, "re");
	AUTO_FREE char *line = NULL;
	size_t size = 0, number = 0;

	*ret = (struct scan_result){ 0 };
	if (!f)
		return err_set(e, errno, "cannot open %s", path);
	while (getline(&line, &size, f) > 0) {
		struct json_object *o = json_tokener_parse(line);
		const char *type = get_text(o, "type");
		int r = !type ? -EBADMSG : str_eq(type, "scan_codec") ? take_codec(o, ret) : 0;

		number++;
		json_object_put(o);
		if (r) {
			err_say(e, EBADMSG, "%s, line %zu: not a record of a scan", path, number);
			return err_hint(e, "%s", how_to_make);
		}
	}
	if (!ret->n_codecs) {
		err_say(e, ENODATA, "no scan_codec record in %s", path);
		return err_hint(e, "%s", how_to_make);
	}
	return 0;
}
