/* SPDX-License-Identifier: GPL-2.0-only */
/* doctor.c - `coldpress doctor`: prints the checks as text by area or as records, and the verdict.
 *
 * The checks are in doctor_look.c. Exits 0 whenever the checks could run: a machine that lacks a
 * feature is a result, not a failure.
 */
#include <stdarg.h>

#include "doctor.h"
#include "cli.h"
#include "lib/base/out.h"

const struct opt doctor_options[] = { OPT_OUTPUT(struct doctor_config, output),
				      OPT_DIR(0, "sysroot", struct doctor_config, sysroot,
					      "look at an archived tree of /proc and /sys",
					      .hidden = true),
				      OPT_END };

static const struct field check_fields[] = {
	FIELD(struct doctor_check, area, FIELD_STRING, "",
	      "area of the check: kernel, tracing, pool, limits, rights (privileges) or tools"),
	FIELD(struct doctor_check, item, FIELD_STRING, "", "what was checked"),
	FIELD(struct doctor_check, status, FIELD_STRING, "",
	      "ok; off: optional, turned off or not in this kernel; limited: works in part; "
	      "missing"),
	FIELD(struct doctor_check, detail, FIELD_CHARS, "", "result of the check"),
	FIELD(struct doctor_check, enables, FIELD_STRING, "", "commands that use it"),
	FIELD(struct doctor_check, remedy, FIELD_CHARS, "",
	      "command or setting that provides it; empty: nothing to do"),
	FIELD(struct doctor_check, left_out, FIELD_STRING, "",
	      "part of a study that cannot run if the item is missing"),
};

const struct record_type doctor_check_type =
	RECORD_TYPE("doctor_check", 2, RECORD_TABLE, check_fields,
		    "one feature that coldpress uses, and its state on this machine");

struct verdict {
	bool full_study;
	char left_out[512];
};

static const struct field verdict_fields[] = {
	FIELD(struct verdict, full_study, FIELD_BOOL, "",
	      "true: `coldpress study` can run all its parts"),
	FIELD(struct verdict, left_out, FIELD_CHARS, "",
	      "parts that cannot run, each with the missing item"),
};

const struct record_type doctor_verdict_type =
	RECORD_TYPE("doctor_verdict", 1, RECORD_CARD, verdict_fields,
		    "whether a full study can run on this machine");

struct doctor_check *doctor_add(struct doctor *d, const char *area, const char *item,
				enum doctor_status status, const char *enables, const char *fmt,
				...)
{
	static const char *const names[] = { "ok", "off", "limited", "missing" };
	struct doctor_check *c = &d->checks[MIN(d->n, DOCTOR_CHECKS - 1u)];
	va_list args;

	d->n = MIN(d->n + 1, (size_t)DOCTOR_CHECKS);
	*c = (struct doctor_check){
		.area = area, .item = item, .status = names[status], .enables = enables
	};
	va_start(args, fmt);
	vsnprintf(c->detail, sizeof(c->detail), fmt, args);
	va_end(args);
	return c;
}

void doctor_remedy(struct doctor_check *check, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(check->remedy, sizeof(check->remedy), fmt, args);
	va_end(args);
}

static struct verdict judge(const struct doctor *d)
{
	struct verdict v = { .full_study = true };

	for (size_t i = 0; i < d->n; i++) {
		const struct doctor_check *c = &d->checks[i];
		size_t used = strlen(v.left_out);

		if (!c->left_out || !str_eq(c->status, "missing"))
			continue;
		v.full_study = false;
		snprintf(v.left_out + used, sizeof(v.left_out) - used, "%s%s (%s)",
			 used ? "; " : "", c->left_out, c->item);
	}
	return v;
}

static void print_text(struct out *out, const struct doctor *d, const struct verdict *v)
{
	const char *area = "";

	out_line(out, "  %-8s %-30s %s\n", "status", "item",
		 "result; commands that use it; -> remedy");
	for (size_t i = 0; i < d->n; i++) {
		const struct doctor_check *c = &d->checks[i];
		bool fine = str_eq(c->status, "ok");

		if (!str_eq(area, c->area))
			out_line(out, "%s%s", *area ? "\n" : "", c->area);
		area = c->area;
		out_line(out, "  %-8s %-30s %s", c->status, c->item, c->detail);
		if (!fine && c->enables)
			out_line(out, "  %-8s %-30s for %s", "", "", c->enables);
		if (c->remedy[0])
			out_line(out, "  %-8s %-30s -> %s", "", "", c->remedy);
	}
	out_line(out, "\nfull study: %s%s", v->full_study ? "yes" : "no; left out: ", v->left_out);
}

static void print_records(struct out *out, const struct doctor *d, const struct verdict *v)
{
	struct end_record end = { .seen = d->n,
				  .emitted = d->n,
				  .missed = MISSING_U64,
				  .unmatched = MISSING_U64,
				  .reason = "done" };

	for (size_t i = 0; i < d->n; i++)
		out_record(out, &doctor_check_type, &d->checks[i]);
	out_record(out, &doctor_verdict_type, v);
	out_record(out, &end_record_type, &end);
}

int doctor_run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
	       struct err *e)
{
	const struct doctor_config *c = config;
	struct sysroot root = { .prefix = c->sysroot };
	AUTO_FREE struct doctor *d = calloc(1, sizeof(*d));
	struct verdict v;
	struct out *out;
	int rc;

	if (!d)
		return err_set(e, ENOMEM, "cannot store the checks");
	if (c->sysroot && access(c->sysroot, X_OK))
		return err_set(e, errno, "cannot look into %s", c->sysroot);
	rc = out_open(&out, &c->output, e);
	if (rc)
		return rc;
	d->root = c->sysroot ? &root : NULL;
	doctor_look(d);
	v = judge(d);
	if (c->output.format == OUT_TEXT)
		print_text(out, d, &v);
	else
		print_records(out, d, &v);
	return out_close(out, e);
}
