/* SPDX-License-Identifier: GPL-2.0-only */
/* corpus.h - what the bench compresses: data made from a seed, or the beginning of a file. */
#ifndef COLDPRESS_MONITOR_CORPUS_H
#define COLDPRESS_MONITOR_CORPUS_H

#include "err.h"

#define CORPUS_BLOCK_BYTES 4096u

/* corpus_fill - the first size bytes of a corpus. The same name, seed and size give the same bytes everywhere.
 *
 *   repetitive    one line of text, over and over
 *   unique        random bytes
 *   mixed_50_50   blocks of 4 KiB by turns of the two: exactly half and half in multiples of 8 KiB
 *   any other     the path of a regular file
 *
 * errors  -ENODATA the file is shorter than that; open's own
 */
int corpus_fill(const char *name, uint64_t seed, void *buf, size_t size, struct err *e);

/* corpus_has - whether there are that many bytes of it: a file may be shorter, and mixed_50_50 has halves in
 * multiples of 8 KiB only. errors  a file that cannot be opened
 */
int corpus_has(const char *name, uint64_t size, bool *ret, struct err *e);

#endif
