#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ram_pool setup beyond plain swap: levels, dictionaries, block devices, file systems, a device that was there
# already, and what a cold tier needs. What the kernel lacks must be refused with a message.

load pool_helpers
bats_require_minimum_version 1.5.0

setup_file() {
	own_state
	export added
	added=$(cat /sys/class/zram-control/hot_add)
}

teardown_file() {
	[ -n "${added-}" ] || return 0
	for _ in $(seq 50); do echo "$added" >/sys/class/zram-control/hot_remove && break; sleep 0.1; done 2>/dev/null
}

setup() {
	# shellcheck disable=SC2034 # restored() compares with it
	before=$(machine)
}

teardown() {
	for name in first second third; do [ ! -e "$COLDPRESS_STATE_DIR/pool.$name.book" ] || "$pool" reset -q --name $name; done
	! mountpoint -q "$BATS_TEST_TMPDIR/mnt" || umount "$BATS_TEST_TMPDIR/mnt"
	"$pool" reset -q
	"$pool" recover -q
}

kernel_has() {
	[ -e "/sys/block/zram$added/$1" ]
}

has_codec() {
	tr -d '[]' <"/sys/block/zram$added/comp_algorithm" | grep -qw "$1"
}

# A text of 4 MiB whose pages are alike, but none is like itself.
text() {
	awk 'BEGIN { srand(7); for (i = 0; n < 4194304; i++) { s = sprintf("%d %x word%d %f\n", i, i * 7919, rand() * 5000, rand())
		n += length(s); printf "%s", s } }' | head -c 4194304
}

# compressed ARGUMENT... - codec bytes of the text on a raw pool set up so.
compressed() {
	local device
	device=$("$pool" setup --size 16MiB --raw "$@" -f json | field device)
	text | dd of="$device" bs=1M oflag=direct iflag=fullblock status=none
	"$pool" status -f json | field compr_bytes
	"$pool" reset -q
}

@test "--level reaches the codec: a higher acceleration leaves more bytes" {
	kernel_has algorithm_params || skip "this kernel's zram takes no level (from 6.12)"
	has_codec lz4 || skip "this kernel's zram has no lz4"
	plain=$(compressed --algo lz4)
	fast=$(compressed --algo lz4 --level 64)
	echo "$plain $fast"
	[ "$plain" -gt 0 ]
	[ "$fast" -gt "$plain" ]
	restored
}

@test "--dict reaches the codec: pages like the dictionary get smaller" {
	kernel_has algorithm_params || skip "this kernel's zram takes no dictionary (from 6.12)"
	has_codec lz4 || skip "this kernel's zram has no lz4"
	text | head -c 65536 >"$BATS_TEST_TMPDIR/a dictionary"
	plain=$(compressed --algo lz4)
	dict=$(compressed --algo lz4 --dict "$BATS_TEST_TMPDIR/a dictionary")
	echo "$plain $dict"
	[ "$dict" -gt 0 ]
	[ "$dict" -lt "$plain" ]
	restored
}

@test "a level or a dictionary that the algorithm would ignore is refused, with those that have one" {
	kernel_has algorithm_params || skip "this kernel's zram takes no level (from 6.12)"
	if has_codec lzo; then
		run --separate-stderr "$pool" setup --size 16MiB --algo lzo --level 3
		[ "$status" -eq 2 ]
		# shellcheck disable=SC2154 # run sets it
		[[ $stderr == *"lzo has no level"*zstd* ]]
		run --separate-stderr "$pool" setup --size 16MiB --algo lzo --dict /etc/passwd
		[ "$status" -eq 2 ]
		[[ $stderr == *"takes no dictionary"* ]]
	fi
	if has_codec deflate; then
		run --separate-stderr "$pool" setup --size 16MiB --algo deflate --dict /etc/passwd
		[ "$status" -eq 2 ]
		[[ $stderr == *"takes no dictionary"* ]]
	fi
	run --separate-stderr "$pool" setup --size 16MiB --algo lz4 --dict "$BATS_TEST_TMPDIR/none"
	[ "$status" -eq 1 ]
	[[ $stderr == *dictionary* ]]
	run --separate-stderr "$pool" setup --size 16MiB --level fast
	[ "$status" -eq 2 ]
	restored
}

