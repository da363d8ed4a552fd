#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# compressor_monitor.bats - the slot model against real zram devices of our own, and scans of live processes.

# shellcheck disable=SC2030,SC2031 # every test is a process of its own, its teardown included
bats_require_minimum_version 1.5.0

setup_file() {
	export MONITOR=$BATS_TEST_DIRNAME/../../build/bin/compressor_monitor
}

setup() {
	device=
}

teardown() {
	if [ -n "$device" ]; then
		remove_device
	fi
	if [ -n "${subject-}" ]; then
		kill "$subject" 2>/dev/null || true
		wait "$subject" 2>/dev/null || true
	fi
}

# Somebody (udev) may hold the node for a moment.
remove_device() {
	for _ in $(seq 50); do
		if echo 1 2>/dev/null >"/sys/block/zram$device/reset" &&
			echo "$device" 2>/dev/null >/sys/class/zram-control/hot_remove; then
			device=
			return 0
		fi
		sleep 0.1
	done
	echo "zram$device could not be removed"
	return 1
}

need_zram() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -r /sys/class/zram-control/hot_add ] || skip "no zram-control: modprobe zram"
	device=$(cat /sys/class/zram-control/hot_add)
	case " $(tr -d '[]' <"/sys/block/zram$device/comp_algorithm") " in
	*" $1 "*) ;;
	*) skip "this kernel's zram has no $1" ;;
	esac
	echo "$1" >"/sys/block/zram$device/comp_algorithm"
}

# A corpus of 96 MiB or less, whole pages, in $corpus. Lengths that differ by a byte between library and kernel move
# a page to another class now and then, which costs or saves a whole zspage: a few pages of memory, whatever the size.
corpus() {
	corpus=$BATS_TEST_TMPDIR/corpus
	case $1 in
	text) find /usr/share /usr/lib /usr/include -type f \( -name '*.txt' -o -name '*.p[lmy]' -o -name '*.h' -o \
		-name copyright \) -print0 | sort -z | xargs -0 cat 2>/dev/null | head -c 96M ;;
	elf) find /usr/lib /usr/bin -type f \( -name '*.so*' -o -perm -u+x \) -size +64k -print0 | sort -z |
		xargs -0 cat 2>/dev/null | head -c 96M ;;
	mixture)
		find /usr/lib -type f -name '*.so*' -size +64k -print0 | sort -z | xargs -0 cat 2>/dev/null |
			head -c 48M
		head -c 8M /dev/zero
		head -c 8M /dev/zero | tr '\0' 'x'
		head -c 8M /dev/urandom
		seq 10000000 | head -c 24M
		;;
	esac >"$corpus"
	truncate -s %4096 "$corpus"
	[ "$(stat -c %s "$corpus")" -ge $((32 << 20)) ] || skip "this machine has no 32 MiB of $1 to fill a pool with"
}

# summary JQ-CONDITION: of the scan in $output.
summary() {
	jq -es "map(select(.type == \"scan_summary\"))[0] | $1" <<<"$output"
}

# field JSON-FIELD CODEC: from the scan in $output.
field() {
	jq -r --arg codec "$2" "select(.type == \"scan_codec\" and .label == \$codec) | .$1" <<<"$output"
}

# within PARTS-PER-MILLION PREDICTED MEASURED WHAT
within() {
	local off=$((($2 - $3) * 1000000 / $3))
	echo "# $4: predicted $2, measured $3, off by $off ppm" >&3
	[ "${off#-}" -le "$1" ]
}

# predicts ALGORITHM MODEL CORPUS [DATA MEMORY]: data within 1,000 parts per million of what is measured, memory within
# 5,000, or within those; the incompressible pages exactly
predicts() {
	need_zram "$1"
	corpus "$3"
	run --separate-stderr "$MONITOR" scan -q --file "$corpus" --all --codec "$2" --format json
	[ "$status" = 0 ]
	stat -c %s "$corpus" >"/sys/block/zram$device/disksize"
	dd if="$corpus" of="/dev/zram$device" bs=1M oflag=direct status=none
	read -r _ compr used _ _ same _ huge _ <"/sys/block/zram$device/mm_stat"
	[ "$(jq 'select(.type == "scan_summary") | .zero_pages + .same_pages' <<<"$output")" = "$same" ]
	[ "$(field huge_pages "$2")" = "$huge" ]
	within "${4:-1000}" "$(field stored_bytes "$2")" "$compr" "$3 $1 compr_data_size"
	within "${5:-5000}" "$(field pool_bytes "$2")" "$used" "$3 $1 mem_used_total"
}

