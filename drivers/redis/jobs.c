/* SPDX-License-Identifier: MIT */
#include "drivers/redis/jobs.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* --- on their way in --- */

/* A job that has more than itself: a batch, a unique key. */
static bool is_wide(const struct job *job)
{
    return job->batch_uuid || job->unique_key;
}

/* How many of the jobs, from the first on, go into one group with it. */
static size_t group_length(const struct job *jobs, size_t count)
{
    size_t length = 1;
    while (length < count && is_wide(&jobs[length]) == is_wide(jobs) &&
           jobs[length].priority == jobs->priority && jobs[length].delay_ms == jobs->delay_ms &&
           strcmp(jobs[length].queue, jobs->queue) == 0)
        length++;
    return length;
}

size_t redis_jobs_groups(const struct job *jobs, size_t count)
{
    size_t groups = 0;
    for (size_t i = 0; i < count; i += group_length(jobs + i, count - i))
        groups++;
    return groups;
}

static void add_unique(struct command *command, const struct job *job, struct buf *text)
{
    static const char letters[] = {
        [UNIQUE_DONE] = 'd', [UNIQUE_STARTED] = 's', [UNIQUE_TIME] = 't'};
    buf_clear(text);
    if (job->unique_key)
        buf_printf(text, "%c%s", letters[job->unique_until], job->unique_key);
    redis_command_add(command, buf_text(text), text->length);
    redis_command_number(command, job->unique_ms);
}

static int add_job(struct command *command, const struct job *job, int64_t now_ms, struct buf *text,
                   struct err *err)
{
    struct job pushed = *job;
    pushed.created_at_ms = now_ms;
    buf_clear(text);
    if (job_payload_encode(&pushed, text, NULL, err) < 0)
        return err_prefix(err, "job %s", job->uuid);
    redis_command_text(command, job->uuid);
    redis_command_add(command, buf_text(text), text->length);
    if (is_wide(job)) {
        redis_command_text(command, job->batch_uuid);
        add_unique(command, job, text);
    }
    return 0;
}

int redis_jobs_add(struct command *command, const struct job *jobs, size_t count, int64_t now_ms,
                   struct buf *text, struct err *err)
{
    size_t length;
    for (size_t first = 0; first < count; first += length) {
        const struct job *group = jobs + first;
        length = group_length(group, count - first);
        redis_command_text(command, is_wide(group) ? "x" : "p");
        redis_command_text(command, group->queue);
        redis_command_number(command, group->priority);
        redis_command_number(command, group->delay_ms);
        redis_command_number(command, (int64_t)length);
        for (size_t i = 0; i < length; i++) {
            if (add_job(command, &group[i], now_ms, text, err) < 0)
                return -1;
        }
    }
    return 0;
}

/* --- on their way out --- */

/* The next number of a text; at moves behind it and one space. */
static int64_t take_number(const char **at)
{
    char *end;
    int64_t number = strtoll(*at, &end, 10);
    *at = *end == ' ' ? end + 1 : end;
    return number;
}

/* ATTEMPTS FLAG DUE NUMBER PRIORITY CREATED QUEUE */
void redis_job_read_meta(const struct reply *meta, struct job *job)
{
    const char *at = redis_reply_text(meta);
    job->attempts = (int)take_number(&at);
    at += at[0] && at[1] == ' ' ? 2 : 0;
    job->available_at_ms = take_number(&at);
    job->id = take_number(&at);
    job->priority = (int)take_number(&at);
    job->created_at_ms = take_number(&at);
    job->queue = at;
}

int redis_job_read(const struct reply *payload, const struct reply *meta, struct arena *arena,
                   struct job *job, struct err *err)
{
    *job = (struct job){0};
    int result = job_payload_decode(redis_reply_text(payload), payload->length, arena, job, err);
    redis_job_read_meta(meta, job);
    return result;
}

int redis_job_read_group(const struct reply *group, struct arena *arena, struct job *job,
                         struct err *err)
{
    const struct reply *payload = redis_reply_item(group, 6);
    *job = (struct job){0};
    if (job_payload_decode(redis_reply_text(payload), payload->length, arena, job, err) < 0)
        return -1;
    job->queue = redis_reply_text(redis_reply_item(group, 1));
    job->delay_ms = redis_reply_integer(redis_reply_item(group, 3));
    return 0;
}

/* RESERVED_AT(13) STAMP(6) ATTEMPT tab OWNER tab FLAG QUEUE */
int redis_lease_read(const struct reply *reply, struct arena *arena, struct lease_text *lease)
{
    enum { TIME_LENGTH = 13, HEAD_LENGTH = 19 };
    const char *text = redis_reply_text(reply);
    const char *owner = reply->length > HEAD_LENGTH ? strchr(text + HEAD_LENGTH, '\t') : NULL;
    const char *end = owner ? strchr(owner + 1, '\t') : NULL;
    if (!end)
        return -1;
    char time[TIME_LENGTH + 1] = "";
    memcpy(time, text, TIME_LENGTH);
    lease->reserved_at_ms = strtoll(time, NULL, 10);
    lease->attempt = atoi(text + HEAD_LENGTH);
    lease->owner = arena_strndup(arena, owner + 1, (size_t)(end - owner - 1));
    return 0;
}

const char *redis_history_read(const struct reply *lines, struct arena *arena)
{
    char *text = arena_alloc(arena, lines->length + 3);
    text[0] = '[';
    memcpy(text + 1, redis_reply_text(lines), lines->length);
    for (size_t i = 1; i <= lines->length; i++) {
        if (text[i] == '\n')
            text[i] = ',';
    }
    memcpy(text + 1 + lines->length, "]", 2);
    return text;
}
