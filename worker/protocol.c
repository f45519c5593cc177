/* SPDX-License-Identifier: MIT */
#include "worker/protocol.h"

#include <string.h>

#include "common/uuid.h"
#include "worker/protocol_classes.h"

/* All members of all frames. */
enum member {
    MEMBER_TYPE,
    MEMBER_UUID,
    MEMBER_VERSION,
    MEMBER_NAME,
    MEMBER_CONCURRENCY,
    MEMBER_WINDOW,
    MEMBER_JOBS,
    MEMBER_FAILED,
    MEMBER_DELAY,
    MEMBER_EXCEPTION,
    MEMBER_RETRY,
    MEMBER_PROGRESS,
    MEMBER_LEVEL,
    MEMBER_MESSAGE,
    MEMBER_PUSH,
    MEMBER_BATCH_UUID,
    MEMBER_COUNT
};

static const char *const member_names[] = {
    "type",  "uuid",      "version", "name",     "concurrency", "window",  "jobs", "failed",
    "delay", "exception", "retry",   "progress", "level",       "message", "push", "batch_uuid",
};
_Static_assert(sizeof member_names / sizeof member_names[0] == MEMBER_COUNT, "a name each");

/* A line in the middle of its reading. */
struct reading {
    struct json_field members[MEMBER_COUNT];
    struct arena *arena;
    struct frame *frame;
    struct err *err;
};

static bool has(const struct reading *reading, enum member member)
{
    return reading->members[member].value.text != NULL;
}

/* Strings that need not be there stay as they are. */
static int read_string(struct reading *reading, enum member member, const char **out)
{
    char *text;
    if (!has(reading, member))
        return 0;
    if (json_slice_string(&reading->members[member].value, member_names[member], reading->arena,
                          &text, reading->err) < 0)
        return -1;
    *out = text;
    return 0;
}

static int read_integer(struct reading *reading, enum member member, int min, int max, int *out)
{
    int64_t number;
    if (!has(reading, member))
        return 0;
    if (json_slice_integer(&reading->members[member].value, member_names[member], min, max, &number,
                           reading->err) < 0)
        return -1;
    *out = (int)number;
    return 0;
}

static int read_delay(struct reading *reading)
{
    double seconds;
    reading->frame->delay_ms = PROTOCOL_UNSET;
    if (!has(reading, MEMBER_DELAY))
        return 0;
    if (json_slice_number(&reading->members[MEMBER_DELAY].value, "delay", &seconds, reading->err) <
        0)
        return -1;
    if (seconds < 0 || seconds > JOB_DELAY_MAX)
        return err_set(reading->err, ERR_INVALID, "delay must be from 0 to %d seconds",
                       JOB_DELAY_MAX);
    reading->frame->delay_ms = (int64_t)(seconds * 1000 + 0.5);
    return 0;
}

static int require(struct reading *reading, enum member member)
{
    if (has(reading, member))
        return 0;
    return err_set(reading->err, ERR_INVALID, "%s is missing", member_names[member]);
}

static int check_uuid(const struct reading *reading, enum member member, const char *uuid)
{
    if (uuid && !uuid_valid(uuid, strlen(uuid)))
        return err_set(reading->err, ERR_INVALID,
                       "%s must be 1 to %d printable characters without spaces",
                       member_names[member], UUID_TEXT_MAX);
    return 0;
}

static int read_bool(struct reading *reading, enum member member, bool *out)
{
    if (!has(reading, member))
        return 0;
    return json_slice_bool(&reading->members[member].value, member_names[member], out,
                           reading->err);
}

static int read_hello(struct reading *reading)
{
    struct frame *frame = reading->frame;
    frame->concurrency = 1;
    if (require(reading, MEMBER_VERSION) < 0 ||
        read_integer(reading, MEMBER_VERSION, 1, 1000000, &frame->version) < 0 ||
        read_string(reading, MEMBER_NAME, &frame->name) < 0 ||
        read_integer(reading, MEMBER_CONCURRENCY, 1, PROTOCOL_CONCURRENCY_MAX,
                     &frame->concurrency) < 0 ||
        read_integer(reading, MEMBER_WINDOW, 0, PROTOCOL_WINDOW_MAX, &frame->window) < 0 ||
        read_bool(reading, MEMBER_FAILED, &frame->tells_failed) < 0)
        return -1;
    if (!has(reading, MEMBER_JOBS))
        return 0;
    return protocol_read_classes(&reading->members[MEMBER_JOBS].value, reading->arena, frame,
                                 reading->err);
}

static int read_nothing(struct reading *reading)
{
    (void)reading;
    return 0;
}

static int read_fail(struct reading *reading)
{
    struct frame *frame = reading->frame;
    frame->retry = true;
    if (require(reading, MEMBER_EXCEPTION) < 0 ||
        read_string(reading, MEMBER_EXCEPTION, &frame->exception) < 0 || read_delay(reading) < 0)
        return -1;
    return read_bool(reading, MEMBER_RETRY, &frame->retry);
}

