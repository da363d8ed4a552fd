/* SPDX-License-Identifier: GPL-2.0-only */
/* none.c - no limit and no pool: what every other configuration is compared with. */
#include "study/backend.h"

const struct study_backend backend_none = { .name = "none" };
