#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# coldpress doctor: what it says about archived machines, and about this one without rights.

setup() {
	coldpress=$BATS_TEST_DIRNAME/../../build/bin/coldpress
	tree=$BATS_TEST_TMPDIR/tree
	# A machine on which everything is there; tests take things away.
	put /proc/sys/kernel/osrelease '6.1.0-40-amd64'
	put /proc/meminfo 'MemTotal:       16000000 kB' 'MemFree: 8000000 kB' 'MemAvailable: 12000000 kB'
	put /proc/pressure/memory 'some avg10=0.25 avg60=0.00 avg300=0.00 total=17' \
		'full avg10=0.00 avg60=0.00 avg300=0.00 total=3'
	put /proc/swaps 'Filename				Type		Size		Used		Priority'
	put /proc/vmstat 'pgfault 1' 'pgmajfault 1' 'pswpin 0' 'pswpout 0'
	put /proc/self/status 'Name:	x' 'CapEff:	000001ffffffffff'
	put /proc/self/mounts 'tracefs /sys/kernel/tracing tracefs rw 0 0'
	put /proc/self/mountinfo '24 1 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw'
	put /proc/self/cgroup '0::/'
	put /sys/fs/cgroup/cgroup.controllers 'cpu memory pids'
	put /sys/fs/cgroup/cgroup.subtree_control 'memory pids'
	put /sys/class/zram-control/hot_add ''
	put /sys/module/zram/initstate live
	put /sys/block/zram0/comp_algorithm 'lzo [lzo-rle] lz4 lz4hc zstd'
	put /sys/block/zram0/dev '252:0'
	put /sys/block/zram0/diskseq 7
	put /sys/block/zram0/backing_dev none
	put /sys/module/zswap/parameters/enabled N
	put /sys/kernel/mm/transparent_hugepage/enabled '[always] madvise never'
	put /sys/kernel/mm/lru_gen/enabled 0x0007
	put /usr/bin/sqlite3 ''
	put /usr/bin/gnuplot ''
	put /usr/bin/apt-get ''
	btf sched_process_fork page_fault_user page_fault_kernel mm_vmscan_kswapd_wake mm_vmscan_kswapd_sleep \
		mm_vmscan_direct_reclaim_begin mm_vmscan_direct_reclaim_end mm_vmscan_write_folio
}

# put PATH LINE... - a file of the archived tree.
put() {
	mkdir -p "$tree${1%/*}"
	printf '%s\n' "${@:2}" >"$tree$1"
}

# btf TRACEPOINT... - type information that knows these tracepoints, as a kernel's does.
btf() {
	mkdir -p "$tree/sys/kernel/btf"
	{
		printf 'typedef void (*btf_trace_%s)(void *);\n' "$@"
		echo 'struct keep {'
		for name; do echo "btf_trace_$name $name;"; done
		echo '} keep;'
	} >"$BATS_TEST_TMPDIR/btf.c"
	clang -target bpf -g -c -o "$tree/sys/kernel/btf/vmlinux" "$BATS_TEST_TMPDIR/btf.c"
}

doctor() { run "$coldpress" doctor --sysroot "$tree" "$@"; }

# field ITEM NAME - one field of one check, from the JSON in $output.
field() { jq -r "select(.item == \"$1\") | .$2" <<<"$output"; }

@test "a machine with everything: a full study" {
	doctor
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "full study: yes" ]
}

@test "the algorithms are listed, and those that other kernels have" {
	doctor --format json
	[ "$(field 'zram algorithms' detail)" = \
		"lzo lzo-rle lz4 lz4hc zstd; not in this kernel: deflate 842" ]
}

@test "features of a device: writeback is there, recompression is not" {
	doctor --format json
	[ "$(field 'zram writeback' status)" = ok ]
	[ "$(field 'zram recompression' status)" = off ]
}

@test "each hook shows the variant that would be used" {
	doctor --format json
	[[ $(field sched_process_fork detail) == "tp_btf: "* ]]
	[ "$(field mm_vmscan_reclaim_pages status)" = limited ]
	[ -z "$(field mm_vmscan_writepage status)" ]
}

@test "a hook under its name before 5.18 is taken" {
	btf sched_process_fork mm_vmscan_writepage
	doctor --format json
	[ "$(field mm_vmscan_writepage status)" = ok ]
	[ -z "$(field mm_vmscan_write_folio status)" ]
}

