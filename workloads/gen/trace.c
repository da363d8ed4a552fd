/* SPDX-License-Identifier: GPL-2.0-only */
/* trace.c - reads a trace: a head, runs of pages, an end record; one JSON object a line.
 *
 * The generator links no JSON library. Our own writer made the lines, so a search for the keys is
 * enough: other keys are ignored. A trace whose sum of pages is wrong, or without its end, is
 * refused.
 */
#include <sys/stat.h>

#include "trace.h"
#include "lib/base/units.h"

#define LINE_MAX_BYTES 4096                /* our longest line is a tenth of it */
#define PAGES_MAX      (UINT64_C(1) << 32) /* 16 TiB */

/* The value of "key", without quotes. False: not found, or longer than buf. */
static bool value_of(const char *line, const char *key, char *buf, size_t len)
{
	char quoted[32];
	const char *at;
	size_t n;

	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	at = strstr(line, quoted);
	if (!at)
		return false;
	at += strlen(quoted);
	at += *at == '"';
	n = strcspn(at, "\",}\n");
	if (n >= len)
		return false;
	memcpy(buf, at, n);
	buf[n] = '\0';
	return true;
}

static bool number_of(const char *line, const char *key, uint64_t *ret)
{
	char text[24];

	return value_of(line, key, text, sizeof(text)) && !units_parse_u64(text, ret, NULL);
}

/* `other` in a scan is data that hardly compresses. */
static bool kind_of(const char *class, enum mixture_kind *ret)
{
	static const struct {
		const char *class;
		enum mixture_kind kind;
	} classes[] = {
		{ "zero", MIXTURE_ZERO },       { "same_filled", MIXTURE_SAME },
		{ "sparse", MIXTURE_SPARSE },   { "text", MIXTURE_TEXT },
		{ "pointer", MIXTURE_POINTER }, { "other", MIXTURE_RANDOM },
	};

	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		if (!str_eq(class, classes[i].class))
			continue;
		*ret = classes[i].kind;
		return true;
	}
	return false;
}

static int add_run(struct trace *trace, const char *line)
{
	struct trace_run run = { .lz4_bytes = MISSING_U64 };
	char class[24];
	uint64_t pages;

	if (!value_of(line, "class", class, sizeof(class)) || !kind_of(class, &run.kind) ||
	    !number_of(line, "pages", &pages) || !pages || pages > PAGES_MAX - trace->pages)
		return -EBADMSG;
	if (number_of(line, "lz4_bytes", &run.lz4_bytes) && run.lz4_bytes > 2 * PAGE_BYTES)
		return -EBADMSG;
	if (trace->n == trace->allocated) {
		const size_t allocated = MAX(2 * trace->allocated, (size_t)256);
		struct trace_run *runs = reallocarray(trace->runs, allocated, sizeof(*runs));

		if (!runs)
			return -ENOMEM;
		trace->runs = runs;
		trace->allocated = allocated;
	}
	trace->pages += pages;
	run.end_page = trace->pages;
	trace->runs[trace->n++] = run;
	return 0;
}

static bool next_line(FILE *f, char line[LINE_MAX_BYTES], char type[16])
{
	return fgets(line, LINE_MAX_BYTES, f) && strchr(line, '\n') &&
	       value_of(line, "type", type, 16);
}

static int read_lines(FILE *f, struct trace *trace, uint64_t *number)
{
	char line[LINE_MAX_BYTES], type[16];
	uint64_t expected, page_bytes;
	int rc;

	*number = 1;
	if (!next_line(f, line, type) || !str_eq(type, "page_trace") ||
	    !number_of(line, "pages", &expected) || !number_of(line, "page_bytes", &page_bytes) ||
	    page_bytes != PAGE_BYTES)
		return -EBADMSG;
	for (++*number; next_line(f, line, type); ++*number) {
		if (str_eq(type, "end"))
			return trace->pages && trace->pages == expected ? 0 : -EBADMSG;
		rc = str_eq(type, "page_run") ? add_run(trace, line) : -EBADMSG;
		if (rc)
			return rc;
	}
	return -EBADMSG;
}

int trace_read(const char *path, struct trace *out, struct err *e)
{
	struct trace trace = { 0 };
	struct stat st;
	uint64_t number;
	FILE *f;
	int rc;

	/* open(2) of a FIFO without a writer would block; a device may never end. */
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return err_say(e, EINVAL, "the trace %s is not a regular file", path);
	f = fopen(path, "re");
	if (!f)
		return err_set(e, errno, "cannot read the trace %s", path);
	rc = read_lines(f, &trace, &number);
	fclose(f);
	if (!rc) {
		*out = trace;
		return 0;
	}
	trace_done(&trace);
	if (rc != -EBADMSG)
		return err_set(e, -rc, "cannot read the trace %s", path);
	err_say(e, EBADMSG, "%s is not a complete page-class trace: line %llu", path,
		(unsigned long long)number);
	return err_hint(e,
			"record one with `compressor_monitor scan --pid PID --all --record FILE`");
}

void trace_done(struct trace *trace)
{
	free(trace->runs);
	*trace = (struct trace){ 0 };
}

const struct trace_run *trace_run_of(const struct trace *trace, uint64_t index)
{
	size_t low = 0, high = trace->n - 1;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (index < trace->runs[middle].end_page)
			high = middle;
		else
			low = middle + 1;
	}
	return &trace->runs[low];
}
