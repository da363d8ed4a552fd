-- SPDX-License-Identifier: GPL-2.0-only
-- schema.sql - one study after another in one SQLite file: what was asked, where, what ran, what came out.
--
-- Times: *_unix_ns is the wall clock, *_ns CLOCK_MONOTONIC or a length. A value that was not measured is
-- NULL, never 0. Keys are UUIDs (version 7: they sort by time), so that files of several hosts can be merged.
-- A change that readers notice raises RESULTS_VERSION in open.c.

-- One call of `coldpress study`.
CREATE TABLE experiment (
	id              TEXT PRIMARY KEY,
	started_unix_ns INTEGER NOT NULL,
	ended_unix_ns   INTEGER,
	argv            TEXT NOT NULL,          -- as a shell reads it back: to repeat the study, paste it
	command         TEXT,                   -- the text after `--`, likewise; of a trigger argv; NULL: built in
	seed            TEXT NOT NULL,          -- decimal; SQLite's integers have no 64th bit to spare
	limit_ratio     REAL,                   -- limit / reference peak of anonymous and shared memory
	blocks          INTEGER NOT NULL,       -- timed blocks that were asked for
	settings        TEXT NOT NULL,          -- JSON object: every effective option
	version         TEXT NOT NULL,          -- of coldpress, with its revision
	state           TEXT NOT NULL CHECK (state IN ('running', 'done', 'interrupted', 'failed')),
	answer          TEXT,                   -- a line for each target
	recommended     TEXT                    -- the text after "recommended: ", a line for each target
);

-- The machine as it was: kernel, CPU, THP, swappiness, ...
CREATE TABLE environment (
	experiment TEXT NOT NULL REFERENCES experiment (id) ON DELETE CASCADE,
	key        TEXT NOT NULL,
	value      TEXT,
	PRIMARY KEY (experiment, key)
) WITHOUT ROWID;

-- What a reader of the answer should know: a codec left out, a limit without effect, a missing right.
CREATE TABLE note (
	experiment TEXT NOT NULL REFERENCES experiment (id) ON DELETE CASCADE,
	seq        INTEGER NOT NULL,
	kind       TEXT NOT NULL CHECK (kind IN ('skipped', 'warning', 'info')),
	about      TEXT NOT NULL,
	reason     TEXT NOT NULL,
	PRIMARY KEY (experiment, seq)
) WITHOUT ROWID;

-- A target: the program whose memory is studied.
CREATE TABLE workload (
	id         TEXT PRIMARY KEY,
	experiment TEXT NOT NULL REFERENCES experiment (id) ON DELETE CASCADE,
	name       TEXT NOT NULL,
	argv       TEXT,
	uid        INTEGER,
	UNIQUE (experiment, name)
);

CREATE TABLE pool_config (
	id              TEXT PRIMARY KEY,
	experiment      TEXT NOT NULL REFERENCES experiment (id) ON DELETE CASCADE,
	algorithm       TEXT NOT NULL,
	size_bytes      INTEGER,
	mem_limit_bytes INTEGER,
	priority        INTEGER
);

-- A target under one configuration, named by its arm. 'none' has neither limit nor pool: the others are
-- compared with it.
CREATE TABLE cell (
	id          TEXT PRIMARY KEY,
	workload    TEXT NOT NULL REFERENCES workload (id) ON DELETE CASCADE,
	pool_config TEXT REFERENCES pool_config (id),
	arm         TEXT NOT NULL,
	limit_bytes INTEGER,
	UNIQUE (workload, arm)
);

-- The row is committed before the run starts; one that is still 'running' afterwards did not end by itself.
CREATE TABLE run (
	id              TEXT PRIMARY KEY,
	cell            TEXT NOT NULL REFERENCES cell (id) ON DELETE CASCADE,
	block           INTEGER NOT NULL,
	position        INTEGER NOT NULL,       -- in the block, from 0
	kind            TEXT NOT NULL CHECK (kind IN ('reference', 'warmup', 'timed', 'probed')),
	state           TEXT NOT NULL CHECK (state IN
	                ('running', 'ok', 'failed', 'timeout', 'oom', 'contaminated', 'unsettled')),
	reason          TEXT,
	started_unix_ns INTEGER NOT NULL,
	started_ns      INTEGER NOT NULL,
	ended_ns        INTEGER
);
CREATE INDEX run_of_cell ON run (cell, kind, block);

CREATE TABLE metric (
	run   TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	name  TEXT NOT NULL,
	unit  TEXT NOT NULL,
	value REAL,
	PRIMARY KEY (run, name)
) WITHOUT ROWID;

