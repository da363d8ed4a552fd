/* SPDX-License-Identifier: GPL-2.0-only */
/* duplicates.c - a set of 128-bit page hashes: NH of 64-bit words (Black, Halevi, Krawczyk, Krovetz, Rogaway, "UMAC:
 * Fast and Secure Message Authentication", CRYPTO 1999).
 *
 * NH has a proof where faster hashes have tests: over a random key, two given pages of equal length collide with a
 * probability of at most 2^-64. The key is drawn anew for each scan and never leaves it, so a process cannot make
 * pages for it. One multiplication for two words: a small part of what lz4 takes. It is no digest to store.
 */
#include "duplicates.h"

#include <sys/random.h>

#define WORDS (PAGE_BYTES / sizeof(uint64_t))

typedef unsigned __int128 hash_sum;	/* the only integer of 128 bits there is */

struct hash {
	uint64_t high, low;
};

struct duplicates {
	uint64_t key[WORDS];
	struct hash *slots;	/* both halves 0 = free */
	size_t n, capacity;
};

struct duplicates *duplicates_new(void)
{
	struct duplicates *d = calloc(1, sizeof(*d));
	size_t filled = 0;

	while (d && filled < sizeof(d->key)) {
		ssize_t r = getrandom((char *)d->key + filled, sizeof(d->key) - filled, 0);

		if (r < 0 && errno != EINTR) {
			free(d);
			return NULL;
		}
		filled += r > 0 ? (size_t)r : 0;
	}
	return d;
}

void duplicates_free(struct duplicates *d)
{
	if (d)
		free(d->slots);
	free(d);
}

static struct hash hash_of(const uint64_t *key, const uint64_t *words)
{
	hash_sum sum = 0;

	for (size_t i = 0; i < WORDS; i += 2)
		sum += (hash_sum)(key[i] + words[i]) * (key[i + 1] + words[i + 1]);
	return (struct hash){ (uint64_t)(sum >> 64), (uint64_t)sum };
}

/* Linear probing at a load of at most one half. */
static bool insert(struct hash *slots, size_t capacity, struct hash h)
{
	size_t i = (h.high ^ h.low) * UINT64_C(0x9e3779b97f4a7c15) & (capacity - 1);

	for (; slots[i].high || slots[i].low; i = (i + 1) & (capacity - 1))
		if (slots[i].high == h.high && slots[i].low == h.low)
			return false;
	slots[i] = h;
	return true;
}

static int grow(struct duplicates *d)
{
	size_t capacity = MAX(d->capacity * 2, (size_t)1024);
	struct hash *bigger = calloc(capacity, sizeof(*bigger));

	if (!bigger)
		return -ENOMEM;
	for (size_t i = 0; i < d->capacity; i++)
		if (d->slots[i].high || d->slots[i].low)
			insert(bigger, capacity, d->slots[i]);
	free(d->slots);
	d->slots = bigger;
	d->capacity = capacity;
	return 0;
}

int duplicates_add(struct duplicates *d, const void *page)
{
	if (d->n * 2 >= d->capacity && grow(d))
		return -ENOMEM;
	if (!insert(d->slots, d->capacity, hash_of(d->key, page)))
		return 1;
	d->n++;
	return 0;
}
