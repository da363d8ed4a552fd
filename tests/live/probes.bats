#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The probes against workloads of known size: what they count is compared with what the workload did and with
# the kernel's own counts.
#
# Variables that set_from fills are assigned there; each test runs in a shell of its own.
# In single quotes, $ is jq's.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

bats_require_minimum_version 1.5.0

setup() {
	bin=$BATS_TEST_DIRNAME/../../build/bin helpers=$BATS_TEST_DIRNAME/../../build/tests/helpers
	cd "$BATS_TEST_TMPDIR" || return
	"$bin/proc_create" --format json -q -d 1ms >can 2>&1 || skip "$(tail -n 2 can | tr '\n' ' ')"
	probe_pid='' mounted=''
}

teardown() {
	[ -z "$probe_pid" ] || kill -9 "$probe_pid" 2>/dev/null || true
	[ -z "$mounted" ] || umount "$mounted"
}

# begin NAME OPTION... - starts a probe with its records in `out`, and waits until it is attached. A probe leaves a HUP
# that is ignored as it is; under nohup it is ignored here, and a shell cannot set it back.
begin() {
	: >out # what an earlier one wrote is not this one's
	env --default-signal=HUP "$bin/$1" --format json -q "${@:2}" >out 2>err &
	probe_pid=$!
	for _ in $(seq 100); do
		grep -q '"type":"ready"' out && return
		sleep 0.05
	done
	cat err
	return 1
}

# eventually COMMAND... - until it succeeds, for ten seconds and more.
eventually() {
	for _ in $(seq 200); do
		if "$@"; then return; fi
		sleep 0.05
	done
	return 1
}

# end [SIGNAL] - ends it.
end() {
	kill -s "${1:-INT}" "$probe_pid"
	wait "$probe_pid"
	probe_pid=''
}

# finish [SIGNAL] - ends it and checks that its account is even.
finish() {
	end "$@"
	tail -n 1 out
	tail -n 1 out | jq -e '.type == "end" and .seen == .emitted + .filtered + .dropped and .dropped == 0'
}

# set_from LINE - "a=1 b=2" into shell variables.
set_from() {
	local pair
	for pair in $1; do printf -v "${pair%%=*}" %s "${pair#*=}"; done
}

# records TYPE [CONDITION] - how many records of this type by $pid meet a condition of jq's.
records() {
	jq -c --arg type "$1" --argjson pid "$pid" \
		"select(.type == \$type and .pid == \$pid and (${2:-true}))" out | wc -l
}

# faults_in_range - records of $pid with an address from $low to below $high (hexadecimal, as long as each other).
faults_in_range() {
	jq -r --argjson pid "$pid" --arg low "$low" --arg high "$high" 'select(.type == "page_fault" and .pid == $pid) |
		.addr | select(length == ($low | length) and . >= $low and . < $high)' out | wc -l
}

trace_pipe() {
	mounted=$BATS_TEST_TMPDIR/tracing
	mkdir "$mounted"
	mount -t tracefs tracefs "$mounted" || { mounted=''; skip "tracefs cannot be mounted"; }
}

# traced PROBE NAME COMMAND... - a probe of tasks of this name without --format, the command beside it: its output
# in `did`, the trace lines in `lines`.
traced() {
	local reader
	"$bin/$1" -n "$2" 2>err &
	shift 2
	probe_pid=$!
	cat "$mounted/trace_pipe" >lines &
	reader=$!
	for _ in $(seq 100); do
		if grep -q trace_pipe err; then break; fi
		sleep 0.05
	done
	"$@" >did
	sleep 0.2
	end INT
	kill "$reader"
}

@test "proc_create: 1,009 forks among 211 threads, as the workload, the probe and the kernel count them" {
	# On the other core, or beside it; for a minute at most.
	taskset -c "$(($(nproc) - 1))" bash -c 'while [ $SECONDS -lt 60 ]; do :; done' 3>&- &
	spin=$!
	# Another process may be half-way through a fork when the window opens or closes: then once more.
	for _ in 1 2 3 4 5; do
		begin proc_create --threads
		set_from "$("$helpers/forks" 1009 211)"
		finish
		[ "$forks" -eq 1009 ]
		[ "$threads" -eq 211 ]
		[ "$(records fork)" -eq 1009 ]
		[ "$(records thread)" -eq 211 ]
		[ "$(jq -c --argjson pid "$pid" 'select(.type == "exit" and .ppid == $pid)' out | wc -l)" -eq 1009 ]
		all=$(jq -c --argjson a "$begin_ns" --argjson b "$end_ns" \
			'select(.child and .ts_ns >= $a and .ts_ns <= $b)' out | wc -l)
		[ "$all" -ne "$processes" ] || { kill "$spin"; return 0; }
	done
	kill "$spin"
	echo "probe $all, /proc/stat $processes"
	false
}

@test "proc_create: each child is named once, with its parent" {
	begin proc_create -n forks
	set_from "$("$helpers/forks" 53 0)"
	finish
	[ "$(jq -c 'select(.type == "fork") | .child' out | sort -u | wc -l)" -eq 53 ]
	[ "$(records fork '.tid == $pid and .comm == "forks" and .ppid > 0')" -eq 53 ]
}

