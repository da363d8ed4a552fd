#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ram_pool's command line: what it refuses, with which message and which exit code. Changes nothing.

bats_require_minimum_version 1.5.0

setup() {
	pool=$BATS_TEST_DIRNAME/../../build/bin/ram_pool
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
}

# refused CODE TEXT - the last run ended with it, said it in its first line, and printed no data.
refused() {
	[ "$status" -eq "$1" ]
	# shellcheck disable=SC2154 # run sets it
	[[ ${stderr%%$'\n'*} == "ram_pool: "*"$2"* ]]
	[ -z "$output" ]
}

need_root() {
	[ "$(id -u)" = 0 ] || skip "needs root to get past the first check"
}

@test "no command, an unknown one, an unknown option: usage" {
	run --separate-stderr "$pool"
	refused 2 setup
	run --separate-stderr "$pool" destroy
	refused 2 "'destroy'"
	run --separate-stderr "$pool" setup --colour
	refused 2 --colour
	run --separate-stderr "$pool" trigger
	refused 2 "trigger compress, trigger readback"
}

@test "a bare number where a unit is needed" {
	run --separate-stderr "$pool" setup --size 256
	refused 2 "'256'"
	run --separate-stderr "$pool" setup --size 256MiB --mem-limit 100
	refused 2 "'100'"
}

@test "setup wants a size, and one that makes sense" {
	run --separate-stderr "$pool" setup
	refused 2 --size
	run --separate-stderr "$pool" setup --size 4KiB
	refused 2 --size
	run --separate-stderr "$pool" setup --size 64MiB --priority 32768
	refused 2 --priority
}

@test "help names every command, and no hidden option" {
	run "$pool" --help
	[ "$status" -eq 0 ]
	for word in setup status age trigger reset recover; do [[ $output == *"$word"* ]]; done
	run "$pool" setup --help
	[[ $output == *--mem-limit* && $output != *--owner* ]]
}

@test "without root: exit 77, and how to get it" {
	if [ "$(id -u)" = 0 ]; then
		cp "$pool" "$BATS_TEST_TMPDIR/ram_pool"
		chmod 755 "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/ram_pool"
		for dir in "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/test; do [ ! -d "$dir" ] || chmod a+x "$dir"; done
		as=(setpriv --reuid 65534 --regid 65534 --clear-groups "$BATS_TEST_TMPDIR/ram_pool")
	else
		as=("$pool")
	fi
	for command in "setup --size 64MiB" status age "trigger compress --pid 1" reset recover; do
		# shellcheck disable=SC2086
		run --separate-stderr "${as[@]}" $command
		refused 77 root
		[[ $stderr == *sudo* ]]
	done
}

@test "status without a pool reports that, and is no failure" {
	need_root
	run --separate-stderr "$pool" status
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[[ $stderr == *"no pool found"* ]]
	run --separate-stderr "$pool" status -f json
	[ "$status" -eq 0 ]
	[ "$(jq -r '.type + " " + (.seen | tostring)' <<<"$output")" = "end 0" ]
}

@test "reset of a pool that does not exist" {
	need_root
	run --separate-stderr "$pool" reset
	[ "$status" -eq 0 ]
	run --separate-stderr "$pool" reset --name none
	refused 1 "pool none not found"
}

@test "recover always reports something, also of a command that was killed before it changed anything" {
	need_root
	[ -e /sys/class/zram-control/hot_add ] || skip "this kernel has no zram (modprobe zram num_devices=0)"
	run --separate-stderr "$pool" recover
	[ "$status" -eq 0 ]
	[[ $stderr == *"nothing to undo"* ]]
	{
		printf '{"v":1,"boot":"%s","pid":1}\n' "$(cat /proc/sys/kernel/random/boot_id)"
		echo '{"id":1,"kind":"setting","path":"/proc/sys/vm/none","old":"1"}'
	} >"$COLDPRESS_STATE_DIR/pool.dead.book"
	run --separate-stderr "$pool" recover
	[ "$status" -eq 0 ]
	[[ $stderr == *"nothing to undo"* ]]
	[ ! -e "$COLDPRESS_STATE_DIR/pool.dead.book" ]
}

@test "more than the machine could hold: the bound and the value" {
	need_root
	[ -e /sys/class/zram-control/hot_add ] || skip "this kernel has no zram (modprobe zram num_devices=0)"
	run --separate-stderr "$pool" setup --size 1000TiB
	refused 2 "1000.0 TiB"
	total=$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)
	run --separate-stderr "$pool" setup --size "$((total * 3 / 2))K" --mem-limit "${total}K"
	refused 2 "--mem-limit"
	[[ $stderr == *"reserve of"* ]]
	[ "$(ls -A "$COLDPRESS_STATE_DIR")" = lock ]
}

@test "names that are no file names are refused, in a dry run too, and as they were written" {
	for name in ../up a/b .a '' 'a b' $'a\nb' "$(printf 'x%.0s' {1..200})"; do
		for dry in "" --dry-run; do
			# shellcheck disable=SC2086 # none, or one
			run --separate-stderr "$pool" setup --size 64MiB --mem-limit 32MiB --name "$name" $dry
			refused 2 name
			[[ $stderr != *pool.* ]]
		done
	done
	run --separate-stderr "$pool" setup --size 64MiB --name a/b
	refused 2 "'a/b'"
}

