/* SPDX-License-Identifier: MIT */
#ifndef WORKER_ROUTE_H
#define WORKER_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/settings.h"
#include "worker/handler.h"
#include "worker/program.h"

/*
 * Where jobs run: the handlers of the queue (the first route), or those of a [job:CLASS] that has a
 * command of its own. The queue's are kept running; those of a class are started when there is
 * something for them to do.
 */
struct route {
    const struct job_settings *section; /* NULL: the queue's */
    struct queue_settings queue;        /* with that handler; texts belong to the settings */
    struct program program;
    struct handler_host host;
    struct handler *handlers; /* in the worker's, which has those of all routes */
    size_t handler_count;
};

struct worker;

/* Makes the routes of a worker and their programs. Returns 0, or -1 with err. */
int routes_init(struct worker *worker, struct err *err);

/* Makes their handlers; the worker's board is open. */
void routes_make_handlers(struct worker *worker);
void routes_finish(struct worker *worker);

/* That of a class of jobs. */
struct route *routes_find(const struct worker *worker, const char *class);

/* Starts what is to run. Cheap where there is nothing to do. */
void routes_tend(struct worker *worker);

/* True where its handlers cannot be started just now; host.why says what is wrong. */
bool route_is_broken(const struct route *route);

#endif
