/* SPDX-License-Identifier: MIT */
#ifndef CLI_FAILED_WALK_H
#define CLI_FAILED_WALK_H

#include "cli/context.h"
#include "queue/fingerprint.h"

/*
 * A walk over all failed jobs that match, page by page, so that the memory for it is bounded
 * however many there are. Stores know nothing of fingerprints: they are made, and filtered by,
 * here.
 */
struct failed_walk {
    const struct queue_connection *connection;
    struct failed_filter filter;
    const char *fingerprint; /* id that it must have, or NULL */
    /* Called for each, newest first; anything but 0 ends the walk. The strings live during the
     * call. */
    int (*each)(void *context, const struct failed_job *failed,
                const struct fingerprint *fingerprint);
    void *context;
    uint64_t seen; /* out: how many there were, matching by fingerprint or not */
};

/* Visits at most limit matching ones (0: all). Returns 0, or -1 with err. */
int failed_walk(struct failed_walk *walk, uint64_t limit, struct err *err);

/* Checks that a text is a fingerprint's id. Returns 0, or -1 with err. */
int failed_check_fingerprint(const char *text, struct err *err);

#endif
