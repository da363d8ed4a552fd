# SPDX-License-Identifier: GPL-2.0-only
# pool_helpers.bash - what the live tests of ram_pool share: the machine as text, memory that is paged out.

export PATH=$PATH:/usr/sbin:/sbin
pool=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/bin/ram_pool

need_zram() {
	[ "$(id -u)" = 0 ] || skip "zram needs root"
	[ -e /sys/class/zram-control/hot_add ] || skip "this kernel has no zram (modprobe zram num_devices=0)"
}

# own_state - a journal directory of this file's own. For setup_file.
own_state() {
	need_zram
	export COLDPRESS_STATE_DIR=$BATS_FILE_TMPDIR/state
	"$pool" recover -q
}

# foreign_group DIR - whether it belongs to a running program (coldpress.PID.N.NAME) with other journals than ours.
foreign_group() {
	local pid=${1##*/coldpress.}
	pid=${pid%%.*}
	[[ $pid =~ ^[0-9]+$ ]] && [ -d "/proc/$pid" ] && ! grep -qsz "^COLDPRESS_STATE_DIR=$COLDPRESS_STATE_DIR\$" "/proc/$pid/environ"
}

# Everything a pool changes, as text: swaps (without their use: the kernel frees slots as it likes), devices,
# settings, groups but the test's own and those of other programs that run, files behind loop devices, and what is in the state directory.
machine() {
	swapon --show=NAME,TYPE,SIZE,PRIO --noheadings --raw
	for d in /sys/block/zram*; do
		[ -e "$d" ] && echo "$d $(cat "$d/diskseq" "$d/disksize" "$d/comp_algorithm" | tr '\n' ' ')"
	done
	cat /proc/sys/vm/swappiness /proc/sys/vm/page-cluster
	find /sys/fs/cgroup -type d -name '*coldpress*' ! -path "${group:-none}" | while read -r g; do foreign_group "$g" || echo "$g"; done
	losetup -a
	ls -A "$COLDPRESS_STATE_DIR"
}

swap_used() { # swap_used DEVICE - bytes
	swapon --show=NAME,USED --noheadings --raw --bytes | awk -v d="$1" '$1 == d { print $2 }'
}

field() { # field NAME <JSON line
	jq -r --arg f "$1" 'select(.type != "end") | .[$f]'
}

# A process that fills MIB of memory, pages it out, and on a line of input checks that it came back as it was:
# it prints "out" and then "same" or "changed". Half text, half random. "touch" makes it read a byte of each page.
holder_program='
		use Digest::MD5 "md5_hex"; my $sum_of_touched = 0;
		my $mib = shift; $| = 1; open my $r, "<:raw", "/dev/urandom";
		my $s = "\0" x (4096 + ($mib << 20)); my $p = unpack("Q", pack("p", $s)); my $at = -$p & 4095;
		for my $i (0 .. ($mib << 8) - 1) {
			my $page;
			if ($i & 1) { read $r, $page, 4096 } else { $page = substr("page $i of the holder\n" x 300, 0, 4096) }
			substr($s, $at + $i * 4096, 4096, $page);
		}
		my $sum = md5_hex($s); my $madvise = `uname -m` =~ /aarch64/ ? 233 : 28;
		my $out = 0;	# pages that are not on their list yet are passed over: try again
		for (my $try = 0; $try < 50 && $out < $mib << 10; $try++) {
			syscall($madvise, $p + $at, $mib << 20, 21) == 0 or die "madvise: $!";
			open my $status, "<", "/proc/self/status";
			/^VmSwap:\s+(\d+)/ and $out = $1 while <$status>;
			select undef, undef, undef, 0.01;
		}
		print "out\n";
		while (<STDIN>) {
			last unless /touch/;
			$sum_of_touched += ord substr($s, $at + ($_ << 12), 1) for 0 .. ($mib << 8) - 1;
			print "touched\n";
		}
		print md5_hex($s) eq $sum ? "same\n" : "changed\n"'
holder() {
	perl -e "$holder_program" "$1"
}

# keep_coproc FROM TO - copies of a coproc's descriptors as $from and $to: bash closes its own as soon as it has seen
# the end of the process, which may be before the last line was read.
keep_coproc() {
	exec {from}<&"$1" {to}>&"$2"
}

# begin_holder MIB [in_group] - such a process, of which all is out; what it says comes by $from, what it is told goes by
# $to, its PID is $H_PID.
begin_holder() {
	coproc H { ${2-exec} perl -e "$holder_program" "$1"; }
	keep_coproc "${H[@]}"
	said out
}

# until_true COMMAND... - waits for a state, however slow the machine is; two minutes without it are a failure.
until_true() {
	local end=$((SECONDS + 120))
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "not so after two minutes: $*"; return 1; }
		sleep 0.01
	done
}

