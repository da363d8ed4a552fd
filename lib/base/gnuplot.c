/* SPDX-License-Identifier: GPL-2.0-only */
/* gnuplot.c - runs gnuplot on one script at a time and edits its SVG. */
#include "gnuplot.h"

#include "spawn.h"

#define CPU_LIMIT_S     30
#define WAIT_NS         (600 * NS_PER_S)
#define LABEL_MAX       28
#define PDF_PX_PER_INCH 110.0

void plot_label(struct text *script, const char *name, char quote)
{
	static const char kept[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._:+-=/()";
	size_t n = name ? strlen(name) : 0;

	text_put(script, &quote, 1);
	for (size_t i = 0; i < n && i < LABEL_MAX; i++)
		text_put(script, strchr(kept, name[i]) ? &name[i] : "?", 1);
	text_str(script, n > LABEL_MAX ? ".." : "");
	text_put(script, &quote, 1);
}

/* ---- SVG ---- */

/* Every plot's symbols have the same ids; on one page they need a prefix. */
static void put_with_prefix(struct text *svg, const char *s, size_t n, const char *name)
{
	static const char *const marks[] = { "id='", "href='#", "id=\"" };

	for (size_t i = 0; i < n; i++) {
		text_put(svg, &s[i], 1);
		for (size_t m = 0; m < ARRAY_SIZE(marks); m++) {
			size_t len = strlen(marks[m]);

			if (i + 1 >= len && memcmp(&s[i + 1 - len], marks[m], len) == 0) {
				text_str(svg, name);
				text_str(svg, "-");
			}
		}
	}
}

/* From <svg to its end, without gnuplot's titles, which would show as tool tips. */
static int take_svg(const char *file, size_t len, const char *name, struct text *svg)
{
	const char *at = memmem(file, len, "<svg", 4), *end = file + len;
	const char *title;

	if (!at)
		return -EBADMSG;
	while ((title = memmem(at, (size_t)(end - at), "<title>", 7))) {
		const char *close = memmem(title, (size_t)(end - title), "</title>", 8);

		if (!close)
			return -EBADMSG;
		put_with_prefix(svg, at, (size_t)(title - at), name);
		at = close + 8;
	}
	put_with_prefix(svg, at, (size_t)(end - at), name);
	return svg->failed ? -ENOMEM : 0;
}

/* ---- one plot ---- */

static void put_head(struct text *script, bool pdf, unsigned int width, unsigned int height)
{
	char head[160];

	if (pdf)
		snprintf(head, sizeof(head),
			 "set terminal pdfcairo size %.2f,%.2f noenhanced font 'sans-serif,9'\n",
			 width / PDF_PX_PER_INCH, height / PDF_PX_PER_INCH);
	else
		snprintf(head, sizeof(head),
			 "set terminal svg size %u,%u dynamic noenhanced font 'sans-serif,13'\n",
			 width, height);
	text_str(script, "set encoding utf8\n");
	text_str(script, head);
}

/* Its first error message. */
static int gnuplot_failed(const char *name, int messages_fd, struct err *e)
{
	size_t n;
	AUTO_FREE char *messages = spawn_memory_text(messages_fd, &n);

	for (char *p = messages; p && *p; p++)
		*p = *p == '\n' ? ' ' : *p;
	return err_say(e, EIO, "gnuplot failed on plot %s: %.200s", name,
		       messages && *messages ? messages : "no message");
}

/* Runs gnuplot on the script; what it draws is *ret, to be freed. */
static int run(const char *name, const struct text *script, char **ret, size_t *len, struct err *e)
{
	static const char *const argv[] = { "gnuplot", "-d", "/dev/stdin", NULL };
	static const char *const env[] = { "GNUPLOT_LIB", "LC_ALL=C.UTF-8", NULL };
	AUTO_CLOSE int in = script->failed ? -ENOMEM : spawn_memory(script->s, script->n);
	AUTO_CLOSE int out = spawn_memory(NULL, 0);
	AUTO_CLOSE int messages = spawn_memory(NULL, 0);
	const struct spawn how = { .argv = argv,
				   .in_fd = in,
				   .out_fd = out,
				   .err_fd = messages,
				   .dir = "/",
				   .env = env,
				   .cpu_limit_s = CPU_LIMIT_S };
	struct child gnuplot;
	int rc;

	if (in < 0 || out < 0 || messages < 0)
		return err_set(e, ENOMEM, "cannot draw plot %s", name);
	rc = spawn(&gnuplot, &how, e);
	if (rc)
		return rc == -ENOENT ? err_say(e, ENOENT, "gnuplot is not installed") : rc;
	while (child_wait(&gnuplot, WAIT_NS) == -EINTR)
		;
	child_done(&gnuplot);
	if (gnuplot.status)
		return gnuplot_failed(name, messages, e);
	*ret = spawn_memory_text(out, len);
	return *ret ? 0 : err_set(e, ENOMEM, "cannot draw plot %s", name);
}

static int draw(const char *name, bool pdf, const struct text *commands, unsigned int width,
		unsigned int height, char **ret, size_t *len, struct err *e)
{
	struct text script = { .failed = commands->failed };
	int rc;

	put_head(&script, pdf, width, height);
	text_put(&script, commands->s, commands->n);
	rc = run(name, &script, ret, len, e);
	text_done(&script);
	return rc;
}

static int save(const char *dir, const char *name, const char *bytes, size_t len, struct err *e)
{
	AUTO_FREE char *path = NULL;

	if (asprintf(&path, "%s/%s.pdf", dir, name) < 0) {
		path = NULL;
		return err_set(e, ENOMEM, "cannot write %s.pdf", name);
	}

	FILE *f AUTO_FCLOSE = fopen(path, "we");

	if (!f || fwrite(bytes, 1, len, f) != len || fflush(f))
		return err_set(e, errno, "cannot write %s", path);
	return 0;
}

int plotter_draw(struct plotter *plotter, const char *name, const struct text *script,
		 unsigned int width, unsigned int height, struct text *svg, struct err *e)
{
	AUTO_FREE char *drawn = NULL, *pdf = NULL;
	size_t len = 0;
	int rc;

	if (plotter->absent)
		return err_say(e, ENOENT, "gnuplot is not installed");
	rc = draw(name, false, script, width, height, &drawn, &len, e);
	plotter->absent = rc == -ENOENT;
	if (!rc && take_svg(drawn, len, name, svg))
		rc = err_say(e, EBADMSG, "gnuplot wrote no SVG for plot %s", name);
	plotter->failed += rc != 0;
	plotter->drawn += rc == 0;
	if (rc || !plotter->pdf_dir)
		return rc;
	rc = draw(name, true, script, width, height, &pdf, &len, e);
	return rc ? rc : save(plotter->pdf_dir, name, pdf, len, e);
}
