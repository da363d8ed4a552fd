/* SPDX-License-Identifier: GPL-2.0-only */
/* psi.c - decodes "some avg10=0.00 avg60=0.00 avg300=0.00 total=0". */
#include "psi.h"
#include "lib/base/units.h"

static const struct psi_line missing_line = { MISSING_F64, MISSING_F64, MISSING_F64, MISSING_U64 };

/* "avg10=0.00", "total=0"; an unknown key is skipped. */
static int take_word(struct psi_line *line, char *word)
{
	char *value = strchr(word, '=');

	if (!value)
		return -EBADMSG;
	*value++ = '\0';
	if (str_eq(word, "avg10"))
		return units_parse_f64(value, &line->avg10, NULL);
	if (str_eq(word, "avg60"))
		return units_parse_f64(value, &line->avg60, NULL);
	if (str_eq(word, "avg300"))
		return units_parse_f64(value, &line->avg300, NULL);
	if (str_eq(word, "total"))
		return units_parse_u64(value, &line->total_us, NULL);
	return 0;
}

int psi_parse(const char *buf, size_t len, struct psi *ret, struct err *e)
{
	struct psi psi = { missing_line, missing_line };
	char text[512], *lines, *line, *word;
	bool some = false;

	if (len >= sizeof(text))
		return err_say(e, EBADMSG, "a pressure file of %zu bytes is too long", len);
	memcpy(text, buf, len);
	text[len] = '\0';
	lines = text;
	while ((line = strsep(&lines, "\n"))) {
		struct psi_line *into;

		word = strsep(&line, " ");
		if (str_eq(word, "some"))
			into = &psi.some;
		else if (str_eq(word, "full"))
			into = &psi.full;
		else
			continue;
		some |= into == &psi.some;
		while ((word = strsep(&line, " ")))
			if (take_word(into, word))
				return err_say(
					e, EBADMSG,
					"a pressure file contains '%s', which is not a number",
					word);
	}
	if (!some)
		return err_say(e, EBADMSG, "a pressure file lacks its line `some`");
	*ret = psi;
	return 0;
}

int psi_read(const struct sysroot *root, const char *path, struct psi *ret, struct err *e)
{
	char buf[512];
	ssize_t n = sysroot_read(root, buf, sizeof(buf), e, "%s", path);

	return n < 0 ? (int)n : psi_parse(buf, (size_t)n, ret, e);
}
