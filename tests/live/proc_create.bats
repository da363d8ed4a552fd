#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# proc_create: sums by name, parent and cgroup, the tree, threads, arguments of execs that failed, filters. All of it on
# trees whose members are known; nothing depends on what else runs.
#
# shellcheck disable=SC2016 # jq's and the inner shells'

bats_require_minimum_version 1.5.0

setup() {
	bin=$BATS_TEST_DIRNAME/../../build/bin helpers=$BATS_TEST_DIRNAME/../../build/tests/helpers
	probe_pid='' group='' spin='' place=''
	cd "$BATS_TEST_TMPDIR" || return
	"$bin/proc_create" --format json -q -d 1ms >can 2>&1 || skip "$(tail -n 2 can | tr '\n' ' ')"
}

teardown() {
	[ -z "$probe_pid" ] || kill -9 "$probe_pid" 2>/dev/null || true
	[ -z "$spin" ] || { kill "$spin"; wait "$spin"; } 2>/dev/null || true
	[ -z "$place" ] || rm -r "$place"
	[ -z "$group" ] || rmdir "$group"
}

begin() {
	"$bin/proc_create" --format json -q "$@" >out 2>err &
	probe_pid=$!
	for _ in $(seq 200); do
		if grep -q '"type":"ready"' out; then return 0; fi
		sleep 0.05
	done
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

end() {
	kill -INT "$probe_pid"
	wait "$probe_pid"
	probe_pid=''
}

# one_core_at_work - for a minute at most; the teardown ends it.
one_core_at_work() {
	taskset -c "$(($(nproc) - 1))" bash -c 'while [ $SECONDS -lt 60 ]; do :; done' 3>&- &
	spin=$!
}

# figure NAME LINE - out of "a=1 b=2".
figure() { grep -o " $1=[^ ]*" <<<" $2" | head -n 1 | cut -d = -f 2; }

@test "--summary --by parent: each with its children; the storm's own counts" {
	"$bin/proc_create" --summary --by parent --format json -q -o out -- \
		bash -c '"$0" 1009 0 >1; "$0" 211 0 >2; exit 0' "$helpers/forks"
	for n in 1 2; do
		pid=$(grep -o 'pid=[0-9]*' $n | head -n 1)
		forks=$(grep -o 'forks=[0-9]*' $n)
		jq -es --argjson pid "${pid#pid=}" --argjson forks "${forks#forks=}" 'map(select(.type == "parent_summary" and
			.parent == $pid)) | length == 1 and .[0].forks == $forks and .[0].exits == $forks and
			.[0].comm == "forks" and .[0].total and .[0].lifetime_max_ns >= .[0].lifetime_p99_ns' out
	done
	tail -n 1 out | jq -e '.dropped == 0 and .missed == 0 and .unmatched == 0'
}

@test "--summary --interval: the intervals add up to the total" {
	"$bin/proc_create" --summary -i 100ms --format json -q -o out -- \
		bash -c 'for i in {1..30}; do /bin/true; done; sleep 0.5; "$0" 101 0 >1; sleep 0.3' "$helpers/forks"
	for comm in true forks; do
		jq -es --arg comm $comm 'map(select(.type == "process_summary" and .comm == $comm)) |
			map(select(.total)) as $total | map(select(.total | not)) as $parts |
			($total | length) == 1 and ($parts | length) >= 1 and
			([$parts, $total] | map([map(.forks), map(.threads), map(.execs), map(.exits), map(.cpu_ns)] | map(add)) |
			.[0] == .[1])' out
	done
	jq -es 'map(select(.type == "process_summary" and .comm == "true" and .total))[0] | .execs == 30 and .exits == 30' out
	jq -es 'map(select(.type == "process_summary" and (.total | not)).ts_ns) | unique | length >= 2' out
}