@test "lz4 pool of text is predicted within 0.1 % (data) and 0.5 % (memory)" {
	predicts lz4 lz4:1 text
}

@test "lz4 pool of programs and libraries is predicted" {
	predicts lz4 lz4:1 elf
}

@test "lz4 pool of a mixture is predicted" {
	predicts lz4 lz4:1 mixture
}

@test "lzo pool of programs and libraries is predicted to the byte" {
	predicts lzo lzo elf 0 0
}

@test "lzo-rle pool of a mixture is predicted to the byte" {
	predicts lzo-rle lzo-rle mixture 0 0
}

@test "zstd pool of programs and libraries is predicted" {
	predicts zstd zstd:3 elf
}

# ---- live processes -----------------------------------------------------------------------------------

# A process that holds 64 MiB of lines of text and waits.
hold() {
	python3 -c 'import sys, time
held = "".join("line %d of what this process holds\n" % i for i in range(1800000)).encode()
print("ready", flush=True)
time.sleep(600)' >"$BATS_TEST_TMPDIR/ready" 3>&- &
	subject=$!
	until grep -q ready "$BATS_TEST_TMPDIR/ready"; do sleep 0.05; done
}

status_of() {
	awk -v key="$1:" '$1 == key { print $2 }' "/proc/$subject/status"
}

@test "a scan leaves the process as it was: no fault, nothing swapped in, nothing written" {
	hold
	before="$(status_of VmRSS) $(status_of VmSwap) $(cut -d' ' -f10,12 "/proc/$subject/stat")"
	run --separate-stderr "$MONITOR" scan -q --pid "$subject" --all --codec lz4 --format json
	[ "$status" = 0 ]
	[ "$before" = "$(status_of VmRSS) $(status_of VmSwap) $(cut -d' ' -f10,12 "/proc/$subject/stat")" ]
}

@test "present pages agree with what the kernel counts for the process" {
	hold
	anon=$(($(status_of RssAnon) / 4))
	shmem=$(($(status_of RssShmem) / 4))
	run --separate-stderr "$MONITOR" scan -q --pid "$subject" --all --codec lz4 --format json
	[ "$status" = 0 ]
	# Per-thread counters of the kernel may lag by 64 pages; the shared zero page is present, but not in RSS.
	summary "(.anon_pages - $anon | fabs) <= 65 and .shmem_pages == $shmem"
	summary '.sampled_pages == .population_pages and .gone_pages == 0 and .partial == null'
}

@test "the interval of a sample holds what the full scan finds" {
	hold
	run --separate-stderr "$MONITOR" scan -q --pid "$subject" --all --codec lz4 --format json
	truth=$(field saved_slot_ratio lz4:1)
	held=0
	for seed in $(seq 20); do
		run --separate-stderr "$MONITOR" scan -q --pid "$subject" --pages 400 --seed "$seed" \
			--codec lz4 --format json
		if jq -es --argjson truth "$truth" 'map(select(.type == "scan_codec"))[0] |
			.saved_slot_low_ratio <= $truth and $truth <= .saved_slot_high_ratio' <<<"$output"; then
			held=$((held + 1))
		fi
	done
	# 19 of 20 are expected; 16 or fewer happen once in 400 times.
	echo "# $held of 20 intervals hold the truth" >&3
	[ "$held" -ge 17 ]
}

