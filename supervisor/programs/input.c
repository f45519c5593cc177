/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/mem.h"

struct input_queue {
    struct ev_loop *loop;
    struct input *input;
    struct buf waiting;
    ev_io writable;
};

static void end_queue(struct input *input)
{
    struct input_queue *queue = input->queue;
    if (!queue)
        return;
    ev_io_stop(queue->loop, &queue->writable);
    buf_finish(&queue->waiting);
    free(queue);
    input->queue = NULL;
}

static void on_writable(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)loop, (void)events;
    struct input_queue *queue = watch->data;
    ssize_t written = buf_write(&queue->waiting, queue->input->fd);
    if (written < 0 && errno != EAGAIN && errno != EINTR)
        input_close(queue->input);
    else if (queue->waiting.length == 0)
        end_queue(queue->input);
}

static struct input_queue *begin_queue(struct input *input, struct ev_loop *loop)
{
    struct input_queue *queue = mem_new(1, sizeof *queue);
    queue->loop = loop;
    queue->input = input;
    buf_init(&queue->waiting, INPUT_MAX);
    ev_io_init(&queue->writable, on_writable, input->fd, EV_WRITE);
    queue->writable.data = queue;
    ev_io_start(loop, &queue->writable);
    return queue;
}

void input_open(struct input *input, int fd)
{
    fcntl(fd, F_SETFL, O_NONBLOCK);
    *input = (struct input){.fd = fd};
}

void input_close(struct input *input)
{
    end_queue(input);
    fd_close(&input->fd);
}

static int keep(struct input *input, struct ev_loop *loop, const char *bytes, size_t length,
                struct err *err)
{
    if (!input->queue)
        input->queue = begin_queue(input, loop);
    if (buf_append(&input->queue->waiting, bytes, length) < 0)
        return err_set(err, ERR_LIMIT,
                       "more than %u bytes wait for the process to read its standard input",
                       INPUT_MAX);
    return 0;
}

int input_write(struct input *input, struct ev_loop *loop, const char *bytes, size_t length,
                struct err *err)
{
    ssize_t written = 0;
    if (input->fd < 0)
        return err_set(err, ERR_UNAVAILABLE, "its standard input is closed");
    if (!input->queue)
        written = write(input->fd, bytes, length);
    if (written < 0 && errno != EAGAIN && errno != EINTR) {
        input_close(input);
        return err_set(err, ERR_UNAVAILABLE, "it has closed its standard input");
    }
    size_t taken = written > 0 ? (size_t)written : 0;
    return taken == length ? 0 : keep(input, loop, bytes + taken, length - taken, err);
}

const struct buf *input_waiting(const struct input *input)
{
    return input->queue ? &input->queue->waiting : NULL;
}