@test "--summary --by cgroup, and the path of a cgroup in each record" {
	root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -n "$root" ] || skip "cgroup2 is not mounted"
	group=$root/coldpress-test-$$
	mkdir "$group" || { group=''; skip "no cgroup can be made"; }
	for options in "" "--summary --by cgroup"; do
		# shellcheck disable=SC2086 # options
		"$bin/proc_create" --format json -q -o out $options -- \
			bash -c 'echo $$ >"$1/cgroup.procs" && "$0" 23 0 >1' "$helpers/forks" "$group"
		if [ -z "$options" ]; then
			jq -es --arg path "/coldpress-test-$$" 'map(select(.comm == "forks" and .type != "exec")) | length == 47 and
				all(.cgroup_path == $path)' out
		else
			jq -es --arg path "/coldpress-test-$$" 'map(select(.type == "cgroup_summary" and .cgroup_path == $path)) |
				length == 1 and .[0].forks == 24 and .[0].exits == 25' out
		fi
	done
}

@test "--draw-tree: each process once, below the one that forked it" {
	run -3 "$bin/proc_create" --draw-tree --format json -q -o out -- \
		bash -c '(/bin/true; kill -KILL $BASHPID); (/bin/uname >/dev/null; /bin/true; :); exit 3'
	jq -r 'select(.type == "process_tree") | .tree' out
	jq -es 'map(select(.type == "process_tree")) | map(.tree) == ["bash", "|- bash", "|  `- bash > true", "`- bash",
		"   |- bash > uname", "   `- bash > true"] and map(.depth) == [0, 1, 2, 1, 2, 2] and .[0].exit_code == 3 and
		.[1].signal == 9 and .[1].exit_code == null and .[0].ppid == null and .[1].ppid == .[0].pid and
		.[2].ppid == .[1].pid and .[5].ppid == .[3].pid and all(.lifetime_ns > 0)' out
	# 4,001 processes: none lost, none twice.
	"$bin/proc_create" --draw-tree --format json -q -o out -- "$helpers/forks" 4001 0
	jq -es 'map(select(.type == "process_tree")) | length == 4002 and (map(.tree) | last | startswith("`- ")) and
		(.[1:] | all(.depth == 1 and .exit_code == 0))' out
}

@test "--draw-tree: names and levels that are left out are marked" {
	for i in 1 2 3 4 5 6; do cp /bin/bash "n$i"; done
	"$bin/proc_create" --draw-tree --format json -q -o out -- ./n1 -c \
		'exec ./n2 -c "exec ./n3 -c \"exec ./n4 -c \\\"exec ./n5 -c true\\\"\""'
	jq -es 'map(select(.type == "process_tree").tree) == ["proc_create > n1 > n2 > ... > n5"] or
		map(select(.type == "process_tree").tree) == ["n1 > n2 > n3 > ... > n5"]' out
	# 70 levels, each below the one before.
	cat >deep <<-'EOF'
		[ "$1" -eq 0 ] || { bash "$0" "$(($1 - 1))"; :; }
	EOF
	"$bin/proc_create" --draw-tree --format json -q -o out -- bash deep 70
	jq -es 'map(select(.type == "process_tree" and .depth > 64)) | length > 0 and all(.tree | startswith("... "))' out
	jq -es 'map(select(.type == "process_tree" and .depth <= 64)) | all(.tree | startswith("... ") | not)' out
}

@test "the end of a process carries how many threads it had" {
	"$bin/proc_create" --format json -q -o out -- "$helpers/forks" 3 211
	jq -es 'map(select(.type == "exit")) | length == 4 and map(.threads) == [1, 1, 1, 212] or
		(map(.threads) | sort) == [1, 1, 1, 212]' out
	# One that is older than the probe: not known, unless it begins one meanwhile.
	mkfifo go
	bash -c 'read -r <"$0"' go &
	old=$!
	sleep 0.2
	begin -p "$old"
	echo >go
	wait "$old"
	for _ in $(seq 100); do
		if grep -q '"type":"exit"' out; then break; fi
		sleep 0.05
	done
	end
	jq -es 'map(select(.type == "exit")) | length == 1 and .[0].threads == null' out
}

