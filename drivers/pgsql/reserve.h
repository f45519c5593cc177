/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_RESERVE_H
#define DRIVERS_PGSQL_RESERVE_H

#include "drivers/pgsql/exchange.h"

/* Reservations, as parts of a turn. */

/* Appends the parameters of STATEMENT_RESERVE and STATEMENT_NEXT_DUE. */
void pg_reserve_params(struct store *store, const struct reserve_request *request,
                       struct params *params);
void pg_next_due_params(const struct reserve_request *request, struct params *params);

/* A reserved row whose payload cannot be read. */
struct malformed {
    const char *uuid;
    int attempt;
    const char *reason;
};

/* Reads the rows into a reservation, in the queue's order. Those whose payload cannot be read are
 * left out and told in an array of the reservation's arena. *bytes gets the size of all payloads.
 */
void pg_reserve_read(const PGresult *result, const struct reserve_request *request,
                     struct reservation *reservation, struct malformed **malformed,
                     size_t *malformed_count, size_t *bytes);

#endif
