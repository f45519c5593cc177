/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_REDIS_FAULT_H
#define DRIVERS_REDIS_FAULT_H

#include "common/err.h"
#include "drivers/redis/reply.h"

/* What an error that Redis answers with means for the call: pure. */
enum fault {
    FAULT_NONE,      /* it is no error */
    FAULT_NO_SCRIPT, /* the server does not have the script: nothing was done */
    FAULT_LATER,     /* the server cannot do it now: nothing was done */
    FAULT_ELSEWHERE, /* another server is in charge: nothing was done */
    FAULT_FINAL,     /* another attempt would not help */
};

/* Classifies an answer, and fills err where it is an error. */
enum fault redis_fault_of(const struct reply *reply, struct err *err);

/* The server that a "MOVED slot host:port" names. Returns its text in reply, or NULL. */
const char *redis_fault_moved_to(const struct reply *reply);

#endif
