/* SPDX-License-Identifier: GPL-2.0-only */
/* tools.c - finds a tool, its profiles and its program; builds its command line. */
#include "workloads/gen/spec.h"
#include "wrap.h"

#define VERSION_NS   (5 * NS_PER_S)
#define VERSION_PIDS 64

#define ADDRESS(t) &t,
static const struct wrap_tool *const tools[] = { WRAP_TOOLS(ADDRESS) };

const struct wrap_tool *wrap_tool_at(size_t i)
{
	return i < ARRAY_SIZE(tools) ? tools[i] : NULL;
}

int wrap_tool_find(const char *name, const struct wrap_tool **out, struct err *e)
{
	char names[128] = "";

	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		if (str_eq(name, tools[i]->name)) {
			*out = tools[i];
			return 0;
		}
		names_add(names, sizeof(names), " ", tools[i]->name);
	}
	err_usage(e, "unknown tool '%s'", name);
	return err_hint(e, "tools: %s", names);
}

int wrap_profile_find(const struct wrap_tool *tool, const char *name,
		      const struct wrap_profile **out, struct err *e)
{
	char names[256] = "";

	for (const struct wrap_profile *p = tool->profiles; p->name; p++) {
		if (str_eq(name, p->name)) {
			*out = p;
			return 0;
		}
		names_add(names, sizeof(names), " ", p->name);
	}
	err_usage(e, "%s has no profile '%s'", tool->name, name);
	return err_hint(e, "profiles: %s", names);
}

/* ---- the program ---- */

/* The program's path, as execvp(3) finds it. */
static bool find_program(const char *name, char path[PATH_MAX])
{
	const char *path_list = getenv("PATH");
	AUTO_FREE char *dirs = strdup(path_list ? path_list : "/usr/bin:/bin");
	char *at = dirs, *dir;

	while (at && (dir = strsep(&at, ":")))
		if (*dir && snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX &&
		    access(path, X_OK) == 0)
			return true;
	return false;
}

const char *wrap_tool_install(const struct wrap_tool *tool, char buf[256])
{
	static const struct {
		const char *program, *command;
	} managers[] = {
		{ "/usr/bin/apt-get", "sudo apt-get install" },
		{ "/usr/bin/dnf", "sudo dnf install" },
		{ "/usr/bin/pacman", "sudo pacman -S" },
	};
	const char *command = "install the package";

	if (tool->checkout_env) {
		snprintf(buf, 256, "git clone %s, then --checkout DIR or %s=DIR",
			 tool->checkout_url, tool->checkout_env);
		return buf;
	}
	for (size_t i = ARRAY_SIZE(managers); i-- > 0;)
		if (access(managers[i].program, X_OK) == 0)
			command = managers[i].command;
	snprintf(buf, 256, "%s %s", command, tool->name);
	return buf;
}

static int find_checkout(const struct wrap_tool *tool, struct wrap_params *params, struct err *e)
{
	char file[PATH_MAX], install[256];

	if (!params->checkout)
		params->checkout = getenv(tool->checkout_env);
	if (!params->checkout) {
		err_impossible(e, "no checkout of %s given", tool->name);
		return err_hint(e, "%s", wrap_tool_install(tool, install));
	}
	if (snprintf(file, sizeof(file), "%s/%s", params->checkout, tool->checkout_file) >=
		    PATH_MAX ||
	    access(file, R_OK))
		return err_set(e, errno, "%s is not a checkout of %s: cannot read %s in it",
			       params->checkout, tool->name, tool->checkout_file);
	return 0;
}

int wrap_tool_locate(const struct wrap_tool *tool, struct wrap_params *params, char path[PATH_MAX],
		     struct err *e)
{
	char install[256];
	int rc = tool->checkout_env ? find_checkout(tool, params, e) : 0;

	if (rc)
		return rc;
	for (const char *const *need = tool->needs; need && *need; need++) {
		if (find_program(*need, path))
			continue;
		err_impossible(e, "%s needs the program %s, which is not in PATH", tool->name,
			       *need);
		return err_hint(e, "install the package that contains %s", *need);
	}
	if (find_program(tool->checkout_env ? "sh" : tool->name, path))
		return 0;
	err_impossible(e, "%s not found in PATH", tool->name);
	return err_hint(e, "%s", wrap_tool_install(tool, install));
}

void wrap_tool_version(const struct wrap_tool *tool, const struct wrap_params *params,
		       const char *path, char *buf, size_t len)
{
	static const char *const package_args[] = { "--version", NULL };
	const char *const *from = tool->checkout_env ? tool->version_args : package_args;
	struct load_output output = { 0 };
	struct args args = { 0 };
	struct supervise_config config;
	struct supervise_result result;

	buf[0] = '\0';
	if (from && args_add(&args, "%s", path) == 0 && wrap_args_add(&args, params, from) == 0) {
		load_config_init(&config, "version", args.argv, NULL);
		config.duration_ns = VERSION_NS;
		config.pids = VERSION_PIDS;
		if (load_run(&config, true, NULL, &result, &output, NULL) == 0 && output.text)
			snprintf(buf, len, "%.*s", (int)strcspn(output.text, "\n"), output.text);
	}
	load_output_done(&output);
	args_done(&args);
}

/* ---- its arguments ---- */

/* The value of the placeholder with this name; NULL: not a placeholder. */
static const char *value_of(const struct wrap_params *params, const char *name, size_t len,
			    char buf[24])
{
	const struct {
		const char *name;
		uint64_t value;
		const char *text;
	} values[] = {
		{ "region", params->region_bytes, NULL },
		/* Some tools accept only whole pages. */
		{ "share", params->region_bytes / params->workers / PAGE_BYTES * PAGE_BYTES, NULL },
		{ "workers", params->workers, NULL },
		{ "seconds", params->duration_ns / NS_PER_S, NULL },
		{ "seed", params->seed, NULL },
		{ "checkout", MISSING_U64, params->checkout },
		{ "generator", MISSING_U64, params->generator },
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		if (strlen(values[i].name) != len || memcmp(name, values[i].name, len))
			continue;
		if (values[i].value == MISSING_U64)
			return values[i].text;
		snprintf(buf, 24, "%llu", (unsigned long long)values[i].value);
		return buf;
	}
	return NULL;
}

const char wrap_placeholder_names[] = "region share workers seconds seed generator";

bool wrap_is_placeholder(const char *name, size_t len)
{
	const struct wrap_params any = { .workers = 1, .generator = "" };
	char buf[24];

	return value_of(&any, name, len, buf) != NULL;
}

/* One argument with its placeholders filled in; braces around anything else stay. */
static int add_arg(struct args *args, const struct wrap_params *params, const char *from)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return -ENOMEM;
	while (*from) {
		const char *close = *from == '{' ? strchr(from, '}') : NULL;
		char buf[24];
		const char *value =
			close ? value_of(params, from + 1, (size_t)(close - from - 1), buf) : NULL;

		if (value)
			fputs(value, f);
		else
			fputc(*from, f);
		from = value ? close + 1 : from + 1;
	}
	return fclose(f) ? -ENOMEM : args_add(args, "%s", text);
}

int wrap_args_add(struct args *args, const struct wrap_params *params, const char *const *from)
{
	int rc = 0;

	for (; from && *from && !rc; from++)
		rc = add_arg(args, params, *from);
	return rc;
}
