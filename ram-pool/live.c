/* SPDX-License-Identifier: GPL-2.0-only */
/* live.c - a watch on a terminal: each pool as a few lines with sparklines, drawn again in place.
 */
#include "live.h"

#include <math.h>

#include "lib/base/units.h"

static bool has_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

bool live_wanted(const struct opt_output *output)
{
	const char *term = getenv("TERM");

	return output->format == OUT_TEXT && !output->path && isatty(STDOUT_FILENO) && term &&
	       *term && !str_eq(term, "dumb");
}

char *live_sparkline(const double *values, size_t n, bool ascii, char *buf)
{
	static const char *const bars[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char plain[] = " .:-=+*#@";
	double max = 0;
	char *to = buf;

	for (size_t i = 0; i < n; i++)
		max = values[i] > max ? values[i] : max;
	for (size_t i = 0; i < n; i++) {
		size_t level = max > 0 && values[i] > 0 ? (size_t)ceil(values[i] / max * 8) : 0;

		if (ascii)
			*to++ = plain[level];
		else
			to = stpcpy(to, bars[level]);
	}
	*to = '\0';
	return buf;
}

static void push(double samples[LIVE_SAMPLES], size_t n, double value)
{
	if (n >= LIVE_SAMPLES)
		memmove(samples, samples + 1, (LIVE_SAMPLES - 1) * sizeof(*samples));
	samples[MIN(n, (size_t)LIVE_SAMPLES - 1)] = isnan(value) ? 0 : value;
}

static struct live_pool *find(struct live *live, const char *name)
{
	for (size_t i = 0; i < live->n_pools; i++)
		if (str_eq(live->pools[i].name, name))
			return &live->pools[i];
	if (live->n_pools == POOLS_MAX)
		return NULL;
	struct live_pool *pool = &live->pools[live->n_pools++];

	snprintf(pool->name, sizeof(pool->name), "%s", name);
	return pool;
}

/* Lines that are too long are cut by the terminal, not wrapped: the next drawing counts lines. */
#define LINE(fmt) "\033[?7l" fmt "\033[K\033[?7h"

void live_begin(struct live *live)
{
	live->up = live->lines;
	live->lines = 0;
}

static int draw_row(struct live *live, struct out *out, const char *what, const char *now,
		    const double *samples, size_t n)
{
	char bars[3 * LIVE_SAMPLES + 1];

	live->lines++;
	return out_line(out, LINE("  %-12s %14s  %s"), what, now,
			live_sparkline(samples, n, !has_utf8(), bars));
}

int live_draw(struct live *live, const struct pool_watch *watch, const struct pool_status *status,
	      struct out *out)
{
	struct live_pool *pool = find(live, watch->name);
	char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX], now[64], up[32] = "";
	int r;

	if (!pool)
		return 0;
	push(pool->used, pool->n, (double)watch->used_bytes);
	push(pool->written, pool->n, watch->written_pages_per_s);
	push(pool->read, pool->n, watch->read_pages_per_s);
	pool->n = MIN(pool->n + 1, (size_t)LIVE_SAMPLES + 1);
	size_t n = MIN(pool->n, (size_t)LIVE_SAMPLES);

	snprintf(now, sizeof(now), "%.2f", watch->compression_ratio);
	if (live->up) /* back to the first line of the last drawing, and away with it */
		snprintf(up, sizeof(up), "\033[%zuA\r\033[J", live->up);
	live->up = 0;
	live->lines++;
	r = out_line(out, LINE("%s%s (%s, %s): holds %s in %s, ratio %s%s%s"), up, watch->name,
		     status->device, status->algorithm, units_format_size(watch->orig_bytes, a),
		     units_format_size(watch->used_bytes, b),
		     isnan(watch->compression_ratio) ? "-" : now,
		     status->warning ? "; warning: " : "", status->warning ? status->warning : "");
	if (r || (r = draw_row(live, out, "RAM", b, pool->used, n)))
		return r;
	snprintf(now, sizeof(now), "%.0f pages/s", watch->written_pages_per_s);
	if ((r = draw_row(live, out, "written", now, pool->written, n)))
		return r;
	snprintf(now, sizeof(now), "%.0f pages/s", watch->read_pages_per_s);
	return draw_row(live, out, "read", now, pool->read, n);
}