@test "mappings and kinds apart: every present page is of one, names and kinds as the kernel has them" {
	python3 -c 'import mmap, sys, time
private = mmap.mmap(-1, 1009 * 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
shared = mmap.mmap(-1, 499 * 4096)
for i in range(1009):
	private[i * 4096] = 1 + i % 250
for i in range(499):
	shared[i * 4096] = 1 + i % 250
print("ready", flush=True)
time.sleep(600)' >"$BATS_TEST_TMPDIR/ready" 3>&- &
	subject=$!
	until grep -q ready "$BATS_TEST_TMPDIR/ready"; do sleep 0.05; done
	run --separate-stderr "$MONITOR" scan -q --pid "$subject" --all --codec lz4 --include file --by mapping -f json
	[ "$status" = 0 ]
	summary '.accessed_pages == .sampled_pages and .swapin_pages == 0'
	all=$(jq 'select(.type == "scan_summary") | .population_pages' <<<"$output")
	jq -es --argjson all "$all" 'map(select(.type == "scan_mapping")) |
		(map(select(.mapping == null)) | map(.pages) | add == $all) and
		(map(select(.mapping == null and .kind == "shmem"))[0].pages == 499) and
		(map(select(.mapping != null)) | map(.pages) | add == $all) and
		(map(select(.mapping == "[anon]" and .kind == "anon"))[0].pages >= 1009) and
		any(.mapping == "[heap]" and .kind == "anon") and any(.mapping == "[stack]") and
		any(.kind == "file" and (.mapping | type == "string" and startswith("/")))' <<<"$output"
}

# hold_until PYTHON: 64 MiB of text, and on SIGUSR1 does that.
hold_until() {
	python3 -c 'import mmap, os, signal, sys, time
held = mmap.mmap(-1, 64 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for i in range(64 << 8):
	held[i << 12:(i + 1) << 12] = (b"line %d of what this process holds\n" % i * 200)[:4096]
def act(*ignored):
	exec(sys.argv[1])
signal.signal(signal.SIGUSR1, act)
print("ready", flush=True)
while True:
	time.sleep(600)' "$1" >"$BATS_TEST_TMPDIR/ready" 3>&- &
	subject=$!
	until grep -q ready "$BATS_TEST_TMPDIR/ready"; do sleep 0.05; done
}

# disturbed_scan SIGNAL WHOM: a scan that takes seconds, and once it has worked for 0.2 s, when the walk is over, the
# signal to the `subject` or to the `scan`.
disturbed_scan() {
	"$MONITOR" scan -q --pid "$subject" --all --threads 2 --codec zstd:19,zstd:18,zstd:17,zstd:16 --format json \
		>"$BATS_TEST_TMPDIR/scan" 3>&- &
	scan=$!
	until [ "$(sed 's/.*) //' "/proc/$scan/stat" | cut -d' ' -f12)" -ge 20 ]; do sleep 0.01; done
	kill "-$1" "${!2}"
	wait "$scan"
	output=$(<"$BATS_TEST_TMPDIR/scan")
	summary '.sampled_pages > 0 and .sampled_pages < .population_pages'
	[ "$(jq -r 'select(.type == "end") | .reason' <<<"$output")" = partial ]
}

@test "a process that ends during the scan gives a partial result that says so" {
	hold_until 'pass'
	disturbed_scan KILL subject
	summary '(.partial | contains("ended")) and .sampled_pages + .gone_pages == .population_pages'
}

@test "a process that executes another program during the scan gives a partial result that says so" {
	hold_until 'os.execvp("sleep", ["sleep", "600"])'
	disturbed_scan USR1 subject
	summary '(.partial | contains("executed another program")) and .sampled_pages + .gone_pages == .population_pages'
}

@test "memory that is unmapped during the scan gives a partial result that says so" {
	hold_until 'held.close()'
	disturbed_scan USR1 subject
	summary '(.partial | contains("unmapped")) and .sampled_pages + .gone_pages == .population_pages'
}

@test "^C ends a scan with what it has, exit 0" {
	hold_until 'pass'
	disturbed_scan INT scan
	summary '.partial == "stopped by a signal" and .gone_pages == 0'
}

@test "^C while a scan still looks for pages: it says that there are no figures, and why" {
	command -v strace >/dev/null || skip "strace is not installed"
	run --separate-stderr strace -f -o /dev/null -P "/proc/$$/pagemap" -e trace=pread64 -e inject=pread64:signal=INT:when=1 \
		"$MONITOR" scan -q --pid $$ --format json
	[ "$status" = 1 ]
	[ -z "$output" ]
	[[ $stderr == *"stopped by a signal before a page was read"* ]]
}

@test "the processes of a cgroup are scanned, what they share counted once" {
	[ "$(id -u)" = 0 ] || skip "frame numbers need root"
	root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -n "$root" ] || root=$(awk '$3 == "cgroup" && $4 ~ /freezer/ { print $2; exit }' /proc/mounts)
	[ -n "$root" ] || skip "no cgroup hierarchy is mounted"
	group=$root/compressor_monitor.$$
	mkdir "$group" || skip "cannot make a cgroup in $root"
	python3 -c 'import mmap, os, sys, time
shared = mmap.mmap(-1, 1009 * 4096)
for i in range(1009):
	shared[i * 4096] = 1 + i % 250
for child in range(3):
	if os.fork() == 0:
		for i in range(1009):
			shared[i * 4096]
		break
open(sys.argv[1] + "/cgroup.procs", "w").write(str(os.getpid()))
print("ready", flush=True)
time.sleep(600)' "$group" >"$BATS_TEST_TMPDIR/ready" 3>&- &
	subject=$!
	for _ in $(seq 200); do
		[ "$(wc -l <"$group/cgroup.procs")" = 4 ] && [ "$(wc -l <"$BATS_TEST_TMPDIR/ready")" = 4 ] && break
		sleep 0.05
	done
	run --separate-stderr "$MONITOR" scan -q --cgroup "$group" --codec lz4 --format json
	mapfile -t members <"$group/cgroup.procs"	# all of them before the first is killed and the list moves
	kill -9 "${members[@]}"
	wait "$subject" || true
	for _ in $(seq 100); do rmdir "$group" 2>/dev/null && break; sleep 0.05; done
	[ "$status" = 0 ]
	summary '.shmem_pages == 1009 and .again_pages >= 3 * 1009'
	[ ! -d "$group" ]
}

@test "a tree is a process, its children and theirs, and nobody else" {
	# Each of the first three holds 1009 pages of its own, the brother outside of the tree too.
	python3 -c 'import mmap, os, time
def hold():
	held = mmap.mmap(-1, 1009 * 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
	for i in range(1009):
		held[i * 4096] = 1 + i % 250
	return held
brother = os.fork()
if brother:
	child = os.fork()
	if not child:
		grandchild = os.fork()
held = hold()
print("ready", os.getpid(), flush=True)
time.sleep(600)' >"$BATS_TEST_TMPDIR/ready" 3>&- &
	subject=$!
	for _ in $(seq 200); do
		[ "$(grep -c ready "$BATS_TEST_TMPDIR/ready")" = 4 ] && break
		sleep 0.05
	done
	mapfile -t all < <(awk '/ready/ { print $2 }' "$BATS_TEST_TMPDIR/ready")
	child=$(pgrep -P "$subject" | while read -r pid; do pgrep -P "$pid" >/dev/null && echo "$pid"; done)
	run --separate-stderr "$MONITOR" scan -q --tree "$child" --codec lz4 --format json
	tree=$(jq 'select(.type == "scan_summary") | .anon_pages' <<<"$output")
	run --separate-stderr "$MONITOR" scan -q --tree "$subject" --codec lz4 --format json
	all_of_them=$(jq 'select(.type == "scan_summary") | .anon_pages' <<<"$output")
	run --separate-stderr "$MONITOR" scan -q --system --codec lz4 --format json
	system=$(jq 'select(.type == "scan_summary") | .anon_pages' <<<"$output")
	# Without rights: our own processes only, and the summary says that others were left out.
	run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups \
		bash -c '"$1" scan -q --system --codec lz4; true' - "$MONITOR"
	kill -9 "${all[@]}"
	echo "$status: $output $stderr"
	[[ $output$stderr == *"of other users skipped"* ]]
	[ "$system" -ge "$all_of_them" ]
	echo "# two processes: $tree pages, four: $all_of_them" >&3
	[ "$tree" -ge $((2 * 1009)) ]
	[ $((all_of_them - tree)) -ge $((2 * 1009)) ]
}

@test "another user's process is refused with a way out" {
	[ "$(id -u)" = 0 ] || skip "needs root to be somebody else"
	hold
	cp "$MONITOR" "$BATS_TEST_TMPDIR/monitor"
	chmod 755 "$BATS_TEST_TMPDIR/monitor" "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$BATS_TEST_TMPDIR/monitor" scan -q --pid "$subject"
	[ "$status" = 1 ]
	[[ $output == *"process $subject"*"another user"*"as root"* ]]
}

# ---- the kernel's own codecs ------------------------------------------------------------------------------------

@test "calibrate measures every algorithm of the kernel and takes its devices away" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -r /sys/class/zram-control/hot_add ] || skip "no zram-control: modprobe zram"
	corpus elf
	before=$(cd /sys/block && echo zram*)
	run --separate-stderr "$MONITOR" calibrate -q --file "$corpus" --algo lz4,lzo-rle --runs 3 --format json
	# shellcheck disable=SC2154 # set by run
	[[ $stderr != *"lacks"* ]] || skip "this kernel's zram has no lz4 or lzo-rle"
	[ "$status" = 0 ]
	[ "$before" = "$(cd /sys/block && echo zram*)" ]
	jq -es 'map(select(.type == "calibrate")) | map(.algorithm) == ["lz4", "lzo-rle"] and
		all(.compr_bytes > 0 and .compr_bytes < .orig_bytes and .compress_ns > 0 and .decompress_ns > 0)' \
		<<<"$output"
	# The library writes what the kernel's lz4 writes, to 0.1 %.
	jq -es 'map(select(.algorithm == "lz4"))[0] | .compr_error_ratio | fabs < 0.001' <<<"$output"
}

