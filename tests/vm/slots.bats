#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The slot model on this guest's kernel: what compressor_monitor predicts for a pool filled with a file, against the
# mm_stat of a device that was filled with it. Bytes, so it may run as slowly as it likes.

bats_require_minimum_version 1.5.0
load ../live/pool_helpers
monitor=$BATS_TEST_DIRNAME/../../build/bin/compressor_monitor

# 24 MiB: half machine code, the rest text, random, one word repeated, and zeroes.
setup_file() {
	need_zram
	export corpus=$BATS_FILE_TMPDIR/corpus
	{
		find /usr/lib -type f -name '*.so*' -size +1M -size -4M -print0 | sort -z | head -z -n 12 |
			xargs -0 cat | head -c 12M
		seq 1000000 | head -c 6M
		head -c 2M /dev/urandom
		head -c 2M /dev/zero | tr '\0' 'x'
		head -c 2M /dev/zero
	} >"$corpus"
	truncate -s %4096 "$corpus"
}

setup() {
	device=
}

teardown() {
	[ -z "$device" ] || { echo 1 >"/sys/block/zram$device/reset" && echo "$device" >/sys/class/zram-control/hot_remove; }
}

scan() { # scan CODEC FIELD - of a codec's row, or of the summary
	"$monitor" scan -q --file "$corpus" --all --codec "$1" --format json |
		jq "if .type == \"scan_codec\" then .$2 elif .type == \"scan_summary\" then .$2 else empty end | values"
}

# near PPM PREDICTED MEASURED WHAT
near() {
	local off=$((($2 - $3) * 1000000 / $3))
	echo "# $4: predicted $2, measured $3, off by $off ppm" >&3
	[ "${off#-}" -le "$1" ]
}

# predicts ALGORITHM CODEC PPM - the data within PPM of what is measured, and memory within that and 0.5 % more.
predicts() {
	local compr used same huge row
	device=$(cat /sys/class/zram-control/hot_add)
	case " $(tr -d '[]' <"/sys/block/zram$device/comp_algorithm") " in
	*" $1 "*) ;;
	*) skip "this kernel's zram has no $1" ;;
	esac
	echo "$1" >"/sys/block/zram$device/comp_algorithm"
	stat -c %s "$corpus" >"/sys/block/zram$device/disksize"
	dd if="$corpus" of="/dev/zram$device" bs=1M oflag=direct status=none
	read -r _ compr used _ _ same _ huge _ <"/sys/block/zram$device/mm_stat"
	row=$("$monitor" scan -q --file "$corpus" --all --codec "$2" --format json)
	[ "$(jq 'select(.type == "scan_summary") | .zero_pages + .same_pages' <<<"$row")" = "$same" ]
	near "$3" "$(jq 'select(.type == "scan_codec") | .stored_bytes' <<<"$row")" "$compr" "$1 compr_data_size"
	near $(($3 + 5000)) "$(jq 'select(.type == "scan_codec") | .pool_bytes' <<<"$row")" "$used" "$1 mem_used_total"
	echo "# $1: incompressible predicted $(jq 'select(.type == "scan_codec") | .huge_pages' <<<"$row"), measured $huge" >&3
}

@test "the chain of the model is the kernel's: 4 before 6.3, what it was built with since" {
	chain=$(sed -n 's/^CONFIG_ZSMALLOC_CHAIN_SIZE=//p' "/boot/config-$(uname -r)")
	run --separate-stderr "$monitor" scan -q --file /proc/self/exe --all --codec lz4 --format json
	[ "$status" -eq 0 ]
	[ "$(jq 'select(.type == "scan_summary") | .chain' <<<"$output")" = "${chain:-4}" ]
	echo "# $(uname -r): chain ${chain:-4}" >&3
}

@test "lz4: the library is the kernel's codec" { predicts lz4 lz4:1 1000; }
@test "lz4hc at the kernel's level" { predicts lz4hc lz4hc:9 5000; }
@test "lzo" { predicts lzo lzo 0; }
@test "lzo-rle" { predicts lzo-rle lzo-rle 0; }
# Before 6.12, when zram got parameters, it took zstd from the crypto interface, which tunes it for input of unknown
# size: 1.2 % more data than the same level makes of a page. And the zstd of 6.1 is 1.4.10, older than the library.
@test "zstd at the kernel's level" {
	codec=zstd
	[ -e /sys/block/zram0/algorithm_params ] || codec=zstd-crypto
	predicts zstd $codec:3 3000
}
@test "deflate as the kernel asks zlib for it" { predicts deflate zlib:6 3000; }

# What the kernel keeps whole begins at 3,257 bytes with chain 4 and at 3,625 with chain 8.
@test "a model of the other chain does not fit, so that the tests above can tell" {
	device=$(cat /sys/class/zram-control/hot_add)
	echo lz4 >"/sys/block/zram$device/comp_algorithm"
	stat -c %s "$corpus" >"/sys/block/zram$device/disksize"
	dd if="$corpus" of="/dev/zram$device" bs=1M oflag=direct status=none
	read -r _ _ used _ _ _ _ huge _ <"/sys/block/zram$device/mm_stat"
	own=$("$monitor" scan -q --file /proc/self/exe --all --codec lz4 --format json |
		jq 'select(.type == "scan_summary") | .chain')
	for chain in 4 8; do
		row=$("$monitor" scan -q --file "$corpus" --all --codec lz4:1 --chain $chain --format json)
		predicted=$(jq 'select(.type == "scan_codec") | .huge_pages' <<<"$row")
		echo "# chain $chain: incompressible predicted $predicted, measured $huge;" \
			"$(jq 'select(.type == "scan_codec") | .pool_bytes' <<<"$row") bytes for $used" >&3
		if [ "$chain" = "$own" ]; then
			[ "$predicted" = "$huge" ]
		else
			[ "$predicted" != "$huge" ]
		fi
	done
}
