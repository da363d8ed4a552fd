/* SPDX-License-Identifier: GPL-2.0-only */
/* bench_kernel.c - the same pages as the libraries get, through zram's own codec on the calling
 * thread.
 *
 * Same-filled pages are written and read too, in requests of the same length: their time is that of
 * the path without a codec, and is subtracted. Slots are discarded between runs, as overwriting a
 * page also frees its old slot.
 */
#include "bench_kernel.h"

#include <math.h>

#include "scratch.h"
#include "lib/analysis/stats.h"
#include "lib/base/stop.h"
#include "lib/base/units.h"

#define REQUEST_BYTES (128 * KIB)
#define RUN_BYTES \
	(256 * KIB) /* a run writes at least this much: shorter ones are too short for the clock \
		     */
#define FILL_BYTES (64 * MIB) /* of copies, to know what one takes in a large pool */

enum { WRITE, READ, WAYS };
enum { WALL, CPU, PROCESS, CLOCKS };

struct timed {
	double ns[WAYS][CLOCKS]; /* of a pass over the corpus */
};

struct bench_device {
	const struct kernel_bench *bench;
	struct scratch scratch;
	size_t slots; /* parts of the device; behind them as many for same-filled pages, from
			 same_at */
	size_t same_at;
	char *same;              /* size bytes of same-filled pages */
	struct timed *runs, *io; /* one for each run; io: the same-filled pages */
	double *page_ns[WAYS];   /* every page of every run, net of the median same-filled one */
	double *io_page_ns;
	size_t fill; /* copies whose memory is read, as one copy's is mostly rounding */
	struct zram_mm_stat stat, fill_stat; /* of one copy, of those */
	bool same_back;
};

bool kernel_spec_is(const char *spec)
{
	return str_starts(spec, KERNEL_PREFIX);
}

/* ":8", ":1:16KiB": what stands behind the name. */
static int parse_level(const char *spec, const char *text, struct kernel_spec *s, struct err *e)
{
	char *end;
	long level;

	errno = 0;
	level = strtol(text, &end, 10);
	if (errno || end == text || (*end && *end != ':') || level != (int)level)
		return err_usage(e, "'%s': the level must be a whole number", spec);
	s->has_level = true;
	s->level = (int)level;
	if (!*end)
		return 0;
	if (units_parse_size(end + 1, &s->dictionary_bytes, NULL) ||
	    s->dictionary_bytes < CODEC_DICTIONARY_MIN ||
	    s->dictionary_bytes > CODEC_DICTIONARY_MAX)
		return err_usage(e, "'%s': a dictionary must be from 4KiB to 64KiB", spec);
	return 0;
}

int kernel_spec_parse(const char *spec, struct kernel_spec *ret, struct err *e)
{
	const char *name = spec + strlen(KERNEL_PREFIX);
	size_t len = strcspn(name, ":");
	struct kernel_spec s = { 0 };
	int rc = 0;

	if (!len || len >= sizeof(s.algorithm))
		return err_usage(e, "'%s' has no algorithm; e.g. kernel:lz4", spec);
	memcpy(s.algorithm, name, len);
	if (name[len])
		rc = parse_level(spec, name + len + 1, &s, e);
	if (rc)
		return rc;
	if (snprintf(s.label, sizeof(s.label), "%s", spec) >= CODEC_LABEL_MAX)
		return err_usage(e, "'%s' is too long", spec);
	*ret = s;
	return 0;
}

static off_t slot_at(const struct bench_device *d, size_t slot)
{
	return (off_t)(slot * d->bench->size);
}

static char *copy_of(const struct bench_device *d, char *copies, size_t slot)
{
	return copies + d->bench->order[slot % d->bench->copies] * d->bench->size;
}

/* All slots one way, timed; same: the same-filled pages instead. */
static int pass(struct bench_device *d, int way, bool same, struct timed *ret)
{
	uint64_t process = process_cpu_ns(), cpu = thread_cpu_ns(), wall = monotonic_ns();
	int rc = 0;

	for (size_t i = 0; !rc && i < d->slots; i++) {
		char *buf = way == READ ? copy_of(d, d->bench->back, i)
			    : same      ? d->same
					: copy_of(d, d->bench->corpus, i);

		rc = scratch_transfer(&d->scratch, buf, d->bench->size, REQUEST_BYTES,
				      slot_at(d, same ? d->same_at + i : i), way == WRITE);
	}
	ret->ns[way][WALL] = (double)(monotonic_ns() - wall) / (double)d->slots;
	ret->ns[way][CPU] = (double)(thread_cpu_ns() - cpu) / (double)d->slots;
	ret->ns[way][PROCESS] = (double)(process_cpu_ns() - process) / (double)d->slots;
	return rc;
}

