#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The bounds of `workload`, of every pattern and every wrapped tool that is here: what a sampler of our own sees of
# available memory and of a pool while each of them takes all it can.

bin=$BATS_TEST_DIRNAME/../../build/bin
mib=$((1 << 20))

setup() {
	bats_require_minimum_version 1.5.0
	[ "$(id -u)" -eq 0 ] || skip "needs root to make control groups"
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
	printf '%s\n' '{"type":"page_trace","v":1,"pages":262144,"page_bytes":4096}' \
		'{"type":"page_run","v":1,"class":"other","pages":262144}' '{"type":"end","v":1}' >"$BATS_TEST_TMPDIR/large"
	printf '%s\n' '{"type":"page_trace","v":1,"pages":16384,"page_bytes":4096}' \
		'{"type":"page_run","v":1,"class":"other","pages":16384}' '{"type":"end","v":1}' >"$BATS_TEST_TMPDIR/small"
}

patterns() {
	"$bin/workload" list --json | jq -r 'select(.type == "workload_pattern").name'
}

# Each line: a tool and the profile of it that takes most memory.
tools() {
	while read -r tool profile; do
		command -v "$tool" >/dev/null || continue
		echo "$tool $profile"
	done <<<$'stress-ng fork-vm\nsysbench memory-seq\nfio tmpfs-zipf'
	# These two come as checkouts, and are run where one is named.
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

# reserve WORDS... - the command, with 512 MiB available above the reserve and a region of more. The last of three tries
# counts: memory that others take meanwhile is not the command's. Sets $why.
reserve() {
	local available least reserve

	for _ in 1 2 3; do
		available=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
		reserve=$((available - 512 * 1024))
		"$bin/workload" "$@" --region 1GiB --unsafe-allow-large --reserve ${reserve}KiB --duration 2s --json \
			>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/words" 3>&- &
		least=$(least_available $!)
		wait $! || true
		why=$(jq -r 'select(.type | endswith("_result")) | "\(.state) \(.why)"' "$BATS_TEST_TMPDIR/out")
		echo "$1 $2 $3: $why; $(((least - reserve) / 1024)) MiB above the reserve; $(cat "$BATS_TEST_TMPDIR/words")"
		[ -n "$why" ]
		[ "$least" -lt "$reserve" ] || return 0
	done
	return 1
}

enough_memory() {
	[ "$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)" -ge $((4 << 20)) ] ||
		skip "needs 4 GiB of available memory: less is no room above the reserve"
}

@test "no pattern takes memory that is to stay available" {
	enough_memory
	local pattern why ended=0

	for pattern in $(patterns); do
		reserve run "$pattern" --contents random --pages 2000 --trace "$BATS_TEST_TMPDIR/large"
		case $why in *reserve*) ended=$((ended + 1)) ;; esac
	done
	echo "$ended were ended for it"
	[ "$ended" -ge 5 ]
}

@test "no wrapped tool takes memory that is to stay available" {
	enough_memory
	[ -n "$(tools)" ] || skip "none of stress-ng, sysbench and fio is installed, and no checkout named"
	local tool profile why ended=0

	while read -r tool profile; do
		reserve wrap "$tool" "$profile"
		case $why in *reserve*) ended=$((ended + 1)) ;; esac
	done < <(tools)
	echo "$ended were ended for it"
	[ "$ended" -ge 1 ]
}

# most_used ZRAM PID - samples the pool until this process has ended; prints the most bytes that it took.
most_used() {
	perl -MTime::HiRes=sleep -e '
		my ($file, $pid) = @ARGV;
		my $most = 0;
		while (kill 0, $pid) {
			open my $f, "<", $file or last;
			my $used = (split " ", <$f>)[2];
			$most = $used if $used > $most;
			sleep 0.002;
		}
		print "$most\n"' "/sys/block/zram$1/mm_stat" "$2"
}

# pool WORDS... - the command with a region four times its memory, and swap in a pool that has half the room for the
# rest. The pool is over its limit by a zspage at most, of each of two CPUs. Sets $why.
pool() {
	local id most limit=$((8 * mib))

	id=$("$bin/ram_pool" setup -q --algo lz4 --size 128MiB --mem-limit $limit"B" --format json |
		jq -r 'select(.type != "end").id')
	"$bin/workload" "$@" --region 64MiB --memory-limit 16MiB --duration 2s --json \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/words" 3>&- &
	most=$(most_used "$id" $!)
	wait $! || true
	"$bin/ram_pool" reset -q
	why=$(jq -r 'select(.type | endswith("_result")) | "\(.state) \(.why)"' "$BATS_TEST_TMPDIR/out")
	echo "$1 $2 $3: $why; the pool took $most of $limit bytes; $(cat "$BATS_TEST_TMPDIR/words")"
	[ -n "$why" ]
	[ "$most" -le $((limit + 16 * 4096)) ]
	case $why in *"zram$id is full"*) [ "$most" -gt $((limit / 8 * 7)) ] ;; esac
}

pool_possible() {
	[ -e /sys/class/zram-control/hot_add ] || skip "this kernel has no zram (modprobe zram num_devices=0)"
}

@test "no pattern fills a pool beyond its limit" {
	pool_possible
	local pattern why ended=0

	for pattern in $(patterns); do
		pool run "$pattern" --contents random --pages 2000 --trace "$BATS_TEST_TMPDIR/small"
		case $why in *"is full"*) ended=$((ended + 1)) ;; esac
	done
	echo "$ended were ended for it"
	[ "$ended" -ge 5 ]
}

@test "no wrapped tool fills a pool beyond its limit" {
	pool_possible
	[ -n "$(tools)" ] || skip "none of stress-ng, sysbench and fio is installed, and no checkout named"
	local tool profile why

	while read -r tool profile; do
		pool wrap "$tool" "$profile"
	done < <(tools)
}
