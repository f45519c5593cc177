/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_REDIS_LINK_H
#define DRIVERS_REDIS_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/mem.h"
#include "common/connection_settings.h"
#include "drivers/redis/command.h"
#include "drivers/redis/reply.h"
#include "drivers/redis/wire.h"

/* A connection to one server on which commands are sent and answers come back, in order. Deadlines
 * are in milliseconds of the system's monotonic clock. When one of these fails the link is closed:
 * what would come later belongs to nobody. */
struct link {
    struct wire wire;
    struct reply_reader reader;
    struct buf head; /* of a command that is being sent */
    char *room;      /* where bytes are received */
    unsigned misses; /* answers in a row that were not there in a moment */
    unsigned rest;   /* answers that are not waited for in this way */
};

/* A link that is closed, with the memory that it receives into. Finishing closes it and frees that.
 */
void redis_link_init(struct link *link);
void redis_link_finish(struct link *link);

/* Connects to a server, with TLS where the settings say so; what was open is closed first. Returns
 * 0, or -1 with err, and then the link is closed. A link that was closed can be opened again. */
int redis_link_open(struct link *link, const struct target *target,
                    const struct connection_settings *settings, int64_t deadline_ms,
                    struct err *err);
void redis_link_close(struct link *link);
bool redis_link_is_open(const struct link *link);

/* Sends a command: the words of head (in a command of their own), then the arguments (or NULL).
 * Returns 0, or -1 with err. */
int redis_link_send(struct link *link, const struct command *head, const struct command *arguments,
                    int64_t deadline_ms, struct err *err);

/* Waits for the next answer. Returns it, in the arena, or NULL with err. An error that Redis
 * answers with is an answer too. */
struct reply *redis_link_receive(struct link *link, struct arena *arena, int64_t deadline_ms,
                                 struct err *err);

/* The next answer that has come already. Returns 1 with *reply, 0 where there is none, or -1. */
int redis_link_poll(struct link *link, struct arena *arena, struct reply **reply, struct err *err);

/* Sends one command of words alone and waits for its answer. The words end with NULL. */
struct reply *redis_link_ask(struct link *link, const char *const *words, struct arena *arena,
                             int64_t deadline_ms, struct err *err);

#endif
