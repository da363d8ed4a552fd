/* SPDX-License-Identifier: GPL-2.0-only */
/* plot_front.c - writes a gnuplot script with the data and saves the plot. */
#include "plot_front.h"

#include <math.h>

#include "lib/base/gnuplot.h"

#define WIDTH  760
#define HEIGHT 420

static void put_number(struct text *t, double v)
{
	text_shortest(t, v);
	text_str(t, " ");
}

static bool is_on(const struct rank_front *front, size_t n, const char *label)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(front[i].label, label))
			return true;
	return false;
}

/* cost, saved, label, whether on the front, whether chosen. Returns how many. */
static size_t put_rows(struct text *script, const struct ranking *ranking)
{
	struct rank_front front[RANK_CODECS_MAX];
	size_t n_front = rank_pareto(ranking, front), n = 0;

	text_str(script, "$codecs << EOD\n");
	for (size_t i = 0; i < ranking->n; i++) {
		const struct rank_candidate *c = &ranking->candidates[i];

		if (!isfinite(c->cost_cpu_ms) || !isfinite(c->saved_bytes))
			continue;
		put_number(script, c->cost_cpu_ms);
		put_number(script, c->saved_bytes / (double)MIB);
		plot_label(script, c->label, '"');
		text_str(script, is_on(front, n_front, c->label) ? " 1" : " 0");
		text_str(script, c->chosen ? " 1\n" : " 0\n");
		n++;
	}
	text_str(script, "EOD\n");
	return n;
}

static void put_script(struct text *script, const struct rank_query *query)
{
	text_str(script, "set title ");
	plot_label(script, query->target ? query->target : "pages", '\'');
	text_str(script, "\nset xlabel 'CPU, ms: compress + ");
	text_shortest(script, query->policy.readback_factor);
	text_str(script, " * decompress'\nset ylabel 'saved, MiB'\nset xrange [0:*]\nset border "
			 "3\nset tics nomirror\n"
			 "set grid linecolor rgb '#e3e5e7'\nset offsets 0, graph 0.12, graph 0.12, "
			 "graph 0.05\n"
			 "set key outside top center horizontal\n"
			 "plot $codecs using ($4 == 1 ? $1 : NaN):2 smooth unique with lines "
			 "dashtype 2 linewidth 1 linecolor rgb '#5d6670' title 'front', $codecs "
			 "using 1:2 with points pointtype 6 pointsize 1 linewidth 1.6 linecolor "
			 "rgb '#0072b2' title 'codec', $codecs using ($5 == 1 ? $1 : NaN):2 with "
			 "points pointtype 7 pointsize 1 linecolor rgb '#d55e00' title 'the "
			 "choice', $codecs using 1:2:3 with labels left offset 0.9,0.5 notitle\n");
}

static int write_svg(const char *path, const struct text *svg, struct err *e)
{
	FILE *f = fopen(path, "we");
	bool bad;

	if (!f)
		return err_set(e, errno, "cannot write %s", path);
	bad = fwrite(svg->s, 1, svg->n, f) != svg->n;
	bad |= fclose(f) != 0;
	return bad ? err_set(e, errno, "cannot write %s", path) : 0;
}

int plot_front_write(const char *path, const struct rank_query *query,
		     const struct ranking *ranking, struct err *e)
{
	struct text script = { 0 }, svg = { 0 };
	struct plotter plotter = { 0 };
	int rc = 0;

	if (!put_rows(&script, ranking))
		rc = err_say(e, ENODATA,
			     "cannot plot %s: no codec has both saved bytes and CPU time", path);
	put_script(&script, query);
	if (!rc)
		rc = plotter_draw(&plotter, "front", &script, WIDTH, HEIGHT, &svg, e);
	if (rc == -ENOENT)
		err_hint(e, "sudo apt-get install gnuplot-nox, or leave out --plot");
	if (!rc)
		rc = write_svg(path, &svg, e);
	text_done(&script);
	text_done(&svg);
	return rc;
}
