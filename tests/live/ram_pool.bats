#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ram_pool on the running kernel: every algorithm, real pages through swap, and what a killed command leaves.
# A foreign zram swap with pages in it is in use meanwhile, and must not be touched.

load pool_foreign
bats_require_minimum_version 1.5.0

setup() {
	# shellcheck disable=SC2034 # restored() compares with it
	before=$(machine)
}

# end_busy - the loops that made the load.
end_busy() {
	# shellcheck disable=SC2086 # two of them
	[ -z "${busy-}" ] || kill $busy
	busy=
}

teardown() {
	local book
	end_busy
	for book in "$COLDPRESS_STATE_DIR"/pool.*.book; do
		[ ! -e "$book" ] || "$pool" reset -q --name "$(basename "$book" .book | sed 's/^pool\.//')"
	done
	"$pool" recover -q
}

# reset_ready - a command that was killed behind its last act leaves a pool that is ready: whole, and removable.
reset_ready() {
	local json
	json=$("$pool" status -q -f json)
	[ "$(field state <<<"$json")" = "" ] && return
	[ "$(field state <<<"$json")" = ready ] || { echo "$1: $json"; return 1; }
	[ "$(field priority <<<"$json")" = 8 ] || { echo "$1: $json"; return 1; }
	"$pool" reset -q
}

said_clearly() {
	# shellcheck disable=SC2154 # run sets it
	[[ $stderr == "ram_pool: "* ]] || { echo "$1: $stderr"; return 1; }
}

@test "the foreign swap has pages to lose" {
	[ "$foreign_used" -ge $((8 << 20)) ]
}

