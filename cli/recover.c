/* SPDX-License-Identifier: GPL-2.0-only */
/* recover.c - `coldpress recover`: undoes what killed commands left, and prints each step.
 *
 * journal_recover() does the work; here are the lock, the messages and the records.
 */
#include "lib/safety/journal_recover.h"
#include "cli.h"
#include "lib/base/rights.h"
#include "lib/base/out.h"
#include "lib/base/stop.h"
#include "lib/base/term.h"

#define LOCK_WAIT_NS (30 * NS_PER_S)

const struct opt recover_options[] = {
	OPT_FLAG(0, "force", struct recover_config, force,
		 "switch swaps off even if their pages may not fit into RAM, or into the limits "
		 "of their cgroups; also remove the device of a journal that cannot be parsed"),
	OPT_OUTPUT(struct recover_config, output), OPT_END
};

struct recovered {
	bool failed;
	const char *what;
};

static const struct field recovered_fields[] = {
	FIELD(struct recovered, what, FIELD_STRING, "",
	      "the change that was undone, or why it could not be undone"),
	FIELD(struct recovered, failed, FIELD_BOOL, "", "true: it could not be undone"),
};

const struct record_type recovered_type = RECORD_TYPE("recovered", 1, RECORD_LINE, recovered_fields,
						      "one change that a killed command had left");

struct tally {
	struct out *out;
	enum out_format format;
	uint64_t n, failed;
};

static void on_report(void *ctx, bool failed, const char *text)
{
	struct tally *t = ctx;
	struct recovered r = { .failed = failed, .what = text };
	char safe[1024]; /* names of files and groups are in it */

	t->n++;
	t->failed += failed;
	if (t->format == OUT_TEXT)
		out_line(t->out, "%s%s", failed ? "NOT undone: " : "",
			 out_escape(text, strlen(text), safe, sizeof(safe)));
	else
		out_record(t->out, &recovered_type, &r);
}

static int recover(struct tally *t, bool force, struct err *e)
{
	const struct journal_how how = { .force = force, .stoppable = true };
	AUTO_CLOSE int lock = -1;
	int undone, rc;

	rc = rights_check(RIGHTS_CHANGE, "recover", e);
	if (rc)
		return rc;
	lock = journal_lock(LOCK_WAIT_NS, e);
	if (lock < 0)
		return lock;
	undone = journal_recover(how, on_report, t, e);
	return undone < 0 ? undone : 0;
}

int recover_run(void *config, int argc UNUSED, char **argv UNUSED, int *exit_code UNUSED,
		struct err *e)
{
	const struct recover_config *c = config;
	struct end_record end = { .missed = MISSING_U64,
				  .unmatched = MISSING_U64,
				  .reason = "done" };
	struct tally t = { .format = (enum out_format)c->output.format };
	int rc, rc_close;

	rc = stop_install(e);
	if (!rc)
		rc = out_open(&t.out, &c->output, e);
	if (rc)
		return rc;
	rc = recover(&t, c->force, e);
	if (!rc && t.n == 0)
		term_say("nothing to undo");
	end.seen = end.emitted = t.n;
	if (t.failed)
		end.reason = "partial";
	if (t.format != OUT_TEXT)
		out_record(t.out, &end_record_type, &end);
	rc_close = out_close(t.out, rc ? NULL : e);
	return rc ? rc : rc_close;
}
