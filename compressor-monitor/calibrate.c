/* SPDX-License-Identifier: GPL-2.0-only */
/* calibrate.c - writes pages to a scratch zram device and reads them back by direct I/O, where the
 * kernel compresses and decompresses on the calling thread: its CPU clock tells what that costs.
 *
 * Each run writes to a part of the device of its own, as writing over a page also frees its old
 * slot.
 */
#include "calibrate.h"

#include <math.h>

#include "lib/codec/codec.h"
#include "measure.h"
#include "scratch.h"
#include "lib/analysis/stats.h"
#include "lib/base/stop.h"

#define CHUNK_BYTES (32 * PAGE_BYTES) /* one write or read */
#define PAGES_MIN   128u
#define HALVES      2

struct half {
	char *pages, *same,
		*back; /* bytes each; same-filled ones for what the path costs without a codec */
	size_t bytes, n;
};

enum figure { IO_WRITE, IO_READ, COMPRESS, DECOMPRESS, MODEL_COMPRESS, MODEL_DECOMPRESS, FIGURES };

/* Of each run, a page. */
struct runs {
	double *ns[HALVES][FIGURES];
	double *ratio;                                 /* room for what is made of two of them */
	uint64_t model_stored_bytes, model_slot_bytes; /* of both halves */
};

/* ---- the pages ---- */

/* Pages that need a codec, by turns into one half and the other, so that both are of the same kind.
 */
static void deal(struct half halves[HALVES], const char *pages, const enum page_got *got, size_t n)
{
	size_t dealt = 0;

	for (size_t i = 0; i < n; i++) {
		const char *page = pages + i * PAGE_BYTES;
		struct half *h = &halves[dealt % HALVES];

		if (got[i] != PAGE_READ || page_classify(page) <= PAGE_SAME_FILLED)
			continue;
		memcpy(h->pages + h->n++ * PAGE_BYTES, page, PAGE_BYTES);
		dealt++;
	}
	for (size_t k = 0; k < HALVES; k++) {
		struct half *h = &halves[k];

		h->n -= h->n % (CHUNK_BYTES / PAGE_BYTES);
		h->bytes = h->n * PAGE_BYTES;
		for (size_t i = 0; i < h->n; i++)
			memset(h->same + i * PAGE_BYTES, (int)(i % 255 + 1), PAGE_BYTES);
	}
}

static int half_new(struct half *h, size_t bytes)
{
	h->pages = aligned_alloc(PAGE_BYTES, bytes);
	h->same = aligned_alloc(PAGE_BYTES, bytes);
	h->back = aligned_alloc(PAGE_BYTES, bytes);
	return h->pages && h->same && h->back ? 0 : -ENOMEM;
}

static void half_done(struct half *h)
{
	free(h->pages);
	free(h->same);
	free(h->back);
}

static int read_pages(const struct calibrate_config *c, struct page_source *source,
		      struct half halves[HALVES], struct err *e)
{
	struct page_set set = { 0 };
	struct page_census census = { 0 };
	struct page_sample sample;
	int rc;

	page_sample_init(&sample, c->pages, c->seed);
	rc = page_walk(source, 0, c->pid ? PAGE_KIND_SWAPPABLE : PAGE_KIND_FILE, &set, &census,
		       &sample, e);
	page_sample_sort(&sample, 0, sample.n);

	size_t n = MAX(sample.n, (size_t)1);
	AUTO_FREE char *pages = aligned_alloc(PAGE_BYTES, n * PAGE_BYTES);
	AUTO_FREE enum page_got *got = calloc(n, sizeof(*got));

	if (!rc && (!pages || !got || half_new(&halves[0], n * PAGE_BYTES) ||
		    half_new(&halves[1], n * PAGE_BYTES)))
		rc = err_set(e, ENOMEM, "cannot hold the pages");
	if (!rc)
		rc = page_read(source, sample.refs, sample.n, pages, got, e);
	if (!rc)
		deal(halves, pages, got, sample.n);
	page_sample_done(&sample);
	page_set_done(&set);
	if (!rc && MIN(halves[0].n, halves[1].n) < PAGES_MIN / HALVES)
		return err_say(e, ENODATA, "fewer than %u pages that need a codec: too few to time",
			       PAGES_MIN);
	return rc;
}

static int take_pages(const struct calibrate_config *c, struct half halves[HALVES], struct err *e)
{
	struct page_source source;
	int rc = c->pid ? page_open_pid(&source, c->pid, e) : page_open_file(&source, c->file, e);

	if (rc)
		return rc;
	rc = read_pages(c, &source, halves, e);
	page_close(&source);
	return rc;
}