# status_field NAME - of the pool, or of the only one.
status_field() { "$pool" status -q -f json "${@:2}" | field "$1"; }

# at_least N NAME - whether this field of the status is N or more.
at_least() { [ "$(status_field "$2" "${@:3}")" -ge "$1" ]; }

said() { # said WORD - the holder's next line
	local line
	read -r -u "$from" -t 120 line
	[ "$line" = "$1" ] || { echo "the holder said '$line', not '$1'"; return 1; }
}

swapped_pages() {
	awk '/^VmSwap:/ { print $2 / 4 }' "/proc/$H_PID/status"
}

# end_holder - its pages are as they were.
end_holder() {
	echo end >&"$to"
	said same
	wait "$H_PID" || true
}

# Minor and major faults of a process so far.
faults() {
	sed 's/.*) //' "/proc/$1/stat" | awk '{ print $8, $10 }'
}

# limited_group NAME - makes a memory group below our own and sets $group to its directory, $limit_file to the file
# of its limit. On v2 the group above must hand out memory: else it is made at the top.
limited_group() {
	local own
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		grep -qw memory /sys/fs/cgroup/cgroup.subtree_control || echo +memory >/sys/fs/cgroup/cgroup.subtree_control
		group=/sys/fs/cgroup/$1
		limit_file=$group/memory.max unlimited=max
	else
		own=$(awk -F: '$2 ~ /(^|,)memory(,|$)/ { print $3 }' /proc/self/cgroup)
		[ -d "/sys/fs/cgroup/memory$own" ] || skip "no memory controller to be found"
		group=/sys/fs/cgroup/memory${own%/}/$1
		limit_file=$group/memory.limit_in_bytes unlimited=-1
	fi
	mkdir "$group" || skip "no right to make control groups"
	[ -e "$limit_file" ] || { rmdir "$group"; skip "no memory controller to be found"; }
}

# in_group COMMAND... - in $group from its first page on; instead of this shell, so for a coproc.
in_group() {
	# shellcheck disable=SC2016 # for the shell inside
	exec sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" "$@"
}

remove_group() {
	for _ in $(seq 100); do rmdir "$1" 2>/dev/null && return; sleep 0.05; done
	rmdir "$1"
}

# settings_of_group - what a trigger changes for a moment on v1.
settings_of_group() {
	cat "$limit_file" "$group/memory.swappiness" 2>/dev/null
	ls -A "$COLDPRESS_STATE_DIR"
}

# begin_group_holder MIB - as begin_holder, with its pages back in RAM, in a group of its own.
begin_group_holder() {
	limited_group "coldpress-trigger-$$-$BATS_TEST_NUMBER"
	begin_holder "$1" in_group
	"$pool" trigger readback --db none --pid "$H_PID" -q >/dev/null
}

end_group_holder() {
	end_holder
	remove_group "$group"
}

# end_group - whatever a test that failed has left in $group. For teardown.
end_group() {
	[ -n "${group-}" ] && [ -d "$group" ] || return 0
	echo "$unlimited" >"$limit_file"
	while read -r pid; do kill -9 "$pid"; done <"$group/cgroup.procs"
	remove_group "$group"
}

# restored [WHEN] - the machine is as it was when $before was taken.
restored() {
	local now
	now=$(machine)
	[ "$now" = "$before" ] || { echo "${1-}"; diff <(echo "$before") <(echo "$now"); return 1; }
}

# By which something could be changed, or which follow such a one.
acts='mkdir|mkdirat|openat|read|write|pwrite64|fsync|close|swapon|swapoff|flock|fcntl|lseek|unlink|unlinkat'
acts+='|ftruncate|ioctl|exit_group|process_madvise|process_vm_readv'

# calls COMMAND... - "NAME COUNT" of each system call by which it could change anything, or that follows such a one: the
# most that one process makes, for so strace counts them when it injects.
calls() {
	strace -f -qq -o "$BATS_TEST_TMPDIR/trace" "$@" >/dev/null
	awk '{ sub(/\(.*/, "", $2); if (++one[$1, $2] > n[$2]) n[$2]++ } END { for (c in n) print c, n[c] }' \
		"$BATS_TEST_TMPDIR/trace" | grep -E "^($acts) "
}

# killed CALL - whether $status is that of a command killed at this call. swapoff is a child's, which the command outlives.
killed() {
	[ "$status" -eq 137 ] || [[ $1 == swapoff* && $status -eq 1 ]] || { echo "$1: exit $status"; return 1; }
}

