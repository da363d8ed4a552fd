/* SPDX-License-Identifier: GPL-2.0-only */
/* none.c - no limit and no pool: what every other configuration is compared with. */
#include "study/backend.h"

static int available(struct err *e UNUSED)
{
	return 0;
}

static int up(struct backend_pool *pool UNUSED, uint64_t peak_bytes UNUSED,
	      bool *left_behind UNUSED, struct err *e UNUSED)
{
	return 0;
}

static int down(struct backend_pool *pool UNUSED, struct err *e UNUSED)
{
	return 0;
}

static int sample(const struct backend_pool *pool UNUSED, struct backend_sample *ret)
{
	*ret = (struct backend_sample){ MISSING_F64, MISSING_F64, MISSING_F64 };
	return 0;
}

static int io(const struct backend_pool *pool UNUSED, struct backend_io *ret UNUSED, struct err *e)
{
	return err_say(e, ENODATA, "there is no pool");
}

static uint64_t fixed_bytes(const struct backend_pool *pool UNUSED)
{
	return MISSING_U64;
}

const struct study_backend backend_none = {
	.name = "none",
	.available = available,
	.up = up,
	.down = down,
	.sample = sample,
	.io = io,
	.fixed_bytes = fixed_bytes,
};
