/* SPDX-License-Identifier: GPL-2.0-only */
/* journal_file.h - the lines of a journal as entries. Pure.
 *
 *	{"v":1,"boot":"...","pid":41}			the head, always first
 *	{"id":1,"kind":"zram","time_ms":1764120000000,"before":[{"zram":0,"dev":64768,"diskseq":10}]}
 *	{"id":1,"state":"added","zram":1,"dev":64769,"diskseq":11}
 *	{"id":2,"kind":"setting","path":"/proc/sys/vm/swappiness","old":"60"}
 *	{"id":2,"state":"done"}
 *	{"ready":true,"words":"...","owner":0,"owner_start":0,"mark":0}
 *
 * The keys stay as they are: an older version reads them, and this one reads its journals.
 */
#ifndef COLDPRESS_SAFETY_JOURNAL_FILE_H
#define COLDPRESS_SAFETY_JOURNAL_FILE_H

#include "lib/kernel/zram.h"

/* Numbered in the order in which they are undone. */
enum journal_kind {
	JOURNAL_PROCESS, /* pid, start_ticks: killed */
	JOURNAL_CGROUP,  /* path: all processes in it and below killed, directories removed */
	JOURNAL_SWAP,    /* device: swapoff */
	JOURNAL_ZRAM,    /* device: reset, hot_remove */
	JOURNAL_TAKEN,   /* device that existed, unused: reset, stays */
	JOURNAL_SETTING, /* path, old: written back, by the last of the journals that hold it */
	JOURNAL_PATH,    /* path: removed with all below, except mount points and links' targets */
	JOURNAL_KINDS
};

struct journal_entry {
	unsigned int id; /* from 1 */
	enum journal_kind kind;
	bool done, undone;
	char *path, *old; /* NULL where the kind has none */
	pid_t pid;
	uint64_t start_ticks;
	bool has_device;
	struct zram_device device; /* ZRAM, TAKEN, SWAP */
	struct zram_list before;   /* ZRAM: the devices at the intent */
	uint64_t time_ms;          /* ZRAM: of the intent, since the epoch; MISSING_U64 = unknown */
};

struct journal_file {
	char name[128];
	char boot_id[40];
	pid_t pid; /* of the writer */
	bool ready;
	pid_t ready_owner; /* 0 = none: kept until it is removed by hand */
	uint64_t ready_owner_start_ticks, ready_mark;
	char *ready_text;
	struct journal_entry *entries;
	size_t n;
};

const char *journal_kind_name(enum journal_kind kind);

/* journal_file_line - takes one whole line, without its newline. -EBADMSG not a journal's; -ENOMEM.
 */
int journal_file_line(struct journal_file *file, const char *line, size_t len);

/* journal_file_parse - a journal's text; a torn last line is left out. journal_file_done after 0.
 *
 * errors  -EBADMSG a whole line that is not a journal's: nothing in the file may be trusted
 */
int journal_file_parse(const char *buf, size_t len, struct journal_file *ret);
void journal_file_done(struct journal_file *file);

#endif
