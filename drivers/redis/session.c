/* SPDX-License-Identifier: MIT */
#include "drivers/redis/session.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/uuid.h"
#include "drivers/redis/fault.h"

/* A server that is away or loading is waited for so long, and asked again after growing pauses. */
#define PATIENCE_MS  1000
#define PAUSE_MIN_MS 10
#define PAUSE_MAX_MS 200
#define HOPS_MAX     5     /* servers that send us on, in one call */
#define IDLE_MAX_MS  60000 /* without `persistent`, an older connection is not trusted */

#define SENTINEL_PORT 26379

static int64_t now_ms(void)
{
    return clock_monotonic_ms(&clock_system);
}

int redis_session_init(struct session *session, const struct connection_settings *settings,
                       struct err *err)
{
    *session = (struct session){.settings = settings};
    if (endpoints_parse(settings->sentinels, SENTINEL_PORT, &session->sentinels, err) < 0)
        return err_prefix(err, "sentinels");
    redis_link_init(&session->link);
    redis_command_init(&session->head);
    return 0;
}

void redis_session_finish(struct session *session)
{
    redis_link_finish(&session->link);
    redis_command_finish(&session->head);
    arena_finish(&session->scratch);
    endpoints_finish(&session->sentinels);
    free(session->current.host);
    free(session->redirect.host);
}

void redis_session_begin(struct call *call, const struct connection_settings *settings)
{
    int64_t now = now_ms();
    call->deadline_ms = now + settings->timeout;
    call->patience_ms = now + (settings->timeout < PATIENCE_MS ? settings->timeout : PATIENCE_MS);
}

void redis_session_drop(struct session *session, bool lost)
{
    if (lost && session->client_id > 0) {
        session->doomed.client_id = session->client_id;
        memcpy(session->doomed.run_id, session->run_id, sizeof session->run_id);
    }
    session->client_id = 0;
    redis_link_close(&session->link);
}

/* Half of a pause is left to chance, so that many clients do not come back together. */
static int64_t jittered(int64_t pause_ms)
{
    char random[2];
    uuid_random(random, 1);
    return pause_ms / 2 + pause_ms * (random[0] & 0x3f) / 128;
}

/* How a call stands after one attempt. */
enum progress { ANSWERED, AT_ONCE, AFTER_PAUSE, GIVEN_UP };

/* What is between attempts of a call. */
struct trial {
    bool whole; /* the script's text is sent, not its name */
    int hops;
    int64_t pause_ms;
};

/* Whether another attempt may follow after a pause, which is made. */
static bool pause_for_next(const struct call *call, struct trial *trial)
{
    int64_t pause_ms = jittered(trial->pause_ms);
    if (now_ms() + pause_ms > call->patience_ms)
        return false;
    poll(NULL, 0, (int)pause_ms);
    trial->pause_ms = trial->pause_ms < PAUSE_MAX_MS / 2 ? trial->pause_ms * 2 : PAUSE_MAX_MS;
    return true;
}

/* A connection on which the server has hung up is made anew before anything is sent on it. */
static bool is_usable(const struct session *session)
{
    if (!redis_link_is_open(&session->link) || redis_wire_is_stale(&session->link.wire))
        return false;
    return session->settings->persistent || now_ms() - session->used_ms < IDLE_MAX_MS;
}

static enum progress hop(struct trial *trial)
{
    return trial->hops++ < HOPS_MAX ? AT_ONCE : AFTER_PAUSE;
}

static enum progress connect_once(struct session *session, const struct call *call,
                                  struct trial *trial, struct err *err)
{
    if (is_usable(session))
        return ANSWERED;
    redis_session_drop(session, false);
    switch (redis_session_dial(session, call->deadline_ms, err)) {
    case DIALLED:
        return ANSWERED;
    case DIAL_AGAIN:
        return hop(trial);
    case DIAL_LATER:
        return AFTER_PAUSE;
    default:
        return GIVEN_UP;
    }
}

