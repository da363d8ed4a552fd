/* SPDX-License-Identifier: GPL-2.0-only */
/* tools.c - the list of tools and their profiles. A new tool is a file here and a line in this one.
 */
#include "wrap.h"

extern const struct wrap_tool wrap_stress_ng, wrap_sysbench, wrap_fio, wrap_mmtests, wrap_phoronix;

static const struct wrap_tool *const tools[] = { &wrap_stress_ng, &wrap_sysbench, &wrap_fio,
						 &wrap_mmtests, &wrap_phoronix };

const struct wrap_tool *wrap_tool_at(size_t i)
{
	return i < ARRAY_SIZE(tools) ? tools[i] : NULL;
}

int wrap_tool_find(const char *name, const struct wrap_tool **ret, struct err *e)
{
	char names[128] = "";
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		if (str_eq(name, tools[i]->name)) {
			*ret = tools[i];
			return 0;
		}
		used += (size_t)snprintf(names + used, sizeof(names) - used, " %s", tools[i]->name);
	}
	err_usage(e, "'%s' is no tool that can be wrapped", name);
	return err_hint(e, "there are:%s", names);
}

int wrap_profile_find(const struct wrap_tool *tool, const char *name,
		      const struct wrap_profile **ret, struct err *e)
{
	char names[256] = "";
	size_t used = 0;

	for (const struct wrap_profile *p = tool->profiles; p->name; p++) {
		if (str_eq(name, p->name)) {
			*ret = p;
			return 0;
		}
		used += (size_t)snprintf(names + used, sizeof(names) - used, " %s", p->name);
	}
	err_usage(e, "%s has no profile '%s'", tool->name, name);
	return err_hint(e, "it has:%s", names);
}

void wrap_figure_add(struct wrap_figures *figures, const char *name, const char *unit, double value)
{
	struct wrap_figure *figure = &figures->items[figures->n];

	if (figures->n == WRAP_FIGURES_MAX)
		return;
	snprintf(figure->name, sizeof(figure->name), "%s", name);
	figure->unit = unit;
	figure->value = value;
	figures->n++;
}
