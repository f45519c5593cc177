/* SPDX-License-Identifier: MIT */
#include "tests/bench/floor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "common/mem.h"

#define NUMBER_SIZE 24
#define SHA_SIZE    41

/* A list of numbers, a hash a job, and a sorted set of what is reserved. */
static const char push_script[] = "for i = 2, #ARGV do redis.call('HSET', 'floor:job:' .. ARGV[i], "
                                  "'payload', ARGV[1], 'meta', '0') end "
                                  "return redis.call('RPUSH', 'floor', unpack(ARGV, 2))";

static const char cycle_script[] =
    "local count, now = ARGV[1], redis.call('TIME')[1] "
    "if #ARGV > 1 then "
    "  local keys = {} "
    "  for i = 2, #ARGV do keys[i - 1] = 'floor:job:' .. ARGV[i] end "
    "  redis.call('ZREM', 'floor:reserved', unpack(ARGV, 2)) "
    "  redis.call('DEL', unpack(keys)) "
    "end "
    "local ids, out, ends = redis.call('LPOP', 'floor', count) or {}, {}, {} "
    "for i, id in ipairs(ids) do "
    "  out[2 * i - 1], out[2 * i] = id, redis.call('HMGET', 'floor:job:' .. id, 'payload', "
    "'meta')[1] "
    "  ends[2 * i - 1], ends[2 * i] = now, id "
    "end "
    "if #ids > 0 then redis.call('ZADD', 'floor:reserved', unpack(ends)) end "
    "return out";

struct redis {
    redisContext *context;
    char push[SHA_SIZE], cycle[SHA_SIZE];
    redisReply *held; /* id, payload, … of the last cycle; or NULL */
    const char **words;
    size_t *lengths;
    size_t capacity;
    int count;
};

static void add(struct redis *redis, const char *word, size_t length)
{
    if ((size_t)redis->count == redis->capacity) {
        redis->capacity = redis->capacity ? 2 * redis->capacity : 256;
        redis->words = mem_resize(redis->words, redis->capacity, sizeof *redis->words);
        redis->lengths = mem_resize(redis->lengths, redis->capacity, sizeof *redis->lengths);
    }
    redis->words[redis->count] = word;
    redis->lengths[redis->count++] = length;
}

static void begin(struct redis *redis, const char *sha, const char *first)
{
    redis->count = 0;
    add(redis, "EVALSHA", 7);
    add(redis, sha, SHA_SIZE - 1);
    add(redis, "0", 1);
    add(redis, first, strlen(first));
}

static redisReply *ask(struct redis *redis)
{
    redisReply *reply =
        redisCommandArgv(redis->context, redis->count, redis->words, redis->lengths);
    if (!reply || reply->type == REDIS_REPLY_ERROR)
        floor_fail("Redis", reply ? reply->str : redis->context->errstr);
    return reply;
}

static void load(struct redis *redis, const char *script, char *sha)
{
    redisReply *reply = redisCommand(redis->context, "SCRIPT LOAD %s", script);
    if (!reply || reply->type != REDIS_REPLY_STRING)
        floor_fail("Redis", reply ? reply->str : redis->context->errstr);
    snprintf(sha, SHA_SIZE, "%s", reply->str);
    freeReplyObject(reply);
}

static void *redis_open(const char *where)
{
    struct redis *redis = mem_new(1, sizeof *redis);
    redis->context = redisConnectUnix(where);
    if (!redis->context || redis->context->err)
        floor_fail(where, redis->context ? redis->context->errstr : "no memory");
    load(redis, push_script, redis->push);
    load(redis, cycle_script, redis->cycle);
    return redis;
}

static void redis_close(void *store)
{
    struct redis *redis = store;
    redisFree(redis->context);
    free(redis->words);
    free(redis->lengths);
    free(redis);
}

static void redis_push(void *store, int64_t first, size_t count)
{
    struct redis *redis = store;
    char *numbers = mem_new(count, NUMBER_SIZE);
    begin(redis, redis->push, floor_payload());
    for (size_t i = 0; i < count; i++) {
        char *number = numbers + i * NUMBER_SIZE;
        int length = snprintf(number, NUMBER_SIZE, "%021" PRId64, first + (int64_t)i);
        add(redis, number, (size_t)length);
    }
    freeReplyObject(ask(redis));
    free(numbers);
}

static size_t redis_cycle(void *store, size_t count)
{
    struct redis *redis = store;
    char wanted[NUMBER_SIZE];
    snprintf(wanted, sizeof wanted, "%zu", count);
    begin(redis, redis->cycle, wanted);
    for (size_t i = 0; redis->held && i < redis->held->elements; i += 2)
        add(redis, redis->held->element[i]->str, redis->held->element[i]->len);
    redisReply *reply = ask(redis);
    if (redis->held)
        freeReplyObject(redis->held);
    redis->held = reply->elements > 0 ? reply : NULL;
    size_t reserved = reply->elements / 2;
    if (!redis->held)
        freeReplyObject(reply);
    return reserved;
}

const struct floor_store floor_redis = {"redis", redis_open, redis_close, redis_push, redis_cycle};
