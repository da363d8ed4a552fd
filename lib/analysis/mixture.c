/* SPDX-License-Identifier: GPL-2.0-only */
/* mixture.c - one filler for each kind of page, and the table of mixtures. */
#include <endian.h>

#include "mixture.h"
#include "prng.h"

#define WORDS (PAGE_BYTES / 8)

static const char *const kind_names[] = {
	[MIXTURE_ZERO] = "zero",
	[MIXTURE_SAME] = "same",
	[MIXTURE_DUPLICATE] = "duplicate",
	[MIXTURE_SPARSE] = "sparse",
	[MIXTURE_POINTER] = "pointer",
	[MIXTURE_TEXT] = "text",
	[MIXTURE_COMPRESSED] = "compressed",
	[MIXTURE_RANDOM] = "random",
};

#define ONLY(kind) \
	{ \
		[kind] = 1000 \
	}

/* Shares of zero, same, duplicate, sparse, pointer, text, compressed and random pages. */
static const struct mixture mixtures[] = {
	{ "mixed",
	  { 80, 70, 0, 150, 300, 200, 100, 100 },
	  "zero and same-filled together 15 %, inside the published 10-20 % (zswap, a85f878b443f); "
	  "the rest is an assumption" },
	{ "android",
	  { 60, 20, 70, 180, 330, 150, 130, 60 },
	  "same-filled 8 %, inside 5.6-9.5 % measured on Android 7 (zram, 8e19d540d107); the rest "
	  "is an assumption" },
	{ "browser",
	  { 90, 30, 0, 130, 300, 300, 110, 40 },
	  "an assumption: scripts and documents, objects, decoded and encoded images" },
	{ "database",
	  { 50, 10, 0, 220, 120, 500, 50, 50 },
	  "an assumption: rows of text, half-empty pages, indexes" },
	{ "build",
	  { 90, 20, 0, 130, 550, 200, 0, 10 },
	  "an assumption: trees of a compiler, sources" },
	{ "uniform",
	  { 125, 125, 125, 125, 125, 125, 125, 125 },
	  "every kind as often as any other" },
	{ "incompressible", { 0, 0, 0, 0, 0, 0, 500, 500 }, "by construction" },
	{ "text", ONLY(MIXTURE_TEXT), "one kind" },
	{ "pointer", ONLY(MIXTURE_POINTER), "one kind" },
	{ "sparse", ONLY(MIXTURE_SPARSE), "one kind" },
	{ "zero", ONLY(MIXTURE_ZERO), "one kind" },
	{ "same", ONLY(MIXTURE_SAME), "one kind" },
	{ "duplicate", ONLY(MIXTURE_DUPLICATE), "one kind" },
	{ "compressed", ONLY(MIXTURE_COMPRESSED), "one kind" },
	{ "random", ONLY(MIXTURE_RANDOM), "one kind" },
};

/* About the hundred commonest words of English prose, and some of programs' logs. */
static const char vocabulary[128][12] = {
	"the ",      "of ",       "and ",     "to ",      "a ",       "in ",      "that ",
	"it ",       "is ",       "was ",     "for ",     "on ",      "are ",     "with ",
	"as ",       "be ",       "this ",    "at ",      "or ",      "from ",    "had ",
	"by ",       "not ",      "but ",     "some ",    "what ",    "there ",   "we ",
	"can ",      "out ",      "other ",   "were ",    "all ",     "your ",    "when ",
	"up ",       "use ",      "word ",    "how ",     "said ",    "an ",      "each ",
	"she ",      "which ",    "do ",      "their ",   "time ",    "if ",      "will ",
	"way ",      "about ",    "many ",    "then ",    "them ",    "would ",   "write ",
	"like ",     "so ",       "these ",   "her ",     "long ",    "make ",    "thing ",
	"see ",      "him ",      "two ",     "has ",     "look ",    "more ",    "day ",
	"could ",    "go ",       "come ",    "did ",     "my ",      "sound ",   "no ",
	"most ",     "number ",   "who ",     "over ",    "know ",    "water ",   "than ",
	"call ",     "first ",    "people ",  "may ",     "down ",    "side ",    "been ",
	"now ",      "find ",     "memory ",  "process ", "request ", "session ", "message ",
	"thread ",   "window ",   "buffer ",  "handler ", "network ", "object ",  "element ",
	"function ", "current ",  "version ", "service ", "account ", "started ", "finished ",
	"failed ",   "waiting ",  "another ", "between ", "through ", "because ", "however ",
	"without ",  "against ",  "nothing ", "morning ", "country ", "company ", "history ",
	"problem ",  "question ",
};