@test "--ppid: what the children of one do, and nobody else's" {
	mkfifo go
	bash -c 'read -r <"$0"; /bin/true; (/bin/uname >/dev/null; :); exit 0' go &
	parent=$!
	sleep 0.2
	begin --ppid "$parent"
	/bin/true
	echo >go
	wait "$parent"
	end
	# Its two forks; the first runs a program, both end. Not the grandchild's program and end.
	jq -r 'select(.type != "end" and .type != "ready") | "\(.type) \(.comm)"' out
	[ "$(jq -r 'select(.type != "end" and .type != "ready") | "\(.type) \(.comm)"' out | xargs)" = \
		"fork bash exec true exit true fork bash exit bash" ]
	run -2 "$bin/proc_create" --ppid $$ -d 1ms
}

@test "--failed: the arguments of an exec that failed, cut where --max-argv says" {
	install -m 644 /dev/null refused
	long=$(printf '%05000d' 0)
	"$bin/proc_create" --format json -q -o out --failed -- bash -c \
		'./refused "a b" "it'"'"'s" "" '$'"\xff\n"''; ./refused '"$long"'; exec -a "" /nonexistent/x; exit 0' || true
	expect="./refused 'a b' 'it'\\''s' '' '"
	[ "$(jq -r 'select(.type == "exec_failed" and .path == "./refused") | .argv' out | head -n 1 | head -c ${#expect})" = "$expect" ]
	jq -es --arg long "$long" 'map(select(.type == "exec_failed" and .path == "./refused")) | length == 2 and
		(.[0].argv_cut | not) and (.[0].argv | endswith("\ufffd\n'"'"'")) and
		.[1].argv_cut and (.[1].argv | length) < 4100 and (.[1].argv | startswith("./refused 0000"))' out
	"$bin/proc_create" --format json -q -o out --failed --max-argv 16KiB -- bash -c './refused '"$long"'; exit 0'
	jq -es --arg long "$long" 'map(select(.type == "exec_failed" and .path == "./refused")) | length == 1 and
		.[0].argv == "./refused " + $long and (.[0].argv_cut | not)' out
}

@test "a fork storm on a busy machine: forks, threads, execs and exits are the storm's own, none lost, none unmatched" {
	one_core_at_work
	begin --threads
	storms=()
	for i in 1 2 3; do
		"$helpers/forks" 503 101 /bin/true >"storm$i" &
		storms+=($!)
	done
	wait "${storms[@]}"
	end
	for i in 1 2 3; do
		line=$(cat "storm$i")
		[ "$(figure forks "$line") $(figure threads "$line") $(figure execs "$line")" = "503 101 503" ]
		jq -es --argjson pid "$(figure pid "$line")" '(map(select(.type == "fork" and .pid == $pid)) | length) == 503 and
			(map(select(.type == "thread" and .pid == $pid)) | length) == 101 and
			(map(select(.type == "exec" and .pid == $pid)) | length) == 1 and
			(map(select(.type == "exec" and .ppid == $pid and .path == "/bin/true")) | length) == 503 and
			(map(select(.type == "exit" and .ppid == $pid and .exit_code == 0)) | length) == 503 and
			(map(select(.type == "exit" and .pid == $pid))[0].threads) == 102' out
	done
	tail -n 1 out
	tail -n 1 out | jq -e '.dropped == 0 and .missed == 0 and .unmatched == 0 and .seen == .emitted + .filtered'
}

@test "the end of a process carries what wait4 tells its parent: faults, memory and status exactly, CPU time but for its end" {
	install -m 755 /bin/bash wrapped
	one_core_at_work
	begin
	{
		"$helpers/usage" "$helpers/touch_pages" 4099 0 -1
		"$helpers/usage" "$BATS_TEST_TMPDIR/wrapped" -c 'for ((i = 0; i < 300000; i++)); do :; done'
		"$helpers/usage" "$helpers/major_faults" "$BATS_TEST_TMPDIR/file" 211
		"$helpers/usage" "$helpers/last_thread" outlive
		"$helpers/usage" "$BATS_TEST_TMPDIR/wrapped" -c 'exit 7'
		"$helpers/usage" "$BATS_TEST_TMPDIR/wrapped" -c 'kill -TERM $$'
		"$helpers/usage" "$BATS_TEST_TMPDIR/wrapped" -c 'ulimit -c unlimited; kill -ABRT $$'
	} | grep exit_code= >usages
	end
	cat usages
	[ "$(wc -l <usages)" -eq 7 ]
	while read -r line; do
		jq -es --argjson pid "$(figure pid "$line")" 'map(select(.type == "exit" and .pid == $pid)) | length == 1 and (.[0] |
			.minor_faults == '"$(figure minor_faults "$line")"' and .major_faults == '"$(figure major_faults "$line")"' and
			.max_rss_bytes == '"$(figure max_rss_bytes "$line")"' and
			(.exit_code // -1) == '"$(figure exit_code "$line")"' and (.signal // 0) == '"$(figure signal "$line")"' and
			.core == ('"$(figure core "$line")"' == 1) and .cpu_ns > '"$(figure cpu_ns "$line")"' / 2)' out || { echo "$line"; jq -c "select(.pid == $(figure pid "$line"))" out; false; }
	done <usages
	[ "$(figure minor_faults "$(sed -n 1p usages)")" -ge 4099 ]
	[ "$(figure major_faults "$(sed -n 3p usages)")" -ge 211 ]
	# Two ticks, of 10 ms at most: since the last one nobody has told time that a hypervisor took.
	line=$(sed -n 2p usages)
	jq -es --argjson pid "$(figure pid "$line")" --argjson cpu "$(figure cpu_ns "$line")" 'map(select(.type == "exit" and
		.pid == $pid))[0] | $cpu > 1e8 and .cpu_ns <= $cpu + 2e7 and .cpu_ns > $cpu - 2e7 and
		.user_ns > $cpu / 2 and .user_ns + .system_ns < $cpu * 2' out
}

