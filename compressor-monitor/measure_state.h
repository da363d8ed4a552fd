/* SPDX-License-Identifier: GPL-2.0-only */
/* measure_state.h - what measure.c measures and measure_report.c reports. */
#ifndef COLDPRESS_MONITOR_MEASURE_STATE_H
#define COLDPRESS_MONITOR_MEASURE_STATE_H

#include "groups.h"
#include "lib/analysis/strata.h"
#include "lib/codec/codec.h"
#include "scan_result.h"

#define BATCH_PAGES 32

/* A growing list of per-page times, one for each batch. */
struct times {
	double *ns;
	size_t n, allocated;
	uint64_t total_ns;
};

/* Results of one codec. */
struct codec_sums {
	struct zsmalloc_pool pool;
	uint64_t mismatched_pages;
	uint64_t bins[SCAN_BINS];
	uint64_t estimated[2][2]; /* pages: [compressible][estimated compressible] */
	struct class_sums {
		uint64_t pages, codec_bytes, compress_ns, decompress_ns;
		double slot_bytes;
	} classes[PAGE_CLASSES];
	uint64_t codec_squares; /* of the lengths */
	struct group_sums groups[RANK_GROUPS];
};

struct codec_measure {
	struct codec_run run;
	char *compressed; /* BATCH_PAGES * bound */
	size_t bound;
	struct codec_sums sums;
	struct stratum_sums *strata; /* n_strata of them */
	struct times compress, decompress;
	struct kept *kept; /* PAGE_CLASSES of them */
};

/* Compressed pages of one class from batches in which zram would keep few compressed: decompressed
 * once there are enough of them for the clock.
 */
struct kept {
	char *data; /* BATCH_PAGES * bound, once needed */
	size_t len[BATCH_PAGES], n;
};

/* Pages of one page class, so that the time of a batch belongs to it. They stay in the caller's
 * memory until measure_hold copies those that wait for a full batch.
 */
struct batch {
	char held[BATCH_PAGES * PAGE_BYTES];
	const char *pages[BATCH_PAGES];
	uint32_t strata[BATCH_PAGES];
	uint8_t groups[BATCH_PAGES];
	enum page_class class;
	size_t n;
	bool fits[2]
		 [BATCH_PAGES]; /* by the estimator, for codecs without and with entropy coding */
};

/* Results of one thread; measure_join adds them up. */
struct measure {
	struct codec_measure *codecs;
	size_t n_codecs;
	struct batch *batches; /* PAGE_CLASSES of them */
	char *back;            /* BATCH_PAGES * PAGE_BYTES */
	size_t n_strata;
	uint64_t pages, same_pages, unread_pages;
	bool estimate;
	uint64_t estimate_ns; /* to estimate all pages for one kind of codec */
	uint64_t clock_ns;    /* from one clock read to the next, with nothing between */
};

/* measure_grow_strata - space for strata up to this one. -ENOMEM. */
int measure_grow_strata(struct measure *m, uint32_t stratum);
void measure_class_add(struct class_sums *to, const struct class_sums *from);

#endif
