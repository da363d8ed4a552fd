// SPDX-License-Identifier: GPL-2.0-only
/* page_fault.bpf.c - page faults at their entry, and where asked for at their completion too.
 *
 * Entry: the tracepoints exceptions:page_fault_user and page_fault_kernel, which give the address
 * but neither class nor duration. Completion: the perf software events for minor and major faults,
 * which fire once, in the context of the task that faulted; latency is the time from entry to
 * completion. A program on each minor completion costs more than one on each entry, so it is only
 * attached where an option needs it. arm64 has no such tracepoints: the software event of all
 * faults replaces them, and there is no latency.
 *
 * The path of an entry in a summary is short: loads and stores that the kernel inlines, and no hash
 * lookup while the same group faults. Reading the clock would double its cost, so only a limited
 * number of entries per second is timed.
 */
#include "bpf/stream.bpf.h"
#include "page_fault.h"

#define X86_PF_WRITE (1 << 1)
#define X86_PF_INSTR (1 << 4)

const volatile enum fault_mode mode = FAULT_TRACE_PIPE;
const volatile enum fault_by by = BY_NONE;
const volatile enum fault_latency latency = LATENCY_MAJOR;
const volatile bool mappings = false;  /* single faults carry their address space */
const volatile __u32 sample_below = 0; /* of 2^32: the share of events to pass; 0: all */

MAP_ONE(PERCPU_ARRAY, sums, struct fault_sums);

/* Each task's current fault, at its tid modulo the number of slots: no hash, no allocation. Where
 * two tids share a slot, the fault that is overwritten counts as unmatched.
 */
MAP(ARRAY, entries, __u32, struct fault_slot, FAULT_SLOTS, 0);

/* These have one entry where --by is not given. Each CPU counts in recent, in a slot chosen by the
 * key; the group that is displaced from its slot is added to by_faults.
 */
MAP(PERCPU_ARRAY, recent, __u32, struct by_recent, BY_RECENT, 0);
MAP(PERCPU_HASH, by_faults, struct by_key, struct by_faults, BY_KEYS, 0);
MAP(HASH, by_times, struct by_time_key, struct fault_times, BY_TIMES, BPF_F_NO_PREALLOC);

/* The initial value of an entry of by_times: too large for the stack. */
MAP_ONE(PERCPU_ARRAY, no_times, struct fault_times);

static __always_inline struct task_struct *current(void)
{
	return (struct task_struct *)bpf_get_current_task_btf();
}

#include "page_fault_stacks.bpf.h"

static __always_inline struct fault_slot *slot_of(__u32 tid)
{
	__u32 i = tid % FAULT_SLOTS;

	return bpf_map_lookup_elem(&entries, &i);
}

static __always_inline __u64 completed(struct task_struct *task)
{
	return task->min_flt + task->maj_flt;
}

/* The entry of the task's current fault, or NULL where it was not seen. An older entry differs in
 * its page or in the kernel's count of faults, which includes the current one by now.
 */
static __always_inline struct fault_slot *entry_of(struct task_struct *task, __u64 addr)
{
	struct fault_slot *slot = slot_of(task->pid);

	if (!slot || slot->tid != (__u32)task->pid || !slot->entry.ts_ns ||
	    (slot->entry.addr ^ addr) >> 12 || slot->completed + 1 != completed(task))
		return NULL;
	return slot;
}

static __always_inline void print(bool user, __u64 addr, __u64 ip)
{
	char comm[PROBE_COMM_LEN];

	bpf_get_current_comm(comm, sizeof(comm));
	comm_printable(comm);
	if (user)
		bpf_printk("page_fault pid=%d comm=%s type=user addr=0x%llx ip=0x%llx",
			   (__u32)(current_ids() >> 32), comm, addr, ip);
	else
		bpf_printk("page_fault pid=%d comm=%s type=kernel addr=0x%llx ip=0x%llx",
			   (__u32)(current_ids() >> 32), comm, addr, ip);
}

/* Whether --sample passes this event; counts it as filtered where not. */
static __always_inline bool sampled(void)
{
	if (!sample_below || bpf_get_prandom_u32() < sample_below)
		return true;
	count_filtered();
	return false;
}

static __always_inline struct fault_event *event_of(__u64 bytes, const struct fault_entry *entry,
						    enum fault_class class, __u64 latency_ns)
{
	__u64 id = current_ids();
	struct fault_event *event = reserve(bytes);

	if (!event)
		return NULL;
	event->entry = *entry;
	event->latency_ns = latency_ns;
	event->pid = id >> 32;
	event->tid = (__u32)id;
	event->class = class;
	event->unused = 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	return event;
}

