#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The bounds of `workload`, for every pattern and every third-party tool that is installed: available memory, by a sampler
# of this test, and the memory of a pool, by the kernel's own maximum, while each of them takes all it can. Patterns are
# limited by their number of operations, never by time: on a slow machine they take as much memory, later.

bin=$BATS_TEST_DIRNAME/../../build/bin
mib=$((1 << 20))

setup() {
	bats_require_minimum_version 1.5.0
	[ "$(id -u)" -eq 0 ] || skip "needs root to make control groups"
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
}

# trace PAGES - a page-class trace of so many incompressible pages, in $BATS_TEST_TMPDIR/trace.
trace() {
	printf '%s\n' "{\"type\":\"page_trace\",\"v\":1,\"pages\":$1,\"page_bytes\":4096}" \
		"{\"type\":\"page_run\",\"v\":1,\"class\":\"other\",\"pages\":$1}" '{"type":"end","v":1}' >"$BATS_TEST_TMPDIR/trace"
}

patterns() {
	"$bin/workload" list --json | jq -r 'select(.type == "workload_pattern").name'
}

# takes_memory PATTERN - whether it fills its region.
takes_memory() {
	case $1 in fork_exit_storm | fork_exec_storm) return 1 ;; esac
}

# operations PATTERN MIB - as many as it needs to fill so large a region; most patterns fill it before the first one.
operations() {
	case $1 in
	anon_streamer) echo $(($2 * 256)) ;;
	mmap_churn) echo 64 ;; # four for each of 16 mappings, with a mean of a 16th of the region
	fork_*) echo 211 ;;
	*) echo 1 ;;
	esac
}

# Each line: a tool and its profile that takes most memory.
tools() {
	while read -r tool profile; do
		command -v "$tool" >/dev/null || continue
		echo "$tool $profile"
	done <<<$'stress-ng fork-vm\nsysbench memory-seq\nfio tmpfs-zipf'
	# These two are run from checkouts, where one is given.
	[ -z "${COLDPRESS_MMTESTS-}" ] || echo mmtests time_unmap
	[ -z "${COLDPRESS_PHORONIX-}" ] || echo phoronix-test-suite random_touch_heap
}

# least_available PID - the least of MemAvailable, in KiB, every 2 ms until the process has ended.
least_available() {
	perl -MTime::HiRes=sleep -e '
		my ($pid) = @ARGV;
		my $least;
		while (kill 0, $pid) {
			open my $f, "<", "/proc/meminfo" or die;
			while (<$f>) { $least = $1 if /^MemAvailable: +(\d+)/ && (!defined $least || $1 < $least) }
			sleep 0.002;
		}
		print "$least\n"' "$1"
}

# ended_for_memory PATTERN STATE... - $why is one of these (patterns of bash) where the pattern takes memory, else ok.
ended_for_memory() {
	local state

	takes_memory "$1" || { [ "$why" = "ok null" ]; return; }
	for state in "${@:2}"; do
		# shellcheck disable=SC2053 # a pattern
		[[ $why != $state ]] || return 0
	done
	return 1
}

# reserve ARGS... - the command, with 512 MiB available above the reserve and a region of $region_mib. The last of three
# tries counts: other processes may take memory meanwhile. A pattern must end as it should. Sets $why.
reserve() {
	local available least reserve

	for _ in 1 2 3; do
		available=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
		reserve=$((available - 512 * 1024))
		"$bin/workload" "$@" --region ${region_mib}MiB --unsafe-allow-large --reserve ${reserve}KiB --json \
			>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
		least=$(least_available $!)
		wait $! || true
		why=$(jq -r 'select(.type | endswith("_result")) | "\(.state) \(.why)"' "$BATS_TEST_TMPDIR/out")
		echo "$1 $2 $3: $why; $(((least - reserve) / 1024)) MiB above the reserve; $(cat "$BATS_TEST_TMPDIR/stderr")"
		[ -n "$why" ]
		[ "$least" -ge "$reserve" ] || continue
		[ "$1" = wrap ] || ended_for_memory "$2" "aborted *reserve*" || continue
		return 0
	done
	return 1
}

