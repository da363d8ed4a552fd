/* SPDX-License-Identifier: GPL-2.0-only */
/* duplicates.c - a set of 128-bit page hashes: NH of 64-bit words (Black, Halevi, Krawczyk,
 * Krovetz, Rogaway, "UMAC: Fast and Secure Message Authentication", CRYPTO 1999).
 *
 * NH has a proof where faster hashes have tests: over a random key, two given pages of equal length
 * collide with a probability of at most 2^-64. The key is drawn anew for each scan and never leaves
 * it, so a process cannot make pages for it. One multiplication for two words: a fortieth of the
 * time of lz4. Not a digest to store.
 */
#include "duplicates.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/random.h>

#define WORDS (PAGE_BYTES / sizeof(uint64_t))

typedef unsigned __int128 hash_sum; /* the only 128-bit integer type */

struct duplicates {
	uint64_t key[WORDS];
	pthread_mutex_t lock;    /* of what follows */
	struct page_hash *slots; /* both halves 0 = free */
	size_t n, capacity;
};

struct duplicates *duplicates_new(void)
{
	struct duplicates *d = calloc(1, sizeof(*d));
	size_t filled = 0;

	if (d)
		pthread_mutex_init(&d->lock, NULL);
	while (d && filled < sizeof(d->key)) {
		ssize_t rc = getrandom((char *)d->key + filled, sizeof(d->key) - filled, 0);

		if (rc < 0 && errno != EINTR) {
			free(d);
			return NULL;
		}
		filled += rc > 0 ? (size_t)rc : 0;
	}
	return d;
}

/* Mapped, in huge pages where allowed: accesses are spread over the whole table, and a fault for
 * each of its pages costs as much as computing the hashes in it.
 */
static struct page_hash *new_slots(size_t capacity)
{
	size_t bytes = capacity * sizeof(struct page_hash);
	void *slots = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (slots == MAP_FAILED)
		return NULL;
	madvise(slots, bytes, MADV_HUGEPAGE);
	return slots;
}

static void free_slots(struct page_hash *slots, size_t capacity)
{
	if (slots)
		munmap(slots, capacity * sizeof(*slots));
}

void duplicates_free(struct duplicates *d)
{
	if (d)
		free_slots(d->slots, d->capacity);
	free(d);
}

/* Two sums and eight words a turn keep the multiplier busy. */
void duplicates_hash(const struct duplicates *d, const void *page, struct page_hash *ret)
{
	const uint64_t *key = d->key, *words = page;
	hash_sum a = 0, b = 0;

	for (size_t i = 0; i < WORDS; i += 8) {
		a += (hash_sum)(key[i] + words[i]) * (key[i + 1] + words[i + 1]);
		b += (hash_sum)(key[i + 2] + words[i + 2]) * (key[i + 3] + words[i + 3]);
		a += (hash_sum)(key[i + 4] + words[i + 4]) * (key[i + 5] + words[i + 5]);
		b += (hash_sum)(key[i + 6] + words[i + 6]) * (key[i + 7] + words[i + 7]);
	}
	a += b;
	*ret = (struct page_hash){ (uint64_t)(a >> 64), (uint64_t)a };
}

static size_t place_of(const struct page_hash *h, size_t capacity)
{
	return (h->high ^ h->low) * UINT64_C(0x9e3779b97f4a7c15) & (capacity - 1);
}

/* Linear probing at a load of at most one half. */
static bool insert(struct page_hash *slots, size_t capacity, const struct page_hash *h)
{
	size_t i = place_of(h, capacity);

	for (; slots[i].high || slots[i].low; i = (i + 1) & (capacity - 1))
		if (slots[i].high == h->high && slots[i].low == h->low)
			return false;
	slots[i] = *h;
	return true;
}

static int make_room(struct duplicates *d, size_t more)
{
	size_t capacity = MAX(d->capacity, (size_t)1024);
	struct page_hash *bigger;

	while ((d->n + more) * 2 > capacity)
		capacity *= 2;
	if (capacity == d->capacity)
		return 0;
	bigger = new_slots(capacity);
	if (!bigger)
		return -ENOMEM;
	for (size_t i = 0; i < d->capacity; i++)
		if (d->slots[i].high || d->slots[i].low)
			insert(bigger, capacity, &d->slots[i]);
	free_slots(d->slots, d->capacity);
	d->slots = bigger;
	d->capacity = capacity;
	return 0;
}

/* Prefetched, as each access to a large table misses the caches. */
static ssize_t add(struct duplicates *d, const struct page_hash *hashes, size_t n)
{
	ssize_t again = 0;

	if (make_room(d, n))
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		__builtin_prefetch(&d->slots[place_of(&hashes[i], d->capacity)], 1);
	for (size_t i = 0; i < n; i++) {
		bool fresh = insert(d->slots, d->capacity, &hashes[i]);

		d->n += fresh;
		again += !fresh;
	}
	return again;
}

int duplicates_expect(struct duplicates *d, size_t n)
{
	return make_room(d, n);
}

ssize_t duplicates_add(struct duplicates *d, const struct page_hash *hashes, size_t n)
{
	ssize_t again;

	pthread_mutex_lock(&d->lock);
	again = add(d, hashes, n);
	pthread_mutex_unlock(&d->lock);
	return again;
}
