/* SPDX-License-Identifier: GPL-2.0-only */
/* opt_value.h - the values of options: what each type accepts, shows and is called. */
#ifndef COLDPRESS_BASE_OPT_VALUE_H
#define COLDPRESS_BASE_OPT_VALUE_H

#include "opt.h"

/* opt_value_parse - text into `to`, of the option's type. NULL: only check it.
 *
 * errors  -EINVAL with e->exit 2: not a value, or out of bounds; e->what continues "--name "
 */
int opt_value_parse(const struct opt *opt, void *to, const char *text, struct err *e);

/* opt_value_name - the name of the value in help: "SIZE"; "" for a flag. */
const char *opt_value_name(const struct opt *opt);

#endif
