/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_RPC_H
#define SUPERVISOR_CONTROL_RPC_H

#include <stddef.h>

#include "common/buf.h"

/*
 * Supervisor's XML-RPC interface, version 3.0: every method of supervisor.* (where an
 * [rpcinterface:supervisor] is configured) and system.*, with its values and faults. What takes its
 * time (a start that is waited for) is answered later; nothing waits meanwhile.
 */
struct master;

#define RPC_ANSWER_MAX (64u << 20)

/* Takes one call. reply is called once, within or later: with 200 and the response, or 400 and why
 * the call cannot be read. */
typedef void (*rpc_reply_fn)(void *context, int status, const struct buf *answer);
void rpc_call(struct master *master, const char *text, size_t length, rpc_reply_fn reply,
              void *context);

#endif
