/* SPDX-License-Identifier: GPL-2.0-only */
/* symbol.h - names for addresses of code: the kernel's from /proc/kallsyms, a process's from its
 * ELF files (elfutils).
 *
 * Symbol names come from files that anyone may have written: any bytes. Nothing is fetched over the
 * network.
 */
#ifndef COLDPRESS_PROBES_SYMBOL_H
#define COLDPRESS_PROBES_SYMBOL_H

#include "lib/base/err.h"
#include "lib/base/text.h"

struct kernel_symbols; /* opaque: the functions of the kernel and its modules, by address */

/* kernel_symbols_parse - of the text of /proc/kallsyms, NUL-terminated on the heap, which is taken
 * over and freed with the rest. Lines that are none and addresses of 0 (the reader had no right to
 * them) are left out.
 *
 * errors  -ENOMEM; the text is then still the caller's
 */
int kernel_symbols_parse(char *text, struct kernel_symbols **ret, struct err *e);

/* kernel_symbol - name of the function that addr lies in, or NULL. Lives as long as the table. */
const char *kernel_symbol(const struct kernel_symbols *symbols, uint64_t addr);
void kernel_symbols_free(struct kernel_symbols *symbols);

struct process_symbols; /* opaque: the files that a process has mapped, opened when an address asks
			   for one */

/* process_symbols_new - from the text of a /proc/PID/maps. With root (as /proc/PID/root), files are
 * looked for below it: those of a process with other mounts than ours. NULL where there is no
 * memory.
 */
struct process_symbols *process_symbols_new(const char *maps, size_t n, const char *root);

/* process_symbol - name of the function that addr lies in; where its file has no symbol for it or
 * is gone,
 * "[FILE]"; where nothing is mapped there, "[unknown]". Lives as long as the table.
 */
const char *process_symbol(struct process_symbols *symbols, uint64_t addr);
void process_symbols_free(struct process_symbols *symbols);

/* symbol_frame - one frame of a folded stack: name without what would end a frame or a line, or
 * change a terminal. */
void symbol_frame(struct text *line, const char *name);

#endif
