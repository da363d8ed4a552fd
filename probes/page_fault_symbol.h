/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault_symbol.h - names of functions by address: the kernel's from /proc/kallsyms, a
 * process's from its ELF files (elfutils).
 *
 * Symbol names come from files that anyone may have written: any bytes. Nothing is fetched over the
 * network.
 */
#ifndef COLDPRESS_PAGE_FAULT_SYMBOL_H
#define COLDPRESS_PAGE_FAULT_SYMBOL_H

#include "lib/base/err.h"
#include "lib/base/text.h"

struct kernel_symbols; /* opaque: the functions of the kernel and its modules, by address */

/* kernel_symbols_parse - from the text of /proc/kallsyms, NUL-terminated on the heap; takes
 * ownership. Skips malformed lines and addresses of 0 (the reader had no right to read them).
 *
 * errors  -ENOMEM; the caller keeps ownership of the text
 */
int kernel_symbols_parse(char *text, struct kernel_symbols **ret, struct err *e);

/* kernel_symbol - name of the function that contains addr, or NULL. Valid as long as the table. */
const char *kernel_symbol(const struct kernel_symbols *symbols, uint64_t addr);
void kernel_symbols_free(struct kernel_symbols *symbols);

struct process_symbols; /* opaque: the files mapped by a process, opened when needed */

/* process_symbols_new - from the text of a /proc/PID/maps. root (e.g. /proc/PID/root) is the prefix
 * of the files of a process with other mounts than ours. NULL: no memory.
 */
struct process_symbols *process_symbols_new(const char *maps, size_t n, const char *root);

/* process_symbol - name of the function that contains addr; "[FILE]" where its file is gone or has
 * no symbol for it; "[unknown]" where nothing is mapped. Valid as long as the table.
 */
const char *process_symbol(struct process_symbols *symbols, uint64_t addr);
void process_symbols_free(struct process_symbols *symbols);

/* symbol_frame - appends a frame of a folded stack: the name, with bytes escaped that would end a
 * frame or a line, or control a terminal.
 */
void symbol_frame(struct text *line, const char *name);

#endif
