/* SPDX-License-Identifier: GPL-2.0-only */
/* trace.c - keeps address, class and lz4 length of each page; writes runs of pages of one class.
 *
 * Addresses give only the order and are not written; in a sample, neighbours in the trace need not
 * be neighbours in memory. The compressed length of same-filled pages is 0.
 */
#include "trace.h"

#include "lib/codec/codec.h"
#include "lib/base/out.h"

struct entry {
	uint64_t address;
	uint32_t source;
	uint16_t lz4_bytes;
	uint16_t class;
};

struct trace {
	struct entry *entries;
	size_t n, allocated;
	struct codec_run lz4;
	char *compressed;
	struct out *out;
};

void trace_free(struct trace *trace)
{
	if (!trace)
		return;
	out_discard(trace->out);
	codec_close(&trace->lz4);
	free(trace->compressed);
	free(trace->entries);
	free(trace);
}

int trace_new(struct trace **ret, const char *path, struct err *e)
{
	struct trace *trace = calloc(1, sizeof(*trace));
	int rc = trace ? codec_open(&trace->lz4, "lz4:1", e)
		       : err_set(e, ENOMEM, "not enough memory for the trace");

	if (!rc) {
		trace->compressed = malloc(trace->lz4.codec->bound(PAGE_BYTES));
		rc = !trace->compressed ? err_set(e, ENOMEM, "not enough memory for the trace")
		     : path             ? out_new(&trace->out, OUT_JSON, path, e)
					: 0;
	}
	if (rc) {
		trace_free(trace);
		return rc;
	}
	*ret = trace;
	return 0;
}

static int grow(struct trace *trace, size_t more)
{
	size_t allocated = MAX(MAX(trace->allocated * 2, trace->n + more), (size_t)1024);
	struct entry *bigger;

	if (trace->n + more <= trace->allocated)
		return 0;
	bigger = reallocarray(trace->entries, allocated, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	trace->entries = bigger;
	trace->allocated = allocated;
	return 0;
}

int trace_add(struct trace *trace, const struct page_ref *ref, enum page_class class,
	      const void *page)
{
	const struct codec *codec = trace->lz4.codec;
	ssize_t len = 0;

	if (grow(trace, 1))
		return -ENOMEM;
	if (class != PAGE_ZERO && class != PAGE_SAME_FILLED)
		len = codec->compress(trace->lz4.state, page, PAGE_BYTES, trace->compressed,
				      codec->bound(PAGE_BYTES));
	trace->entries[trace->n++] = (struct entry){
		.address = ref->address,
		.source = ref->source,
		.lz4_bytes = (uint16_t)(len < 0 ? PAGE_BYTES : len),
		.class = (uint16_t) class,
	};
	return 0;
}

int trace_join(struct trace *into, struct trace *from)
{
	if (grow(into, from->n))
		return -ENOMEM;
	if (from->n)
		memcpy(into->entries + into->n, from->entries, from->n * sizeof(*from->entries));
	into->n += from->n;
	from->n = 0;
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return (x->address > y->address) - (x->address < y->address);
}

static uint64_t write_runs(const struct trace *trace)
{
	uint64_t runs = 0;

	for (size_t i = 0, end; i < trace->n; i = end) {
		uint64_t bytes = 0;

		for (end = i;
		     end < trace->n && trace->entries[end].class == trace->entries[i].class; end++)
			bytes += trace->entries[end].lz4_bytes;

		struct page_run_record run = {
			.class = page_class_name(trace->entries[i].class),
			.pages = end - i,
			.lz4_bytes = (bytes + (end - i) / 2) / (end - i),
		};

		out_record(trace->out, &page_run_type, &run);
		runs++;
	}
	return runs;
}

int trace_close(struct trace *trace, bool partial, struct err *e)
{
	struct page_trace_record head = { .pages = trace->n, .page_bytes = PAGE_BYTES };
	struct end_record end = {
		.missed = MISSING_U64,
		.unmatched = MISSING_U64,
		.reason = partial ? "partial" : "done",
	};
	int rc;

	if (trace->n)
		qsort(trace->entries, trace->n, sizeof(*trace->entries), by_place);
	out_record(trace->out, &page_trace_type, &head);
	end.seen = end.emitted = write_runs(trace);
	out_record(trace->out, &end_record_type, &end);
	rc = out_close(trace->out, e);
	trace->out = NULL;
	return rc;
}
