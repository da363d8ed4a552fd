#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ram_pool age, where the kernel has a cold tier: recompression and writeback, on data whose pages differ in what a
# codec can do for them; and killed, or failed, at every call by which it changes something. A foreign zram swap with
# pages in it stands by through all of it.
#
# Few developers' kernels have either; the guests of tests/vm have both, so this file runs there, too.

load pool_foreign
bats_require_minimum_version 1.5.0

# 2 MiB: text, then random letters, which zstd makes a quarter smaller and lz4 and lzo do not, then random bytes.
setup_file() {
	own_state
	export data=$BATS_FILE_TMPDIR/data sum
	{
		seq -f 'line %.0f of a text that compresses' 60000 | head -c 1M
		base64 -w 0 /dev/urandom | head -c 512K
		head -c 512K /dev/urandom
	} >"$data"
	sum=$(md5sum <"$data")
	foreign_swap
}

setup() {
	backing=$BATS_TEST_TMPDIR/backing
	# shellcheck disable=SC2034 # restored() compares with it
	before=$(machine)
}

teardown() {
	"$pool" reset -q --force
	"$pool" recover -q
}

kernel_has() { [ -e "/sys/block/zram$foreign/$1" ]; }

need() {
	case $1 in
	recompress)
		kernel_has recomp_algorithm || skip "this kernel's zram cannot recompress (CONFIG_ZRAM_MULTI_COMP)"
		grep -qw zstd "/sys/block/zram$foreign/comp_algorithm" || skip "this kernel's zram has no zstd"
		;;
	writeback) kernel_has backing_dev || skip "this kernel's zram cannot write back (CONFIG_ZRAM_WRITEBACK)" ;;
	esac
}

fill() { dd if="$data" of="$device" bs=1M oflag=direct status=none; }

# cold_pool ARGUMENT... - a raw pool of lz4 with the data on it; sets $device.
cold_pool() {
	device=$("$pool" setup --algo lz4 --size 16MiB --raw "$@" -f json | field device)
	fill
}

backing_of() { truncate -s "$1" "$backing"; }

intact() { [ "$(dd if="$device" bs=1M count=2 iflag=direct status=none | md5sum)" = "$sum" ]; }

status_of() { "$pool" status -f json | field "$1"; }

gone() {
	"$pool" reset -q
	restored
}

@test "recompress: what is old gets smaller, what cannot stays; status and the record say the same" {
	need recompress
	cold_pool --recompress zstd
	[ "$(status_of second_algorithm)" = zstd ]
	[ "$(status_of incompressible_pages)" = 256 ]
	was=$(status_of compr_bytes) used=$(status_of used_bytes)
	json=$("$pool" age --older 0s -f json)
	echo "# 2 MiB: $was codec bytes in $used; recompressed $(field compr_after_bytes <<<"$json") in" \
		"$(field used_after_bytes <<<"$json")" >&3
	[ "$(field recompressed <<<"$json")" = true ]
	[ "$(field written_back <<<"$json")" = false ]
	[ "$(field compr_before_bytes <<<"$json")" = "$was" ]
	[ "$(field compr_after_bytes <<<"$json")" = "$(status_of compr_bytes)" ]
	[ "$(field used_after_bytes <<<"$json")" = "$(status_of used_bytes)" ]
	# The letters: by a quarter, less what zstd's own figures about them take.
	[ "$(field compr_after_bytes <<<"$json")" -le $((was - 128 * 4096 / 5)) ]
	[ "$(status_of used_bytes)" -lt "$used" ]
	[ "$(status_of incompressible_pages)" = 128 ]
	intact
	# A second round finds nothing to do.
	json=$("$pool" age --older 0s -f json)
	[ "$(field compr_after_bytes <<<"$json")" = "$(field compr_before_bytes <<<"$json")" ]
	intact
	gone
}

