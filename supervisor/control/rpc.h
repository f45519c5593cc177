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

/* Who calls, for the audit log. */
struct rpc_caller {
    long uid;         /* at the other end of a unix socket; -1: not known */
    const char *user; /* that HTTP has checked, or NULL */
};

/* Takes one call. reply is called once, within or later: with 200 and the response, or 400 and why
 * the call cannot be read. */
typedef void (*rpc_reply_fn)(void *context, int status, const struct buf *answer);
void rpc_call(struct master *master, const struct rpc_caller *caller, const char *text,
              size_t length, rpc_reply_fn reply, void *context);

#endif
