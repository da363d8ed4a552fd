#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# pool_probe under swap: a process in a cgroup of half its size, a pool of its own; compared with the device's own
# counts.
#
# shellcheck disable=SC2016 # perl's and jq's

load pool_helpers

# Whether this kernel hands single pages to zram without a request, by a sign that the probe does not look at.
rw_page() { if grep -qw zram_rw_page /proc/kallsyms; then echo true; else echo false; fi; }

setup() {
	need_zram
	bin=$BATS_TEST_DIRNAME/../../build/bin probe_pid='' group='' device=''
	cd "$BATS_TEST_TMPDIR" || return
	"$bin/proc_create" --format json -q -d 1ms >can 2>&1 || skip "$(tail -n 2 can | tr '\n' ' ')"
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
	group=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
	limit=memory.limit_in_bytes
	[ -n "$group" ] || {
		group=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
		limit=memory.max
	}
	group=$group/coldpress-test-$$
	mkdir "$group" || skip "no cgroup can be made"
	[ -e "$group/$limit" ] || skip "no memory controller"
	echo 16777216 >"$group/$limit"
	"$bin/ram_pool" setup --size 64MiB --mem-limit 64MiB -f json -q >pool
	device=$(jq -r 'select(.device) | .device' pool | head -n 1)
}

teardown() {
	[ -z "$probe_pid" ] || kill -9 "$probe_pid" 2>/dev/null || true
	[ -z "$group" ] || [ ! -d "$group" ] || rmdir "$group"
	[ -z "$COLDPRESS_STATE_DIR" ] || "$bin/ram_pool" reset -q
}

