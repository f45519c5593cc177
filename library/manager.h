/* SPDX-License-Identifier: MIT */
#ifndef LIBRARY_MANAGER_H
#define LIBRARY_MANAGER_H

#include <sys/types.h>

#include "common/settings.h"
#include "library/include/muster/muster.h"
#include "library/pool.h"

#define MUSTER_API __attribute__((visibility("default")))

/* What users have in hand: the manager, or a view of it with a connection of its own. */
struct muster {
    struct manager *manager;
    struct pool *pool; /* NULL: that of the queue */
};

struct manager {
    pid_t pid; /* of the process that opened it */
    struct settings *settings;
    struct pool *pools;   /* one a connection, in their order */
    struct muster *views; /* likewise */
    struct muster all;
};

/* Whether muster can be used here. Returns 0, or -1 with err. */
int manager_check(const struct muster *muster, struct err *err);

/* The pool of the muster itself, or else that of the queue (NULL: the default one). */
struct pool *manager_pool(const struct muster *muster, const char *queue);

/* Passes the cause on to the user's error (which may be NULL). Returns -1 where there is one, else
 * 0. */
int manager_result(struct muster_error *error, const struct err *cause);

#endif
