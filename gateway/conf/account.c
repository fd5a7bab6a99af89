#include "conf/account.h"

#include <grp.h>
#include <pwd.h>
#include <stdint.h>

/* T with a NUL behind it in SPACE; NULL if it is no name. */
static const char *as_name(struct text t, char space[ACCOUNT_NAME_BYTES])
{
    if (t.len == 0 || t.len >= ACCOUNT_NAME_BYTES || text_find(t, 0) < t.len)
        return NULL;
    memcpy(space, t.at, t.len);
    space[t.len] = 0;
    return space;
}

/* True if T is a number that an id can be; -1 means "no change" to the system. */
static bool read_id(struct text t, uint32_t *id_out)
{
    uint64_t number;

    if (!text_to_u64(t, &number) || number >= UINT32_MAX)
        return false;
    *id_out = (uint32_t)number;
    return true;
}

/* Finds the user T, with the group the system has for it; GROUPED: that is given otherwise. */
static const char *find_user(struct text t, bool grouped, struct account *to)
{
    const char *name = as_name(t, to->name);
    const struct passwd *known = name ? getpwnam(name) : NULL;

    if (!known && read_id(t, &to->uid)) {
        known = getpwuid(to->uid);
        if (!known && !grouped)
            return "a number that is no user's needs a group, as in \"1000:1000\"";
        if (!known || !as_name(text_from(known->pw_name), to->name))
            to->name[0] = 0;
        to->gid = known ? known->pw_gid : 0;
        return NULL;
    }
    if (!known)
        return "there is no such user";
    to->uid = known->pw_uid;
    to->gid = known->pw_gid;
    return NULL;
}

static const char *find_group(struct text t, gid_t *gid_out)
{
    char space[ACCOUNT_NAME_BYTES];
    const char *name = as_name(t, space);
    const struct group *known = name ? getgrnam(name) : NULL;

    if (known)
        *gid_out = known->gr_gid;
    return known || read_id(t, gid_out) ? NULL : "there is no such group";
}

const char *account_read(struct text t, struct account *to)
{
    size_t colon = text_find(t, ':');
    struct account read = {.given = true};

    if (text_eq(t, TEXT("none"))) {
        *to = (struct account){0};
        return NULL;
    }
    const char *wrong = find_user(text_of(t.at, colon), colon < t.len, &read);
    if (!wrong && colon < t.len)
        wrong = find_group(text_from_offset(t, colon + 1), &read.gid);
    if (!wrong && read.uid == 0)
        wrong = "it is the superuser";
    if (!wrong)
        *to = read;
    return wrong;
}
