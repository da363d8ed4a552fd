/* SPDX-License-Identifier: GPL-2.0-only */
/* zipf_cache.c - a key-value cache: requests for values of one to --value-pages pages, with a Zipf
 * distribution.
 *
 * Ranks are hashed, so that popular values lie anywhere in the region. A request touches each page
 * of its value; --set-share of the requests write it. Ranks are drawn as in YCSB (Gray et al.,
 * "Quickly generating billion-record synthetic databases", SIGMOD 1994). A touch is cold when its
 * page was not among the last `pages` touches.
 */
#include <math.h>

#include "workloads/gen/worker.h"

struct cache {
	double zeta, zeta2, alpha, eta;
	uint64_t items;      /* values of --value-pages at most, side by side */
	uint64_t page, left; /* of the current request */
	uint64_t request;
	bool set;
};

static void prepare(struct worker *w)
{
	struct cache *c = w->state;
	const double theta = w->config->theta;

	c->items = MAX(w->pages / w->config->value_pages, 1);
	for (uint64_t i = 1; i <= c->items; i++)
		c->zeta += pow((double)i, -theta);
	c->zeta2 = 1 + pow(2, -theta);
	c->alpha = 1 / (1 - theta);
	c->eta = (1 - pow(2.0 / (double)c->items, 1 - theta)) / (1 - c->zeta2 / c->zeta);
}

/* A rank from 0, with a Zipf distribution. */
static uint64_t draw(const struct worker *w, const struct cache *c, uint64_t r)
{
	const double u = (double)(r >> 11) * 0x1p-53, uz = u * c->zeta;
	double rank;

	if (uz < 1 || c->items < 3)
		return 0;
	if (uz < 1 + pow(0.5, w->config->theta))
		return 1;
	rank = (double)c->items * pow(c->eta * u - c->eta + 1, c->alpha);
	return MIN((uint64_t)rank, c->items - 1);
}

static void next_request(struct worker *w, struct cache *c)
{
	const uint64_t r = worker_random(w, ++c->request);
	const uint64_t value_pages = w->config->value_pages;
	const uint64_t item = mixture_hash(draw(w, c, r), w->seed) % c->items;

	c->page = item * value_pages % w->pages;
	c->left = MIN(1 + mixture_hash(item, 3) % value_pages, w->pages - c->page);
	c->set = (double)(mixture_hash(r, 1) >> 11) * 0x1p-53 < w->config->set_share;
}

static void step(struct worker *w)
{
	struct cache *c = w->state;
	const bool asked = w->config->touch != TOUCH_DEFAULT;

	if (!c->left)
		next_request(w, c);
	worker_touch_aged(w, c->page++,
			  asked ? worker_writes(w, mixture_hash(c->request, 2)) : c->set);
	c->left--;
}

const struct pattern pattern_zipf_cache = {
	.name = "zipf_cache",
	.summary = "requests to a key-value cache with a Zipf distribution (--theta, --set-share, "
		   "--value-pages)",
	.measures = "a hot set that stays in memory and a long tail that is swapped in rarely",
	.touch = TOUCH_MIX,
	.populates = true,
	.state_bytes = sizeof(struct cache),
	.prepare = prepare,
	.step = step,
};
