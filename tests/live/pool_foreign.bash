# SPDX-License-Identifier: GPL-2.0-only
# pool_foreign.bash - for files that run beside a foreign zram swap with pages in it, which ram_pool must not touch.

load pool_helpers

setup_file() {
	own_state
	foreign_swap
}

teardown_file() {
	foreign_swap_end
}