# bench_row LABEL FIELD: of the largest size in $output
bench_row() {
	jq -es --arg codec "$1" "map(select(.type == \"bench\" and .label == \$codec)) | max_by(.size_bytes) | .$2" <<<"$output"
}

@test "kernel codecs in a bench store what zram's mm_stat says, and their devices go" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -r /sys/class/zram-control/hot_add ] || skip "no zram-control: modprobe zram"
	corpus elf
	before=$(cd /sys/block && echo zram*)
	run --separate-stderr "$MONITOR" bench -q --results "$BATS_TEST_TMPDIR/csv" --corpora "$corpus,profile:mixed" --max-size 1MiB --runs 2 --warmups 1 \
		--codec lz4:1,kernel:lz4 --format json
	# shellcheck disable=SC2154 # set by run
	[[ $stderr != *"no algorithm"* ]] || skip "this kernel's zram has no lz4"
	[ "$status" = 0 ]
	[ "$before" = "$(cd /sys/block && echo zram*)" ]
	jq -es 'map(select(.type == "bench" and .mode == "kernel")) | length == 10 and all(.validation == "PASS" and
		.level == null and .io_write_ns > 0 and .io_read_ns > 0)' <<<"$output"
	# The model beside the exact figures: data to 0.1 %, memory to a zspage or two, which is much of so small a pool.
	jq -es 'map(select(.type == "bench" and .size_bytes == 1048576)) | group_by(.corpus) | all(
		(map({(.mode): .}) | add) | (.library.stored_bytes / .kernel.stored_bytes - 1 | fabs) < 0.001 and
		.library.huge_pages == .kernel.huge_pages and .library.same_pages == .kernel.same_pages and
		(.library.used_bytes - .kernel.used_bytes | fabs) <= 65536)' <<<"$output"
}