/* ---- the device ---- */
static int transfer(const struct scratch *device, char *buf, size_t bytes, off_t at, bool out,
		    double *ns_per_page)
{
	uint64_t begin = thread_cpu_ns();
	int rc = scratch_transfer(device, buf, bytes, CHUNK_BYTES, at, out);

	*ns_per_page = (double)(thread_cpu_ns() - begin) / ((double)bytes / PAGE_BYTES);
	return rc;
}

/* One half once through the device. at is where this run of this half has its part of it. */
static int run_kernel(const struct scratch *device, const struct half *h, off_t at,
		      double ns[FIGURES], struct err *e)
{
	off_t same = at + (off_t)h->bytes;
	int rc;

	rc = transfer(device, h->same, h->bytes, same, true, &ns[IO_WRITE]);
	if (!rc)
		rc = transfer(device, h->back, h->bytes, same, false, &ns[IO_READ]);
	if (!rc)
		rc = transfer(device, h->pages, h->bytes, at, true, &ns[COMPRESS]);
	if (!rc)
		rc = transfer(device, h->back, h->bytes, at, false, &ns[DECOMPRESS]);
	if (rc)
		return err_set(e, rc, "cannot write to and read from the scratch zram device");
	if (memcmp(h->back, h->pages, h->bytes) != 0)
		return err_say(e, EIO,
			       "the kernel's codec did not give the pages back as they were");
	ns[COMPRESS] -= ns[IO_WRITE];
	ns[DECOMPRESS] -= ns[IO_READ];
	return 0;
}

/* The same half once through the library. Means over all pages, as the kernel's are. */
static int run_model(const char *spec, const struct half *h, struct runs *runs, double ns[FIGURES],
		     struct err *e)
{
	static struct scan_result result;
	const char *specs[] = { spec };
	struct zsmalloc_model model;
	struct measure *m;
	const char *how;
	int rc = zsmalloc_detect(&model, NULL, &how, e);

	if (!rc)
		rc = measure_new(&m, &(struct opt_list){ specs, 1 }, &model, e);
	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < h->n; i++) {
		rc = measure_page(m, h->pages + i * PAGE_BYTES, PAGE_OTHER);
		measure_hold(m); /* a copy is in cache, as in a scan */
	}
	if (!rc)
		rc = measure_report(m, h->n, &result);
	measure_free(m);
	if (rc)
		return err_set(e, rc, "cannot keep the times");
	ns[MODEL_COMPRESS] = (double)result.codecs[0].compress_cpu_ns / (double)h->n;
	ns[MODEL_DECOMPRESS] = (double)result.codecs[0].decompress_cpu_ns / (double)h->n;
	runs->model_stored_bytes += result.codecs[0].stored_bytes;
	runs->model_slot_bytes += result.codecs[0].slot_bytes;
	return 0;
}

/* Kernel and library by turns, so that what else the machine does meets both. */
static int all_runs(const struct calibrate_config *c, const struct scratch *device,
		    const char *model, const struct half *halves, struct runs *runs, struct err *e)
{
	off_t at = 0;

	for (uint64_t i = 0; i < c->runs; i++) {
		runs->model_stored_bytes = runs->model_slot_bytes = 0;
		for (size_t k = 0; k < HALVES; k++, at += (off_t)(2 * halves[0].bytes)) {
			double ns[FIGURES] = { 0 };
			int rc = stop_requested() ? err_say(e, EINTR, "stopped by a signal")
						  : run_kernel(device, &halves[k], at, ns, e);

			if (!rc && model)
				rc = run_model(model, &halves[k], runs, ns, e);
			if (rc)
				return rc;
			for (size_t f = 0; f < FIGURES; f++)
				runs->ns[k][f][i] = ns[f];
		}
	}
	return 0;
}

/* What the device says of one algorithm; whatever happened, the device is gone afterwards. */
static int run_algorithm(const struct calibrate_config *c, const char *algorithm, const char *model,
			 const struct half *halves, struct runs *runs, struct zram_mm_stat *stat,
			 struct err *e)
{
	const struct zram_config config = {
		.algorithm = algorithm,
		.disk_bytes = HALVES * 2 * halves[0].bytes * c->runs,
	};
	struct scratch device;
	struct err undo;
	int rc = scratch_open(&device, &config, NULL, 0, e), undone;

	if (!rc)
		rc = all_runs(c, &device, model, halves, runs, e);
	if (!rc)
		rc = zram_mm_stat_read(NULL, device.device.id, stat, e);
	undone = scratch_close(&device, &undo);
	if (!rc && undone) {
		if (e)
			*e = undo;
		return undone;
	}
	return rc;
}

/* ---- together ---- */

/* The median over the runs of one figure by another. */
static double median_ratio(const struct calibrate_config *c, const struct runs *runs, size_t half,
			   enum figure a, enum figure b)
{
	for (uint64_t i = 0; i < c->runs; i++)
		runs->ratio[i] = runs->ns[half][a][i] / runs->ns[half][b][i];
	return stats_median(runs->ratio, c->runs);
}

