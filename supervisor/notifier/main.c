/* SPDX-License-Identifier: MIT */

/* muster-notifier: started by musterd with events on its standard input, one a line; sends each to
 * all that are to be told of it, and ends. Each of them gets its messages in their order; one that
 * fails is tried again after pauses, while the others go on. */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "supervisor/notifier/send.h"

#define SETTINGS_MAX (16u << 20)
#define EVENTS_MAX   (1u << 20)
#define PAUSE_MAX_MS 60000

struct messages {
    struct message *list;
    size_t count;
};

/* One way of notifying, and how far it is. */
struct route {
    const struct notify_settings *settings;
    size_t next; /* message */
    int64_t tries;
    int64_t due_ms; /* monotonic */
};

static int64_t now_ms(void)
{
    return clock_monotonic_ms(&clock_system);
}

static int read_all(int fd, size_t cap, struct buf *out, struct err *err)
{
    ssize_t got;
    buf_init(out, cap);
    while ((got = buf_read(out, fd, 65536)) > 0)
        ;
    return got == 0 ? 0 : err_errno(err, errno, "cannot read what musterd sends");
}

static void read_messages(const struct buf *text, struct messages *messages)
{
    const char *line = buf_text(text), *end;
    for (; (end = strchr(line, '\n')); line = end + 1) {
        struct err err = ERR_INIT;
        struct message message;
        if (message_read(&message, line, (size_t)(end - line), &err) < 0) {
            log_write(LOG_ERROR, "an event is passed over: %s", err.text);
            message_finish(&message);
            continue;
        }
        messages->list = mem_resize(messages->list, messages->count + 1, sizeof messages->list[0]);
        messages->list[messages->count++] = message;
    }
}

/* Goes to the next message that is for it. */
static void pass_over(struct route *route, const struct messages *messages)
{
    while (route->next < messages->count &&
           !(messages->list[route->next].severity & route->settings->severities))
        route->next++;
}

static int64_t pause_of(const struct route *route)
{
    int64_t pause_ms = route->settings->retry_delay;
    for (int64_t i = 1; i < route->tries && pause_ms < PAUSE_MAX_MS; i++)
        pause_ms *= 2;
    return pause_ms < PAUSE_MAX_MS ? pause_ms : PAUSE_MAX_MS;
}

static void try_next(struct route *route, const struct messages *messages)
{
    struct err err = ERR_INIT;
    const char *name = route->settings->name;
    enum send_result result = send_message(route->settings, &messages->list[route->next], &err);
    bool is_last = result == SEND_NEVER || route->tries >= route->settings->retries;
    if (result != SEND_DONE && !is_last) {
        log_write(LOG_WARN, "notify %s: %s; it is tried again", name, err.text);
        route->tries++;
        route->due_ms = now_ms() + pause_of(route);
        return;
    }
    if (result != SEND_DONE)
        log_write(LOG_ERROR, "notify %s: given up: %s", name, err.text);
    route->tries = 0;
    route->next++;
}

static void sleep_until(int64_t due_ms)
{
    const struct timespec until = {.tv_sec = due_ms / 1000, .tv_nsec = due_ms % 1000 * 1000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* One try for each that is due. Returns when the next is, INT64_MAX where all is done. */
static int64_t try_all(struct route *routes, size_t count, const struct messages *messages)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        struct route *route = &routes[i];
        pass_over(route, messages);
        if (route->next < messages->count && now_ms() >= route->due_ms) {
            try_next(route, messages);
            pass_over(route, messages);
        }
        if (route->next < messages->count && route->due_ms < next_ms)
            next_ms = route->due_ms;
    }
    return next_ms;
}

static void send_all(const struct settings *settings, const struct messages *messages)
{
    size_t count = settings->notify_count;
    struct route *routes = mem_new(count, sizeof *routes);
    for (size_t i = 0; i < count; i++)
        routes[i] = (struct route){.settings = &settings->notifies[i]};
    int64_t next_ms;
    while ((next_ms = try_all(routes, count, messages)) != INT64_MAX)
        sleep_until(next_ms);
    free(routes);
}

static struct settings *read_settings(int fd, struct err *err)
{
    struct buf text;
    struct settings *settings = NULL;
    if (read_all(fd, SETTINGS_MAX, &text, err) == 0)
        settings = settings_parse("settings", buf_text(&text), text.length, err);
    buf_finish(&text);
    return settings;
}

static int start_log(const struct settings *settings, struct err *err)
{
    const struct log_options options = {.level = (enum log_level)settings->muster.log_level,
                                        .format = (enum log_format)settings->muster.log_format,
                                        .path = settings->muster.logfile,
                                        .process = "notifier"};
    return log_open(&options, err);
}

static int run(int settings_fd, struct err *err)
{
    struct buf text;
    struct messages messages = {0};
    struct settings *settings = read_settings(settings_fd, err);
    if (!settings)
        return -1;
    start_log(settings, err);
    int result = read_all(STDIN_FILENO, EVENTS_MAX + 1, &text, err);
    read_messages(&text, &messages);
    send_all(settings, &messages);
    for (size_t i = 0; i < messages.count; i++)
        message_finish(&messages.list[i]);
    free(messages.list);
    buf_finish(&text);
    settings_destroy(settings);
    return result;
}

int main(int argc, char **argv)
{
    static const char option[] = "--settings-fd=";
    struct err err = ERR_INIT;
    if (argc != 2 || strncmp(argv[1], option, sizeof option - 1) != 0) {
        fputs("muster-notifier is started by musterd\n", stderr);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int result = run(atoi(argv[1] + sizeof option - 1), &err);
    if (result < 0)
        log_write(LOG_ERROR, "%s", err.text);
    curl_global_cleanup();
    return result < 0 ? 1 : 0;
}