@test "without BTF: no probes, said once, and the verdict names what is left out" {
	rm "$tree/sys/kernel/btf/vmlinux"
	doctor
	[ "$status" -eq 0 ]
	[[ $output == *"/sys/kernel/btf/vmlinux not found"* && $output != *sched_process_fork* ]]
	[ "${lines[-1]}" = "full study: no; left out: the run with probes (BTF)" ]
}

@test "zram as a module that is not loaded: the command that loads it" {
	rm -r "$tree/sys/class/zram-control" "$tree/sys/block"
	mkdir -p "$tree/lib/modules/6.1.0-40-amd64/kernel/drivers/block/zram"
	doctor --format json
	[ "$(field zram status)" = missing ]
	[ "$(field zram remedy)" = "sudo modprobe zram num_devices=0" ]
}

@test "no zram at all is not remedied by modprobe" {
	rm -r "$tree/sys/class/zram-control" "$tree/sys/block"
	doctor --format json
	[ "$(field zram status)" = missing ]
	[[ $(field zram remedy) != *modprobe* ]]
}

@test "zswap that is on is limited, with the way to turn it off" {
	put /sys/module/zswap/parameters/enabled Y
	doctor --format json
	[ "$(field zswap status)" = limited ]
	[[ $(field zswap remedy) == *zswap/parameters/enabled ]]
}

@test "lockdown by confidentiality stops the probes" {
	put /sys/kernel/security/lockdown 'none integrity [confidentiality]'
	doctor --format json
	[ "$(field lockdown status)" = missing ]
	[ "$(jq -r 'select(.type == "doctor_verdict") | .full_study' <<<"$output")" = false ]
}

@test "no memory controller: nothing can be limited" {
	put /sys/fs/cgroup/cgroup.controllers 'cpu pids'
	doctor --format json
	[ "$(field 'control groups' status)" = missing ]
}

@test "missing capabilities are named" {
	# all but CAP_SYS_PTRACE (19) and CAP_SYS_NICE (23)
	put /proc/self/status 'Name:	x' 'CapEff:	000001ffff77ffff'
	doctor --format json
	[ "$(field capabilities detail)" = "without CAP_SYS_PTRACE and CAP_SYS_NICE" ]
}

@test "capabilities of a user namespace are none" {
	put /proc/self/status 'Name:	x' 'CapEff:	000001ffffffffff'
	put /proc/self/uid_map '         0     100000      65536'
	doctor --format json
	[ "$(field capabilities status)" = missing ]
	[[ "$(field capabilities detail)" == "in a user namespace of its own, so without CAP_SYS_ADMIN, "* ]]
	[[ "$(field capabilities remedy)" != *sudo* ]]
}

@test "a missing tool comes with the command of the machine's package manager" {
	rm "$tree/usr/bin/gnuplot"
	doctor --format json
	[ "$(field gnuplot remedy)" = "sudo apt-get install gnuplot-nox" ]
}

@test "a swap file with a hostile name breaks no line" {
	printf '/tmp/a\\012full\\040study:\\033[2J file 1024 512 -2\n' >>"$tree/proc/swaps"
	doctor
	[ "$status" -eq 0 ]
	[ "$(grep -c '^full study' <<<"$output")" -eq 1 ]
	[[ $output != *$'\033'* ]]
}

@test "an empty tree gets an answer, not a failure" {
	rm -r "$tree"
	mkdir "$tree"
	doctor
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} == "full study: no; left out: "* ]]
}

@test "a tree that is not there is an error" {
	run "$coldpress" doctor --sysroot "$tree/nowhere"
	[ "$status" -eq 1 ]
	[[ $output == *"$tree/nowhere"* ]]
}

@test "JSON: every line an object with type and v, the last one the end record that counts the checks" {
	doctor --format json
	[ "$(jq -es 'all(.type and .v)' <<<"$output")" = true ]
	checks=$(jq -r 'select(.type == "doctor_check") | .item' <<<"$output" | wc -l)
	[ "$(jq -es "last | .type == \"end\" and .seen == $checks" <<<"$output")" = true ]
}

@test "this machine, without rights: answered, and sudo offered where it would help" {
	as=()
	[ "$(id -u)" != 0 ] || as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	run "${as[@]}" "$coldpress" doctor
	[ "$status" -eq 0 ]
	[[ $output == *"-> sudo coldpress doctor"* ]]
	[[ ${lines[-1]} == "full study: no; left out: "* ]]
}
