/* SPDX-License-Identifier: GPL-2.0-only */
/* deny.c - deny CALL[,CALL]... COMMAND...: runs COMMAND while the kernel refuses these system calls
 * with EPERM, as the seccomp filter of a container does. CALL: bpf, process_madvise,
 * perf_event_open.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned int number;
} calls[] = {
	{ "bpf", SYS_bpf },
	{ "process_madvise", SYS_process_madvise },
	{ "perf_event_open", SYS_perf_event_open },
};

static int deny(unsigned int number)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
	size_t n = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: deny CALL[,CALL]... COMMAND...\n");
		return 2;
	}
	for (char *name = strtok(argv[1], ","); name; name = strtok(NULL, ",")) {
		for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
			if (strcmp(name, calls[i].name) != 0)
				continue;
			if (deny(calls[i].number)) {
				perror("seccomp");
				return 1;
			}
			n++;
		}
	}
	if (!n) {
		fprintf(stderr, "deny: no such call\n");
		return 2;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
