/* SPDX-License-Identifier: MIT */
#include "cli/context.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/settings_socket.h"
#include "drivers/drivers.h"

static void close_connection(struct context *context)
{
    queue_connection_close(&context->connection);
    memset(&context->connection, 0, sizeof context->connection);
}

void context_finish(struct context *context)
{
    close_connection(context);
    settings_destroy(context->settings);
    answer_finish(&context->answer);
    options_finish(&context->options);
    free(context->socket);
}

const struct settings *context_settings(struct context *context, struct err *err)
{
    if (context->settings)
        return context->settings;
    char *found = NULL;
    const char *path = options_text(&context->options, "config", NULL);
    if (!path)
        path = found = settings_find_file();
    context->settings = settings_load(path, err);
    free(found);
    return context->settings;
}

/* That of a file with faults: musterd may have been started before they were made. */
static const char *socket_despite(struct context *context, struct err *fault, struct err *err)
{
    struct err cause = ERR_INIT;
    char *found = NULL;
    const char *path = options_text(&context->options, "config", NULL);
    if (!path)
        path = found = settings_find_file();
    context->socket = path ? settings_socket(path, &cause) : NULL;
    free(found);
    if (context->socket)
        log_write(LOG_WARN, "%s; musterd is asked at %s", fault->text, context->socket);
    else
        err_set(err, fault->code, "%s; --socket=PATH reaches a musterd that runs", fault->text);
    return context->socket;
}

const char *context_socket(struct context *context, struct err *err)
{
    struct err fault = ERR_INIT;
    const char *given = options_text(&context->options, "socket", context->socket);
    if (given)
        return given;
    const struct settings *settings = context_settings(context, &fault);
    return settings ? settings->muster.socket : socket_despite(context, &fault, err);
}

const char *context_queue(const struct context *context)
{
    return options_text(&context->options, "queue", "default");
}

const struct connection_settings *context_connection_settings(struct context *context,
                                                              const char *queue, struct err *err)
{
    const struct settings *settings = context_settings(context, err);
    if (!settings)
        return NULL;
    const char *name = options_text(&context->options, "connection", NULL);
    if (!name && queue)
        return settings_connection_of(settings, queue);
    if (!name)
        name = settings->muster.connection;
    const struct connection_settings *connection = settings_connection(settings, name);
    if (!connection)
        err_set(err, ERR_NOT_FOUND,
                "there is no connection \"%s\": no section [connection:%s] in %s", name, name,
                *settings->file ? settings->file : "the defaults");
    return connection;
}

struct queue_connection *context_open_connection(struct context *context,
                                                 const struct connection_settings *settings,
                                                 struct err *err)
{
    close_connection(context);
    const struct driver *driver = drivers_find(settings, err);
    if (!driver ||
        queue_connection_open(&context->connection, driver, settings, &clock_system, err) < 0)
        return NULL;
    return &context->connection;
}

struct queue_connection *context_open(struct context *context, const char *queue, struct err *err)
{
    const struct connection_settings *settings = context_connection_settings(context, queue, err);
    return settings ? context_open_connection(context, settings, err) : NULL;
}

int context_check_queue(const struct context *context, const char *queue, struct err *err)
{
    if (options_given(&context->options, "connection"))
        return 0;
    const struct connection_settings *its = settings_connection_of(context->settings, queue);
    if (its == context->connection.settings)
        return 0;
    return err_set(err, ERR_INVALID,
                   "queue %s is on connection %s, and the others on %s: push them apart, "
                   "or give --connection",
                   queue, its->name, context->connection.settings->name);
}