@test "proc_create: fork, exec and exit of a process come in this order and agree" {
	begin proc_create
	run bash -c 'echo pid=$BASHPID; exec sh -c "exit 7" "it'"'"'s" "a b" ""'
	finish
	set_from "$output"
	[ "$(jq -r "select(.pid == $pid and .type != \"fork\" or .child == $pid) | .type" out | xargs)" = "fork exec exec exit" ]
	[ "$(records exec '.argv == "sh -c '"'exit 7' 'it'\\\\''s' 'a b' ''"'" and .comm == "sh" and (.argv_cut | not)')" -eq 1 ]
	[ "$(records exit '.exit_code == 7 and .signal == null and .lifetime_ns > 0 and .max_rss_bytes > 100000 and
		.minor_faults > 10 and .cpu_ns > 0 and .cpu_ns < .lifetime_ns')" -eq 1 ]
}

@test "proc_create: a signal is no exit code, and arguments beyond 4 KiB are marked as cut" {
	begin proc_create
	run bash -c 'echo pid=$$; kill -KILL $$'
	set_from "$output"
	long=$(printf '%05000d' 0)
	env true "$long"
	finish
	[ "$(records exit '.signal == 9 and .exit_code == null and (.core | not)')" -eq 1 ]
	[ "$(jq -c --arg long "$long" 'select(.comm == "true" and .type == "exec") |
		select(.argv_cut and (.argv | length) < 4200 and (.argv | startswith("true 0000")))' out | wc -l)" -ge 1 ]
}

@test "proc_create: a process ends with its last thread, once, also when the first ended before" {
	begin proc_create
	set_from "$("$helpers/last_thread" outlive)"
	finish
	[ "$(records exit '.lifetime_ns > 50000000 and .exit_code == 0')" -eq 1 ]
	[ "$(records exit)" -eq 1 ]
}

@test "proc_create: exec from another thread than the first names that thread" {
	begin proc_create
	set_from "$("$helpers/last_thread" exec /bin/true)"
	finish
	[ "$tid" -ne "$pid" ]
	[ "$(records exec '.comm == "true" and .tid == '"$tid")" -eq 1 ]
	[ "$(records exit '.comm == "true" and .exit_code == 0')" -eq 1 ]
}

@test "proc_create: the end of a process carries its faults" {
	begin proc_create
	set_from "$("$helpers/major_faults" "$BATS_TEST_TMPDIR/file" 211)"
	finish
	[ "$(records exit '.major_faults >= 211 and .major_faults < 300')" -eq 1 ]
}

@test "proc_create: two at once both count all" {
	"$bin/proc_create" --format json -q -n forks >other &
	other=$!
	begin proc_create -n forks
	eventually grep -q '"type":"ready"' other
	"$helpers/forks" 101 0
	finish
	kill -INT $other
	wait $other
	[ "$(grep -c '"type":"fork"' out)" -eq 101 ]
	[ "$(grep -c '"type":"fork"' other)" -eq 101 ]
}

@test "proc_create --tree: those there already, later ones and orphans; nobody else" {
	mkfifo go
	bash -c '(read -r <&3; /bin/true; (sleep 0.1; exec /bin/uname >/dev/null) & exit 0) 3<go & wait; sleep 0.3' &
	root=$!
	# Until the one that reads is below it.
	eventually pgrep -P "$root" >children
	begin proc_create --tree "$root"
	/bin/ls >/dev/null
	echo >go
	wait "$root"
	# The orphan is nobody's to wait for.
	eventually grep -q '"type":"exit".*"comm":"uname"' out
	finish
	[ "$(jq -r 'select(.type == "exec") | .path' out | sort | xargs)" = "/bin/true /bin/uname /usr/bin/sleep /usr/bin/sleep" ]
	jq -es --argjson root "$root" '(map(select(.type == "exit" and .pid == $root)) | length == 1) and
		(map(select(.type == "fork")) | length == (map(.child) | unique | length)) and .[-1].filtered > 0' out
}

@test "proc_create -- COMMAND: its tree alone, its exit status, as the user who called sudo" {
	for expect in "7 exit 7" "143 kill -TERM \$\$"; do
		run "$bin/proc_create" --format json -q -o out -- bash -c "/bin/true; ${expect#* }"
		[ "$status" -eq "${expect%% *}" ]
		jq -es 'map(select(.type == "exec") | .argv)[1] == "/bin/true" and map(select(.type == "exit")) ==
			map(select(.type == "exit" and (.comm == "true" or .comm == "bash"))) and
			(map(select(.type == "exit")) | length == 2) and .[-1].reason == "done"' out
	done
	run -127 "$bin/proc_create" -q -o out -- /nonexistent/command
	[[ $output == *"cannot run /nonexistent/command: No such file"* ]]
	run env SUDO_UID=65534 SUDO_GID=65534 "$bin/proc_create" -q -o out -- \
		sh -c 'id -u; id -g; id -G; grep CapEff /proc/self/status'
	[ "$status" -eq 0 ]
	[ "$(xargs <<<"$output")" = "65534 65534 65534 CapEff: 0000000000000000" ]
}

@test "proc_create -- COMMAND: runs nothing where SUDO_UID and SUDO_GID are not both numbers" {
	for ids in "SUDO_UID=abc SUDO_GID=abc" "SUDO_UID=65534" "SUDO_GID=65534"; do
		# shellcheck disable=SC2086 # two words
		run env -u SUDO_UID -u SUDO_GID $ids "$bin/proc_create" -q -o out -- touch ran
		[ "$status" -eq 1 ]
		[[ $output == *"SUDO_"* ]]
		[ ! -e ran ]
	done
}

@test "proc_create -- COMMAND: TERM goes on to the command, also where it runs as another user" {
	SUDO_UID=65534 SUDO_GID=65534 "$bin/proc_create" --format json -q -o out -- sleep 60 &
	probe_pid=$!
	sleep 0.7
	kill -TERM "$probe_pid"
	status=0
	wait "$probe_pid" || status=$?
	probe_pid=''
	[ "$status" -eq 143 ]
	tail -n 1 out | jq -e '.reason == "signal"'
}

@test "proc_create --failed: 23 execs that failed, each with its reason" {
	install -m 644 /dev/null refused
	run "$bin/proc_create" --format json -q -o out --failed -- bash -c \
		'for i in {1..20}; do /nonexistent/x; done; for i in 1 2 3; do ./refused; done; exit 0'
	[ "$status" -eq 0 ]
	[ "$(grep -c '"path":"/nonexistent/x","error":"ENOENT"' out)" -eq 20 ]
	[ "$(grep -c '"path":"./refused","error":"EACCES"' out)" -eq 3 ]
}

@test "proc_create --max-argv: cut at what was asked for, whole up to 16 KiB" {
	long=$(printf '%09000d' 0)
	"$bin/proc_create" --format json -q -o out --max-argv 16KiB -- /bin/true "$long"
	jq -es --arg long "$long" 'map(select(.type == "exec"))[0] | .argv == "/bin/true " + $long and (.argv_cut | not)' out
	"$bin/proc_create" --format json -q -o out --max-argv 64B -- /bin/true "$long"
	jq -es 'map(select(.type == "exec"))[0] | (.argv | length) == 64 and .argv_cut' out
}

@test "proc_create --summary: 1,009 forks by name, with their rate and lifetimes" {
	"$bin/proc_create" --summary --threads --format json -q -o out -- "$helpers/forks" 1009 211
	jq -es 'map(select(.type == "process_summary" and .comm == "forks"))[0] | .forks == 1009 and .threads == 211 and
		.exits == 1010 and .failures == 0 and .execs == 1 and .lifetime_p50_ns > 0 and
		(.forks_per_s * .interval_ns / 1e9 / .forks - 1 | fabs) < 1e-6 and
		.lifetime_p50_ns <= .lifetime_p99_ns and .lifetime_p99_ns <= .lifetime_max_ns' out
	tail -n 1 out | jq -e '.dropped == 0 and .emitted == 0 and .seen - .filtered == 1009 + 211 + 1010 + 1'
}

@test "proc_create: the lines of the specification in trace_pipe" {
	trace_pipe
	traced proc_create forks "$helpers/forks" 23 7
	set_from "$(cat did)"
	[ "$(grep "forks-$pid " lines | grep -cE ': hello world [0-9]+$')" -eq 23 ]
}

@test "page_fault: 4,099 fresh pages are 4,099 faults in their range" {
	for hook in auto raw_tp perf; do
		begin page_fault -n touch_pages --hook $hook
		set_from "$("$helpers/touch_pages" 4099 0 -1)"
		finish
		n=$(faults_in_range)
		[ "$n" -eq 4099 ] || { echo "$hook: $n"; false; }
	done
}

@test "page_fault: the classic variant sees the same faults" {
	[ -e /sys/kernel/tracing/events ] || {
		mount -t tracefs tracefs /sys/kernel/tracing || skip "tracefs cannot be mounted"
		mounted=/sys/kernel/tracing
	}
	begin page_fault -n touch_pages --hook classic
	grep -q page_fault_user:classic out
	set_from "$("$helpers/touch_pages" 1013 0 -1)"
	finish
	[ "$(faults_in_range)" -eq 1013 ]
}

@test "page_fault: one core's full fault rate for 3 s, nothing lost" {
	begin page_fault -n touch_pages
	taskset -pc "$(($(nproc) - 1))" "$probe_pid"
	set_from "$("$helpers/touch_pages" 4099 3 0)"
	finish
	end=$(tail -n 1 out)
	rm out
	[ "$(jq .dropped <<<"$end")" -eq 0 ]
	[ "$(jq .missed <<<"$end")" -eq 0 ]
	[ "$(jq .emitted <<<"$end")" -ge "$touched" ]
}

@test "page_fault: a ring too small loses events, and counts each" {
	begin page_fault --ringbuf-size 4KiB -n touch_pages
	set_from "$("$helpers/touch_pages" 4099 0.5 0)"
	end INT
	jq -es --argjson touched "$touched" '.[-1] as $last | $last.dropped > 0
		and $last.emitted + $last.dropped >= $touched
		and $last.emitted == (map(select(.type == "page_fault")) | length)
		and $last.seen == $last.emitted + $last.filtered + $last.dropped' out
}

@test "page_fault --summary: as many minor faults as pages, with and without a filter" {
	begin page_fault --summary --minor -n touch_pages
	set_from "$("$helpers/touch_pages" 4099 0 -1)"
	end TERM
	jq -es '.[] | select(.type == "page_fault_summary") | debug | .minor + .missed >= 4099 and .minor < 4299 and
		.user + .kernel == .minor + .major + .missed and .unmatched == 0' out
	begin page_fault --summary --minor
	"$helpers/touch_pages" 4099 0 -1
	end TERM
	# Counted by the kernel: no program is skipped.
	jq -es '.[] | select(.type == "page_fault_summary") | .minor >= 4099' out
	begin page_fault --summary
	"$helpers/touch_pages" 4099 0 -1
	end TERM
	jq -es '.[] | select(.type == "page_fault_summary") | .minor == null and .user >= 4099' out
}

@test "page_fault: only the cgroup asked for, and the groups below it" {
	root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -n "$root" ] || skip "cgroup2 is not mounted"
	group=$root/coldpress-test-$$
	mkdir "$group" "$group/inner" || skip "no cgroup can be made in $root"
	begin page_fault -c "$group"
	"$helpers/touch_pages" 211 0 -1
	set_from "$(bash -c 'echo $$ >"$1/inner/cgroup.procs" && exec "$2" 101 0 -1' - "$group" "$helpers/touch_pages")"
	finish
	rmdir "$group/inner" "$group"
	[ "$(jq -r 'select(.type == "page_fault") | .pid' out | sort -u)" = "$pid" ]
	[ "$(grep -c '"type":"page_fault"' out)" -ge 101 ]
}

@test "page_fault: hostile names break no line in trace_pipe" {
	trace_pipe
	for name in $'a\nb' $'a"b\\' $'\033[31mred' $'\xff\xfe' 'a type=kernel' $'\u202eabc'; do
		traced page_fault "$name" "$helpers/touch_pages" 53 0 -1 "$name"
		set_from "$(cat did)"
		line=": page_fault pid=$pid comm=[!-<>-~]+ type=(user|kernel) addr=0x[0-9a-f]+ ip=0x[0-9a-f]+\$"
		[ "$(grep -caE "$line" lines)" -ge 53 ]
		[ "$(grep -caE "$line" lines)" -eq "$(grep -ca "page_fault pid=$pid " lines)" ]
	done
}

@test "page_fault: hostile names break no JSON object and no line of text" {
	for name in $'a\nb' $'a"b\\' $'\033[31mred' $'\xff\xfe' 'a type=kernel'; do
		begin page_fault -n "$name"
		"$bin/page_fault" --format text -q -n "$name" >lines &
		reader=$!
		sleep 0.4
		set_from "$("$helpers/touch_pages" 53 0 -1 "$name")"
		finish
		kill -INT $reader
		wait $reader
		# jq refuses what is no JSON; iconv what is no UTF-8.
		iconv -f UTF-8 -t UTF-8 out >/dev/null
		[ "$(records page_fault)" -ge 53 ]
		line='^page_fault pid=[0-9]+ comm=.+ mode=(user|kernel) addr=0x[0-9a-f]+ ip=0x[0-9a-f]+ tid=[0-9]+'
		[ "$(grep -cavE "$line ts_ns=[0-9]+ access=(read|write|exec|-)\$" lines)" -eq 0 ]
		[ "$(grep -cP '[\x00-\x08\x0b-\x1f\x7f]' lines)" -eq 0 ]
	done
}

@test "swap_probe: the line of the specification, one an interval" {
	"$bin/swap_probe" -q -i 100ms -d 950ms >out
	[ "$(wc -l <out)" -eq 9 ]
	line='^swap_probe ts=[0-9]{10}'
	for key in kswapd_wake kswapd_sleep direct_begin direct_end reclaim_pages write_folio last_pid; do
		line+=" $key=([0-9]+|-)"
	done
	[ "$(grep -cE "$line last_comm=[!-<>-~]+\$" out)" -eq 9 ]
}

@test "swap_probe: page-out on request and the major faults after it are counted, with who asked" {
	begin swap_probe -i 5ms
	set_from "$("$helpers/major_faults" "$BATS_TEST_TMPDIR/file" 211)"
	sleep 0.1
	finish
	jq -es 'map(select(.type == "swap_probe").pgmajfault) | add >= 211' out
	jq -es 'map(select(.type == "swap_probe")) | all(has("pswpin") and has("allocstall"))' out
	grep -q mm_vmscan_reclaim_pages out || skip "this kernel has no hook mm_vmscan_reclaim_pages"
	jq -es --argjson pid "$pid" 'map(select(.reclaim_pages > 0)) |
		any(.last_pid == $pid and .last_comm == "major_faults")' out
}

# memory_group NAME BYTES - a cgroup with this limit; its directory in $group.
memory_group() {
	group=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
	limit=memory.limit_in_bytes
	[ -n "$group" ] || {
		group=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
		limit=memory.max
	}
	group=$group/$1
	mkdir "$group" || skip "no cgroup can be made"
	[ -e "$group/$limit" ] || { rmdir "$group"; skip "no memory controller"; }
	echo "$2" >"$group/$limit"
}

@test "swap_probe: reclaim for a cgroup's limit is told from direct reclaim, timed, and stderr says where to look" {
	memory_group "coldpress-test-$$" 8388608
	truncate -s 128M sparse
	"$bin/swap_probe" --format json -i 50ms >out 2>err &
	probe_pid=$!
	for _ in $(seq 100); do
		if grep -q '"type":"ready"' out; then break; fi
		sleep 0.05
	done
	bash -c 'echo $$ >"$1/cgroup.procs" && exec dd if=sparse of=/dev/null bs=1M status=none' - "$group"
	sleep 0.1
	finish
	rmdir "$group"
	# 128 MiB through 8 MiB: what does not fit was reclaimed.
	jq -es 'map(select(.type == "swap_probe")) | (map(.memcg_pages) | add >= 120 * 256) and
		(map(.memcg_end) | add > 0) and (map(.memcg_ns) | add > 1000000) and
		all(.memcg_end == 0 or .memcg_p50_ns <= .memcg_p99_ns and .memcg_p99_ns <= .memcg_max_ns
			and .memcg_max_ns <= .memcg_ns * 33 / 32) and all(.memcg_end > 0 or .memcg_p50_ns == null)' out
	grep -q 'reclaim for a cgroup.s limit.*memory.pressure' err
}

@test "swap_probe: PSI totals are the kernel's own" {
	[ -e /proc/pressure/memory ] || skip "no PSI here"
	total() { awk -F= '$1 ~ /^some/ { print $NF }' /proc/pressure/memory; }
	before=$(total)
	begin swap_probe -i 20ms
	sleep 0.2
	finish
	after=$(total)
	jq -es --argjson most $((after - before)) 'map(select(.type == "swap_probe").psi_some_us) |
		all(. >= 0) and add <= $most' out
}

@test "page_fault --summary: 211 major faults, each timed" {
	begin page_fault --summary --minor -n major_faults
	set_from "$("$helpers/major_faults" "$BATS_TEST_TMPDIR/file" 211)"
	end INT
	[ "$majors" -eq 211 ]
	# Completions that the kernel ran no program for are counted, exactly, not hidden.
	jq -es '.[] | select(.type == "page_fault_summary") | (.major == 211 or .missed > 0 and .major + .missed >= 211) and
		.unmatched == 0 and .user + .kernel == .minor + .major + .missed and
		.major_p50_ns > 0 and .major_p50_ns <= .major_p90_ns and .major_p90_ns <= .major_p99_ns and .major_p99_ns <= .major_max_ns' out
}

# missed - what the last record says it missed: completions of what was asked for without a run.
missed() { tail -n 1 out | jq .missed; }

@test "page_fault --fault: each fault with class, access and latency; 211 major reads, 4,099 minor writes" {
	begin page_fault --fault all -n touch_pages
	set_from "$("$helpers/touch_pages" 4099 0 -1)"
	finish
	n=$(records page_fault '.class == "minor" and .access == "write" and .mode == "user" and .latency_ns > 0 and
		.addr >= "'"$low"'" and .addr < "'"$high"'"')
	[ "$n" -le 4099 ]
	[ "$n" -eq 4099 ] || [ $((n + $(missed))) -ge 4099 ]
	[ "$(records page_fault '.access == "exec" and .addr == .ip')" -ge 1 ]
	for class in all major; do
		begin page_fault --fault $class -n major_faults
		set_from "$("$helpers/major_faults" "$BATS_TEST_TMPDIR/file" 211)"
		finish
		n=$(records page_fault '.class == "major" and .latency_ns > 0 and .access == "read"')
		[ "$n" -le 211 ]
		[ $((n + $(missed))) -ge 211 ]
	done
	[ "$(records page_fault '.class == "minor"')" -eq 0 ]
}

# Others fault on both cores, and each record of another probe is a call of bpf(2) on a map.
@test "page_fault: a filter that nobody passes misses nothing, in each mode, beside all that others do" {
	"$bin/swap_probe" -q -i 1ms -d 60s >/dev/null &
	beside=$!
	"$helpers/touch_pages" 4099 40 -1 >/dev/null &
	load=$!
	for options in "" "--fault all" "--fault major" "--summary" "--summary --minor" "--summary --latency all" \
		"--summary --by pid" "--stacks" "--stacks --fault major"; do
		# shellcheck disable=SC2086 # options
		"$bin/page_fault" --format json -q -n nobody $options -d 400ms >out
		tail -n 1 out | jq -e '.missed == 0 and .emitted == 0 and .dropped == 0' || { echo "$options"; break; }
	done
	kill "$beside" "$load"
	wait "$beside" "$load" || true
	tail -n 1 out | jq -e '.missed == 0'
}

@test "-p of no process, or of a thread: an error that names it, in all that have it" {
	sleep 0 &
	gone=$!
	wait $gone
	mkfifo go
	"$helpers/exits" 1 2 1 hold <go >usages &
	old=$!
	exec 9>go
	eventually grep -q held usages
	process=$(pgrep -P $old)
	tid=$(find "/proc/$process/task" -mindepth 1 -maxdepth 1 ! -name "$process" -printf '%f\n' | head -n 1)
	for probe in page_fault proc_create "pool_probe --device /dev/null"; do
		# shellcheck disable=SC2086 # options
		run -2 "$bin/"$probe --format json -q -d 1ms -p $gone 9>&-
		[[ $output == *"--pid $gone: process not found"* ]]
		# shellcheck disable=SC2086 # options
		run -2 "$bin/"$probe --format json -q -d 1ms -p "$tid" 9>&-
		[[ $output == *"--pid $tid is a thread of process $process"* ]]
	done
	exec 9>&-
	wait $old
}

@test "page_fault --hook classic uses no perf event where tracefs is not mounted" {
	[ ! -e /sys/kernel/tracing/events ] && [ ! -e /sys/kernel/debug/tracing/events ] || skip "tracefs is mounted"
	for options in "" "--summary" "--fault all"; do
		# shellcheck disable=SC2086 # options
		run -77 "$bin/page_fault" --format json --hook classic -d 1ms $options
		[[ $output == *"page_fault_user is not available as classic"* ]]
	done
}

@test "a line cannot come while tracing is off: said" {
	[ -e /sys/kernel/tracing/tracing_on ] || {
		mount -t tracefs tracefs /sys/kernel/tracing || skip "tracefs cannot be mounted"
		mounted=/sys/kernel/tracing
	}
	was=$(cat /sys/kernel/tracing/tracing_on)
	echo 0 >/sys/kernel/tracing/tracing_on
	"$bin/proc_create" -n nobody -d 10ms 2>err
	"$bin/page_fault" -n nobody -d 10ms 2>>err
	echo 1 >/sys/kernel/tracing/tracing_on
	"$bin/page_fault" -n nobody -d 10ms 2>on
	echo "$was" >/sys/kernel/tracing/tracing_on
	[ "$(grep -c 'tracing is off, so no line will appear' err)" -eq 2 ]
	! grep 'tracing is off' on
}

@test "a probe ends with its exact account where membarrier(2) is refused, as on nohz_full CPUs" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -f -qq -o trace -e trace=membarrier,bpf -e inject=membarrier:error=EINVAL \
		"$bin/page_fault" --format json -q -d 200ms >out 2>err
	tail -n 1 out | jq -e '.type == "end" and .seen == .emitted + .filtered + .dropped'
	# The wait is an update of a map of maps; where that fails, too, it is said.
	last=$(grep -n BPF_MAP_UPDATE_ELEM trace | tail -n 1 | cut -d: -f1)
	n=$(head -n "$last" trace | grep -c 'bpf(')
	strace -f -qq -o trace -e trace=bpf -e inject=bpf:error=EPERM:when="$n" \
		"$bin/page_fault" --format json -q -d 200ms >out 2>err
	grep -q 'cannot wait for the programs that still run' err
}

@test "page_fault --sample: one in 7 of 4,099, as chance has it, and the others are counted as filtered" {
	begin page_fault --sample 7 -n touch_pages
	set_from "$("$helpers/touch_pages" 4099 0 -1)"
	finish
	n=$(faults_in_range)
	# 5 standard deviations of 22.4 around 585.6: wrong once in a million runs.
	[ "$n" -gt 473 ]
	[ "$n" -lt 698 ]
	tail -n 1 out | jq -e '.seen > 4099 and .filtered > 3400'
}

@test "page_fault --summary --by: each group with its own faults, and all of them add up" {
	for by in pid comm cgroup region ip mapping; do
		begin page_fault --summary --by $by --top 16384
		"$helpers/major_faults" "$BATS_TEST_TMPDIR/file" 53 >other
		set_from "$("$helpers/touch_pages" 4099 0 -1)"
		end INT
		jq -es '(map(select(.type == "page_fault_by"))) as $by | map(select(.type == "page_fault_summary"))[0] |
			($by | map(.faults) | add) == .user + .kernel and ($by | map(.major) | add) == .major and
			($by | map(select(.major > 0)) | all(.major_p50_ns <= .major_p99_ns and .major_p99_ns <= .major_max_ns
				and .major_share == .major / .faults))' out || { echo $by; false; }
		case $by in
		pid) own='.pid == '$pid ;;
		comm) own='.comm == "touch_pages"' ;;
		cgroup) own='.cgroup > 0' ;;
		region | mapping) continue ;;
		ip) own='.pid == '$pid' and .faults <= 4099' ;;
		esac
		# What the kernel skipped, on a busy machine, is in no group.
		missed=$(jq 'select(.type == "page_fault_summary") | .missed' out)
		[ "$(jq -c "select(.type == \"page_fault_by\" and $own and .faults + $missed >= 4099)" out | wc -l)" -ge 1 ] ||
			{ echo "by $by, pid $pid, missed $missed"; jq -c "select(.pid == $pid)" out; false; }
	done
}