static void write_head(struct session *session, const struct script *script, bool whole)
{
    struct command *head = &session->head;
    redis_command_clear(head);
    redis_command_text(head, whole ? "EVAL" : "EVALSHA");
    if (whole) {
        struct buf text;
        buf_init(&text, COMMAND_BYTES_MAX);
        for (const char *const *part = script->parts; *part; part++)
            buf_text_append(&text, *part);
        redis_command_add(head, buf_text(&text), text.length);
        buf_finish(&text);
    } else {
        redis_command_text(head, script->sha);
    }
    redis_command_number(head, 1);
    redis_command_text(head, session->settings->prefix);
}

/* Sends the command and waits for its answer. NULL with err where the connection broke. */
static struct reply *exchange(struct session *session, struct call *call, bool whole,
                              struct err *err)
{
    write_head(session, &redis_scripts[call->script], whole);
    if (redis_link_send(&session->link, &session->head, call->arguments, call->deadline_ms, err) <
        0)
        return NULL;
    struct reply *reply = redis_link_receive(&session->link, call->arena, call->deadline_ms, err);
    session->used_ms = now_ms();
    return reply;
}

/* The connection broke, or time was over: the command may have been carried out, or will be. */
static enum progress lose(struct session *session, struct call *call, const struct err *err)
{
    if (err->code != ERR_UNAVAILABLE)
        return GIVEN_UP; /* it was not sent */
    call->was_lost = true;
    redis_session_drop(session, true);
    if (call->once || now_ms() >= call->deadline_ms)
        return GIVEN_UP;
    return AFTER_PAUSE;
}

static enum progress send_elsewhere(struct session *session, const struct reply *reply,
                                    struct trial *trial)
{
    const char *moved_to = redis_fault_moved_to(reply);
    redis_session_drop(session, false);
    redis_session_redirect(session, moved_to);
    return moved_to ? hop(trial) : AFTER_PAUSE;
}

static enum progress attempt(struct session *session, struct call *call, struct trial *trial,
                             struct reply **reply, struct err *err)
{
    enum progress connected = connect_once(session, call, trial, err);
    if (connected != ANSWERED)
        return connected;
    *reply = exchange(session, call, trial->whole, err);
    if (!*reply)
        return lose(session, call, err);
    switch (redis_fault_of(*reply, err)) {
    case FAULT_NONE:
        return ANSWERED;
    case FAULT_NO_SCRIPT:
        trial->whole = true;
        return hop(trial);
    case FAULT_ELSEWHERE:
        return send_elsewhere(session, *reply, trial);
    case FAULT_LATER:
        return AFTER_PAUSE;
    default:
        return GIVEN_UP;
    }
}

static void describe(const struct session *session, struct err *err)
{
    const struct connection_settings *settings = session->settings;
    if (err->code != ERR_UNAVAILABLE && err->code != ERR_INVALID)
        return;
    if (session->current.host)
        err_prefix(err, "Redis at %s:%d", session->current.host, session->current.port);
    else if (settings->path[0])
        err_prefix(err, "Redis at %s", settings->path);
}

struct reply *redis_session_call(struct session *session, struct call *call, struct err *err)
{
    struct trial trial = {.pause_ms = PAUSE_MIN_MS};
    struct reply *reply = NULL;
    for (;;) {
        struct err cause = ERR_INIT;
        enum progress progress = attempt(session, call, &trial, &reply, &cause);
        if (progress == ANSWERED)
            return reply;
        if (progress == AT_ONCE)
            continue;
        if (progress == AFTER_PAUSE && pause_for_next(call, &trial))
            continue;
        describe(session, &cause);
        err_set(err, cause.code, "%s", cause.text);
        return NULL;
    }
}

int redis_session_ensure(struct session *session, struct err *err)
{
    struct trial trial = {.pause_ms = PAUSE_MIN_MS};
    struct call call = {.once = true};
    redis_session_begin(&call, session->settings);
    for (;;) {
        struct err cause = ERR_INIT;
        enum progress progress = connect_once(session, &call, &trial, &cause);
        if (progress == ANSWERED)
            return 0;
        if (progress == AT_ONCE || (progress == AFTER_PAUSE && pause_for_next(&call, &trial)))
            continue;
        describe(session, &cause);
        return err_set(err, cause.code, "%s", cause.text);
    }
}
