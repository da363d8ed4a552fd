/* SPDX-License-Identifier: GPL-2.0-only */
/* patterns.c - the list of patterns. A new one is a file in pattern/ and a line here. */
#include "worker.h"

extern const struct pattern pattern_anon_streamer, pattern_fork_exec_storm, pattern_fork_exit_storm,
	pattern_fork_touch_exit, pattern_interactive_burst, pattern_mmap_churn, pattern_phase_shift,
	pattern_random_touch_heap, pattern_replay, pattern_tab_switch, pattern_zipf_cache;

static const struct pattern *const patterns[] = {
	&pattern_anon_streamer,   &pattern_fork_exec_storm,   &pattern_fork_exit_storm,
	&pattern_fork_touch_exit, &pattern_interactive_burst, &pattern_mmap_churn,
	&pattern_phase_shift,     &pattern_random_touch_heap, &pattern_replay,
	&pattern_tab_switch,      &pattern_zipf_cache,
};

const struct pattern *pattern_at(size_t i)
{
	return i < ARRAY_SIZE(patterns) ? patterns[i] : NULL;
}

int pattern_find(const char *name, const struct pattern **ret, struct err *e)
{
	char names[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		if (str_eq(name, patterns[i]->name)) {
			*ret = patterns[i];
			return 0;
		}
		used += (size_t)snprintf(names + used, sizeof(names) - used, " %s",
					 patterns[i]->name);
	}
	err_usage(e, "there is no pattern called '%s'", name);
	return err_hint(e, "there are:%s", names);
}

int pattern_check(const struct pattern *pattern, const struct gen_config *config, struct err *e)
{
	int rc = gen_config_check(config, e);

	return rc || !pattern->check ? rc : pattern->check(config, e);
}

int pattern_trace(const struct pattern *pattern, struct gen_config *config, struct trace *ret,
		  struct err *e)
{
	int rc;

	*ret = (struct trace){ 0 };
	if (!pattern->traced || !config->trace_path)
		return 0;
	rc = trace_read(config->trace_path, ret, e);
	if (!rc)
		config->region_bytes = ret->pages * PAGE_BYTES;
	return rc;
}
