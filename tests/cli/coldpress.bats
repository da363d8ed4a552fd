#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The front door: help, programs by their name, recovery, and an installed copy that finds its parts.

setup() {
	top=$BATS_TEST_DIRNAME/../..
	coldpress=$top/build/bin/coldpress
	export COLDPRESS_STATE_DIR=$BATS_TEST_TMPDIR/state
}

# probes - the name of each.
probes() { basename -s .bpf.c "$top"/probes/*.bpf.c; }

@test "without words: the way through, exit 0" {
	run "$coldpress"
	[ "$status" -eq 0 ]
	[[ $output == *"sudo coldpress study"* && $output == *"ram_pool"* ]]
}

@test "every program that is built is named in the help" {
	help=$("$coldpress" --help)
	for program in "$top"/build/bin/*; do
		name=${program##*/}
		[ "$name" = coldpress ] || [ "$name" = workload-gen ] || [[ $help == *"  $name "* ]] || {
			echo "$name is not in the help"
			return 1
		}
	done
}

@test "an unknown command is a usage error that names the commands" {
	run "$coldpress" nonsense
	[ "$status" -eq 2 ]
	[[ $output == *"'nonsense'"* && $output == *doctor* && $output == *workload* ]]
	run "$coldpress" ram_poll
	[ "$status" -eq 2 ]
	[[ $output == *"did you mean ram_pool?"* ]]
}

# completes WORD... - what the completion proposes for the last word.
completes() {
	"$coldpress" --help=completion >"$BATS_TEST_TMPDIR/completion"
	bash -c '. "$1"; coldpress=$2; shift 2
		COMP_WORDS=("$coldpress" "$@"); COMP_CWORD=$#
		_coldpress_coldpress "$coldpress" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
		echo "${COMPREPLY[*]}"' - "$BATS_TEST_TMPDIR/completion" "$coldpress" "$@"
}

@test "the completion proposes every program, and what each of them would propose" {
	for program in "$top"/build/bin/*; do
		name=${program##*/}
		[ "$name" = coldpress ] || [ "$name" = workload-gen ] || [ "$(completes "$name")" = "$name" ]
	done
	[ "$(completes doc)" = doctor ]
	[ "$(completes ram_pool se)" = setup ]
	[ "$(completes ram_pool setup --mem)" = --mem-limit ]
	[ "$(completes workload run --format j)" = json ]
	[ "$(completes proc_create --help)" = --help ]
	[ "$(completes study --de)" = --demo ]
}

@test "a path is no command" {
	run "$coldpress" ../bin/proc_create --version
	[ "$status" -eq 2 ]
}

@test "another program runs by its name, with its own options" {
	run "$coldpress" proc_create --version
	[ "$status" -eq 0 ]
	[[ $output == proc_create* ]]
}

@test "man page and completion are well formed" {
	"$coldpress" --help=man | grep -q '^\.Sh EXIT STATUS'
	"$coldpress" --help=completion | bash -n
}

@test "the man page of a probe explains every field of its records" {
	for probe in $(probes); do
		page=$("$coldpress" "$probe" --help=man)
		# shellcheck disable=SC2016 # Markdown's
		fields=$("$coldpress" "$probe" --help=fields | sed -n 's/^| `\([a-z0-9_]*\)`.*/\1/p')
		[ "$(wc -w <<<"$fields")" -gt 5 ]
		for field in $fields; do
			[[ $page == *".It Va \"\\&$field\""* ]] || { echo "$probe: $field"; return 1; }
		done
	done
}

@test "recover without root says so, exit 77" {
	as=()
	[ "$(id -u)" != 0 ] || as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	run "${as[@]}" "$coldpress" recover
	[ "$status" -eq 77 ]
	[[ $output == *"needs root"* && $output == *sudo* ]]
}

@test "recover with nothing left: exit 0 and an end record" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	"$coldpress" recover --format json >"$BATS_TEST_TMPDIR/out"
	[ "$(jq -r '.type + " " + (.seen | tostring)' "$BATS_TEST_TMPDIR/out")" = "end 0" ]
}