const struct mixture *mixture_at(size_t i)
{
	return i < ARRAY_SIZE(mixtures) ? &mixtures[i] : NULL;
}

int mixture_find(const char *name, const struct mixture **ret, struct err *e)
{
	char names[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(mixtures); i++) {
		if (str_eq(name, mixtures[i].name)) {
			*ret = &mixtures[i];
			return 0;
		}
		used += (size_t)snprintf(names + used, sizeof(names) - used, " %s",
					 mixtures[i].name);
	}
	err_usage(e, "page profile '%s' not found", name);
	return err_hint(e, "profiles:%s", names);
}

/* Mean LZ4_compress_default bytes of 20,000 pages of each kind, liblz4 1.9.4. */
static const double lz4_bytes_of[MIXTURE_KINDS] = { 26, 33, 1710, 566, 1536, 1681, 4035, 4114 };

static double mean_lz4_bytes(const struct mixture *mixture)
{
	double sum = 0;

	for (size_t kind = 0; kind < MIXTURE_KINDS; kind++)
		sum += mixture->permille[kind] * lz4_bytes_of[kind] / 1000;
	return sum;
}

int mixture_for_ratio(double ratio, struct mixture *ret, struct err *e)
{
	const struct mixture *base = &mixtures[0];
	const double want = PAGE_BYTES / ratio, have = mean_lz4_bytes(base);
	const enum mixture_kind more = want > have ? MIXTURE_RANDOM : MIXTURE_SPARSE;
	const double share = (want - have) / (lz4_bytes_of[more] - have);
	struct mixture mixture = { .name = "ratio", .source = "generated for the requested ratio" };
	uint16_t rest = 1000;

	if (!(ratio >= 1 && ratio <= 7))
		return err_usage(e, "no mixture of pages compresses %g : 1; possible are 1 to 7",
				 ratio);
	for (size_t kind = 0; kind < MIXTURE_KINDS; kind++) {
		mixture.permille[kind] = (uint16_t)(base->permille[kind] * (1 - share));
		rest -= mixture.permille[kind];
	}
	mixture.permille[more] += rest;
	*ret = mixture;
	return 0;
}

const char *mixture_kind_name(enum mixture_kind kind)
{
	return (size_t)kind < ARRAY_SIZE(kind_names) ? kind_names[kind] : "unknown";
}

uint64_t mixture_hash(uint64_t a, uint64_t b)
{
	return prng_mix(prng_mix(a + PRNG_GOLDEN) + b * PRNG_GOLDEN);
}

static struct prng rng_of(uint64_t seed)
{
	struct prng rng;

	prng_seed(&rng, seed);
	return rng;
}

/* ---- fillers ---- */

static void fill_random(uint64_t *words, size_t n, struct prng *rng)
{
	for (size_t i = 0; i < n; i++)
		words[i] = htole64(prng_next(rng));
}

static void fill_same(uint64_t *words, struct prng *rng)
{
	const uint64_t word = htole64(prng_next(rng) | 1); /* never the zero page */

	for (size_t i = 0; i < WORDS; i++)
		words[i] = word;
}

/* Numbers below 2^20, one in 2 to one in 17 words of which differs from page to page: tables hardly
 * filled. */
static void fill_sparse(uint64_t *words, struct prng *rng)
{
	const uint64_t gap = 3 + prng_next(rng) % 31;

	memset(words, 0, PAGE_BYTES);
	for (size_t i = 0; i < WORDS;) {
		const uint64_t r = prng_next(rng);

		words[i] = htole64(r & 0xfffff);
		i += 1 + (r >> 20) % gap;
	}
}

