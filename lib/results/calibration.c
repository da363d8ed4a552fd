/* SPDX-License-Identifier: GPL-2.0-only */
/* calibration.c - factors between kernel and library, into a results database and out of it. */
#include "calibration.h"

#include <math.h>
#include <sqlite3.h>
#include <sys/utsname.h>

static void cpu_model(const struct sysroot *root, char *ret, size_t len)
{
	/* x86; arm64 names the part only; others say "cpu" */
	static const char *const keys[] = { "model name", "CPU part", "cpu" };
	char text[8192];
	ssize_t n = sysroot_read(root, text, sizeof(text), NULL, "/proc/cpuinfo");

	snprintf(ret, len, "unknown");
	if (n == -E2BIG) { /* the first CPU is enough */
		FILE *f AUTO_FCLOSE = root && root->prefix[0] ? NULL : fopen("/proc/cpuinfo", "re");

		n = f ? (ssize_t)fread(text, 1, sizeof(text) - 1, f) : -1;
	}
	if (n <= 0)
		return;
	text[n] = '\0';
	for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
		for (char *line = text; line;
		     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
			size_t key = strlen(keys[k]), colon = strcspn(line, ":\n");

			if (strncmp(line, keys[k], key) ||
			    line[key + strspn(line + key, " \t")] != ':')
				continue;
			line += colon + 1;
			line += strspn(line, " \t");
			snprintf(ret, len, "%.*s", (int)MIN(strcspn(line, "\n"), len - 1), line);
			return;
		}
}

void results_machine_read(const struct sysroot *root, struct results_machine *ret)
{
	struct utsname name;

	snprintf(ret->kernel, sizeof(ret->kernel), "%s", uname(&name) ? "unknown" : name.release);
	cpu_model(root, ret->cpu, sizeof(ret->cpu));
}

int results_calibration_put(struct results *results, const struct results_machine *machine,
			    const struct calibration *c, struct err *e)
{
	return results_change(
		results, e,
		"INSERT OR REPLACE INTO calibration (kernel, cpu, algorithm, model, approximate, "
		"source, taken_unix_ns, pages, compress_ns, decompress_ns, compress_factor, "
		"decompress_factor, compress_error_ratio, decompress_error_ratio, "
		"compr_error_ratio) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		"ssssisuuddddddd", machine->kernel, machine->cpu, c->algorithm, c->model,
		(int64_t)c->approximate, c->source, results_unix_ns(), c->pages, c->compress_ns,
		c->decompress_ns, c->compress_factor, c->decompress_factor, c->compress_error_ratio,
		c->decompress_error_ratio, c->compr_error_ratio);
}

static bool usable(double factor)
{
	return isfinite(factor) && factor > 0;
}

static bool take_row(struct sqlite3_stmt *st, struct calibration *ret)
{
	struct calibration c = {
		.approximate = sqlite3_column_int(st, 2) != 0,
		.pages = (uint64_t)MAX(sqlite3_column_int64(st, 4), (int64_t)0),
		.compress_ns = results_number(st, 5),
		.decompress_ns = results_number(st, 6),
		.compress_factor = results_number(st, 7),
		.decompress_factor = results_number(st, 8),
		.compress_error_ratio = results_number(st, 9),
		.decompress_error_ratio = results_number(st, 10),
		.compr_error_ratio = results_number(st, 11),
		.taken_unix_ns = (uint64_t)MAX(sqlite3_column_int64(st, 12), (int64_t)0),
	};

	snprintf(c.algorithm, sizeof(c.algorithm), "%s", results_text(st, 0));
	snprintf(c.model, sizeof(c.model), "%s", results_text(st, 1));
	snprintf(c.source, sizeof(c.source), "%s", results_text(st, 3));
	if (!usable(c.compress_factor) || !usable(c.decompress_factor))
		return false;
	*ret = c;
	return true;
}

ssize_t results_calibrations_get(struct results *results, const struct results_machine *machine,
				 struct calibration *ret, struct err *e)
{
	static const char sql[] =
		"SELECT algorithm, model, approximate, source, pages, compress_ns, decompress_ns, "
		"compress_factor, decompress_factor, compress_error_ratio, decompress_error_ratio, "
		"compr_error_ratio, taken_unix_ns FROM calibration WHERE kernel=? AND cpu=? ORDER "
		"BY approximate, algorithm";
	struct sqlite3_stmt *st;
	ssize_t n = 0;
	int rc = sqlite3_prepare_v2(results_sqlite(results), sql, -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, 1, machine->kernel, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, 2, machine->cpu, -1, SQLITE_STATIC);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(st);
		if (rc == SQLITE_ROW && n < RESULTS_CALIBRATIONS_MAX)
			n += take_row(st, &ret[n]);
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? n : results_failed(results, rc, "read", e);
}
