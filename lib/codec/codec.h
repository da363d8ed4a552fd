/* SPDX-License-Identifier: GPL-2.0-only */
/* codec.h - one descriptor per compression library, the same calls for all of them.
 *
 * A codec is a file in this directory that ends in its descriptor, and a line in codec.c. States
 * are not shared between threads. Decompression is bounded: damaged input gives an error, never a
 * write beyond cap.
 */
#ifndef COLDPRESS_CODEC_H
#define COLDPRESS_CODEC_H

#include "lib/base/err.h"

struct codec {
	const char *name;       /* "zstd" */
	const char *level_word; /* "level", "acceleration"; NULL = there is only one mode */
	int level_min, level_max;
	int level_default;
	bool entropy; /* codes bytes by how frequent they are, besides repeats */
	bool heavy;   /* costs a multiple of a fast codec: must earn its CPU (lib/policy) */
	void *(*open)(int level);    /* NULL = no memory */
	void (*close)(void *state);  /* NULL-safe */
	size_t (*bound)(size_t len); /* largest compressed length of len bytes */
	/* Both return the bytes written, or -EIO: does not fit in cap, or not this codec's data. */
	ssize_t (*compress)(void *state, const void *src, size_t len, void *dst, size_t cap);
	ssize_t (*decompress)(void *state, const void *src, size_t len, void *dst, size_t cap);
	/* NULL = takes no dictionary. The bytes must stay as long as the state. Before it, the
	 * codec works without one. -ENOMEM, -EINVAL: not a dictionary for this codec.
	 */
	int (*set_dictionary)(void *state, const void *dictionary, size_t len);
};

/* Every codec there is; ends with NULL. */
extern const struct codec *const codec_all[];

/* codec_find - by name, NULL if there is none. */
const struct codec *codec_find(const char *name);

#define CODEC_LABEL_MAX 32

/* Pages one after the other, to train a dictionary on. */
struct codec_samples {
	const void *pages;
	size_t page_bytes, n;
};

/* codec_train - a dictionary of at most cap bytes from samples, by libzstd's trainer (zdict.h), for
 * every codec that takes one. *len: what it came to. errors  -ENODATA too few samples, or too alike
 */
int codec_train(const struct codec_samples *samples, void *dictionary, size_t cap, size_t *len,
		struct err *e);

/* A codec at a level, open for use by one thread. */
struct codec_run {
	const struct codec *codec;
	int level;
	size_t dictionary_bytes; /* as asked for; 0 = without */
	void *state, *dictionary;
	char label[CODEC_LABEL_MAX]; /* "zstd:3"; "lzo1x-1" where there is only one mode;
					"zstd-dict:3:16KiB" */
};

/* codec_parse - what a spec names, without opening it (state NULL). Specs are NAME, NAME:LEVEL, and
 * for codecs with a dictionary NAME:LEVEL:SIZE, 4KiB to 64KiB.
 *
 * errors  usage: no such codec, level or size (the message lists them)
 */
int codec_parse(struct codec_run *ret, const char *spec, struct err *e);

/* codec_open - from "zstd:3", or "zstd" at its default level.
 *
 * errors  usage: no such codec or level (the message lists them), or one that takes a dictionary;
 * -ENOMEM
 */
int codec_open(struct codec_run *ret, const char *spec, struct err *e);

/* codec_open_trained - as codec_open; for a codec that takes a dictionary, one of the size in its
 * spec is trained on the samples first (dictionary_bytes is then what training made of it: at most
 * that).
 *
 * errors  as codec_open; -ENODATA the samples are too few or too alike to train on
 */
int codec_open_trained(struct codec_run *ret, const char *spec, const struct codec_samples *samples,
		       struct err *e);
void codec_close(struct codec_run *run);

/* codec_for_kernel - the codec that stands for a kernel algorithm at its default level: lz4 ->
 * lz4:1, lz4hc -> lz4hc:9, lzo -> lzo, lzo-rle -> lzo-rle, zstd -> zstd:3, deflate -> zlib:6; NULL
 * where none does. crypto: the kernel takes it from its crypto interface (struct zram_algorithms
 * knows), whose zstd is zstd-crypto:3. *approximate (may be NULL) is set where the two do not write
 * the same bytes, or not on every kernel: lz4hc and zstd.
 */
const char *codec_for_kernel(const char *algorithm, bool crypto, bool *approximate);

#endif
