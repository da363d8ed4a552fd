/* SPDX-License-Identifier: GPL-2.0-only */
/* out_file.h - the file behind a sink: how it is opened, put in place of an earlier one, and cut to
 * whole lines where the disk is full. For out.c.
 */
#ifndef COLDPRESS_BASE_OUT_FILE_H
#define COLDPRESS_BASE_OUT_FILE_H

#include <limits.h>

#include "err.h"

struct out_file {
	int fd;
	bool stream;                   /* was put in place before all was written */
	char path[PATH_MAX];           /* or "standard output"; links are resolved */
	char temporary[PATH_MAX + 32]; /* written in place of path; "" once in place, or for a pipe,
					* a device or standard output */
};

/* out_file_open - a regular file, or one that is missing, is made as PATH.PID-N.tmp beside itself.
 * A dangling link is followed: its target is made.
 *
 * errors  -EPERM a link of another user in a directory that is not theirs; -ELOOP; -EISDIR;
 * exit 2: the name is empty
 */
int out_file_open(struct out_file *file, const char *path, struct err *e);

/* out_file_place - under its own name, in place of an earlier one. Once it is there, nothing. */
int out_file_place(struct out_file *file);

/* out_file_cut - a regular file back to whole lines, so that at least spare bytes less are in use.
 * Returns how many whole lines were cut off, or -errno where the file cannot be cut.
 */
ssize_t out_file_cut(struct out_file *file, size_t spare);

#endif