/* The factors from one half, held against the other; before medians put the runs out of their
 * order. */
static void compare(const struct calibrate_config *c, const struct runs *runs,
		    struct calibrate_record *row)
{
	row->model_compr_bytes = runs->model_stored_bytes;
	row->model_used_bytes = runs->model_slot_bytes;
	row->compr_error_ratio = (double)row->model_compr_bytes / (double)row->compr_bytes - 1;
	row->compress_factor = median_ratio(c, runs, 0, COMPRESS, MODEL_COMPRESS);
	row->decompress_factor = median_ratio(c, runs, 0, DECOMPRESS, MODEL_DECOMPRESS);
	row->compress_error_ratio =
		row->compress_factor * median_ratio(c, runs, 1, MODEL_COMPRESS, COMPRESS) - 1;
	row->decompress_error_ratio =
		row->decompress_factor * median_ratio(c, runs, 1, MODEL_DECOMPRESS, DECOMPRESS) - 1;
	row->model_compress_ns = stats_median(runs->ns[0][MODEL_COMPRESS], c->runs);
	row->model_decompress_ns = stats_median(runs->ns[0][MODEL_DECOMPRESS], c->runs);
}

static int one_algorithm(const struct calibrate_config *c, const char *algorithm, bool crypto,
			 const struct half *halves, struct calibrate_record *row, struct err *e)
{
	bool approximate = false;
	const char *model = codec_for_kernel(algorithm, crypto, &approximate);
	AUTO_FREE double *ns = calloc((HALVES * FIGURES + 1) * c->runs, sizeof(*ns));
	struct zram_mm_stat stat;
	struct runs runs = { .ratio = ns };
	int rc;

	if (!ns)
		return err_set(e, ENOMEM, "cannot keep the times");
	for (size_t i = 0; i < (size_t)HALVES * FIGURES; i++)
		runs.ns[i / FIGURES][i % FIGURES] = ns + (i + 1) * c->runs;
	rc = run_algorithm(c, algorithm, model, halves, &runs, &stat, e);
	if (rc)
		return rc;
	*row = (struct calibrate_record){
		.algorithm = algorithm,
		.model = model,
		.approximate = approximate,
		.pages = halves[0].n + halves[1].n,
		.runs = c->runs,
		.orig_bytes = halves[0].bytes + halves[1].bytes,
		.compr_bytes = stat.compr_bytes / c->runs,
		.used_bytes = stat.used_bytes / c->runs,
		.huge_pages = stat.huge_pages / c->runs,
		.model_compr_bytes = MISSING_U64,
		.model_used_bytes = MISSING_U64,
		.model_compress_ns = MISSING_F64,
		.model_decompress_ns = MISSING_F64,
		.compress_factor = MISSING_F64,
		.decompress_factor = MISSING_F64,
		.compress_error_ratio = MISSING_F64,
		.decompress_error_ratio = MISSING_F64,
		.compr_error_ratio = MISSING_F64,
	};
	if (model)
		compare(c, &runs, row);
	row->io_write_ns = stats_median(runs.ns[0][IO_WRITE], c->runs);
	row->io_read_ns = stats_median(runs.ns[0][IO_READ], c->runs);
	row->compress_ns = stats_median(runs.ns[0][COMPRESS], c->runs);
	row->decompress_ns = stats_median(runs.ns[0][DECOMPRESS], c->runs);
	return 0;
}

int calibrate_run(const struct calibrate_config *config,
		  int (*take)(void *arg, const struct calibrate_record *row), void *arg,
		  struct err *e)
{
	struct zram_algorithms algorithms;
	struct half halves[HALVES] = { 0 };
	size_t n;
	int rc;

	if (config->pages * config->runs * PAGE_BYTES > SCRATCH_MAX_BYTES)
		return err_usage(
			e, "--pages times --runs: at most %lu pages, which may take as much memory",
			SCRATCH_MAX_BYTES / PAGE_BYTES);
	rc = scratch_algorithms(&algorithms, e);
	if (!rc)
		rc = take_pages(config, halves, e);
	n = config->algorithms.n ? config->algorithms.n : rc ? 0 : algorithms.n;
	for (size_t i = 0; !rc && i < n; i++) {
		struct calibrate_record row;

		rc = one_algorithm(config,
				   config->algorithms.n ? config->algorithms.items[i]
							: algorithms.names[i],
				   algorithms.crypto, halves, &row, e);
		if (!rc)
			rc = take(arg, &row);
	}
	for (size_t k = 0; k < HALVES; k++)
		half_done(&halves[k]);
	return rc;
}
