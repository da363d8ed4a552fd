# SPDX-License-Identifier: GPL-2.0-only
# pool_helpers.bash - what the live tests of ram_pool share: the machine as text, memory that is paged out.

export PATH=$PATH:/usr/sbin:/sbin

need_zram() {
	[ "$(id -u)" = 0 ] || skip "zram needs root"
	[ -e /sys/class/zram-control/hot_add ] || skip "this kernel has no zram (modprobe zram num_devices=0)"
}

# Everything a pool changes, as text: swaps (without their use: the kernel frees slots as it likes), devices,
# settings, and what is in the state directory.
machine() {
	swapon --show=NAME,TYPE,SIZE,PRIO --noheadings --raw
	for d in /sys/block/zram*; do
		[ -e "$d" ] && echo "$d $(cat "$d/diskseq" "$d/disksize" "$d/comp_algorithm" | tr '\n' ' ')"
	done
	cat /proc/sys/vm/swappiness /proc/sys/vm/page-cluster
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

# restored [WHEN] - the machine is as it was when $before was taken.
restored() {
	local now
	now=$(machine)
	[ "$now" = "$before" ] || { echo "${1-}"; diff <(echo "$before") <(echo "$now"); return 1; }
}

# By which something could be changed, or which follow such a one.
acts='mkdir|mkdirat|openat|read|write|pwrite64|fsync|close|swapon|swapoff|flock|fcntl|lseek|unlink|unlinkat'
acts+='|ftruncate|ioctl|exit_group'

# calls COMMAND... - "NAME COUNT" of each system call by which it could change anything, or that follows such a one.
calls() {
	strace -f -qq -o "$BATS_TEST_TMPDIR/trace" "$@" >/dev/null
	awk '{ sub(/\(.*/, "", $2); n[$2]++ } END { for (c in n) print c, n[c] }' "$BATS_TEST_TMPDIR/trace" |
		grep -E "^($acts) "
}