@test "page_fault --summary --latency: all times the minor ones too, none times nothing; both count the same" {
	for latency in all none; do
		begin page_fault --summary --latency $latency --minor -n touch_pages
		set_from "$("$helpers/touch_pages" 4099 0 -1)"
		end INT
		jq -es --arg latency $latency 'map(select(.type == "page_fault_summary"))[0] | .minor + .missed >= 4099 and
			.minor < 4299 and if $latency == "none" then .minor_p50_ns == null and .major_mean_ns == null else
			0 < .minor_p50_ns and .minor_p50_ns <= .minor_p90_ns and .minor_p90_ns <= .minor_p99_ns and
			.minor_p99_ns <= .minor_max_ns and .minor_mean_ns <= .minor_max_ns and .unmatched <= .missed end' out
	done
	begin page_fault --summary --latency all --by comm
	"$helpers/major_faults" "$BATS_TEST_TMPDIR/file" 211
	end INT
	jq -es 'map(select(.type == "page_fault_summary"))[0].missed as $missed | map(select(.comm == "major_faults"))[0] |
		.major <= 211 and .major + $missed >= 211 and .minor_p50_ns > 0 and .minor_p50_ns <= .minor_max_ns and
		.major_p50_ns > 0' out
}

@test "page_fault --mapping: that of an anonymous page, of a file, of a stack; a hostile name" {
	# held FILE - 211 major faults by a process that lives on for a while: on a busy machine its maps are read late.
	held() { sleep 2 | "$helpers/major_faults" "$1" 211 hold; }
	name=$'evil\e[31m\n"};\xff'
	begin page_fault --fault all --mapping -n touch_pages --fields pid,addr,class,mapping,file
	set_from "$("$helpers/touch_pages" 4099 0.5 -1)"
	finish
	n=$(records page_fault '.mapping == "anon" and .file == null and .addr >= "'"$low"'" and .addr < "'"$high"'"')
	# Null where they were not read yet, or the process had ended by then: of its first and last milliseconds.
	unknown=$(records page_fault '.mapping == null')
	[ "$n" -ge 1 ]
	[ "$n" -le "$touched" ]
	[ $((n + unknown + $(missed))) -ge "$touched" ]
	[ "$(records page_fault '.addr >= "'"$low"'" and .addr < "'"$high"'" and .mapping != "anon" and .mapping != null')" -eq 0 ]
	[ "$(records page_fault '.mapping == "stack" and .file == null')" -ge 1 ]
	[ "$(records page_fault '.mapping == "file" and .file == "touch_pages"')" -ge 1 ]
	begin page_fault --fault major --mapping -n major_faults
	set_from "$(held "$BATS_TEST_TMPDIR/$name")"
	finish
	n=$(records page_fault '.mapping == "file" and .file == "evil\u001b[31m\n\"};\ufffd"')
	[ "$n" -ge 1 ]
	[ $((n + $(records page_fault '.mapping == null') + $(missed))) -ge 211 ]
	begin page_fault --summary --by mapping --top 16384
	set_from "$("$helpers/touch_pages" 4099 0.5 -1)"
	held "$BATS_TEST_TMPDIR/$name"
	end INT
	jq -es --argjson touched "$touched" '(map(select(.type == "page_fault_by"))) as $by |
		map(select(.type == "page_fault_summary"))[0] |
		($by | map(.faults) | add) == .user + .kernel and ($by | map(.major) | add) == .major and
		($by | any(.mapping == "file" and .major > 0 and .major_p50_ns > 0 and .file[:4] == "evil")) and
		($by | map(select(.mapping == "anon" or .mapping == null).faults) | add) >= $touched - .missed' out
	"$bin/page_fault" --format text -q --fault major --mapping -n major_faults -d 5s --max-events 53 >lines &
	sleep 0.5
	held "$BATS_TEST_TMPDIR/$name"
	wait $!
	[ -s lines ]
	[ "$(grep -caE '^page_fault pid=[0-9]+ .* mapping=(file|-) file=[ -~]+$' lines)" -eq "$(wc -l <lines)" ]
}

