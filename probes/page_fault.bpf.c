// SPDX-License-Identifier: GPL-2.0-only
/* page_fault.bpf.c - page faults at their entry, and in summaries at their completion too.
 *
 * Entry: the tracepoints exceptions:page_fault_user and page_fault_kernel, which know the address but neither
 * class nor duration. Completion: the perf software events for minor and major faults, which fire once, in the
 * context of the task that faulted; the time from its entry to its major completion is the latency. arm64 has no
 * such tracepoints: there the software event of all faults stands in, and there is no latency.
 */
#include "stream.bpf.h"
#include "page_fault.h"

const volatile enum fault_mode mode = FAULT_TRACE_PIPE;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fault_sums);
} sums SEC(".maps");

/* When the task's present fault began. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} entries SEC(".maps");

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

static __always_inline void stream(bool user, __u64 addr, __u64 ip)
{
	struct fault_event *event = reserve(sizeof(*event));
	__u64 id = bpf_get_current_pid_tgid();

	if (!event)
		return;
	event->ts_ns = bpf_ktime_get_ns();
	event->addr = addr;
	event->ip = ip;
	event->pid = id >> 32;
	event->tid = (__u32)id;
	event->user = user;
	event->unused = 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	submit(event);
}

static __always_inline void sum(bool user, bool completed)
{
	struct fault_sums *s = fault_sums();
	__u64 *begin_ns;

	if (!s)
		return;
	if (user)
		s->user++;
	else
		s->kernel++;
	if (completed)
		return;
	begin_ns = bpf_task_storage_get(&entries, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (begin_ns)
		*begin_ns = bpf_ktime_get_ns();
}

static __always_inline int fault(bool user, __u64 addr, __u64 ip, bool completed)
{
	if (mode == FAULT_NOTHING || !admit())
		return 0;
	if (mode == FAULT_TRACE_PIPE)
		print(user, addr, ip);
	else if (mode == FAULT_STREAM)
		stream(user, addr, ip);
	else
		sum(user, completed);
	return 0;
}

/* (address, regs, error_code), unchanged since 3.x. */
TRACEPOINT(page_fault_user)
{
	struct pt_regs *regs = (void *)arg[1];

	return fault(true, arg[0], BPF_CORE_READ(regs, REGS_IP), false);
}

TRACEPOINT(page_fault_kernel)
{
	struct pt_regs *regs = (void *)arg[1];

	return fault(false, arg[0], BPF_CORE_READ(regs, REGS_IP), false);
}

static __always_inline int classic(void *ctx, bool user)
{
	if (bpf_core_type_exists(struct trace_event_raw_exceptions)) {
		struct trace_event_raw_exceptions *record = ctx;

		return fault(user, record->address, record->ip, false);
	} else {
		struct trace_event_raw_x86_exceptions *record = ctx;

		return fault(user, record->address, record->ip, false);
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

	return fault((__s64)ip >= 0, ctx->addr, ip, true);
}

SEC("?perf_event")
int on_page_faults_min(void *ctx)
{
	struct fault_sums *s = fault_sums();

	if (!s)
		return 0;
	s->minor_runs++;
	if (wanted())
		s->minor++;
	return 0;
}

SEC("?perf_event")
int on_page_faults_maj(void *ctx)
{
	__u64 now = bpf_ktime_get_ns(), latency_ns, *begin_ns;
	struct fault_sums *s = fault_sums();
	__u32 bucket;

	if (mode == FAULT_NOTHING || !s)
		return 0;
	s->major_runs++;
	if (!wanted())
		return 0;
	s->major++;
	begin_ns = bpf_task_storage_get(&entries, bpf_get_current_task_btf(), 0, 0);
	if (!begin_ns || !*begin_ns) {
		s->unmatched++;
		return 0;
	}
	latency_ns = now - *begin_ns;
	*begin_ns = 0;
	s->total_ns += latency_ns;
	if (latency_ns > s->max_ns)
		s->max_ns = latency_ns;
	bucket = hist_bucket(latency_ns);
	if (bucket < HIST_BUCKETS)
		s->latency[bucket]++;
	return 0;
}
