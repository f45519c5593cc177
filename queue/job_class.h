/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_JOB_CLASS_H
#define QUEUE_JOB_CLASS_H

#include <stdbool.h>

#include "common/settings.h"
#include "queue/job.h"

/*
 * What a job gets at its push that it does not say itself: what [job:CLASS] has for its class, and
 * else what who pushes has for all.
 */
struct job_defaults {
    const char *said_queue;          /* goes before that of its class; NULL: nobody said one */
    const char *queue;               /* where its class has none either */
    const struct settings *settings; /* whose [job:CLASS] hold; NULL: none do */
    struct json_slice data;          /* job_read: of a job that has none, or {}; text NULL: {} */
};

/* Fills in the queue (where job->queue is NULL), the priority (unless it was given) and the unique
 * key (where it is NULL) of a job with name and data. Texts are in the arena, or belong to the
 * defaults. Returns 0, or -1 with err where the unique key names a member that the data does not
 * have. */
int job_apply_defaults(struct job *job, bool is_priority_given, const struct job_defaults *defaults,
                       struct arena *arena, struct err *err);

/* job_from_json with these defaults. */
int job_read(const char *text, size_t length, const struct job_defaults *defaults,
             struct arena *arena, struct job *job, struct err *err);

/* Renders the template of a unique key: {job} and {queue} are names, {data} is a digest of the
 * data, and {data.a.b} the value of a member (a digest, where it is an object or an array). A key
 * that would be longer than JOB_KEY_MAX ends in a digest of the whole. Returns 0, or -1 with err.
 */
int job_unique_key(const char *template, const struct job *job, struct arena *arena,
                   const char **key, struct err *err);

#endif