@test "page_fault --mapping: the same 1,009 addresses first a file's, then anonymous" {
	# until_records N - waits until as many faults in the range are written.
	until_records() {
		for _ in $(seq 200); do
			if [ "$(faults_in_range)" -ge "$1" ]; then return 0; fi
			sleep 0.05
		done
	}
	mkfifo go
	begin page_fault --fault all --mapping -n remap
	"$helpers/remap" data 1009 <go >did &
	remap=$!
	exec 9>go # 3 is bats's own
	until [ -s did ]; do sleep 0.02; done
	set_from "$(cat did)"
	echo >&9
	until_records 1009
	echo >&9
	until_records 2018
	echo >&9
	exec 9>&-
	wait $remap
	finish
	range='.addr >= "'"$low"'" and .addr < "'"$high"'"'
	files=$(records page_fault "$range"' and .mapping == "file" and .file == "data"')
	anons=$(records page_fault "$range"' and .mapping == "anon" and .file == null')
	# Null where the maps were read less than 5 ms before; never another mapping.
	unknown=$(records page_fault "$range"' and .mapping == null')
	[ "$(faults_in_range)" -eq $((files + anons + unknown)) ]
	[ "$files" -ge 1 ] && [ "$anons" -ge 1 ]
	[ "$files" -le 1009 ] && [ "$anons" -le 1009 ] && [ $((files + anons + unknown + $(missed))) -ge 2018 ]
}