/* Records of eight words: type, two links, two numbers, flags, a pointer to a buffer and its
 * capacity. Types and flags are few. On each page another share of the records, from none to seven
 * in eight, differs from the one before in its first link and a number only, as in a list that was
 * built at once.
 */
static void fill_pointer(uint64_t *words, struct prng *rng)
{
	const uint64_t r = prng_next(rng), heap = UINT64_C(0x7f0000000000) | (r & 0xfffff) << 20;
	const uint64_t types = UINT64_C(0x550000000000) | (r >> 20 & 0xffffff) << 12;
	const uint64_t alike = r >> 44 & 7;

	for (size_t i = 0; i < WORDS; i += 8) {
		const uint64_t a = prng_next(rng), b = prng_next(rng);

		if (i && a >> 60 < 2 * alike) {
			memcpy(words + i, words + i - 8, 64);
			words[i + 1] = htole64(le64toh(words[i + 1]) + 64);
			words[i + 3] = htole64(b & 0x3ff);
			continue;
		}
		words[i] = htole64(types | (a & 7) << 6);
		words[i + 1] = htole64(heap | (a >> 3 & 0x3fff) << 6);
		words[i + 2] = htole64(a >> 31 & 1 ? 0 : heap | (a >> 17 & 0x3fff) << 6);
		words[i + 3] = htole64(b & 0x3ff);
		words[i + 4] = htole64((b >> 10 & 3) | UINT64_C(1) << 32);
		words[i + 5] = htole64((b >> 12 & 1) ? 0 : UINT64_C(0x100000001));
		words[i + 6] = htole64(heap | (b >> 13 & 0xffff) << 4);
		words[i + 7] = htole64(UINT64_C(16) << (b >> 33 & 3));
	}
}

/* Text grows in chunks of up to 64 bytes; each filler stops when the page is full. */
struct writer {
	char text[PAGE_BYTES + 64];
	size_t used;
	uint64_t spread; /* of 32: how much of the vocabulary this page uses */
};

/* Copies a fixed number of bytes, which is fast, and keeps only len of them. */
static inline void put_padded(struct writer *w, const char *padded, size_t padded_len, size_t len)
{
	memcpy(w->text + w->used, padded, padded_len);
	w->used += len;
}

/* The square of a uniform number: the first words are the commonest, about as in prose. */
static inline void put_word(struct writer *w, uint64_t r)
{
	const uint64_t u = r & 0xffff, i = (u * u >> 25) * w->spread >> 5;

	put_padded(w, vocabulary[i], sizeof(vocabulary[i]), strlen(vocabulary[i]));
}

static void fill_prose(struct writer *w, struct prng *rng)
{
	while (w->used < PAGE_BYTES) {
		uint64_t r = prng_next(rng);

		for (int i = 0; i < 4 && w->used < PAGE_BYTES; i++, r >>= 16)
			put_word(w, r);
	}
}

#define PUT(w, literal) put_padded(w, literal, sizeof(literal) - 1, sizeof(literal) - 1)

static inline void put_digits(struct writer *w, uint64_t number, size_t digits)
{
	for (size_t i = 0; i < digits; i++, number /= 10)
		w->text[w->used++] = (char)('0' + number % 10);
}

/* On each page another share of the lines, from none to seven in eight, is about the same thing as
 * the one before. */
static void fill_json(struct writer *w, struct prng *rng)
{
	static const char *const states[] = { "200", "200", "304", "404" };
	uint64_t id = prng_next(rng), r = prng_next(rng);
	const uint64_t alike = id >> 60 & 7;

	while (w->used < PAGE_BYTES) {
		const uint64_t s = prng_next(rng), other = prng_next(rng);

		if (s >> 61 >= alike)
			r = other;

		PUT(w, "{\"id\":\"");
		put_digits(w, id++ & 0xffffff, 8);
		PUT(w, "\",\"user\":\"");
		put_word(w, r);
		w->used--;
		PUT(w, "\",\"path\":\"/");
		if (w->used >= PAGE_BYTES)
			break;
		put_word(w, r >> 16);
		w->text[w->used - 1] = '/';
		put_word(w, r >> 32);
		w->used--;
		PUT(w, "\",\"status\":");
		put_padded(w, states[r >> 62], 3, 3);
		if (w->used >= PAGE_BYTES)
			break;
		PUT(w, ",\"bytes\":");
		put_digits(w, s & 0xfffff, 6);
		PUT(w, ",\"us\":");
		put_digits(w, s >> 20 & 0xffff, 5);
		PUT(w, "}\n");
	}
}