# Sets $region_mib: half of the available memory, at most 4 GiB. Other processes may free that much less meanwhile.
enough_memory() {
	region_mib=$(awk '$1 == "MemAvailable:" { print int($2 / 2048) }' /proc/meminfo)
	[ "$region_mib" -ge 2048 ] || skip "needs 4 GiB of available memory"
	[ "$region_mib" -le 4096 ] || region_mib=4096
}

@test "every pattern that takes memory below the reserve is ended before, the others run to their end" {
	local pattern why region_mib

	enough_memory
	trace $((region_mib * 256))
	for pattern in $(patterns); do
		reserve run "$pattern" --page-profile random --pages 2000 --trace "$BATS_TEST_TMPDIR/trace" \
			--operations "$(operations "$pattern" "$region_mib")"
	done
}

@test "no third-party tool takes memory below the reserve" {
	local region_mib

	enough_memory
	[ -n "$(tools)" ] || skip "none of stress-ng, sysbench and fio is installed, and no checkout is given"
	local tool profile why ended=0

	while read -r tool profile; do
		reserve wrap "$tool" "$profile" --duration 60s # those that take memory are ended when they do
		case $why in *reserve*) ended=$((ended + 1)) ;; esac
	done < <(tools)
	echo "$ended were ended for the reserve"
	[ "$ended" -ge 1 ]
}

# pool ARGS... - the command with a region four times its memory, and swap in a pool with memory for a sixth of the rest.
# The pool may exceed its limit by a zspage of each of two CPUs. Sets $why.
pool() {
	local id most limit=$((8 * mib))

	id=$("$bin/ram_pool" setup -q --algo lz4 --size 128MiB --mem-limit $limit"B" --format json |
		jq -r 'select(.type != "end").id')
	"$bin/workload" "$@" --region 64MiB --memory-limit 16MiB --json \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- || true
	most=$(awk '{ print $5 }' "/sys/block/zram$id/mm_stat")
	"$bin/ram_pool" reset -q
	why=$(jq -r 'select(.type | endswith("_result")) | "\(.state) \(.why)"' "$BATS_TEST_TMPDIR/out")
	echo "$1 $2 $3: $why; the pool took $most of $limit bytes; $(cat "$BATS_TEST_TMPDIR/stderr")"
	[ -n "$why" ]
	[ "$most" -le $((limit + 16 * 4096)) ]
	case $why in *"zram$id is full"*) [ "$most" -gt $((limit / 8 * 7)) ] ;; esac
}

pool_possible() {
	[ -e /sys/class/zram-control/hot_add ] || skip "this kernel has no zram (modprobe zram num_devices=0)"
}

# A pool that is full makes the kernel end the command, where it is faster than the supervisor.
@test "no pattern fills a pool beyond its limit, and those that fill it are ended" {
	pool_possible
	local pattern why

	trace 16384
	for pattern in $(patterns); do
		pool run "$pattern" --page-profile random --pages 2000 --trace "$BATS_TEST_TMPDIR/trace" \
			--operations "$(operations "$pattern" 64)"
		ended_for_memory "$pattern" "aborted *is full" "oom *"
	done
}

# 1,000 pages a second at most: an eighth of the pool is left when the supervisor ends it, a quarter of a second's pages.
@test "a pattern that fills a pool slowly is ended by the supervisor" {
	pool_possible
	local why

	pool run anon_streamer --page-profile random --operations 16384 --rate 1000
	[[ $why == "aborted the pool on zram"*" is full" ]]
}

@test "no third-party tool fills a pool beyond its limit" {
	pool_possible
	[ -n "$(tools)" ] || skip "none of stress-ng, sysbench and fio is installed, and no checkout is given"
	local tool profile why

	while read -r tool profile; do
		pool wrap "$tool" "$profile" --duration 2s
	done < <(tools)
}
