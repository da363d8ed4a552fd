#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The direction of includes holds in this tree, and the check sees a planted include that breaks it.

top=$BATS_TEST_DIRNAME/../..

setup() {
	tree=$BATS_TEST_TMPDIR
	mkdir -p "$tree"/{lib/{base,kernel,safety,results,pool,analysis},bpf,probes,cli,study,report,ram-pool,workloads/pattern}
	touch "$tree"/lib/{base/err,kernel/procfs,kernel/zram,safety/journal,results/results,pool/device,analysis/mixture}.h \
		"$tree"/{ram-pool/pool,study/config,bpf/kernel}.h "$tree"/probes/{a,b}.h
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

@test "lib may include downwards, and beside itself" {
	plant lib/safety/journal.c '"lib/kernel/zram.h"'
	[ "$status" -eq 0 ]
	plant lib/kernel/zram.c '"procfs.h"'
	[ "$status" -eq 0 ]
}

@test "lib may not include upwards" {
	plant lib/kernel/procfs.c '"lib/safety/journal.h"'
	refused "lib/safety is above lib/kernel"
}

@test "lib may not include a component" {
	plant lib/pool/device.c '"ram-pool/pool.h"'
	refused "lib may not include a component"
}

@test "a new directory of lib must be given its rank" {
	mkdir "$tree/lib/novel"
	touch "$tree/lib/novel/thing.h"
	plant lib/kernel/zram.c '"lib/novel/thing.h"'
	refused "gives no rank to lib/novel"
}

@test "a component may not include another one, also not by a relative path" {
	plant study/study.c '"ram-pool/pool.h"'
	refused "a component may not include another one"
	plant report/page.c '"../ram-pool/pool.h"'
	refused "report/page.c includes ../ram-pool/pool.h"
}

@test "the command includes the study, and the study not the command" {
	touch "$tree/cli/cli.h"
	plant cli/main.c '"study/config.h"'
	[ "$status" -eq 0 ]
	plant study/study.c '"cli/cli.h"'
	refused "a component may not include another one"
}

@test "workload-gen may not include what would change what it measures" {
	plant workloads/pattern/anon.c '"lib/analysis/mixture.h"'
	[ "$status" -eq 0 ]
	plant workloads/pattern/anon.c '"lib/results/results.h"'
	refused "workloads/pattern may include only"
}

@test "report sees the results database, not the machine" {
	plant report/report.c '"lib/results/results.h"'
	[ "$status" -eq 0 ]
	plant report/report.c '"lib/kernel/zram.h"'
	refused "report may include only"
}

@test "a BPF program may not include another's header, nor one of the C library" {
	plant probes/a.bpf.c '"b.h"'
	refused "bpf/ and their own headers only"
	plant probes/a.bpf.c '<stdio.h>'
	refused "linux/, bpf/ and asm/ headers"
}

@test "files may not include each other in a circle" {
	touch "$tree"/lib/kernel/{one,two}.h
	plant lib/kernel/one.c '"two.h"'
	[ "$status" -eq 0 ]
	plant lib/kernel/two.h '"one.h"'
	refused "a cycle of includes: lib/kernel/one -> lib/kernel/two -> lib/kernel/one"
}
