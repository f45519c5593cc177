/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_IDENTITY_H
#define SUPERVISOR_PROGRAMS_IDENTITY_H

#include <stddef.h>
#include <sys/types.h>

/* Who a program runs as, looked up before it is started: name services may be slow, and cannot be
 * asked between fork and exec. */
struct identity {
    uid_t uid;
    gid_t gid;
    gid_t *groups; /* its primary one first; NULL where the user is not known any more */
    size_t group_count;
    char *login, *home, *shell; /* likewise */
    struct identity *next;
    char name[]; /* as configured */
};

struct identities {
    struct identity *first;
};

/* The identity of a user's name or number, looked up at the first time. It lives until
 * identities_forget. */
const struct identity *identity_of(struct identities *identities, const char *user);

/* They are looked up again when they are needed again. */
void identities_forget(struct identities *identities);

/* Becomes that user, in a child: async-signal-safe. Returns NULL, or what has failed. */
const char *identity_become(const struct identity *identity);

#endif
