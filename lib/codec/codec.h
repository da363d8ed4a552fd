/* SPDX-License-Identifier: GPL-2.0-only */
/* codec.h - one descriptor per codec, the same calls for all of them.
 *
 * A codec is a file in this directory that ends in its descriptor, and a line in codec.c. A state
 * belongs to one thread. Decompression is bounded: damaged input gives an error, never a write
 * beyond cap.
 */
#ifndef COLDPRESS_CODEC_H
#define COLDPRESS_CODEC_H

#include "lib/base/err.h"

/* The kernel algorithm that a codec stands for. */
struct codec_kernel {
	const char *algorithm; /* zram's name; NULL = none */
	const char *label;     /* the codec at the kernel's default level: "zstd:3" */
	bool approximate;      /* does not write the same bytes, or not on every kernel */
	bool crypto;           /* where the kernel takes it from its crypto interface */
};

struct codec {
	const char *name;       /* "zstd" */
	const char *level_word; /* "level", "acceleration"; NULL = no levels */
	int level_min, level_max;
	int level_default;
	const char *sweep; /* levels for bench --full-sweep: "1,6..9"; NULL = none of several */
	struct codec_kernel kernel;
	bool entropy; /* entropy coding, besides matches */
	bool heavy;   /* the policy's heavy tier: several times the CPU time of a fast codec */
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

#define CODEC_LABEL_MAX      32
#define CODEC_DICTIONARY_MIN (4 * KIB)
#define CODEC_DICTIONARY_MAX (64 * KIB) /* lz4 looks back no farther */

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

/* codec_for_kernel - label of the codec that stands for a kernel algorithm; NULL = no codec does.
 * crypto: the kernel takes it from its crypto interface (struct zram_algorithms). *approximate (may
 * be NULL) as in struct codec_kernel; untouched for NULL.
 */
const char *codec_for_kernel(const char *algorithm, bool crypto, bool *approximate);

/* codec_kernel_algorithm - the i-th algorithm that zram may offer: those that a codec stands for,
 * then 842, which no library has; NULL behind the last.
 */
const char *codec_kernel_algorithm(size_t i);

/* What a scan measures unless told otherwise: the initializer of an array of specs. */
#define CODEC_SCAN_DEFAULT "lz4:1", "lzo-rle", "zstd:1", "zstd:3", "deflate:1"

#endif
