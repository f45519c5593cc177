/* SPDX-License-Identifier: MIT */
#ifndef COMMON_USERS_H
#define COMMON_USERS_H

#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"

/* Users and groups, by name or number, who exist on this system. May block: name services are
 * asked. */

/* Finds a user and its primary group. Returns 0, or -1 with err (ERR_INVALID). */
int user_find(const char *text, uid_t *uid, gid_t *gid, struct err *err);

/* Finds the user in "user" or "user:group", and the group, or (gid_t)-1 where none is named.
 * Returns 0, or -1 with err (ERR_INVALID). */
int owner_find(const char *text, uid_t *uid, gid_t *gid, struct err *err);

/* The groups of a user, its primary one first: a malloc'd list, *count long; NULL where the user is
 * not known any more. */
gid_t *user_groups(uid_t uid, size_t *count);

/* The name, home directory and shell of a user, malloc'd. Returns 0, or -1 where the user is not
 * known. */
int user_names(uid_t uid, char **login, char **home, char **shell);

#endif
