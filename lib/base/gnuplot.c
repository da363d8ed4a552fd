/* SPDX-License-Identifier: GPL-2.0-only */
/* gnuplot.c - runs gnuplot on one script at a time and takes its SVG apart.
 *
 * It does not know what is drawn.
 */
#include "gnuplot.h"

#include <fcntl.h>

#include "spawn.h"

#define CPU_LIMIT_S     30
#define WAIT_NS         (600 * NS_PER_S)
#define LABEL_MAX       28
#define PDF_PX_PER_INCH 110.0

int plotter_init(struct plotter *plotter, const char *pdf_dir, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	char dir[sizeof(plotter->dir)];

	*plotter = (struct plotter){ .pdf_dir = pdf_dir };
	if (!tmp || tmp[0] != '/' || strlen(tmp) > sizeof(dir) - 32)
		tmp = "/tmp";
	snprintf(dir, sizeof(dir), "%s/coldpress-figure.XXXXXX", tmp);
	if (!mkdtemp(dir))
		return err_set(e, errno, "cannot make a directory in %s", tmp);
	strcpy(plotter->dir, dir);
	return 0;
}

void plotter_done(struct plotter *plotter)
{
	static const char *const files[] = { "script", "svg", "pdf", "said" };
	char path[96];

	if (!plotter->dir[0])
		return;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", plotter->dir, files[i]);
		unlink(path);
	}
	rmdir(plotter->dir);
}

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

/* ---- running ---- */

/* Runs gnuplot to its end. Returns 0, -ENOENT: not installed, or -EIO: it failed. */
static int run(const char *dir)
{
	static const char *const argv[] = { "gnuplot", "-d", "script", NULL };
	static const char *const env[] = { "GNUPLOT_LIB", "LC_ALL=C.UTF-8", NULL };
	char path[96];
	struct child gnuplot;
	int rc;

	snprintf(path, sizeof(path), "%s/said", dir);

	AUTO_CLOSE int said = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (said < 0)
		return -errno;
	rc = spawn(&gnuplot,
		   &(struct spawn){ .argv = argv,
				    .in_fd = SPAWN_NULL,
				    .out_fd = SPAWN_NULL,
				    .err_fd = said,
				    .dir = dir,
				    .env = env,
				    .cpu_limit_s = CPU_LIMIT_S },
		   NULL);
	if (rc)
		return rc;
	while (child_wait(&gnuplot, WAIT_NS) == -EINTR)
		;
	child_done(&gnuplot);
	return gnuplot.status ? -EIO : 0;
}

static int write_file(const char *path, const struct text *head, const struct text *body)
{
	FILE *f AUTO_FCLOSE = fopen(path, "we");

	if (!f)
		return -errno;
	if (fwrite(head->s, 1, head->n, f) != head->n ||
	    fwrite(body->s, 1, body->n, f) != body->n || fflush(f))
		return -errno;
	return 0;
}

static int read_file(const char *path, struct text *ret)
{
	FILE *f AUTO_FCLOSE = fopen(path, "re");
	char buf[16384];
	size_t n;

	if (!f)
		return -errno;
	while ((n = fread(buf, 1, sizeof(buf), f)))
		text_put(ret, buf, n);
	return ferror(f) ? -EIO : ret->failed ? -ENOMEM : 0;
}

/* gnuplot's first complaint, for the message. */
static int complain(const struct plotter *plotter, const char *name, int code, struct err *e)
{
	struct text said = { 0 };
	char path[96];
	const char *words = "it said nothing";

	if (code == -ENOENT)
		return err_say(e, ENOENT, "gnuplot is not installed");
	snprintf(path, sizeof(path), "%s/said", plotter->dir);
	if (read_file(path, &said) == 0 && text_reserve(&said, 1) && said.n) {
		said.s[said.n] = '\0';
		for (char *p = said.s; *p; p++)
			*p = *p == '\n' ? ' ' : *p;
		words = said.s;
	}
	err_say(e, EIO, "gnuplot failed on figure %s: %.200s", name, words);
	text_done(&said);
	return -EIO;
}

/* ---- SVG ---- */

/* Every figure's symbols have the same ids; on one page they need a prefix. gnuplot writes them as
 * 'gp...' and
 * '#gp...', and its filters as 'textbox' and 'greybox', which nothing here uses.
 */
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

/* From <svg to its end; the titles in it are gnuplot's own and would show as tool tips. */
static int take_svg(const struct text *file, const char *name, struct text *svg)
{
	const char *at = file->n ? memmem(file->s, file->n, "<svg", 4) : NULL;
	const char *end = file->s + file->n;
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

/* ---- one figure ---- */

static void put_head(struct text *head, const char *terminal, unsigned int width,
		     unsigned int height)
{
	char size[160];

	if (str_eq(terminal, "svg"))
		snprintf(size, sizeof(size),
			 "set terminal svg size %u,%u dynamic noenhanced font 'sans-serif,13'\nset "
			 "output 'svg'\n",
			 width, height);
	else
		snprintf(size, sizeof(size),
			 "set terminal pdfcairo size %.2f,%.2f noenhanced font 'sans-serif,9'\nset "
			 "output 'pdf'\n",
			 width / PDF_PX_PER_INCH, height / PDF_PX_PER_INCH);
	text_str(head, "set encoding utf8\n");
	text_str(head, size);
}

static int draw_as(const struct plotter *plotter, const char *terminal, const struct text *script,
		   unsigned int width, unsigned int height, struct text *ret)
{
	char script_path[96], drawn_path[96];
	struct text head = { 0 };
	int r;

	put_head(&head, terminal, width, height);
	snprintf(script_path, sizeof(script_path), "%s/script", plotter->dir);
	snprintf(drawn_path, sizeof(drawn_path), "%s/%s", plotter->dir, terminal);
	r = head.failed || script->failed ? -ENOMEM : write_file(script_path, &head, script);
	text_done(&head);
	if (r)
		return r;
	/* The figure before must not stand in for one that gnuplot did not draw. */
	unlink(drawn_path);
	r = run(plotter->dir);
	return r ? r : read_file(drawn_path, ret) ? -EIO : 0;
}

static int save_pdf(const struct plotter *plotter, const char *name, const struct text *pdf,
		    struct err *e)
{
	static const struct text nothing = { 0 };
	char *path AUTO_FREE = NULL;
	int r;

	if (asprintf(&path, "%s/%s.pdf", plotter->pdf_dir, name) < 0) {
		path = NULL;
		return err_set(e, ENOMEM, "cannot write %s.pdf", name);
	}
	r = write_file(path, pdf, &nothing);
	return r ? err_set(e, r, "cannot write %s", path) : 0;
}

int plotter_draw(struct plotter *plotter, const char *name, const struct text *script,
		 unsigned int width, unsigned int height, struct text *svg, struct err *e)
{
	struct text file = { 0 }, pdf = { 0 };
	int r = plotter->absent ? -ENOENT : draw_as(plotter, "svg", script, width, height, &file);

	plotter->absent |= r == -ENOENT;
	if (r == 0)
		r = take_svg(&file, name, svg);
	text_done(&file);
	if (r) {
		plotter->failed++;
		return complain(plotter, name, r, e);
	}
	plotter->drawn++;
	if (!plotter->pdf_dir)
		return 0;
	r = draw_as(plotter, "pdf", script, width, height, &pdf);
	r = r ? complain(plotter, name, r, e) : save_pdf(plotter, name, &pdf, e);
	text_done(&pdf);
	return r;
}