static __always_inline void stream(const struct fault_entry *entry)
{
	struct fault_event *event;

	if (!sampled())
		return;
	event = event_of(sizeof(*event), entry, CLASS_UNKNOWN, 0);
	if (event)
		submit(event);
}

/* Saves an entry; in a summary only its page and time, the rest comes with the completion. */
static __always_inline void save(struct task_struct *task, const struct fault_entry *entry)
{
	struct fault_slot *slot = slot_of(task->pid);

	if (!slot)
		return;
	slot->tid = task->pid;
	slot->completed = completed(task);
	if (mode == FAULT_SUMMARY)
		slot->entry.addr = entry->addr;
	else
		slot->entry = *entry;
	slot->entry.ts_ns = bpf_ktime_get_ns();
}

/* Whether a summary times this entry. When none are left, the clock is read once a tick. */
static __always_inline bool may_time(struct fault_sums *s)
{
	__u64 now, jiffy;

	if (latency == LATENCY_ALL)
		return true;
	if (s->clock_left) {
		s->clock_left--;
		return true;
	}
	jiffy = bpf_jiffies64();
	if (s->clock_jiffy == jiffy)
		return false;
	now = bpf_ktime_get_ns();
	s->clock_left = (now - s->clock_ns) / CLOCK_EVERY_NS;
	if (s->clock_left > CLOCK_SAVED)
		s->clock_left = CLOCK_SAVED;
	s->clock_jiffy = jiffy;
	s->clock_ns = now;
	return true;
}

/* ---- mappings: the reader looks them up, since walking them here costs 10 us a fault ---- */

/* From 6.14. */
struct mm_struct___sequence {
	struct {
		__u32 sequence;
	} mm_lock_seq;
} __attribute__((preserve_access_index));

/* Each change of a mapping increments the sequence; before 6.14 the sizes show most changes. */
static __always_inline struct fault_space space_of(struct task_struct *task)
{
	struct mm_struct *mm = task->mm;
	struct fault_space space = { .stack = mm->start_stack };

	if (bpf_core_field_exists(struct mm_struct___sequence, mm_lock_seq.sequence))
		space.generation = ((struct mm_struct___sequence *)mm)->mm_lock_seq.sequence;
	else
		space.generation = (__u64)mm->map_count << 48 ^ mm->total_vm;
	return space;
}

/* As submit(), but wakes the reader, at most once a tick, where it has not read these mappings: the
 * process may end soon.
 */
static __always_inline void submit_mapped(struct fault_sums *s, void *record,
					  const struct fault_space *space)
{
	__u64 jiffy = bpf_jiffies64(), flags = BPF_RB_NO_WAKEUP;

	if ((s->woken.stack != space->stack || s->woken.generation != space->generation) &&
	    s->wake_jiffy != jiffy) {
		s->wake_jiffy = jiffy;
		s->woken = *space;
		flags = BPF_RB_FORCE_WAKEUP;
	}
	bpf_ringbuf_submit(record, flags);
}

static __always_inline void submit_fault(struct fault_sums *s, struct task_struct *task, __u64 addr,
					 enum fault_class class, bool timed, __u64 latency_ns)
{
	struct fault_mapped *fault = bpf_ringbuf_reserve(&events, sizeof(*fault), 0);
	struct fault_space space;

	if (!fault) {
		s->others++;
		return;
	}
	space = space_of(task);
	fault->space = space;
	fault->addr = addr;
	fault->latency_ns = latency_ns;
	fault->tgid = tgid_of(task);
	fault->class = class;
	fault->timed = timed;
	submit_mapped(s, fault, &space);
}

/* ---- groups ---- */
static __always_inline void by_key(struct by_key *key, struct task_struct *task, __u64 addr,
				   __u64 ip)
{
	const __u64 *comm = (const __u64 *)task->comm;

	key->word[0] = tgid_of(task);
	key->word[1] = 0;
	if (by == BY_COMM) {
		key->word[0] = comm[0];
		key->word[1] = comm[1];
	} else if (by == BY_CGROUP) {
		key->word[0] = bpf_get_current_cgroup_id();
	} else if (by == BY_REGION) {
		key->word[1] = addr >> REGION_SHIFT << REGION_SHIFT;
	} else if (by == BY_IP) {
		key->word[1] = ip;
	}
}

static __always_inline void flush_recent(struct fault_sums *s, struct by_recent *r)
{
	struct by_faults *group = bpf_map_lookup_elem(&by_faults, &r->key);
	struct by_faults first = r->faults;

	if (group) {
		group->entries += first.entries;
		group->comm[0] = first.comm[0];
		group->comm[1] = first.comm[1];
	} else if (bpf_map_update_elem(&by_faults, &r->key, &first, BPF_NOEXIST)) {
		s->others += first.entries;
	}
}

