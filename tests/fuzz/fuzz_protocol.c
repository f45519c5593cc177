/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/uuid.h"
#include "worker/protocol.h"

static void check_frame(const struct frame *frame, const char *line, size_t size)
{
    FUZZ_ASSERT(frame->type <= FRAME_LEAVING);
    if (frame->uuid)
        FUZZ_ASSERT(uuid_valid(frame->uuid, strlen(frame->uuid)));
    switch (frame->type) {
    case FRAME_HELLO:
        FUZZ_ASSERT(frame->concurrency >= 1 && frame->concurrency <= PROTOCOL_CONCURRENCY_MAX);
        FUZZ_ASSERT(frame->window >= 0 && frame->window <= PROTOCOL_WINDOW_MAX);
        for (size_t i = 0; i < frame->class_count; i++)
            FUZZ_ASSERT(frame->classes[i].name && frame->classes[i].timeout_ms >= PROTOCOL_UNSET);
        break;
    case FRAME_RELEASE:
        FUZZ_ASSERT(frame->uuid && frame->delay_ms >= PROTOCOL_UNSET);
        break;
    case FRAME_FAIL:
        FUZZ_ASSERT(frame->uuid && frame->exception);
        break;
    case FRAME_PROGRESS:
        FUZZ_ASSERT(frame->uuid && frame->progress >= 0 && frame->progress <= 100);
        break;
    case FRAME_LOG:
        FUZZ_ASSERT(frame->message);
        break;
    case FRAME_PUSH:
        FUZZ_ASSERT(frame->uuid && frame->push.kind == JSON_OBJECT);
        FUZZ_ASSERT(frame->push.text > line && frame->push.text + frame->push.length < line + size);
        break;
    default:
        FUZZ_ASSERT(frame->type >= FRAME_PONG || frame->uuid);
    }
}

/* The same text goes out and comes in again as one line of JSON. */
static void check_job(const char *text, const struct json_slice *data)
{
    struct json_field fields[] = {{.name = "job"}, {.name = "data"}};
    struct arena arena = {0};
    struct buf out;
    char *name;
    const struct job job = {
        .uuid = "A", .queue = "q", .name = text, .data = *data, .attempts = 1, .priority = -1};
    buf_init(&out, JSON_TEXT_MAX);
    FUZZ_ASSERT(protocol_encode_job(&job, 1, 1, &out) == 0);
    FUZZ_ASSERT(json_scan_object(buf_text(&out), out.length, fields, 2, NULL) == 0);
    FUZZ_ASSERT(json_slice_string(&fields[0].value, "job", &arena, &name, NULL) == 0);
    FUZZ_ASSERT(fields[1].value.length == data->length);
    buf_finish(&out);
    arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *line = (const char *)bytes;
    struct arena arena = {0};
    struct err err = ERR_INIT;
    struct frame frame;
    struct json_slice value;
    int result = protocol_decode(line, size, &arena, &frame, &err);
    FUZZ_ASSERT((result == 0) == (err.code == ERR_NONE));
    if (result == 0) {
        check_frame(&frame, line, size);
        FUZZ_ASSERT(json_scan(line, size, &value, NULL) == 0 && value.kind == JSON_OBJECT);
        if (value.length < 1000) { /* one level deeper it is still JSON */
            char *text = mem_strndup(line, size);
            struct json_slice null = {"null", 4, JSON_NULL};
            check_job(text, &null);
            free(text);
        }
    }
    arena_finish(&arena);
    return 0;
}
