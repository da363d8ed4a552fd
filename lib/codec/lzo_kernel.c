/* SPDX-License-Identifier: GPL-2.0-only */
/* lzo_kernel.c - LZO1X-1 as Linux writes it, byte for byte: "lzo", and "lzo-rle", which no library
 * has.
 *
 * A block is searched for the first four bytes that are in a table of 2^13 places;
 * liblzo2 has twice as many places, and so writes up to 0.2 % less. The longer nothing is found,
 * the longer the steps. lzo-rle turns runs of four zeros and more into an instruction of their own,
 * and such zeros never enter the table.
 *
 * Both formats, bit by bit: Documentation/staging/lzo.rst. Where a match ends that reaches the last
 * 20 bytes of a block depends on the machine: here as on 64-bit ones, which compare eight bytes at
 * a time.
 */
#include <endian.h>

#include "codec.h"

#ifndef TABLE_BITS    /* the unit test takes liblzo2's 14, and gets liblzo2's bytes */
#define TABLE_BITS 13 /* D_BITS in the kernel's lib/lzo/lzodefs.h */
#endif
#define TAIL_BYTES       20 /* at a block's end: copied, never looked at */
#define SHORT_BYTES      32 /* what is left to write is copied if it is shorter */
#define FIRST_BYTES      4 /* always copied, so that the first instruction copies more than three */
#define STEP_SHIFT       5 /* a byte more of step for each 32 bytes without a match */
#define WORD_BYTES       4 /* the shortest match that is looked for, and the shortest run of zeros */
#define ZEROS_MAX        (2047 + WORD_BYTES)
#define RLE_HEADER       17, 1 /* no stream of lzo begins with 17; the version */
#define RLE_HEADER_BYTES 2

/* The instructions, by their lowest first byte, with the distances and lengths that they have room
 * for. */
#define FAR        16
#define FAR_BASE   0x4000
#define FAR_MAX    0xbfff /* as far as a block reaches; FAR_MAX itself stands for zeros in lzo-rle */
#define FAR_LEN    9
#define MIDDLE     32
#define MIDDLE_MAX 0x4000
#define MIDDLE_LEN 33
#define NEAR_MAX   0x800
#define NEAR_LEN   8
#define LITERALS_MANY \
	4 /* what the next instruction means depends on 0, 1 to 3, or more before it */
#define LITERALS_SHORT 18 /* what one byte can say, and 238 at the beginning of a stream */
#define LITERALS_FIRST 238

struct lzo_state {
	bool rle;
	uint16_t places[1 << TABLE_BITS];
};

static uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* ---- compress ---- */

struct writer {
	uint8_t *at;
	uint8_t *few; /* the byte whose two lowest bits say how many of up to three literals follow
		       */
	const uint8_t *copied; /* source up to here is in the output */
	const uint8_t *end;    /* of the source */
};

/* What is left of a length that its instruction had no room for: 255 for each zero byte. */
static uint8_t *put_rest(uint8_t *at, size_t rest)
{
	for (; rest > 255; rest -= 255)
		*at++ = 0;
	*at++ = (uint8_t)rest;
	return at;
}

static void put_distance(struct writer *w, size_t code)
{
	*w->at++ = (uint8_t)(code << 2);
	*w->at++ = (uint8_t)(code >> 6);
}

/* The source as far as `to` as it is. */
static void put_literals(struct writer *w, const uint8_t *to)
{
	size_t n = (size_t)(to - w->copied);

	if (!n)
		return;
	if (n < LITERALS_MANY) {
		*w->few |= (uint8_t)n;
	} else if (n <= LITERALS_SHORT) {
		*w->at++ = (uint8_t)(n - 3);
	} else {
		*w->at++ = 0;
		w->at = put_rest(w->at, n - LITERALS_SHORT);
	}
	if (n <= 16 && w->end - w->copied >= 16) /* the room is there, too: see lzo_kernel_bound */
		memcpy(w->at, w->copied, 16);
	else
		memcpy(w->at, w->copied, n);
	w->at += n;
	w->copied = to;
}