@test "kernel stands for every algorithm that zram has; lzo and lzo-rle are its own to the byte" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -r /sys/class/zram-control/hot_add ] || skip "no zram-control: modprobe zram"
	corpus elf
	need_zram lzo-rle
	algorithms=$(tr -d '[]' <"/sys/block/zram$device/comp_algorithm")
	[[ " $algorithms " == *" lzo "* ]] || skip "this kernel's zram has no lzo"
	run --separate-stderr "$MONITOR" bench -q --results "$BATS_TEST_TMPDIR/csv" --corpora "$corpus,profile:mixed" --max-size 1MiB --runs 1 \
		--warmups 1 --codec kernel,lzo,lzo-rle --format json
	[ "$status" = 0 ]
	[ "$(jq -r 'select(.mode == "kernel" and .size_bytes == 1048576) | .codec' <<<"$output" | sort -u | xargs)" = \
		"$(xargs -n 1 <<<"$algorithms" | sort | xargs)" ]
	jq -es 'map(select(.type == "bench" and .size_bytes >= 4096 and (.codec == "lzo" or .codec == "lzo-rle"))) |
		group_by([.corpus, .size_bytes, .codec]) | length == 20 and all((map([.stored_bytes, .used_bytes, .huge_pages, .same_pages]) |
		unique | length) == 1 and (map(.mode) | sort) == ["kernel", "library"])' <<<"$output"
}

