#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Things in the state directory that are no journals, and journals that cannot be parsed, beside healthy pools and a
# foreign zram swap: they block nothing, and each pool can be removed by a command.

load pool_foreign

setup() {
	state=$COLDPRESS_STATE_DIR
	"$pool" setup -q --size 64MiB -o /dev/null --name healthy
}

teardown() {
	rm -rf "$state"/odd*
	"$pool" recover -q --force || true
	[ -z "${raw-}" ] || { echo "$raw" >/sys/class/zram-control/hot_remove && rm -f "$state/pool.lab.book"; }
	! "$pool" status -q -f json | grep -q '"healthy"' || "$pool" reset -q --name healthy
}

# works - status, setup and reset of pools whose journals are in order.
works() {
	"$pool" status -q -f json | jq -es 'any(.name == "healthy")'
	"$pool" setup -q --size 64MiB -o /dev/null --name another
	"$pool" reset -q --name another
}

devices() { (cd /sys/block && echo zram*); }

@test "a directory, a link, a pipe, a socket and a device named *.book block nothing; recover names each" {
	mkdir "$state/odd1.book"
	ln -s /etc/passwd "$state/odd2.book"
	mkfifo "$state/odd3.book"
	perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0])) or die' "$state/odd4.book"
	mknod "$state/odd5.book" c 5 2
	ln -s "$state/nowhere" "$state/odd6.book"
	works
	run "$pool" recover
	echo "$output"
	[ "$status" -eq 1 ]
	for i in 1 2 3 4 5 6; do [[ $output == *"odd$i.book is no journal"* ]]; done
	[[ $output == *"healthy"* ]]
	"$pool" status -q -f json | jq -es 'any(.name == "healthy")'
}

@test "a pool whose journal is overwritten, torn inside or has a line too many is removed by recover --force" {
	before=$(devices)
	for how in 'echo garbage' 'printf garbage' true 'sed 2s/^.......//' 'sed 1d' 'sed $agarbage' 'sed s/kind/dnik/'; do
		echo "== $how"
		"$pool" setup -q --size 64MiB -o /dev/null --name lab
		$how <"$state/pool.lab.book" >"$BATS_TEST_TMPDIR/new"
		cat "$BATS_TEST_TMPDIR/new" >"$state/pool.lab.book"
		works
		run "$pool" reset --name lab
		[ "$status" -eq 1 ]
		[ "$how" = true ] || [[ $output == *"cannot parse the journal"*"recover --force"* ]]
		run "$pool" recover
		[ "$status" -eq 1 ]
		[[ $output == *"recover --force"* ]] || { echo "$output"; false; }
		[ -e "$state/pool.lab.book" ]
		run "$pool" recover --force
		echo "$output"
		[ "$status" -eq 0 ]
		[[ $output == *"pool.lab: removed the journal, which could not be parsed, and zram"* ]]
		[ ! -e "$state/pool.lab.book" ]
		[ "$(devices)" = "$before" ]
		"$pool" status -q -f json | jq -es 'any(.name == "healthy")'
	done
	foreign_intact
}

@test "a raw pool is told by what is left of its journal; of none that is left, nothing is removed" {
	before=$(devices)
	"$pool" setup -q --size 64MiB --raw -o /dev/null --name lab
	echo garbage >>"$state/pool.lab.book"
	"$pool" recover -q --force
	[ "$(devices)" = "$before" ]
	raw=$("$pool" setup -q --size 64MiB --raw --name lab -f json | field id)
	echo garbage >"$state/pool.lab.book"
	run "$pool" recover --force
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"does not tell which device"*"zram$raw"* ]]
	[ -e "/sys/block/zram$raw" ]
}
