/* SPDX-License-Identifier: GPL-2.0-only */
/* dir.h - a directory stream that is closed at the end of its scope. */
#ifndef COLDPRESS_BASE_DIR_H
#define COLDPRESS_BASE_DIR_H

#include <dirent.h>

static inline void dir_close_(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define AUTO_DIR __attribute__((cleanup(dir_close_)))

#endif