@test "--raw: a plain block device, which reset refuses while it is open" {
	json=$("$pool" setup --size 16MiB --raw -f json)
	[ "$(field use <<<"$json")" = raw ]
	[ "$(field swap <<<"$json")" = false ]
	device=$(field device <<<"$json")
	run grep -c "^$device " /proc/swaps
	[ "$output" = 0 ]
	text | dd of="$device" bs=1M oflag=direct iflag=fullblock status=none
	[ "$(head -c 4194304 "$device" | md5sum)" = "$(text | md5sum)" ]
	[ "$("$pool" status -f json | field warning)" = null ]
	mkswap -q "$device"
	swapon "$device"
	run --separate-stderr "$pool" reset
	swapoff "$device"
	[ "$status" -eq 1 ]
	[[ $stderr == *"in use as swap"*"swapoff $device"* ]]
	[ "$("$pool" status -f json | field state)" = ready ]
	exec 8<"$device" # open, no more: the device itself says so after 5 s
	run --separate-stderr "$pool" reset
	exec 8<&-
	[ "$status" -eq 1 ]
	[[ $stderr == *fuser* ]]
	[ "$("$pool" status -f json | field state)" = ready ]
	"$pool" reset -q
	restored
}

@test "--fs ext4: a file system, which reset refuses while it is mounted" {
	command -v mkfs.ext4 >/dev/null || skip "no mkfs.ext4 (e2fsprogs)"
	grep -qw ext4 /proc/filesystems || modprobe -q ext4 || skip "this kernel has no ext4"
	json=$("$pool" setup --size 64MiB --fs ext4 -f json)
	[ "$(field use <<<"$json")" = ext4 ]
	mkdir "$BATS_TEST_TMPDIR/mnt"
	mount "$(field device <<<"$json")" "$BATS_TEST_TMPDIR/mnt"
	text >"$BATS_TEST_TMPDIR/mnt/file"
	run --separate-stderr "$pool" reset
	[ "$status" -eq 1 ]
	[[ $stderr == *umount* ]]
	[ "$(md5sum <"$BATS_TEST_TMPDIR/mnt/file")" = "$(text | md5sum)" ]
	umount "$BATS_TEST_TMPDIR/mnt"
	"$pool" reset -q
	restored
}

@test "--device: uses a free one, leaves it as it was, refuses one in use or none" {
	before_algorithm=$(cat "/sys/block/zram$added/comp_algorithm")
	codec=$(tr -d '[]' <<<"$before_algorithm" | awk '{ print $NF }')
	json=$("$pool" setup --size 64MiB --algo "$codec" --device "zram$added" -f json)
	[ "$(field id <<<"$json")" = "$added" ]
	run --separate-stderr "$pool" setup --size 64MiB --name other --device "/dev/zram$added"
	[ "$status" -eq 1 ]
	[[ $stderr == *"in use"* ]]
	"$pool" reset -q
	[ "$(cat "/sys/block/zram$added/comp_algorithm")" = "$before_algorithm" ]
	[ "$(cat "/sys/block/zram$added/disksize")" = 0 ]
	run --separate-stderr "$pool" setup --size 64MiB --device zram4094
	[ "$status" -eq 1 ]
	[[ $stderr == *zram4094* ]]
	run --separate-stderr "$pool" setup --size 64MiB --device sda
	[ "$status" -eq 2 ]
	restored
}

# killed_everywhere ARGUMENT... - setup with these, killed at every call that changes something; recovered each time.
killed_everywhere() {
	local all call i n=0
	mapfile -t all < <(calls "$pool" setup --size 16MiB -q "$@")
	"$pool" reset -q
	restored "traced"
	for call in "${all[@]}"; do
		for i in $(seq "${call#* }"); do
			run strace -f -qq -o /dev/null -e "inject=${call% *}:signal=KILL:when=$i" \
				"$pool" setup --size 16MiB -q "$@"
			"$pool" recover -q
			"$pool" reset -q
			restored "$call at $i"
			n=$((n + 1))
		done
	done
	echo "# killed $n times" >&3
	[ "$n" -ge 50 ]
}

