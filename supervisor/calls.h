/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CALLS_H
#define SUPERVISOR_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include <ev.h>

#include "common/call.h"
#include "common/err.h"

/*
 * Questions to the stores, which the maintenance process answers: the master asks and goes on. The
 * other end may be away, hang, or be replaced: each call ends by its time limit at the latest.
 */
#define CALLS_MAX 256 /* that are under way */

struct calls;

/* status is ERR_NONE and text a JSON value, or status says why not and text in words. text lives
 * during the call and is followed by a NUL. */
typedef void (*call_done_fn)(void *context, enum err_code status, const char *text, size_t length);

/* No call is under way and there is no other end yet (calls_connect). The caller ends it with
 * calls_destroy. */
struct calls *calls_create(struct ev_loop *loop);

/* Accepts NULL. What was under way fails with ERR_UNAVAILABLE first. */
void calls_destroy(struct calls *calls);

/* What is under way fails with ERR_UNAVAILABLE and this text; an answer to it is passed over. */
void calls_fail(struct calls *calls, const char *text);

/* There is a new other end; fd is non-blocking and owned from here on. What was under way at the
 * old one fails with ERR_UNAVAILABLE. fd is -1 where there is none. */
void calls_connect(struct calls *calls, int fd);

/* Asks; request is a JSON object (docs/control.md), copied. done is called once, later. Returns an
 * id for calls_forget, or 0 with err: nobody is there (ERR_UNAVAILABLE) or too much is under way
 * (ERR_LIMIT). */
uint32_t calls_ask(struct calls *calls, const char *request, size_t length, double seconds,
                   call_done_fn done, void *context, struct err *err);

/* Nobody wants the answer any more; 0, or one that is over, is passed over. */
void calls_forget(struct calls *calls, uint32_t id);

#endif
