/* SPDX-License-Identifier: GPL-2.0-only */
/* patterns.h - the list of patterns: a new one is a file in pattern/ and a line here. */
#ifndef COLDPRESS_WORKLOADS_GEN_PATTERNS_H
#define COLDPRESS_WORKLOADS_GEN_PATTERNS_H

/* clang-format off: one a line */
#define PATTERNS(X) \
	X(pattern_anon_streamer) \
	X(pattern_fork_exec_storm) \
	X(pattern_fork_exit_storm) \
	X(pattern_fork_touch_exit) \
	X(pattern_interactive_burst) \
	X(pattern_mmap_churn) \
	X(pattern_phase_shift) \
	X(pattern_random_touch_heap) \
	X(pattern_replay) \
	X(pattern_tab_switch) \
	X(pattern_zipf_cache)
/* clang-format on */

#endif