static void put_match(struct writer *w, size_t len, size_t distance)
{
	if (len <= NEAR_LEN && distance <= NEAR_MAX) {
		*w->at++ = (uint8_t)((len - 1) << 5 | ((distance - 1) & 7) << 2);
		*w->at++ = (uint8_t)((distance - 1) >> 3);
	} else {
		bool middle = distance <= MIDDLE_MAX;
		size_t code = middle ? distance - 1 : distance - FAR_BASE,
		       room = middle ? MIDDLE_LEN : FAR_LEN;
		uint8_t first = middle ? MIDDLE : (uint8_t)(FAR | (code >> 11 & 8));

		if (len <= room) {
			*w->at++ = (uint8_t)(first | (len - 2));
		} else {
			*w->at++ = first;
			w->at = put_rest(w->at, len - room);
		}
		put_distance(w, code);
	}
	w->few = w->at - 2;
	w->copied += len;
}

static void put_zeros(struct writer *w, size_t len)
{
	*w->at++ = (uint8_t)(FAR | 8 | ((len - WORD_BYTES) & 7));
	put_distance(w, FAR_MAX - FAR_BASE);
	*w->at++ = (uint8_t)((len - WORD_BYTES) >> 3);
	w->few = w->at - 3;
	w->copied += len;
}

static size_t count_zeros(const uint8_t *p, const uint8_t *limit)
{
	const uint8_t *end = limit - p > ZEROS_MAX ? p + ZEROS_MAX : limit, *at = p + WORD_BYTES;

	while (end - at >= 8) {
		uint64_t v = load64(at);

		if (v)
			return (size_t)(at - p) + (size_t)__builtin_ctzll(v) / 8;
		at += 8;
	}
	while (at < end && !*at)
		at++;
	return (size_t)(at - p);
}

/* At least WORD_BYTES. Eight by eight: past limit it stops, which may be up to seven bytes on. */
static size_t count_match(const uint8_t *p, const uint8_t *earlier, const uint8_t *limit)
{
	size_t len = WORD_BYTES;
	uint64_t differ = load64(p + len) ^ load64(earlier + len);

	while (!differ) {
		len += 8;
		if (p + len >= limit)
			return len;
		differ = load64(p + len) ^ load64(earlier + len);
	}
	return len + (size_t)__builtin_ctzll(differ) / 8;
}

/* Zeros in lzo-rle are a far match of a distance and a length that no match may have, then. */
static bool reads_as_zeros(size_t len, size_t distance)
{
	return (distance & 0x803f) == 0x803f && len >= 261 && len <= 264;
}

/* What of a block ends in a match or a run; the rest of it, from w->copied on, stays for the next.
 */
static void compress_block(struct lzo_state *s, const uint8_t *block, size_t len, struct writer *w)
{
	const uint8_t *limit = block + len - TAIL_BYTES, *done = block, *at = block + 1;
	size_t before = (size_t)(block - w->copied);

	memset(s->places, 0, sizeof(s->places));
	if (before < FIRST_BYTES)
		at += FIRST_BYTES - before;
	while (at < limit) {
		uint32_t word = load32(at);
		size_t n;

		if (!word && s->rle) {
			n = count_zeros(at, limit);
			put_literals(w, at);
			put_zeros(w, n);
		} else {
			uint16_t *place =
				&s->places[word * UINT32_C(0x1824429d) >> (32 - TABLE_BITS)];
			const uint8_t *earlier = block + *place;

			*place = (uint16_t)(at - block);
			if (load32(earlier) != word) {
				at += 1 + ((at - done) >> STEP_SHIFT);
				continue;
			}
			n = count_match(at, earlier, limit);
			if (s->rle && reads_as_zeros(n, (size_t)(at - earlier)))
				n = 260;
			put_literals(w, at);
			put_match(w, n, (size_t)(at - earlier));
		}
		done = at += n;
	}
}

static void *lzo_kernel_open(bool rle)
{
	struct lzo_state *s = malloc(sizeof(*s));

	if (s)
		s->rle = rle;
	return s;
}

static void *lzo_open(int level UNUSED)
{
	return lzo_kernel_open(false);
}

static void *lzo_rle_open(int level UNUSED)
{
	return lzo_kernel_open(true);
}

static size_t lzo_kernel_bound(size_t len)
{
	return len + len / 16 + 64 + 3 +
	       RLE_HEADER_BYTES; /* lzo1x_worst_compress in include/linux/lzo.h */
}

