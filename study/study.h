/* SPDX-License-Identifier: GPL-2.0-only */
/* study.h - the parts of `coldpress study` and what passes between them.
 *
 *	study.c         options, the order of things, clean-up
 *	study_run.c     one run of one target under one arm: pool, supervised, probes, samples ->
 *figures study_probes.c  page_fault and pool_probe beside it study_bare.c    the same without any
 *rights study_scan.c    what the page scan says of a target, and what that predicts study_answer.c
 *figures -> comparison, recommendation, plain words; changes nothing targets.c      the built-in
 *targets environment.c   the machine as it was
 */
#ifndef COLDPRESS_STUDY_STUDY_H
#define COLDPRESS_STUDY_STUDY_H

#include "lib/safety/supervise.h"
#include "lib/codec/codec.h"
#include "lib/safety/journal.h"
#include "cli/cli.h"
#include "lib/base/opt.h"
#include "lib/base/out.h"
#include "lib/analysis/policy.h"
#include "lib/base/companion.h"
#include "lib/analysis/stats.h"
#include "lib/results/results.h"
#include "lib/base/term.h"
#include "lib/base/units.h"
#include "lib/kernel/zram.h"
#include "lib/kernel/zsmalloc.h"

#define STUDY_ARMS_MAX    9 /* "none" and eight algorithms */
#define STUDY_CODECS_MAX  16
#define STUDY_TARGETS_MAX 2
#define STUDY_BLOCKS_MAX  100
#define STUDY_BLOCKS_FOR_TIME \
	6 /* the fewest that carry a 95 % interval by ranks (stats_walsh_min_n) */

/* One run's figures; the store's metrics have the names of these fields. */
struct study_run {
	const char *target, *arm, *kind, *state;
	char reason[200];
	uint64_t block, position;
	uint64_t wall_ns, user_ns, system_ns, minor_faults, major_faults;
	uint64_t pages_out, pages_in;            /* through the pool's device */
	uint64_t ram_bytes_peak, ram_bytes_mean; /* anonymous and shared memory in RAM */
	uint64_t swap_bytes_peak;
	uint64_t pool_orig_bytes_peak, pool_compr_bytes_peak, pool_used_bytes_peak,
		pool_used_bytes_mean;
	uint64_t pool_used_bytes_full,
		pool_compr_bytes_full; /* at the moment of most pages in the pool */
	uint64_t slot_table_bytes;
	uint64_t footprint_bytes_peak; /* ram + pool + slot table, at one moment */
	uint64_t footprint_bytes_mean;
	uint64_t psi_some_us, psi_full_us;
	/* pool_probe's where by_probe; else the first two by counters: pages_in / pages_out, and
	 * mean pages in the pool * wall / pages_out (Little's law)
	 */
	bool by_probe;
	double readback_factor;
	uint64_t residence_ns, survival_p50_ns, freed_unread;
	double censored_ratio;
	uint64_t write_p50_ns, write_p99_ns, read_p50_ns, read_p99_ns, pool_ns, pool_page_ns;
	uint64_t major_latency_p50_ns, major_latency_p99_ns, major_latency_max_ns;
	uint64_t
		foreign_swap_bytes; /* most by which the group's swap and the pool's use differed */
	int64_t exit_status;
	enum results_run_state state_code;
};

/* What the page scan measured of one codec. */
struct study_codec {
	char label[CODEC_LABEL_MAX];
	double pool_bytes,
		stored_bytes; /* for every page present: as mem_used_total and compr_data_size */
	double holes_bytes;   /* beyond pool_bytes once pages come and go, on average */
	double saved_slot_ratio, saved_codec_ratio;
};

struct study_scan {
	bool present;
	uint64_t resident_bytes; /* of the target when it was taken */
	uint64_t population_pages, sampled_pages, zero_pages, same_pages;
	struct study_codec codecs[STUDY_CODECS_MAX];
	size_t n;
	char *lines; /* the records themselves, for `compressor_monitor rank` */
	size_t lines_len;
};

/* One candidate of the fairness policy, as `compressor_monitor rank` judged it. */
struct study_rank {
	char label[CODEC_LABEL_MAX];
	bool heavy, eligible, chosen;
	double fair_score, value_gib_per_core, saved_slot_ratio, saved_codec_ratio;
	double compress_cpu_ms, decompress_cpu_ms;
	char reason[256];
};

struct study_arm {
	const char *algorithm; /* NULL: no limit and no pool */
	const char *name;      /* "none" or the algorithm */
	struct results_id cell;
	struct study_run probed, timed[STUDY_BLOCKS_MAX];
	size_t n_timed;
	bool has_probed;
};

struct study_target {
	char name[64];
	char *const *argv;
	struct results_id workload;
	struct study_run reference;
	struct study_scan scan;
	uint64_t limit_bytes;                  /* MISSING_U64: none can be set */
	struct study_arm arms[STUDY_ARMS_MAX]; /* [0] is "none" */
	size_t n_arms;
};

