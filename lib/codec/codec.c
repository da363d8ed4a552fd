/* SPDX-License-Identifier: GPL-2.0-only */
/* codec.c - the table of codecs and how one is asked for by name and level. */
#include "codec.h"

#include <limits.h>

#include "lib/base/units.h"

#define DICTIONARY_DEFAULT (16 * KIB)

/* Every codec: add a line for a new one. */
#define CODECS(X) \
	X(lz4) \
	X(lzo_rle) \
	X(lzo) \
	X(lzo1x_1) \
	X(zstd) \
	X(deflate) \
	X(lz4hc) \
	X(zlib) \
	X(snappy) \
	X(lz4_dict) \
	X(zstd_dict) \
	X(zstd_crypto)

#define DECLARE(name) extern const struct codec codec_##name;
#define ADDRESS(name) &codec_##name,
CODECS(DECLARE)
const struct codec *const codec_all[] = { CODECS(ADDRESS) NULL };

const struct codec *codec_find(const char *name)
{
	for (size_t i = 0; codec_all[i]; i++)
		if (str_eq(codec_all[i]->name, name))
			return codec_all[i];
	return NULL;
}

static int unknown_codec(const char *spec, struct err *e)
{
	char names[256] = "";
	size_t n = 0;

	for (size_t i = 0; codec_all[i] && n < sizeof(names); i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "",
				      codec_all[i]->name);
	return err_usage(e, "codec '%s' not found; codecs: %s", spec, names);
}

static int parse_level(const struct codec *codec, const char *text, int *ret, struct err *e)
{
	char *end;
	long level;

	if (!codec->level_word)
		return err_usage(e, "codec %s takes no level, but got '%s'", codec->name, text);
	errno = 0;
	level = strtol(text, &end, 10);
	if (errno || end == text || (*end && *end != ':') || level < codec->level_min ||
	    level > codec->level_max)
		return err_usage(e, "codec %s: %s must be a whole number from %d to %d, not '%s'",
				 codec->name, codec->level_word, codec->level_min, codec->level_max,
				 text);
	*ret = (int)level;
	return 0;
}

/* The size behind the second colon. */
static int parse_dictionary(const struct codec *codec, const char *spec, size_t *ret, struct err *e)
{
	uint64_t bytes;

	if (!codec->set_dictionary)
		return err_usage(e, "codec %s takes no dictionary: '%s'", codec->name, spec);
	if (units_parse_size(spec, &bytes, NULL) || bytes < CODEC_DICTIONARY_MIN ||
	    bytes > CODEC_DICTIONARY_MAX)
		return err_usage(e, "codec %s: a dictionary must be from 4KiB to 64KiB, not '%s'",
				 codec->name, spec);
	*ret = bytes;
	return 0;
}

static void name_run(struct codec_run *run)
{
	char size[UNITS_TEXT_MAX];

	if (run->dictionary_bytes)
		snprintf(run->label, sizeof(run->label), "%.16s:%d:%s", run->codec->name,
			 run->level, units_exact_size(run->dictionary_bytes, size));
	else if (run->codec->level_word)
		snprintf(run->label, sizeof(run->label), "%s:%d", run->codec->name, run->level);
	else
		snprintf(run->label, sizeof(run->label), "%s", run->codec->name);
}

int codec_parse(struct codec_run *ret, const char *spec, struct err *e)
{
	const char *colon = strchr(spec, ':'), *second = colon ? strchr(colon + 1, ':') : NULL;
	struct codec_run run = { 0 };
	char name[CODEC_LABEL_MAX];
	int rc = 0;

	snprintf(name, sizeof(name), "%.*s", colon ? (int)MIN(colon - spec, INT_MAX) : INT_MAX,
		 spec);
	run.codec = codec_find(name);
	if (!run.codec)
		return unknown_codec(spec, e);
	run.level = run.codec->level_default;
	run.dictionary_bytes = run.codec->set_dictionary ? DICTIONARY_DEFAULT : 0;
	if (colon)
		rc = parse_level(run.codec, colon + 1, &run.level, e);
	if (!rc && second)
		rc = parse_dictionary(run.codec, second + 1, &run.dictionary_bytes, e);
	if (rc)
		return rc;
	name_run(&run);
	*ret = run;
	return 0;
}

static int open_run(struct codec_run *run, struct codec_run *ret, struct err *e)
{
	/* Parsed: it has a codec. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	run->state = run->codec->open(run->level);
	if (!run->state)
		return err_set(e, ENOMEM, "cannot set up codec %s", run->label);
	*ret = *run;
	return 0;
}

int codec_open(struct codec_run *ret, const char *spec, struct err *e)
{
	struct codec_run run = { 0 };
	int rc = codec_parse(&run, spec, e);

	if (rc)
		return rc;
	if (run.dictionary_bytes)
		return err_usage(
			e,
			"codec %s needs a dictionary trained on part of a corpus: only bench "
			"can do that",
			run.codec->name);
	return open_run(&run, ret, e);
}

int codec_open_trained(struct codec_run *ret, const char *spec, const struct codec_samples *samples,
		       struct err *e)
{
	struct codec_run run = { 0 };
	int rc = codec_parse(&run, spec, e);

	if (!rc && run.dictionary_bytes) {
		run.dictionary = malloc(run.dictionary_bytes);
		rc = run.dictionary ? codec_train(samples, run.dictionary, run.dictionary_bytes,
						  &run.dictionary_bytes, e)
				    : err_set(e, ENOMEM, "cannot set up codec %s", run.label);
	}
	if (!rc)
		rc = open_run(&run, &run, e);
	if (!rc && run.dictionary) {
		rc = run.codec->set_dictionary(run.state, run.dictionary, run.dictionary_bytes);
		if (rc)
			err_set(e, rc, "cannot give codec %s its dictionary", run.label);
	}
	if (rc) {
		codec_close(&run);
		return rc;
	}
	*ret = run;
	return 0;
}

void codec_close(struct codec_run *run)
{
	if (run->codec && run->state)
		run->codec->close(run->state);
	free(run->dictionary);
	run->state = run->dictionary = NULL;
}

const char *codec_for_kernel(const char *algorithm, bool crypto, bool *approximate)
{
	const struct codec_kernel *best = NULL;

	for (size_t i = 0; codec_all[i]; i++) {
		const struct codec_kernel *k = &codec_all[i]->kernel;

		if (k->algorithm && str_eq(k->algorithm, algorithm) && (k->crypto ? crypto : !best))
			best = k;
	}
	if (best && approximate)
		*approximate = best->approximate;
	return best ? best->label : NULL;
}

const char *codec_kernel_algorithm(size_t i)
{
	for (size_t k = 0; codec_all[k]; k++) {
		const struct codec_kernel *kernel = &codec_all[k]->kernel;

		if (kernel->algorithm && !kernel->crypto && i-- == 0)
			return kernel->algorithm;
	}
	return i == 0 ? "842" : NULL;
}
