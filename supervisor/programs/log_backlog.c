/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/log_backlog.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"

/* One read of a program's output is never larger, even where each of its bytes has become a line
 * with a JSON object around it. */
#define WAITING_MAX (64u << 20)

enum backlog_state {
    BACKLOG_FLOWS,
    BACKLOG_WAITS, /* the writer pauses */
    BACKLOG_LOSES, /* the reader did not read in time */
};

struct log_backlog {
    struct ev_loop *loop;
    int fd;
    bool is_socket;
    enum backlog_state state;
    struct buf waiting;
    uint64_t *lost; /* of the file; set while something waits */
    ev_io writable;
    ev_timer patience;
    void (*resumed)(void *context);
    void *context;
};

static void set_state(struct log_backlog *backlog, enum backlog_state state)
{
    if (state == BACKLOG_LOSES && backlog->state != BACKLOG_LOSES)
        log_write(LOG_WARN, "the reader of a log does not read: what comes is lost and counted");
    backlog->state = state;
    if (state == BACKLOG_WAITS) {
        ev_io_start(backlog->loop, &backlog->writable);
        ev_timer_again(backlog->loop, &backlog->patience);
    } else {
        ev_io_stop(backlog->loop, &backlog->writable);
        ev_timer_stop(backlog->loop, &backlog->patience);
    }
}

/* Returns how much was taken; an error is as good as taking all: nothing can be done about it. */
static size_t offer(struct log_backlog *backlog, const char *bytes, size_t length)
{
    ssize_t written = backlog->is_socket
                          ? send(backlog->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL)
                          : write(backlog->fd, bytes, length);
    if (written >= 0)
        return (size_t)written;
    return errno == EAGAIN || errno == EINTR ? 0 : length;
}

static void on_writable(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)events;
    struct log_backlog *backlog = watch->data;
    size_t taken = offer(backlog, buf_text(&backlog->waiting), backlog->waiting.length);
    buf_consume(&backlog->waiting, taken);
    if (backlog->waiting.length > 0) {
        if (taken > 0)
            ev_timer_again(loop, &backlog->patience);
        return;
    }
    buf_trim(&backlog->waiting, 0);
    set_state(backlog, BACKLOG_FLOWS);
    backlog->resumed(backlog->context);
}

static void on_impatience(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct log_backlog *backlog = timer->data;
    *backlog->lost += backlog->waiting.length;
    buf_clear(&backlog->waiting);
    buf_trim(&backlog->waiting, 0);
    set_state(backlog, BACKLOG_LOSES);
    backlog->resumed(backlog->context);
}

enum log_result log_backlog_write(struct log_backlog *backlog, const char *bytes, size_t length,
                                  uint64_t *lost)
{
    size_t taken = backlog->waiting.length > 0 ? 0 : offer(backlog, bytes, length);
    if (taken == length) {
        set_state(backlog, BACKLOG_FLOWS);
        return LOG_TAKEN;
    }
    bool gives_up = backlog->state == BACKLOG_LOSES && taken == 0;
    if (gives_up || buf_append(&backlog->waiting, bytes + taken, length - taken) < 0) {
        *lost += length - taken;
        return LOG_TAKEN;
    }
    backlog->lost = lost;
    set_state(backlog, BACKLOG_WAITS);
    return LOG_BLOCKED;
}

struct log_backlog *log_backlog_create(struct ev_loop *loop, int fd, bool is_socket,
                                       void (*resumed)(void *context), void *context)
{
    struct log_backlog *backlog = mem_new(1, sizeof *backlog);
    *backlog = (struct log_backlog){
        .loop = loop, .fd = fd, .is_socket = is_socket, .resumed = resumed, .context = context};
    if (!is_socket)
        fd_set_nonblocking(fd, true);
    buf_init(&backlog->waiting, WAITING_MAX);
    ev_io_init(&backlog->writable, on_writable, fd, EV_WRITE);
    ev_init(&backlog->patience, on_impatience);
    backlog->patience.repeat = LOG_PATIENCE_SECONDS;
    backlog->writable.data = backlog->patience.data = backlog;
    return backlog;
}

uint64_t log_backlog_destroy(struct log_backlog *backlog)
{
    uint64_t waiting = backlog->waiting.length;
    ev_io_stop(backlog->loop, &backlog->writable);
    ev_timer_stop(backlog->loop, &backlog->patience);
    buf_finish(&backlog->waiting);
    free(backlog);
    return waiting;
}

const struct buf *log_backlog_waiting(const struct log_backlog *backlog)
{
    return &backlog->waiting;
}