@test "kill -9 at every call of setup --device --raw: the device is there, free, with the codec it had" {
	command -v strace >/dev/null || skip "no strace"
	killed_everywhere --device "zram$added" --raw --algo \
		"$(tr -d '[]' <"/sys/block/zram$added/comp_algorithm" | awk '{ print $NF }')"
}

# shape ID - what a set-up decides: codec, sizes, priority.
shape() {
	cat "/sys/block/zram$1/comp_algorithm" "/sys/block/zram$1/disksize"
	awk '{ print $4 }' "/sys/block/zram$1/mm_stat"
	awk -v d="/dev/zram$1" '$1 == d { print $3, $5 }' /proc/swaps
}

@test "--dry-run changes nothing; its script makes the same pool" {
	codec=$(tr -d '[]' <"/sys/block/zram$added/comp_algorithm" | awk '{ print $NF }')
	arguments=(--size 64MiB --mem-limit 24MiB --algo "$codec" --device "zram$added")
	"$pool" setup "${arguments[@]}" --dry-run --as shell >"$BATS_TEST_TMPDIR/script"
	restored
	sh "$BATS_TEST_TMPDIR/script" >/dev/null
	theirs=$(shape "$added")
	swapoff "/dev/zram$added"
	for _ in $(seq 50); do echo 1 >"/sys/block/zram$added/reset" && break; sleep 0.1; done 2>/dev/null
	"$pool" setup "${arguments[@]}" -q >/dev/null
	ours=$(shape "$added")
	echo "$theirs"
	[ "$ours" = "$theirs" ]
	"$pool" reset -q
	"$pool" setup "${arguments[@]}" --dry-run --as zram-generator >"$BATS_TEST_TMPDIR/conf"
	grep -qx "\[zram$added\]" "$BATS_TEST_TMPDIR/conf"
	grep -qx "compression-algorithm = $codec" "$BATS_TEST_TMPDIR/conf"
	grep -qx "zram-resident-limit = 25165824 / 1048576" "$BATS_TEST_TMPDIR/conf"
}

@test "a dry run quotes what it is given, so that a hostile name stays a name" {
	# shellcheck disable=SC2016 # meant as it stands
	"$pool" setup --size 64MiB --raw --dict '$(touch '"$BATS_TEST_TMPDIR"'/owned)' --dry-run >"$BATS_TEST_TMPDIR/script"
	sed -i 's#^id=.*#id=none#; s#^zram=.*#zram='"$BATS_TEST_TMPDIR"'#' "$BATS_TEST_TMPDIR/script"
	sh "$BATS_TEST_TMPDIR/script"
	[ ! -e "$BATS_TEST_TMPDIR/owned" ]
	grep -qF '$(touch ' "$BATS_TEST_TMPDIR/algorithm_params"
	run --separate-stderr "$pool" setup --size 64MiB --recompress $'a\nb' --dry-run --as zram-generator
	[ "$status" -eq 2 ]
	restored
}

@test "several of swap, raw and a file system, or options of swap without it: usage" {
	for arguments in "--raw --fs ext4" "--swap --raw" "--raw --tune" "--fs ext4 --priority 3"; do
		# shellcheck disable=SC2086
		run --separate-stderr "$pool" setup --size 64MiB $arguments
		[ "$status" -eq 2 ]
	done
	restored
}

@test "a cold tier that the kernel lacks is refused, with kernels that have it and what this one has" {
	truncate -s 16M "$BATS_TEST_TMPDIR/backing"
	if ! kernel_has recomp_algorithm; then
		run --separate-stderr "$pool" setup --size 16MiB --recompress lzo
		[ "$status" -eq 77 ]
		[[ $stderr == *"cannot recompress"*CONFIG_ZRAM_MULTI_COMP*"this kernel has:"* ]]
	fi
	if ! kernel_has backing_dev; then
		run --separate-stderr "$pool" setup --size 16MiB --backing "$BATS_TEST_TMPDIR/backing"
		[ "$status" -eq 77 ]
		[[ $stderr == *"cannot write back"*CONFIG_ZRAM_WRITEBACK*"this kernel has:"* ]]
	fi
	"$pool" setup --size 16MiB -q >/dev/null
	run --separate-stderr "$pool" age --older 1s
	[ "$status" -eq 77 ]
	[ "$("$pool" status -f json | field state)" = ready ]
	"$pool" reset -q
	restored
}

