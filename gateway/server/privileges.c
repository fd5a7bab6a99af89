#include "server/privileges.h"

#include "base/log.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

void privileges_of_memory(bool core_dumps)
{
    const struct rlimit none = {0, 0};

    /* A limit of 0 does not hold where core files go to a program; not being dumpable does. */
    if (!core_dumps && setrlimit(RLIMIT_CORE, &none) != 0)
        LOG(LOG_WARN, "core files not limited", LOG_S("reason", strerror(errno)));
    if (prctl(PR_SET_DUMPABLE, core_dumps) != 0)
        LOG(LOG_WARN, "core dumps not settled", LOG_S("reason", strerror(errno)));
}

/* True if every id of the process is A's. */
static bool is_already(const struct account *a)
{
    uid_t uids[3];
    gid_t gids[3];
    bool is = getresuid(&uids[0], &uids[1], &uids[2]) == 0 &&
              getresgid(&gids[0], &gids[1], &gids[2]) == 0;

    for (int i = 0; i < 3; i++)
        is = is && uids[i] == a->uid && gids[i] == a->gid;
    return is;
}

static bool become(const struct account *a)
{
    int groups = a->name[0] ? initgroups(a->name, a->gid) : setgroups(1, &a->gid);

    return groups == 0 && setresgid(a->gid, a->gid, a->gid) == 0 &&
           setresuid(a->uid, a->uid, a->uid) == 0;
}

/* True if the process holds a capability, or could raise one. */
static bool has_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    bool has = syscall(SYS_capget, &header, sets) != 0;

    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        has = has || sets[i].effective || sets[i].permitted;
    return has;
}

/* True if there is a way back to what the process was. */
static bool can_go_back(const struct account *a)
{
    return !is_already(a) || setuid(0) == 0 || seteuid(0) == 0 || has_capabilities() ||
           (a->gid != 0 && (setgid(0) == 0 || setegid(0) == 0));
}

static bool refuse(const struct account *a, const char *reason, const char *hint)
{
    LOG(LOG_ERROR, "cannot change user", LOG_N("uid", a->uid), LOG_N("gid", a->gid),
        LOG_S("reason", reason), LOG_S("hint", hint));
    return false;
}

bool privileges_drop(const struct settings *s)
{
    const struct account *a = &s->user;

    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); /* nothing that is executed gains rights */
    if (!a->given && geteuid() == 0)
        LOG(LOG_WARN, "running as root", LOG_S("hint", "set user, or start as another user"));
    if (!a->given)
        return true;
    if (is_already(a)) {
        LOG(LOG_WARN, "user ignored", LOG_S("hint", "the process is this user already"));
        return true;
    }
    if (!become(a))
        return refuse(a, strerror(errno), geteuid() == 0 ? "" : "start as root, or remove user");
    if (can_go_back(a))
        return refuse(a, "it could be undone", "");
    privileges_of_memory(s->core_dumps); /* a change of ids sets it anew */
    LOG(LOG_INFO, "changed user", LOG_N("uid", a->uid), LOG_N("gid", a->gid));
    return true;
}