static __always_inline void count_by(struct fault_sums *s, const struct by_key *key,
				     struct task_struct *task)
{
	__u32 i = (key->word[0] ^ key->word[1] >> 12) * 0x9e3779b97f4a7c15ULL >>
		  (64 - BY_RECENT_BITS);
	struct by_recent *r = bpf_map_lookup_elem(&recent, &i);
	const __u64 *comm = (const __u64 *)task->comm;

	if (!r)
		return;
	if (r->key.word[0] != key->word[0] || r->key.word[1] != key->word[1]) {
		if (r->faults.entries)
			flush_recent(s, r);
		r->key = *key;
		r->faults.entries = 0;
	}
	r->faults.entries++;
	r->faults.comm[0] = comm[0];
	r->faults.comm[1] = comm[1];
}

/* The address of an instruction is only read where it is needed; from arguments typed by BTF with a
 * plain load.
 */
enum ip_from { IP_TYPED, IP_UNTYPED, IP_VALUE };

static __always_inline __u64 ip_of(const void *regs, enum ip_from from)
{
	if (from == IP_TYPED)
		return ((const struct pt_regs *)regs)->REGS_IP;
	if (from == IP_UNTYPED)
		return BPF_CORE_READ((const struct pt_regs *)regs, REGS_IP);
	return (__u64)regs;
}

/* Entries that pass the filter: a bound of the completions that may have been missed. */
static __always_inline struct fault_sums *count_entry(bool user)
{
	struct fault_sums *s = only(&sums);

	if (!s)
		return NULL;
	if (!wanted()) {
		s->filtered++;
		return NULL;
	}
	if (user)
		s->user++;
	else
		s->kernel++;
	return s;
}

static __always_inline void sum(const struct fault_entry *entry, const void *regs,
				enum ip_from from, bool at_completion)
{
	struct fault_sums *s = count_entry(entry->user);
	struct task_struct *task;
	struct by_key key;

	if (!s)
		return;
	if (by == BY_MAPPING) {
		submit_fault(s, current(), entry->addr, CLASS_UNKNOWN, false, 0);
	} else if (by) {
		task = current();
		by_key(&key, task, entry->addr, by == BY_IP ? ip_of(regs, from) : 0);
		count_by(s, &key, task);
	}
	if (latency != LATENCY_NONE && !at_completion && may_time(s))
		save(current(), entry);
}

static __always_inline int fault(bool user, __u64 addr, const void *regs, enum ip_from from,
				 enum fault_access access, bool at_completion)
{
	struct fault_entry entry = { .addr = addr, .user = user, .access = access };

	if (mode == FAULT_NOTHING)
		return 0;
	if (mode == FAULT_SUMMARY) {
		sum(&entry, regs, from, at_completion);
		return 0;
	}
	if (mode == FAULT_STACKS) {
		count_entry(user);
		return 0;
	}
	if (mode == FAULT_COMPLETED) {
		if (!count_entry(user))
			return 0;
		entry.ip = ip_of(regs, from);
		save(current(), &entry);
		return 0;
	}
	if (!admit())
		return 0;
	entry.ip = ip_of(regs, from);
	if (mode == FAULT_TRACE_PIPE) {
		print(user, addr, entry.ip);
		return 0;
	}
	entry.ts_ns = bpf_ktime_get_ns();
	stream(&entry);
	return 0;
}

/* From x86's error code; that of riscv differs. */
static __always_inline enum fault_access access(__u64 error_code)
{
#if defined(__TARGET_ARCH_x86)
	return error_code & X86_PF_INSTR   ? ACCESS_EXEC
	       : error_code & X86_PF_WRITE ? ACCESS_WRITE
					   : ACCESS_READ;
#else
	return ACCESS_UNKNOWN;
#endif
}

