// SPDX-License-Identifier: GPL-2.0-only
/* page_fault.bpf.c - page faults at their entry, and in summaries at their completion too.
 *
 * Entry: the tracepoints exceptions:page_fault_user and page_fault_kernel, which know the address but neither
 * class nor duration. Completion: the perf software events for minor and major faults, which fire once, in the
 * context of the task that faulted; the time from its entry to its completion is the latency. A program on each
 * minor completion costs as much as one on each entry, on major ones next to nothing: the first is only there
 * where it is asked for. arm64 has no such tracepoints: there the software event of all faults stands in, and
 * there is no latency.
 */
#include "stream.bpf.h"
#include "page_fault.h"

#define X86_PF_WRITE (1 << 1)
#define X86_PF_INSTR (1 << 4)

const volatile enum fault_mode mode = FAULT_TRACE_PIPE;
const volatile enum fault_by by = BY_NONE;
const volatile __u32 sample_below = 0;	/* of 2^32: the share of events that is taken; 0 = all */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fault_sums);
} sums SEC(".maps");

/* The task's present fault. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct fault_entry);
} entries SEC(".maps");

/* These two have one entry where --by is not given. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, BY_KEYS);
	__type(key, struct by_key);
	__type(value, struct by_faults);
} by_faults SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, BY_MAJORS);
	__type(key, struct by_key);
	__type(value, struct by_major);
} by_majors SEC(".maps");

/* What a new entry of by_majors begins with: too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct by_major);
} no_majors SEC(".maps");

static __always_inline struct fault_sums *fault_sums(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&sums, &zero);
}

static __always_inline void print(bool user, __u64 addr, __u64 ip)
{
	char comm[PROBE_COMM_LEN];

	bpf_get_current_comm(comm, sizeof(comm));
	comm_printable(comm);
	if (user)
		bpf_printk("page_fault pid=%d comm=%s type=user addr=0x%llx ip=0x%llx",
			   (__u32)(bpf_get_current_pid_tgid() >> 32), comm, addr, ip);
	else
		bpf_printk("page_fault pid=%d comm=%s type=kernel addr=0x%llx ip=0x%llx",
			   (__u32)(bpf_get_current_pid_tgid() >> 32), comm, addr, ip);
}

/* Whether this event is among those that --sample takes; counts it where not. */
static __always_inline bool sampled(void)
{
	struct probe_counts *c;

	if (!sample_below || bpf_get_prandom_u32() < sample_below)
		return true;
	c = counts();
	if (c)
		c->filtered++;
	return false;
}

static __always_inline void stream(const struct fault_entry *entry, enum fault_class class, __u64 latency_ns)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct fault_event *event;

	if (!sampled())
		return;
	event = reserve(sizeof(*event));
	if (!event)
		return;
	event->entry = *entry;
	event->latency_ns = latency_ns;
	event->pid = id >> 32;
	event->tid = (__u32)id;
	event->class = class;
	event->unused = 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	submit(event);
}