/* The first slot page by page, wall clock. */
static int by_page(struct bench_device *d, int way, bool same, double *ns)
{
	size_t n = d->bench->size / PAGE_BYTES;
	char *buf = way == READ ? copy_of(d, d->bench->back, 0)
		    : same      ? d->same
				: copy_of(d, d->bench->corpus, 0);
	int rc = 0;

	for (size_t i = 0; !rc && i < n; i++) {
		uint64_t begin = monotonic_ns();

		rc = scratch_transfer(&d->scratch, buf + i * PAGE_BYTES, PAGE_BYTES, PAGE_BYTES,
				      slot_at(d, same ? d->same_at : 0) + (off_t)(i * PAGE_BYTES),
				      way == WRITE);
		ns[i] = (double)(monotonic_ns() - begin);
	}
	return rc;
}

static int pages_one_way(struct bench_device *d, int way, uint64_t run)
{
	size_t n = d->bench->size / PAGE_BYTES;
	double *ns = d->page_ns[way] + run * n, io;
	int rc = by_page(d, way, true, d->io_page_ns);

	if (!rc)
		rc = by_page(d, way, false, ns);
	io = stats_median(d->io_page_ns, n);
	for (size_t i = 0; i < n; i++)
		ns[i] -= io;
	return rc;
}

static int write_and_read(struct bench_device *d, uint64_t run)
{
	size_t all = d->bench->copies * d->bench->size;
	int rc = pass(d, WRITE, false, &d->runs[run]);

	if (rc)
		return rc;
	memset(d->bench->back, 0, all);
	rc = pass(d, READ, false, &d->runs[run]);
	d->same_back &= memcmp(d->bench->back, d->bench->corpus, all) == 0;
	return rc;
}

static int one_run(struct bench_device *d, uint64_t run)
{
	int rc = pass(d, WRITE, true, &d->io[run]);

	if (!rc)
		rc = pass(d, READ, true, &d->io[run]);
	if (!rc)
		rc = scratch_discard(&d->scratch, 0, d->slots * d->bench->size);
	if (!rc)
		rc = write_and_read(d, run);
	if (!rc)
		rc = scratch_discard(&d->scratch, 0, d->bench->size);
	if (!rc)
		rc = pages_one_way(d, WRITE, run);
	return rc ? rc : pages_one_way(d, READ, run);
}

/* One copy alone, for its exact accounting; then as many as make a large pool. */
static int account(struct bench_device *d, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < d->fill && !stop_requested(); i++) {
		rc = scratch_transfer(&d->scratch, d->bench->corpus, d->bench->size, REQUEST_BYTES,
				      slot_at(d, i), true);
		if (!rc && !i)
			rc = zram_mm_stat_read(NULL, d->scratch.device.id, &d->stat, e);
	}
	if (!rc)
		rc = zram_mm_stat_read(NULL, d->scratch.device.id, &d->fill_stat, e);
	if (!rc)
		rc = scratch_discard(&d->scratch, 0, d->fill * d->bench->size);
	return rc ? err_set(e, rc, "cannot fill the scratch zram device") : 0;
}

/* The accounting, then warm-ups, whose times the first run overwrites. */
static int all_runs(struct bench_device *d, struct err *e)
{
	int rc = account(d, e);

	if (rc)
		return rc;
	for (uint64_t i = 0; !rc && i < d->bench->warmups + d->bench->runs; i++) {
		if (stop_requested())
			return err_say(e, EINTR, "stopped by a signal");
		rc = one_run(d, i < d->bench->warmups ? 0 : i - d->bench->warmups);
	}
	return rc ? err_set(e, rc, "cannot write to and read from the scratch zram device") : 0;
}

/* ---- the row ---- */

/* The median time less that of same-filled pages, which goes to *io. */
static double median_of(const struct bench_device *d, int way, int clock, double *io)
{
	double ns[1000], io_ns[1000]; /* the limit of --runs */
	size_t n = d->bench->runs;

	for (size_t i = 0; i < n; i++) {
		io_ns[i] = d->io[i].ns[way][clock];
		ns[i] = d->runs[i].ns[way][clock] - io_ns[i];
	}
	if (io)
		*io = stats_median(io_ns, n);
	return stats_median(ns, n);
}

static uint64_t positive(double ns)
{
	return ns > 0 ? (uint64_t)llround(ns) : MISSING_U64;
}

static double positive_f64(double ns)
{
	return ns > 0 ? ns : MISSING_F64;
}

static void report_way(struct bench_device *d, int way, struct bench_times *ret, double *io_ns)
{
	size_t pages = d->bench->size / PAGE_BYTES, n = pages * d->bench->runs;
	double *page_ns = d->page_ns[way], io, cpu = median_of(d, way, CPU, &io);

	stats_sort(page_ns, n);
	*io_ns = io / (double)pages;
	*ret = (struct bench_times){
		.wall_ns = positive(median_of(d, way, WALL, NULL)),
		.cpu_ns = positive(cpu),
		.process_cpu_ns = positive(median_of(d, way, PROCESS, NULL)),
		.mib_per_s = cpu > 0 ? (double)d->bench->size / (double)MIB / (cpu / NS_PER_S)
				     : MISSING_F64,
		.ns = positive_f64(stats_quantile(page_ns, n, 0.5)),
		.p10_ns = positive_f64(stats_quantile(page_ns, n, 0.1)),
		.p90_ns = positive_f64(stats_quantile(page_ns, n, 0.9)),
		.p99_ns = positive_f64(stats_quantile(page_ns, n, 0.99)),
	};
}

