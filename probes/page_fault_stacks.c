/* SPDX-License-Identifier: GPL-2.0-only */
/* page_fault_stacks.c - page_fault --stacks: folded stacks with function names, one line per stack.
 *
 * The kernel counts stacks of addresses, and passes each through the ring once. The maps of a
 * process are read with its first stack, and again while it lives, since they are gone when it
 * ends: a process that lives for a few milliseconds may have no names. Names are looked up at the
 * end. The kernel unwinds the user part by frame pointers: code compiled without them shows the
 * function that faulted, and little or nothing above it.
 */
#include <bpf/bpf.h>
#include <sys/stat.h>

#include "page_fault_parts.h"
#include "page_fault_symbol.h"

#include "page_fault.skel.h"

/* Time from the first read of a process's maps to the second, doubled up to the last. */
#define FIRST_NS NS_PER_MS
#define LAST_NS  (250 * NS_PER_MS)
#define POLL_MS  100 /* longest wait before checking whether to stop */

struct process {
	uint32_t tgid;
	uint64_t mm;
	char *maps;
	size_t n;
	char root[32];            /* prefix of its files, with other mounts than ours; else "" */
	bool gone;                /* ended, or runs another program by now */
	uint64_t due_ns, wait_ns; /* next read of the maps, and time to the one after it */
	struct process_symbols *symbols;
};

struct fold {
	char *line; /* "comm;outermost;...;innermost" */
	uint64_t faults;
};

struct stacks {
	uint64_t depth_max; /* of one part, by kernel.perf_event_max_stack */
	struct kernel_symbols *kernel;
	struct process *process;
	size_t n, cap;
	struct stack_event **made; /* each ends after its last address */
	size_t n_made, cap_made;
	bool failed; /* no memory */
	struct fold *fold;
	size_t n_folds;
};

struct stack_record {
	const char *stack;
	uint64_t faults;
};

static const struct field stack_fields[] = {
	FIELD(struct stack_record, stack, FIELD_STRING, "",
	      "task name and functions, outermost first, separated by `;`; kernel functions "
	      "end in _[k]; [cut]: outer frames may be missing"),
	FIELD(struct stack_record, faults, FIELD_U64, "faults", "faults completed with this stack"),
};

const struct record_type stacks_type =
	RECORD_TYPE("page_fault_stack", 1, RECORD_LINE, stack_fields,
		    "with --stacks: a call stack and the number of its page faults");

static bool own_mounts(uint32_t tgid)
{
	struct stat ours, theirs;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%u/ns/mnt", tgid);
	return stat("/proc/self/ns/mnt", &ours) || stat(path, &theirs) ||
	       ours.st_ino == theirs.st_ino;
}

/* Keeps the maps read last where they are gone. */
static void read_maps(struct process *process)
{
	char *maps = NULL;
	ssize_t n = sysroot_read_alloc(NULL, &maps, NULL, "/proc/%u/maps", process->tgid);

	if (n <= 0) {
		free(maps);
		process->gone = true;
		return;
	}
	free(process->maps);
	process->maps = maps;
	process->n = (size_t)n;
	if (!own_mounts(process->tgid))
		snprintf(process->root, sizeof(process->root), "/proc/%u/root", process->tgid);
}

static struct process *find_process(struct stacks *s, const struct stack_key *key)
{
	for (size_t i = s->n; i-- > 0;) {
		if (s->process[i].tgid == key->tgid && s->process[i].mm == key->mm)
			return &s->process[i];
	}
	return NULL;
}

/* The array with space for one more element; NULL: no memory, and it is unchanged. */
static void *grown(void *array, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? 2 * *cap : 64;
	void *ret = n < *cap ? array : realloc(array, more * size);

	if (ret && n == *cap)
		*cap = more;
	return ret;
}

static bool add_process(struct stacks *s, const struct stack_key *key)
{
	struct process *more = grown(s->process, s->n, &s->cap, sizeof(*more));

	if (!more)
		return false;
	s->process = more;
	for (size_t i = 0; i < s->n; i++)
		s->process[i].gone |= s->process[i].tgid == key->tgid;
	s->process[s->n] =
		(struct process){ .tgid = key->tgid, .mm = key->mm, .wait_ns = FIRST_NS };
	read_maps(&s->process[s->n++]);
	return true;
}

static bool keep_stack(struct stacks *s, const struct stack_event *made, size_t bytes)
{
	struct stack_event **more =
		grown(s->made, s->n_made, &s->cap_made, sizeof(struct stack_event *));

	if (!more)
		return false;
	s->made = more;
	more[s->n_made] = malloc(bytes);
	if (!more[s->n_made])
		return false;
	memcpy(more[s->n_made++], made, bytes);
	return find_process(s, &made->key) || add_process(s, &made->key);
}

static int add_stack(void *ctx, const void *event, size_t bytes)
{
	struct stacks *s = ((struct run *)ctx)->stacks;

	s->failed |= !keep_stack(s, event, bytes);
	return 0;
}

/* Reads the maps that are due, or all; returns the milliseconds until the next ones are due. */
static int reread_maps(struct stacks *s, bool all)
{
	uint64_t now = monotonic_ns(), next = now + POLL_MS * NS_PER_MS;

	for (size_t i = 0; i < s->n; i++) {
		struct process *process = &s->process[i];

		if (process->gone)
			continue;
		if (all || process->due_ns <= now) {
			read_maps(process);
			process->due_ns = now + process->wait_ns;
			process->wait_ns = MIN(2 * process->wait_ns, LAST_NS);
		}
		next = MIN(next, process->due_ns);
	}
	return (int)((next - now) / NS_PER_MS);
}