@test "page_fault --stacks: each fault in one stack, named after the function that touched; a name that would end a frame" {
	name='evil;a b'
	begin page_fault --stacks -n touch_pages
	set_from "$("$helpers/touch_pages" 4099 1.5 -1)"
	end INT
	jq -es --argjson touched "$touched" 'map(select(.type == "page_fault_stack")) as $all | .[-1] as $last |
		($all | map(.faults) | add) == $last.seen - $last.filtered and $last.dropped == 0 and
		($all | map(select(.stack | test("^touch_pages;(.*;)?main$"))) | map(.faults) | add) + $last.missed >= $touched' out
	begin page_fault --stacks --fault major -n major_faults
	"$helpers/major_faults" "$BATS_TEST_TMPDIR/file" 211
	end INT
	jq -es 'map(select(.type == "page_fault_stack").faults) | add <= 211' out
	[ "$(jq -s '(map(select(.type == "page_fault_stack").faults) | add) + .[-1].missed >= 211' out)" = true ]
	"$bin/page_fault" --stacks -q -n "$name" >folded 2>err &
	probe_pid=$!
	sleep 1
	"$helpers/touch_pages" 4099 0.5 -1 "$name"
	end INT
	[ -s folded ]
	[ "$(grep -cE '^evil\\x3ba b(;[!-:<-~]+)+ [0-9]+$' folded)" -eq "$(wc -l <folded)" ]
}

