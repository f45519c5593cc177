/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_REDIS_JOBS_H
#define DRIVERS_REDIS_JOBS_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/mem.h"
#include "drivers/redis/command.h"
#include "drivers/redis/reply.h"
#include "queue/job.h"

/* Jobs in the forms that the scripts give and take (scripts/lib). */

/* How many groups redis_jobs_add will write for these jobs. */
size_t redis_jobs_groups(const struct job *jobs, size_t count);

/* Appends jobs as groups. text is room for a payload; now_ms goes into it as the time of the push.
 * Returns 0, or -1 with err. */
int redis_jobs_add(struct command *command, const struct job *jobs, size_t count, int64_t now_ms,
                   struct buf *text, struct err *err);

/* A job from its payload and meta. Strings are in the arena or in the reply. attempts are those
 * that have ended. Returns 0, or -1 with err where the payload is none: then the job has what is in
 * meta alone. */
int redis_job_read(const struct reply *payload, const struct reply *meta, struct arena *arena,
                   struct job *job, struct err *err);

/* The part of a job that is in its meta. */
void redis_job_read_meta(const struct reply *meta, struct job *job);

/* Likewise from the texts of a group of one job, as a batch's callback is kept. */
int redis_job_read_group(const struct reply *group, struct arena *arena, struct job *job,
                         struct err *err);

/* What a lease says: who has it since when, in which attempt. */
struct lease_text {
    int64_t reserved_at_ms;
    int attempt;
    const char *owner; /* in the arena */
};

/* Reads a lease. Returns 0, or -1 where it is none. */
int redis_lease_read(const struct reply *reply, struct arena *arena, struct lease_text *lease);

/* A history as it is listed, from the lines that are kept. */
const char *redis_history_read(const struct reply *lines, struct arena *arena);

#endif