static int read_progress(struct reading *reading)
{
    struct frame *frame = reading->frame;
    if (require(reading, MEMBER_PROGRESS) < 0 ||
        json_slice_number(&reading->members[MEMBER_PROGRESS].value, "progress", &frame->progress,
                          reading->err) < 0)
        return -1;
    if (frame->progress < 0 || frame->progress > 100)
        return err_set(reading->err, ERR_INVALID, "progress must be from 0 to 100");
    return read_string(reading, MEMBER_MESSAGE, &frame->message);
}

static int read_log(struct reading *reading)
{
    struct frame *frame = reading->frame;
    if (require(reading, MEMBER_MESSAGE) < 0 ||
        read_string(reading, MEMBER_LEVEL, &frame->level) < 0)
        return -1;
    return read_string(reading, MEMBER_MESSAGE, &frame->message);
}

static int read_push(struct reading *reading)
{
    if (require(reading, MEMBER_PUSH) < 0)
        return -1;
    reading->frame->push = reading->members[MEMBER_PUSH].value;
    if (reading->frame->push.kind != JSON_OBJECT)
        return err_set(reading->err, ERR_INVALID, "push must be an object");
    return 0;
}

static int read_batch(struct reading *reading)
{
    if (read_string(reading, MEMBER_BATCH_UUID, &reading->frame->batch_uuid) < 0)
        return -1;
    return check_uuid(reading, MEMBER_BATCH_UUID, reading->frame->batch_uuid);
}

static const struct {
    const char *name;
    bool needs_uuid;
    int (*read)(struct reading *reading);
} types[] = {
    [FRAME_HELLO] = {"hello", false, read_hello},
    [FRAME_DONE] = {"done", true, read_nothing},
    [FRAME_RELEASE] = {"release", true, read_delay},
    [FRAME_FAIL] = {"fail", true, read_fail},
    [FRAME_PROGRESS] = {"progress", true, read_progress},
    [FRAME_LOG] = {"log", false, read_log},
    [FRAME_PUSH] = {"push", true, read_push},
    [FRAME_BATCH] = {"batch", true, read_batch},
    [FRAME_PONG] = {"pong", false, read_nothing},
    [FRAME_LEAVING] = {"leaving", false, read_nothing},
};

#define TYPE_COUNT (sizeof types / sizeof types[0])

static int find_type(struct reading *reading)
{
    const struct json_slice *type = &reading->members[MEMBER_TYPE].value;
    if (require(reading, MEMBER_TYPE) < 0)
        return -1;
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (!json_slice_is(type, types[i].name))
            continue;
        reading->frame->type = (enum frame_type)i;
        return 0;
    }
    return err_set(reading->err, ERR_INVALID, "there is no frame of type %.*s",
                   type->length < 40 ? (int)type->length : 40, type->text);
}

static int read_frame(struct reading *reading)
{
    if (find_type(reading) < 0)
        return -1;
    enum frame_type type = reading->frame->type;
    if ((types[type].needs_uuid && require(reading, MEMBER_UUID) < 0) ||
        read_string(reading, MEMBER_UUID, &reading->frame->uuid) < 0 ||
        check_uuid(reading, MEMBER_UUID, reading->frame->uuid) < 0 || types[type].read(reading) < 0)
        return err_prefix(reading->err, "%s", types[type].name);
    return 0;
}

#define DONE_BEGINNING "{\"type\":\"done\",\"uuid\":\""
#define DONE_END       "\"}"

/* Nearly every line is this one, to the byte. */
static bool read_plain_done(const char *line, size_t length, struct arena *arena,
                            struct frame *frame)
{
    const size_t before = sizeof DONE_BEGINNING - 1, after = sizeof DONE_END - 1;
    if (length <= before + after || memcmp(line, DONE_BEGINNING, before) != 0 ||
        memcmp(line + length - after, DONE_END, after) != 0)
        return false;
    const char *uuid = line + before;
    size_t uuid_length = length - before - after;
    if (!uuid_valid(uuid, uuid_length) || memchr(uuid, '"', uuid_length) ||
        memchr(uuid, '\\', uuid_length))
        return false;
    *frame = (struct frame){.type = FRAME_DONE, .uuid = arena_strndup(arena, uuid, uuid_length)};
    return true;
}

int protocol_decode(const char *line, size_t length, struct arena *arena, struct frame *frame,
                    struct err *err)
{
    if (read_plain_done(line, length, arena, frame))
        return 0;
    struct reading reading = {.arena = arena, .frame = frame, .err = err};
    *frame = (struct frame){0};
    for (int i = 0; i < MEMBER_COUNT; i++)
        reading.members[i].name = member_names[i];
    if (json_scan_object(line, length, reading.members, MEMBER_COUNT, err) < 0)
        return -1;
    return read_frame(&reading);
}
