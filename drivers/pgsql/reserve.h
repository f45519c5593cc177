/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_RESERVE_H
#define DRIVERS_PGSQL_RESERVE_H

#include "drivers/pgsql/exchange.h"

/* Reservations, as parts of a turn. */

#define RESERVING_QUERIES_MAX 6

/* One reservation on its way. The places are those of its queries; SIZE_MAX: there is none. */
struct reserving {
    struct store *store;
    const struct reserve_request *request;
    struct reservation *reservation;
    struct scan_walk walk;
    int64_t lease; /* of the row of leases */
    size_t probes; /* two, around it */
    size_t reserve;
    size_t next_due;
    size_t ranks;
    bool is_short; /* out: there was no more to be had */
};

/* Plans it, and appends its queries. Returns how many. */
size_t pg_reserving_begin(struct reserving *reserving, struct store *store,
                          const struct reserve_request *request, struct reservation *reservation,
                          struct query *queries);

/* Reads the results of those: jobs in the queue's order. */
void pg_reserving_read(struct reserving *reserving, const struct query *queries);

/* What is to be done with a reservation that came short, or did not: next_due_ms, and who waits. */
void pg_reserving_end(struct reserving *reserving, const struct query *queries);

/* After a turn that failed: what it reserved, if it did all the same, is given back by the next
 * turns of this owner. */
void pg_reserving_lost(const struct reserving *reserving);

/* Appends the four arrays of ranges that several statements have. */
void pg_range_params(const struct scan_walk *walk, struct params *params);

#endif
