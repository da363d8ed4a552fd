/* SPDX-License-Identifier: GPL-2.0-only */
/* calibrate.c - writes pages to a scratch zram device and reads them back by direct I/O, where the
 * kernel compresses and decompresses on the calling thread, so that its CPU clock measures them.
 *
 * Each run writes to its own part of the device, as overwriting a page also frees its old slot.
 */
#include "calibrate.h"

#include <math.h>

#include "draw.h"
#include "lib/codec/codec.h"
#include "measure.h"
#include "scratch.h"
#include "lib/analysis/stats.h"
#include "lib/base/stop.h"

#define CHUNK_PAGES 32 /* one write or read */
#define CHUNK_BYTES (CHUNK_PAGES * PAGE_BYTES)
#define PAGES_MIN   128u
#define HALVES      2

struct half {
	char *pages, *same,
		*back; /* bytes each; same-filled ones for the time of the path without a codec */
	size_t bytes, n;
};

enum quantity {
	IO_WRITE,
	IO_READ,
	COMPRESS,
	DECOMPRESS,
	MODEL_COMPRESS,
	MODEL_DECOMPRESS,
	QUANTITIES
};

/* Times per page, of each run. */
struct runs {
	double *ns[HALVES][QUANTITIES];
	double *ratio;                                 /* scratch space of median_ratio */
	uint64_t model_stored_bytes, model_slot_bytes; /* of both halves */
};

/* ---- the pages ---- */
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

/* Pages go to the halves in turn, so that both are alike; each half is whole requests. */
static int split_pages(struct half halves[HALVES], const char *pages, size_t n, struct err *e)
{
	size_t n_half = n / HALVES / CHUNK_PAGES * CHUNK_PAGES;

	if (n_half < PAGES_MIN / HALVES)
		return err_say(e, ENODATA, "fewer than %u pages that need a codec: too few to time",
			       PAGES_MIN);
	for (size_t k = 0; k < HALVES; k++) {
		struct half *h = &halves[k];

		h->n = n_half;
		h->bytes = n_half * PAGE_BYTES;
		if (half_new(h, h->bytes))
			return err_set(e, ENOMEM, "cannot hold the pages");
		for (size_t i = 0; i < n_half; i++) {
			memcpy(h->pages + i * PAGE_BYTES, pages + (HALVES * i + k) * PAGE_BYTES,
			       PAGE_BYTES);
			memset(h->same + i * PAGE_BYTES, (int)(i % 255 + 1), PAGE_BYTES);
		}
	}
	return 0;
}

static int take_pages(const struct calibrate_config *c, struct half halves[HALVES], struct err *e)
{
	struct draw draw = { .pid = c->pid, .file = c->file, .seed = c->seed, .max = c->pages };
	AUTO_FREE char *pages = NULL;
	size_t n;
	int rc = draw_pages(&draw, &pages, &n, e);

	return rc ? rc : split_pages(halves, pages, n, e);
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

/* One half once through the device, in the part from `at`. */
static int run_kernel(const struct scratch *device, const struct half *h, off_t at,
		      double ns[QUANTITIES], struct err *e)
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
			       "pages read back from the scratch zram device differ from what was "
			       "written");
	ns[COMPRESS] -= ns[IO_WRITE];
	ns[DECOMPRESS] -= ns[IO_READ];
	return 0;
}

/* The same half once through the library: means over all pages, as the kernel's. */
static int run_model(const char *spec, const struct half *h, struct runs *runs,
		     double ns[QUANTITIES], struct err *e)
{
	static struct scan_result result;
	const char *specs[] = { spec };
	struct page_stratum all = { .pages = h->n };
	struct zsmalloc_model model;
	struct measure *m;
	const char *how;
	int rc = zsmalloc_detect(&model, NULL, &how, e);

	if (!rc)
		rc = measure_new(&m, &(struct opt_list){ specs, 1 }, &model, e);
	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < h->n; i++) {
		rc = measure_page(m, h->pages + i * PAGE_BYTES, PAGE_OTHER, 0, i);
		measure_hold(m); /* a copy is in cache, as in a scan */
	}
	if (!rc)
		rc = measure_report(m, &(struct page_strata){ &all, 1 }, h->n, &result);
	measure_free(m);
	if (rc)
		return err_set(e, rc, "not enough memory for the times");
	ns[MODEL_COMPRESS] = (double)result.codecs[0].compress_cpu_ns / (double)h->n;
	ns[MODEL_DECOMPRESS] = (double)result.codecs[0].decompress_cpu_ns / (double)h->n;
	runs->model_stored_bytes += result.codecs[0].stored_bytes;
	runs->model_slot_bytes += result.codecs[0].slot_bytes;
	return 0;
}