# changes COMMAND... - "NAME N" of each system call by which it changes something: the Nth of this name that one of its
# processes makes, for so strace counts them when it injects.
changes() {
	strace -f -qq --seccomp-bpf -e "trace=?${acts//|/,?}" -o "$BATS_TEST_TMPDIR/trace" "$@" >/dev/null
	awk '{ sub(/\(.*/, "", $2); at = $2 " " ++n[$1, $2] }
		$2 == "openat" ? /O_WRONLY|O_RDWR|O_CREAT/ : !/TCGETS/ && $2 ~ /^[a-z]/ && $2 !~ /^(read|close|lseek|exit_group)$/ {
			if (!seen[at]++) print at
		}' "$BATS_TEST_TMPDIR/trace"
}

# with CALL N WHAT COMMAND... - under strace, which does WHAT (signal=KILL, error=EIO) at the Nth of these calls. With
# --seccomp-bpf, which is quicker, strace delivers no signal.
with() {
	local quick=(--seccomp-bpf)
	[[ $3 != signal=* ]] || quick=()
	strace -f -qq "${quick[@]}" -e "trace=$1" -e "inject=$1:$3:when=$2" -o /dev/null "${@:4}"
}

# injected WHAT PREPARE CHECK COMMAND... - for each call by which the command changes something: PREPARE, the command in
# which that call fares so (signal=KILL, error=EIO), recover, and CHECK with a word about it. What fails must say so.
# $may_miss: a run may make other calls than the one that was looked at: one in four may come to its end so, and an error
# may meet a look at something, which is then not there (77).
injected() {
	local at all n=0 said=0 missed=0
	command -v strace >/dev/null || skip "no strace"
	"$2"
	mapfile -t all < <(changes "${@:4}")
	"$3" traced
	for at in "${all[@]}"; do
		"$2"
		# shellcheck disable=SC2086 # a name and a number
		run --separate-stderr with $at "$1" "${@:4}"
		if [ "$1" = signal=KILL ] && [ -n "${may_miss-}" ] && [ "$status" -eq 0 ]; then
			missed=$((missed + 1))
		elif [ "$1" = signal=KILL ]; then
			killed "$at"
		elif [ "$status" -ne 0 ]; then
			# shellcheck disable=SC2154 # run sets it
			[[ $status == 1 || ($status == 77 && -n ${may_miss-}) ]] && [[ $stderr == *"ram_pool: "* ]] || { echo "$at $1: $status, $stderr"; return 1; }
			said=$((said + 1))
		fi
		"$pool" recover -q
		"$3" "$at $1"
		n=$((n + 1))
	done
	echo "# $1 at each of $n calls ($(printf '%s\n' "${all[@]% *}" | sort | uniq -c | xargs)), $said said so" >&3
	[ "$n" -ge 5 ]
	[ $((missed * 4)) -le "$n" ]
}

# foreign_swap - another's zram swap with 8 MiB in it, which no test may touch; sets $foreign, its number, and
# $foreign_used. For setup_file; descriptor 9 is its end.
foreign_swap() {
	export foreign foreign_used
	foreign=$(cat /sys/class/zram-control/hot_add)
	echo "$foreign $(cat "/sys/block/zram$foreign/diskseq")" >"$BATS_FILE_TMPDIR/foreign.zram" # for tests/put_back
	echo 64M >"/sys/block/zram$foreign/disksize"
	mkswap -q "/dev/zram$foreign"
	swapon -p 7 "/dev/zram$foreign"
	mkfifo "$BATS_FILE_TMPDIR/in"
	holder 8 <"$BATS_FILE_TMPDIR/in" >"$BATS_FILE_TMPDIR/out" 3>&- &
	exec 9>"$BATS_FILE_TMPDIR/in"
	until_true grep -q out "$BATS_FILE_TMPDIR/out"
	foreign_used=$(swap_used "/dev/zram$foreign")
}

foreign_swap_end() {
	[ -n "${foreign-}" ] || return 0
	exec 9>&-
	swapoff "/dev/zram$foreign"
	for _ in $(seq 50); do echo "$foreign" >/sys/class/zram-control/hot_remove && break; sleep 0.1; done 2>/dev/null
}

# Its pages are still in it, and as they were. Not to the page: others' pages may come and go, and the kernel drops a
# slot whose page it has read ahead.
foreign_intact() {
	local now
	now=$(swap_used "/dev/zram$foreign")
	echo "used $foreign_used before, $now now"
	[ "$foreign_used" -ge $((8 << 20)) ]
	[ "$now" -gt $((foreign_used / 2)) ]
	echo end >"$BATS_FILE_TMPDIR/in"
	until_true grep -q -e same -e changed "$BATS_FILE_TMPDIR/out"
	grep -q same "$BATS_FILE_TMPDIR/out"
}
