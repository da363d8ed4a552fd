#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# coldpress report: the page of a fixture database (of version 2, read as today's), whole, well-formed and safe whatever the names in it.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	report=$PWD/build/bin/report
	command -v sqlite3 >/dev/null || skip "sqlite3 is not installed"
	db=$BATS_TEST_TMPDIR/study.db page=$BATS_TEST_TMPDIR/page.html
	{ echo 'BEGIN;' && cat tests/fixtures/results/schema-v2.sql tests/fixtures/results/study.sql && echo 'COMMIT;'; } | sqlite3 "$db"
}

need() {
	command -v "$1" >/dev/null || skip "$1 is not installed"
}

make_page() {
	run "$report" --db "$db" --output "$page" "$@"
	echo "$output"
	[ "$status" -eq 0 ]
}

# An XML parser has the last word; it also finds entities and bytes that have no place there.
well_formed() {
	if command -v xmllint >/dev/null; then
		xmllint --noout "$page"
	else
		need python3
		python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$page"
	fi
}

plots() {
	grep -c '<svg' "$page" || true
}

@test "the page is well-formed" {
	make_page
	well_formed
}

@test "every plot is there, with its values" {
	need gnuplot
	make_page
	[ "$(plots)" -eq 10 ]
	[ "$(grep -c 'Values of this plot' "$page")" -eq 10 ]
}

@test "the page loads nothing and runs nothing" {
	make_page
	run grep -oE '(src|href|url|@import|action)[=(] *.?https?:|<script|<link|<iframe|javascript:' "$page"
	[ "$status" -eq 1 ]
}

