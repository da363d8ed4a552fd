// SPDX-License-Identifier: GPL-2.0-only
/* proc_create_tree.c - a node for each process seen, below the one that forked it, in the order of
 * their beginning.
 *
 * A process stays below the one that forked it, whoever its parent is later. One of which the first
 * thing seen is no fork stands at the top. There is room for 65,536.
 */
#include "proc_create_tree.h"

#include <sys/wait.h>

#include "lib/bpf/probe.h"
#include "lib/base/term.h"
#include "lib/base/text.h"

struct tree_record {
	uint64_t pid, ppid, depth, lifetime_ns, cpu_ns, max_rss_bytes, exit_code, signal;
	const char *tree;
};

static const struct field tree_fields[] = {
	FIELD(struct tree_record, pid, FIELD_U64, "", "process"),
	FIELD(struct tree_record, ppid, FIELD_U64, "",
	      "process that forked it; missing where that was not seen"),
	FIELD(struct tree_record, depth, FIELD_U64, "", "how far below the top"),
	FIELD(struct tree_record, lifetime_ns, FIELD_U64, "ns",
	      "from its fork to its end; missing: it did not end"),
	FIELD(struct tree_record, cpu_ns, FIELD_U64, "ns", "CPU time of all its threads; likewise"),
	FIELD(struct tree_record, max_rss_bytes, FIELD_U64, "bytes",
	      "largest resident memory; likewise"),
	FIELD(struct tree_record, exit_code, FIELD_U64, "",
	      "0 to 255; missing where a signal ended it, or nothing did"),
	FIELD(struct tree_record, signal, FIELD_U64, "", "the signal that ended it, else missing"),
	FIELD(struct tree_record, tree, FIELD_STRING, "",
	      "branches, and its names from the first to the last"),
};

const struct record_type tree_type =
	RECORD_TYPE("process_tree", 1, RECORD_TABLE, tree_fields,
		    "with --draw-tree: a process, below the one that forked it");

#define NODES_MAX 65536u
#define PIDS_MAX  (1u << 22) /* the kernel's PID_MAX_LIMIT */
#define NAMES_MAX 4          /* names a process had by exec: the first ones and the last */
#define DEPTH_MAX 64         /* further branches are not indented */

/* Nodes are numbered from 1; 0 is none. */
struct node {
	uint32_t pid, parent, first_child, last_child, next;
	uint32_t status;
	bool ended, forked;
	uint8_t names;
	char comm[NAMES_MAX][PROBE_COMM_LEN];
	uint64_t lifetime_ns, cpu_ns, max_rss_bytes;
};

static struct {
	struct node *nodes; /* [0] is above all; grows */
	uint32_t n, room;
	uint32_t *living; /* the node of each PID */
	uint64_t others;  /* processes without room */
} tree;

int tree_begin(struct err *e)
{
	tree.room = 1024;
	tree.nodes = calloc(tree.room, sizeof(*tree.nodes));
	tree.living = calloc(PIDS_MAX, sizeof(*tree.living));
	tree.n = 1;
	return tree.nodes && tree.living ? 0
					 : err_set(e, ENOMEM, "cannot keep a tree of processes");
}

void tree_end(void)
{
	free(tree.nodes);
	free(tree.living);
}

static bool make_room(void)
{
	struct node *nodes;

	if (tree.n < tree.room)
		return true;
	nodes = realloc(tree.nodes, 2 * tree.room * sizeof(*nodes));
	if (!nodes)
		return false;
	tree.nodes = nodes;
	tree.room *= 2;
	return true;
}

static void name(struct node *node, const char comm[PROBE_COMM_LEN])
{
	uint8_t last = node->names ? (uint8_t)(node->names - 1) : 0;

	if (node->names && !memcmp(node->comm[last], comm, PROBE_COMM_LEN))
		return;
	if (node->names < NAMES_MAX)
		last = node->names++;
	memcpy(node->comm[last], comm, PROBE_COMM_LEN);
}

