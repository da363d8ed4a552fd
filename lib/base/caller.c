/* SPDX-License-Identifier: GPL-2.0-only */
/* caller.c - SUDO_UID and SUDO_GID, the user database, giving up root, for good or for a file. */
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <sys/stat.h>

#include "caller.h"
#include "rights.h"
#include "units.h"

static int sudo_id(const char *name, uid_t *ret, struct err *e)
{
	const char *text = getenv(name);
	uint64_t id;

	if (!text)
		return -ENOENT;
	if (units_parse_u64(text, &id, NULL) || id >= UINT32_MAX)
		return err_say(e, EINVAL, "%s is '%s', which is not a user or group ID", name,
			       text);
	*ret = (uid_t)id;
	return 0;
}

/* Name, home and groups from the user database; a uid that is not in it has none. */
static int look_up(struct caller *user, struct err *e)
{
	struct passwd pw, *found = NULL;
	AUTO_FREE char *buf = malloc(64 * KIB);
	int n = CALLER_GROUPS_MAX;

	if (!buf)
		return err_set(e, ENOMEM, "cannot look up user %u", user->uid);
	snprintf(user->home, sizeof(user->home), "/");
	snprintf(user->shell, sizeof(user->shell), "/bin/sh");
	user->groups[0] = user->gid;
	user->n_groups = 1;
	if (getpwuid_r(user->uid, &pw, buf, 64 * KIB, &found) || !found)
		return 0;
	snprintf(user->name, sizeof(user->name), "%s", pw.pw_name);
	snprintf(user->home, sizeof(user->home), "%s", pw.pw_dir);
	snprintf(user->shell, sizeof(user->shell), "%s", pw.pw_shell);
	/* Where more groups than CALLER_GROUPS_MAX exist, n is how many. */
	getgrouplist(pw.pw_name, user->gid, user->groups, &n);
	user->n_groups = (size_t)MIN(n, CALLER_GROUPS_MAX);
	return 0;
}

int caller_read(struct caller *ret, struct err *e)
{
	struct caller user = { .uid = getuid(), .gid = getgid() };
	int uid_rc = -ENOENT, gid_rc = -ENOENT, rc;

	if (geteuid() == 0 && rights_initial_user()) {
		uid_rc = sudo_id("SUDO_UID", &user.uid, e);
		if (uid_rc == -EINVAL)
			return uid_rc;
		gid_rc = sudo_id("SUDO_GID", &user.gid, e);
		if (gid_rc == -EINVAL)
			return gid_rc;
	}
	/* Else the user would keep root's group, or the group would come with root's rights. */
	if (uid_rc != gid_rc)
		return err_say(e, EINVAL, "only %s is set; sudo sets both SUDO_UID and SUDO_GID",
			       uid_rc ? "SUDO_GID" : "SUDO_UID");
	rc = look_up(&user, e);
	if (!rc)
		*ret = user;
	return rc;
}

int caller_become(const struct caller *user)
{
	if (user->uid == geteuid() && user->uid == getuid())
		return 0;
	if (setgroups(user->n_groups, user->groups) || setresgid(user->gid, user->gid, user->gid) ||
	    setresuid(user->uid, user->uid, user->uid))
		return -errno;
	setenv("HOME", user->home, 1);
	setenv("SHELL", user->shell, 1);
	if (user->name[0]) {
		setenv("USER", user->name, 1);
		setenv("LOGNAME", user->name, 1);
	}
	return 0;
}

/* fsuid alone would leave root's groups. What the kernel refuses leaves fewer rights, not more: the
 * groups are changed first, and a user ID other than 0 has no capability on files. */
void caller_enter(const struct caller *user, struct caller_root *ret)
{
	ret->n_groups = -1;
	if (geteuid() != 0 || user->uid == 0)
		return;
	ret->n_groups = getgroups(CALLER_GROUPS_MAX, ret->groups);
	if (ret->n_groups >= 0)
		setgroups(user->n_groups, user->groups);
	setfsgid(user->gid);
	setfsuid(user->uid);
}

void caller_leave(const struct caller_root *root)
{
	const int code = errno;

	if (geteuid() == 0) {
		setfsuid(0);
		setfsgid(getegid());
		if (root->n_groups >= 0)
			setgroups((size_t)root->n_groups, root->groups);
	}
	errno = code;
}

/* The flag was for the open alone: the descriptor may become a program's output. */
static int settle(int fd, int flags)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((flags & O_TRUNC) && ftruncate(fd, 0))
		return -errno;
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) ? -errno : 0;
}

int caller_open(const struct caller *user, const char *path, int flags, mode_t mode, struct err *e)
{
	struct caller_root root;

	caller_enter(user, &root);
	AUTO_CLOSE int fd = open(
		path, (flags & ~O_TRUNC) | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode);

	caller_leave(&root);
	int rc = fd < 0 ? -errno : settle(fd, flags);

	if (rc == -EINVAL || rc == -ENXIO) /* a pipe without a reader, a socket */
		return err_say(e, EINVAL, "cannot open %s: it is not a regular file", path);
	if (rc)
		return err_set(e, rc, "cannot open %s", path);
	rc = fd;
	fd = -1;
	return rc;
}

int caller_mkdir(const struct caller *user, const char *path, mode_t mode)
{
	struct caller_root root;
	int rc;

	caller_enter(user, &root);
	rc = mkdir(path, mode) ? -errno : 0;
	caller_leave(&root);
	return rc;
}
