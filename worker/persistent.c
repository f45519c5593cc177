/* SPDX-License-Identifier: MIT */
#include "worker/persistent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/log.h"
#include "worker/frames.h"
#include "worker/protocol.h"

#define READ_SIZE  16384
#define READS_MAX  256     /* of the rest, when the process has ended */
#define PIPE_SIZE  262144  /* of jobs for a handler that takes several */
#define FULL_SIZE  1048576 /* bytes that wait */
#define KEPT_SIZE  65536   /* of buffers that are empty */
#define OUTPUT_MAX (2 * (size_t)JSON_TEXT_MAX + FULL_SIZE)

struct persistent {
    struct handler *handler;
    ev_io read_watch;  /* from the handler */
    ev_io write_watch; /* to it */
    struct buf in, out;
    size_t scanned; /* of in: there is no line break in it */
    struct arena arena;
    bool is_asked_for_life;
    bool is_torn; /* it ended in the middle of a line */
};

/* To the handler */

static void close_output(struct persistent *persistent)
{
    ev_io *watch = &persistent->write_watch;
    ev_io_stop(persistent->handler->host->loop, watch);
    int fd = watch->fd;
    fd_close(&fd);
    ev_io_set(watch, -1, EV_WRITE);
    buf_finish(&persistent->out);
}

/* A handler that has closed its end, or ended, takes nothing more; its end is noticed elsewhere. */
static void write_out(struct persistent *persistent)
{
    ev_io *watch = &persistent->write_watch;
    struct ev_loop *loop = persistent->handler->host->loop;
    ssize_t put = 0;
    while (put >= 0 && persistent->out.length > 0 && watch->fd >= 0)
        put = buf_write(&persistent->out, watch->fd);
    if (put < 0 && errno == EAGAIN) {
        ev_io_start(loop, watch);
        return;
    }
    if (put < 0)
        close_output(persistent);
    ev_io_stop(loop, watch);
    buf_trim(&persistent->out, KEPT_SIZE);
    if (persistent->handler->is_asked)
        close_output(persistent);
}

static void on_writable(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)loop, (void)events;
    struct persistent *persistent = watch->data;
    write_out(persistent);
    persistent->handler->host->changed = true;
}

static void persistent_flush(struct handler *handler)
{
    if (handler->persistent->out.length > 0)
        write_out(handler->persistent);
}

bool persistent_is_full(const struct persistent *persistent)
{
    return persistent->out.length > FULL_SIZE;
}

static int encode(const struct attempt *attempt, struct buf *out)
{
    const struct job *job = attempt->job;
    if (attempt->part == PART_FAILURE)
        return protocol_encode_failed(job, attempt->outcome.cause, attempt->outcome.exception, out);
    return protocol_encode_job(job, job->timeout_ms, job->max_attempts, out);
}

static int persistent_give(struct handler *handler, struct attempt *attempt)
{
    struct persistent *persistent = handler->persistent;
    if (persistent->write_watch.fd < 0 || encode(attempt, &persistent->out) < 0)
        return -1;
    if (handler->running_count < handler->concurrency)
        handler_begin(handler, attempt);
    return 0;
}

struct buf *persistent_begin(struct handler *handler)
{
    struct persistent *persistent = handler->persistent;
    return persistent->write_watch.fd < 0 ? NULL : &persistent->out;
}

void persistent_send(struct handler *handler)
{
    write_out(handler->persistent);
}

static void persistent_cancel(struct handler *handler, struct attempt *attempt)
{
    struct persistent *persistent = handler->persistent;
    if (persistent->write_watch.fd < 0)
        return;
    protocol_encode_cancel(attempt->job->uuid, &persistent->out);
    write_out(persistent);
}

static void persistent_ask_to_leave(struct handler *handler)
{
    protocol_encode_drain(&handler->persistent->out);
    write_out(handler->persistent);
}

void persistent_ping(struct handler *handler)
{
    struct persistent *persistent = handler->persistent;
    if (handler->state != HANDLER_READY || handler->job_count > 0) {
        persistent->is_asked_for_life = false;
        return;
    }
    if (persistent->is_asked_for_life) {
        handler_end(handler, ENDING_PROTOCOL, NULL, "it was idle and has not answered a ping");
        return;
    }
    persistent->is_asked_for_life = true;
    protocol_encode_ping(&persistent->out);
    write_out(persistent);
}

/* From the handler */

/* What it has said cannot be believed, so neither can what follows. */
static void refuse(struct persistent *persistent, struct err *err)
{
    ev_io_stop(persistent->handler->host->loop, &persistent->read_watch);
    handler_end(persistent->handler, ENDING_PROTOCOL, NULL, "%s", err->text);
}

static bool is_believed(const struct persistent *persistent)
{
    const struct handler_reason *reason = &persistent->handler->reason;
    return !reason->is_set || reason->kind != ENDING_PROTOCOL;
}

static int take_line(struct persistent *persistent, const char *line, size_t length,
                     struct err *err)
{
    struct frame frame;
    arena_reset(&persistent->arena);
    if (protocol_decode(line, length, &persistent->arena, &frame, err) < 0)
        return err_prefix(err, "the handler sent what is no frame");
    return frames_take(persistent->handler, &frame, err);
}