static ssize_t lzo_kernel_compress(void *state, const void *src, size_t len, void *dst, size_t cap)
{
	static const uint8_t header[] = { RLE_HEADER }, end[] = { FAR | 1, 0, 0 };
	const uint8_t *in = src, *in_end = in + len;
	struct lzo_state *s = state;
	struct writer w = { .at = dst, .copied = src, .end = in_end };
	size_t block_max = s->rle ? FAR_MAX : FAR_MAX + 1, header_len = s->rle ? sizeof(header) : 0;

	if (cap < lzo_kernel_bound(len)) /* the writer does not check */
		return -EIO;
	memcpy(w.at, header, header_len);
	w.at += header_len;
	while (in_end - in > TAIL_BYTES && in_end - w.copied >= SHORT_BYTES) {
		size_t n = MIN((size_t)(in_end - in), block_max);

		compress_block(s, in, n, &w);
		in += n;
	}
	if (w.copied == src && len && len <= LITERALS_FIRST) {
		*w.at++ = (uint8_t)(17 + len);
		memcpy(w.at, src, len);
		w.at += len;
	} else {
		put_literals(&w, in_end);
	}
	memcpy(w.at, end, sizeof(end));
	return w.at + sizeof(end) - (uint8_t *)dst;
}

/* ---- decompress ---- */

struct reader {
	const uint8_t *at, *end;
	uint8_t *out, *out_begin, *out_end;
};

/* A byte, or -1 beyond the end. */
static int get_byte(struct reader *r)
{
	return r->at < r->end ? *r->at++ : -1;
}

/* A length of `bits` bits of the first byte, or, where those are 0, of what follows. 0 = cut short.
 */
static size_t get_len(struct reader *r, unsigned int first, unsigned int bits)
{
	size_t mask = (1U << bits) - 1, len = first & mask;
	int b = 0;

	if (len)
		return len;
	for (len = mask; (b = get_byte(r)) == 0;)
		len += 255;
	return b < 0 ? 0 : len + (size_t)b;
}

static bool copy_literals(struct reader *r, size_t n)
{
	size_t left = (size_t)(r->end - r->at), room = (size_t)(r->out_end - r->out);

	if (left < n || room < n)
		return false;
	if (n <= 16 && left >= 16 && room >= 16)
		memcpy(r->out, r->at, 16);
	else
		memcpy(r->out, r->at, n);
	r->at += n;
	r->out += n;
	return true;
}

/* From what is written already, of which the copy may become part. */
static bool copy_match(struct reader *r, size_t distance, size_t n)
{
	size_t room = (size_t)(r->out_end - r->out);
	const uint8_t *from;

	if ((size_t)(r->out - r->out_begin) < distance || room < n)
		return false;
	from = r->out - distance;
	if (distance >= 8 && room - n >= 8)
		for (size_t i = 0; i < n; i += 8)
			memcpy(r->out + i, from + i, 8);
	else
		for (size_t i = 0; i < n; i++)
			r->out[i] = from[i];
	r->out += n;
	return true;
}

static bool write_zeros(struct reader *r, size_t n)
{
	if ((size_t)(r->out_end - r->out) < n)
		return false;
	memset(r->out, 0, n);
	r->out += n;
	return true;
}

enum step { GO_ON, END, DAMAGED };

/* The instruction 16 to 31: a far match, zeros, or the end. *few: its last byte but for what zeros
 * take. */
static enum step step_far(struct reader *r, unsigned int first, bool rle, unsigned int *few)
{
	size_t len, code;

	if (rle && (first & 8) && r->end - r->at >= 3 && (r->at[0] & 0xfc) == 0xfc &&
	    r->at[1] == 0xff) {
		*few = r->at[0];
		len = (size_t)(r->at[2] << 3 | (first & 7)) + WORD_BYTES;
		r->at += 3;
		return write_zeros(r, len) ? GO_ON : DAMAGED;
	}
	len = get_len(r, first, 3);
	if (!len || r->end - r->at < 2)
		return DAMAGED;
	*few = r->at[0];
	code = (first & 8) << 11 | (size_t)r->at[1] << 6 | r->at[0] >> 2;
	r->at += 2;
	if (!code)
		return len == 1 && r->at == r->end ? END : DAMAGED;
	return copy_match(r, FAR_BASE + code, len + 2) ? GO_ON : DAMAGED;
}