static void report(struct bench_device *d, struct bench_record *row)
{
	const struct kernel_spec *s = d->bench->spec;
	const char *model = codec_for_kernel(s->algorithm, false, NULL);
	double slot = (double)d->fill_stat.used_bytes / (double)d->fill;
	struct codec_run run;

	*row = (struct bench_record){
		.label = s->label,
		.codec = s->algorithm,
		.mode = "kernel",
		.level = s->has_level ? s->level : MISSING_I64,
		.dictionary_bytes = s->dictionary_bytes ? s->dictionary_bytes : MISSING_U64,
		.heavy = !model || codec_parse(&run, model, NULL) || run.codec->heavy,
		.size_bytes = d->bench->size,
		.page_bytes = PAGE_BYTES,
		.runs = d->bench->runs,
		.warmups = d->bench->warmups,
		.passes = d->slots,
		.orig_bytes = d->bench->size,
		.codec_bytes = d->stat.compr_bytes,
		.stored_bytes = d->stat.compr_bytes,
		.slot_bytes = (uint64_t)llround(slot),
		.used_bytes = d->stat.used_bytes,
		.same_pages = d->stat.same_pages,
		.huge_pages = d->stat.huge_pages,
		.ratio = (double)d->bench->size / (double)d->stat.compr_bytes,
		.saved_codec_ratio = 1 - (double)d->stat.compr_bytes / (double)d->bench->size,
		.saved_slot_ratio = 1 - slot / (double)d->bench->size,
		.validation = d->same_back ? "PASS" : "FAIL",
	};
	report_way(d, WRITE, &row->compress, &row->io_write_ns);
	report_way(d, READ, &row->decompress, &row->io_read_ns);
}

static int set_up(struct bench_device *d, struct err *e)
{
	const struct kernel_bench *b = d->bench;
	size_t pages = b->size / PAGE_BYTES;
	struct zram_config config = { .algorithm = b->spec->algorithm,
				      .level = b->spec->has_level ? &b->spec->level : NULL,
				      .disk_bytes = (d->same_at + d->slots) * b->size };
	AUTO_FREE char *dictionary = malloc(MAX(b->spec->dictionary_bytes, (size_t)1));
	size_t len = 0;
	int rc = 0;

	d->same = aligned_alloc(PAGE_BYTES, b->size);
	d->runs = calloc(b->runs, sizeof(*d->runs));
	d->io = calloc(b->runs, sizeof(*d->io));
	d->page_ns[WRITE] = calloc(pages * b->runs, sizeof(double));
	d->page_ns[READ] = calloc(pages * b->runs, sizeof(double));
	d->io_page_ns = calloc(pages, sizeof(double));
	if (!d->same || !d->runs || !d->io || !d->page_ns[WRITE] || !d->page_ns[READ] ||
	    !d->io_page_ns || !dictionary)
		return err_set(e, ENOMEM, "cannot set up the bench of %s", b->spec->label);
	for (size_t i = 0; i < pages; i++)
		memset(d->same + i * PAGE_BYTES, (int)(i % 255 + 1), PAGE_BYTES);
	if (b->spec->dictionary_bytes)
		rc = codec_train(b->samples, dictionary, b->spec->dictionary_bytes, &len, e);
	return rc ? rc : scratch_open(&d->scratch, &config, dictionary, len, e);
}

int kernel_bench_run(const struct kernel_bench *bench, struct bench_record *row, struct err *e)
{
	struct bench_device d = { .bench = bench, .scratch = { .fd = -1 }, .same_back = true };
	struct err undo = { 0 };
	int rc, undone;

	d.slots = MAX(bench->copies, (RUN_BYTES + bench->size - 1) / bench->size);
	if (d.slots * bench->size > SCRATCH_MAX_BYTES)
		return err_usage(e,
				 "%s: the corpus must be at most %lu MiB, as incompressible pages "
				 "use as much memory",
				 bench->spec->label, SCRATCH_MAX_BYTES / MIB);
	d.fill = (FILL_BYTES + bench->size - 1) / bench->size;
	d.same_at = MAX(d.slots, d.fill);
	rc = set_up(&d, e);
	if (!rc)
		rc = all_runs(&d, e);
	undone = scratch_close(&d.scratch, &undo);
	if (!rc)
		report(&d, row);
	free(d.same);
	free(d.runs);
	free(d.io);
	free(d.page_ns[WRITE]);
	free(d.page_ns[READ]);
	free(d.io_page_ns);
	if (!rc && undone) {
		if (e)
			*e = undo;
		return undone;
	}
	return rc;
}
