/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/identity.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/users.h"

const struct identity *identity_of(struct identities *identities, const char *user)
{
    for (const struct identity *one = identities->first; one; one = one->next)
        if (strcmp(one->name, user) == 0)
            return one;
    struct identity *identity = mem_new(1, sizeof *identity + strlen(user) + 1);
    strcpy(identity->name, user);
    if (user_find(user, &identity->uid, &identity->gid, NULL) == 0)
        identity->groups = user_groups(identity->uid, &identity->group_count);
    if (identity->groups)
        user_names(identity->uid, &identity->login, &identity->home, &identity->shell);
    identity->next = identities->first;
    identities->first = identity;
    return identity;
}

void identities_forget(struct identities *identities)
{
    while (identities->first) {
        struct identity *identity = identities->first;
        identities->first = identity->next;
        free(identity->groups);
        free(identity->login);
        free(identity->home);
        free(identity->shell);
        free(identity);
    }
}

/* The system calls themselves: libc's functions would tell other threads, of which there are none
 * here, by locks that may have been held at the fork. */
const char *identity_become(const struct identity *identity)
{
    if (!identity->groups)
        return "Can't find username";
    if (getuid() == identity->uid)
        return NULL;
    if (getuid() != 0)
        return "Can't drop privilege as nonroot user";
    if (syscall(SYS_setgroups, identity->group_count, identity->groups) < 0)
        return "Could not set groups of effective user";
    if (syscall(SYS_setgid, identity->gid) < 0)
        return "Could not set group id of effective user";
    if (syscall(SYS_setuid, identity->uid) < 0)
        return "Could not set user id";
    return NULL;
}
