/* SPDX-License-Identifier: MIT */
#include "drivers/redis/link.h"

#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

#define RECEIVE_SIZE 65536
#define HEAD_MAX     (1u << 20)
#define JOINED_MAX   65536 /* arguments up to this size are sent together with their head */

/* Waking a process that sleeps costs as much as a short script. So an answer is looked for before
 * we sleep, for so long, and not where such answers have not come in time. */
#define SPIN_US     50
#define SPIN_MISSES 2
#define SPIN_REST   100

void redis_link_init(struct link *link)
{
    *link = (struct link){.wire = WIRE_CLOSED, .room = mem_new(1, RECEIVE_SIZE)};
    redis_reply_reader_init(&link->reader);
    buf_init(&link->head, HEAD_MAX);
}

void redis_link_finish(struct link *link)
{
    redis_link_close(link);
    redis_reply_reader_finish(&link->reader);
    buf_finish(&link->head);
    free(link->room);
    link->room = NULL;
}

int redis_link_open(struct link *link, const struct target *target,
                    const struct connection_settings *settings, int64_t deadline_ms,
                    struct err *err)
{
    redis_link_close(link);
    return redis_wire_open(&link->wire, target, settings, deadline_ms, err);
}

/* What the reader has of a broken conversation is thrown away with it. */
void redis_link_close(struct link *link)
{
    redis_wire_close(&link->wire);
    redis_reply_reader_finish(&link->reader);
    redis_reply_reader_init(&link->reader);
}

bool redis_link_is_open(const struct link *link)
{
    return link->wire.fd >= 0;
}

static int fail(struct link *link)
{
    redis_link_close(link);
    return -1;
}

static int write_all(struct link *link, const char *bytes, size_t length, int64_t deadline_ms,
                     struct err *err)
{
    while (length > 0) {
        short wants = 0;
        ssize_t put = redis_wire_write(&link->wire, bytes, length, &wants, err);
        if (put < 0 || (put == 0 && redis_wire_wait(&link->wire, wants, deadline_ms, err) < 0))
            return fail(link);
        bytes += put;
        length -= (size_t)put;
    }
    return 0;
}

int redis_link_send(struct link *link, const struct command *head, const struct command *arguments,
                    int64_t deadline_ms, struct err *err)
{
    size_t count = head->count + (arguments ? arguments->count : 0);
    if (head->is_cut || (arguments && arguments->is_cut))
        return err_set(err, ERR_LIMIT, "more than %u MiB in one call; send fewer jobs at once",
                       COMMAND_BYTES_MAX >> 20);
    buf_clear(&link->head);
    buf_printf(&link->head, "*%zu\r\n", count);
    buf_append(&link->head, buf_text(&head->bytes), head->bytes.length);
    const struct buf *rest = arguments ? &arguments->bytes : NULL;
    bool is_joined = rest && rest->length <= JOINED_MAX;
    if (is_joined)
        buf_append(&link->head, buf_text(rest), rest->length);
    if (write_all(link, buf_text(&link->head), link->head.length, deadline_ms, err) < 0)
        return -1;
    if (!rest || is_joined)
        return 0;
    return write_all(link, buf_text(rest), rest->length, deadline_ms, err);
}

int redis_link_poll(struct link *link, struct arena *arena, struct reply **reply, struct err *err)
{
    short wants = 0;
    int found = redis_reply_next(&link->reader, arena, reply, err);
    while (found == 0) {
        ssize_t got = redis_wire_read(&link->wire, link->room, RECEIVE_SIZE, &wants, err);
        if (got == 0)
            return 0;
        if (got < 0 || redis_reply_feed(&link->reader, link->room, (size_t)got, err) < 0)
            return fail(link);
        found = redis_reply_next(&link->reader, arena, reply, err);
    }
    return found < 0 ? fail(link) : found;
}

/* As redis_link_poll, for a moment. Whoever else wants the processor gets it, Redis above all. */
static int poll_for_a_moment(struct link *link, struct arena *arena, struct reply **reply,
                             struct err *err)
{
    int found = redis_link_poll(link, arena, reply, err);
    if (found != 0 || link->rest > 0) {
        link->rest -= link->rest > 0;
        return found;
    }
    int64_t until_us = clock_monotonic_us(&clock_system) + SPIN_US;
    do {
        sched_yield();
        found = redis_link_poll(link, arena, reply, err);
    } while (found == 0 && clock_monotonic_us(&clock_system) < until_us);
    link->misses = found == 0 ? link->misses + 1 : 0;
    if (link->misses == SPIN_MISSES) {
        link->misses = 0;
        link->rest = SPIN_REST;
    }
    return found;
}

struct reply *redis_link_receive(struct link *link, struct arena *arena, int64_t deadline_ms,
                                 struct err *err)
{
    struct reply *reply = NULL;
    int found = poll_for_a_moment(link, arena, &reply, err);
    while (found == 0) {
        if (redis_wire_wait(&link->wire, POLLIN, deadline_ms, err) < 0) {
            redis_link_close(link);
            return NULL;
        }
        found = redis_link_poll(link, arena, &reply, err);
    }
    return found > 0 ? reply : NULL;
}

struct reply *redis_link_ask(struct link *link, const char *const *words, struct arena *arena,
                             int64_t deadline_ms, struct err *err)
{
    struct command command;
    redis_command_init(&command);
    for (; *words; words++)
        redis_command_text(&command, *words);
    int sent = redis_link_send(link, &command, NULL, deadline_ms, err);
    redis_command_finish(&command);
    return sent < 0 ? NULL : redis_link_receive(link, arena, deadline_ms, err);
}