static void fill_text(void *page, struct prng *rng)
{
	struct writer w;

	w.used = 0;
	w.spread = 4 + prng_next(rng) % 29;
	if (prng_next(rng) % 4 == 0)
		fill_prose(&w, rng);
	else
		fill_json(&w, rng);
	memcpy(page, w.text, PAGE_BYTES);
}

/* Every KiB begins with 32 bytes like a chunk's head: a magic, a length, zeros. */
static void fill_compressed(uint64_t *words, struct prng *rng)
{
	fill_random(words, WORDS, rng);
	for (size_t i = 0; i < WORDS; i += 128) {
		words[i] = htole64(UINT64_C(0x0a1a0a0d474e5089));
		words[i + 1] = htole64(words[i + 1] & 0xffff);
		words[i + 2] = words[i + 3] = 0;
	}
}

/* ---- a page ---- */

/* Weyl's sequence of the golden ratio, begun somewhere by the seed, is the most even there is. */
enum mixture_kind mixture_kind_of(const struct mixture *mixture, uint64_t seed, uint64_t index)
{
	const uint64_t u = mixture_hash(seed, 0) + index * PRNG_GOLDEN;
	uint32_t left = (uint32_t)((u >> 32) * 1000 >> 32);
	size_t kind = 0;

	while (kind < MIXTURE_KINDS - 1 && left >= mixture->permille[kind])
		left -= mixture->permille[kind++];
	return (enum mixture_kind)kind;
}

enum mixture_kind mixture_fill(void *page, const struct mixture *mixture, uint64_t seed,
			       uint64_t index, uint64_t generation)
{
	const enum mixture_kind kind = mixture_kind_of(mixture, seed, index);
	struct prng rng = rng_of(mixture_hash(mixture_hash(seed, index + 1), generation));

	switch (kind) {
	case MIXTURE_ZERO:
		memset(page, 0, PAGE_BYTES);
		break;
	case MIXTURE_SAME:
		fill_same(page, &rng);
		break;
	case MIXTURE_DUPLICATE:
		rng = rng_of(mixture_hash(seed, prng_next(&rng) % 16));
		fill_text(page, &rng);
		break;
	case MIXTURE_SPARSE:
		fill_sparse(page, &rng);
		break;
	case MIXTURE_POINTER:
		fill_pointer(page, &rng);
		break;
	case MIXTURE_TEXT:
		fill_text(page, &rng);
		break;
	case MIXTURE_COMPRESSED:
		fill_compressed(page, &rng);
		break;
	case MIXTURE_RANDOM:
	case MIXTURE_KINDS:
		fill_random(page, WORDS, &rng);
		break;
	}
	return kind;
}

void mixture_fill_sized(void *page, enum mixture_kind kind, uint64_t lz4_bytes, uint64_t seed,
			uint64_t index, uint64_t generation)
{
	struct mixture only = { .name = mixture_kind_name(kind) };
	struct prng rng = rng_of(mixture_hash(mixture_hash(seed, ~index), generation));
	const double want = (double)lz4_bytes, have = lz4_bytes_of[kind];
	size_t words;

	only.permille[kind] = 1000;
	mixture_fill(page, &only, seed, index, generation);
	if (kind == MIXTURE_ZERO || kind == MIXTURE_SAME || lz4_bytes == MISSING_U64)
		return;
	if (want < have) {
		words = (size_t)(PAGE_BYTES / 8.0 * (1 - want / have));
		memset((uint64_t *)page + WORDS - words, 0, words * 8);
	} else if (have < PAGE_BYTES) {
		words = (size_t)(PAGE_BYTES / 8.0 * MIN((want - have) / (PAGE_BYTES - have), 1));
		fill_random((uint64_t *)page + WORDS - words, words, &rng);
	}
}
