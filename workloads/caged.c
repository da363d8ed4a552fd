/* SPDX-License-Identifier: GPL-2.0-only */
/* caged.c - output goes into an unnamed file in memory: charged to the command, bounded by its
 * limits, and gone with the descriptor.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "caged.h"
#include "lib/base/term.h"

#define TEXT_MAX (8 * MIB)

int words_add(struct words *words, const char *fmt, ...)
{
	char **argv = reallocarray(words->argv, words->n + 2, sizeof(*argv));
	va_list ap;
	int n;

	if (!argv)
		return -ENOMEM;
	words->argv = argv;
	va_start(ap, fmt);
	n = vasprintf(&argv[words->n], fmt, ap);
	va_end(ap);
	if (n < 0) {
		argv[words->n] = NULL;
		return -ENOMEM;
	}
	argv[++words->n] = NULL;
	return 0;
}

void words_done(struct words *words)
{
	for (size_t i = 0; i < words->n; i++)
		free(words->argv[i]);
	free(words->argv);
	*words = (struct words){ 0 };
}

void caged_output_done(struct caged_output *output)
{
	free(output->text);
	free(output->report);
	*output = (struct caged_output){ 0 };
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

/* The directory is the command's: what stands there under this name may be anything. */
static char *read_report(const struct supervised *supervised, const char *name)
{
	AUTO_CLOSE int dir =
		open(supervised->scratch, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int fd =
		dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? NULL : read_whole(fd);
}

int caged_run(struct supervise_config *config, bool both, const char *report,
	      struct supervise_result *result, struct caged_output *output, struct err *e)
{
	AUTO_CLOSE int fd = memfd_create("output", MFD_CLOEXEC);
	struct supervised supervised;
	int rc;

	*output = (struct caged_output){ 0 };
	if (fd < 0)
		return err_set(e, errno, "cannot make a file for output");
	/* Two writers of one file must not write over one another. */
	fcntl(fd, F_SETFL, O_APPEND);
	config->stdout_fd = fd;
	if (both)
		config->stderr_fd = fd;
	config->group_optional = geteuid() != 0;
	rc = supervise_start(&supervised, config, e);
	if (rc)
		return rc;
	if (!supervised.grouped)
		term_warn("no control group could be made: memory and processes are not bounded; "
			  "run it with sudo");
	supervise_wait(&supervised, NULL);
	if (report)
		output->report = read_report(&supervised, report);
	rc = supervise_stop(&supervised, result, e);
	output->text = read_whole(fd);
	return rc;
}
