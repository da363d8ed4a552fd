/* SPDX-License-Identifier: GPL-2.0-only */
/* value.c - the values that third-party tools report: one reader, which takes a number or fails.
 *
 * A tool that prints inf, nan, a negative latency or a count of 1.5 has a fault or was read
 * wrongly. No number is better than that one, so the run fails. Above 2^53 a double no longer holds
 * every whole number, and no tool counts that far.
 */
#include <ctype.h>
#include <math.h>

#include "lib/base/units.h"
#include "wrap.h"

#define VALUE_MAX   9007199254740992.0 /* 2^53 */
#define NUMBER_MAX  64                 /* digits; longer than any double that is printed */
#define MESSAGE_MAX 40                 /* how much of a text that is no number is quoted */

/* The number in front of the suffix, terminated; false: no suffix, or too long. */
static bool cut_suffix(const char *text, size_t n, const char *suffix, char number[NUMBER_MAX])
{
	const size_t len = suffix ? strlen(suffix) : 0;

	if (n < len || n - len >= NUMBER_MAX || memcmp(text + n - len, suffix ? suffix : "", len))
		return false;
	memcpy(number, text, n - len);
	number[n - len] = '\0';
	return true;
}

int wrap_number(const struct wrap_values *values, const struct wrap_key *key, const char *text,
		double *out, struct err *e)
{
	size_t n = strlen(text);
	char number[NUMBER_MAX];
	double value;

	for (; isspace((unsigned char)*text); n--)
		text++;
	while (n && isspace((unsigned char)text[n - 1]))
		n--;
	if (cut_suffix(text, n, key->suffix, number) && !units_parse_f64(number, &value, NULL) &&
	    !signbit(value) && value * key->scale <= VALUE_MAX &&
	    !(key->whole && value != floor(value))) {
		*out = value * key->scale;
		return 0;
	}
	return err_say(e, EBADMSG, "%s reported '%.*s' as %s, not a %snumber from 0 to 2^53 %s",
		       values->tool, (int)MIN(n, (size_t)MESSAGE_MAX), text, key->key,
		       key->whole ? "whole " : "", key->unit);
}

int wrap_value_add(struct wrap_values *values, const char *group, const char *name,
		   const char *unit, double value, struct err *e)
{
	struct wrap_value *item = &values->items[values->n];
	size_t n;

	if (values->n == WRAP_VALUES_MAX)
		return err_say(e, EBADMSG, "%s reported more than %d values", values->tool,
			       WRAP_VALUES_MAX);
	n = (size_t)snprintf(item->name, sizeof(item->name), "%s%s%s", group, *group ? "_" : "",
			     name);
	if (n >= sizeof(item->name))
		return err_say(e, EBADMSG, "%s reported a name that is too long: %s", values->tool,
			       item->name);
	for (size_t i = 0; i < values->n; i++)
		if (str_eq(values->items[i].name, item->name))
			return err_say(e, EBADMSG, "%s reported %s twice", values->tool,
				       item->name);
	item->unit = unit;
	item->value = value;
	values->n++;
	return 0;
}

int wrap_value_read(struct wrap_values *values, const char *group, const struct wrap_key *key,
		    const char *text, double *out, struct err *e)
{
	double value;
	int rc = wrap_number(values, key, text, &value, e);

	if (!rc)
		rc = wrap_value_add(values, group, key->name, key->unit, value, e);
	if (!rc && out)
		*out = value;
	return rc;
}

void wrap_operations_add(struct wrap_values *values, double operations)
{
	values->operations = (values->operations >= 0 ? values->operations : 0) + operations;
}
