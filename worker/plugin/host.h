/* SPDX-License-Identifier: MIT */
#ifndef WORKER_PLUGIN_HOST_H
#define WORKER_PLUGIN_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"
#include "common/mem.h"
#include "queue/job.h"
#include "worker/include/muster/job.h"
#include "worker/plugin/answers.h"

/*
 * The plugin host: a persistent handler that runs the jobs of a shared object.
 */
struct host {
    const struct muster_job_plugin *plugin;
    int fd;             /* from the worker; blocking */
    struct buf in;      /* what the worker has sent and is not dealt with */
    struct buf line;    /* that is being dealt with */
    struct arena arena; /* of the job that runs */
    struct answers *answers;
    bool is_draining;
};

enum job_ending { JOB_RAN, JOB_RELEASED };

/* A job that runs, or one that was made from a text (host NULL). */
struct muster_job {
    struct job job;
    struct arena arena;
    struct host *host;
    char *exception; /* in the arena, or NULL */
    bool is_final;   /* it gave up */
    enum job_ending ending;
    int64_t delay_ms;   /* JOB_RELEASED */
    unsigned questions; /* it has asked so many times about batches */
};

/* A host of a plugin that has started, between these descriptors, which stay the caller's. Returns
 * 0, or -1 with err; host_finish is called either way, and sends what is left to be said. */
int host_start(struct host *host, const struct muster_job_plugin *plugin, int in, int out,
               struct err *err);
void host_finish(struct host *host);

/* Says hello and runs what the worker sends, until it says drain or closes its end. Returns 0, or
 * -1 with err where the plugin's classes or what was sent cannot be. */
int host_serve(struct host *host, struct err *err);

/* Runs one job: a frame of the worker. Returns 0, or -1 with err where the line is no such frame.
 */
int host_run(struct host *host, const char *line, size_t length, struct err *err);

/* Reads once what the worker has sent, waiting for it or not. Returns what read(2) returned. */
ssize_t host_read(struct host *host, bool may_wait);

/* True where what has been read tells that the job is cancelled. */
bool host_has_cancel(const struct host *host, const char *uuid);

#endif
