/* SPDX-License-Identifier: GPL-2.0-only */
/* predict.h - what the page scan measured of a target, and what that predicts of a pool. Pure. */
#ifndef COLDPRESS_STUDY_PREDICT_H
#define COLDPRESS_STUDY_PREDICT_H

#include "lib/codec/codec.h"
#include "lib/results/scan_records.h"

#define STUDY_CODECS_MAX 16

struct study_scan {
	bool present;
	uint64_t resident_bytes; /* of the target when the scan began */
	/* Of the strings in the records, only label and validation live on. */
	struct scan_summary_record summary;
	struct scan_codec_record codecs[STUDY_CODECS_MAX];
	char labels[STUDY_CODECS_MAX][CODEC_LABEL_MAX];
	struct rank_group groups[STUDY_CODECS_MAX][RANK_GROUPS];
	size_t n;
	char *lines; /* the records themselves, for the results database */
};

/* study_scan_coded_pages - sampled pages that need a codec. */
static inline double study_scan_coded_pages(const struct study_scan *scan)
{
	const struct scan_summary_record *s = &scan->summary;

	return (double)(s->sampled_pages - s->zero_pages - s->same_pages);
}

struct study_prediction {
	double used_bytes, compr_bytes; /* NaN: no library codec stands for the algorithm */
	bool approximate;               /* as of codec_for_kernel */
};

/* study_predict - bytes of a pool of this algorithm with that many pages of the target, once they
 * come and go. crypto: as of codec_for_kernel. zeromap: the kernel keeps zero pages as a bit,
 * outside the pool.
 */
struct study_prediction study_predict(const struct study_scan *scan, const char *algorithm,
				      bool crypto, bool zeromap, double pages);

#endif
