// SPDX-License-Identifier: GPL-2.0-only
/* common.bpf.h - what the BPF side of every probe has in common: how a hook is written.
 *
 * A hook is written once with TRACEPOINT and compiled twice, as tp_btf and as raw_tp: both get the
 * tracepoint's own arguments, which outlive the record layouts that classic programs see. lib/probe
 * loads the one that the kernel offers (all are "?": not loaded unless chosen). Arguments are read
 * with BPF_CORE_READ, so that one body is right for both. A raw_tp program costs the same, a
 * classic one about 2.5 times as much.
 */
#ifndef COLDPRESS_COMMON_BPF_H
#define COLDPRESS_COMMON_BPF_H

#include "kernel.h"
#include "abi.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "pid.bpf.h"

/* A map of one value, and the value. */
#define MAP_ONE(kind, name, type_) \
	struct { \
		__uint(type, BPF_MAP_TYPE_##kind); \
		__uint(max_entries, 1); \
		__type(key, __u32); \
		__type(value, type_); \
	} name SEC(".maps")

#define MAP(kind, name, key_, value_, entries, flags) \
	struct { \
		__uint(type, BPF_MAP_TYPE_##kind); \
		__uint(map_flags, flags); \
		__uint(max_entries, entries); \
		__type(key, key_); \
		__type(value, value_); \
	} name SEC(".maps")

/* fetch_add, fetch_or - atomic, ordered on all CPUs after what was written before, and return the
 * value before: instructions of kernel 5.12 that the compiler only makes for a newer variant of BPF
 * (-mcpu=v3). r1 is the address, r2 the value.
 */
#define FETCH(name, op) \
	static __always_inline __u64 fetch_##name(__u64 *at, __u64 value) \
	{ \
		asm volatile("r1 = %1\n\t" \
			     "r2 = %0\n\t" \
			     ".8byte (" #op " << 32) | 0x21db\n\t" \
			     "%0 = r2" \
			     : "+r"(value) \
			     : "r"(at) \
			     : "r1", "r2", "memory"); \
		return value; \
	}
FETCH(add, 0x01)
FETCH(or, 0x41)

static __always_inline void *only(void *map)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(map, &zero);
}

char LICENSE[] SEC("license") = "GPL";

#define TRACEPOINT(name) \
	static __always_inline int name##_hook(const __u64 *arg); \
	SEC("?tp_btf/" #name) \
	int on_##name(__u64 *ctx) \
	{ \
		return name##_hook(ctx); \
	} \
	SEC("?raw_tp/" #name) \
	int on_##name##_raw(__u64 *ctx) \
	{ \
		return name##_hook(ctx); \
	} \
	static __always_inline int name##_hook(const __u64 *arg)

/* The classic variant, where the hook needs no arguments or finds them in the record. */
#define CLASSIC(group, name) \
	SEC("?tp/" #group "/" #name) \
	int on_##name##_tp(void *ctx)

#endif