# exits_agree THREADS - the exit records in `out` and what wait4 told in `usages`: one each, faults, status and threads
# the same; CPU time but for the exit itself, which is a small part of what each thread spins.
exits_agree() {
	jq -r 'select(.type == "exit" and .comm == "exits") |
		"\(.pid) \(.minor_faults) \(.cpu_ns) \((.exit_code // 0) * 256 + (.signal // 0)) \(.threads)"' out >got
	awk -v threads="$1" '
		FNR == NR { n[$1]++; faults[$1] = $2; cpu[$1] = $3; status[$1] = $4; had[$1] = $5; next }
		n[$1] != 1 || faults[$1] != $2 || status[$1] != $4 || had[$1] != threads {
			print "pid", $1, "records", n[$1] + 0, "faults", faults[$1], "wait4", $2, "status", status[$1], "wait4", $4,
				"threads", had[$1]
			bad = 1
		}
		{ ours += cpu[$1]; kernels += $3 }
		END {
			print "cpu", ours, "wait4", kernels
			exit bad || ours < kernels * 0.7 || ours > kernels * 1.05
		}' got usages
}

@test "no thread is missing from an exit: 1,200 processes of 5 threads that end at once, against wait4" {
	timeout 120 "$bin/proc_create" --format json -q -o out -- "$helpers/exits" 1200 4 37 >usages
	[ "$(wc -l <usages)" -eq 1200 ]
	exits_agree 5
	tail -n 1 out | jq -e '.dropped == 0 and .missed == 0 and .unmatched == 0'
	# Nor from the sums, where the CPU time of each name is that of its exits.
	timeout 120 "$bin/proc_create" --summary --format json -q -o sums -- "$helpers/exits" 30 4 37 >usages
	jq -es --argjson cpu "$(awk '{ n += $3 } END { print n }' usages)" 'map(select(.type == "process_summary" and
		.comm == "exits" and .total))[0] | .exits == 31 and .cpu_ns > $cpu * 0.7' sums
}

@test "no thread is missing from an exit of processes with 64 threads on a busy machine" {
	one_core_at_work
	timeout 120 "$bin/proc_create" --format json -q -o out -- "$helpers/exits" 60 64 7 >usages
	exits_agree 65
}

