/* SPDX-License-Identifier: GPL-2.0-only */
/* cage_bounds.c - what a load may take, and who it runs as. Decides; changes nothing. */
#include <grp.h>
#include <pwd.h>

#include "cage.h"
#include "units.h"

uint64_t cage_reserve_bytes(uint64_t mem_total_bytes)
{
	return MAX(MIN(512 * MIB, mem_total_bytes / 8), mem_total_bytes / 10);
}

uint64_t cage_size_bound_bytes(uint64_t mem_available_bytes, uint64_t reserve_bytes)
{
	return mem_available_bytes > reserve_bytes ? (mem_available_bytes - reserve_bytes) / 2 : 0;
}

int cage_check_size(uint64_t request_bytes, uint64_t bound_bytes, bool allow_large, struct err *e)
{
	char request[UNITS_TEXT_MAX], bound[UNITS_TEXT_MAX];

	if (request_bytes <= bound_bytes || allow_large)
		return 0;
	err_usage(e, "%s is over the safe bound of %s: half of what is available above the reserve",
		  units_format_size(request_bytes, request), units_format_size(bound_bytes, bound));
	return err_hint(e, "ask for less, or lift this bound with --unsafe-allow-large");
}

int cage_check_duration(uint64_t request_ns, uint64_t cap_ns, bool allow_long, struct err *e)
{
	char request[UNITS_TEXT_MAX], cap[UNITS_TEXT_MAX];

	if (request_ns <= cap_ns || allow_long)
		return 0;
	err_usage(e, "%s is over the safe bound of %s", units_format_duration(request_ns, request),
		  units_format_duration(cap_ns, cap));
	return err_hint(e, "ask for less, or lift this bound with --unsafe-allow-long");
}

static int sudo_id(const char *name, uid_t *ret, struct err *e)
{
	const char *text = getenv(name);
	uint64_t id;

	if (!text)
		return -ENOENT;
	if (units_parse_u64(text, &id, NULL) || id >= UINT32_MAX)
		return err_say(e, EINVAL, "%s is '%s', which is no user or group number", name, text);
	*ret = (uid_t)id;
	return 0;
}

/* Name, home and groups from the user database; a uid that is not in it has none. */
static int look_up(struct cage_user *user, struct err *e)
{
	struct passwd pw, *found = NULL;
	AUTO_FREE char *buf = malloc(64 * KIB);
	int n = CAGE_GROUPS_MAX;

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
	/* More groups than fit: the first CAGE_GROUPS_MAX are filled in, n says how many there are. */
	getgrouplist(pw.pw_name, user->gid, user->groups, &n);
	user->n_groups = (size_t)MIN(n, CAGE_GROUPS_MAX);
	return 0;
}

int cage_user_caller(struct cage_user *ret, struct err *e)
{
	struct cage_user user = { .uid = getuid(), .gid = getgid() };
	int rc;

	if (geteuid() == 0) {
		rc = sudo_id("SUDO_UID", &user.uid, e);
		if (!rc) {
			rc = sudo_id("SUDO_GID", &user.gid, e);
			if (rc == -ENOENT) /* the user, but with root's group */
				return err_say(e, EINVAL, "SUDO_UID is set and SUDO_GID is not: sudo sets both");
		}
		if (rc && rc != -ENOENT)
			return rc;
	}
	rc = look_up(&user, e);
	if (!rc)
		*ret = user;
	return rc;
}
