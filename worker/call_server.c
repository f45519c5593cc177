/* SPDX-License-Identifier: MIT */
#include "worker/call_server.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/call.h"
#include "common/fd.h"
#include "common/json.h"
#include "common/mem.h"
#include "worker/store_calls.h"

#define READ_SIZE  65536
#define UNSENT_MAX (64u << 20) /* bytes of answers that the master has not taken */
#define KEPT_SIZE  4096

struct call_server {
    struct ev_loop *loop;
    int fd;
    const struct settings *settings;
    struct keeper *const *keepers;
    size_t keeper_count;
    ev_io read_watch, write_watch;
    ev_async news; /* an answer was made by a keeper */
    struct buf in;
    pthread_mutex_t mutex; /* over out */
    struct buf out;
};

/* One request, on its way through a keeper. */
struct request {
    struct keeper_task task;
    struct call_server *server;
    uint32_t id;
    char *text;
    size_t length;
};

/* From any thread. An answer that does not fit is not sent: the master's time limit ends the call.
 */
static void put_answer(struct call_server *server, uint32_t id, enum err_code status,
                       const char *text, size_t length)
{
    const struct call_header header = {.id = id, .status = status, .length = (uint32_t)length};
    pthread_mutex_lock(&server->mutex);
    if (server->out.length + sizeof header + length <= server->out.cap) {
        buf_append(&server->out, &header, sizeof header);
        buf_append(&server->out, text, length);
    }
    pthread_mutex_unlock(&server->mutex);
    ev_async_send(server->loop, &server->news);
}

static void put_error(struct call_server *server, uint32_t id, const struct err *err)
{
    put_answer(server, id, err->code, err->text, strlen(err->text));
}

static void request_finish(struct request *request)
{
    free(request->text);
    free(request);
}

/* In the keeper's thread. */
static void run_request(struct keeper_task *task, struct queue_connection *connection,
                        const struct err *why_not)
{
    struct request *request = (struct request *)task;
    struct err err = ERR_INIT;
    struct buf answer;
    buf_init(&answer, CALL_ANSWER_MAX);
    if (!connection)
        put_error(request->server, request->id, why_not);
    else if (store_calls_run(connection, request->server->settings, request->text, request->length,
                             &answer, &err) < 0)
        put_error(request->server, request->id, &err);
    else
        put_answer(request->server, request->id, ERR_NONE, buf_text(&answer), answer.length);
    buf_finish(&answer);
    request_finish(request);
}

static struct keeper *find_keeper(const struct call_server *server, const char *connection,
                                  struct err *err)
{
    for (size_t i = 0; i < server->keeper_count; i++)
        if (strcmp(keeper_connection(server->keepers[i]), connection) == 0)
            return server->keepers[i];
    err_set(err, ERR_NOT_FOUND, "there is no connection %s in the configuration", connection);
    return NULL;
}

/* Each connection is asked in its own thread; the rest of the request is looked at there. */
static struct keeper *choose_keeper(const struct call_server *server, const char *text,
                                    size_t length, struct err *err)
{
    cJSON *request = json_parse(text, length, err);
    struct keeper *keeper = NULL;
    if (request)
        keeper = find_keeper(server, json_get_string(request, "connection", ""), err);
    cJSON_Delete(request);
    return keeper;
}

static void take_text(struct call_server *server, uint32_t id, const char *text, size_t length)
{
    struct err err = ERR_INIT;
    struct keeper *keeper = choose_keeper(server, text, length, &err);
    if (!keeper) {
        put_error(server, id, &err);
        return;
    }
    struct request *request = mem_new(1, sizeof *request);
    *request = (struct request){.task = {.run = run_request},
                                .server = server,
                                .id = id,
                                .text = mem_strndup(text, length),
                                .length = length};
    keeper_give(keeper, &request->task);
}

/* Returns false where no whole request is there. */
static bool take_request(struct call_server *server)
{
    struct call_header header;
    if (server->in.length < sizeof header)
        return false;
    memcpy(&header, buf_data(&server->in), sizeof header);
    if (server->in.length - sizeof header < header.length)
        return false;
    take_text(server, header.id, buf_data(&server->in) + sizeof header, header.length);
    buf_consume(&server->in, sizeof header + header.length);
    return true;
}

/* The master is gone, or says what nobody understands: its channel tells the rest. */
static void hang_up(struct call_server *server)
{
    ev_io_stop(server->loop, &server->read_watch);
    ev_io_stop(server->loop, &server->write_watch);
    ev_async_stop(server->loop, &server->news);
}

static void on_readable(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)loop, (void)events;
    struct call_server *server = watch->data;
    ssize_t got = buf_read(&server->in, server->fd, READ_SIZE);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        hang_up(server);
        return;
    }
    while (take_request(server))
        continue;
    buf_trim(&server->in, KEPT_SIZE);
}

static void on_writable(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)events;
    struct call_server *server = watch->data;
    pthread_mutex_lock(&server->mutex);
    ssize_t put = server->out.length > 0 ? buf_write(&server->out, server->fd) : 0;
    int cause = errno;
    bool is_empty = server->out.length == 0;
    if (is_empty)
        buf_trim(&server->out, KEPT_SIZE);
    pthread_mutex_unlock(&server->mutex);
    if (is_empty)
        ev_io_stop(loop, watch);
    if (put < 0 && cause != EAGAIN && cause != EINTR)
        hang_up(server);
}

static void on_news(struct ev_loop *loop, ev_async *watch, int events)
{
    (void)events;
    struct call_server *server = watch->data;
    ev_io_start(loop, &server->write_watch);
}

struct call_server *call_server_create(struct ev_loop *loop, int fd,
                                       const struct settings *settings,
                                       struct keeper *const *keepers, size_t keeper_count)
{
    struct call_server *server = mem_new(1, sizeof *server);
    *server = (struct call_server){.loop = loop,
                                   .fd = fd,
                                   .settings = settings,
                                   .keepers = keepers,
                                   .keeper_count = keeper_count};
    buf_init(&server->in, sizeof(struct call_header) + CALL_REQUEST_MAX + READ_SIZE);
    buf_init(&server->out, UNSENT_MAX);
    pthread_mutex_init(&server->mutex, NULL);
    fd_set_nonblocking(fd, true);
    ev_io_init(&server->read_watch, on_readable, fd, EV_READ);
    ev_io_init(&server->write_watch, on_writable, fd, EV_WRITE);
    ev_async_init(&server->news, on_news);
    server->read_watch.data = server->write_watch.data = server->news.data = server;
    ev_io_start(loop, &server->read_watch);
    ev_async_start(loop, &server->news);
    return server;
}

void call_server_destroy(struct call_server *server)
{
    if (!server)
        return;
    hang_up(server);
    fd_close(&server->fd);
    buf_finish(&server->in);
    buf_finish(&server->out);
    pthread_mutex_destroy(&server->mutex);
    free(server);
}