@test "a process older than the probe, with threads that ended before and after: the sum of all is in its exit" {
	mkfifo go
	"$helpers/exits" 3 4 101 hold <go >usages &
	old=$!
	exec 9>go
	eventually grep -q held usages
	begin 9>&-
	exec 9>&-
	wait "$old"
	end
	sed -i /held/d usages
	jq -r 'select(.type == "exit" and .comm == "exits") | "\(.pid) \(.minor_faults)"' out | sort >got
	cut -d ' ' -f 1,2 usages | sort >want
	comm -13 got want
	[ -z "$(comm -13 got want)" ]
}

@test "the path of an exec is whole at any length, or marked as cut, also where it failed" {
	dir=$PWD
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do
		name=$(printf "%0$((180 + i))d" 0)
		mkdir "$name"
		cd "$name"
		cp /bin/true t
		[ "$((${#PWD} + 2))" -lt 4090 ] || break
		lengths+=("$((${#PWD} + 2))")
		(cd "$dir" && "$bin/proc_create" --format json -q -o "out$i" --failed -- "$OLDPWD/t" && \
			jq -es --arg path "$OLDPWD/t" 'map(select(.type == "exec")) | length == 1 and .[0].path == $path and
				(.[0].path_cut | not)' "out$i")
	done
	cd "$dir"
	[ "${#lengths[@]}" -ge 15 ]
	long=/nonexistent/$(printf '%05000d' 0)
	"$bin/proc_create" --format json -q -o out --failed -- bash -c '"$0"; "$0/x" "a b"; exit 0' "$long"
	jq -es --arg long "$long" 'map(select(.type == "exec_failed" and .error == "ENAMETOOLONG")) | length >= 1 and
		all(. as $r | .path_cut and ($long | startswith($r.path)) and ($r.path | length) == 4159)' out
}

@test "-- COMMAND is traced until the last of its descendants ends; its status is still that of the command" {
	run -7 "$bin/proc_create" --format json -q -o out -- bash -c '(sleep 0.4; /bin/true; /bin/uname >/dev/null) & exit 7'
	jq -es '.[-1].reason == "done" and any(.type == "exec" and .path == "/bin/true") and
		(map(select(.type == "exit" and .comm == "uname")) | length) == 1 and
		(map(select(.type == "fork")) | length) + 1 == (map(select(.type == "exit")) | length)' out
	# A signal ends it while a descendant lives on.
	"$bin/proc_create" --format json -q -o out -- bash -c 'sleep 3 & echo $! >sleeper; exit 0' &
	probe_pid=$!
	eventually test -s sleeper
	sleep 0.3
	kill -0 "$probe_pid"
	kill -TERM "$probe_pid"
	wait "$probe_pid"
	probe_pid=''
	kill "$(cat sleeper)"
	tail -n 1 out | jq -e '.reason == "signal"'
}

@test "-- COMMAND: TERM reaches the command also after tracing ended: by -d, --max-events, a reader that went away" {
	for how in "-d 50ms" "--max-events 1" reader; do
		rm -f pid
		options=$how
		[ "$how" != reader ] || options=''
		mkfifo pipe
		# shellcheck disable=SC2086 # options
		"$bin/proc_create" --format json -q $options -- bash -c 'echo $$ >pid; exec sleep 60 >/dev/null' >pipe &
		probe_pid=$!
		if [ "$how" = reader ]; then head -n 1 pipe >/dev/null; else cat pipe >out; fi &
		eventually test -s pid
		sleep 0.7 # tracing has ended
		kill -TERM "$probe_pid"
		status=0
		wait "$probe_pid" || status=$?
		probe_pid=''
		rm pipe
		[ "$status" -eq 143 ] || { echo "$how: $status"; false; }
		! kill -0 "$(cat pid)"
	done
}

@test "--tree and --ppid of no process, or of a thread: an error that names it" {
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
	for option in --tree --ppid -p; do
		run -2 "$bin/proc_create" --format json -q -d 1ms $option $gone 9>&-
		[[ $output == *"$gone: process not found"* ]]
		run -2 "$bin/proc_create" --format json -q -d 1ms $option "$tid" 9>&-
		[[ $output == *"$tid is a thread of process $process"* ]]
		run -0 "$bin/proc_create" --format json -q -d 1ms $option "$process" 9>&-
	done
	exec 9>&-
	wait $old
}

@test "execveat is seen as execve is, where it fails, too" {
	install -m 755 /bin/true its-name
	install -m 755 /dev/null empty
	"$bin/proc_create" --format json -q -o out --failed -- bash -c \
		'"$0" -a ./its-name "a b"; "$0" ./its-name; "$0" -a ./empty x; exit 0' "$helpers/usage"
	jq -es 'map(select(.type == "exec" and .argv == "./its-name '"'a b'"'")) | length == 1 and
		(.[0].path | startswith("/dev/fd/")) and .[0].tid == .[0].pid' out
	jq -es 'map(select(.type == "exec" and .path == "./its-name")) | length == 1' out
	jq -es 'map(select(.type == "exec_failed" and .error == "ENOEXEC")) | length == 1 and .[0].argv == "./empty x"' out
}

@test "filters: of three storms only the one of this user, of this cgroup, of this name; the rest is counted" {
	root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -n "$root" ] || skip "cgroup2 is not mounted"
	group=$root/coldpress-test-$$
	mkdir "$group" || { group=''; skip "no cgroup can be made"; }
	place=$(mktemp -d)
	chmod 755 "$place"
	install -m 755 "$helpers/forks" "$place/storm"
	install -m 755 "$helpers/forks" "$place/named"
	for filter in "-u 65534" "-c $group" "-n named"; do
		# shellcheck disable=SC2086 # options
		begin --threads $filter
		setpriv --reuid 65534 --clear-groups "$place/storm" 101 11 >"-u"
		bash -c 'echo $$ >"$1/cgroup.procs" && exec "$0" 103 13' "$place/storm" "$group" >"-c"
		"$place/named" 107 17 >"-n"
		end
		line=$(cat "./${filter%% *}")
		jq -es --argjson pid "$(figure pid "$line")" --argjson forks "$(figure forks "$line")" --argjson threads \
			"$(figure threads "$line")" '. as $all | map(select(.type == "fork" or .type == "thread")) |
			all(.pid == $pid) and (map(select(.type == "fork")) | length) == $forks and
			(map(select(.type == "thread")) | length) == $threads and
			($all | map(select(.type == "exit" and .ppid == $pid)) | length) == $forks and
			($all[-1] | .dropped == 0 and .filtered > 300 and .seen == .emitted + .filtered)' out ||
			{ echo "$filter: $line"; tail -n 1 out; false; }
	done
	jq -es 'map(select(.type == "fork")) | all(.comm == "named")' out
}

@test "hostile names and arguments break no line, no object and no table" {
	name=$'evil\e[31m\n"};,\xff'
	install -m 755 /bin/true "$name"
	for format in json text csv; do
		"$bin/proc_create" --format $format -q -o $format --failed --fields pid,comm,path,argv -- \
			bash -c '"./$0" "$0" "$1"; "./$0/none" "$1"; exit 0' "$name" $'\r\n\t'
		iconv -f UTF-8 -t UTF-8 $format >/dev/null
		[ "$(LC_ALL=C grep -cP '[\x00-\x08\x0b-\x1f\x7f]' $format)" -eq 0 ] || [ $format = csv ]
	done
	jq -es 'map(select(.path)) | map(select(.path | startswith("./evil\u001b[31m\n\"};,"))) | length == 2 and
		all(.argv | contains("\r\n\t"))' json
	# Records of text and their words, one a line.
	[ "$(grep -cE '^(fork|exec|exec_failed|exit|end) ' text)" -eq "$(wc -l <text)" ]
}

@test "options about sums ask for sums" {
	run -2 "$bin/proc_create" --by parent -d 1ms
	run -2 "$bin/proc_create" --interval 1s -d 1ms
	run -2 "$bin/proc_create" --summary --by uid -d 1ms
}