@test "ids are unique" {
	make_page
	[ "$(grep -oE " id=['\"][^'\"]*" "$page" | tr "'" '"' | sort | uniq -d | wc -l)" -eq 0 ]
}

@test "two runs on one database give the same page" {
	make_page
	cp "$page" "$page.first"
	make_page
	cmp "$page" "$page.first"
}

@test "the database is left as it was" {
	before=$(sha256sum <"$db")
	make_page
	[ "$(sha256sum <"$db")" = "$before" ]
	[ ! -e "$db-wal" ]
	[ ! -e "$db-shm" ]
}

# Walsh averages of the log ratios in SQL, against what the migration computes.
@test "the old spellings of options are answered with the new ones" {
	run "$report" --db "$db" --out "$page"
	[ "$status" -eq 2 ]
	[[ $output == *"--output FILE"* ]]
	run "$report" --db "$db" --pdf "$BATS_TEST_TMPDIR"
	[ "$status" -eq 2 ]
	[[ $output == *"--dir DIR"* ]]
}

@test "the page draws what is stored: a comparison in the database is not computed again" {
	sqlite3 "$db" "$(sed -n '/CREATE TABLE IF NOT EXISTS comparison/,/WITHOUT ROWID/p' lib/results/schema.sql)
		INSERT INTO comparison VALUES ('w1-lz4', 'slowdown_ratio', 'ratio', 4, 1, 1.777, 1.7, 1.8, NULL, NULL, 'undecided');
		PRAGMA user_version = 3"
	make_page
	grep -A1 '>Slowdown</th>' "$page" | grep -q '<td>1.777<small>1.700 to 1.800</small>'
	grep -q 'lz4 1.78×' "$page"
}

@test "the slowdown is the Hodges-Lehmann estimate of the ratios in blocks" {
	expected=$(sqlite3 "$db" "
		WITH wall AS (SELECT cell, block, value FROM run JOIN metric ON run = id AND name = 'wall_ns'
			WHERE kind = 'timed'),
		ratio AS (SELECT a.block, ln(a.value / b.value) AS x FROM wall a JOIN wall b USING (block)
			WHERE a.cell = 'w1-lz4' AND b.cell = 'w1-none'),
		walsh AS (SELECT (p.x + q.x) / 2 AS x, row_number() OVER (ORDER BY p.x + q.x) AS i,
			count(*) OVER () AS n FROM ratio p JOIN ratio q ON q.block >= p.block)
		SELECT printf('%.3f', exp(avg(x))) FROM walsh WHERE i IN ((n + 1) / 2, (n + 2) / 2)")
	make_page
	grep -A1 '>Slowdown</th>' "$page" | grep -q "<td>$expected<small>"
}

@test "a contaminated run is shown and not counted" {
	make_page
	grep -q 'lzo<small>limit 102.0 MiB</small><small>n = 3</small>' "$page"
	grep -q 'another process swapped into it' "$page"
}

@test "hostile names neither run nor break the page" {
	need gnuplot
	canary=$BATS_TEST_TMPDIR/canary
	name="<script>alert(1)</script>\"' \`touch $canary\` \$(touch $canary) ]]> \\ {/Symbol a} %s %n
set output '/dev/null'; system('touch $canary')"
	quoted=${name//\'/\'\'}
	sqlite3 "$db" "
		UPDATE workload SET name = '$quoted' || rowid, argv = '$quoted';
		UPDATE cell SET arm = CAST('$quoted' || x'01fffe80e280ae' AS TEXT) || arm WHERE arm <> 'none';
		UPDATE page_hist SET codec = '$quoted' || codec;
		UPDATE ranking SET codec = CAST(x'f09f98' AS TEXT) || '$quoted' || codec;
		UPDATE ranking SET tier = '$quoted', reason = '$quoted';
		UPDATE run SET reason = '$quoted' WHERE state <> 'ok';
		UPDATE prediction SET name = '$quoted' || name;
		UPDATE note SET about = '$quoted', reason = '$quoted';
		UPDATE environment SET value = '$quoted';
		UPDATE experiment SET argv = '$quoted', command = '$quoted', settings = '$quoted', seed = '$quoted';
		UPDATE experiment SET version = '$quoted', answer = '$quoted', recommended = '$quoted'"
	make_page --dir "$BATS_TEST_TMPDIR"
	well_formed
	iconv -f UTF-8 -t UTF-8 "$page" >/dev/null
	[ ! -e "$canary" ]
	[ "$(plots)" -eq 10 ]
	run grep -i '<script' "$page"
	[ "$status" -eq 1 ]
}

@test "a missing value is a dash, never 0 or nan" {
	sqlite3 "$db" "DELETE FROM metric; UPDATE prediction SET measured = NULL; UPDATE page_hist SET pages = 0;
		UPDATE ranking SET saved_slot_bytes = NULL, fair_score = NULL, compress_cpu_ms = NULL;
		UPDATE environment SET value = NULL"
	make_page
	well_formed
	run grep -owiE '(-?nan|-?inf)' <(sed 's/<style>.*<\/style>//' "$page")
	[ "$status" -eq 1 ]
	grep -A1 '>Wall time</th>' "$page" | grep -q '<td>–</td>'
}

@test "a study that was cut off says so" {
	sqlite3 "$db" "UPDATE experiment SET state = 'interrupted', answer = NULL, recommended = NULL;
		UPDATE experiment SET ended_unix_ns = NULL; DELETE FROM run WHERE kind <> 'reference'"
	make_page
	well_formed
	grep -q 'did not finish: interrupted' "$page"
}

@test "a study that has stored no comparison yet is compared from the runs that are there" {
	make_page
	expected=$(grep -A1 '>Slowdown</th>' "$page")
	sqlite3 "$db" "$(sed -n '/CREATE TABLE IF NOT EXISTS comparison/,/WITHOUT ROWID/p' lib/results/schema.sql)
		PRAGMA user_version = 3; UPDATE experiment SET state = 'running'"
	make_page
	grep -q 'did not finish: running' "$page"
	[ "$(grep -A1 '>Slowdown</th>' "$page")" = "$expected" ]
}

@test "without gnuplot the page has tables and says so" {
	mkdir "$BATS_TEST_TMPDIR/empty"
	PATH=$BATS_TEST_TMPDIR/empty make_page
	[[ $output == *"gnuplot is not installed"* ]]
	well_formed
	[ "$(plots)" -eq 0 ]
	grep -q 'gnuplot is not installed' "$page"
	[ "$(grep -c '<details open="open"><summary>Values of this plot' "$page")" -eq 10 ]
}

@test "a gnuplot that fails is quoted, and the rest of the page is there" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho "no such <terminal>" >&2\nexit 1\n' >"$BATS_TEST_TMPDIR/bin/gnuplot"
	chmod +x "$BATS_TEST_TMPDIR/bin/gnuplot"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH make_page
	well_formed
	grep -q 'no such &#60;terminal&#62;' "$page"
	grep -q 'Key values' "$page"
}

@test "a gnuplot that draws nothing is said, not taken for one that is missing" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\nexit 0\n' >"$BATS_TEST_TMPDIR/bin/gnuplot"
	chmod +x "$BATS_TEST_TMPDIR/bin/gnuplot"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH make_page
	well_formed
	[[ $output == *"failed on 10 of 10"* ]]
	[ "$(plots)" -eq 0 ]
}

@test "nothing stays behind in the temporary directory" {
	mkdir "$BATS_TEST_TMPDIR/tmp"
	TMPDIR=$BATS_TEST_TMPDIR/tmp make_page --dir "$BATS_TEST_TMPDIR"
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/tmp")" ]
}