static enum step step_middle(struct reader *r, unsigned int first, unsigned int *few)
{
	size_t len = get_len(r, first, 5), code;

	if (!len || r->end - r->at < 2)
		return DAMAGED;
	*few = r->at[0];
	code = (size_t)r->at[1] << 6 | r->at[0] >> 2;
	r->at += 2;
	return copy_match(r, code + 1, len + 2) ? GO_ON : DAMAGED;
}

/* All those with one byte behind them: near matches, and the two that only follow literals. */
static enum step step_near(struct reader *r, unsigned int first, size_t literals, unsigned int *few)
{
	int high = get_byte(r);
	size_t distance, len;

	if (high < 0)
		return DAMAGED;
	*few = first;
	if (first >= 64) {
		len = (first >> 5) + 1;
		distance = (size_t)high * 8 + (first >> 2 & 7) + 1;
	} else {
		len = literals < LITERALS_MANY ? 2 : 3;
		distance = (size_t)high * 4 + (first >> 2) + 1 +
			   (literals < LITERALS_MANY ? 0 : NEAR_MAX);
	}
	return copy_match(r, distance, len) ? GO_ON : DAMAGED;
}

/* The header of lzo-rle, and literals that may stand at the beginning of a stream. *literals: what
 * the first instruction is told of them.
 */
static enum step step_begin(struct reader *r, bool rle, size_t *literals)
{
	static const uint8_t header[] = { RLE_HEADER };
	size_t n;

	*literals = 0;
	if (rle) {
		if ((size_t)(r->end - r->at) < sizeof(header) ||
		    memcmp(r->at, header, sizeof(header)) != 0)
			return DAMAGED;
		r->at += sizeof(header);
	}
	if (r->end == r->at || r->at[0] <= 17)
		return GO_ON;
	n = (size_t)(*r->at++ - 17);
	*literals = MIN(n, (size_t)LITERALS_MANY);
	return copy_literals(r, n) ? GO_ON : DAMAGED;
}

/* One instruction with the literals behind it, which become *literals. */
static enum step step_any(struct reader *r, bool rle, size_t *literals)
{
	int byte = get_byte(r);
	unsigned int first = (unsigned int)byte, few = 0;
	enum step step;

	if (byte < 0)
		return DAMAGED;
	if (first < FAR && !*literals) {
		size_t n = get_len(r, first, 4);

		*literals = LITERALS_MANY;
		return n && copy_literals(r, n + 3) ? GO_ON : DAMAGED;
	}
	if (first < FAR || first >= 64)
		step = step_near(r, first, *literals, &few);
	else if (first < MIDDLE)
		step = step_far(r, first, rle, &few);
	else
		step = step_middle(r, first, &few);
	*literals = few & 3;
	return step == GO_ON && !copy_literals(r, *literals) ? DAMAGED : step;
}

static ssize_t lzo_kernel_decompress(void *state, const void *src, size_t len, void *dst,
				     size_t cap)
{
	const struct lzo_state *s = state;
	struct reader r = { src, (const uint8_t *)src + len, dst, dst, (uint8_t *)dst + cap };
	size_t literals; /* before the next instruction */
	enum step step = step_begin(&r, s->rle, &literals);

	while (step == GO_ON)
		step = step_any(&r, s->rle, &literals);
	return step == END ? r.out - r.out_begin : -EIO;
}

#define LZO_KERNEL(zram_name, open_state) \
	{ \
		.name = (zram_name), .kernel = { .algorithm = (zram_name), .label = (zram_name) }, \
		.open = (open_state), .close = free, .bound = lzo_kernel_bound, \
		.compress = lzo_kernel_compress, .decompress = lzo_kernel_decompress, \
	}

extern const struct codec codec_lzo, codec_lzo_rle;
const struct codec codec_lzo = LZO_KERNEL("lzo", lzo_open);
const struct codec codec_lzo_rle = LZO_KERNEL("lzo-rle", lzo_rle_open);
