/* SPDX-License-Identifier: GPL-2.0-only */
/* corpus.h - what the bench compresses: generated data, files, directories, or pages of a process.
 */
#ifndef COLDPRESS_MONITOR_CORPUS_H
#define COLDPRESS_MONITOR_CORPUS_H

#include "lib/base/err.h"

#define CORPUS_BLOCK_BYTES 4096u

struct mixture;

struct corpus {
	const char *name;
	uint64_t seed;
	const struct mixture *mixture; /* NULL = no profile */
	char *bytes;                   /* of files, directories, processes; NULL = generated */
	size_t n_bytes;                /* SIZE_MAX = generated: no end */
};

/* corpus_open - reads at most limit bytes of what is not generated.
 *
 *   repetitive    one line of text, repeated
 *   unique        random bytes
 *   mixed_50_50   blocks of 4 KiB of the two in turn: half and half in multiples of 8 KiB
 *   profile:NAME  pages as `workload` generates them, without zero and same-filled ones
 *   pid:PID       a random sample of a process's present pages, without zero and same-filled ones
 *   other names   a path: a regular file, or a directory: every regular file below it in the order
 *                 of names, on this filesystem, each padded with zeros to whole pages
 *
 * The same name, seed and size give the same bytes everywhere, except for processes.
 * errors  -ENODATA nothing to read; usage: no such profile; open's own; draw_pages' own
 */
int corpus_open(struct corpus *ret, const char *name, uint64_t seed, size_t limit, struct err *e);
void corpus_close(struct corpus *corpus);

/* corpus_has - whether it has that many bytes; mixed_50_50 has multiples of 8 KiB only. */
bool corpus_has(const struct corpus *corpus, uint64_t size);

/* corpus_fill - the first size bytes of it, which it must have. */
void corpus_fill(const struct corpus *corpus, void *buf, size_t size);

/* corpus_fill_beyond - at most size bytes that are not among the first `used` ones; returns how
 * many, a multiple of unit.
 */
size_t corpus_fill_beyond(const struct corpus *corpus, size_t used, size_t unit, void *buf,
			  size_t size);

#endif
