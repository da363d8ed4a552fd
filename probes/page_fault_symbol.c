/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault_symbol.c - names of functions by address, of the kernel and of processes.
 *
 * libdwfl searches all symbols of a file for a name: results are cached by address. Separate debug
 * files are found by build id where distributions install them; no server is asked. Names are those
 * of the linker: C++ is not demangled.
 */
#include "page_fault_symbol.h"

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

/* "ffffffff81000000 T name\t[module]": terminates the name. False: not a function. */
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
struct cached {
	uint64_t addr;
	char *name;
};

struct process_symbols {
	Dwfl *dwfl;
	Dwfl_Callbacks callbacks;
	char *debug_path; /* NULL: libdwfl's default */
	void *cache;      /* tsearch(3) tree of struct cached */
};

static int cached_order(const void *a, const void *b)
{
	return by_addr(&(struct kernel_function){ .addr = ((const struct cached *)a)->addr },
		       &(struct kernel_function){ .addr = ((const struct cached *)b)->addr });
}

static void cached_free(void *node)
{
	struct cached *cached = node;

	free(cached->name);
	free(cached);
}

/* The maps with root before each path; pseudo paths such as [heap] are unchanged. */
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

static void report(struct process_symbols *p, char *maps, size_t n)
{
	AUTO_FCLOSE FILE *f = n ? fmemopen(maps, n, "r") : NULL;

	p->callbacks = (Dwfl_Callbacks){
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_build_id_find_debuginfo,
		.debuginfo_path = &p->debug_path,
	};
	p->dwfl = f ? dwfl_begin(&p->callbacks) : NULL;
	if (!p->dwfl)
		return;
	/* Maps that it cannot read are skipped. */
	dwfl_linux_proc_maps_report(p->dwfl, f);
	dwfl_report_end(p->dwfl, NULL, NULL);
}

struct process_symbols *process_symbols_new(const char *maps, size_t n, const char *root)
{
	struct process_symbols *p = calloc(1, sizeof(*p));
	struct text text = { 0 };

	if (!p)
		return NULL;
	put_root(&text, maps, n, root ? root : "");
	if (!text.failed)
		report(p, text.s, text.n);
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
	struct cached key = { .addr = addr }, *cached,
		      **found = tfind(&key, &p->cache, cached_order);

	if (found)
		return (*found)->name;
	cached = calloc(1, sizeof(*cached));
	if (!cached)
		return "[unknown]";
	*cached = (struct cached){ .addr = addr, .name = name_of(p->dwfl, addr) };
	if (!cached->name || !tsearch(cached, &p->cache, cached_order)) {
		cached_free(cached);
		return "[unknown]";
	}
	return cached->name;
}

void process_symbols_free(struct process_symbols *p)
{
	if (!p)
		return;
	tdestroy(p->cache, cached_free);
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