@test "recompress by age: what was written later stays as it is" {
	need recompress
	device=$("$pool" setup --algo lz4 --size 16MiB --raw --recompress zstd -f json | field device)
	dd if="$data" of="$device" bs=512K count=1 oflag=direct status=none
	half=$(status_of compr_bytes)
	written=$(date +%s)
	sleep 20
	dd if="$data" of="$device" bs=512K count=1 seek=1 skip=1 oflag=direct status=none
	all=$(status_of compr_bytes)
	# Older than all: nothing.
	[ "$("$pool" age --older 1h -f json | field compr_after_bytes)" = "$all" ]
	json=$("$pool" age --older $(($(date +%s) - written))s -f json)
	after=$(field compr_after_bytes <<<"$json")
	echo "# by $(field marked <<<"$json"): $half and $((all - half)) bytes became $after, and" \
		"$("$pool" age --older 0s -f json | field compr_after_bytes) with the rest" >&3
	[ "$after" -lt "$all" ]
	[ "$after" -gt $((all - half)) ]
	[ "$(status_of compr_bytes)" -lt "$after" ]
	[ "$(dd if="$device" bs=1M count=1 iflag=direct status=none | md5sum)" = "$(head -c 1M "$data" | md5sum)" ]
	gone
}

@test "recompress --what huge: the incompressible pages alone" {
	need recompress
	cold_pool --recompress zstd
	was=$(status_of compr_bytes)
	json=$("$pool" age --what huge -f json)
	[ "$(field marked <<<"$json")" = null ]
	[ "$(status_of incompressible_pages)" = 128 ]
	# The 128 pages of letters are 3,000 to 3,300 bytes each now, and nothing else has changed.
	less=$((was - $(field compr_after_bytes <<<"$json")))
	[ $less -ge $((128 * 800)) ]
	[ $less -le $((128 * 1096)) ]
	"$pool" age --older 0s -q >/dev/null
	[ "$(status_of compr_bytes)" -lt "$(field compr_after_bytes <<<"$json")" ]
	intact
	gone
}

@test "recompress --threshold: only from that size on; one that the kernel refuses is said with its bounds" {
	need recompress
	cold_pool --recompress zstd
	was=$(status_of compr_bytes)
	# From 3,500 bytes on there are the letters and the random pages; the text is below.
	json=$("$pool" age --older 0s --threshold 3500B -f json)
	[ "$(status_of incompressible_pages)" = 128 ]
	less=$((was - $(field compr_after_bytes <<<"$json")))
	[ $less -ge $((128 * 800)) ]
	[ $less -le $((128 * 1096)) ]
	run --separate-stderr "$pool" age --older 0s --threshold 4000B
	[ "$status" -eq 1 ]
	[[ $stderr == *"recompress: Invalid argument"*"threshold must be below"* ]]
	[ "$(status_of compr_bytes)" = "$(field compr_after_bytes <<<"$json")" ]
	intact
	gone
}

@test "recompress --policy: where it is worth its CPU, by a look at the pool; at a price that nothing pays, not" {
	need recompress
	cold_pool --recompress zstd
	was=$(status_of compr_bytes)
	for what in idle huge; do
		run --separate-stderr "$pool" age --older 0s --what $what --policy --price 1000000000 -f json
		[ "$status" -eq 0 ]
		[[ $stderr == *"nothing is recompressed: "*"below the price"* ]]
		[ "$(field recompressed <<<"$output")" = false ]
		[ "$(field compr_after_bytes <<<"$output")" = "$was" ]
		[ "$(field threshold_bytes <<<"$output")" = null ]
		echo "# $what: $(field policy_pages <<<"$output") pages, $(field policy <<<"$output")" >&3
	done
	# The incompressible ones alone: letters among them are worth it, if CPU costs nothing.
	json=$("$pool" age --older 0s --what huge --policy --price 0 -f json)
	[ "$(field recompressed <<<"$json")" = true ]
	[ "$(field policy_pages <<<"$json")" -ge 64 ]
	head -n 1 <<<"$json" | jq -e '.policy_gib_per_core > 0 and (.policy | test("GiB per core"))'
	[ "$(status_of incompressible_pages)" = 128 ]
	intact
	fill
	json=$("$pool" age --older 0s --policy --price 0 -f json)
	[ "$(field recompressed <<<"$json")" = true ]
	[ "$(field compr_after_bytes <<<"$json")" -lt "$was" ]
	[ "$(status_of compr_bytes)" = "$(field compr_after_bytes <<<"$json")" ]
	intact
	# It weighs the second codec: a round without has nothing to ask, and a threshold is its own to find.
	run --separate-stderr "$pool" age --older 0s --policy --threshold 1KiB
	[ "$status" -eq 2 ]
	[[ $stderr == *"leave out --threshold"* ]]
	run --separate-stderr "$pool" age --older 0s --policy --writeback
	[ "$status" -ne 0 ]
	gone
}

