#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Every command in the settings of containers: it works, or it says in one line which right is missing (exit 77, a hint
# on a second line), and nothing is left: devices, swaps, groups and settings are as before.

load pool_helpers
bats_require_minimum_version 1.5.0
bin=$BATS_TEST_DIRNAME/../../build/bin
helpers=$BATS_TEST_DIRNAME/../../build/tests/helpers
every=$BATS_TEST_DIRNAME/containers_every.sh

setup() {
	need_zram
	dir=$(mktemp -d) # which other users can reach
	chmod 777 "$dir"
	export COLDPRESS_STATE_DIR=$dir/state
	mkdir -m 700 "$COLDPRESS_STATE_DIR"
	before=$(left)
	groups=()
}

teardown() {
	[ -n "${dir-}" ] || return 0
	chown -R "$(id -u)" "$dir"
	"$bin/coldpress" recover || true
	rm -rf "$dir"
	for g in "${groups[@]-}"; do [ -z "$g" ] || rmdir "$g" 2>/dev/null || true; done
}

left() {
	machine | grep -vx lock
	ps -eo args | grep -F "$dir" | grep -v grep || true
}

# everything [COMMAND...] - runs every command below this one, and checks what each did. What needs a pool or a study that
# could not be made says so and fails.
everything() {
	local name rc lines first bad=0
	"$@" bash "$every" "$bin" "$dir" >"$BATS_TEST_TMPDIR/all" 2>"$BATS_TEST_TMPDIR/err" 3>&-
	[ "$(wc -l <"$BATS_TEST_TMPDIR/all")" -ge 22 ] || { cat "$BATS_TEST_TMPDIR/all" "$BATS_TEST_TMPDIR/err"; return 1; }
	while IFS=$'\t' read -r name rc lines first; do
		case $rc,$first in
		0,*) continue ;;
		77,?*) [ "$lines" -gt 2 ] || continue ;;
		1,*"no zram device is in use as swap"* | 1,*"no pool found"* | 1,*"cannot read out/study.db"*) continue ;;
		esac
		echo "$name: exit $rc, $lines lines: $first"
		bad=1
	done <"$BATS_TEST_TMPDIR/all"
	[ "$(left)" = "$before" ] || { diff <(echo "$before") <(left); bad=1; }
	return $bad
}

# In a mount namespace in which these commands of a shell were run.
mounts() {
	local commands=$1
	shift
	unshare -m bash -c "set -e; $commands; exec \"\$@\"" mounts "$@"
}

worked() { # worked NAME... - these exited 0 in the last run of everything
	for name; do
		grep -qP "^$name\t0\t" "$BATS_TEST_TMPDIR/all" || { grep -P "^$name\t" "$BATS_TEST_TMPDIR/all"; return 1; }
	done
}

refused() { # refused PATTERN NAME... - these exited 77 with such a message
	local pattern=$1
	shift
	for name; do
		grep -qP "^$name\t77\t\d\t.*$pattern" "$BATS_TEST_TMPDIR/all" || { grep -P "^$name\t" "$BATS_TEST_TMPDIR/all"; return 1; }
	done
}

probes=(proc_create proc_create_command proc_create_tree page_fault page_fault_mapping swap_probe)
scans=(scan_pid scan_file rank)
pools=(setup trigger_pid reset pool_recover)

as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

need_nobody() {
	as_nobody test -x "$bin/coldpress" || skip "another user cannot run the programs in this directory"
}