@test "--dir writes each plot, and makes the directory" {
	need gnuplot
	make_page --dir "$BATS_TEST_TMPDIR/pdf"
	[ "$(head -qc 5 "$BATS_TEST_TMPDIR"/pdf/*.pdf)" = "$(printf '%%PDF-%.0s' 1 2 3 4 5 6 7 8 9 10)" ]
}

@test "--list names the studies, and ends its JSON with the end record" {
	need jq
	run --separate-stderr "$report" --db "$db" --list --format json
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.type == "study") | .id + " " + .state' <<<"$output")" = \
		"e0000000-0000-7000-8000-000000000001 done" ]
	[ "$(tail -n 1 <<<"$output" | jq -c '[.type, .seen, .emitted, .dropped]')" = '["end",1,1,0]' ]
}

@test "--output - is stdout" {
	"$report" --db "$db" --output - --quiet >"$page"
	well_formed
}

@test "--experiment takes a beginning, refuses two and none" {
	make_page --experiment e00
	sqlite3 "$db" "INSERT INTO experiment SELECT 'e0f', started_unix_ns, NULL, argv, NULL, seed, NULL, 1, '{}',
		version, 'running', NULL, NULL FROM experiment"
	run "$report" --db "$db" --output "$page" --experiment e0
	[ "$status" -eq 2 ]
	[[ $output == *"more than one study id"* ]]
	run "$report" --db "$db" --output "$page" --experiment f
	[ "$status" -eq 1 ]
	[[ $output == *"no study f in"* ]]
}

@test "no database, no such database, no database at all: one clear line each" {
	cd "$BATS_TEST_TMPDIR"
	run "$report"
	[ "$status" -eq 1 ]
	[[ $output == *"coldpress-report/study.db: No such file"*"--db"* ]]
	run "$report" --db "$BATS_TEST_TMPDIR/none.db"
	[ "$status" -eq 1 ]
	[[ $output == *"none.db: No such file or directory"* ]]
	echo "plain text" >"$BATS_TEST_TMPDIR/text"
	run "$report" --db "$BATS_TEST_TMPDIR/text"
	[ "$status" -eq 1 ]
	[[ $output == *"not a results database"* ]]
}

@test "an empty database has no study" {
	sqlite3 "$db" "DELETE FROM experiment"
	run "$report" --db "$db" --output "$page"
	[ "$status" -eq 1 ]
	[[ $output == *"no study in the results database"* ]]
	[ ! -e "$page" ]
}