@test "--backing refuses what does not exist, is not empty, or is too small" {
	kernel_has backing_dev || skip "this kernel's zram cannot write back (CONFIG_ZRAM_WRITEBACK)"
	run --separate-stderr "$pool" setup --size 16MiB --backing "$BATS_TEST_TMPDIR/none"
	[ "$status" -eq 1 ]
	[[ $stderr == *fallocate* ]]
	text >"$BATS_TEST_TMPDIR/text"
	run --separate-stderr "$pool" setup --size 16MiB --backing "$BATS_TEST_TMPDIR/text"
	[ "$status" -eq 1 ]
	[[ $stderr == *"not empty"* ]]
	[ "$(md5sum <"$BATS_TEST_TMPDIR/text")" = "$(text | md5sum)" ]
	truncate -s 4096 "$BATS_TEST_TMPDIR/small"
	run --separate-stderr "$pool" setup --size 16MiB --backing "$BATS_TEST_TMPDIR/small"
	[ "$status" -eq 2 ]
	restored
}

@test "zswap in front is reported at setup and in the status, with the way to disable it" {
	enabled=/sys/module/zswap/parameters/enabled
	[ -e $enabled ] || skip "this kernel has no zswap"
	was=$(cat $enabled)
	echo Y >$enabled
	run --separate-stderr "$pool" setup --size 64MiB -q
	warning=$("$pool" status -f json | field warning)
	echo "$was" >$enabled
	[ "$status" -eq 0 ]
	[[ $stderr == *"zswap is enabled"*"$enabled"* ]]
	[[ $warning == *"zswap is enabled"*"$enabled"* ]]
	[ "$was" = Y ] || [ "$("$pool" status -f json | field warning)" = null ]
	"$pool" reset -q
	restored
}

@test "another swap of the same or a higher priority is named, at setup and in the status" {
	"$pool" setup --size 64MiB --name first --priority 9 -q >/dev/null
	run --separate-stderr "$pool" setup --size 64MiB --name second --priority 9
	[ "$status" -eq 0 ]
	[[ $stderr == *"has priority 9: it is used in turn with the pool"* ]]
	first=$("$pool" status -f json --name first | field device)
	[[ $("$pool" status -f json --name second | field warning) == "$first (priority 9) is used in turn: "* ]]
	"$pool" reset -q --name second
	[ "$("$pool" status -f json --name first | field warning)" = null ]
	# Of several the first alone, once.
	"$pool" setup --size 64MiB --name second --priority 7 -q >/dev/null 2>&1
	"$pool" setup --size 64MiB --name third --priority 8 -q >/dev/null 2>&1
	warning=$("$pool" status -f json --name second | field warning)
	"$pool" reset -q --name third
	[[ $warning == "$first (priority 9) is used before the pool: "*--priority ]]
	"$pool" reset -q --name second
	"$pool" reset -q --name first
	restored
}

@test "a device that somebody holds open for a moment: reset tries again until it is free" {
	device=$("$pool" setup --size 16MiB --raw -f json | field device)
	command -v strace >/dev/null || skip "no strace"
	exec 8<"$device"
	strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=write,openat "$pool" reset -q 3>&- 8<&- &
	reset=$!
	until_true grep -q EBUSY "$BATS_TEST_TMPDIR/trace" # it has been refused once
	exec 8<&-
	wait $reset
	restored
}

@test "--zswap: enabled in front of the pool until reset, and as before afterwards" {
	parameters=/sys/module/zswap/parameters
	[ -e $parameters/enabled ] || skip "this kernel has no zswap"
	zswap() { cat $parameters/enabled $parameters/compressor $parameters/shrinker_enabled 2>/dev/null || true; }
	was=$(zswap)
	"$pool" setup --size 64MiB --zswap "$(cat $parameters/compressor)" -q >/dev/null
	[ "$(cat $parameters/enabled)" = Y ]
	"$pool" reset -q
	[ "$(zswap)" = "$was" ]
	run --separate-stderr "$pool" setup --size 64MiB --zswap novel
	[ "$status" -eq 1 ]
	[[ $stderr == *zswap* ]]
	[ "$(zswap)" = "$was" ]
	restored
}