# with_load COMMAND... - while another task takes what CPU time it can get.
with_load() {
	(while :; do :; done) &
	spin=$!
	"$@"
	kill $spin
	wait $spin || true
}

# Entries are exact to the fault: the tracepoints lose none but those inside a running BPF program, which are in missed.
@test "page_fault: 10,007 entries as getrusage counts minor faults, with the other core at work" {
	begin page_fault -n touch_pages
	set_from "$(with_load "$helpers/touch_pages" 10007 0 -1)"
	finish
	[ "$minor" -eq 10007 ]
	[ "$(missed)" -eq 0 ]
	[ "$(faults_in_range)" -eq 10007 ]
}

# Over a program's whole life: perf's own counters begin at the same exec. getrusage cannot be exact there, it counts
# what the task had before, and pages that the kernel faults in for itself. /proc/vmstat cannot either, it counts all
# tasks, and each look again at a fault that had to wait. The kernel skips a program on a perf event that happens while
# another BPF program runs on that CPU, whose task it is does not matter: what is skipped is in missed, and bounds both.
@test "page_fault --summary: entries, minor and major as perf stat counts them, with the other core at work" {
	perf stat -x, -e minor-faults true 2>counts && grep -q '^[0-9]' counts || skip "no perf stat here"
	counted() { awk -F, -v event="$1" '$3 ~ "^" event { print $1 }' counts; }
	vmstat() { awk -v key="$1" '$1 == key { print $2 }' /proc/vmstat; }
	for load in "touch_pages 10007 0 -1" "major_faults $BATS_TEST_TMPDIR/file 211"; do
		begin page_fault --summary --minor -n "${load%% *}"
		before=$(vmstat pgfault)
		# shellcheck disable=SC2086 # arguments
		with_load perf stat -x, -o counts -e page-faults,minor-faults,major-faults "$helpers/"$load
		after=$(vmstat pgfault)
		end INT
		cat counts
		jq -es --argjson all "$(counted page-faults)" --argjson minor "$(counted minor-faults)" \
			--argjson major "$(counted major-faults)" --argjson vmstat $((after - before)) '
			map(select(.type == "page_fault_summary"))[0] | debug | .user + .kernel == $all and
			.minor + .major + .missed == $all and .minor <= $minor and .major <= $major and
			$minor + $major == $all and $vmstat >= $all and ($minor > 10007 or $major >= 211) and .unmatched == 0' out
	done
}