@test "levels and dictionaries reach the kernel's codec, or the row says why not" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -r /sys/class/zram-control/hot_add ] || skip "no zram-control: modprobe zram"
	corpus elf
	run --separate-stderr "$MONITOR" bench -q --results "$BATS_TEST_TMPDIR/csv" --corpora "$corpus" --max-size 256KiB --runs 1 --warmups 1 \
		--codec kernel:lz4:1,kernel:lz4:16,kernel:lz4:1:16KiB,lz4:16,lz4-dict:1:16KiB --format json
	[[ $stderr != *"no algorithm"* ]] || skip "this kernel's zram has no lz4"
	[[ $stderr != *"cannot take a level"* ]] || skip "this kernel's zram takes no levels"
	[ "$status" = 0 ]
	plain=$(bench_row kernel:lz4:1 stored_bytes)
	[ "$(bench_row kernel:lz4:16 stored_bytes)" -gt "$plain" ]
	[ "$(bench_row kernel:lz4:1:16KiB stored_bytes)" -lt "$plain" ]
	within 2000 "$(bench_row lz4:16 stored_bytes)" "$(bench_row kernel:lz4:16 stored_bytes)" "lz4 acceleration 16"
	within 2000 "$(bench_row lz4-dict:1:16KiB stored_bytes)" "$(bench_row kernel:lz4:1:16KiB stored_bytes)" "lz4, dictionary"
}

@test "a bench of a kernel codec killed half way leaves a device that recover takes away" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -r /sys/class/zram-control/hot_add ] || skip "no zram-control: modprobe zram"
	corpus elf
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
	before=$(cd /sys/block && echo zram*)
	"$MONITOR" bench -q --results "$BATS_TEST_TMPDIR/csv" --corpora "$corpus" --max-size 4MiB --runs 1000 --codec kernel --format json >/dev/null 2>&1 3>&- &
	subject=$!
	for _ in $(seq 200); do
		[ "$before" = "$(cd /sys/block && echo zram*)" ] || break
		kill -0 "$subject" || break
		sleep 0.02
	done
	kill -9 "$subject" || true
	wait "$subject" || true
	subject=
	run "${MONITOR%/*}/coldpress" recover
	[ "$status" = 0 ]
	[ "$before" = "$(cd /sys/block && echo zram*)" ]
	[ -z "$(find "$COLDPRESS_STATE_DIR" -name "dictionary.*")" ]
}

@test "calibrate killed half way leaves a device that recover takes away" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -r /sys/class/zram-control/hot_add ] || skip "no zram-control: modprobe zram"
	corpus elf
	before=$(cd /sys/block && echo zram*)
	COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
	export COLDPRESS_STATE_DIR
	"$MONITOR" calibrate -q --file "$corpus" --runs 20 --algo lzo &
	subject=$!
	for _ in $(seq 200); do
		[ "$before" != "$(cd /sys/block && echo zram*)" ] && break
		sleep 0.01
	done
	kill -9 "$subject"
	wait "$subject" || true
	[ "$before" != "$(cd /sys/block && echo zram*)" ]
	run "$BATS_TEST_DIRNAME/../../build/bin/coldpress" recover
	[ "$status" = 0 ]
	[ "$before" = "$(cd /sys/block && echo zram*)" ]
}
