/* SPDX-License-Identifier: GPL-2.0-only */
/* load.c - the output goes to a memory file (memfd_create(2)): it is charged to the command's
 * cgroup and never blocks the command.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "lib/base/rights.h"
#include "lib/base/out.h"
#include "lib/base/stop.h"
#include "lib/base/term.h"
#include "lib/base/units.h"
#include "lib/kernel/procfs.h"
#include "lib/safety/journal.h"
#include "load.h"

#define TEXT_MAX (8 * MIB)

int args_add(struct args *args, const char *fmt, ...)
{
	char **argv = reallocarray(args->argv, args->n + 2, sizeof(*argv));
	va_list ap;
	int n;

	if (!argv)
		return -ENOMEM;
	args->argv = argv;
	va_start(ap, fmt);
	n = vasprintf(&argv[args->n], fmt, ap);
	va_end(ap);
	if (n >= 0)
		args->n++;
	argv[args->n] = NULL;
	return n < 0 ? -ENOMEM : 0;
}

void args_done(struct args *args)
{
	for (size_t i = 0; i < args->n; i++)
		free(args->argv[i]);
	free(args->argv);
	*args = (struct args){ 0 };
}

int load_check(struct load_limits *limits, uint64_t region_bytes, uint64_t duration_ns,
	       struct err *e)
{
	char given[UNITS_TEXT_MAX], least[UNITS_TEXT_MAX];
	struct procfs_meminfo memory;
	uint64_t floor;
	int rc;

	rc = supervise_check_duration(duration_ns, SUPERVISE_DURATION_CAP_NS, limits->allow_long,
				      e);
	if (rc)
		return rc;
	rc = supervise_memory_read(&memory, e);
	if (rc)
		return rc;
	floor = supervise_reserve_bytes(memory.total_bytes);
	if (limits->reserve_bytes == MISSING_U64)
		limits->reserve_bytes = floor;
	if (limits->reserve_bytes < floor)
		return err_usage(e, "--reserve %s is less than the minimum of this machine, %s",
				 units_format_size(limits->reserve_bytes, given),
				 units_format_size(floor, least));
	return supervise_check_size(region_bytes,
				    supervise_size_bound_bytes(memory.available_bytes,
							       limits->reserve_bytes),
				    limits->allow_large, e);
}

void load_config_init(struct supervise_config *config, const char *name, char *const *argv,
		      const struct load_limits *limits)
{
	supervise_config_init(config);
	config->name = name;
	config->argv = argv;
	if (!limits)
		return;
	config->memory_bytes = limits->memory_bytes;
	config->reserve_bytes = limits->reserve_bytes;
	config->abort_on_full_pool = true;
}

void load_output_done(struct load_output *output)
{
	free(output->text);
	free(output->report);
	*output = (struct load_output){ 0 };
}

/* The whole of a regular file from its beginning, or NULL. */
static char *read_whole(int fd)
{
	struct stat st;
	size_t used = 0, size;
	ssize_t n;
	char *text;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return NULL;
	size = MIN((size_t)st.st_size, (size_t)TEXT_MAX);
	text = malloc(size + 1);
	while (text && used < size && (n = pread(fd, text + used, size - used, (off_t)used)) > 0)
		used += (size_t)n;
	if (text)
		text[used] = '\0';
	return text;
}

/* The directory belongs to the command: the name may be a link, a FIFO or a device. */
static char *read_report(const struct supervised *supervised, const char *name)
{
	AUTO_CLOSE int dir =
		open(supervised->scratch, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int fd =
		dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? NULL : read_whole(fd);
}

static int run_grouped(struct supervise_config *config, const char *report,
		       struct supervise_result *result, struct load_output *output, struct err *e)
{
	struct supervised supervised;
	int rc = supervise_start(&supervised, config, e);

	if (rc)
		return rc;
	if (!supervised.grouped)
		term_warn("no cgroup could be made, so memory and processes are not limited; run "
			  "it %s",
			  rights_initial_user() ? "with sudo" : "outside of this container");
	supervise_wait(&supervised, NULL);
	if (report)
		output->report = read_report(&supervised, report);
	return supervise_stop(&supervised, result, e);
}

int load_run(struct supervise_config *config, bool both, const char *report,
	     struct supervise_result *result, struct load_output *output, struct err *e)
{
	AUTO_CLOSE int fd = memfd_create("output", MFD_CLOEXEC);
	int rc = 0;

	*output = (struct load_output){ 0 };
	if (fd < 0)
		return err_set(e, errno, "cannot create a memory file for the output");
	/* stdout and stderr share the file: neither may overwrite the other. */
	fcntl(fd, F_SETFL, O_APPEND);
	config->stdout_fd = fd;
	if (both)
		config->stderr_fd = fd;
	config->group_optional = rights_missing(RIGHTS_CHANGE) != 0;
	if (!config->group_optional)
		rc = journal_open(&config->journal, "workload", e);
	if (!rc)
		rc = run_grouped(config, report, result, output, e);
	if (!rc)
		output->text = read_whole(fd);
	journal_close(config->journal);
	config->journal = NULL;
	return rc;
}

int load_print_end(struct out **out, uint64_t n, struct err *e)
{
	const struct end_record end = { .seen = n,
					.emitted = n,
					.missed = MISSING_U64,
					.unmatched = MISSING_U64,
					.reason = stop_requested() ? "signal" : "done" };
	struct out *closing = *out;

	out_record(closing, &end_record_type, &end);
	*out = NULL;
	return out_close(closing, e);
}

int load_exit_code(const char *state)
{
	if (str_eq(state, "ok") || stop_requested())
		return EXIT_DONE;
	return str_eq(state, "unsupported") ? EXIT_IMPOSSIBLE : EXIT_FAILED;
}
