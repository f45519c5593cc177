/* SPDX-License-Identifier: MIT */
#include "worker/attempt.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/uuid.h"
#include "queue/job_class.h"
#include "worker/slots.h"

#define PROGRESS_TEXT_MAX 1000

struct load *load_take(struct load_pool *pool)
{
    struct load *load = pool->unused;
    if (!load)
        return mem_new(1, sizeof *load);
    pool->unused = load->next;
    pool->count--;
    return load;
}

void load_fill(struct load *load, int64_t now_us)
{
    size_t count = load->reservation.count;
    if (count > load->capacity) {
        free(load->attempts);
        load->attempts = mem_new(count, sizeof load->attempts[0]);
        load->capacity = count;
    }
    for (size_t i = 0; i < count; i++) {
        load->attempts[i] =
            (struct attempt){.load = load, .job = &load->reservation.jobs[i], .due_us = INT64_MAX};
    }
    load->left = count;
    load->reserved_us = now_us;
}

static void load_destroy(struct load *load)
{
    arena_finish(&load->reservation.arena);
    free(load->attempts);
    free(load);
}

void load_give_back(struct load_pool *pool, struct load *load)
{
    if (pool->count == LOADS_KEPT) {
        load_destroy(load);
        return;
    }
    arena_reset(&load->reservation.arena);
    load->next = pool->unused;
    pool->unused = load;
    pool->count++;
}

void load_pool_finish(struct load_pool *pool)
{
    while (pool->unused) {
        struct load *load = pool->unused;
        pool->unused = load->next;
        load_destroy(load);
    }
    pool->count = 0;
}

void attempt_set_state(struct attempt *attempt, enum attempt_state state)
{
    attempt->state = state;
}

void attempt_settle(struct load_pool *pool, struct attempt *attempt)
{
    slots_release(attempt);
    if (attempt->details) {
        arena_finish(&attempt->details->arena);
        free(attempt->details->pushes);
        free(attempt->details);
        attempt->details = NULL;
    }
    if (--attempt->load->left == 0)
        load_give_back(pool, attempt->load);
}

struct details *attempt_details(struct attempt *attempt)
{
    if (!attempt->details) {
        attempt->details = mem_new(1, sizeof *attempt->details);
        attempt->details->progress = -1.;
    }
    return attempt->details;
}

/* The last one counts; it is kept in the same place while it fits. */
void attempt_set_progress(struct attempt *attempt, double progress, const char *text)
{
    struct details *details = attempt_details(attempt);
    details->progress = progress;
    details->is_progress_new = true;
    if (!text) {
        details->progress_text = NULL;
        return;
    }
    size_t length = strnlen(text, PROGRESS_TEXT_MAX);
    while (length > 0 && text[length] && (text[length] & 0xc0) == 0x80)
        length--; /* not in the middle of a character */
    if (!details->progress_room)
        details->progress_room = arena_alloc(&details->arena, PROGRESS_TEXT_MAX + 1);
    memcpy(details->progress_room, text, length);
    details->progress_room[length] = '\0';
    details->progress_text = details->progress_room;
}

static struct job *push_room(struct details *details)
{
    if (details->push_count == details->push_capacity) {
        details->push_capacity = details->push_capacity ? 2 * details->push_capacity : 8;
        details->pushes =
            mem_resize(details->pushes, details->push_capacity, sizeof details->pushes[0]);
    }
    return &details->pushes[details->push_count];
}

struct job *attempt_add_push(struct attempt *attempt, const struct settings *settings,
                             const struct json_slice *text, struct err *err)
{
    const struct job_defaults defaults = {.queue = attempt->job->queue, .settings = settings};
    struct details *details = attempt_details(attempt);
    size_t left = PUSHED_BYTES_MAX - details->push_bytes;
    if (details->push_count == PUSHES_MAX || text->length > left) {
        err_set(err, ERR_LIMIT, "a job may push at most %d jobs and %u bytes", PUSHES_MAX,
                PUSHED_BYTES_MAX);
        return NULL;
    }
    struct job *job = push_room(details);
    if (job_read(text->text, text->length, &defaults, &details->arena, job, err) < 0)
        return NULL;
    if (!job->uuid) {
        char *uuid = arena_alloc(&details->arena, UUID_SIZE);
        uuid_make(uuid, clock_wall_ms(&clock_system));
        job->uuid = uuid;
    }
    if (job_check(job, err) < 0)
        return NULL;
    details->push_count++;
    details->push_bytes += text->length;
    return job;
}

void attempt_push(struct attempt *attempt, const struct settings *settings,
                  const struct json_slice *job)
{
    struct details *details = attempt_details(attempt);
    struct err err = ERR_INIT;
    if (!details->push_error && !attempt_add_push(attempt, settings, job, &err))
        details->push_error = arena_strndup(&details->arena, err.text, strlen(err.text));
}

void attempt_drop_pushes(struct attempt *attempt)
{
    if (!attempt->details)
        return;
    attempt->details->push_count = 0;
    attempt->details->push_bytes = 0;
    attempt->details->push_error = NULL;
}

void attempt_keep_ending(struct attempt *attempt, const struct ending *ending)
{
    struct details *details = attempt_details(attempt);
    details->ending = *ending;
    if (ending->text)
        details->ending.text = attempt_set_exception(attempt, ending->text);
}

const char *attempt_set_exception(struct attempt *attempt, const char *text)
{
    struct details *details = attempt_details(attempt);
    size_t length = strnlen(text, ATTEMPT_EXCEPTION_MAX);
    while (length > 0 && text[length] && (text[length] & 0xc0) == 0x80)
        length--;
    return arena_strndup(&details->arena, text, length);
}

struct lease attempt_lease(const struct attempt *attempt)
{
    const struct job *job = attempt->job;
    return (struct lease){.id = job->id, .uuid = job->uuid, .attempt = job->attempts};
}
