/* SPDX-License-Identifier: MIT */
#include "drivers/redis/reply.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* hiredis forgets a spare buffer that is larger than this. */
#define SPARE_BUFFER (1u << 20)

/* --- objects for hiredis --- */

/* The place of an object: an element of its array, which is there already, or a new one. */
static struct reply *place(const redisReadTask *task)
{
    if (task->parent)
        return &((struct reply *)task->parent->obj)->items[task->idx];
    return arena_alloc(task->privdata, sizeof(struct reply));
}

static void *make_string(const redisReadTask *task, char *text, size_t length)
{
    struct reply *reply = place(task);
    *reply = (struct reply){
        .type = task->type, .text = arena_strndup(task->privdata, text, length), .length = length};
    return reply;
}

/* Elements that do not come stay what they are made as: nil. */
static void *make_array(const redisReadTask *task, int count)
{
    if (count < 0 || count > REPLY_ELEMENTS_MAX)
        return NULL;
    struct reply *reply = place(task);
    struct reply *items = arena_alloc(task->privdata, (size_t)count * sizeof *items);
    for (int i = 0; i < count; i++)
        items[i] = (struct reply){.type = REDIS_REPLY_NIL};
    *reply = (struct reply){.type = REDIS_REPLY_ARRAY, .items = items, .count = (size_t)count};
    return reply;
}

static void *make_integer(const redisReadTask *task, long long value)
{
    struct reply *reply = place(task);
    *reply = (struct reply){.type = REDIS_REPLY_INTEGER, .integer = value};
    return reply;
}

static void *make_nil(const redisReadTask *task)
{
    struct reply *reply = place(task);
    *reply = (struct reply){.type = REDIS_REPLY_NIL};
    return reply;
}

static void forget(void *object)
{
    (void)object; /* the arena's */
}

static redisReplyObjectFunctions functions = {make_string, make_array, make_integer, make_nil,
                                              forget};

/* --- the reader --- */

void redis_reply_reader_init(struct reply_reader *reader)
{
    reader->reader = redisReaderCreateWithFunctions(&functions);
    if (!reader->reader)
        abort(); /* out of memory, as in mem.h */
    reader->reader->maxbuf = SPARE_BUFFER;
    reader->fed = 0;
}

void redis_reply_reader_finish(struct reply_reader *reader)
{
    if (reader->reader)
        redisReaderFree(reader->reader);
    reader->reader = NULL;
}

int redis_reply_feed(struct reply_reader *reader, const char *bytes, size_t length, struct err *err)
{
    reader->fed += length;
    if (reader->fed > REPLY_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "Redis answers with more than %u bytes", REPLY_BYTES_MAX);
    if (redisReaderFeed(reader->reader, bytes, length) != REDIS_OK)
        return err_set(err, ERR_SYSTEM, "Redis: %s", reader->reader->errstr);
    return 0;
}

int redis_reply_next(struct reply_reader *reader, struct arena *arena, struct reply **reply,
                     struct err *err)
{
    void *made = NULL;
    reader->reader->privdata = arena; /* the macro for it cuts pointers */
    if (redisReaderGetReply(reader->reader, &made) != REDIS_OK)
        return err_set(err, ERR_UNAVAILABLE, "this is not a Redis answer: %s",
                       reader->reader->errstr);
    if (!made)
        return 0;
    reader->fed = reader->reader->len - reader->reader->pos;
    *reply = made;
    return 1;
}

/* --- parts --- */

const struct reply *redis_reply_item(const struct reply *reply, size_t index)
{
    static const struct reply nothing = {.type = REDIS_REPLY_NIL};
    return reply->type == REDIS_REPLY_ARRAY && index < reply->count ? &reply->items[index]
                                                                    : &nothing;
}

int64_t redis_reply_integer(const struct reply *reply)
{
    if (reply->type == REDIS_REPLY_INTEGER)
        return reply->integer;
    return reply->text ? strtoll(reply->text, NULL, 10) : 0;
}

const char *redis_reply_text(const struct reply *reply)
{
    return reply->text ? reply->text : "";
}

const char *redis_reply_text_or_null(const struct reply *reply)
{
    return reply->length > 0 ? reply->text : NULL;
}

bool redis_reply_is_error(const struct reply *reply, const char *code)
{
    size_t length = strlen(code);
    return reply->type == REDIS_REPLY_ERROR && strncmp(reply->text, code, length) == 0 &&
           (reply->text[length] == ' ' || reply->text[length] == '\0');
}
