/* SPDX-License-Identifier: GPL-2.0-only */
/* quote.c - a command line as one line of text that a shell reads back, so that a study can
 * be repeated by pasting it.
 */
#include "results.h"

static bool plain_ascii(char c)
{
	return c >= ' ' && c <= '~';
}

static void quote_word(FILE *f, const char *word, bool first)
{
	static const char safe[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+,-=";
	size_t n = strlen(word);
	bool odd = false; /* has bytes that a terminal or a page cannot show as they are */

	/* NAME=VALUE in front would be an assignment. */
	if (n && strspn(word, safe) == n && !(first && strchr(word, '='))) {
		fputs(word, f);
		return;
	}
	for (size_t i = 0; i < n; i++)
		odd |= !plain_ascii(word[i]);
	fputs(odd ? "$'" : "'", f);
	for (size_t i = 0; i < n; i++) {
		if (!plain_ascii(word[i]))
			fprintf(f, "\\x%02x", (unsigned char)word[i]);
		else if (word[i] == '\'')
			fputs(odd ? "\\'" : "'\\''", f);
		else if (odd && word[i] == '\\')
			fputs("\\\\", f);
		else
			fputc(word[i], f);
	}
	fputc('\'', f);
}

char *results_quote_argv(char *const argv[])
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (size_t i = 0; argv[i]; i++) {
		if (i)
			fputc(' ', f);
		quote_word(f, argv[i], i == 0);
	}
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}
