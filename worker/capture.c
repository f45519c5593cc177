/* SPDX-License-Identifier: MIT */
#include "worker/capture.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/utf8.h"

#define READ_SIZE   16384
#define LAST_READS  16   /* when the pipe is closed: somebody may go on writing for ever */
#define KEPT_SIZE   4096 /* of buffers that are empty */
#define CLEAN_RATIO 3    /* a byte becomes U+FFFD at worst */

static void on_output(struct ev_loop *loop, ev_io *watch, int events);

void capture_init(struct capture *capture, struct ev_loop *loop, const char *name,
                  bool is_tail_wanted, const char *(*uuid)(void *context), void *context)
{
    *capture = (struct capture){.loop = loop,
                                .name = name,
                                .is_tail_wanted = is_tail_wanted,
                                .uuid = uuid,
                                .context = context};
    ev_io_init(&capture->watch, on_output, -1, EV_READ);
    /* What was printed before an answer belongs to the job that is answered. */
    ev_set_priority(&capture->watch, EV_MAXPRI);
    capture->watch.data = capture;
    buf_init(&capture->line, CAPTURE_LINE_MAX);
    buf_init(&capture->tail, CLEAN_RATIO * 2 * CAPTURE_TAIL_MAX);
}

void capture_finish(struct capture *capture)
{
    capture_close(capture);
    buf_finish(&capture->line);
    buf_finish(&capture->tail);
}

int capture_open(struct capture *capture, int *writer, struct err *err)
{
    int ends[2];
    if (fd_pipe(ends, err) < 0)
        return -1;
    fd_set_nonblocking(ends[0], true);
    capture_forget_tail(capture);
    ev_io_set(&capture->watch, ends[0], EV_READ);
    ev_io_start(capture->loop, &capture->watch);
    *writer = ends[1];
    return 0;
}

static void log_line(struct capture *capture)
{
    const char *uuid = capture->uuid(capture->context);
    const char *text = buf_text(&capture->line);
    if (uuid)
        log_about(LOG_INFO, "job", uuid, "%s: %s", capture->name, text);
    else
        log_write(LOG_INFO, "%s: %s", capture->name, text);
    buf_clear(&capture->line);
}

/* Takes what belongs to the present line. Returns how many bytes that is. */
static size_t take_line(struct capture *capture, const char *text, size_t length)
{
    const char *end = memchr(text, '\n', length);
    size_t part = end ? (size_t)(end - text) : length;
    size_t room = CAPTURE_LINE_MAX - capture->line.length;
    if (part > room) {
        buf_append(&capture->line, text, room);
        log_line(capture);
        return room;
    }
    buf_append(&capture->line, text, part);
    if (!end)
        return part;
    log_line(capture);
    return part + 1;
}

static void keep_tail(struct capture *capture, const char *text, size_t length)
{
    if (length > CAPTURE_TAIL_MAX) {
        text += length - CAPTURE_TAIL_MAX;
        length = CAPTURE_TAIL_MAX;
    }
    if (capture->tail.length + length > 2 * CAPTURE_TAIL_MAX)
        buf_consume(&capture->tail, capture->tail.length - (CAPTURE_TAIL_MAX - length));
    buf_append(&capture->tail, text, length);
}

/* Returns what read(2) returned. */
static ssize_t read_once(struct capture *capture)
{
    char text[READ_SIZE];
    ssize_t got = read(capture->watch.fd, text, sizeof text);
    if (got <= 0)
        return got;
    if (capture->is_tail_wanted)
        keep_tail(capture, text, (size_t)got);
    for (size_t at = 0; at < (size_t)got;)
        at += take_line(capture, text + at, (size_t)got - at);
    return got;
}

static void on_output(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)events;
    ssize_t got = read_once(watch->data);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        ev_io_stop(loop, watch);
}

void capture_close(struct capture *capture)
{
    if (capture->watch.fd < 0)
        return;
    for (int i = 0; i < LAST_READS && read_once(capture) > 0; i++)
        ;
    if (capture->line.length > 0)
        log_line(capture);
    ev_io_stop(capture->loop, &capture->watch);
    close(capture->watch.fd);
    ev_io_set(&capture->watch, -1, EV_READ);
    buf_trim(&capture->line, 0);
}

void capture_forget_tail(struct capture *capture)
{
    buf_clear(&capture->tail);
    buf_trim(&capture->tail, KEPT_SIZE);
}

static bool is_white(char c)
{
    return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

const char *capture_tail(struct capture *capture)
{
    struct buf *tail = &capture->tail;
    const char *text = buf_text(tail);
    size_t start = 0, end = tail->length;
    while (start < end && is_white(text[start]))
        start++;
    while (end > start && is_white(text[end - 1]))
        end--;
    struct buf clean;
    buf_init(&clean, tail->cap);
    utf8_append_clean(&clean, text + start, end - start);
    buf_finish(tail);
    *tail = clean;
    return buf_text(tail);
}
