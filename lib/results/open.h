/* SPDX-License-Identifier: GPL-2.0-only */
/* open.h - opens a results database, of this version or an earlier one. */
#ifndef COLDPRESS_RESULTS_OPEN_H
#define COLDPRESS_RESULTS_OPEN_H

#include "db.h"

#define RESULTS_USUAL_PATH \
	"coldpress-report/study.db" /* where a study leaves it unless told otherwise */

enum results_mode {
	RESULTS_READ,  /* must be there; nothing is written, also in a read-only directory */
	RESULTS_WRITE, /* created where it is missing */
};

/* Who shall own a file that results_open creates. The files SQLite puts beside it follow. */
struct results_owner {
	uid_t uid;
	gid_t gid;
};

/* results_open - opens or creates the file; its directory must be there. owner NULL: whoever runs
 * this. Nothing that exists changes its owner, and a symbolic link in the last place is refused
 * when creating.
 *
 * errors  -ENOENT, -EACCES, -EROFS, -ENOSPC as the filesystem says; -EBADMSG not a results
 * database, or damaged; -ENOTSUP (exit 77) written by a newer coldpress
 */
int results_open(struct results **ret, const char *path, enum results_mode mode,
		 const struct results_owner *owner, struct err *e);

#endif