/* Takes all whole lines that are there. Returns 0, or -1 with err. */
static int take_lines(struct persistent *persistent, struct err *err)
{
    struct buf *in = &persistent->in;
    int result = 0;
    while (result == 0 && is_believed(persistent)) {
        const char *text = buf_text(in);
        size_t from = persistent->scanned;
        const char *end = memchr(text + from, '\n', in->length - from);
        persistent->scanned = end ? 0 : in->length;
        if (!end)
            break;
        result = take_line(persistent, text, (size_t)(end - text), err);
        buf_consume(in, (size_t)(end - text) + 1);
    }
    if (result == 0 && buf_full(in))
        result =
            err_set(err, ERR_LIMIT, "the handler sent a line of more than %u bytes", JSON_TEXT_MAX);
    buf_trim(in, KEPT_SIZE);
    return result;
}

/* Returns what read(2) returned. */
static ssize_t read_once(struct persistent *persistent)
{
    struct err err = ERR_INIT;
    ssize_t got = buf_read(&persistent->in, persistent->read_watch.fd, READ_SIZE);
    if (got <= 0)
        return got;
    persistent->is_asked_for_life = false;
    if (take_lines(persistent, &err) < 0)
        refuse(persistent, &err);
    return got;
}

static void on_readable(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)events;
    struct persistent *persistent = watch->data;
    ssize_t got = read_once(persistent);
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
        return;
    ev_io_stop(loop, watch);
    if (persistent->handler->state < HANDLER_LEAVING)
        handler_set_state(persistent->handler, HANDLER_LEAVING);
}

/* The life of its pipes */

static int persistent_open(struct handler *handler, const struct attempt *attempt,
                           struct spawn_fd *fds, struct err *err)
{
    (void)attempt;
    struct persistent *persistent = handler->persistent;
    int to[2], from[2];
    if (fd_pipe(to, err) < 0)
        return -1;
    if (fd_pipe(from, err) < 0) {
        fd_close(&to[0]);
        fd_close(&to[1]);
        return -1;
    }
    fcntl(to[1], F_SETPIPE_SZ, PIPE_SIZE);
    fd_set_nonblocking(to[1], true);
    fd_set_nonblocking(from[0], true);
    ev_io_set(&persistent->write_watch, to[1], EV_WRITE);
    ev_io_set(&persistent->read_watch, from[0], EV_READ);
    ev_io_start(handler->host->loop, &persistent->read_watch);
    persistent->is_asked_for_life = false;
    persistent->scanned = 0;
    fds[0] = (struct spawn_fd){to[0], PROTOCOL_FD_TO_HANDLER};
    fds[1] = (struct spawn_fd){from[1], PROTOCOL_FD_FROM_HANDLER};
    return 2;
}

static void persistent_close(struct handler *handler)
{
    struct persistent *persistent = handler->persistent;
    ev_io *watch = &persistent->read_watch;
    int fd = watch->fd;
    for (int i = 0; i < READS_MAX && fd >= 0 && is_believed(persistent); i++)
        if (read_once(persistent) <= 0)
            break;
    ev_io_stop(handler->host->loop, watch);
    fd_close(&fd);
    ev_io_set(watch, -1, EV_READ);
    close_output(persistent);
    persistent->is_torn = persistent->in.length > 0;
    buf_clear(&persistent->in);
    buf_trim(&persistent->in, KEPT_SIZE);
}

static struct ending persistent_judge(struct handler *handler, int status, struct buf *text)
{
    char how[SPAWN_STATUS_SIZE];
    const char *tail = capture_tail(&handler->errors);
    buf_printf(text, "the handler ended without an answer%s: %s%s%s",
               handler->persistent->is_torn ? ", in the middle of a line" : "",
               spawn_status_text(status, how), *tail ? "\n" : "", tail);
    enum ending_kind kind = status & 0x7f ? ENDING_SIGNAL : ENDING_EXIT;
    return (struct ending){
        .kind = kind, .delay_ms = -1, .text = buf_text(text), .has_status = true, .status = status};
}

const struct handler_class handler_persistent = {
    .started = HANDLER_BOOTING,
    .open = persistent_open,
    .give = persistent_give,
    .flush = persistent_flush,
    .ask_to_leave = persistent_ask_to_leave,
    .cancel = persistent_cancel,
    .close = persistent_close,
    .judge = persistent_judge,
};

struct persistent *persistent_create(struct handler *handler)
{
    struct persistent *persistent = mem_new(1, sizeof *persistent);
    persistent->handler = handler;
    buf_init(&persistent->in, JSON_TEXT_MAX + 1);
    buf_init(&persistent->out, OUTPUT_MAX);
    ev_io_init(&persistent->read_watch, on_readable, -1, EV_READ);
    ev_io_init(&persistent->write_watch, on_writable, -1, EV_WRITE);
    persistent->read_watch.data = persistent->write_watch.data = persistent;
    return persistent;
}

void persistent_destroy(struct persistent *persistent)
{
    if (!persistent)
        return;
    buf_finish(&persistent->in);
    buf_finish(&persistent->out);
    arena_finish(&persistent->arena);
    free(persistent);
}
