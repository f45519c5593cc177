/* SPDX-License-Identifier: MIT */
#include "common/users.h"

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

#define GROUPS_MAX 65536 /* NGROUPS_MAX of Linux */

static bool is_number(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= 10 && strspn(text, "0123456789") == length;
}

int user_find(const char *text, uid_t *uid, gid_t *gid, struct err *err)
{
    const struct passwd *user =
        is_number(text) ? getpwuid((uid_t)strtoul(text, NULL, 10)) : getpwnam(text);
    if (!user)
        return err_set(err, ERR_INVALID,
                       "there is no user %.80s; write the name or number of one that there is",
                       text);
    *uid = user->pw_uid;
    *gid = user->pw_gid;
    return 0;
}

static int group_find(const char *text, gid_t *gid, struct err *err)
{
    const struct group *group =
        is_number(text) ? getgrgid((gid_t)strtoul(text, NULL, 10)) : getgrnam(text);
    if (!group)
        return err_set(err, ERR_INVALID,
                       "there is no group %.80s; write the name or number of one that there is",
                       text);
    *gid = group->gr_gid;
    return 0;
}

int owner_find(const char *text, uid_t *uid, gid_t *gid, struct err *err)
{
    gid_t primary;
    const char *colon = strchr(text, ':');
    char *name = mem_strndup(text, colon ? (size_t)(colon - text) : strlen(text));
    int result = user_find(name, uid, &primary, err);
    free(name);
    *gid = (gid_t)-1;
    if (result == 0 && colon)
        result = group_find(colon + 1, gid, err);
    return result;
}

gid_t *user_groups(uid_t uid, size_t *count)
{
    const struct passwd *user = getpwuid(uid);
    if (!user)
        return NULL;
    gid_t *groups = NULL;
    int room = 16, found = 0;
    do {
        groups = mem_resize(groups, (size_t)room, sizeof *groups);
        found = room;
        if (getgrouplist(user->pw_name, user->pw_gid, groups, &found) >= 0)
            break;
        room *= 2;
    } while (room <= GROUPS_MAX);
    *count = (size_t)(found < room ? found : room);
    return groups;
}

int user_names(uid_t uid, char **login, char **home, char **shell)
{
    const struct passwd *user = getpwuid(uid);
    if (!user)
        return -1;
    *login = mem_strdup(user->pw_name);
    *home = mem_strdup(user->pw_dir);
    *shell = mem_strdup(user->pw_shell && user->pw_shell[0] ? user->pw_shell : "/bin/sh");
    return 0;
}
