/* SPDX-License-Identifier: GPL-2.0-only */
/* score.c - the last match of an extended regular expression in the output; its first group, or the
 * whole, is the number.
 */
#include "score.h"

#include <math.h>
#include <regex.h>

#include "lib/base/units.h"

int study_score_check(const struct study_config *config, struct err *e)
{
	char why[128];
	regex_t regex;
	int rc;

	if (!config->metric)
		return 0;
	if (config->limits.n)
		return err_usage(e, "--metric is for a search, not for --limit");
	rc = regcomp(&regex, config->metric, REG_EXTENDED | REG_NEWLINE);
	if (rc) {
		regerror(rc, &regex, why, sizeof(why));
		return err_usage(e, "--metric '%s': %s", config->metric, why);
	}
	regfree(&regex);
	return 0;
}

static double number_of(const char *text, const regmatch_t *match)
{
	char number[64];
	double value;
	size_t len = (size_t)(match->rm_eo - match->rm_so);

	if (len >= sizeof(number))
		return MISSING_F64;
	memcpy(number, text + match->rm_so, len);
	number[len] = '\0';
	return units_parse_f64(number, &value, NULL) || !(value > 0) ? MISSING_F64 : value;
}

static double last_value(const regex_t *regex, const char *text)
{
	double value = MISSING_F64;
	regmatch_t match[2];

	for (int flags = 0; !regexec(regex, text, ARRAY_SIZE(match), match, flags);
	     flags = REG_NOTBOL) {
		value = number_of(text, &match[match[1].rm_so >= 0]);
		if (match[0].rm_eo == match[0].rm_so)
			break;
		text += match[0].rm_eo;
	}
	return value;
}

double study_score_cost(const struct study *s, const struct study_target *target)
{
	AUTO_FREE char *text = NULL;
	struct caller_root root;
	double value;
	regex_t regex;
	ssize_t n;

	caller_enter(&s->user, &root);
	n = sysroot_read_alloc(NULL, &text, NULL, "%s/%s.output", s->config->dir, target->name);
	caller_leave(&root);
	if (n < 0 || regcomp(&regex, s->config->metric, REG_EXTENDED | REG_NEWLINE))
		return MISSING_F64;
	value = last_value(&regex, text);
	regfree(&regex);
	return s->config->better == STUDY_BETTER_HIGHER ? 1 / value : value;
}
