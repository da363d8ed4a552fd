#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# bootstrap.sh - installs what is missing on a fresh machine, then runs `make "$@"`.
#
# Each need is looked for itself (a command that runs, a header that is there), not in a package database, so
# that a tool from elsewhere counts. Only what is missing, and only what the targets use, is installed.
# Does not upgrade, configure or remove anything. POSIX sh: a base system may have nothing else.
set -u
PATH=$PATH:/usr/sbin:/sbin:/usr/bin/core_perl
cd "$(dirname "$0")" || exit 1

usage() {
	cat <<'USAGE'
usage: [sudo] ./bootstrap.sh [--dry-run] [TARGET|VARIABLE=VALUE...]

Installs what the targets need and this machine lacks, then runs make with them.
  sudo ./bootstrap.sh demo     build, one study, an answer
  sudo ./bootstrap.sh check    build, every test
  sudo ./bootstrap.sh vm       build, tests in guests on other kernels
  ./bootstrap.sh --dry-run     only print what would be installed and run

Packages come from apt-get, dnf or pacman. The build belongs to the user who called sudo; check, demo, bench
and install run as root. Exit: make's own, or 77 when something is missing and cannot be installed from here.
USAGE
}

# stage, how to find it, and the package by apt, dnf and pacman; a|b: the first one the distribution has.
# Stages: build = always, run = demo bench check vm, test = check vm, lint = check lint, vm = vm. (pmccabe, which
# not every distribution has, is not among them: lint skips what it measures where it is missing.)
needs() {
	kernel=$(uname -r)
	cat <<NEEDS
build cmd:make                 make               make                   make
build cmd:gcc                  gcc                gcc                    gcc
build hdr:stdio.h              libc6-dev          glibc-devel            glibc
build cmd:clang                clang              clang                  clang
build bpftool linux-tools-$kernel|linux-tools-generic|bpftool bpftool       bpf
build hdr:bpf/libbpf.h         libbpf-dev         libbpf-devel           libbpf
build hdr:libelf.h             libelf-dev         elfutils-libelf-devel  libelf
build hdr:elfutils/libdwfl.h   libdw-dev          elfutils-devel         libelf
build hdr:zlib.h               zlib1g-dev         zlib-devel             zlib
build hdr:lz4.h                liblz4-dev         lz4-devel              lz4
build hdr:zstd.h               libzstd-dev        libzstd-devel          zstd
build hdr:lzo/lzo1x.h          liblzo2-dev        lzo-devel              lzo
build hdr:libdeflate.h         libdeflate-dev     libdeflate-devel       libdeflate
build hdr:snappy-c.h           libsnappy-dev      snappy-devel           snappy
build hdr:sqlite3.h            libsqlite3-dev     sqlite-devel           sqlite
build hdr:json-c/json.h        libjson-c-dev      json-c-devel           json-c
build hdr:yaml.h               libyaml-dev        libyaml-devel          libyaml
build hdr:sys/capability.h     libcap-dev         libcap-devel           libcap
run   cmd:sqlite3              sqlite3            sqlite                 sqlite
run   cmd:gnuplot              gnuplot-nox        gnuplot-minimal        gnuplot
run   zram                     kmod               kmod                   kmod
run   cmd:swapon               mount|util-linux   util-linux             util-linux
test  hdr:cmocka.h             libcmocka-dev      libcmocka-devel        cmocka
test  cmd:bats                 bats               bats                   bats
test  cmd:prove                perl               perl-Test-Harness      perl
test  cmd:strace               strace             strace                 strace
test  cmd:jq                   jq                 jq                     jq
test  cmd:script               bsdutils           util-linux-script|util-linux util-linux
test  cmd:python3              python3            python3                python
test  cmd:mandoc               mandoc             mandoc                 mandoc
lint  cmd:shellcheck           shellcheck         ShellCheck             shellcheck
lint  cmd:clang-format         clang-format       clang-tools-extra      clang
lint  cmd:clang-tidy           clang-tidy         clang-tools-extra      clang
vm    cmd:qemu-system-x86_64   qemu-system-x86    qemu-system-x86-core   qemu-system-x86
NEEDS
}

say() { printf 'bootstrap: %s\n' "$*" >&2; }
have_command() { command -v "$1" >/dev/null 2>&1; }

have_header() {
	for dir in /usr/local/include /usr/include /usr/include/*-linux-gnu*; do
		[ -e "$dir/$1" ] && return 0
	done
	return 1
}

# Ubuntu's bpftool is a wrapper that works only where the running kernel's tools are installed as well.
have_bpftool() {
	for tool in bpftool /usr/lib/linux-tools*/*/bpftool /usr/lib/linux-tools*/bpftool; do
		"$tool" version >/dev/null 2>&1 && return 0
	done
	return 1
}

found() {
	case $1 in
	cmd:*) have_command "${1#cmd:}" ;;
	hdr:*) have_header "${1#hdr:}" ;;
	bpftool) have_bpftool ;;
	zram) [ -e /sys/class/zram-control ] || have_command modprobe ;;
	esac
}