# group NAME - a control group of this name in each tree, the first of its directories in $group.
group() {
	local top tops=()
	for top in /sys/fs/cgroup/memory /sys/fs/cgroup/pids /sys/fs/cgroup/unified; do [ ! -d $top ] || tops+=("$top"); done
	[ ${#tops[@]} -gt 0 ] || tops=(/sys/fs/cgroup)
	[ -e /sys/fs/cgroup/memory ] || echo "+memory +pids" >/sys/fs/cgroup/cgroup.subtree_control || skip "no memory controller"
	inside=()
	for top in "${tops[@]}"; do
		mkdir -p "$top/$1"
		inside+=("$top/$1")
		g=$top/$1
		while [ "$g" != "$top" ]; do groups+=("$g"); g=${g%/*}; done
	done
}

in_group() {
	bash -c 'n=$1; shift; for g in "${@:1:n}"; do echo $$ >"$g/cgroup.procs"; done; shift "$n"; exec "$@"' in_group \
		"${#inside[@]}" "${inside[@]}" "$@"
}

@test "outside of any container everything works" {
	everything env
	worked "${probes[@]}" "${scans[@]}" "${pools[@]}" bench calibrate status pool_probe workload study report recover
}

@test "in a PID namespace everything works" {
	everything unshare --pid --fork --mount-proc
	worked "${probes[@]}" "${scans[@]}" "${pools[@]}" bench calibrate status pool_probe workload study report recover
}

@test "in a PID namespace with the /proc of another, what takes PIDs from both is refused" {
	everything unshare --pid --fork
	refused "/proc of this PID namespace" proc_create_tree page_fault_mapping scan_pid setup trigger_pid study
	worked proc_create proc_create_command page_fault swap_probe scan_file workload
}

@test "root of a user namespace lacks rights over the machine" {
	unshare -Ur true || skip "no user namespaces here"
	everything unshare -Ur
	refused "initial user namespace; missing: CAP" "${probes[@]}" "${pools[@]}" status pool_probe recover
	worked "${scans[@]}" workload study report
}

@test "another user's root of a user namespace lacks them, too, and is not sent to sudo" {
	need_nobody
	as_nobody unshare -Ur true || skip "users may not make user namespaces here"
	chown -R 65534:65534 "$dir"
	everything as_nobody unshare -Ur
	refused "initial user namespace; missing: CAP" "${probes[@]}" "${pools[@]}" status pool_probe recover
	worked "${scans[@]}" workload study report doctor
	run ! grep -l sudo "$dir"/{study,workload,setup,recover,proc_create}.err
	grep -E '^ *missing +capabilities' "$dir/doctor.out"
	run ! grep -E '^ *ok +(capabilities|zram) ' "$dir/doctor.out"
}

@test "a user without rights is told which are missing" {
	need_nobody
	chown -R 65534:65534 "$dir"
	everything as_nobody
	refused "missing: CAP" "${probes[@]}" "${pools[@]}" status pool_probe recover
	worked "${scans[@]}" workload study report doctor
}

@test "root without CAP_SYS_ADMIN is told so" {
	everything setpriv --bounding-set -sys_admin --inh-caps -sys_admin
	refused "missing: CAP_SYS_ADMIN" "${pools[@]}" recover
	worked "${probes[@]}" "${scans[@]}" status
}

@test "root with the capabilities that containers get is told which are missing" {
	everything setpriv --bounding-set=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap
	refused "missing: CAP_BPF and CAP_PERFMON" "${probes[@]}"
	refused "missing: CAP_SYS_ADMIN" "${pools[@]}" recover
	worked "${scans[@]}" status workload
}

@test "with subset=pid the rest of /proc is missing, which is said" {
	everything unshare --pid --fork --mount bash -c 'umount -l /proc; mount -t proc -o subset=pid proc /proc; exec "$@"' x
	grep -q "subset=pid" "$dir/setup.err"
	worked proc_create page_fault
}

@test "with /sys read only no device is added" {
	everything mounts 'mount -o remount,ro,bind /sys'
	worked "${probes[@]}" "${scans[@]}"
	refused "" bench calibrate setup
}

@test "with /proc read only everything works" {
	everything mounts 'mount -o remount,ro,bind /proc'
	worked "${probes[@]}" "${scans[@]}" "${pools[@]}" workload study report
}

@test "without device nodes nothing is swapped to" {
	everything mounts 'mount -t tmpfs none /dev; mknod -m 666 /dev/null c 1 3'
	worked "${probes[@]}" "${scans[@]}" workload
}

@test "without control groups nothing can be limited" {
	everything mounts 'umount -R -l /sys/fs/cgroup'
	worked "${probes[@]}" "${scans[@]}" "${pools[@]}"
	refused "no memory controller" workload study
}

@test "where seccomp denies bpf, probes say so and all else works" {
	everything "$helpers/deny" bpf
	refused "" "${probes[@]}" pool_probe
	grep -q seccomp "$dir/page_fault.err"
	worked "${scans[@]}" "${pools[@]}" workload study report
}

@test "where seccomp denies process_madvise and perf_event_open, what needs them says so" {
	everything "$helpers/deny" process_madvise,perf_event_open
	refused "" trigger_pid page_fault_mapping
	grep -q seccomp "$dir/trigger_pid.err" && grep -q seccomp "$dir/page_fault_mapping.err"
	worked proc_create page_fault swap_probe "${scans[@]}" setup reset workload study report
}

@test "in a control group with a path of 800 bytes everything works" {
	local name
	name=test-$(printf 'a%.0s' {1..180})
	group "$name/$name/$name/$name"
	everything in_group
	worked "${probes[@]}" "${scans[@]}" "${pools[@]}" workload study report
}

# ---- values ----

@test "a load that the enclosing control group cannot take is refused, whatever the machine has" {
	group test-limit
	limit=memory.max
	[ -e "${inside[0]}/$limit" ] || limit=memory.limit_in_bytes
	echo $((128 << 20)) >"${inside[0]}/$limit"
	run in_group "$bin/workload" run random_touch_heap --region 100MiB --duration 0.2s
	[ "$status" -eq 2 ] && [[ $output == *"safe bound"* ]]
	in_group "$bin/workload" run random_touch_heap --region 16MiB --duration 0.2s >/dev/null
	# Limits of an ancestor count as those of the own group.
	mkdir -p "${inside[@]/%//below}"
	groups=("${inside[@]/%//below}" "${groups[@]}")
	inside=("${inside[@]/%//below}")
	run in_group "$bin/workload" run random_touch_heap --region 100MiB --duration 0.2s
	[ "$status" -eq 2 ]
}

@test "a probe in a PID namespace sees the process of -p, by the number that it has there" {
	unshare --pid --fork --mount-proc bash -c '
		"$1/workload-gen" mmap_churn --region 8MiB --duration 60s >/dev/null 2>&1 & p=$!
		timeout 20 "$1/page_fault" -q -f json -p $p --max-events 211 >"$2" 3>&-
		kill $p; echo $p >"$2.pid"' x "$bin" "$BATS_TEST_TMPDIR/out"
	[ "$(grep -c '"type":"page_fault"' "$BATS_TEST_TMPDIR/out")" -eq 211 ]
	[ "$(jq -r 'select(.type == "page_fault") | .pid' "$BATS_TEST_TMPDIR/out" | sort -u)" = "$(cat "$BATS_TEST_TMPDIR/out.pid")" ]
}

@test "mappings of faults are found in a PID namespace" {
	unshare --pid --fork --mount-proc bash -c '
		"$1/workload-gen" mmap_churn --region 8MiB --duration 60s >/dev/null 2>&1 & p=$!
		timeout 20 "$1/page_fault" -q -f json --fault all --mapping -p $p --max-events 500 3>&-; kill $p' x "$bin" >"$BATS_TEST_TMPDIR/out"
	jq -se 'map(select(.type == "page_fault")) | length == 500 and (map(select(.mapping == "anon")) | length > 100)' "$BATS_TEST_TMPDIR/out"
}

@test "a command behind -- is traced in a PID namespace, with that of a namespace below it" {
	unshare --pid --fork --mount-proc "$bin/proc_create" -q -f json -- sh -c 'echo $$ >&2; unshare --pid --fork true; exit 3' \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/pid" 3>&- || [ $? -eq 3 ]
	jq -se --argjson p "$(head -1 "$BATS_TEST_TMPDIR/pid")" 'map(select(.type == "exit" and .exit_code == 3))[0].pid == $p
		and (map(select(.type == "exec") | .path) | map(split("/")[-1]) == ["sh", "unshare", "true"])
		and all(.[] | select(.type == "fork"); .child > $p and .child < 1000)' "$BATS_TEST_TMPDIR/out"
}

@test "processes outside of the PID namespace have no PID in records" {
	(while :; do /bin/true; done) 3>&- &
	loop=$!
	unshare --pid --fork --mount-proc timeout 20 "$bin/proc_create" -q -f json --max-events 20 >"$BATS_TEST_TMPDIR/out" 3>&- || true
	kill $loop
	jq -se 'map(select(.type == "exec" and .comm == "true")) | length > 0 and all(.[]; .pid == null and .ppid == null and .tid == null)' \
		"$BATS_TEST_TMPDIR/out"
}

@test "doctor tells which PID namespace it is in" {
	"$bin/coldpress" doctor | grep -E '^ *ok +PID namespace +the initial one'
	unshare --pid --fork --mount-proc "$bin/coldpress" doctor | grep -E '^ *ok +PID namespace +not the initial one'
	unshare --pid --fork "$bin/coldpress" doctor | grep -E '^ *limited +PID namespace'
}