static __always_inline void keep(const struct fault_entry *entry)
{
	struct fault_entry *kept = bpf_task_storage_get(&entries, bpf_get_current_task_btf(), 0,
							BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (kept)
		*kept = *entry;
}

static __always_inline void by_key(struct by_key *key, const struct fault_entry *entry)
{
	key->word[1] = 0;
	switch (by) {
	case BY_COMM:
		bpf_get_current_comm(key->word, sizeof(key->word));
		return;
	case BY_CGROUP:
		key->word[0] = bpf_get_current_cgroup_id();
		return;
	case BY_REGION:
		key->word[1] = entry->addr >> REGION_SHIFT << REGION_SHIFT;
		break;
	case BY_IP:
		key->word[1] = entry->ip;
		break;
	default:
		break;
	}
	key->word[0] = bpf_get_current_pid_tgid() >> 32;
}

static __always_inline void count_by(struct fault_sums *s, const struct fault_entry *entry)
{
	struct by_faults *known, first = { .entries = 1 };
	struct by_key key;

	by_key(&key, entry);
	known = bpf_map_lookup_elem(&by_faults, &key);
	if (known) {
		known->entries++;
		bpf_get_current_comm(known->comm, sizeof(known->comm));
		return;
	}
	bpf_get_current_comm(first.comm, sizeof(first.comm));
	if (bpf_map_update_elem(&by_faults, &key, &first, BPF_NOEXIST))
		s->others++;
}

static __always_inline void sum(const struct fault_entry *entry, bool completed)
{
	struct fault_sums *s = fault_sums();

	if (!s)
		return;
	if (entry->user)
		s->user++;
	else
		s->kernel++;
	if (by)
		count_by(s, entry);
	if (!completed)
		keep(entry);
}

static __always_inline int fault(bool user, __u64 addr, __u64 ip, enum fault_access access, bool completed)
{
	struct fault_entry entry = { .addr = addr, .ip = ip, .user = user, .access = access };

	if (mode == FAULT_NOTHING)
		return 0;
	if (mode == FAULT_COMPLETED) {
		if (!wanted())
			return 0;
		entry.ts_ns = bpf_ktime_get_ns();
		keep(&entry);
		return 0;
	}
	if (!admit())
		return 0;
	if (mode == FAULT_TRACE_PIPE) {
		print(user, addr, ip);
		return 0;
	}
	entry.ts_ns = bpf_ktime_get_ns();
	if (mode == FAULT_STREAM)
		stream(&entry, CLASS_UNKNOWN, 0);
	else
		sum(&entry, completed);
	return 0;
}

/* As x86 says it; riscv's word for the same is another one. */
static __always_inline enum fault_access access(__u64 error_code)
{
#if defined(__TARGET_ARCH_x86)
	return error_code & X86_PF_INSTR ? ACCESS_EXEC : error_code & X86_PF_WRITE ? ACCESS_WRITE : ACCESS_READ;
#else
	return ACCESS_UNKNOWN;
#endif
}

/* (address, regs, error_code), unchanged since 3.x. */
TRACEPOINT(page_fault_user)
{
	struct pt_regs *regs = (void *)arg[1];

	return fault(true, arg[0], BPF_CORE_READ(regs, REGS_IP), access(arg[2]), false);
}

TRACEPOINT(page_fault_kernel)
{
	struct pt_regs *regs = (void *)arg[1];

	return fault(false, arg[0], BPF_CORE_READ(regs, REGS_IP), access(arg[2]), false);
}

static __always_inline int classic(void *ctx, bool user)
{
	if (bpf_core_type_exists(struct trace_event_raw_exceptions)) {
		struct trace_event_raw_exceptions *record = ctx;

		return fault(user, record->address, record->ip, access(record->error_code), false);
	} else {
		struct trace_event_raw_x86_exceptions *record = ctx;

		return fault(user, record->address, record->ip, access(record->error_code), false);
	}
}

CLASSIC(exceptions, page_fault_user)
{
	return classic(ctx, true);
}

CLASSIC(exceptions, page_fault_kernel)
{
	return classic(ctx, false);
}

/* The mode is in bits of a register that programs may not load at its present width; kernel code lies in the
 * upper half of the addresses on both architectures.
 */
SEC("?perf_event")
int on_page_faults(struct bpf_perf_event_data *ctx)
{
	__u64 ip = ctx->regs.REGS_IP;

	return fault((__s64)ip >= 0, ctx->addr, ip, ACCESS_UNKNOWN, true);
}

/* A record at completion. Where the entry was not seen, its address and instruction still are. */
static __always_inline void complete(struct fault_sums *s, struct bpf_perf_event_data *ctx, enum fault_class class)
{
	__u64 now = bpf_ktime_get_ns();
	struct fault_entry *kept = bpf_task_storage_get(&entries, bpf_get_current_task_btf(), 0, 0);

	if (kept && kept->ts_ns) {
		stream(kept, class, now - kept->ts_ns);
		kept->ts_ns = 0;
	} else {
		struct fault_entry late = { .addr = ctx->addr, .ip = ctx->regs.REGS_IP };

		late.user = (__s64)late.ip >= 0;
		s->unmatched++;
		stream(&late, class, 0);
	}
}

SEC("?perf_event")
int on_page_faults_min(struct bpf_perf_event_data *ctx)
{
	struct fault_sums *s = fault_sums();

	if (!s)
		return 0;
	s->minor_runs++;
	if (mode == FAULT_COMPLETED) {
		if (admit())
			complete(s, ctx, CLASS_MINOR);
	} else if (wanted()) {
		s->minor++;
	}
	return 0;
}

static __always_inline void major_by(const struct fault_entry *entry, __u64 latency_ns)
{
	struct by_major *m, *none;
	struct by_key key;
	__u32 zero = 0, bucket = hist_bucket(latency_ns);

	by_key(&key, entry);
	m = bpf_map_lookup_elem(&by_majors, &key);
	if (!m) {
		none = bpf_map_lookup_elem(&no_majors, &zero);
		if (!none)
			return;
		bpf_map_update_elem(&by_majors, &key, none, BPF_NOEXIST);
		m = bpf_map_lookup_elem(&by_majors, &key);
		if (!m)
			return;
	}
	__sync_fetch_and_add(&m->major, 1);
	if (!entry->ts_ns)
		return;
	__sync_fetch_and_add(&m->timed, 1);
	__sync_fetch_and_add(&m->total_ns, latency_ns);
	if (latency_ns > m->max_ns)
		m->max_ns = latency_ns;
	if (bucket < HIST_BUCKETS)
		__sync_fetch_and_add(&m->latency[bucket], 1);
}

static __always_inline void time_major(struct fault_sums *s, __u64 latency_ns)
{
	__u32 bucket = hist_bucket(latency_ns);

	s->total_ns += latency_ns;
	if (latency_ns > s->max_ns)
		s->max_ns = latency_ns;
	if (bucket < HIST_BUCKETS)
		s->latency[bucket]++;
}

SEC("?perf_event")
int on_page_faults_maj(struct bpf_perf_event_data *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	struct fault_sums *s = fault_sums();
	struct fault_entry *kept, entry = {};

	if (mode == FAULT_NOTHING || !s)
		return 0;
	s->major_runs++;
	if (mode == FAULT_COMPLETED) {
		if (admit())
			complete(s, ctx, CLASS_MAJOR);
		return 0;
	}
	if (!wanted())
		return 0;
	s->major++;
	kept = bpf_task_storage_get(&entries, bpf_get_current_task_btf(), 0, 0);
	if (kept && kept->ts_ns) {
		entry = *kept;
		kept->ts_ns = 0;
		time_major(s, now - entry.ts_ns);
	} else {
		s->unmatched++;
		entry.addr = ctx->addr;
		entry.ip = ctx->regs.REGS_IP;
	}
	if (by)
		major_by(&entry, now - entry.ts_ns);
	return 0;
}
