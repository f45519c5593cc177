/* SPDX-License-Identifier: MIT */
#ifndef SCALER_SHARE_H
#define SCALER_SHARE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Dividing the workers of a queue among the hosts that share its store: evenly, each within what it
 * can take; what is left over goes to hosts in an order that differs from queue to queue. Who knows
 * the same hosts comes to the same division.
 */
struct host_share {
    const char *host; /* its id; the hosts are in byte order of these */
    int64_t most;     /* workers of this queue that it can take */
    int64_t given;    /* out */
};

/* Fills in what each of count hosts is given; where they can take fewer than `workers`, the rest is
 * given to nobody. */
void share_divide(const char *queue, int64_t workers, struct host_share *hosts, size_t count);

#endif