/* (address, regs, error_code), unchanged since 3.x. */
#define ENTRY(name, user) \
	SEC("?tp_btf/" #name) \
	int on_##name(__u64 *ctx) \
	{ \
		return fault(user, ctx[0], (const void *)ctx[1], IP_TYPED, access(ctx[2]), false); \
	} \
	SEC("?raw_tp/" #name) \
	int on_##name##_raw(__u64 *ctx) \
	{ \
		return fault(user, ctx[0], (const void *)ctx[1], IP_UNTYPED, access(ctx[2]), \
			     false); \
	}

ENTRY(page_fault_user, true)
ENTRY(page_fault_kernel, false)

static __always_inline int classic(void *ctx, bool user)
{
	if (bpf_core_type_exists(struct trace_event_raw_exceptions)) {
		struct trace_event_raw_exceptions *record = ctx;

		return fault(user, record->address, (const void *)record->ip, IP_VALUE,
			     access(record->error_code), false);
	} else {
		struct trace_event_raw_x86_exceptions *record = ctx;

		return fault(user, record->address, (const void *)record->ip, IP_VALUE,
			     access(record->error_code), false);
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

/* Programs may not load the register that holds the mode at its width; kernel code lies in the
 * upper half of the addresses on both architectures.
 */
SEC("?perf_event")
int on_page_faults(struct bpf_perf_event_data *ctx)
{
	__u64 ip = ctx->regs.REGS_IP;

	return fault((__s64)ip >= 0, ctx->addr, (const void *)ip, IP_VALUE, ACCESS_UNKNOWN, true);
}

/* A record at completion. Where the entry was not seen, address and instruction are still known. */
static __always_inline void complete(struct fault_sums *s, struct bpf_perf_event_data *ctx,
				     enum fault_class class)
{
	__u64 now = bpf_ktime_get_ns();
	struct fault_slot *slot = entry_of(current(), ctx->addr);
	struct fault_entry entry = { .addr = ctx->addr, .ip = ctx->regs.REGS_IP };
	struct fault_event_mapped *mapped;
	struct fault_event *event;

	entry.user = (__s64)entry.ip >= 0;
	if (slot) {
		entry = slot->entry;
		slot->entry.ts_ns = 0;
	} else {
		s->unmatched++;
	}
	if (!sampled())
		return;
	if (!mappings) {
		event = event_of(sizeof(*event), &entry, class, now - entry.ts_ns);
		if (event)
			submit(event);
		return;
	}
	mapped = (struct fault_event_mapped *)event_of(sizeof(*mapped), &entry, class,
						       now - entry.ts_ns);
	if (!mapped)
		return;
	mapped->space = space_of(current());
	submit_mapped(s, mapped, &mapped->space);
}

static __always_inline void time_by(const struct by_key *by_what, enum fault_class class,
				    bool timed, __u64 latency_ns)
{
	struct by_time_key key = { .by = *by_what, .class = class };
	struct fault_times *times = bpf_map_lookup_elem(&by_times, &key), *none;

	if (!times) {
		none = only(&no_times);
		if (!none)
			return;
		bpf_map_update_elem(&by_times, &key, none, BPF_NOEXIST);
		times = bpf_map_lookup_elem(&by_times, &key);
		if (!times)
			return;
	}
	__sync_fetch_and_add(&times->count, 1);
	if (timed)
		hist_add_shared(&times->time, latency_ns);
}

/* A completion in a summary. */
static __always_inline void sum_completed(struct fault_sums *s, struct bpf_perf_event_data *ctx,
					  enum fault_class class)
{
	bool timing = latency == LATENCY_ALL || (latency == LATENCY_MAJOR && class == CLASS_MAJOR),
	     timed = false;
	struct task_struct *task;
	struct fault_slot *slot;
	__u64 now, latency_ns = 0;
	struct by_key key;

	if (!wanted())
		return;
	s->times[class].count++;
	if (!timing && !by)
		return;
	now = bpf_ktime_get_ns();
	task = current();
	if (timing) {
		slot = entry_of(task, ctx->addr);
		if (slot) {
			latency_ns = now - slot->entry.ts_ns;
			timed = true;
			slot->entry.ts_ns = 0;
			hist_add(&s->times[class].time, latency_ns);
		} else {
			s->unmatched++;
		}
		if (s->clock_left < CLOCK_MAJOR && class == CLASS_MAJOR)
			s->clock_left = CLOCK_MAJOR;
	}
	if (!by || (!timing && class != CLASS_MAJOR))
		return;
	if (by == BY_MAPPING) {
		submit_fault(s, task, ctx->addr, class, timed, latency_ns);
		return;
	}
	by_key(&key, task, ctx->addr, ctx->regs.REGS_IP);
	time_by(&key, class, timed, latency_ns);
}

static __always_inline int completion(struct bpf_perf_event_data *ctx, enum fault_class class)
{
	struct fault_sums *s;

	if (mode == FAULT_NOTHING)
		return 0;
	s = only(&sums);
	if (!s)
		return 0;
	s->runs[class]++;
	if (mode == FAULT_SUMMARY) {
		sum_completed(s, ctx, class);
	} else if (admit()) {
		s->times[class].count++;
		if (mode != FAULT_STACKS)
			complete(s, ctx, class);
		else if (sampled())
			count_stack(s, ctx);
	}
	return 0;
}

SEC("?perf_event")
int on_page_faults_min(struct bpf_perf_event_data *ctx)
{
	return completion(ctx, CLASS_MINOR);
}

SEC("?perf_event")
int on_page_faults_maj(struct bpf_perf_event_data *ctx)
{
	return completion(ctx, CLASS_MAJOR);
}