struct study {
	const struct study_config *config;
	struct caller user;
	struct results *results;
	struct results_id experiment;
	struct journal *journal;
	struct out *out;
	struct zsmalloc_model slots;
	struct prng rng;
	struct term_progress progress;
	double runs_done;
	bool bare;           /* no rights for a cage: the command runs as it is */
	const char *no_pool; /* why no pool can be had here; NULL: it can */
	bool zeromap;        /* the kernel keeps zero pages as a bit, outside the pool */
	bool left_behind;    /* a pool or group could not be put away */
	bool no_probe;       /* page_fault cannot run here; said once */
	bool no_pool_probe;  /* pool_probe cannot, or does not see the pages; said once */
	struct study_target targets[STUDY_TARGETS_MAX];
	size_t n_targets;
	const struct zram_algorithms *algorithms; /* of the arms to come; NULL: none is known yet */
	char kernel_costs[SYSROOT_PATH_MAX]; /* the store with this machine's calibrations; "" =
						none */
};

/* study_note - into the store and onto stderr. Never fails: a note that cannot be stored is still
 * said. */
void study_note(struct study *s, enum results_note_kind kind, const char *about, const char *fmt,
		...) PRINTF_LIKE(4, 5);

/* study_run_arm - runs the target once. A run that went wrong is a result, with its state and
 * reason.
 *
 * errors  -EINTR asked to stop; else what makes every further run pointless (no pool, full disk)
 */
int study_run_arm(struct study *s, struct study_target *target, struct study_arm *arm,
		  enum results_run_kind kind, unsigned int block, unsigned int position,
		  struct study_run *ret, struct err *e);

/* study_run_bare (study_bare.c) - without rights for a cage: the command as it is, for the scan
 * alone. */
int study_run_bare(struct study *s, struct study_target *target, struct err *e);

/* The probes beside a run. */
struct study_probes {
	struct companion faults, pool;
	bool faulting, pooling; /* attached */
	char *pool_record;      /* pool_probe's last one as JSON, once stopped; to be freed */
};

/* study_probes_start - returns when they are attached, or were given up with a note. group: a
 * cgroup2 directory, "" where there is none; device: of the pool, or NULL.
 */
void study_probes_start(struct study *s, const char *group, const char *device,
			struct study_probes *ret);

/* study_probes_stop - their figures into ret; what they do not have stays as it is there. */
void study_probes_stop(struct study *s, struct study_probes *probes, struct study_run *ret);

/* A scan under way beside a run. */
struct study_scanner {
	struct companion companion;
	bool running;
	uint64_t resident_bytes, peak_bytes; /* when it began; most so far */
	uint64_t begin_ns, next_ns;
};

/* study_scan_step - called at each sample with the group's resident memory: starts a scan when
 * memory has grown by a quarter or stays at its peak, and takes its figures when it has ended.
 * where: "--cgroup" or
 * "--pid".
 */
void study_scan_step(struct study *s, struct study_target *target, struct study_scanner *scanner,
		     const char *where, const char *what, uint64_t resident_bytes);

/* study_scan_end - waits for one under way (its process may be gone: then it counts for nothing).
 */
void study_scan_end(struct study *s, struct study_target *target, struct study_scanner *scanner);

/* study_scan_store - the records and the page histogram, in the reference run's name. */
int study_scan_store(struct study *s, const struct study_target *target,
		     const struct results_id *run, struct err *e);

/* study_predict - bytes a pool of this algorithm takes for that many pages of the target once they
 * come and go; NaN where no library codec stands for it. *approximate as of codec_for_kernel.
 */
struct study_prediction {
	double used_bytes, compr_bytes;
	bool approximate;
};
struct study_prediction study_predict(const struct study *s, const struct study_target *target,
				      const char *algorithm, double pages);

/* study_open_as_caller - a fresh file in --out, written with the caller's rights, so that root
 * never follows where the caller could not go. Returns a descriptor, or -1 with errno.
 */
int study_open_as_caller(const struct study *s, const char *path);

/* study_rank - the fairness policy on the scan's figures, at a readback factor and a residence
 * (missing: the policy's own defaults); best first.
 */
struct study_ranking {
	struct study_rank ranks[STUDY_CODECS_MAX];
	size_t n;
	char calibration[512]; /* that CPU times were scaled by, in words; "" = none */
};
int study_rank(struct study *s, const struct study_target *target, double readback_factor,
	       uint64_t residence_ns, struct study_ranking *ret, struct err *e);

/* study_subject_add - a command, named after its program. study_targets - the built-in ones
 * instead. */
void study_subject_add(struct study *s, char *const *argv);
int study_targets(struct study *s, struct err *e);

/* study_run_counts - whether a run's figures may be used. */
static inline bool study_run_counts(const struct study_run *run)
{
	return run->state_code == RESULTS_RUN_OK || run->state_code == RESULTS_RUN_UNSETTLED;
}

/* study_answer - compares, recommends, prints and stores. */
int study_answer(struct study *s, struct err *e);

int environment_store(struct study *s, struct err *e);

#endif
