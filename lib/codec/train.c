/* SPDX-License-Identifier: GPL-2.0-only */
/* train.c - dictionaries by libzstd's trainer, as `zstd --train` makes them and zram's
 * algorithm_params takes them: lz4 too is given those, header and all.
 */
#include <zdict.h>

#include "codec.h"

int codec_train(const struct codec_samples *samples, void *dictionary, size_t cap, size_t *len,
		struct err *e)
{
	AUTO_FREE size_t *sizes = calloc(MAX(samples->n, (size_t)1), sizeof(*sizes));
	size_t n;

	if (!sizes)
		return err_set(e, ENOMEM, "cannot train a dictionary");
	for (size_t i = 0; i < samples->n; i++)
		sizes[i] = samples->page_bytes;
	n = samples->n ? ZDICT_trainFromBuffer(dictionary, cap, samples->pages, sizes,
					       (unsigned int)samples->n)
		       : 0;
	if (!samples->n || ZDICT_isError(n)) {
		err_say(e, ENODATA,
			"cannot train a dictionary of %zu bytes on %zu pages of %zu: %s", cap,
			samples->n, samples->page_bytes,
			samples->n ? ZDICT_getErrorName(n) : "no pages");
		return err_hint(e,
				"training needs similar pages of about a hundred times its size");
	}
	*len = n;
	return 0;
}
