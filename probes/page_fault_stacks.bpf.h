// SPDX-License-Identifier: GPL-2.0-only
/* page_fault_stacks.bpf.h - page_fault --stacks: the stacks of completions, counted; each is passed
 * to the reader once.
 *
 * Unwound from the registers at the fault, so that frames of the fault handler are not included.
 */
#ifndef COLDPRESS_PAGE_FAULT_STACKS_BPF_H
#define COLDPRESS_PAGE_FAULT_STACKS_BPF_H

MAP(HASH, stack_counts, struct stack_key, __u64, STACKS, BPF_F_NO_PREALLOC);
MAP_ONE(PERCPU_ARRAY, stack_made, struct stack_event);

static __always_inline __u32 put_stack(struct bpf_perf_event_data *ctx, __u64 *addr, __u64 flags)
{
	long bytes = bpf_get_stack(ctx, addr, STACK_DEPTH * sizeof(*addr), flags);

	return bytes < 0 ? 0 : ((__u32)bytes / sizeof(*addr)) & STACK_DEPTH;
}

static __always_inline __u64 hash_of(const __u64 *addr, __u32 n)
{
	__u64 hash = n;

	for (__u32 i = 0; i < 2 * STACK_DEPTH; i++) {
		if (i >= n)
			break;
		hash = (hash ^ addr[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash;
}

/* The reader gets the addresses at the first fault: the process, and its maps, may end soon. */
static __always_inline void new_stack(struct fault_sums *s, struct stack_event *made)
{
	__u64 one = 1, *count, bytes = (made->user + made->kernel) * sizeof(made->addr[0]);

	/* Once the table is full, it stays full. */
	if (s->others || bytes > sizeof(made->addr) ||
	    bpf_ringbuf_output(&events, made, offsetof(struct stack_event, addr) + bytes, 0)) {
		s->others++;
		return;
	}
	if (!bpf_map_update_elem(&stack_counts, &made->key, &one, BPF_NOEXIST))
		return;
	/* Another CPU was first, or the table is full. */
	count = bpf_map_lookup_elem(&stack_counts, &made->key);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		s->others++;
}

static __always_inline void count_stack(struct fault_sums *s, struct bpf_perf_event_data *ctx)
{
	struct task_struct *task = current();
	const __u64 *comm = (const __u64 *)task->comm;
	struct stack_event *made = only(&stack_made);
	__u64 *count;

	if (!made)
		return;
	made->user = put_stack(ctx, made->addr, BPF_F_USER_STACK);
	made->kernel = 0;
	if ((__s64)ctx->regs.REGS_IP < 0)
		made->kernel = put_stack(ctx, &made->addr[made->user & STACK_DEPTH], 0);
	made->key.tgid = tgid_of(task);
	made->key.unused = 0;
	made->key.mm = (__u64)task->mm;
	made->key.comm[0] = comm[0];
	made->key.comm[1] = comm[1];
	made->key.hash = hash_of(made->addr, made->user + made->kernel) + made->user;
	count = bpf_map_lookup_elem(&stack_counts, &made->key);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		new_stack(s, made);
}

#endif
