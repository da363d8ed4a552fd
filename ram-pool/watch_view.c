/* SPDX-License-Identifier: GPL-2.0-only */
/* watch_view.c - `status --watch` on a terminal: sparklines, redrawn in place. */
#include "watch_view.h"

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

bool watch_view_wanted(const struct opt_output *output)
{
	const char *term = getenv("TERM");

	return output->format == OUT_TEXT && !output->path && isatty(STDOUT_FILENO) && term &&
	       *term && !str_eq(term, "dumb");
}

/* Values as a row of bars, oldest first, the highest as a full bar. */
static void sparkline(const double *values, size_t n, char buf[3 * WATCH_VIEW_SAMPLES + 1])
{
	static const char *const bars[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const plain[] = { " ", ".", ":", "-", "=", "+", "*", "#", "@" };
	const char *const *set = has_utf8() ? bars : plain;
	double max = 0;

	for (size_t i = 0; i < n; i++)
		max = fmax(max, values[i]);
	*buf = '\0';
	for (size_t i = 0; i < n; i++)
		buf = stpcpy(buf, set[max > 0 ? (size_t)ceil(fmax(values[i], 0) / max * 8) : 0]);
}

static void push(double samples[WATCH_VIEW_SAMPLES], size_t n, double value)
{
	if (n >= WATCH_VIEW_SAMPLES)
		memmove(samples, samples + 1, (WATCH_VIEW_SAMPLES - 1) * sizeof(*samples));
	samples[MIN(n, (size_t)WATCH_VIEW_SAMPLES - 1)] = isnan(value) ? 0 : value;
}

/* The terminal cuts long lines instead of wrapping them: the next drawing counts lines. */
#define LINE(fmt) "\033[?7l" fmt "\033[K\033[?7h"

void watch_view_begin(struct watch_view *view)
{
	view->up = view->lines;
	view->lines = 0;
}

static int draw_row(struct watch_view *view, struct out *out, const char *what, const char *now,
		    const double *samples, size_t n)
{
	char bars[3 * WATCH_VIEW_SAMPLES + 1];

	sparkline(samples, n, bars);
	view->lines++;
	return out_line(out, LINE("  %-12s %14s  %s"), what, now, bars);
}

int watch_view_draw(struct watch_view *view, size_t index, const struct pool_status *status,
		    struct out *out)
{
	struct watch_view_pool *pool = &view->pools[index];
	char orig[UNITS_TEXT_MAX], used[UNITS_TEXT_MAX], text[64] = "-", up[32] = "";

	push(pool->used, pool->n, (double)status->now.mm.used_bytes);
	push(pool->written, pool->n, status->written_pages_per_s);
	push(pool->read, pool->n, status->read_pages_per_s);
	pool->n = MIN(pool->n + 1, (size_t)WATCH_VIEW_SAMPLES + 1);
	size_t n = MIN(pool->n, (size_t)WATCH_VIEW_SAMPLES);

	if (!isnan(status->compression_ratio))
		snprintf(text, sizeof(text), "%.2f", status->compression_ratio);
	if (view->up) /* to the first line of the last drawing, and clear from there */
		snprintf(up, sizeof(up), "\033[%zuA\r\033[J", view->up);
	view->up = 0;
	view->lines++;
	int rc = out_line(out, LINE("%s%s (%s, %s): %s in %s of RAM, ratio %s%s%s"), up,
			  status->name, status->device, status->algorithm,
			  units_format_size(status->now.mm.orig_bytes, orig),
			  units_format_size(status->now.mm.used_bytes, used), text,
			  status->warning ? "; warning: " : "",
			  status->warning ? status->warning : "");

	if (rc == 0)
		rc = draw_row(view, out, "RAM", used, pool->used, n);
	snprintf(text, sizeof(text), "%.0f pages/s", status->written_pages_per_s);
	if (rc == 0)
		rc = draw_row(view, out, "written", text, pool->written, n);
	snprintf(text, sizeof(text), "%.0f pages/s", status->read_pages_per_s);
	if (rc == 0)
		rc = draw_row(view, out, "read", text, pool->read, n);
	return rc;
}