@test "page_fault: options that do not go together are refused" {
	for options in "--by pid" "--summary --fault all" "--summary --sample 3" "--fault major" "--sample 2" "--minor" \
		"--latency all" "--format json --latency none" "--stacks --summary" "--stacks --max-events 3" "--format json --mapping" "--summary --mapping"; do
		# shellcheck disable=SC2086 # options
		run "$bin/page_fault" $options
		[ "$status" -eq 2 ] || { echo "$options"; false; }
	done
}

@test "page_fault: the old spelling of --fault is answered with the new one" {
	run -2 "$bin/page_fault" --format json --class major
	[[ $output == *"--class is now --fault major|all"* ]]
}

@test "a probe that is started with HUP ignored goes on at HUP" {
	: >out
	(trap '' HUP; exec "$bin/proc_create" --format json -q >out) &
	probe_pid=$!
	eventually grep -q '"type":"ready"' out
	kill -HUP "$probe_pid"
	# A process that begins later is seen.
	run -23 sh -c 'exit 23'
	eventually grep -q '"exit_code":23' out
	end INT
	tail -n 1 out | jq -e '.reason == "signal"'
}

@test "--stats: each hook's program with runs and time, and the reader's own CPU time" {
	begin page_fault --stats -n touch_pages
	"$helpers/touch_pages" 4099 0 -1
	finish
	jq -es '(map(select(.type == "probe_stats" and .hook == "page_fault_user"))[0] | .runs >= 4099 and .total_ns > 0 and
		.mean_ns < 1e6) and any(.type == "probe_stats" and .hook == "reader" and .total_ns > 0)' out
	setpriv --reuid 65534 --clear-groups --inh-caps +bpf,+perfmon --ambient-caps +bpf,+perfmon true || skip "no setpriv"
	place=$(mktemp -d)
	chmod 755 "$place"
	cp "$bin/page_fault" "$place"
	setpriv --reuid 65534 --clear-groups --inh-caps +bpf,+perfmon --ambient-caps +bpf,+perfmon \
		"$place/page_fault" --format json --stats -q -d 10ms >out 2>err
	rm -r "$place"
	grep -q 'the kernel does not time BPF programs' err
	jq -es 'map(select(.type == "probe_stats" and .hook == "page_fault_user"))[0] | .runs == null and .mean_ns == null' out
}

