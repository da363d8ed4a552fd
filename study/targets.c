/* SPDX-License-Identifier: GPL-2.0-only */
/* targets.c - the built-in targets: a real program and a generator.
 *
 * sqlite3 builds an in-memory database of about 75 MiB, indexes it and reads it in order and at
 * random; interactive_burst works on one part of its memory after another and comes back to it
 * (workloads/README.md). Both do a fixed amount of work, so that their times can be compared.
 */
#include "targets.h"

#include <ctype.h>
#include <linux/limits.h>

#include "lib/base/companion.h"

#define SQLITE_ROWS "250000"

static const char sqlite_script[] =
	"PRAGMA cache_size=-1000000; PRAGMA temp_store=MEMORY;CREATE TABLE person (id INTEGER "
	"PRIMARY KEY, name TEXT, city TEXT, mail TEXT, born INT, note TEXT);WITH RECURSIVE n (i) "
	"AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " SQLITE_ROWS
	") INSERT INTO person SELECT i, 'name' || (i * 2654435761 % 1000003), 'city' || (i * 40503 "
	"% 997), 'user' || i || '@example.org', 1930 + i * 7 % 80, hex(i * 2654435761 % "
	"4294967296) || ' ' || hex(i * i % 1000000007) || ' the quick brown fox ' || (i % 13) || ' "
	"jumps over the lazy dog ' || hex(i * i * i % 1000000007) || ' and again over ' || (i * 31 "
	"% 65537) || ', once for every line of the year ' || (1900 + i % 120) FROM n;CREATE INDEX "
	"person_city ON person (city, born);SELECT count(*), avg(born) FROM person WHERE city = "
	"'city17';SELECT city, count(*) c FROM person GROUP BY city ORDER BY c DESC, city LIMIT "
	"3;SELECT count(*) FROM person p JOIN person q ON q.id = (p.id * 7919) % " SQLITE_ROWS
	" + 1 WHERE p.id % 97 = 0 AND q.born > 1960;SELECT sum(length(note)) FROM person;";

static bool in_path(const char *program)
{
	const char *path = getenv("PATH");
	AUTO_FREE char *copy = strdup(path ? path : "/usr/bin:/bin");
	char *rest = copy, *dir, file[PATH_MAX];

	while (rest && (dir = strsep(&rest, ":"))) {
		snprintf(file, sizeof(file), "%s/%s", dir, program);
		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

static void add(struct study *s, const char *name, const char *const *argv)
{
	struct study_target *target = &s->targets[s->n_targets++];

	snprintf(target->name, sizeof(target->name), "%s", name);
	target->argv =
		(char *const *)(uintptr_t)argv; /* as execvp declares it; nobody writes to it */
}

void study_target_add(struct study *s, char *const *argv)
{
	const char *slash = strrchr(argv[0], '/');
	char name[sizeof(s->targets[0].name)];

	/* It is part of a file name and of texts. */
	snprintf(name, sizeof(name), "%s", slash && slash[1] ? slash + 1 : argv[0]);
	for (char *p = name; *p; p++) {
		if (!isalnum((unsigned char)*p) && !strchr("+-_.", *p))
			*p = '_';
	}
	if (name[0] == '.')
		name[0] = '_';
	add(s, name, (const char *const *)argv);
}

int study_targets_add(struct study *s, struct err *e)
{
	static char generator[PATH_MAX], seed[24];
	static const char *const sqlite[] = { "sqlite3", ":memory:", sqlite_script, NULL };
	static const char *const burst[] = { generator,
					     "interactive_burst",
					     "--region",
					     "96MiB",
					     "--operations",
					     "400000",
					     "--idle",
					     "20ms",
					     "--seed",
					     seed,
					     NULL };
	int rc = companion_path("workload-gen", generator, sizeof(generator), e);

	if (rc)
		return rc;
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)s->config->seed);
	if (in_path("sqlite3"))
		add(s, "sqlite3", sqlite);
	else
		study_note(s, RESULTS_NOTE_SKIPPED, "sqlite3",
			   "not found in PATH; ./bootstrap.sh installs it");
	add(s, "interactive_burst", burst);
	return 0;
}
