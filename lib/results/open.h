/* SPDX-License-Identifier: GPL-2.0-only */
/* open.h - opens a results database, of this version or an earlier one. */
#ifndef COLDPRESS_RESULTS_OPEN_H
#define COLDPRESS_RESULTS_OPEN_H

#include "db.h"
#include "lib/base/caller.h"

#define RESULTS_USUAL_PATH \
	"coldpress-report/study.db" /* where a study leaves it unless told otherwise */

enum results_mode {
	RESULTS_READ,  /* must be there; nothing is written, also in a read-only directory */
	RESULTS_WRITE, /* created where it is missing */
};

/* results_open - opens or creates the file; its directory must be there. It, and what SQLite puts
 * beside it, is opened and made with the rights of `user` (NULL: of caller_read), one for the whole
 * process, and through no link: one in the last place is refused when writing, and one that turns
 * up later on the way fails.
 *
 * errors  -ENOENT, -EACCES, -EROFS, -ENOSPC as the filesystem says; -EBADMSG not a results
 * database, or damaged; -ENOTSUP (exit 77) written by a newer coldpress
 */
int results_open(struct results **ret, const char *path, enum results_mode mode,
		 const struct caller *user, struct err *e);

#endif
