/* SPDX-License-Identifier: MIT */
#ifndef WORKER_HELPER_H
#define WORKER_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <ev.h>

#include "common/err.h"

/*
 * Helpers: programs of the application's that are told something beside the jobs, and may answer.
 * Each is started for one thing, gets it on standard input, answers on standard output, and is
 * killed with its group at its deadline. Nothing waits for them. What they write to standard error
 * goes to the log.
 */
#define HELPER_OUTPUT_MAX 65536 /* bytes of an answer */

struct helper;

struct helper_pool {
    struct ev_loop *loop;
    LIST_HEAD(, helper) running;
    size_t count;
    bool is_closed; /* no more are started */
};

/* output is all that it wrote, with a NUL behind it; why_not is NULL, or says why there is no
 * answer: it could not be started, took too long, wrote too much, or its exit status was not 0. */
typedef void (*helper_done_fn)(void *context, const char *output, size_t length,
                               const struct err *why_not);

struct helper_request {
    const char *command;   /* a program and its arguments, as in the configuration */
    const char *directory; /* "": ours */
    const char *input;
    size_t length;
    int64_t timeout_ms;
    const char *uuid;    /* of the job, for the log; copied */
    helper_done_fn done; /* called once, later */
    void *context;
};

/* No helper runs. The loop must outlive the pool. */
void helper_pool_init(struct helper_pool *pool, struct ev_loop *loop);

/* Kills those that run, and lets them tell that. No more are started. */
void helper_pool_close(struct helper_pool *pool);

/* The same without waiting for their end. */
void helper_pool_finish(struct helper_pool *pool);

/* Starts one. Returns 0, or -1 with err, and then done is not called. */
int helper_start(struct helper_pool *pool, const struct helper_request *request, struct err *err);

/* True where a process is one of them. */
bool helper_pool_has(const struct helper_pool *pool, int pid);

#endif