@test "setup, status and reset with every algorithm the kernel has" {
	for algorithm in $(tr -d '[]' <"/sys/block/zram$foreign/comp_algorithm"); do
		made=$("$pool" setup --algo "$algorithm" --size 64MiB --mem-limit 32MiB -f json)
		[ "$(field algorithm <<<"$made")" = "$algorithm" ]
		[ "$(field size_bytes <<<"$made")" = $((64 << 20)) ]
		[ "$(field mem_limit_bytes <<<"$made")" = $((32 << 20)) ]
		[ "$(field priority <<<"$made")" = 8 ]
		device=$(field device <<<"$made")
		[ "$(swapon --show=NAME,PRIO --noheadings --raw | grep "^$device ")" = "$device 8" ]
		status=$("$pool" status -f json)
		[ "$(field algorithm <<<"$status")" = "$algorithm" ]
		[ "$(field limit_bytes <<<"$status")" = "$(awk '{ print $4 }' "/sys/block/${device#/dev/}/mm_stat")" ]
		[ "$(tail -n 1 <<<"$status" | jq -r .type)" = end ]
		"$pool" reset -q
		restored "$algorithm"
	done
}

@test "status says what mm_stat says, pages through the pool come back as they were" {
	device=$("$pool" setup --algo lz4 --size 64MiB --mem-limit 32MiB -f json | field device)
	foreign_now=$(swap_used "/dev/zram$foreign")
	coproc holder 16
	keep_coproc "${COPROC[@]}"
	read -r -u "$from" -t 120 line
	[ "$line" = out ]
	status=$("$pool" status -f json)
	read -r orig compr used _ <"/sys/block/${device#/dev/}/mm_stat"
	[ "$(field orig_bytes <<<"$status")" = "$orig" ]
	[ "$(field compr_bytes <<<"$status")" = "$compr" ]
	[ "$(field used_bytes <<<"$status")" = "$used" ]
	# The kernel fills the cluster of 2 MiB that each CPU has begun on another swap before it comes here.
	# Its own slots it may free meanwhile: a MiB of them is not looked at.
	[ $((orig + $(swap_used "/dev/zram$foreign") - foreign_now)) -ge $((15 << 20)) ]
	[ "$orig" -ge $(((16 - 2 * $(nproc)) << 20)) ]
	# Half of the pages are random: kept as they are.
	head -n 1 <<<"$status" | jq -e '(.incompressible_share * 100 | round) == 50'
	head -n 1 <<<"$status" | jq -e '(.orig_bytes / .compr_bytes - .compression_ratio | fabs) < 1e-9'
	"$pool" reset -q
	echo >&"$to"
	read -r -u "$from" -t 120 line
	[ "$line" = same ]
	wait "$COPROC_PID" || true
	restored
}

@test "an algorithm the kernel lacks: the message lists those it has" {
	run --separate-stderr "$pool" setup --algo novel --size 64MiB
	[ "$status" -eq 2 ]
	[[ $stderr == *"'novel'"* ]]
	for algorithm in $(tr -d '[]' <"/sys/block/zram$foreign/comp_algorithm"); do
		[[ $stderr == *"$algorithm"* ]]
	done
	restored
}

@test "a second pool of the same name is refused, one of another name is not" {
	"$pool" setup --size 64MiB -q >/dev/null
	run --separate-stderr "$pool" setup --size 64MiB
	[ "$status" -eq 1 ]
	[[ $stderr == *"already"*"reset"* ]]
	"$pool" setup --size 64MiB --name second -q >/dev/null
	[ "$("$pool" status -f json | field name | sort | tr '\n' ' ')" = "pool second " ]
	run "$pool" reset
	[ "$status" -eq 2 ]
	"$pool" reset -q --name pool
	"$pool" reset -q --name second
	restored
}

@test "recover leaves a ready pool alone, unless it is bound to a process that ended" {
	"$pool" setup --size 64MiB -q >/dev/null
	"$pool" recover -q
	[ "$("$pool" status -f json | field state)" = ready ]
	"$pool" reset -q
	sleep 60 3>&- &
	"$pool" setup --size 64MiB --owner $! -q >/dev/null
	"$pool" recover -q
	[ "$("$pool" status -f json | field owner)" = $! ]
	kill $!
	wait $! || true
	"$pool" recover
	restored
}

@test "two commands at once wait for one another" {
	at_once=
	for i in 1 2 3 4; do
		"$pool" setup --size 64MiB --name "at-once-$i" -q >/dev/null 3>&- &
		at_once+=" $!"
	done
	# shellcheck disable=SC2086 # four; bats has a child of its own where there is a time limit
	wait $at_once
	[ "$("$pool" status -f json | field priority | sort | tr '\n' ' ')" = "10 11 8 9 " ]
	at_once=
	for i in 1 2 3 4; do
		"$pool" reset -q --name "at-once-$i" 3>&- &
		at_once+=" $!"
	done
	# shellcheck disable=SC2086
	wait $at_once
	restored
}

@test "--tune sets what it says, reset restores it" {
	"$pool" setup --size 64MiB --tune -q >/dev/null
	[ "$(cat /proc/sys/vm/swappiness /proc/sys/vm/page-cluster)" = $'180\n0' ]
	"$pool" reset -q
	restored
}

@test "two pools with --tune, whichever goes first: the last one restores the values from before both" {
	for order in "a b" "b a"; do
		"$pool" setup --size 16MiB --tune --name a -q >/dev/null
		"$pool" setup --size 16MiB --tune --name b -q >/dev/null
		"$pool" reset -q --name "${order% *}"
		[ "$(cat /proc/sys/vm/swappiness /proc/sys/vm/page-cluster)" = $'180\n0' ]
		"$pool" reset -q --name "${order#* }"
		restored "$order"
	done
}

@test "another program removes a pool's device: recover undoes the rest" {
	device=$("$pool" setup --size 16MiB --tune -f json | field device)
	swapoff "$device"
	echo 1 >"/sys/block/${device#/dev/}/reset"
	[[ $("$pool" status -f json | field warning) == *"another program has reset the device"* ]]
	echo "${device#/dev/zram}" >/sys/class/zram-control/hot_remove
	run --separate-stderr "$pool" setup --size 16MiB
	[ "$status" -eq 1 ]
	[[ $stderr == *"ram_pool recover"*"device is missing"* ]]
	"$pool" recover
	restored
}

@test "a name with .book in it is that name, and another pool's is left alone" {
	"$pool" setup --size 16MiB --name a.bookish -q >/dev/null
	"$pool" setup --size 16MiB --raw --name a -q >/dev/null
	"$pool" reset -q --name a
	[ "$("$pool" status -f json | field name)" = a.bookish ]
	[ "$("$pool" status -f json | field state)" = ready ]
	"$pool" reset -q
	restored
}

@test "a journal that cannot be read is named, and only what needs its pool fails" {
	"$pool" setup --size 16MiB -q >/dev/null
	cp "$COLDPRESS_STATE_DIR/pool.pool.book" "$BATS_TEST_TMPDIR/book"
	echo '{"id":99}' >>"$COLDPRESS_STATE_DIR/pool.pool.book"
	run --separate-stderr "$pool" status
	[[ $stderr == *"pool.pool.book"* ]]
	[[ $stderr != *"no pool found"* ]]
	for command in reset age "trigger compress --pid $$"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr "$pool" $command
		[ "$status" -eq 1 ]
		[[ $stderr == *"pool.pool.book"* ]]
	done
	cp "$BATS_TEST_TMPDIR/book" "$COLDPRESS_STATE_DIR/pool.pool.book"
	"$pool" reset -q
	restored
}

@test "a watch ends with its pool, whatever comes under its number, and with its duration" {
	"$pool" setup --size 16MiB --raw --name first -q >/dev/null
	"$pool" status --watch 50ms --name first -f csv >"$BATS_TEST_TMPDIR/watch" 3>&- &
	watch=$!
	shown() { [ "$(grep -c first "$BATS_TEST_TMPDIR/watch")" -ge 3 ]; }
	until_true shown
	"$pool" reset -q --name first
	"$pool" setup --size 16MiB --raw --name second -q >/dev/null
	timeout 120 tail --pid=$watch -f /dev/null
	wait $watch
	timeout 120 "$pool" status --watch 1h --duration 100ms -f json | tail -n 1 | jq -e '.reason == "duration"'
	"$pool" reset -q
	restored
}

@test "a watch shows pages as they come, and ends by ^C" {
	"$pool" setup --algo lz4 --size 64MiB -q >/dev/null
	"$pool" status --watch 50ms -f json >"$BATS_TEST_TMPDIR/watch" 3>&- &
	watch=$!
	coproc holder 32
	keep_coproc "${COPROC[@]}"
	read -r -u "$from" -t 120 line
	# Half of them at least: the kernel first fills the cluster each CPU has begun in another swap.
	seen() { jq -s -e '[.[].orig_bytes // 0] | max >= 16 * 1048576' "$BATS_TEST_TMPDIR/watch" >/dev/null; }
	until_true seen
	kill -INT "$watch"
	wait "$watch"
	"$pool" reset -q
	echo >&"$to"
	wait "$COPROC_PID" || true
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/watch" | jq -r .type)" = end ]
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/watch" | jq -r .reason)" = signal ]
	jq -s -e '[.[].written_pages_per_s // 0] | max > 0' "$BATS_TEST_TMPDIR/watch"
	restored
}

