/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_WAKE_H
#define DRIVERS_PGSQL_WAKE_H

#include "drivers/pgsql/store.h"

/*
 * Wake-ups, over a connection of their own (listen_dsn). Each worker of a queue takes one of 256
 * places there and listens to its channel. While it waits it holds two advisory locks, the queue's
 * and its place's: whoever pushes sees by them whether somebody waits, and tells as many as there
 * are jobs ({wake} in schema.sql), so neither does a push pay for workers that are busy, nor do all
 * idle ones come for one job. A worker that was told is not waiting any more.
 *
 * The order makes that safe: a push looks for who waits after its commit; a worker looks for jobs
 * after it has said that it waits.
 */

/* After a reservation that came short: says that this worker waits. *may_be_ready tells that
 * something has become ready meanwhile. Returns whether news will come. */
bool pg_wake_arm(struct store *store, const char *queue, bool *may_be_ready);

/* After a full reservation: it does not wait. */
void pg_wake_disarm(struct store *store);

/* True where the worker counts on news of this queue. */
bool pg_wake_is_wanted(const struct store *store, const char *queue);

/* Nothing is open and nobody waits. Finishing closes the connection and the descriptors. */
void pg_wake_init(struct wake *wake);
void pg_wake_finish(struct wake *wake);

#endif
