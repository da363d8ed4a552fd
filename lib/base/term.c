/* SPDX-License-Identifier: GPL-2.0-only */
/* term.c - messages and progress on stderr. A progress line is erased before a message. */
#include <stdarg.h>
#include <sys/ioctl.h>

#include "out.h"
#include "term.h"
#include "units.h"

static enum term_level current_level = TERM_NORMAL;
static bool line_is_open;

void term_set_level(enum term_level level)
{
	current_level = level;
}

static void erase_line(void)
{
	if (line_is_open)
		fputs("\r\033[K", stderr);
	line_is_open = false;
}

void term_print(enum term_level level, const char *prefix, const char *fmt, ...)
{
	char text[2048], safe[2048];
	va_list ap;

	if (current_level < level)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	erase_line();
	fprintf(stderr, "%s%s\n", prefix, out_escape(text, strlen(text), safe, sizeof(safe)));
}

int term_error(const struct err *e, const char *program)
{
	term_print(TERM_QUIET, "", "%s: %s", program,
		   e->what[0] ? e->what : strerror(e->code < 0 ? -e->code : EIO));
	if (e->hint[0])
		term_print(TERM_QUIET, "  ", "%s", e->hint);
	return e->exit ? e->exit : EXIT_FAILED;
}

static bool stderr_is_live(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && current_level >= TERM_NORMAL && term &&
	       !str_eq(term, "dumb");
}

static unsigned int columns(void)
{
	struct winsize ws;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 20 ? ws.ws_col : 80;
}

static void draw(struct term_progress *p)
{
	uint64_t elapsed = monotonic_ns() - p->begin_ns;
	double share = p->total > 0 ? MIN(p->done / p->total, 1) : 0;
	char left[UNITS_TEXT_MAX] = "", line[256];

	if (share > 0.02 && share < 1)
		units_format_duration((uint64_t)((double)elapsed * (1 - share) / share), left);
	snprintf(line, sizeof(line), *left ? "%3.0f%% %s, %s left" : "%3.0f%% %s", share * 100,
		 p->label, left);
	fprintf(stderr, "\r\033[K%.*s", (int)columns() - 1, line);
	fflush(stderr);
	line_is_open = true;
}

void term_progress_begin(struct term_progress *p, double total)
{
	*p = (struct term_progress){ .begin_ns = monotonic_ns(),
				     .total = total,
				     .live = stderr_is_live() };
}

void term_progress_step(struct term_progress *p, const char *fmt, ...)
{
	char label[sizeof(p->label)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(label, sizeof(label), fmt, ap);
	va_end(ap);
	out_escape(label, strlen(label), p->label, sizeof(p->label));
	if (p->live)
		draw(p);
	else
		term_say("%s", label);
}

void term_progress_update(struct term_progress *p, double done)
{
	p->done = done;
	if (p->live)
		draw(p);
}

void term_progress_end(struct term_progress *p)
{
	(void)p;
	erase_line();
	fflush(stderr);
}
