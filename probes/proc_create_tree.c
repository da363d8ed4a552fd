// SPDX-License-Identifier: GPL-2.0-only
/* proc_create_tree.c - a node for each process seen, below the process that forked it, in order of
 * their begin.
 *
 * A process stays below the one that forked it, also when its parent changes later. One whose fork
 * was not seen is at the top. At most 65,535 processes.
 */
#include <sys/wait.h>

#include "lib/base/term.h"
#include "lib/base/text.h"
#include "proc_create_parts.h"

struct tree_record {
	uint64_t pid, ppid, depth, lifetime_ns, cpu_ns, max_rss_bytes, exit_code, signal;
	const char *tree;
};

#define NODE(m, t, u, what) FIELD(struct tree_record, m, FIELD_##t, u, what)

static const struct field tree_fields[] = {
	NODE(pid, U64, "", "process"),
	NODE(ppid, U64, "", "process that forked it; missing if the fork was not seen"),
	NODE(depth, U64, "", "level in the tree; 0: top"),
	NODE(lifetime_ns, U64, "ns", "time from fork to exit; missing if the process did not end"),
	NODE(cpu_ns, U64, "ns", "CPU time of all threads; missing if the process did not end"),
	NODE(max_rss_bytes, U64, "bytes",
	     "largest resident set size; missing if the process did not end"),
	NODE(exit_code, U64, "",
	     "0 to 255; missing if a signal ended the process, or it did not end"),
	NODE(signal, U64, "", "signal that ended the process, else missing"),
	NODE(tree, STRING, "",
	     "branches of the tree, then the names of the process, first to last; `...` "
	     "stands for levels beyond 64 and names beyond 4"),
};

const struct record_type tree_type =
	RECORD_TYPE("process_tree", 1, RECORD_TABLE, tree_fields,
		    "with --draw-tree: a process, below the process that forked it");

#define NODES_MAX 65536u
#define NAMES_MAX 4  /* names of a process kept: the first ones and the last */
#define DEPTH_MAX 64 /* a deeper one begins with "..." and is indented as one of this level */

/* Nodes are numbered from 1; 0 is none. */
struct node {
	uint32_t pid, parent, first_child, last_child, next;
	uint32_t status;
	bool ended, forked, names_cut; /* names between the last two are left out */
	uint8_t names;
	char comm[NAMES_MAX][PROBE_COMM_LEN];
	uint64_t lifetime_ns, cpu_ns, max_rss_bytes;
};

struct tree {
	struct node *nodes; /* [0] is the root of all; grows */
	uint32_t n, capacity;
	uint32_t *node_of_pid; /* of living processes */
	uint64_t others;       /* processes that did not fit */
};

int tree_new(struct tree **ret, struct err *e)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (tree) {
		*tree = (struct tree){ .n = 1, .capacity = 1024 };
		tree->nodes = calloc(tree->capacity, sizeof(*tree->nodes));
		tree->node_of_pid = calloc(PIDS_MAX, sizeof(*tree->node_of_pid));
	}
	if (!tree || !tree->nodes || !tree->node_of_pid) {
		tree_free(tree);
		return err_set(e, ENOMEM, "cannot store a tree of processes");
	}
	*ret = tree;
	return 0;
}

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	free(tree->nodes);
	free(tree->node_of_pid);
	free(tree);
}

static bool grow(struct tree *tree)
{
	struct node *nodes;

	if (tree->n < tree->capacity)
		return true;
	nodes = realloc(tree->nodes, 2 * tree->capacity * sizeof(*nodes));
	if (!nodes)
		return false;
	tree->nodes = nodes;
	tree->capacity *= 2;
	return true;
}

static void add_name(struct node *node, const char comm[PROBE_COMM_LEN])
{
	uint8_t last = node->names ? (uint8_t)(node->names - 1) : 0;

	if (node->names && !memcmp(node->comm[last], comm, PROBE_COMM_LEN))
		return;
	if (node->names < NAMES_MAX)
		last = node->names++;
	else
		node->names_cut = true;
	memcpy(node->comm[last], comm, PROBE_COMM_LEN);
}

/* A new node for pid below parent; 0: the tree is full. */
static uint32_t add_node(struct tree *tree, uint32_t pid, uint32_t parent,
			 const char comm[PROBE_COMM_LEN])
{
	struct node *node, *above;
	uint32_t i = tree->n;

	if (i >= NODES_MAX || !grow(tree)) {
		tree->others++;
		tree->node_of_pid[pid] = 0;
		return 0;
	}
	node = &tree->nodes[i];
	above = &tree->nodes[parent];
	*node = (struct node){ .pid = pid, .parent = parent };
	add_name(node, comm);
	if (above->last_child)
		tree->nodes[above->last_child].next = i;
	else
		above->first_child = i;
	above->last_child = i;
	tree->node_of_pid[pid] = i;
	tree->n++;
	return i;
}

