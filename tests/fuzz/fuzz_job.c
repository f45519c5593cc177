/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "queue/job.h"

#define TEXT_MAX (64u << 20)

static int equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static int slices_equal(const struct json_slice *a, const struct json_slice *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->text, b->text, a->length) == 0);
}

/* What is the same in both JSON forms. */
static void check_same(const struct job *a, const struct job *b)
{
    FUZZ_ASSERT(equal(a->uuid, b->uuid) && equal(a->name, b->name));
    FUZZ_ASSERT(equal(a->batch_uuid, b->batch_uuid) && equal(a->unique_key, b->unique_key));
    FUZZ_ASSERT(equal(a->traceparent, b->traceparent));
    FUZZ_ASSERT(a->unique_until == b->unique_until && a->unique_ms == b->unique_ms);
    FUZZ_ASSERT(a->priority == b->priority && a->max_attempts == b->max_attempts);
    FUZZ_ASSERT(a->timeout_ms == b->timeout_ms);
    FUZZ_ASSERT(slices_equal(&a->data, &b->data) && slices_equal(&a->chain, &b->chain));
}

/* A job that was accepted is the same after it was written and read, in either form. */
static void check_accepted(struct job *job, struct arena *arena)
{
    struct buf buf;
    struct job again;
    struct err err = ERR_INIT;
    buf_init(&buf, TEXT_MAX);
    FUZZ_ASSERT(!memchr(job->data.text, '\n', job->data.length));
    FUZZ_ASSERT(job_to_json(job, &buf, &err) == 0);
    FUZZ_ASSERT(job_from_json(buf_text(&buf), buf.length, "x", arena, &again, &err) == 0);
    FUZZ_ASSERT(equal(job->queue, again.queue) && job->delay_ms == again.delay_ms);
    check_same(job, &again);
    buf_clear(&buf);
    if (!job->uuid)
        job->uuid = "u";
    FUZZ_ASSERT(job_payload_encode(job, &buf, NULL, &err) == 0);
    FUZZ_ASSERT(job_payload_decode(buf_text(&buf), buf.length, arena, &again, &err) == 0);
    check_same(job, &again);
    buf_finish(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena = {0};
    struct job job;
    struct err err = ERR_INIT;
    int result = job_from_json((const char *)bytes, size, "default", &arena, &job, &err);
    FUZZ_ASSERT((result == 0) == (err.code == ERR_NONE));
    if (result == 0) {
        result = job_check(&job, &err);
        FUZZ_ASSERT((result == 0) == (err.code == ERR_NONE));
        if (result == 0)
            check_accepted(&job, &arena);
    }
    err_clear(&err);
    result = job_payload_decode((const char *)bytes, size, &arena, &job, &err);
    FUZZ_ASSERT((result == 0) == (err.code == ERR_NONE));
    arena_finish(&arena);
    return 0;
}
