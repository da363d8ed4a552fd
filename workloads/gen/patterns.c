/* SPDX-License-Identifier: GPL-2.0-only */
/* patterns.c - looking up patterns, and the checks before one runs. */
#include "worker.h"

#define ADDRESS(p) &p,
static const struct pattern *const patterns[] = { PATTERNS(ADDRESS) };

const struct pattern *pattern_at(size_t i)
{
	return i < ARRAY_SIZE(patterns) ? patterns[i] : NULL;
}

int pattern_find(const char *name, const struct pattern **out, struct err *e)
{
	char names[512] = "";

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		if (str_eq(name, patterns[i]->name)) {
			*out = patterns[i];
			return 0;
		}
		names_add(names, sizeof(names), " ", patterns[i]->name);
	}
	err_usage(e, "unknown pattern '%s'", name);
	return err_hint(e, "patterns: %s", names);
}

int pattern_check(const struct pattern *pattern, const struct gen_config *config, struct err *e)
{
	int rc = gen_config_check(config, e);

	return rc || !pattern->check ? rc : pattern->check(config, e);
}

int pattern_trace(const struct pattern *pattern, struct gen_config *config, struct trace *out,
		  struct err *e)
{
	int rc;

	if (!pattern->traced || !config->trace_path)
		return 0;
	rc = trace_read(config->trace_path, out, e);
	if (!rc)
		config->region_bytes = out->pages * PAGE_BYTES;
	return rc;
}