/* A new node for pid below another; 0 where there is no room. */
static uint32_t plant(uint32_t pid, uint32_t parent, const char comm[PROBE_COMM_LEN])
{
	struct node *node, *above;
	uint32_t i = tree.n;

	if (i >= NODES_MAX || !make_room()) {
		tree.others++;
		tree.living[pid] = 0;
		return 0;
	}
	node = &tree.nodes[i];
	above = &tree.nodes[parent];
	*node = (struct node){ .pid = pid, .parent = parent };
	name(node, comm);
	if (above->last_child)
		tree.nodes[above->last_child].next = i;
	else
		above->first_child = i;
	above->last_child = i;
	tree.living[pid] = i;
	tree.n++;
	return i;
}

static uint32_t node_of(const struct task_event *task)
{
	return tree.living[task->pid] ? tree.living[task->pid] : plant(task->pid, 0, task->comm);
}

int tree_add(const struct task_event *task)
{
	const struct exit_event *exit = (const struct exit_event *)task;
	struct node *node;
	uint32_t i;

	if (task->pid >= PIDS_MAX || task->child >= PIDS_MAX || task->kind == TASK_THREAD ||
	    task->kind == TASK_EXEC_FAILED)
		return 0;
	i = node_of(task);
	if (task->kind == TASK_FORK) {
		i = plant(task->child, i, task->comm);
		tree.nodes[i].forked = i != 0;
		return 0;
	}
	if (!i)
		return 0;
	node = &tree.nodes[i];
	if (task->kind == TASK_EXEC)
		name(node, task->comm);
	if (task->kind != TASK_EXIT)
		return 0;
	node->ended = true;
	node->status = exit->status;
	node->lifetime_ns = exit->lifetime_ns;
	node->cpu_ns = exit->cpu_ns;
	node->max_rss_bytes = exit->max_rss_pages * (uint64_t)sysconf(_SC_PAGESIZE);
	tree.living[task->pid] = 0;
	return 0;
}

/* "|  |- sh > make": a bar for each node above that has more behind it. */
static void draw(struct text *t, uint32_t i, uint64_t depth)
{
	const struct node *node = &tree.nodes[i];
	bool more[DEPTH_MAX];
	uint64_t levels = MIN(depth, DEPTH_MAX);

	for (uint64_t level = levels; level > 0; level--) {
		more[level - 1] = tree.nodes[i].next != 0;
		i = tree.nodes[i].parent;
	}
	for (uint64_t level = 0; level < levels; level++) {
		if (level + 1 < levels)
			text_str(t, more[level] ? "|  " : "   ");
		else
			text_str(t, more[level] ? "|- " : "`- ");
	}
	for (uint8_t j = 0; j < node->names; j++) {
		text_str(t, j ? " > " : "");
		text_put(t, node->comm[j], strnlen(node->comm[j], PROBE_COMM_LEN));
	}
	text_put(t, "", 1);
}

static int print_node(struct out *out, uint32_t i, uint64_t depth)
{
	const struct node *node = &tree.nodes[i];
	int status = (int)node->status, r;
	struct text t = { 0 };
	struct tree_record record = {
		.pid = node->pid,
		.ppid = node->forked ? tree.nodes[node->parent].pid : MISSING_U64,
		.depth = depth,
		.lifetime_ns = node->ended ? node->lifetime_ns : MISSING_U64,
		.cpu_ns = node->ended ? node->cpu_ns : MISSING_U64,
		.max_rss_bytes = node->ended ? node->max_rss_bytes : MISSING_U64,
		.exit_code = node->ended && WIFEXITED(status) ? (uint64_t)WEXITSTATUS(status)
							      : MISSING_U64,
		.signal = node->ended && WIFSIGNALED(status) ? (uint64_t)WTERMSIG(status)
							     : MISSING_U64,
	};

	draw(&t, i, depth);
	record.tree = t.failed ? NULL : t.s;
	r = out_record(out, &tree_type, &record);
	text_done(&t);
	return r;
}

int tree_print(struct out *out)
{
	uint32_t i = tree.nodes[0].first_child;
	uint64_t depth = 0;
	int r = 0;

	while (i && r == 0) {
		r = print_node(out, i, depth);
		if (tree.nodes[i].first_child) {
			i = tree.nodes[i].first_child;
			depth++;
			continue;
		}
		while (i && !tree.nodes[i].next && tree.nodes[i].parent) {
			i = tree.nodes[i].parent;
			depth--;
		}
		i = tree.nodes[i].next;
	}
	if (tree.others)
		term_warn("%llu processes found no room in the tree, which takes %u",
			  (unsigned long long)tree.others, NODES_MAX - 1);
	return r;
}
