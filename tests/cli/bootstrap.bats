#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# bootstrap.sh against pretended machines: package managers, make and tools are small scripts that keep a log.

# A PATH with all of this machine's tools but make and package managers.
setup_file() {
	cp -rs /usr/bin/. "$BATS_FILE_TMPDIR/"
	rm -f "$BATS_FILE_TMPDIR"/{apt-get,dnf,pacman,make}
}

setup() {
	top=$BATS_TEST_DIRNAME/../..
	tree=$BATS_TEST_TMPDIR/tree bin=$BATS_TEST_TMPDIR/bin log=$BATS_TEST_TMPDIR/log
	mkdir -p "$tree" "$bin"
	touch "$log"
	chmod 666 "$log"
	export bin log
	# Everything else is found on the machine that runs this test, but for what a test asks for.
	cp "$top/bootstrap.sh" "$tree/"
	# shellcheck disable=SC2016 # it expands when it runs
	pretend make 'echo "make[$(id -u)] $*" >>"$log"; mkdir -p build; touch "build/by-$(id -u)"'
	pretend cp-tool-a ':'
	PATH=$bin:$PATH
	cd "$tree" || return
}

# pretend NAME BODY - a program of this name.
pretend() {
	printf '#!/bin/sh\n%s\n' "$2" >"$bin/$1"
	chmod 755 "$bin/$1"
}

# need STAGE TOOL PACKAGE - the only things that are needed: what cp-tool-a and TOOL give.
need() {
	awk -v row="$1 cmd:$2 $3 $3-dnf $3-pac" '
		/^NEEDS$/ { print row; skip = 0 }
		!skip { print }
		/cat <<NEEDS/ { print "build cmd:cp-tool-a present present present"; skip = 1 }' \
		"$top/bootstrap.sh" >bootstrap.sh
}

# only_manager NAME... - a PATH in which just these package managers are.
only_manager() {
	for name; do
		pretend "$name" "echo \"$name \$*\" >>\"\$log\""
	done
	PATH=$bin:$BATS_FILE_TMPDIR
}

as_root() { pretend id 'echo 0'; }
as_user() { pretend id 'echo 1000'; }

# A package manager whose `install` brings the tool.
installing() { pretend "$1" "echo \"$1 \$*\" >>\"\$log\"; case \"\$*\" in *install*$2*|*-S*$2*) touch \"\$bin/$2\"; chmod 755 \"\$bin/$2\" ;; esac"; }

@test "nothing missing: make runs with the words it was given, and nothing is installed" {
	as_user
	need build cp-tool-a present
	run ./bootstrap.sh V=1 all
	[ "$status" -eq 0 ]
	[[ $(cat "$log") == "make["*"] -j"*" all V=1"* ]]
}

@test "apt: refreshes, installs what is missing and nothing else, then builds" {
	only_manager
	installing apt-get cp-tool-b
	as_root
	need build cp-tool-b cp-tool-b
	run ./bootstrap.sh all
	echo "$output"; cat "$log"
	[ "$status" -eq 0 ]
	grep -q '^apt-get .*update' "$log"
	[ "$(grep -c 'install' "$log")" -eq 1 ]
	grep -q '^apt-get .*install -y --no-install-recommends .* cp-tool-b$' "$log"
	[[ $(tail -n 1 "$log") == make* ]]
}

@test "run again: nothing is refreshed or installed" {
	only_manager
	installing apt-get cp-tool-b
	as_root
	need build cp-tool-b cp-tool-b
	./bootstrap.sh all
	: >"$log"
	run ./bootstrap.sh all
	[ "$status" -eq 0 ]
	[ "$(grep -c apt-get "$log")" -eq 0 ]
}

@test "dnf and pacman take the names of their own distributions" {
	only_manager dnf
	as_root
	need build cp-tool-b b
	run ./bootstrap.sh --dry-run
	[[ $output == *"dnf "*"install"*" b-dnf"* ]]
	rm "$bin/dnf"
	pretend pacman ':'
	run ./bootstrap.sh --dry-run
	[[ $output == *"pacman -S"*" b-pac"* ]]
}

@test "installed without effect: says what is still missing, exit 77, make does not run" {
	only_manager apt-get
	as_root
	need build cp-tool-b b
	run ./bootstrap.sh all
	[ "$status" -eq 77 ]
	[[ $output == *"still missing: b"* ]]
	[ "$(grep -c make "$log")" -eq 0 ]
}

@test "without root: the exact list and the command, exit 77" {
	only_manager apt-get
	as_user
	need build cp-tool-b b
	run ./bootstrap.sh check
	[ "$status" -eq 77 ]
	[[ $output == *"missing: b"* && $output == *"sudo ./bootstrap.sh check"* ]]
	[ ! -s "$log" ]
}

@test "without a package manager of ours: what is missing by its own name, exit 77" {
	only_manager
	as_root
	need build cp-tool-b b
	run ./bootstrap.sh all
	[ "$status" -eq 77 ]
	[[ $output == *"missing: cp-tool-b"* ]]
}

@test "a target asks only for what it uses" {
	only_manager apt-get
	as_user
	need test cp-tool-b b
	run ./bootstrap.sh demo
	[ "$status" -eq 0 ]
	run ./bootstrap.sh check
	[ "$status" -eq 77 ]
}

@test "--dry-run installs and runs nothing" {
	only_manager apt-get
	as_root
	need build cp-tool-b b
	run ./bootstrap.sh --dry-run check
	[ "$status" -eq 0 ]
	[[ $output == *"apt-get"*"install"*" b"* && $output == *"make check"* ]]
	[ "$(grep -cv -- ' -s ' "$log")" -eq 0 ]
}

@test "make's exit status is passed on" {
	need build cp-tool-a present
	pretend make 'exit 3'
	run ./bootstrap.sh all
	[ "$status" -eq 3 ]
}

@test "called by sudo: the user builds, root runs, and all of build is the user's" {
	[ "$(id -u)" = 0 ] || skip "needs root, to become another user"
	need build cp-tool-a present
	chown 65534:65534 .
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	SUDO_UID=65534 SUDO_GID=65534 run ./bootstrap.sh check
	[ "$status" -eq 0 ]
	[[ $(sed -n 1p "$log") == "make[65534] -j"*" all tests" ]]
	[ "$(sed -n 2p "$log")" = "make[0] check" ]
	[ -z "$(find build -uid 0)" ]
}

@test "the words of the real table: three packages a line, each need known to the script" {
	rows=$(sed -n '/cat <<NEEDS/,/^NEEDS/p' "$top/bootstrap.sh" | grep -v NEEDS)
	[ "$(wc -l <<<"$rows")" -gt 20 ]
	run awk 'NF != 5 || $1 !~ /^(build|run|test|lint|vm)$/ || $2 !~ /^(cmd:|hdr:|bpftool$|zram$)/' <<<"$rows"
	[ -z "$output" ]
}

@test "an option behind a target is refused before anything is installed" {
	as_root
	only_manager apt-get
	need build missing-tool missing-package
	run ./bootstrap.sh check --dry-run
	[ "$status" -eq 2 ]
	[[ $output == *"--dry-run"* ]]
	[ ! -s "$log" ]
}
