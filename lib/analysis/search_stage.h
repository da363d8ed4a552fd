/* SPDX-License-Identifier: GPL-2.0-only */
/* search_stage.h - the paired stages of a search. For search.c. */
#ifndef COLDPRESS_ANALYSIS_SEARCH_STAGE_H
#define COLDPRESS_ANALYSIS_SEARCH_STAGE_H

#include "search_state.h"

/* search_plan_stages - the next paired run into s->next. False: no stage is left now; the phase is
 * then SEARCH_PROBED, or SEARCH_BRACKET to go on with the winner's search.
 */
bool search_plan_stages(struct search *s);

/* search_block_complete - was the latest run the last one of its block? search_after_block - the
 * decision that this block may bring.
 */
bool search_block_complete(const struct search *s);
void search_after_block(struct search *s);

#endif
