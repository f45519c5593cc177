/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_WATCH_H
#define SUPERVISOR_WATCH_H

#include <stdint.h>

/*
 * Looks at what has changed since it looked last, and puts it into the feed: "programs" and
 * "queues" with the rows of overview.h, "workers" with those of one queue. Where too much has
 * changed at once, or something has come or gone, a "refresh" says that all is to be read again.
 */
struct master;

struct watch {
    struct master *master;
    uint64_t seen; /* the host's revision */
};

/* What is there now has been seen. */
void watch_begin(struct watch *watch, struct master *master);
void watch_look(struct watch *watch);

#endif