int stacks_new(struct probe *p, struct stacks **ret, struct err *e)
{
	struct stacks *s = calloc(1, sizeof(*s));
	char *text = NULL;
	ssize_t n;
	int rc;

	if (!s)
		return err_set(e, ENOMEM, "cannot store stacks");
	n = sysroot_read_alloc(NULL, &text, e, "/proc/kallsyms");
	rc = n < 0 ? (int)n : kernel_symbols_parse(text, &s->kernel, e);
	if (rc) {
		free(n < 0 ? NULL : text);
		stacks_free(s);
		return rc;
	}
	if (sysroot_read_u64(NULL, &s->depth_max, NULL, "/proc/sys/kernel/perf_event_max_stack"))
		s->depth_max = STACK_DEPTH;
	s->depth_max = MIN(s->depth_max, STACK_DEPTH);
	p->reads_processes = true;
	*ret = s;
	return 0;
}

static const char *user_name(struct process *process, uint64_t addr)
{
	if (process && !process->symbols && process->maps)
		process->symbols = process_symbols_new(process->maps, process->n, process->root);
	return process && process->symbols ? process_symbol(process->symbols, addr) : "[unknown]";
}

/* The frames of one part of a stack, outermost first. */
static void put_frames(struct text *line, struct stacks *s, struct process *process,
		       const __u64 *addr, size_t n, bool kernel)
{
	while (n--) {
		/* A return address follows the call, and may be in the next function. */
		uint64_t at = n ? addr[n] - 1 : addr[n];
		const char *name = kernel ? kernel_symbol(s->kernel, at) : user_name(process, at);

		text_put(line, ";", 1);
		symbol_frame(line, name ? name : "[unknown]");
		if (kernel)
			text_str(line, "_[k]");
	}
}

/* The kernel stops at this depth: frames further out may be missing. */
static void put_cut(struct text *line, const struct stacks *s, uint64_t n)
{
	if (n >= s->depth_max)
		text_str(line, ";[cut]");
}

static int add_fold(struct stacks *s, const struct stack_event *made, uint64_t faults)
{
	struct process *process = find_process(s, &made->key);
	struct text line = { 0 };
	char comm[PROBE_COMM_LEN + 1] = "";

	memcpy(comm, made->key.comm, PROBE_COMM_LEN);
	symbol_frame(&line, comm);
	put_cut(&line, s, made->user);
	put_frames(&line, s, process, made->addr, made->user, false);
	put_cut(&line, s, made->kernel);
	put_frames(&line, s, process, made->addr + made->user, made->kernel, true);
	text_put(&line, "", 1);
	if (line.failed) {
		text_done(&line);
		return -ENOMEM;
	}
	s->fold[s->n_folds++] = (struct fold){ line.s, faults };
	return 0;
}

static int fold_order(const void *a, const void *b)
{
	return strcmp(((const struct fold *)a)->line, ((const struct fold *)b)->line);
}

/* Stacks of the same functions at different addresses are one line. */
static int print_folds(struct probe *p, struct stacks *s)
{
	int rc = 0;

	qsort(s->fold, s->n_folds, sizeof(*s->fold), fold_order);
	for (size_t i = 0, next; i < s->n_folds && rc == 0; i = next) {
		struct stack_record record = { s->fold[i].line, 0 };

		for (next = i; next < s->n_folds && !fold_order(&s->fold[i], &s->fold[next]);
		     next++)
			record.faults += s->fold[next].faults;
		rc = p->options->format == OUT_TEXT ? out_line(p->out, "%s %llu", record.stack,
							       (unsigned long long)record.faults)
						    : out_record(p->out, &stacks_type, &record);
	}
	return rc;
}

static int fold_all(struct probe *p, const struct page_fault *skel, struct stacks *s, struct err *e)
{
	int counts = bpf_map__fd(skel->maps.stack_counts), rc = s->failed ? -ENOMEM : 0;
	uint64_t faults;

	s->fold = calloc(s->n_made + 1, sizeof(*s->fold));
	if (!s->fold)
		rc = -ENOMEM;
	for (size_t i = 0; i < s->n_made && rc == 0; i++) {
		struct stack_event *made = s->made[i];

		/* A stack that two CPUs saw first at once came twice. */
		if (!bpf_map_lookup_elem(counts, &made->key, &faults) &&
		    !bpf_map_delete_elem(counts, &made->key))
			rc = add_fold(s, made, faults);
	}
	return rc ? err_set(e, rc, "cannot fold the stacks") : print_folds(p, s);
}

int stacks_trace(struct run *run, struct err *e)
{
	struct probe *p = &run->p;
	struct probe_counts counts;
	int rc;

	p->calls.emit = add_stack;
	probe_ready(p, "counting stacks; they are printed at the end, after --duration or ^C");
	while (!p->end.reason) {
		ring_buffer__poll(p->ring, MAX(reread_maps(run->stacks, false), 1));
		p->end.reason = probe_wait(p, 0);
	}
	ring_buffer__consume(p->ring);
	reread_maps(run->stacks, true);
	probe_detach(p);
	rc = probe_counts(p, &counts, e);
	if (rc)
		return rc;
	p->end.seen = counts.seen;
	p->end.filtered = counts.filtered;
	p->end.emitted = 0; /* single faults are in the stacks */
	return fold_all(p, run->skel, run->stacks, e);
}

void stacks_free(struct stacks *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++) {
		process_symbols_free(s->process[i].symbols);
		free(s->process[i].maps);
	}
	for (size_t i = 0; i < s->n_made; i++)
		free(s->made[i]);
	for (size_t i = 0; i < s->n_folds; i++)
		free(s->fold[i].line);
	free(s->made);
	free(s->fold);
	free(s->process);
	kernel_symbols_free(s->kernel);
	free(s);
}
