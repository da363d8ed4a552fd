#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The direction of includes holds in this tree, and the check sees a planted include that breaks it.

top=$BATS_TEST_DIRNAME/../..

setup() {
	tree=$BATS_TEST_TMPDIR
	mkdir -p "$tree"/{lib/codec,bpf,probes,lab,report,ram-pool,workloads/gen,workloads/pattern}
	touch "$tree"/lib/{base,err,opt,procfs,zram,cage,store,page}.h "$tree"/ram-pool/pool.h "$tree"/bpf/kernel.h \
		"$tree"/probes/{a,b}.h
}

# plant FILE INCLUDE - FILE with this include; sets status and output of the check.
plant() {
	echo "#include $2" >>"$tree/$1"
	run "$top/tests/layers" "$tree"
}

refused() {
	[ "$status" -eq 1 ]
	[[ $output == *"$1"* ]]
}

@test "the tree keeps the direction" {
	run "$top/tests/layers"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "lib may include downwards" {
	plant lib/zram.c '"procfs.h"'
	[ "$status" -eq 0 ]
}

@test "lib may not include upwards" {
	plant lib/procfs.c '"zram.h"'
	refused "lib/procfs.c includes zram.h: zram is above procfs"
}

@test "lib may not include a room" {
	plant lib/zram.c '"ram-pool/pool.h"'
	refused "lib may not include a room"
}

@test "a new part of lib must be given its rank" {
	touch "$tree/lib/novel.h"
	plant lib/zram.c '"novel.h"'
	refused "gives no rank to novel"
}

@test "a room may not include another room" {
	plant lab/study.c '"ram-pool/pool.h"'
	refused "a room may not include another room"
}

@test "a room may not reach another room by a relative path" {
	plant lab/study.c '"../ram-pool/pool.h"'
	refused "a room may not include another room"
}

@test "workload-gen may not include what would change what it measures" {
	plant workloads/pattern/anon.c '"store.h"'
	refused "only these parts of lib"
}

@test "report sees the store, not the machine" {
	plant report/report.c '"store.h"'
	[ "$status" -eq 0 ]
	plant report/report.c '"zram.h"'
	refused "only these parts of lib"
}

@test "a BPF program may not include another's header" {
	plant probes/a.bpf.c '"b.h"'
	refused "bpf/ and their own header only"
}

@test "a BPF program may not include a header of the C library" {
	plant probes/a.bpf.c '<stdio.h>'
	refused "linux/ and bpf/ headers"
}