@test "INT, TERM and HUP end a probe with its account and exit 0" {
	for signal in INT TERM HUP; do
		for probe in proc_create page_fault swap_probe; do
			begin $probe
			sleep 0.1
			finish $signal
			tail -n 1 out | jq -e '.reason == "signal"'
		done
	done
}

@test "a reader that goes away ends a probe with exit 0" {
	for probe in "proc_create --comm=none" "page_fault --comm=none" "swap_probe --interval=1h"; do
		# Nothing is printed any more: only the closed pipe can tell.
		run timeout -s KILL 10 bash -c '"$@" --format json -q 2>&1 | head -n 1; exit ${PIPESTATUS[0]}' \
			- "$bin/${probe%% *}" "${probe#* }"
		[ "$status" -eq 0 ] || { echo "$probe: $output"; false; }
	done
}

@test "a probe that is killed leaves no program loaded" {
	bpftool=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v bpftool) || skip "bpftool is not installed"
	"$bpftool" prog show >before
	begin page_fault
	"$bpftool" prog show >during
	kill -9 "$probe_pid"
	wait "$probe_pid" || true
	probe_pid=''
	new=$(comm -13 <(grep on_page_fault_user before | sort) <(grep on_page_fault_user during | sort) | cut -d: -f1)
	[ -n "$new" ]
	for _ in $(seq 40); do
		"$bpftool" prog show id "$new" >/dev/null 2>&1 || return 0
		sleep 0.05
	done
	false
}

@test "without rights: exit 77 and the capability that is missing; with these two alone it works" {
	command -v setpriv >/dev/null || skip "setpriv is not installed"
	place=$(mktemp -d)
	chmod 755 "$place"
	cp "$bin/proc_create" "$bin/page_fault" "$place"
	run setpriv --reuid 65534 --clear-groups "$place/page_fault" --format json
	[ "$status" -eq 77 ]
	[[ $output == *"missing: CAP_BPF and CAP_PERFMON"*sudo* ]]
	run setpriv --reuid 65534 --clear-groups --inh-caps +bpf --ambient-caps +bpf "$place/proc_create"
	[ "$status" -eq 77 ]
	[[ $output == *"missing: CAP_PERFMON"* ]]
	for probe in proc_create page_fault; do
		run setpriv --reuid 65534 --clear-groups --inh-caps +bpf,+perfmon --ambient-caps +bpf,+perfmon \
			"$place/$probe" --format json -q -d 10ms
		[ "$status" -eq 0 ] || { echo "$output"; false; }
	done
	rm -r "$place"
}

@test "capabilities are gone once a probe is attached" {
	begin page_fault
	[ "$(awk '/^CapEff/ { print $2 }' "/proc/$probe_pid/status")" = 0000000000000000 ]
	finish
}
