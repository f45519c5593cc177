/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "drivers/redis/fault.h"
#include "drivers/redis/jobs.h"
#include "drivers/redis/reply.h"

/* Looks at every part of an answer as if it were what it could be. */
static void look_at(const struct reply *reply, struct arena *arena)
{
    struct job job;
    struct lease_text lease;
    struct err err = ERR_INIT;
    FUZZ_ASSERT((redis_fault_of(reply, &err) == FAULT_NONE) == (err.code == ERR_NONE));
    if (reply->text)
        FUZZ_ASSERT(reply->text[reply->length] == '\0');
    redis_fault_moved_to(reply);
    redis_reply_integer(reply);
    redis_lease_read(reply, arena, &lease);
    const char *history = redis_history_read(reply, arena);
    FUZZ_ASSERT(history[0] == '[');
    redis_job_read(redis_reply_item(reply, 0), redis_reply_item(reply, 1), arena, &job, NULL);
    FUZZ_ASSERT(job.queue);
    redis_job_read_group(reply, arena, &job, NULL);
    for (size_t i = 0; i < reply->count; i++)
        look_at(redis_reply_item(reply, i), arena);
}

/* Bytes of a server: the first one tells in which pieces they come. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct reply_reader reader;
    struct arena arena = {0};
    size_t piece = size > 0 ? bytes[0] % 64 + 1u : 1;
    int found = 0;
    redis_reply_reader_init(&reader);
    for (size_t at = 1; at < size && found >= 0; at += piece) {
        struct reply *reply;
        struct err err = ERR_INIT;
        size_t part = size - at < piece ? size - at : piece;
        FUZZ_ASSERT(redis_reply_feed(&reader, (const char *)bytes + at, part, &err) == 0);
        while ((found = redis_reply_next(&reader, &arena, &reply, &err)) > 0)
            look_at(reply, &arena);
        FUZZ_ASSERT((found < 0) == (err.code != ERR_NONE));
    }
    redis_reply_reader_finish(&reader);
    arena_finish(&arena);
    return 0;
}