@test "a full disk for the output: nothing stays" {
	run --separate-stderr "$pool" setup --size 64MiB -o /dev/full
	[ "$status" -eq 1 ]
	[[ $stderr == "ram_pool: "* ]]
	restored
}

@test "kill -9 at every call of setup, then recover: the machine is as before" {
	mapfile -t all < <(calls "$pool" setup --size 64MiB --tune -q)
	"$pool" reset -q
	restored "traced"
	n=0
	for call in "${all[@]}"; do
		for i in $(seq "${call#* }"); do
			run strace -f -qq -o /dev/null -e "inject=${call% *}:signal=KILL:when=$i" \
				"$pool" setup --size 64MiB --tune -q
			killed "$call"
			"$pool" recover -q
			reset_ready "$call at $i"
			restored "$call at $i"
			n=$((n + 1))
		done
	done
	echo "# killed $n times" >&3
	[ "$n" -ge 90 ]
}

# pool_with_pages - a pool with the holder's pages in it.
pool_with_pages() {
	"$pool" setup --size 64MiB --tune -q >/dev/null
	"$pool" trigger readback --db none --pid "$H_PID" -q >/dev/null
	"$pool" trigger compress --db none --pid "$H_PID" -q >/dev/null
}

@test "kill -9 at every call of reset, pages in the pool, then recover: the machine is as before" {
	begin_holder 1
	pool_with_pages
	mapfile -t all < <(calls "$pool" reset -q)
	restored "traced"
	n=0
	for call in "${all[@]}"; do
		for i in $(seq "${call#* }"); do
			pool_with_pages
			run strace -f -qq -o /dev/null -e "inject=${call% *}:signal=KILL:when=$i" "$pool" reset -q
			killed "$call"
			"$pool" recover -q
			reset_ready "$call at $i"
			restored "$call at $i"
			n=$((n + 1))
		done
	done
	echo "# killed $n times" >&3
	[ "$n" -ge 70 ]
	end_holder
}

