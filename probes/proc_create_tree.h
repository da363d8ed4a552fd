/* SPDX-License-Identifier: GPL-2.0-only */
/* proc_create_tree.h - proc_create --draw-tree: the processes that were seen, drawn as a tree at
 * the end. */
#ifndef COLDPRESS_PROC_CREATE_TREE_H
#define COLDPRESS_PROC_CREATE_TREE_H

#include <linux/types.h>

#include "lib/base/err.h"
#include "lib/base/out.h"
#include "proc_create.h"

extern const struct record_type tree_type;

/* tree_begin - errors -ENOMEM */
int tree_begin(struct err *e);
void tree_end(void);

/* tree_add - one event, in their order. -ENOMEM. */
int tree_add(const struct task_event *task);

/* tree_print - a record for each process, below the one that forked it; says on stderr how many
 * found no room. */
int tree_print(struct out *out);

#endif
