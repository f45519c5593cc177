/* SPDX-License-Identifier: MIT */
#ifndef CLI_BATCH_JOBS_H
#define CLI_BATCH_JOBS_H

#include "cli/context.h"
#include "common/mem.h"
#include "queue/batch.h"
#include "queue/job_class.h"

/*
 * What a new batch is made of: its first jobs, from JSON lines, and its callbacks. All of it is
 * checked before anything is stored. The jobs go into the store in one transition, so that the
 * batch cannot come to its end between them.
 */
#define BATCH_JOBS_BYTES_MAX (16u << 20) /* of lines */

struct batch_jobs {
    const char *batch_uuid;
    struct job_defaults defaults; /* of jobs and callbacks */
    struct arena arena; /* of all strings */
    struct job *jobs;   /* at most QUEUE_TOGETHER_MAX */
    size_t count;
};

/* said_queue is that of --queue, or NULL; queue the one where nobody says another. */
void batch_jobs_init(struct batch_jobs *batch, const char *batch_uuid, const char *said_queue,
                     const char *queue);
void batch_jobs_finish(struct batch_jobs *batch);

/* Reads one job a line of FILE ("-": standard input); the connection must be open. Returns 0, or -1
 * with err naming the line. */
int batch_jobs_read(struct batch_jobs *batch, const struct context *context, const char *path,
                    struct err *err);

/* Reads a callback: the name of a class, or a whole job as a JSON object. Where its data is empty
 * it becomes {"batch_uuid":UUID}; what it does not say its class may. Returns 0, or -1 with err. */
int batch_jobs_callback(struct batch_jobs *batch, const struct context *context, const char *text,
                        struct job *job, struct err *err);

#endif