@test "an error at any call that changes something: reported, everything undone" {
	mapfile -t all < <(calls "$pool" setup --size 64MiB --tune -q | grep -E '^(write|pwrite64|fsync|swapon|flock|fcntl) ')
	"$pool" reset -q
	for error in EBUSY ENOMEM EINVAL EIO; do
		for call in "${all[@]}"; do
			for i in $(seq "${call#* }"); do
				run --separate-stderr strace -f -qq -o /dev/null \
					-e "inject=${call% *}:error=$error:when=$i" "$pool" setup --size 64MiB --tune -q
				if [ "$status" -eq 0 ]; then
					reset_ready "$error at $call $i"
				else
					[ "$status" -eq 1 ]
					said_clearly "$error at $call $i"
				fi
				restored "$error at $call $i"
			done
		done
	done
}

@test "an error at any call of reset, pages in the pool: reported, and recover finishes" {
	begin_holder 1
	pool_with_pages
	mapfile -t all < <(calls "$pool" reset -q | grep -E '^(write|swapoff|ftruncate|fcntl|unlink|unlinkat) ')
	for error in EBUSY ENOMEM EINVAL EIO; do
		for call in "${all[@]}"; do
			for i in $(seq "${call#* }"); do
				pool_with_pages
				run --separate-stderr strace -f -qq -o /dev/null \
					-e "inject=${call% *}:error=$error:when=$i" "$pool" reset -q
				[ "$status" -eq 0 ] || said_clearly "$error at $call $i"
				"$pool" recover -q
				reset_ready "$error at $call $i"
				restored "$error at $call $i"
			done
		done
	done
	end_holder
}

# millis COMMAND... - how long it takes.
millis() {
	local begin=${EPOCHREALTIME/./}
	"$@" >/dev/null
	echo $(((${EPOCHREALTIME/./} - begin) / 1000 + 1))
}

@test "kill -9 at random moments under load, a hundred times: the machine is as before, the pages too" {
	# Two busy loops, and a process with pages to move.
	for _ in 1 2; do
		sh -c 'while :; do :; done' 3>&- &
		busy+=" $!"
	done
	begin_holder 8
	make=(setup --size 64MiB --tune -q)
	[ ! -e "/sys/block/zram$foreign/backing_dev" ] || {
		truncate -s 64M "$BATS_TEST_TMPDIR/backing"
		make+=(--backing "$BATS_TEST_TMPDIR/backing")
	}
	# shellcheck disable=SC2034
	out=(trigger compress --db none --pid "$H_PID" -q)
	# shellcheck disable=SC2034
	back=(trigger readback --db none --pid "$H_PID" -q)
	# What is killed, and what comes before it: used by their names.
	commands=(make out back reset)
	# shellcheck disable=SC2034
	before_make=() before_out=(make back) before_back=(make out) before_reset=(make out) before_age=(make out)
	# shellcheck disable=SC2034
	reset=(reset -q) age=(age --older 0s -q)
	[ ${#make[@]} -eq 5 ] || commands+=(age)
	declare -A millis kills
	prepare() {
		local -n steps=before_$1
		local step
		for step in "${steps[@]}"; do
			local -n words=$step
			"$pool" "${words[@]}" >/dev/null
		done
	}
	for command in "${commands[@]}"; do
		prepare "$command"
		declare -n words=$command
		millis[$command]=$(millis "$pool" "${words[@]}")
		"$pool" reset -q
	done
	RANDOM=17 n=0 killed=0
	while [ $killed -lt 100 ] && [ $n -lt 1000 ]; do
		command=${commands[n % ${#commands[@]}]}
		prepare "$command"
		declare -n words=$command
		wait_s=$(printf '%d.%03d' $((at = 1 + RANDOM % millis[$command], at / 1000)) $((at % 1000)))
		run timeout -s KILL "$wait_s" "$pool" "${words[@]}"
		# What was done before its kill is killed earlier the next time: how long it takes varies with the load.
		if [ "$status" -eq 137 ]; then
			killed=$((killed + 1)) kills[$command]=$((${kills[$command]-0} + 1)) millis[$command]=$((millis[$command] + 1))
		else
			millis[$command]=$(((millis[$command] * 3 + 3) / 4))
		fi
		"$pool" recover -q
		reset_ready "$command after $wait_s s, $n"
		restored "$command after $wait_s s, $n"
		n=$((n + 1))
	done
	end_busy
	for command in "${commands[@]}"; do
		echo "# $command (${millis[$command]} ms): killed ${kills[$command]-0} times" >&3
		[ "${kills[$command]-0}" -gt 0 ]
	done
	echo "# $n times, $killed of them before the command was done" >&3
	[ "$killed" -eq 100 ]
	end_holder
}

@test "the foreign swap still holds its pages, and they are as they were" {
	foreign_intact
}
