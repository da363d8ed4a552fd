#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scan.sh - what `compressor_monitor scan` costs: --precision 1pt of processes of growing size, and --all beside the
# codec's own speed.
#
#   bench/scan.sh [LARGEST_MIB]        2048 unless told
#
# The processes hold pages of text, random from somewhere on, and sleep. Fails where the largest takes a second or more
# (median of seven, wall clock), where more pages are read than that precision can take (9,604), or where the CPU time
# beyond the smallest's is more than the pagemap walk's: 100 ns a page. The speed of --all is printed, one thread.
set -u
cd "$(dirname "$0")/.." || exit 1
largest=${1:-2048}
monitor=build/bin/compressor_monitor
for tool in jq python3; do
	command -v "$tool" >/dev/null || { echo "needs jq and python3: apt install jq python3"; exit 77; }
done
dir=$(mktemp -d)
subject=''
cleanup() {
	[ -z "$subject" ] || kill "$subject" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# hold MIB
hold() {
	rm -f "$dir/ready"
	python3 -c 'import mmap, random, sys, time
random.seed(7)
held = mmap.mmap(-1, int(sys.argv[1]) << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
noise = random.randbytes(1 << 20)
for i in range(int(sys.argv[1]) << 8):
	n, at = random.randrange(4096), random.randrange((1 << 20) - 4096)
	held[i << 12:(i + 1) << 12] = (b"line %d of what is held\n" % i * 200)[:n] + noise[at:at + 4096 - n]
print("ready", flush=True)
time.sleep(600)' "$1" >"$dir/ready" &
	subject=$!
	until grep -qs ready "$dir/ready"; do
		kill -0 "$subject" || exit 1
		sleep 0.1
	done
}

release() {
	kill "$subject"
	wait "$subject" 2>/dev/null
	subject=''
}

: >"$dir/rows"
for mib in $((largest / 8)) "$largest"; do
	hold "$mib"
	for seed in 1 2 3 4 5 6 7; do
		"$monitor" scan -q --pid "$subject" --precision 1pt --codecs lz4 --seed "$seed" -f json |
			jq -sc --argjson mib "$mib" '(map(select(.type == "scan_summary"))[0] |
				{$mib, elapsed_ns, cpu_ns, sampled_pages, accessed_pages, swapin_pages,
				population_pages}) +
				(map(select(.type == "scan_codec"))[0] |
				{half: ((.saved_slot_high_ratio - .saved_slot_low_ratio)
				/ 2), codec_ns: (.compress_cpu_ns + .decompress_cpu_ns)})' >>"$dir/rows"
	done
	[ "$mib" = "$largest" ] || release
done
"$monitor" scan -q --pid "$subject" --all --codecs lz4 -f json | jq -sr '(map(select(.type == "scan_codec"))[0]) as $c |
	map(select(.type == "scan_summary"))[0] | "--all of \(.population_pages) pages with lz4: " +
	"\(.elapsed_ns / 1e6 | round) ms, " +
	"of which lz4 \(($c.compress_cpu_ns + $c.decompress_cpu_ns) / 1e6 | round) ms: " +
	"\(($c.compress_cpu_ns + $c.decompress_cpu_ns) / .elapsed_ns * 100 | round) % " +
	"of the speed of the codec, one core"'
release

jq -rs 'def median: sort | .[length / 2 | floor];
	group_by(.mib) | map({mib: .[0].mib, wall: map(.elapsed_ns) | median, cpu: map(.cpu_ns) | median,
		read: map(.accessed_pages) | max, population: .[0].population_pages, half: map(.half) | max,
		least: map(.half) | min}) as $sizes | $sizes[0] as $small | $sizes[-1] as $large |
	(($large.cpu - $small.cpu) / ($large.population - $small.population)) as $walk |
	($sizes[] | "\(.mib) MiB: \(.wall / 1e6 | round) ms, CPU \(.cpu / 1e6 | round) ms, at most \(.read) of " +
		"\(.population) pages read, " +
		"interval +-\(.least * 10000 | round / 100) to \(.half * 10000 | round / 100) points"),
	"each page more: \($walk * 10 | round / 10) ns",
	if $large.wall >= 1e9 then "TAKES A SECOND OR MORE" else empty end,
	if $large.read > 9604 then "READS MORE THAN A SAMPLE" else empty end,
	if $walk > 100 then "GROWS WITH THE PROCESS" else empty end' "$dir/rows" | tee "$dir/said"
! grep -q '[A-Z]\{5\}' "$dir/said"
