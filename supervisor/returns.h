/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_RETURNS_H
#define SUPERVISOR_RETURNS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/board.h"
#include "common/channel.h"
#include "common/json.h"

/*
 * The dead workers whose leases have not been given back yet. Each is held until what it left
 * behind is gone, then told to the maintenance process, and forgotten when that has confirmed it.
 * The list is bounded: beyond RETURNS_MAX the oldest is forgotten, whose leases then come back when
 * they run out.
 */
#define RETURNS_MAX 256

struct dead_owner;

struct returns {
    struct dead_owner *first, *last;
    size_t count;
};

/* Notes a dead worker, the connection that its leases are on, and the attempts that had begun on
 * its board. */
void returns_add(struct returns *returns, const char *owner, const char *connection,
                 const struct board *board);

/* What the dead left behind is gone: all that are held may be told. */
void returns_release(struct returns *returns);

/* Tells what is due, until the channel is full. Returns true where something is left to be told. */
bool returns_tell(struct returns *returns, struct channel *channel);

/* The leases of this owner are back. */
void returns_confirm(struct returns *returns, const char *owner);

/* There is a new maintenance process, to which all is to be told again. */
void returns_retell(struct returns *returns);

/* Hands all over in a list of objects, and takes such a list over: all of it is to be told again. */
void returns_save(const struct returns *returns, cJSON *list);
void returns_load(struct returns *returns, const cJSON *list);

/* Forgets all: leases that are not back yet come back when they run out. */
void returns_finish(struct returns *returns);

#endif