-- Time series; t_ns counts from the start of the run.
CREATE TABLE sample (
	run   TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	name  TEXT NOT NULL,
	t_ns  INTEGER NOT NULL,
	value REAL,
	PRIMARY KEY (run, name, t_ns)
) WITHOUT ROWID;

-- Pages by class and compressed length: bin_bytes is the upper edge, inclusive; the codec's own bytes, no slot.
CREATE TABLE page_hist (
	run       TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	codec     TEXT NOT NULL,
	class     TEXT NOT NULL,
	bin_bytes INTEGER NOT NULL,
	pages     REAL NOT NULL,                -- estimated from the sample: may be broken
	PRIMARY KEY (run, codec, class, bin_bytes)
) WITHOUT ROWID;

-- What else a run left: the JSON lines of a probe as text, or a file beside the database.
CREATE TABLE artifact (
	run  TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	name TEXT NOT NULL,
	path TEXT,
	text TEXT,
	PRIMARY KEY (run, name)
) WITHOUT ROWID;

-- What the page scan predicted, and what was measured.
CREATE TABLE prediction (
	cell      TEXT NOT NULL REFERENCES cell (id) ON DELETE CASCADE,
	name      TEXT NOT NULL,
	unit      TEXT NOT NULL,
	predicted REAL,
	measured  REAL,
	PRIMARY KEY (cell, name)
) WITHOUT ROWID;

-- The fairness policy's verdict on each codec for a target (policy.h).
CREATE TABLE ranking (
	workload           TEXT NOT NULL REFERENCES workload (id) ON DELETE CASCADE,
	codec              TEXT NOT NULL,
	place              INTEGER,                -- by fair_score, from 1; NULL: not eligible
	tier               TEXT NOT NULL,          -- fast, heavy
	eligible           INTEGER NOT NULL,
	recommended        INTEGER NOT NULL,
	fair_score         REAL,                   -- bytes/ms
	value_gib_per_core REAL,                   -- what its extra CPU buys
	saved_slot_bytes   REAL,
	saved_codec_bytes  REAL,
	total_bytes        REAL,                   -- of all sampled pages
	compress_cpu_ms    REAL,
	decompress_cpu_ms  REAL,
	readback_factor    REAL,
	reason             TEXT NOT NULL,
	PRIMARY KEY (workload, codec)
) WITHOUT ROWID;

-- From version 2. What the kernel's own codecs cost compared with the libraries', on the machine that measured it
-- (`compressor_monitor calibrate --db`): the last measurement of each.
CREATE TABLE IF NOT EXISTS calibration (
	kernel                 TEXT NOT NULL,       -- release, as uname says
	cpu                    TEXT NOT NULL,       -- model, as /proc/cpuinfo says
	algorithm              TEXT NOT NULL,       -- as zram names it
	model                  TEXT NOT NULL,       -- the library's codec and level beside it
	approximate            INTEGER NOT NULL,    -- the two do not write the same bytes
	taken_unix_ns          INTEGER NOT NULL,
	source                 TEXT NOT NULL,       -- what the pages were from
	pages                  INTEGER NOT NULL,
	compress_ns            REAL,                -- the kernel's, a page
	decompress_ns          REAL,
	compress_factor        REAL,                -- kernel / library, from half of the pages
	decompress_factor      REAL,
	compress_error_ratio   REAL,                -- predicted / measured - 1, on the other half
	decompress_error_ratio REAL,
	compr_error_ratio      REAL,                -- the library's bytes / the kernel's - 1
	PRIMARY KEY (kernel, cpu, algorithm)
) WITHOUT ROWID;

-- From version 3. One metric over the runs of a cell (compare.h): what the study recommends by and the report
-- shows. A study writes it when its runs are done.
CREATE TABLE IF NOT EXISTS comparison (
	cell    TEXT NOT NULL REFERENCES cell (id) ON DELETE CASCADE,
	name    TEXT NOT NULL,                      -- as in metric.h
	unit    TEXT NOT NULL,
	runs    INTEGER NOT NULL,                   -- behind the value
	timed   INTEGER NOT NULL,                   -- 1: timed runs; 0: the probed or the reference run
	value   REAL,                               -- median; slowdown_ratio: Hodges-Lehmann estimate
	min     REAL,
	max     REAL,
	low     REAL,                               -- 95 % interval by ranks; NULL: too few runs
	high    REAL,
	verdict TEXT,                               -- of slowdown_ratio
	PRIMARY KEY (cell, name)
) WITHOUT ROWID;
