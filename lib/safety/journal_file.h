/* SPDX-License-Identifier: GPL-2.0-only */
/* journal_file.h - what the files of the journal share; nobody else includes it. */
#ifndef COLDPRESS_SAFETY_JOURNAL_FILE_H
#define COLDPRESS_SAFETY_JOURNAL_FILE_H

#include <json-c/json.h>

#include "journal.h"

#define JOURNAL_SUFFIX  ".book"
#define JOURNAL_OLD_MAX 4096 /* of a setting's value */

struct journal {
	int fd; /* open to append, locked */
	char path[SYSROOT_PATH_MAX];
	struct journal_file book; /* what the file says, line by line */
};

/* journal_file_line - one whole line, without its newline, into the book. -EBADMSG none of ours;
 * -ENOMEM. */
int journal_file_line(struct journal_file *book, const char *line, size_t len);

/* journal_line - appends one object as a line to the file, then to the book in memory. Takes the
 * object. */
int journal_line(struct journal *j, struct json_object *line, struct err *e);

/* journal_open_book - an existing book, read; take: and locked, to go on in it.
 *
 * errors  -ENOENT it went meanwhile; -EBUSY its owner lives (book is read nevertheless); -EBADMSG
 * unreadable
 */
int journal_open_book(struct journal **ret, const char *path, bool take, struct err *e);

/* journal_remove - the file goes, under its lock. */
int journal_remove(struct journal *j, struct err *e);
void journal_free(struct journal *j);

/* journal_setting_held - whether a book of this boot other than j has this setting open, too; then
 * the value before all of them is in old.
 */
bool journal_setting_held(const struct journal *j, const char *path, char old[JOURNAL_OLD_MAX]);

/* journal_setting_value - a setting's text as it is to be written back: one line, of "a [b] c" the
 * b. */
void journal_setting_value(char *text);

/* journal_undo - puts one entry back; 0 also when there was nothing left to put back. what: a
 * clause for the report ("removed zram3"), "" where nothing had to be done.
 */
int journal_undo(const struct journal_entry *entry, struct journal_how how, char what[256],
		 struct err *e);

#endif
