/* SPDX-License-Identifier: GPL-2.0-only */
/* list.c - `workload list`: the patterns and page profiles. `workload tools`: the third-party
 * tools. */
#include "lib/base/out.h"
#include "workloads/gen/worker.h"
#include "workload.h"

const struct opt list_options[] = { GEN_OUTPUT(struct workload_config, list.output), OPT_END };

/* ---- records ---- */

struct pattern_row {
	const char *name, *touch, *summary, *measures;
};

static const struct field pattern_fields[] = {
	FIELD(struct pattern_row, name, FIELD_STRING, "", "name, for `workload run`"),
	FIELD(struct pattern_row, touch, FIELD_STRING, "",
	      "meaning of --touch default: read, write or mix; `default`: --touch has no effect"),
	FIELD(struct pattern_row, summary, FIELD_STRING, "", "what it does"),
	FIELD(struct pattern_row, measures, FIELD_STRING, "", "what it is used to measure"),
};
const struct record_type workload_pattern_type =
	RECORD_TYPE("workload_pattern", 2, RECORD_TABLE, pattern_fields, "a workload pattern");

struct page_profile_row {
	const char *name;
	uint64_t permille[MIXTURE_KINDS];
	const char *source;
};

#define PERMILLE(kind, n, contain) \
	{ .name = n "_permille", \
	  .unit = "permille", \
	  .type = FIELD_U64, \
	  .offset = offsetof(struct page_profile_row, permille[kind]), \
	  .size = sizeof(uint64_t), \
	  .meaning = "share of pages with " contain },

static const struct field page_profile_fields[] = {
	FIELD(struct page_profile_row, name, FIELD_STRING, "", "name, for --page-profile"),
	PAGE_KINDS(PERMILLE)
		FIELD(struct page_profile_row, source, FIELD_STRING, "", "source of the shares"),
};
const struct record_type page_profile_type =
	RECORD_TYPE("page_profile", 1, RECORD_CARD, page_profile_fields,
		    "a page profile: the shares of the kinds of page in a region");

struct tool_row {
	const char *name, *path, *version, *profiles, *state, *install;
};

static const struct field tool_fields[] = {
	FIELD(struct tool_row, name, FIELD_STRING, "", "name, for `workload wrap`"),
	FIELD(struct tool_row, state, FIELD_STRING, "", "ok or absent"),
	FIELD(struct tool_row, version, FIELD_STRING, "", "version that the tool prints"),
	FIELD(struct tool_row, path, FIELD_STRING, "", "path of its program, or of its checkout"),
	FIELD(struct tool_row, profiles, FIELD_STRING, "", "its profiles, for `workload wrap`"),
	FIELD(struct tool_row, install, FIELD_STRING, "", "how to install it"),
};
const struct record_type workload_tool_type =
	RECORD_TYPE("workload_tool", 2, RECORD_TABLE, tool_fields,
		    "a third-party tool that `workload wrap` can run");

/* ---- commands ---- */

int list_run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
	     struct err *e)
{
	const struct list_config *list = &((struct workload_config *)config)->list;
	const struct pattern *pattern;
	const struct mixture *mixture;
	uint64_t n = 0;
	struct out *out;
	int rc = gen_output_open(&list->output, &out, e);

	if (rc)
		return rc;
	for (size_t i = 0; (pattern = pattern_at(i)); i++, n++)
		out_record(out, &workload_pattern_type,
			   &(struct pattern_row){ pattern->name, touch_choices[pattern->touch],
						  pattern->summary, pattern->measures });
	for (size_t i = 0; (mixture = mixture_at(i)); i++, n++) {
		struct page_profile_row row = { .name = mixture->name, .source = mixture->source };

		for (size_t kind = 0; kind < MIXTURE_KINDS; kind++)
			row.permille[kind] = mixture->permille[kind];
		out_record(out, &page_profile_type, &row);
	}
	return load_print_end(&out, n, e);
}

static void print_tool(const struct wrap_tool *tool, struct out *out)
{
	char path[PATH_MAX], version[128] = "", install[256], profiles[256] = "";
	struct wrap_params params = { .workers = 1 };
	struct tool_row row = { .name = tool->name, .state = "absent", .profiles = profiles };

	for (const struct wrap_profile *p = tool->profiles; p->name; p++)
		names_add(profiles, sizeof(profiles), ",", p->name);
	row.install = wrap_tool_install(tool, install);
	if (wrap_tool_locate(tool, &params, path, NULL) == 0) {
		row.state = "ok";
		row.path = params.checkout ? params.checkout : path;
		wrap_tool_version(tool, &params, path, version, sizeof(version));
		row.version = *version ? version : NULL;
	}
	out_record(out, &workload_tool_type, &row);
}

int tools_run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
	      struct err *e)
{
	const struct list_config *list = &((struct workload_config *)config)->list;
	const struct wrap_tool *tool;
	struct out *out;
	size_t n = 0;
	int rc = gen_output_open(&list->output, &out, e);

	if (rc)
		return rc;
	for (; (tool = wrap_tool_at(n)); n++)
		print_tool(tool, out);
	return load_print_end(&out, n, e);
}
