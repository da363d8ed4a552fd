/* SPDX-License-Identifier: GPL-2.0-only */
/* configuration.c - a growing list; names are keys in the results database. */
#include "configuration.h"

#include <math.h>

#include "backend.h"

struct study_configuration *study_configuration_insert(struct study_target *target,
						       const struct study_choice *choice,
						       uint64_t limit_bytes, const char *name)
{
	struct study_configuration *c;

	if (target->n_configurations == ARRAY_SIZE(target->configurations))
		return NULL;
	c = &target->configurations[target->n_configurations++];
	*c = (struct study_configuration){
		.backend = choice ? choice->backend : &backend_none,
		.choice = choice,
		.limit_bytes = limit_bytes,
	};
	snprintf(c->name, sizeof(c->name), "%s", name);
	return c;
}

static int store(struct study *s, const struct study_target *target, struct study_configuration *c,
		 struct err *e)
{
	struct results_pool pool = { study_algorithm(c), MISSING_U64, MISSING_U64, MISSING_I64 };
	struct results_id id;
	int rc = 0;

	if (c->choice)
		rc = results_pool_add(s->results, &s->experiment, &pool, &id, e);
	if (!rc)
		rc = results_cell_add(s->results, &target->workload, c->choice ? &id : NULL,
				      c->name, c->limit_bytes, &c->cell, e);
	return rc;
}

int study_configuration_get(struct study *s, struct study_target *target,
			    const struct study_choice *choice, uint64_t limit_bytes, double ratio,
			    struct study_configuration **ret, struct err *e)
{
	const char *algorithm = choice ? choice->name : backend_none.name;
	char name[sizeof((*ret)->name)];
	int rc;

	if (isnan(ratio))
		snprintf(name, sizeof(name), "%s", algorithm);
	else
		snprintf(name, sizeof(name), "%s@%.4g%%", algorithm, 100 * ratio);
	for (size_t i = 0; i < target->n_configurations; i++) {
		*ret = &target->configurations[i];
		if (str_eq((*ret)->name, name))
			return 0;
	}
	*ret = study_configuration_insert(target, choice, limit_bytes, name);
	if (!*ret)
		return err_say(e, ENOSPC, "%s: too many limits and algorithms", target->name);
	rc = store(s, target, *ret, e);
	target->n_configurations -= rc != 0;
	return rc;
}

int study_configuration_run(struct study_configuration *c, const struct results_run *run)
{
	if (c->n == c->capacity) {
		size_t capacity = MAX((size_t)8, 2 * c->capacity);
		struct results_run *more = reallocarray(c->runs, capacity, sizeof(*more));

		if (!more)
			return -ENOMEM;
		c->runs = more;
		c->capacity = capacity;
	}
	c->runs[c->n++] = *run;
	return 0;
}

void study_configurations_done(struct study_target *target)
{
	for (size_t i = 0; i < target->n_configurations; i++)
		free(target->configurations[i].runs);
	target->n_configurations = 0;
}