stages() {
	list=build
	for word; do
		case $word in
		demo | bench) list="$list run" ;;
		check) list="$list run test lint" ;;
		check-* | tests) list="$list run test" ;;
		vm) list="$list run test vm" ;;
		lint) list="$list test lint" ;;
		esac
	done
	echo "$list"
}

# Packages (column by manager) of the needs in stages $1 that are not there, one a line.
missing() {
	needs | while read -r stage need apt dnf pacman; do
		case " $1 " in *" $stage "*) ;; *) continue ;; esac
		found "$need" && continue
		case $manager in
		apt-get) echo "$apt" ;;
		dnf) echo "$dnf" ;;
		pacman) echo "$pacman" ;;
		*) echo "${need#*:}" ;;
		esac
	done | sort -u
}

known() {
	case $manager in
	apt-get) apt-get install -s --no-install-recommends "$1" >/dev/null 2>&1 ;;
	dnf) dnf -q list "$1" >/dev/null 2>&1 ;;
	pacman) pacman -Si "$1" >/dev/null 2>&1 ;;
	esac
}

# Words with alternatives a|b become the first that the distribution knows, or their first.
choose() {
	for word; do
		chosen=${word%%|*}
		case $word in *'|'*)
			for name in $(echo "$word" | tr '|' ' '); do
				known "$name" && chosen=$name && break
			done ;;
		esac
		printf '%s ' "$chosen"
	done
}

refresh() {
	case $manager in
	apt-get) apt-get -qq update >/dev/null 2>&1 ;;
	dnf) dnf -q makecache >/dev/null 2>&1 ;;
	pacman) pacman -Sy --noconfirm >/dev/null 2>&1 ;;
	esac
}

install_command() {
	case $manager in
	apt-get) echo "apt-get -qq install -y --no-install-recommends -o DPkg::Lock::Timeout=300" ;;
	dnf) echo "dnf -q install -y --setopt=install_weak_deps=False" ;;
	pacman) echo "pacman -S --needed --noconfirm --quiet" ;;
	esac
}

# stdout of the package manager names mirrors and every file; its errors go through.
install_packages() {
	export DEBIAN_FRONTEND=noninteractive
	refresh || refresh || say "the package lists could not all be refreshed; going on with those that are there"
	packages=$(choose "$@")
	say "installing $packages"
	# shellcheck disable=SC2046,SC2086 # words
	$(install_command) $packages >/dev/null </dev/null && return 0
	say "that failed; once more with fresh package lists"
	refresh
	# shellcheck disable=SC2046,SC2086
	$(install_command) $packages >/dev/null </dev/null
}

# The user who called sudo, where the tree can be theirs to build in.
builder() {
	[ "$(id -u)" = 0 ] && [ "${SUDO_UID:-0}" != 0 ] || return 1
	as_user test -w .
}

as_user() {
	setpriv --reuid "$SUDO_UID" --regid "${SUDO_GID:-$SUDO_UID}" --init-groups \
		env HOME="$(getent passwd "$SUDO_UID" | cut -d: -f6)" "$@"
}

# What make builds for these targets before anything that needs root runs.
build_targets() {
	printf all
	for word; do
		case $word in
		check | check-unit | vm) printf ' tests' ;;
		bench) printf ' benches' ;;
		*=*) printf ' %s' "$word" ;;
		esac
	done
}

run() {
	if $dry_run; then echo "$*" | sed "s/^as_user /(as user ${SUDO_UID-}) /"; else "$@"; fi
}

dry_run=false
case ${1-} in
--dry-run) dry_run=true; shift ;;
-h | --help) usage; exit 0 ;;
esac
for word; do
	case $word in
	-*) say "$word: an option stands before the targets; see ./bootstrap.sh --help"; exit 2 ;;
	esac
done

manager=
for name in apt-get dnf pacman; do
	have_command "$name" && manager=$name && break
done

stages=$(stages "$@")
packages=$(missing "$stages")
if [ -n "$packages" ]; then
	# shellcheck disable=SC2086 # words
	if $dry_run; then
		echo "${manager:-your package manager} $(install_command | cut -d' ' -f2-) $(choose $packages)"
	elif [ -z "$manager" ] || [ "$(id -u)" != 0 ]; then
		say "missing: $(choose $packages)"
		say "install these${manager:+ (sudo $manager)}, or run: sudo ./bootstrap.sh $*"
		exit 77
	else
		install_packages $packages || say "the package manager failed"
		packages=$(missing "$stages")
		[ -z "$packages" ] || { say "still missing: $(choose $packages)"; exit 77; }
	fi
fi

[ $# -gt 0 ] || set -- all
case " $* " in *" clean "*) run make "$@"; exit ;; esac

jobs=$(nproc 2>/dev/null || echo 1)
targets=$(build_targets "$@")
user=
builder && user=as_user
# shellcheck disable=SC2086 # words
run $user make -j"$jobs" $targets || exit
[ "$targets" = "$*" ] && exit
run make "$@"
code=$?
# What the root part wrote below build/ goes to the owner of the rest.
[ -z "$user" ] || run chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" build
exit $code
