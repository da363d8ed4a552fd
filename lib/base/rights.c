/* SPDX-License-Identifier: GPL-2.0-only */
/* rights.c - capabilities by capget(2), namespaces by their fixed numbers in /proc/self/ns. */
#include "rights.h"

#include <ctype.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Of the initial namespaces, the same on every kernel since 3.8 (include/linux/proc_ns.h). */
#define INITIAL_USER_INO 0xEFFFFFFDu
#define INITIAL_PID_INO  0xEFFFFFFCu

static const struct {
	unsigned int cap;
	const char *name;
} names[] = {
	{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN" },
	{ CAP_BPF, "CAP_BPF" },
	{ CAP_PERFMON, "CAP_PERFMON" },
	{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE" },
	{ CAP_SYS_NICE, "CAP_SYS_NICE" },
	{ CAP_KILL, "CAP_KILL" },
	{ CAP_SETUID, "CAP_SETUID" },
	{ CAP_SETGID, "CAP_SETGID" },
	{ CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE" },
};

bool rights_parse_initial(const char *uid_map)
{
	unsigned long long inside, outside, n;

	if (!*uid_map)
		return true; /* not known: then the capabilities decide */
	return sscanf(uid_map, "%llu %llu %llu", &inside, &outside, &n) == 3 && inside == 0 &&
	       outside == 0 && n == UINT32_MAX;
}

bool rights_initial_user(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) || st.st_ino == INITIAL_USER_INO;
}

static uint64_t lacking(uint64_t have, uint64_t needed)
{
	if (have & RIGHT(CAP_SYS_ADMIN))
		have |= RIGHTS_PROBE;
	return needed & ~have;
}

uint64_t rights_parse(const char *uid_map, const char *status, uint64_t needed)
{
	const char *line = strstr(status, "\nCapEff:");
	uint64_t have = line ? strtoull(line + strlen("\nCapEff:"), NULL, 16) : 0;

	return lacking(rights_parse_initial(uid_map) ? have : 0, needed);
}

uint64_t rights_missing(uint64_t needed)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (!rights_initial_user() || syscall(SYS_capget, &header, data))
		return needed;
	return lacking((uint64_t)data[1].effective << 32 | data[0].effective, needed);
}

void rights_names(uint64_t rights, char *buf, size_t len)
{
	size_t used = 0;

	*buf = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names) && used < len; i++) {
		if (!(rights & RIGHT(names[i].cap)))
			continue;
		rights &= ~RIGHT(names[i].cap);
		used += (size_t)snprintf(buf + used, len - used, "%s%s",
					 !used    ? ""
					 : rights ? ", "
						  : " and ",
					 names[i].name);
	}
}

int rights_hint(struct err *e)
{
	if (!rights_initial_user())
		return err_hint(e, "run it outside of this container: in a user namespace of its "
				   "own, root has no rights over the machine");
	return err_hint(e,
			geteuid() ? "run it with sudo" : "grant them to this container or service");
}

int rights_check(uint64_t needed, const char *what, struct err *e)
{
	uint64_t missing = rights_missing(needed);
	char have_not[200];

	if (!missing)
		return 0;
	rights_names(missing, have_not, sizeof(have_not));
	err_impossible(e, "%s needs root privileges%s; missing: %s", what,
		       rights_initial_user() ? "" : " in the initial user namespace", have_not);
	return rights_hint(e);
}

static bool starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

int rights_explain(const char *path, struct err *e)
{
	const bool proc = starts(path, "/proc/"), process = proc && isdigit((unsigned char)path[6]);

	if (!e || process || (!proc && !starts(path, "/sys/")))
		return e ? e->code : -EIO;
	if (e->code == -EACCES || e->code == -EPERM) {
		e->exit = EXIT_IMPOSSIBLE;
		return rights_hint(e);
	}
	if (e->code == -EROFS) {
		e->exit = EXIT_IMPOSSIBLE;
		return err_hint(e, "run it where this is mounted writable, e.g. on the host");
	}
	if (proc && e->code == -ENOENT && access("/proc/meminfo", F_OK)) {
		e->exit = EXIT_IMPOSSIBLE;
		return err_hint(e, "/proc is not mounted, or with subset=pid: mount -t proc proc "
				   "/proc");
	}
	return e->code;
}

/* The PID of this process by /proc; 0: it has none there. */
static long own_pid(void)
{
	char text[24] = "";

	return readlink("/proc/self", text, sizeof(text) - 1) > 0 ? strtol(text, NULL, 10) : 0;
}

static int no_proc(const char *what, struct err *e)
{
	err_impossible(e, "%s needs the /proc of this PID namespace; %s", what,
		       own_pid() ? "the one that is mounted numbers processes otherwise"
				 : "none is mounted");
	return err_hint(e, "mount -t proc proc /proc");
}

int rights_processes(const char *what, struct err *e)
{
	return own_pid() == getpid() ? 0 : no_proc(what, e);
}

int rights_pid_space(uint32_t *ret, struct err *e)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st))
		return no_proc("a probe", e);
	*ret = st.st_ino == INITIAL_PID_INO ? 0 : (uint32_t)st.st_ino;
	return 0;
}