@test "32 MiB through 16 MiB of RAM, twice: pages written and read, by whom, and their residence" {
	zram=${device##*/}
	"$bin/pool_probe" --format json -q --device "$device" --by pid >out &
	probe_pid=$!
	for _ in $(seq 100); do
		if grep -q '"type":"ready"' out; then break; fi
		sleep 0.05
	done
	read -r _ _ before_read _ _ _ before_written _ <"/sys/block/$zram/stat"
	bash -c 'echo $$ >"$1/cgroup.procs"; echo $$ >pid; exec perl -e "my \$s = q(x) x (32 << 20); my \$n = 0;
		for my \$round (1, 2) { \$n += ord substr \$s, \$_ << 12, 1 for 0 .. (32 << 8) - 1 }"' - "$group"
	read -r _ _ read _ _ _ written _ <"/sys/block/$zram/stat"
	kill -INT "$probe_pid"
	wait "$probe_pid"
	probe_pid=''
	cat out
	jq -es --argjson written $(((written - before_written) / 8)) --argjson reread $(((read - before_read) / 8)) \
		--argjson pid "$(cat pid)" --argjson rw_page "$(rw_page)" '
		map(select(.type == "pool_probe_by" and .pid == $pid))[0] as $own |
		(map(select(.type == "pool_probe_by" and .comm == "khugepaged").writes) | add // 0) as $gather |
		map(select(.type == "pool_probe_summary"))[0] | .blind == $rw_page and .rw_page == $rw_page and
		if .blind then .writes + .unseen_writes == $written and .unseen_reads == $reread and .reads == 0 and
			.readback_factor == null and .survival == null and (.unseen | test("rw_page")) else
		.writes == $written and .reads == $reread and .writes > 4096 and .reads > 4096 and .unknown == 0 and
		.unmatched == 0 and .missed == 0 and .freed <= .writes and .freed > .writes * 0.9 and
		$own.comm == "perl" and $own.writes > (.writes - $gather) * 0.9 and $own.reads > .reads * 0.9 and
		$own.residence_p50_ns > 0 and .residence_p50_ns <= .residence_max_ns and
		(.survival | length) > 0 and (.survival | . == (sort | reverse)) and .survival[0] <= 1
		end' out
}

# A process that puts so many pages of text, and so many of zeros, out by request; on a line of input it touches each
# once, and says its major faults meanwhile.
pager='
	my ($text, $zero) = @ARGV; my $n = $text + $zero; $| = 1;
	my $s = "\0" x (($n + 1) << 12); my $p = unpack("Q", pack("p", $s)); my $at = -$p & 4095;
	substr($s, $at + ($_ << 12), 4096) = substr("page $_ of the pager\n" x 300, 0, 4096) for 0 .. $text - 1;
	my $madvise = `uname -m` =~ /aarch64/ ? 233 : 28; my $out = 0;
	for (my $try = 0; $try < 100 && $out < $n << 2; $try++) {
		syscall($madvise, $p + $at, $n << 12, 21) == 0 or die "madvise: $!";
		open my $status, "<", "/proc/self/status";
		/^VmSwap:\s+(\d+)/ and $out = $1 while <$status>;
		select undef, undef, undef, 0.01;
	}
	sub major { open my $f, "<", "/proc/self/stat"; (split " ", <$f>)[11] }
	print "out ", $out >> 2, "\n"; <STDIN>;
	my $before = major; my $sum = 0;
	$sum += ord substr $s, $at + ($_ << 12), 1 for 0 .. $n - 1;
	print "major ", major() - $before, "\n"; <STDIN>;'

start_probe() {
	"$bin/pool_probe" --format json -q --device "$device" "$@" >out &
	probe_pid=$!
	for _ in $(seq 100); do
		if grep -q '"type":"ready"' out; then return; fi
		sleep 0.05
	done
	return 1
}

# run_pager TEXT ZERO - its pages out and in again; their number out in $gone, its major faults in $major.
run_pager() {
	coproc PAGER { exec perl -e "$pager" "$@"; }
	pager_pid=$PAGER_PID
	read -r _ gone <&"${PAGER[0]}"
	echo >&"${PAGER[1]}"
	read -r _ major <&"${PAGER[0]}"
	kill -INT "$probe_pid"
	wait "$probe_pid"
	probe_pid=''
	echo >&"${PAGER[1]}"
	wait "$pager_pid" || true
	tail -n 2 out
	echo "out $gone, major faults $major"
}

vmstat() { awk -v n="$1" '$1 == n { v = $2; found = 1 } END { print found ? v : "null" }' /proc/vmstat; }

@test "4,099 pages of text and 1,009 of zeros: each page once, as the kernel's own counts say, beside a busy machine" {
	(while :; do :; done) &
	burn=$!
	start_probe --events
	read -r _ _ before_read _ _ _ before_written _ <"/sys/block/${device##*/}/stat"
	before_zero=$(vmstat swpout_zero) before_out=$(vmstat pswpout)
	run_pager 4099 1009
	read -r _ _ read _ _ _ written _ <"/sys/block/${device##*/}/stat"
	zero=$(vmstat swpout_zero) out=$(vmstat pswpout)
	kill "$burn"
	wait "$burn" || true
	[ "$gone" -ge 5108 ]
	# Before 6.12 zero pages reach the device too. Another swap of the machine may be in use meanwhile.
	jq -es --argjson pid "$pager_pid" --argjson written $(((written - before_written) / 8)) \
		--argjson reread $(((read - before_read) / 8)) --argjson zero "$zero" --argjson before_zero "$before_zero" \
		--argjson out $((out - before_out)) --argjson swaps $(($(wc -l </proc/swaps) - 1)) \
		--argjson rw_page "$(rw_page)" '
		.[-2] as $s | .[-1] as $last | map(select(.type == "pool_probe_page" and .pid == $pid)) as $own |
		($own | map(select(.op == "write"))) as $in | ($own | map(select(.op == "read"))) as $back |
		(if $zero then 4099 else 5108 end) as $pages | $s.blind == $rw_page and
		if $s.blind then $s.writes + $s.unseen_writes == $written and $s.reads == 0 and $s.unseen_reads == $reread and
			$written >= $pages and $reread >= $pages and $s.device_writes == $s.pswpout and
			$s.readback_factor == null and $s.unread == null and ($s.unseen | test("rw_page")) else
		($in | length) == $pages and ($back | length) == $pages and
		($in | map(.slot) | sort) == ($back | map(.slot) | sort) and ($in | map(.slot) | unique | length) == $pages and
		all($back[]; .reads == 1 and .residence_ns > 0) and
		$s.writes == $written and $s.reads == $reread and $s.device_writes == $written and $s.device_reads == $reread and
		$s.unseen_writes == 0 and $s.unseen_reads == 0 and $s.unmatched == 0 and $s.missed == 0 and
		(if $zero then $s.swpout_zero >= 1009 and $s.swpout_zero <= $zero - $before_zero and $s.swpin_zero >= 1009 and
			($s.unseen | test("keeps a bit")) else $s.swpout_zero == null end) and
		$s.pswpout >= $s.writes and $s.pswpout <= $out and ($swaps > 1 or $s.pswpout == $s.writes) and
		$last.seen == $last.emitted + $last.filtered + $last.dropped and $last.dropped == 0 end' out
}

@test "a hook that sees no request while swap moves pages says that it is blind" {
	start_probe --nothing
	run_pager 1009 0
	jq -es '.[-2] | .blind and .writes == 0 and .pswpout >= 1009 and .unseen_writes >= 1009 and .unseen_reads >= 1009 and
		.readback_factor == null and (.rw_page as $past | .unseen | test(if $past then "rw_page" else "unknown reason" end))' out
}
