/* SPDX-License-Identifier: GPL-2.0-only */
/* wrap.h - a tool of somebody else's: how its command line is made, and how what it says is read.
 */
#ifndef COLDPRESS_WORKLOADS_WRAP_WRAP_H
#define COLDPRESS_WORKLOADS_WRAP_WRAP_H

#include "lib/base/err.h"

#define WRAP_FIGURES_MAX 32

struct wrap_figure {
	char name[48]; /* snake_case, the unit its last word where it has one */
	const char *unit;
	double value;
};

struct wrap_figures {
	struct wrap_figure items[WRAP_FIGURES_MAX];
	size_t n;
	double operations; /* what the tool counts as its work; NaN = it said nothing of the kind */
};

/* wrap_figure_add - beyond WRAP_FIGURES_MAX they are left out. */
void wrap_figure_add(struct wrap_figures *figures, const char *name, const char *unit,
		     double value);

/* One way to use a tool. Words hold {region} (bytes of all workers), {share} (bytes of one),
 * {workers}, {seconds}, {seed}, {checkout} and {generator} (the path of workload-gen), which are
 * filled in.
 */
struct wrap_profile {
	const char *name, *summary;
	const char *const *words; /* behind the tool's common ones; ends with NULL */
};

struct wrap_tool {
	const char *name;
	const char *program;       /* what is run, looked up in PATH */
	const char *package;       /* NULL where it comes as a checkout */
	const char *checkout_env;  /* names the checkout where --checkout does not; NULL = is a
				      package */
	const char *checkout_file; /* by which a checkout is known */
	const char *checkout_url;
	const char *const *needs;         /* programs it calls; ends with NULL; NULL = none */
	bool unprivileged;                /* never as root: as nobody where nobody called sudo */
	const char *const *version_words; /* asks for the version; ends with NULL; NULL = it has
					     none to tell */
	bool share_is_power_of_two;       /* it takes no other size for {share} */
	uint64_t
		slack_ns; /* that it takes beyond the duration to start, end and report; 0 = 10 s */
	const char *scratch_below; /* where it runs: "/dev/shm" where its files shall be memory */
	const char *report;        /* the file it reports into; NULL = standard output */
	const char *const *words;  /* common to the profiles, before theirs; ends with NULL */
	const char *const *last_words;       /* behind theirs; NULL = none */
	const struct wrap_profile *profiles; /* ends with .name == NULL */
	bool (*unsupported)(
		int exit_status); /* whether it says by this that it cannot do it here */
	/* Figures from the text of the report (or output). -EBADMSG: not what this tool prints. */
	int (*parse)(const char *text, struct wrap_figures *ret, struct err *e);
};

/* wrap_tool_at - NULL behind the last. The finders - errors  exit 2, naming those there are */
const struct wrap_tool *wrap_tool_at(size_t i);
int wrap_tool_find(const char *name, const struct wrap_tool **ret, struct err *e);
int wrap_profile_find(const struct wrap_tool *tool, const char *name,
		      const struct wrap_profile **ret, struct err *e);

/* The placeholders that a profile file may use: their names, joined by spaces, and whether the len
 * bytes are one. */
extern const char wrap_placeholder_names[];
bool wrap_is_placeholder(const char *name, size_t len);

/* wrap_profile_load - a profile of the user's own from a file, for the given tool. *ret is to be
 * given to wrap_profile_unload, and holds what wrap_profile_of tells of it.
 *
 * errors  exit 2, with the file's line, when it is no profile or is for another tool; -errno
 */
struct wrap_profile_file;
int wrap_profile_load(const char *path, const struct wrap_tool *tool,
		      struct wrap_profile_file **ret, struct err *e);
const struct wrap_profile *wrap_profile_of(const struct wrap_profile_file *file);
void wrap_profile_unload(struct wrap_profile_file *file);

#endif
