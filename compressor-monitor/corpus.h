/* SPDX-License-Identifier: GPL-2.0-only */
/* corpus.h - what the bench compresses: data made from a seed, files, directories, or a live
 * process's pages.
 *
 * Contents stay in the memory of this process.
 */
#ifndef COLDPRESS_MONITOR_CORPUS_H
#define COLDPRESS_MONITOR_CORPUS_H

#include "lib/base/err.h"

#define CORPUS_BLOCK_BYTES 4096u

struct mixture;

struct corpus {
	const char *name;
	uint64_t seed;
	const struct mixture *mixture; /* NULL = not a mixture of pages */
	char *bytes;                   /* of files, directories, processes; NULL = made */
	size_t n_bytes;                /* SIZE_MAX for those that are made: there is no end */
};

/* corpus_open - reads at most limit bytes of what is not made.
 *
 *   repetitive      one line of text, over and over
 *   unique          random bytes
 *   mixed_50_50     blocks of 4 KiB by turns of the two: exactly half and half in multiples of 8
 * KiB contents:NAME   pages as `workload` makes them of these contents, but for zero and
 * same-filled ones pid:PID         pages of a live process, drawn at random among those present,
 * but for zero and same-filled ones any other       a path: a regular file, or a directory: every
 * regular file below it in the order of names, on this filesystem, each padded with zeros to whole
 * pages
 *
 * The same name, seed and size give the same bytes everywhere, but for processes.
 * errors  -ENODATA nothing to read; usage: no such contents; open's own; page_open_pid's own
 */
int corpus_open(struct corpus *ret, const char *name, uint64_t seed, size_t limit, struct err *e);
void corpus_close(struct corpus *corpus);

/* corpus_has - whether there are that many bytes of it: mixed_50_50 has halves in multiples of 8
 * KiB only. */
bool corpus_has(const struct corpus *corpus, uint64_t size);

/* corpus_fill - the first size bytes of it, which it must have. */
void corpus_fill(const struct corpus *corpus, void *buf, size_t size);

/* corpus_fill_beyond - at most size bytes of the same kind that are not among its first `used`
 * ones; returns how many there are, in whole multiples of unit.
 */
size_t corpus_fill_beyond(const struct corpus *corpus, size_t used, size_t unit, void *buf,
			  size_t size);

#endif