@test "a state directory that cannot be made, or that others can write to" {
	need_root
	COLDPRESS_STATE_DIR=/proc/coldpress run --separate-stderr "$pool" status
	refused 1 /proc/coldpress
	mkdir -m 777 "$BATS_TEST_TMPDIR/open"
	chmod 777 "$BATS_TEST_TMPDIR/open"
	COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/open run --separate-stderr "$pool" status
	refused 1 "not ours alone"
	ln -s "$BATS_TEST_TMPDIR/open" "$BATS_TEST_TMPDIR/link"
	COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/link run --separate-stderr "$pool" status
	refused 1 "not ours alone"
}

@test "a dry run needs no rights, and refuses what setup would refuse" {
	run --separate-stderr "$pool" setup --size 64MiB --mem-limit 32MiB --algo lz4 --dry-run
	[ "$status" -eq 0 ]
	[[ $output == *"echo lz4 >"*"echo 33554432 >"*"echo 67108864 >"*swapon* ]]
	run --separate-stderr "$pool" setup --size 64MiB --mem-limit 32MiB --fs ext4 --dry-run --as zram-generator
	[ "$status" -eq 0 ]
	[[ $output == *"zram-size = 67108864 / 1048576"*"fs-type = ext4"* && $output != *swap-priority* ]]
	run --separate-stderr "$pool" setup --size 64MiB --mem-limit 32MiB --raw --dry-run
	[ "$status" -eq 0 ]
	[[ $output == *"echo 67108864 >"* && $output != *mkswap* ]]
	run --separate-stderr "$pool" setup --size 64MiB --as shell
	refused 2 "--dry-run"
	run --separate-stderr "$pool" setup --size 1000TiB --dry-run
	refused 2 "1000.0 TiB"
	run --separate-stderr "$pool" setup --size 64MiB --device sda --dry-run
	refused 2 "'sda'"
	run --separate-stderr "$pool" setup --size 64MiB --level fast --dry-run
	refused 2 "'fast'"
	run --separate-stderr "$pool" setup --size 64MiB --mem-limit 32MiB --algo lzo --level 3 --dry-run
	refused 2 "lzo has no level"
	run --separate-stderr "$pool" setup --size 64MiB --mem-limit 32MiB --algo deflate --dict /dict --dry-run
	refused 2 "deflate takes no dictionary"
	run --separate-stderr "$pool" setup --size 64MiB --mem-limit 32MiB --raw --dry-run --as zram-generator
	refused 2 "plain block device"
	run --separate-stderr "$pool" setup --size 64MiB --fs fat --dry-run
	refused 2 "'fat'"
	run --separate-stderr "$pool" setup --size 64MiB --raw --swap --dry-run
	refused 2 "--raw"
}

@test "a dry run takes codecs that this kernel may lack, and cuts a name to the label that it is" {
	run --separate-stderr "$pool" setup --size 64MiB --mem-limit 32MiB --algo novel --level 3 --dry-run
	[ "$status" -eq 0 ]
	[[ $output == *"echo novel >"*"echo level=3 >"* ]]
	for use in --swap "--fs ext4"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr "$pool" setup --size 64MiB --mem-limit 32MiB --name averylongnameforapool $use --dry-run
		[ "$status" -eq 0 ]
		[[ $output == *" -L averylongnamefor /dev/"* ]]
	done
}

@test "age and trigger: what makes no sense is a usage error" {
	run --separate-stderr "$pool" age --older 2
	refused 2 "'2'"
	run --separate-stderr "$pool" age --what warm
	refused 2 "'warm'"
	run --separate-stderr "$pool" age --threshold 8KiB
	refused 2 --threshold
	run --separate-stderr "$pool" age --older 1m --price 4
	refused 2 --policy
	run --separate-stderr "$pool" age --older 1m --policy --price -1
	refused 2 --price
	run --separate-stderr "$pool" trigger readback --how gently
	refused 2 "'gently'"
}

@test "the script of a dry run is a plain one: hostile words are words to any shell" {
	command -v dash >/dev/null || skip "no dash"
	word=$'/a \x01\'; touch '"$BATS_TEST_TMPDIR/it"$' #\xc3\xa4\n$(id)'
	run --separate-stderr "$pool" setup --size 64MiB --raw --dry-run --backing "$word"
	[ "$status" -eq 0 ]
	# The assignment, which a newline in the word spreads over two lines, and what dash makes of it.
	sed -n "/^backing='/,/'\$/p" <<<"$output" >"$BATS_TEST_TMPDIR/script"
	echo 'printf %s "$backing"' >>"$BATS_TEST_TMPDIR/script"
	dash "$BATS_TEST_TMPDIR/script" >"$BATS_TEST_TMPDIR/said"
	printf %s "$word" | cmp - "$BATS_TEST_TMPDIR/said"
	[ ! -e "$BATS_TEST_TMPDIR/it" ]
}

@test "a device's number is one: no sign, no blank, nothing that wraps" {
	for device in zram4294967297 'zram +1' zram-1 zram 'zram 1' zram1x zram0x1 /dev/zram; do
		run --separate-stderr "$pool" setup --size 64MiB --dry-run --device "$device"
		[ "$status" -eq 2 ]
		[[ $stderr == *"is not a zram device"* ]]
	done
}

@test "one option for one thing: the algorithm, the results database, the duration, format and output" {
	run "$pool" setup --help
	[[ $output == *"-a, --algo NAME"*"--level LEVEL"*"-f, --format"*"-o, --output FILE"* ]]
	run "$pool" trigger compress --help
	[[ $output == *"-d, --duration TIME"*"--db FILE"*"-f, --format"*"-o, --output FILE"* ]]
	run "$pool" status --help
	[[ $output == *"-d, --duration TIME"* ]]
}
