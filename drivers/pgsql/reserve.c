/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/reserve.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/pgsql/result.h"

/* The columns of STATEMENT_RESERVE. */
enum { ID, UUID, ATTEMPTS, PRIORITY, AVAILABLE_AT, CREATED_AT, RESERVED_AT, BATCH_UUID, PAYLOAD };

static void put_range(struct params *params)
{
    pg_params_array(params, PARAMS_INT, 1);
    pg_params_put_int(params, INT_MIN);
    pg_params_array_end(params);
    pg_params_array(params, PARAMS_BIGINT, 1);
    pg_params_put_bigint(params, 0);
    pg_params_array_end(params);
    pg_params_array(params, PARAMS_BIGINT, 1);
    pg_params_put_bigint(params, 0);
    pg_params_array_end(params);
    pg_params_array(params, PARAMS_INT, 1);
    pg_params_put_int(params, INT_MAX);
    pg_params_array_end(params);
}

void pg_reserve_params(struct store *store, const struct reserve_request *request,
                       struct params *params)
{
    (void)store;
    pg_params_text(params, request->queue);
    pg_params_bigint(params, (int64_t)request->count);
    pg_params_text(params, request->owner);
    pg_params_bigint(params, request->lease_ms);
    pg_params_bigint(params, RESERVATION_BYTES_MAX);
    put_range(params);
}

void pg_next_due_params(const struct reserve_request *request, struct params *params)
{
    pg_params_text(params, request->queue);
}

/* --- reading --- */

static int read_job(const PGresult *result, int row, struct arena *arena, struct job *job,
                    struct err *err)
{
    size_t length = (size_t)PQgetlength(result, row, PAYLOAD);
    const char *payload = pg_result_copy(result, row, PAYLOAD, arena);
    *job = (struct job){0};
    int done = job_payload_decode(payload, length, arena, job, err);
    job->id = pg_result_bigint(result, row, ID);
    job->uuid = pg_result_copy(result, row, UUID, arena);
    job->attempts = pg_result_int(result, row, ATTEMPTS);
    job->priority = pg_result_int(result, row, PRIORITY);
    job->available_at_ms = pg_result_bigint(result, row, AVAILABLE_AT);
    job->created_at_ms = pg_result_bigint(result, row, CREATED_AT);
    job->reserved_at_ms = pg_result_bigint(result, row, RESERVED_AT);
    job->batch_uuid = pg_result_copy(result, row, BATCH_UUID, arena);
    return done;
}

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_jobs(const void *left, const void *right)
{
    const struct job *a = left, *b = right;
    if (a->priority != b->priority)
        return compare_numbers(b->priority, a->priority);
    if (a->available_at_ms != b->available_at_ms)
        return compare_numbers(a->available_at_ms, b->available_at_ms);
    return compare_numbers(a->id, b->id);
}

static void note_malformed(struct malformed *malformed, const struct job *job,
                           const struct err *err, struct arena *arena)
{
    *malformed = (struct malformed){
        .uuid = job->uuid,
        .attempt = job->attempts,
        .reason = arena_strndup(arena, err->text, strlen(err->text)),
    };
}

void pg_reserve_read(const PGresult *result, const struct reserve_request *request,
                     struct reservation *reservation, struct malformed **malformed,
                     size_t *malformed_count, size_t *bytes)
{
    size_t rows = (size_t)PQntuples(result);
    struct arena *arena = &reservation->arena;
    arena_reset(arena);
    reservation->jobs = arena_alloc(arena, (rows + 1) * sizeof *reservation->jobs);
    *malformed = arena_alloc(arena, (rows + 1) * sizeof **malformed);
    reservation->count = *malformed_count = *bytes = 0;
    const char *queue = arena_strndup(arena, request->queue, strlen(request->queue));
    const char *owner = arena_strndup(arena, request->owner, strlen(request->owner));
    for (size_t i = 0; i < rows; i++) {
        struct err err = ERR_INIT;
        struct job *job = &reservation->jobs[reservation->count];
        *bytes += (size_t)PQgetlength(result, (int)i, PAYLOAD);
        int done = read_job(result, (int)i, arena, job, &err);
        job->queue = queue;
        job->reserved_by = owner;
        if (done == 0)
            reservation->count++;
        else
            note_malformed(&(*malformed)[(*malformed_count)++], job, &err, arena);
    }
    qsort(reservation->jobs, reservation->count, sizeof *reservation->jobs, compare_jobs);
}
