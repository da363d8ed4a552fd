/* SPDX-License-Identifier: GPL-2.0-only */
/* symbol.c - names for addresses of code, of the kernel and of processes.
 *
 * libdwfl looks a name up by going through all symbols of a file: each address is asked for once
 * and remembered. Separate debug files are taken from where distributions put them, by build id; no
 * server is asked. Names are as the linker knows them: C++ is not demangled.
 */
#include "symbol.h"

#include <elfutils/libdwfl.h>
#include <search.h>

struct kernel_function {
	uint64_t addr;
	const char *name;
};

struct kernel_symbols {
	char *text;
	struct kernel_function *function;
	size_t n;
};

static int by_addr(const void *a, const void *b)
{
	const struct kernel_function *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* "ffffffff81000000 T name\t[module]": ends the name where it ends. False: no function. */
static bool parse_function(char *line, struct kernel_function *ret)
{
	char *end;
	uint64_t addr = strtoull(line, &end, 16);

	if (!addr || end == line || *end++ != ' ' || !*end || !strchr("tTwW", *end) ||
	    end[1] != ' ' || !end[2])
		return false;
	*ret = (struct kernel_function){ .addr = addr, .name = end + 2 };
	end[2 + strcspn(end + 2, "\t ")] = '\0';
	return true;
}

int kernel_symbols_parse(char *text, struct kernel_symbols **ret, struct err *e)
{
	struct kernel_symbols *k = calloc(1, sizeof(*k));
	size_t lines = 1;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	if (!k || !(k->function = calloc(lines, sizeof(*k->function)))) {
		kernel_symbols_free(k);
		return err_set(e, ENOMEM, "cannot keep the kernel's symbols");
	}
	k->text = text;
	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		k->n += parse_function(line, &k->function[k->n]);
	}
	qsort(k->function, k->n, sizeof(*k->function), by_addr);
	*ret = k;
	return 0;
}

const char *kernel_symbol(const struct kernel_symbols *k, uint64_t addr)
{
	size_t low = 0, high = k->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->function[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? k->function[low - 1].name : NULL;
}

void kernel_symbols_free(struct kernel_symbols *k)
{
	if (!k)
		return;
	free(k->text);
	free(k->function);
	free(k);
}

/* ---- processes ---- */
struct known {
	uint64_t addr;
	char *name;
};

struct process_symbols {
	Dwfl *dwfl;
	void *known; /* tsearch(3) tree of struct known */
};

static int known_order(const void *a, const void *b)
{
	return by_addr(&(struct kernel_function){ .addr = ((const struct known *)a)->addr },
		       &(struct kernel_function){ .addr = ((const struct known *)b)->addr });
}

static void known_free(void *node)
{
	struct known *known = node;

	free(known->name);
	free(known);
}

/* The maps with root before each path; pseudo paths, as [heap], stay. */
static void put_root(struct text *maps, const char *text, size_t n, const char *root)
{
	for (const char *end = text + n, *line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *next = newline ? newline + 1 : end;
		const char *path = memchr(line, '/', (size_t)(next - line));

		text_put(maps, line, (size_t)((path ? path : next) - line));
		if (path) {
			text_str(maps, root);
			text_put(maps, path, (size_t)(next - path));
		}
		line = next;
	}
}

static Dwfl *report(char *maps, size_t n)
{
	static char *debug_path;
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_build_id_find_debuginfo,
		.debuginfo_path = &debug_path,
	};
	FILE *f = n ? fmemopen(maps, n, "r") : NULL;
	Dwfl *dwfl = f ? dwfl_begin(&callbacks) : NULL;

	if (dwfl) {
		/* What it could not make sense of is not in it. */
		dwfl_linux_proc_maps_report(dwfl, f);
		dwfl_report_end(dwfl, NULL, NULL);
	}
	if (f)
		fclose(f);
	return dwfl;
}

struct process_symbols *process_symbols_new(const char *maps, size_t n, const char *root)
{
	struct process_symbols *p = calloc(1, sizeof(*p));
	struct text text = { 0 };

	if (!p)
		return NULL;
	put_root(&text, maps, n, root ? root : "");
	if (!text.failed)
		p->dwfl = report(text.s, text.n);
	text_done(&text);
	return p;
}

static char *name_of(Dwfl *dwfl, uint64_t addr)
{
	Dwfl_Module *module = dwfl ? dwfl_addrmodule(dwfl, addr) : NULL;
	const char *name = module ? dwfl_module_addrname(module, addr) : NULL, *file, *slash;
	char *ret = NULL;

	if (name)
		return strdup(name);
	file = module ? dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL) : NULL;
	if (!file)
		return strdup("[unknown]");
	slash = strrchr(file, '/');
	if (!slash && *file == '[')
		return strdup(file);
	return asprintf(&ret, "[%s]", slash ? slash + 1 : file) < 0 ? NULL : ret;
}

const char *process_symbol(struct process_symbols *p, uint64_t addr)
{
	struct known key = { .addr = addr }, *known, **found = tfind(&key, &p->known, known_order);

	if (found)
		return (*found)->name;
	known = calloc(1, sizeof(*known));
	if (!known)
		return "[unknown]";
	*known = (struct known){ .addr = addr, .name = name_of(p->dwfl, addr) };
	if (!known->name || !tsearch(known, &p->known, known_order)) {
		known_free(known);
		return "[unknown]";
	}
	return known->name;
}

void process_symbols_free(struct process_symbols *p)
{
	if (!p)
		return;
	tdestroy(p->known, known_free);
	dwfl_end(p->dwfl);
	free(p);
}

void symbol_frame(struct text *line, const char *name)
{
	for (;;) {
		size_t n = strcspn(name, ";");

		text_escaped(line, name, n, "");
		if (!name[n])
			return;
		text_str(line, "\\x3b");
		name += n + 1;
	}
}