@test "recover says hostile names of books so that they cannot write to the terminal" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	mkdir -m 700 "$COLDPRESS_STATE_DIR"
	echo nonsense >"$COLDPRESS_STATE_DIR/"$'a\e[31m.book'
	run "$coldpress" recover
	echo "$output"
	[[ $output == *'a\x1b[31m'* || $output == *'a\e[31m'* ]]
	[[ $output != *$'\e'* ]]
}

@test "an option that names a file refuses an empty name" {
	for words in "report --db" "compressor_monitor scan --file" "workload run replay --trace" "study --dir"; do
		run "$coldpress" $words ""
		[ "$status" -eq 2 ]
		[[ $output == *"${words##* } names no "*": it is empty"* ]]
	done
}

@test "report reads regular files only" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	for path in "$BATS_TEST_TMPDIR/fifo" "$BATS_TEST_TMPDIR" /dev/zero; do
		run timeout 10 "$coldpress" report --db "$path"
		[ "$status" -eq 1 ]
		[[ $output == *"$path: it is not a regular file"* ]]
	done
}

@test "too few descriptors are said so, with what helps" {
	for limit in 7 8 9 10; do
		run bash -c "ulimit -n $limit; exec '$top/build/bin/workload' run anon_streamer --region 1MiB --operations 100"
		echo "$limit: $status $output"
		[ "$status" -eq 0 ] || [[ $output == *"Too many open files"*"ulimit -n"* ]]
	done
	[ "$(id -u)" = 0 ] || skip "the probes need root"
	run bash -c "ulimit -n 12; exec '$coldpress' page_fault --duration 1s --comm none-such"
	[ "$status" -eq 77 ] || [[ $status == 1 && $output == *"limit of 12 open files"*"ulimit -n"* ]]
}

# as_user COMMAND... - without root's rights, whoever runs this.
as_user() {
	if [ "$(id -u)" = 0 ]; then
		command -v setpriv >/dev/null || skip "setpriv (util-linux) is not installed"
		set -- setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$user" "$@"
	fi
	env -u COLDPRESS_STATE_DIR "$@"
}

