/* SPDX-License-Identifier: MIT */
#ifndef WORKER_CALL_SERVER_H
#define WORKER_CALL_SERVER_H

#include <stddef.h>

#include <ev.h>

#include "common/err.h"
#include "worker/keeper.h"

/*
 * The maintenance process's end of the calls (common/call.h): reads requests from the master, has
 * each done in the thread of its connection's keeper, and writes the answers. A request is an
 * object with "call", the name of an operation (store_calls.h), and "connection".
 */
struct call_server;

/* fd is owned from here on; the keepers and the settings must outlive the calls. */
struct call_server *call_server_create(struct ev_loop *loop, int fd,
                                       const struct settings *settings,
                                       struct keeper *const *keepers, size_t keeper_count);

/* To be called when the keepers have been joined. Accepts NULL. */
void call_server_destroy(struct call_server *server);

#endif
