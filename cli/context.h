/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONTEXT_H
#define CLI_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/answer.h"
#include "cli/command.h"
#include "cli/options.h"
#include "common/err.h"
#include "common/settings.h"
#include "queue/queue.h"

/*
 * What a running command has at hand: its options, the settings, the connection that it works on,
 * and the answer that it builds. Settings and connection are opened when they are asked for.
 */
struct context {
    const struct cli_command *command;
    struct options options;
    bool json;
    struct answer answer;
    struct settings *settings;          /* NULL until loaded */
    char *socket;                       /* of a file that could not be loaded; NULL */
    struct queue_connection connection; /* zeroed until opened */
};

/* Closes the connection and frees what the context holds, but not the context itself. One of which
 * nothing was opened or loaded is fine. */
void context_finish(struct context *context);

/* Loads the settings of --config, or of the file that is found, or the defaults. NULL with err on
 * failure. */
const struct settings *context_settings(struct context *context, struct err *err);

/* The control socket of the musterd that is meant: --socket, or that of the settings. A file that is
 * wrong elsewhere is warned of. Lives as long as the context. NULL with err on failure. */
const char *context_socket(struct context *context, struct err *err);

/* The queue of --queue, or "default". */
const char *context_queue(const struct context *context);

/* The settings of the connection that is meant: --connection, or else that of the queue, or (queue
 * NULL) the default one. NULL with err where there is none of that name. */
const struct connection_settings *context_connection_settings(struct context *context,
                                                              const char *queue, struct err *err);

/* Opens that connection; at most one is open at a time, an earlier one is closed. NULL with err on
 * failure. */
struct queue_connection *context_open(struct context *context, const char *queue, struct err *err);

/* Opens the connection with these settings in the same way. */
struct queue_connection *context_open_connection(struct context *context,
                                                 const struct connection_settings *settings,
                                                 struct err *err);

/* Checks that a queue is on the connection that is open, where --connection does not say so: queues
 * of several connections cannot be served together. Returns 0, or -1 with err. */
int context_check_queue(const struct context *context, const char *queue, struct err *err);

/* Rows for the options' tables. */
#define QUEUE_OPTION                                                                               \
    {                                                                                              \
        .name = "queue", .letter = 'q', .kind = OPTION_NAME, .value = "NAME", .help = "the queue"  \
    }
#define SOCKET_OPTION                                                                              \
    {                                                                                              \
        .name = "socket", .kind = OPTION_TEXT, .value = "PATH",                                    \
        .help = "the control socket of musterd (default: that of the configuration)"               \
    }
#define CONNECTION_OPTION                                                                          \
    {                                                                                              \
        .name = "connection", .kind = OPTION_NAME, .value = "NAME",                                \
        .help = "the connection (default: that of the queue)"                                      \
    }
#define LIMIT_OPTION_DEFAULT 100
#define LIMIT_OPTION                                                                               \
    {                                                                                              \
        .name = "limit", .letter = 'n', .kind = OPTION_INTEGER, .value = "N", .min = 1,            \
        .max = 1000000, .help = "show at most so many (default: 100)"                              \
    }
#define BATCH_OPTION                                                                               \
    {                                                                                              \
        .name = "batch", .kind = OPTION_TEXT, .value = "UUID",                                     \
        .help = "the batch that it is added to (made where there is none)"                         \
    }

#endif