@test "a study without root judges by the calibration in its own store, names it, and does without where told to" {
	command -v sqlite3 >/dev/null || skip "sqlite3 is not installed"
	user=$(mktemp -d)
	[ "$(id -u)" != 0 ] || chown 65534 "$user"
	subject="$top/build/bin/workload-gen interactive_burst --region 16MiB --operations 30000 --idle 5ms --page-profile text"
	# shellcheck disable=SC2086 # words
	as_user "$coldpress" study -q --dir "$user/out" -f json -- $subject >"$BATS_TEST_TMPDIR/without"
	choice=$(jq -r 'select(.type == "study_answer") | .policy_choice' "$BATS_TEST_TMPDIR/without")
	[[ $choice = lz4:1 || $choice = lzo-rle ]]
	as_user "$coldpress" study -q --db "$user/out/study.db" --dir "$user/none" -- true 2>"$BATS_TEST_TMPDIR/said" ||
		[ $? = 1 ]
	cpu=$(sed -n '1s/.*(Linux [^,]*, \(.*\))$/\1/p' "$BATS_TEST_TMPDIR/said")
	as_user sqlite3 "$user/out/study.db" "INSERT INTO calibration (kernel, cpu, algorithm, model, approximate, taken_unix_ns,
		source, pages, compress_factor, decompress_factor) VALUES ('$(uname -r)', '$cpu', '${choice%:1}', '$choice', 0, 1, 'x', 1, 1e6,
		1)"
	# shellcheck disable=SC2086
	as_user "$coldpress" study -q --dir "$user/out" -f json -- $subject >"$BATS_TEST_TMPDIR/with"
	# shellcheck disable=SC2086
	as_user "$coldpress" study -q --dir "$user/out" --no-calibration -f json -- $subject >"$BATS_TEST_TMPDIR/told"
	notes=$(as_user sqlite3 "$user/out/study.db" "SELECT reason FROM note WHERE kind = 'info'")
	rm -rf "$user"
	cat "$BATS_TEST_TMPDIR"/{without,with,told}
	# A million times as dear, it is no choice any more.
	for how in with=true told=false; do
		jq -se --arg choice "$choice" "map(select(.type == \"study_answer\"))[0] | (.policy_choice != \$choice) == ${how#*=} and
			.policy_decision == (if ${how#*=} and .policy_choice == \"nothing\" then \"leave_alone\" elif .policy_choice == \"lz4:1\"
			then \"baseline\" else \"fast\" end)" "$BATS_TEST_TMPDIR/${how%=*}"
	done
	jq -se 'map(select(.type == "study_answer"))[0].calibration == null' "$BATS_TEST_TMPDIR/told"
	jq -se 'map(select(.type == "study_answer"))[0].calibration | endswith("of 1970-01-01 (not checked)")' \
		"$BATS_TEST_TMPDIR/with"
	jq -se --arg name "${choice%:1}" 'map(select(.type == "study_answer"))[0].calibration | contains("out/study.db: " + $name)' \
		"$BATS_TEST_TMPDIR/with"
	[[ $notes == *"by the libraries'"*"calibrate --file FILE --db"*"the kernel's by "*"${choice%:1} of 1970-01-01"* ]]
}

@test "installed: the front door finds its parts, and uninstall leaves nothing" {
	dest=$BATS_TEST_TMPDIR/dest
	make -s -C "$top" install DESTDIR="$dest" PREFIX=/usr
	[ "$(cd "$dest/usr/bin" && echo *)" = "$(xargs <<<"coldpress $(probes)")" ]
	for program in "$dest"/usr/libexec/coldpress/*; do
		[ "${program##*/}" = workload-gen ] || "$dest/usr/bin/coldpress" "${program##*/}" --version
	done
	for name in coldpress $(probes); do
		[ -s "$dest/usr/share/man/man8/$name.8" ]
		bash -n "$dest/usr/share/bash-completion/completions/$name"
	done
	[ -s "$dest/usr/share/man/man8/coldpress-ram_pool.8" ]
	make -s -C "$top" uninstall DESTDIR="$dest" PREFIX=/usr
	[ -z "$(find "$dest" ! -type d)" ]
}

@test "a file over the shell's limit is an error, and leaves nothing" {
	cd "$BATS_TEST_TMPDIR"
	run bash -c "ulimit -f 1; exec '$coldpress' doctor --format json --output big.json"
	[ "$status" -eq 1 ]
	[[ $output == *"big.json: File too large"* ]]
	[ -z "$(compgen -G "big.json*")" ]
}

@test "docs/metrics.md has every declared field: make docs would change nothing" {
	for program in coldpress compressor_monitor ram_pool workload $(probes); do
		printf '# %s\n\n' "$program"
		"$top/build/bin/$program" --help=fields
		echo
	done | sort >"$BATS_TEST_TMPDIR/now"
	sort "$top/docs/metrics.md" | diff - "$BATS_TEST_TMPDIR/now"
}

@test "help and version are commands of every program that has commands" {
	for program in coldpress ram_pool workload compressor_monitor; do
		[ "$("$top/build/bin/$program" help)" = "$("$top/build/bin/$program" --help)" ]
		[ "$("$top/build/bin/$program" version)" = "$("$top/build/bin/$program" --version)" ]
	done
	[ "$("$coldpress" help study)" = "$("$coldpress" study --help)" ]
	[ "$("$coldpress" help ram_pool)" = "$("$coldpress" ram_pool --help)" ]
	[ "$("$coldpress" help ram_pool trigger compress)" = "$("$coldpress" ram_pool trigger compress --help)" ]
	run "$coldpress" help stduy
	[ "$status" -eq 2 ]
	[[ $output == *"did you mean study"* ]]
}

@test "doctor and recover have the output options of all others" {
	for command in doctor recover; do
		for option in -q -v --quiet --verbose '-f json' '-o FILE'; do
			"$coldpress" "$command" --help | grep -q -e "${option%% *}"
		done
	done
	"$coldpress" doctor -q -f json -o "$BATS_TEST_TMPDIR/doctor"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/doctor" | jq -r .type)" = end ]
}

@test "a share above 1 is answered with the percentage that was meant" {
	for option in "study --limit 50" "study --floor 5" "workload run anon_streamer --set-share 30" \
		"workload run anon_streamer --similarity 20" "compressor_monitor rank --floor 5"; do
		# shellcheck disable=SC2086
		run "$coldpress" $option
		echo "$output"
		[ "$status" -eq 2 ]
		[[ $output == *"did you mean ${option##* }%?"* ]]
	done
}
