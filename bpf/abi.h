/* SPDX-License-Identifier: GPL-2.0-only */
/* abi.h - what every probe's BPF side and lib/probe share: the filter, the event counters, names in
 * print.
 *
 * Seen by both compilers; the includer brings the __u32 family of types.
 */
#ifndef COLDPRESS_BPF_ABI_H
#define COLDPRESS_BPF_ABI_H

#define PROBE_COMM_LEN 16

/* In place of a PID or TID: the task is not visible in the PID namespace of the reader. */
#define PID_OUTSIDE (~0u)

/* Read-only to the program; a field that is 0 (uid: ~0) lets everything pass. */
struct probe_filter {
	__u32 tgid;
	__u32 uid;
	__u32 by_comm;
	__u32 by_cgroup;                /* slot 0 of the map "cgroups" holds it */
	__u64 comm[PROBE_COMM_LEN / 8]; /* its bytes, padded with NUL */
};

/* Per CPU, in the map "counters". seen = filtered + dropped + what reached the ring or an
 * aggregate. */
struct probe_counts {
	__u64 seen, filtered, dropped;
};

/* comm_printable - for lines of key=value where nothing escapes: bytes outside 0x21..0x7e and '='
 * become '?'. The text ends at the first NUL; what follows it becomes NUL.
 */
static inline __attribute__((always_inline)) void comm_printable(char comm[PROBE_COMM_LEN])
{
	int ended = 0;

	for (int i = 0; i < PROBE_COMM_LEN; i++) {
		char c = comm[i];

		ended |= c == '\0';
		comm[i] = ended ? '\0' : c < 0x21 || c > 0x7e || c == '=' ? '?' : c;
	}
	comm[PROBE_COMM_LEN - 1] = '\0';
}

#endif
