/* SPDX-License-Identifier: MIT */
#include "supervisor/control/web_listener.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "supervisor/control/events.h"
#include "supervisor/control/listen.h"
#include "supervisor/master.h"

static const char *place_of(const struct http_server_settings *settings)
{
    return settings->is_unix ? settings->file : settings->address;
}

/* Returns whether that is another text. */
static bool replace(char **text, const char *by)
{
    bool is_new = !*text || strcmp(*text, by) != 0;
    char *copy = mem_strdup(by);
    free(*text);
    *text = copy;
    return is_new;
}

/* Returns whether others may look now than before. */
static bool set_credentials(struct listener *listener, const struct http_server_settings *settings)
{
    bool is_new = replace(&listener->username, settings->username);
    is_new |= replace(&listener->password, settings->password);
    is_new |= replace(&listener->reader, settings->reader);
    is_new |= replace(&listener->reader_password, settings->reader_password);
    is_new |= replace(&listener->token, settings->token);
    return is_new;
}

static void close_listener(struct listener *listener)
{
    http_destroy(listener->http);
    if (listener->file)
        unlink(listener->file);
    free(listener->file);
    free(listener->place);
    free(listener->username);
    free(listener->password);
    free(listener->reader);
    free(listener->reader_password);
    free(listener->token);
    free(listener);
}

static void close_all(struct listener **list)
{
    while (*list) {
        struct listener *listener = *list;
        *list = listener->next;
        close_listener(listener);
    }
}

/* socket is the listener's in any case. NULL with err. */
static struct listener *open_listener(struct web *web, const struct http_server_settings *settings,
                                      int socket, struct err *err)
{
    struct listener *listener = mem_new(1, sizeof *listener);
    const struct http_options options = {.loop = web->master->loop,
                                         .socket = socket,
                                         .connections_max = WEB_CONNECTIONS_MAX,
                                         .body_max = WEB_BODY_MAX,
                                         .handle = web_answer,
                                         .context = listener};
    listener->web = web;
    listener->place = mem_strdup(place_of(settings));
    listener->file = settings->is_unix ? mem_strdup(settings->file) : NULL;
    set_credentials(listener, settings);
    listener->http = http_create(&options, err);
    if (listener->http)
        return listener;
    close_listener(listener);
    return NULL;
}

static struct listener *find_listener(const struct web *web, const char *place)
{
    struct listener *listener = web->listeners;
    while (listener && strcmp(listener->place, place) != 0)
        listener = listener->next;
    return listener;
}

/* Opens those that there are not yet, behind the list's end. Returns 0, or -1 with err; what was
 * opened is in the list in any case. */
static int open_missing(struct web *web, const struct supervisor_settings *settings,
                        int (*inherited)(void *context, const char *place), void *context,
                        struct listener **list, struct err *err)
{
    for (size_t i = 0; i < settings->server_count; i++) {
        const struct http_server_settings *server = &settings->servers[i];
        if (find_listener(web, place_of(server)))
            continue;
        int socket = inherited(context, place_of(server));
        if (socket < 0)
            socket = listen_open(server, err);
        struct listener *listener = socket < 0 ? NULL : open_listener(web, server, socket, err);
        if (!listener)
            return -1;
        while (*list)
            list = &(*list)->next;
        *list = listener;
    }
    return 0;
}

void web_listeners(const struct web *web,
                   void (*each)(void *context, const char *place, int descriptor), void *context)
{
    const struct listener *listener = web ? web->listeners : NULL;
    for (; listener; listener = listener->next)
        each(context, listener->place, http_listener(listener->http));
}

static int inherits_none(void *context, const char *place)
{
    (void)context, (void)place;
    return -1;
}

/* Following the settings */

#define LEAVE_SECONDS 0.1 /* between looks whether all is answered */

static void on_leave(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct web *web = timer->data;
    struct listener **link = &web->leaving;
    while (*link) {
        struct listener *listener = *link;
        if (http_is_asked(listener->http)) {
            link = &listener->next;
            continue;
        }
        *link = listener->next;
        close_listener(listener);
    }
    if (!web->leaving)
        ev_timer_stop(loop, timer);
}

/* Who asked for it may wait at this very listener for the answer. */
static void retire(struct web *web, struct listener *listener)
{
    log_write(LOG_INFO, "nobody is listened to at %s any more", listener->place);
    http_retire(listener->http);
    http_end_streams(listener->http);
    if (listener->file)
        unlink(listener->file);
    free(listener->file);
    listener->file = NULL;
    listener->next = web->leaving;
    web->leaving = listener;
    ev_timer_start(web->master->loop, &web->leave);
}

static const struct http_server_settings *find_settings(const struct supervisor_settings *settings,
                                                        const char *place)
{
    for (size_t i = 0; i < settings->server_count; i++)
        if (strcmp(place_of(&settings->servers[i]), place) == 0)
            return &settings->servers[i];
    return NULL;
}

int web_follow(struct web *web, const struct supervisor_settings *settings, struct err *err)
{
    struct listener *opened = NULL, **link = &web->listeners;
    if (open_missing(web, settings, inherits_none, NULL, &opened, err) < 0) {
        close_all(&opened);
        return -1;
    }
    while (*link) {
        struct listener *listener = *link;
        const struct http_server_settings *its = find_settings(settings, listener->place);
        if (its) {
            if (set_credentials(listener, its))
                http_end_streams(listener->http); /* who may still listen comes again */
            listen_adapt(its);
            link = &listener->next;
        } else {
            *link = listener->next;
            retire(web, listener);
        }
    }
    *link = opened;
    return 0;
}

struct web *web_create(struct master *master, const struct supervisor_settings *settings,
                       struct err *err)
{
    return web_resume(master, settings, inherits_none, NULL, err);
}

struct web *web_resume(struct master *master, const struct supervisor_settings *settings,
                       int (*inherited)(void *context, const char *place), void *context,
                       struct err *err)
{
    struct web *web = mem_new(1, sizeof *web);
    web->master = master;
    web->events = events_create(master);
    ev_timer_init(&web->leave, on_leave, LEAVE_SECONDS, LEAVE_SECONDS);
    web->leave.data = web;
    if (open_missing(web, settings, inherited, context, &web->listeners, err) == 0)
        return web;
    web_destroy(web);
    return NULL;
}

static bool any_is_asked(const struct listener *listener)
{
    while (listener && !http_is_asked(listener->http))
        listener = listener->next;
    return listener;
}

bool web_is_asked(const struct web *web)
{
    return web && (any_is_asked(web->listeners) || any_is_asked(web->leaving));
}

void web_destroy(struct web *web)
{
    if (!web)
        return;
    ev_timer_stop(web->master->loop, &web->leave);
    close_all(&web->listeners);
    close_all(&web->leaving);
    events_destroy(web->events);
    free(web);
}
