#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# mmtests.sh CHECKOUT TEST CONFIG - runs a test of mmtests in a private copy; its samples are in report.tsv.
set -eu
checkout=$1 test=$2 config=$3
mkdir copy
tar -C "$checkout" --exclude=./.git --exclude=./work -cf - . | tar -C copy -xf -
cd copy
sed -i "s#/tmp/mmtest#$PWD/mmtest#g" run-mmtests.sh
printf '%s\n' "export MMTESTS=$test" "export RUN_MONITOR=no" "$config" >coldpress.cfg
run() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$PWD" ASSUME_PACKAGE_INSTALLED=yes "$@"; }
run ./run-mmtests.sh --no-monitor -c coldpress.cfg RUN </dev/null 2>&1
logs=$PWD/work/log/RUN/iter-0/$test/logs
if grep -rl 'Command exited with non-zero status' "$logs"; then exit 1; fi
run "shellpack_src/src/$test/parse-results" "$logs" >../report.tsv
