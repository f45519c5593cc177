/* SPDX-License-Identifier: MIT */
#include "supervisor/calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"

#define READ_SIZE  65536
#define UNSENT_MAX (8u << 20) /* bytes of requests that the other end has not taken */
#define KEPT_SIZE  4096

struct call {
    struct calls *calls;
    struct call *next;
    uint32_t id;
    call_done_fn done;
    void *context;
    ev_timer limit;
};

struct calls {
    struct ev_loop *loop;
    int fd; /* -1 while nobody is there */
    ev_io read_watch, write_watch;
    struct buf in, out;
    struct call *list;
    size_t count;
    uint32_t last_id;
};

/* Takes a call out of the list; NULL where there is none of this id. */
static struct call *take(struct calls *calls, uint32_t id)
{
    for (struct call **link = &calls->list; *link; link = &(*link)->next) {
        struct call *call = *link;
        if (call->id != id)
            continue;
        *link = call->next;
        calls->count--;
        ev_timer_stop(calls->loop, &call->limit);
        return call;
    }
    return NULL;
}

static void end_call(struct calls *calls, uint32_t id, enum err_code status, const char *text,
                     size_t length)
{
    struct call *call = take(calls, id);
    if (!call)
        return;
    call->done(call->context, status, text, length);
    free(call);
}

static void fail_call(struct calls *calls, uint32_t id, const char *text)
{
    end_call(calls, id, ERR_UNAVAILABLE, text, strlen(text));
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct call *call = timer->data;
    fail_call(call->calls, call->id, "the store did not answer in time");
}

/* Callbacks may ask again at once: only what was there before fails. */
void calls_fail(struct calls *calls, const char *text)
{
    uint32_t last = calls->last_id;
    while (calls->list && calls->list->id <= last) {
        struct call *oldest = calls->list;
        while (oldest->next && oldest->next->id <= last)
            oldest = oldest->next;
        fail_call(calls, oldest->id, text);
    }
}

void calls_connect(struct calls *calls, int fd)
{
    ev_io_stop(calls->loop, &calls->read_watch);
    ev_io_stop(calls->loop, &calls->write_watch);
    fd_close(&calls->fd);
    buf_clear(&calls->in);
    buf_clear(&calls->out);
    calls->fd = fd;
    if (fd >= 0) {
        ev_io_set(&calls->read_watch, fd, EV_READ);
        ev_io_set(&calls->write_watch, fd, EV_WRITE);
        ev_io_start(calls->loop, &calls->read_watch);
    }
    calls_fail(calls, "the maintenance process has ended");
}

/* Ends the call of the first answer that is there whole. Returns false where there is none. */
static bool take_answer(struct calls *calls)
{
    struct call_header header;
    if (calls->in.length < sizeof header)
        return false;
    memcpy(&header, buf_data(&calls->in), sizeof header);
    if (header.length > CALL_ANSWER_MAX) {
        log_write(LOG_ERROR, "maintenance: an answer of %u bytes is refused", header.length);
        calls_connect(calls, -1);
        return false;
    }
    if (calls->in.length < sizeof header + header.length)
        return false;
    char *text = mem_strndup(buf_data(&calls->in) + sizeof header, header.length);
    buf_consume(&calls->in, sizeof header + header.length);
    end_call(calls, header.id, header.status, text, header.length);
    free(text);
    return true;
}

static void on_readable(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)loop, (void)events;
    struct calls *calls = watch->data;
    ssize_t got = buf_read(&calls->in, calls->fd, READ_SIZE);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        calls_connect(calls, -1);
        return;
    }
    while (take_answer(calls))
        continue;
    buf_trim(&calls->in, KEPT_SIZE);
}

static void on_writable(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)events;
    struct calls *calls = watch->data;
    ssize_t put = buf_write(&calls->out, calls->fd);
    if (put < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (put < 0)
        calls_connect(calls, -1);
    else if (calls->out.length == 0) {
        ev_io_stop(loop, watch);
        buf_trim(&calls->out, KEPT_SIZE);
    }
}

struct calls *calls_create(struct ev_loop *loop)
{
    struct calls *calls = mem_new(1, sizeof *calls);
    calls->loop = loop;
    calls->fd = -1;
    buf_init(&calls->in, sizeof(struct call_header) + CALL_ANSWER_MAX + READ_SIZE);
    buf_init(&calls->out, UNSENT_MAX);
    ev_init(&calls->read_watch, on_readable);
    ev_init(&calls->write_watch, on_writable);
    calls->read_watch.data = calls->write_watch.data = calls;
    return calls;
}

void calls_destroy(struct calls *calls)
{
    if (!calls)
        return;
    calls_connect(calls, -1);
    buf_finish(&calls->in);
    buf_finish(&calls->out);
    free(calls);
}

static int put_request(struct calls *calls, uint32_t id, const char *request, size_t length)
{
    const struct call_header header = {.id = id, .length = (uint32_t)length};
    if (length > CALL_REQUEST_MAX || calls->out.length + length + sizeof header > calls->out.cap)
        return -1;
    buf_append(&calls->out, &header, sizeof header);
    buf_append(&calls->out, request, length);
    ev_io_start(calls->loop, &calls->write_watch);
    return 0;
}

uint32_t calls_ask(struct calls *calls, const char *request, size_t length, double seconds,
                   call_done_fn done, void *context, struct err *err)
{
    if (calls->fd < 0) {
        err_set(err, ERR_UNAVAILABLE, "the maintenance process is not there");
        return 0;
    }
    uint32_t id = calls->last_id == UINT32_MAX ? 1 : calls->last_id + 1;
    if (calls->count == CALLS_MAX || put_request(calls, id, request, length) < 0) {
        err_set(err, ERR_LIMIT, "too many calls to the stores are under way");
        return 0;
    }
    struct call *call = mem_new(1, sizeof *call);
    *call = (struct call){
        .calls = calls, .next = calls->list, .id = id, .done = done, .context = context};
    ev_timer_init(&call->limit, on_limit, seconds, 0.);
    call->limit.data = call;
    ev_timer_start(calls->loop, &call->limit);
    calls->list = call;
    calls->count++;
    calls->last_id = id;
    return id;
}

void calls_forget(struct calls *calls, uint32_t id)
{
    free(take(calls, id));
}