@test "recompress: a process's pages by way of swap, and back as they were" {
	need recompress
	device=$("$pool" setup --algo lz4 --recompress zstd --size 64MiB --mem-limit 32MiB -f json | field device)
	begin_holder 8
	json=$("$pool" age --older 0s -f json)
	echo "# $(field used_before_bytes <<<"$json") bytes of RAM became $(field used_after_bytes <<<"$json")" >&3
	[ "$(field compr_after_bytes <<<"$json")" -lt "$(field compr_before_bytes <<<"$json")" ]
	end_holder
	gone
}

@test "a second codec that the kernel lacks: refused with those it has, nothing stays" {
	need recompress
	run --separate-stderr "$pool" setup --size 16MiB --recompress novel
	[ "$status" -eq 2 ]
	[[ $stderr == *"'novel'"*zstd* ]]
	restored
}

@test "writeback: what is old goes to the file, and reads back as it was" {
	need writeback
	backing_of 16M
	cold_pool --backing "$backing"
	run --separate-stderr "$pool" setup --size 16MiB --name other --backing "$backing"
	[ "$status" -eq 1 ]
	[[ $stderr == *"in use"* ]]
	json=$("$pool" age --older 0s -f json)
	[ "$(field written_back <<<"$json")" = true ]
	[ "$(status_of backing_pages)" = 512 ]
	[ "$(status_of used_bytes)" = 0 ]
	intact
	[ "$(status_of backing_read_pages)" -ge 512 ]
	gone
}

@test "both tiers: the file takes what it can hold, the second codec the rest; or one of them alone" {
	need recompress
	need writeback
	backing_of 1M
	cold_pool --recompress zstd --backing "$backing"
	json=$("$pool" age --older 0s --recompress -f json)
	[ "$(field written_back <<<"$json")" = false ]
	[ "$(status_of backing_pages)" = 0 ]
	[ "$(status_of incompressible_pages)" = 128 ]
	fill
	run --separate-stderr "$pool" age --older 0s -f json
	[ "$status" -eq 0 ]
	[[ $stderr == *"backing device is full"*recompressed* ]]
	# The first page of a backing device is zram's own.
	[ "$(status_of backing_pages)" = 255 ]
	[ "$(status_of incompressible_pages)" = 128 ]
	run --separate-stderr "$pool" age --older 0s --writeback
	[ "$status" -eq 1 ]
	[[ $stderr == *"backing device is full"* ]]
	intact
	gone
}

# whole WHEN - the pool has its data, and all else is as it was.
whole() {
	[ "$(machine)" = "$around" ] || { echo "$1"; diff <(echo "$around") <(machine); return 1; }
	[ "$(status_of state)" = ready ]
	intact || { echo "$1: the data"; return 1; }
}

# everywhere WHAT - rounds of age on a pool with each tier that the kernel has.
everywhere() {
	local tiers=()
	kernel_has recomp_algorithm || kernel_has backing_dev || skip "this kernel's zram has no cold tier"
	backing_of 16M
	! kernel_has backing_dev || tiers=(--backing "$backing")
	# A file too small for everything, so that the second codec has something to do, too.
	! kernel_has recomp_algorithm || { tiers+=(--recompress zstd) && backing_of 1M; }
	cold_pool "${tiers[@]}"
	around=$(machine)
	injected "$1" fill whole "$pool" age --older 0s
	gone
}

@test "kill -9 at every call of age that changes something: the pool is whole, all else as before" {
	everywhere signal=KILL
}

@test "EBUSY at every call of age that changes something: said or tried again, nothing is lost" { everywhere error=EBUSY; }
@test "ENOMEM at every call of age that changes something" { everywhere error=ENOMEM; }
@test "EINVAL at every call of age that changes something" { everywhere error=EINVAL; }
@test "EIO at every call of age that changes something" { everywhere error=EIO; }

@test "the foreign swap still holds its pages, and they are as they were" {
	foreign_intact
}