@test "a damaged database is no page" {
	dd if=/dev/urandom of="$db" bs=4096 seek=3 count=20 conv=notrunc status=none
	run "$report" --db "$db" --output "$page"
	[ "$status" -eq 1 ]
	[[ $output == *damaged* ]]
	[ ! -e "$page" ]
}

@test "a full disk is an error" {
	run "$report" --db "$db" --output /dev/full
	[ "$status" -eq 1 ]
	[[ $output == *"No space left"* ]]
}

@test "a place that cannot be written is an error" {
	run "$report" --db "$db" --output "$BATS_TEST_TMPDIR/no/such/page.html"
	[ "$status" -eq 1 ]
	[[ $output == *"no/such/page.html"* ]]
}

@test "the residence of pages is a table of what pool_probe left; a record that is none is left out" {
	run_id=$(sqlite3 "$db" "SELECT r.id FROM run r JOIN cell c ON c.id = r.cell WHERE c.arm <> 'none' AND r.kind = 'probed'
		AND r.state = 'ok' LIMIT 1")
	[ -n "$run_id" ]
	make_page
	run grep -c 'Residence of pages in the pool' "$page"
	[ "$output" -eq 0 ]
	sqlite3 "$db" "INSERT INTO artifact (run, name, text) VALUES ('$run_id', 'pool_probe',
		'{\"type\":\"pool_probe_summary\",\"survival_age_ns\":[1e6,3e6,1e7],\"survival\":[1,0.625,0.125,7]}')"
	make_page
	well_formed
	[ "$(grep -c 'Residence of pages in the pool' "$page")" -eq 1 ]
	grep -q '<td>100.0</td><td>62.5</td><td>12.5</td></tr>' "$page"
	for hostile in '{' '[]' '{"survival_age_ns":3,"survival":"<script>"}' '{"survival_age_ns":["<b>"],"survival":[{}]}'; do
		sqlite3 "$db" "UPDATE artifact SET text = '$hostile' WHERE name = 'pool_probe'"
		make_page
		well_formed
		run grep -c '<script>\|<b>' "$page"
		[ "$output" -eq 0 ]
	done
}

@test "--dir that cannot be a directory is refused before anything is written" {
	run "$report" --db "$db" --output "$page" --dir "$db"
	[ "$status" -eq 1 ]
	[[ $output == *"cannot write plots to $db: Not a directory"* ]]
	[ ! -e "$page" ]
	run "$report" --db "$db" --output "$page" --dir "$BATS_TEST_TMPDIR/no/such"
	[ "$status" -eq 1 ]
	[ ! -e "$page" ]
}

@test "--format is for --list" {
	run --separate-stderr "$report" --db "$db" -f csv -o -
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[[ $stderr == *"--format is for --list"* ]]
}

@test "--list writes to --output, and names the built-in targets where no command was given" {
	run --separate-stderr "$report" --db "$db" --list -f csv -o "$BATS_TEST_TMPDIR/list.csv"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	grep -q '"built-in targets: interactive_burst, sqlite3"' "$BATS_TEST_TMPDIR/list.csv"
}

@test "a page and its plots need no directory for temporary files" {
	need gnuplot
	unshare -m true 2>/dev/null || skip "cannot mount here"
	cd "$BATS_TEST_TMPDIR"
	# the directory of the test may be below /tmp itself
	unshare -m sh -c 'mount --bind . /mnt && mount -t tmpfs -o ro none /tmp && mount -t tmpfs -o ro none /var/tmp &&
		TMPDIR=/nonexistent "$1" --db /mnt/study.db --output /mnt/page.html --dir /mnt/pdf' sh "$report"
	well_formed
	[ "$(plots)" -eq 10 ]
	[ "$(find pdf -name '*.pdf' | wc -l)" -eq 10 ]
}
