/* SPDX-License-Identifier: GPL-2.0-only */
/* codec.c - the table of codecs and how one is asked for by name and level. */
#include "codec.h"

#include <limits.h>

#include "lib/base/units.h"

#define DICTIONARY_MIN     (4 * KIB)
#define DICTIONARY_MAX     (64 * KIB) /* lz4 looks back no farther */
#define DICTIONARY_DEFAULT (16 * KIB)

extern const struct codec codec_lz4, codec_lz4hc, codec_lzo, codec_lzo_rle, codec_lzo1x_1,
	codec_zstd, codec_deflate, codec_zlib, codec_snappy, codec_zstd_dict, codec_zstd_crypto,
	codec_lz4_dict;

const struct codec *const codec_all[] = {
	&codec_lz4,       &codec_lzo_rle,     &codec_lzo,  &codec_lzo1x_1, &codec_zstd,
	&codec_deflate,   &codec_lz4hc,       &codec_zlib, &codec_snappy,  &codec_lz4_dict,
	&codec_zstd_dict, &codec_zstd_crypto, NULL
};

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
	return err_usage(e, "no codec '%s'; there are: %s", spec, names);
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
	if (units_parse_size(spec, &bytes, NULL) || bytes < DICTIONARY_MIN ||
	    bytes > DICTIONARY_MAX)
		return err_usage(e, "codec %s: a dictionary has 4KiB to 64KiB, not '%s'",
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
	int r = 0;

	snprintf(name, sizeof(name), "%.*s", colon ? (int)MIN(colon - spec, INT_MAX) : INT_MAX,
		 spec);
	run.codec = codec_find(name);
	if (!run.codec)
		return unknown_codec(spec, e);
	run.level = run.codec->level_default;
	run.dictionary_bytes = run.codec->set_dictionary ? DICTIONARY_DEFAULT : 0;
	if (colon)
		r = parse_level(run.codec, colon + 1, &run.level, e);
	if (!r && second)
		r = parse_dictionary(run.codec, second + 1, &run.dictionary_bytes, e);
	if (r)
		return r;
	name_run(&run);
	*ret = run;
	return 0;
}

static int open_run(struct codec_run *run, struct codec_run *ret, struct err *e)
{
	run->state = run->codec->open(run->level);
	if (!run->state)
		return err_set(e, ENOMEM, "cannot set up codec %s", run->label);
	*ret = *run;
	return 0;
}

int codec_open(struct codec_run *ret, const char *spec, struct err *e)
{
	struct codec_run run;
	int r = codec_parse(&run, spec, e);

	if (r)
		return r;
	if (run.dictionary_bytes)
		return err_usage(e,
				 "codec %s takes a dictionary trained on part of a corpus: that is "
				 "for bench",
				 run.codec->name);
	return open_run(&run, ret, e);
}

int codec_open_trained(struct codec_run *ret, const char *spec, const struct codec_samples *samples,
		       struct err *e)
{
	struct codec_run run;
	int r = codec_parse(&run, spec, e);

	if (!r && run.dictionary_bytes) {
		run.dictionary = malloc(run.dictionary_bytes);
		r = run.dictionary ? codec_train(samples, run.dictionary, run.dictionary_bytes,
						 &run.dictionary_bytes, e)
				   : err_set(e, ENOMEM, "cannot set up codec %s", run.label);
	}
	if (!r)
		r = open_run(&run, &run, e);
	if (!r && run.dictionary) {
		r = run.codec->set_dictionary(run.state, run.dictionary, run.dictionary_bytes);
		if (r)
			err_set(e, r, "cannot give codec %s its dictionary", run.label);
	}
	if (r) {
		codec_close(&run);
		return r;
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
	static const struct {
		const char *kernel, *spec;
		bool approximate;
	} table[] = {
		{ "lz4", "lz4:1", false },       { "lzo", "lzo", false },
		{ "lzo-rle", "lzo-rle", false }, { "zstd", "zstd:3", true },
		{ "deflate", "zlib:6", false },  { "lz4hc", "lz4hc:9", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (!str_eq(table[i].kernel, algorithm))
			continue;
		if (approximate)
			*approximate = table[i].approximate;
		return crypto && str_eq(algorithm, "zstd") ? "zstd-crypto:3" : table[i].spec;
	}
	return NULL;
}
