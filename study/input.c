/* SPDX-License-Identifier: GPL-2.0-only */
/* input.c - looks at standard input once, and gives it to every run from the same place on.
 *
 * Runs follow one another and share the open file. A pipe that stays open and sends nothing is no
 * input: those who start a study from a program often leave one there.
 */
#include "input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "lib/base/stop.h"

#define INPUT_MAX_BYTES GIB
#define RECORDED        "stdin"        /* in --dir */
#define SILENT_NS       (3 * NS_PER_S) /* that a pipe may be silent before its first byte */
#define POLL_MS         100

static void no_input(struct study *s, const char *what)
{
	study_note(s, RESULTS_NOTE_INFO, "standard input", "%s: the command gets no input", what);
}

/* Whether there is something to read, the end included. */
static bool readable(uint64_t wait_ns)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	uint64_t until = monotonic_ns() + wait_ns;

	while (!stop_requested()) {
		if (poll(&fd, 1, POLL_MS) > 0)
			return true;
		if (monotonic_ns() > until)
			return false;
	}
	return false;
}

/* -EAGAIN: nothing to read yet. */
static ssize_t copy_some(int to, struct err *e)
{
	char buf[64 * KIB];
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf)), written = 0;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR
			       ? -EAGAIN
			       : err_set(e, errno, "cannot read standard input");
	while (written < n) {
		ssize_t w = write(to, buf + written, (size_t)(n - written));

		if (w < 0)
			return err_set(e, errno, "cannot record standard input");
		written += w;
	}
	return n;
}

static int copy(int to, struct err *e)
{
	uint64_t bytes = 0;

	while (!stop_requested()) {
		ssize_t n = readable(NS_PER_S) ? copy_some(to, e) : -EAGAIN;

		if (n == -EAGAIN)
			continue;
		if (n <= 0)
			return (int)n;
		bytes += (uint64_t)n;
		if (bytes > INPUT_MAX_BYTES) {
			err_say(e, EFBIG, "standard input is a pipe with more than 1 GiB");
			return err_hint(e, "write it into a file: study -- COMMAND <FILE");
		}
	}
	return err_set(e, EINTR, "stopped");
}

static int record(struct study *s, struct err *e)
{
	int rc;

	if (!readable(SILENT_NS)) {
		no_input(s, "a pipe that stays open and sends nothing");
		return 0;
	}
	s->input_fd = study_open_file(s, RECORDED, O_RDWR, e);
	if (s->input_fd < 0)
		return s->input_fd;
	rc = copy(s->input_fd, e);
	if (rc)
		return rc;
	term_detail("standard input: a pipe of %lld bytes, recorded in %s/" RECORDED,
		    (long long)lseek(s->input_fd, 0, SEEK_CUR), s->config->dir);
	return 0;
}

/* What a pipe sent to the study that goes on; one of an earlier study is removed. -1: none. */
static int recorded_before(const struct study *s)
{
	char path[SYSROOT_PATH_MAX];
	struct caller_root root;
	int fd = -1;

	snprintf(path, sizeof(path), "%s/" RECORDED, s->config->dir);
	caller_enter(&s->user, &root);
	if (s->config->resume)
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	else
		unlink(path);
	caller_leave(&root);
	return fd;
}

int study_input_open(struct study *s, struct err *e)
{
	struct stat st, null;

	s->input_fd = recorded_before(s);
	s->input_at = 0;
	if (s->input_fd >= 0)
		return 0;
	if (fstat(STDIN_FILENO, &st))
		return 0;
	if (S_ISREG(st.st_mode)) {
		s->input_fd = STDIN_FILENO;
		s->input_at = lseek(STDIN_FILENO, 0, SEEK_CUR);
		return 0;
	}
	if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
		return record(s, e);
	if (isatty(STDIN_FILENO))
		no_input(s, "a terminal");
	else if (stat("/dev/null", &null) || null.st_rdev != st.st_rdev)
		no_input(s, "no file and no pipe");
	return 0;
}

int study_input_rewind(const struct study *s)
{
	if (s->input_fd >= 0)
		lseek(s->input_fd, s->input_at, SEEK_SET);
	return s->input_fd;
}
