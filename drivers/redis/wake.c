/* SPDX-License-Identifier: MIT */
#include "drivers/redis/wake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/uuid.h"

#define RETRY_MS     1000 /* between tries to subscribe */
#define SUBSCRIBE_MS 1000 /* how long one may hold up a turn */

static int64_t now_ms(void)
{
    return clock_monotonic_ms(&clock_system);
}

void redis_wake_init(struct wake *wake)
{
    *wake = (struct wake){.epoll_fd = -1, .timer_fd = -1};
    redis_link_init(&wake->link);
}

void redis_wake_finish(struct wake *wake)
{
    redis_link_finish(&wake->link);
    arena_finish(&wake->answer);
    fd_close(&wake->timer_fd);
    fd_close(&wake->epoll_fd);
    free(wake->queue);
    free(wake->at.host);
}

static bool is_same_server(const struct endpoint *a, const struct endpoint *b)
{
    if (!a->host || !b->host)
        return !a->host && !b->host;
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* Says SUBSCRIBE, and hears that it is so. */
static int subscribe(struct wake *wake, const char *prefix, int64_t deadline_ms, struct err *err)
{
    char *channel = mem_printf("%swake:%s", prefix, wake->channel);
    const char *const words[] = {"SUBSCRIBE", channel, NULL};
    struct reply *reply = redis_link_ask(&wake->link, words, &wake->answer, deadline_ms, err);
    free(channel);
    if (reply && reply->type == REDIS_REPLY_ERROR)
        return err_set(err, ERR_INVALID, "Redis: %.200s", reply->text);
    return reply ? 0 : -1;
}

static int watch(const struct wake *wake, int fd, struct err *err)
{
    struct epoll_event event = {.events = EPOLLIN};
    if (epoll_ctl(wake->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
        return 0;
    return err_errno(err, errno, "cannot watch a socket");
}

/* 0: never. */
static void set_timer(const struct wake *wake, int64_t after_ms)
{
    const struct itimerspec when = {
        .it_value = {.tv_sec = after_ms / 1000, .tv_nsec = after_ms % 1000 * 1000000}};
    timerfd_settime(wake->timer_fd, 0, &when, NULL);
}

static int connect_anew(struct wake *wake, struct session *session, int64_t deadline_ms,
                        struct err *err)
{
    arena_reset(&wake->answer);
    if (redis_session_open_beside(session, &wake->link, deadline_ms, err) < 0)
        return -1;
    if (subscribe(wake, session->settings->prefix, deadline_ms, err) < 0 ||
        watch(wake, wake->link.wire.fd, err) < 0) {
        redis_link_close(&wake->link);
        return -1;
    }
    free(wake->at.host);
    wake->at = (struct endpoint){mem_strdup(session->current.host), session->current.port};
    return 0;
}

static int make_descriptors(struct wake *wake, struct err *err)
{
    wake->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    wake->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (wake->epoll_fd < 0 || wake->timer_fd < 0)
        return err_errno(err, errno, "cannot watch for wake-ups");
    return watch(wake, wake->timer_fd, err);
}

int redis_wake_start(struct wake *wake, struct session *session, const char *queue, struct err *err)
{
    if (wake->queue && strcmp(wake->queue, queue) != 0)
        return err_set(err, ERR_INVALID, "wake-ups are for one queue a store, here %s",
                       wake->queue);
    if (wake->queue && redis_link_is_open(&wake->link))
        return wake->epoll_fd;
    if (wake->epoll_fd < 0 && make_descriptors(wake, err) < 0) {
        fd_close(&wake->epoll_fd);
        fd_close(&wake->timer_fd);
        return -1;
    }
    if (!wake->channel[0])
        uuid_random(wake->channel, WAKE_CHANNEL_SIZE - 1);
    if (connect_anew(wake, session, now_ms() + session->settings->timeout, err) < 0)
        return -1;
    if (!wake->queue)
        wake->queue = mem_strdup(queue);
    return wake->epoll_fd;
}

const char *redis_wake_prepare(struct wake *wake, struct session *session, const char *queue)
{
    if (!wake->queue || strcmp(wake->queue, queue) != 0)
        return "";
    if (redis_link_is_open(&wake->link) && !is_same_server(&wake->at, &session->current))
        redis_link_close(&wake->link);
    if (!redis_link_is_open(&wake->link) &&
        connect_anew(wake, session, now_ms() + SUBSCRIBE_MS, NULL) < 0)
        set_timer(wake, RETRY_MS);
    if (!redis_link_is_open(&wake->link))
        wake->is_left = false;
    return redis_link_is_open(&wake->link) ? wake->channel : "";
}

/* Takes away that the timer has run out. Returns whether it had. */
static bool drain_timer(const struct wake *wake)
{
    uint64_t times;
    return wake->timer_fd >= 0 && read(wake->timer_fd, &times, sizeof times) > 0;
}

bool redis_wake_drain(struct wake *wake)
{
    struct reply *reply = NULL;
    bool is_news = drain_timer(wake);
    while (redis_link_is_open(&wake->link)) {
        arena_reset(&wake->answer);
        int found = redis_link_poll(&wake->link, &wake->answer, &reply, NULL);
        if (found == 0)
            break;
        is_news = true;
    }
    wake->is_left = wake->is_left && !is_news;
    return is_news;
}