static uint32_t node_of(struct tree *tree, const struct task_event *task)
{
	return tree->node_of_pid[task->pid] ? tree->node_of_pid[task->pid]
					    : add_node(tree, task->pid, 0, task->comm);
}

void tree_add(struct tree *tree, const struct task_event *task)
{
	const struct exit_event *exit = (const struct exit_event *)task;
	struct node *node;
	uint32_t i;

	if (task->pid >= PIDS_MAX || task->child >= PIDS_MAX || task->kind == TASK_THREAD ||
	    task->kind == TASK_EXEC_FAILED)
		return;
	i = node_of(tree, task);
	if (task->kind == TASK_FORK) {
		i = add_node(tree, task->child, i, task->comm);
		tree->nodes[i].forked = i != 0;
		return;
	}
	if (!i)
		return;
	node = &tree->nodes[i];
	if (task->kind == TASK_EXEC)
		add_name(node, task->comm);
	if (task->kind != TASK_EXIT)
		return;
	node->ended = true;
	node->status = exit->status;
	node->lifetime_ns = exit->lifetime_ns;
	node->cpu_ns = exit->cpu_ns;
	node->max_rss_bytes = exit->max_rss_pages * (uint64_t)sysconf(_SC_PAGESIZE);
	tree->node_of_pid[task->pid] = 0;
}

/* "|  |- sh > make": a bar for each ancestor that has a later sibling. */
static void draw(const struct tree *tree, struct text *t, uint32_t i, uint64_t depth)
{
	const struct node *node = &tree->nodes[i];
	bool more[DEPTH_MAX];
	uint64_t levels = MIN(depth, DEPTH_MAX);

	for (uint64_t level = levels; level > 0; level--) {
		more[level - 1] = tree->nodes[i].next != 0;
		i = tree->nodes[i].parent;
	}
	if (depth > levels)
		text_str(t, "... ");
	for (uint64_t level = 0; level < levels; level++) {
		if (level + 1 < levels)
			text_str(t, more[level] ? "|  " : "   ");
		else
			text_str(t, more[level] ? "|- " : "`- ");
	}
	for (uint8_t j = 0; j < node->names; j++) {
		if (j)
			text_str(t, node->names_cut && j + 1 == node->names ? " > ... > " : " > ");
		text_put(t, node->comm[j], strnlen(node->comm[j], PROBE_COMM_LEN));
	}
	text_put(t, "", 1);
}

static int print_node(const struct tree *tree, struct out *out, uint32_t i, uint64_t depth)
{
	const struct node *node = &tree->nodes[i];
	int status = (int)node->status, rc;
	struct text t = { 0 };
	struct tree_record record;

	record_clear(&tree_type, &record);
	record.pid = node->pid;
	record.depth = depth;
	if (node->forked)
		record.ppid = tree->nodes[node->parent].pid;
	if (node->ended) {
		record.lifetime_ns = node->lifetime_ns;
		record.cpu_ns = node->cpu_ns;
		record.max_rss_bytes = node->max_rss_bytes;
		if (WIFEXITED(status))
			record.exit_code = (uint64_t)WEXITSTATUS(status);
		if (WIFSIGNALED(status))
			record.signal = (uint64_t)WTERMSIG(status);
	}
	draw(tree, &t, i, depth);
	record.tree = t.failed ? NULL : t.s;
	rc = out_record(out, &tree_type, &record);
	text_done(&t);
	return rc;
}

int tree_print(const struct tree *tree, struct out *out)
{
	uint32_t i = tree->nodes[0].first_child;
	uint64_t depth = 0;
	int rc = 0;

	while (i && rc == 0) {
		rc = print_node(tree, out, i, depth);
		if (tree->nodes[i].first_child) {
			i = tree->nodes[i].first_child;
			depth++;
			continue;
		}
		while (i && !tree->nodes[i].next && tree->nodes[i].parent) {
			i = tree->nodes[i].parent;
			depth--;
		}
		i = tree->nodes[i].next;
	}
	if (tree->others)
		term_warn("%llu processes are not in the tree, which holds %u",
			  (unsigned long long)tree->others, NODES_MAX - 1);
	return rc;
}
