/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "common/clock.h"
#include "drivers/redis/session.h"

#define ANSWER_MS 1000 /* a Sentinel that needs longer is passed over for the next one */

static int authenticate(struct session *session, struct link *link, int64_t deadline_ms,
                        struct err *err)
{
    const struct connection_settings *settings = session->settings;
    if (!settings->sentinel_password[0])
        return 0;
    const char *user = settings->sentinel_username;
    const char *const words[] = {"AUTH", user[0] ? user : "default", settings->sentinel_password,
                                 NULL};
    struct reply *reply = redis_link_ask(link, words, &session->scratch, deadline_ms, err);
    if (reply && reply->type == REDIS_REPLY_ERROR)
        return err_set(err, ERR_INVALID, "it refuses sentinel_password: %.200s", reply->text);
    return reply ? 0 : -1;
}

static int read_answer(const struct session *session, const struct reply *reply,
                       struct endpoint *found, struct err *err)
{
    if (reply->type == REDIS_REPLY_ERROR)
        return err_set(err, ERR_UNAVAILABLE, "%.200s", reply->text);
    if (reply->type != REDIS_REPLY_ARRAY || reply->count < 2)
        return err_set(err, ERR_INVALID, "it knows no master %.100s; check sentinel_master",
                       session->settings->sentinel_master);
    found->host = mem_strdup(redis_reply_text(redis_reply_item(reply, 0)));
    found->port = (int)redis_reply_integer(redis_reply_item(reply, 1));
    return 0;
}

static int ask_one(struct session *session, const struct endpoint *sentinel, struct link *link,
                   int64_t deadline_ms, struct endpoint *found, struct err *err)
{
    const struct target target = {.host = sentinel->host, .port = sentinel->port};
    const char *const words[] = {"SENTINEL", "GET-MASTER-ADDR-BY-NAME",
                                 session->settings->sentinel_master, NULL};
    if (redis_link_open(link, &target, session->settings, deadline_ms, err) < 0 ||
        authenticate(session, link, deadline_ms, err) < 0)
        return -1;
    struct reply *reply = redis_link_ask(link, words, &session->scratch, deadline_ms, err);
    return reply ? read_answer(session, reply, found, err) : -1;
}

/* What the last one had to say is told, with its address. */
int redis_sentinel_ask(struct session *session, int64_t deadline_ms, struct endpoint *found,
                       struct err *err)
{
    struct link link;
    struct err cause = ERR_INIT;
    const struct endpoints *all = &session->sentinels;
    redis_link_init(&link);
    for (size_t i = 0; i < all->count; i++) {
        size_t index = (session->next_sentinel + i) % all->count;
        int64_t until = clock_monotonic_ms(&clock_system) + ANSWER_MS;
        err_clear(&cause);
        if (ask_one(session, &all->items[index], &link, until < deadline_ms ? until : deadline_ms,
                    found, &cause) == 0) {
            session->next_sentinel = index;
            break;
        }
        err_prefix(&cause, "Sentinel at %s:%d", all->items[index].host, all->items[index].port);
    }
    redis_link_finish(&link);
    return cause.code ? err_set(err, cause.code, "%s", cause.text) : 0;
}