/* Kernel and library in turn, so that other load on the machine affects both. */
static int all_runs(const struct calibrate_config *c, const struct scratch *device,
		    const char *model, const struct half *halves, struct runs *runs, struct err *e)
{
	off_t at = 0;

	for (uint64_t i = 0; i < c->runs; i++) {
		runs->model_stored_bytes = runs->model_slot_bytes = 0;
		for (size_t k = 0; k < HALVES; k++, at += (off_t)(2 * halves[0].bytes)) {
			double ns[QUANTITIES] = { 0 };
			int rc = stop_requested() ? err_say(e, EINTR, "stopped by a signal")
						  : run_kernel(device, &halves[k], at, ns, e);

			if (!rc && model)
				rc = run_model(model, &halves[k], runs, ns, e);
			if (rc)
				return rc;
			for (size_t q = 0; q < QUANTITIES; q++)
				runs->ns[k][q][i] = ns[q];
		}
	}
	return 0;
}

/* One algorithm on a device that is removed in any case. */
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

/* ---- factors ---- */

/* The median over the runs of the ratio of two quantities. */
static double median_ratio(const struct calibrate_config *c, const struct runs *runs, size_t half,
			   enum quantity a, enum quantity b)
{
	for (uint64_t i = 0; i < c->runs; i++)
		runs->ratio[i] = runs->ns[half][a][i] / runs->ns[half][b][i];
	return stats_median(runs->ratio, c->runs);
}

/* Factors from one half, their errors from the other. Before the medians, which sort the runs. */
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
	AUTO_FREE double *ns = calloc((HALVES * QUANTITIES + 1) * c->runs, sizeof(*ns));
	struct zram_mm_stat stat;
	struct runs runs = { .ratio = ns };
	int rc;

	if (!ns)
		return err_set(e, ENOMEM, "not enough memory for the times");
	for (size_t i = 0; i < (size_t)HALVES * QUANTITIES; i++)
		runs.ns[i / QUANTITIES][i % QUANTITIES] = ns + (i + 1) * c->runs;
	rc = run_algorithm(c, algorithm, model, halves, &runs, &stat, e);
	if (rc)
		return rc;
	record_clear(&calibrate_type, row);
	row->algorithm = algorithm;
	row->model = model;
	row->approximate = approximate;
	row->pages = halves[0].n + halves[1].n;
	row->runs = c->runs;
	row->orig_bytes = halves[0].bytes + halves[1].bytes;
	row->compr_bytes = stat.compr_bytes / c->runs;
	row->used_bytes = stat.used_bytes / c->runs;
	row->huge_pages = stat.huge_pages / c->runs;
	if (model)
		compare(c, &runs, row);
	row->io_write_ns = stats_median(runs.ns[0][IO_WRITE], c->runs);
	row->io_read_ns = stats_median(runs.ns[0][IO_READ], c->runs);
	row->compress_ns = stats_median(runs.ns[0][COMPRESS], c->runs);
	row->decompress_ns = stats_median(runs.ns[0][DECOMPRESS], c->runs);
	return 0;
}

int calibrate_run(const struct calibrate_config *config,
		  int (*take)(void *ctx, const struct calibrate_record *row), void *ctx,
		  struct err *e)
{
	struct zram_algorithms algorithms;
	struct half halves[HALVES] = { 0 };
	size_t n;
	int rc;

	if (config->pages * config->runs * PAGE_BYTES > SCRATCH_MAX_BYTES)
		return err_usage(e,
				 "--pages times --runs must be at most %lu, as incompressible "
				 "pages use as much memory",
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
			rc = take(ctx, &row);
	}
	for (size_t k = 0; k < HALVES; k++)
		half_done(&halves[k]);
	return rc;
}
