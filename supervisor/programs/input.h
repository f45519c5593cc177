/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_INPUT_H
#define SUPERVISOR_PROGRAMS_INPUT_H

#include <stddef.h>

#include <ev.h>

#include "common/buf.h"
#include "common/err.h"

/* Standard input of one process: a live pipe, which is never waited for. What it does not take yet
 * is kept. */
#define INPUT_MAX (4u << 20)

struct input_queue;

struct input {
    int fd;                    /* -1: closed */
    struct input_queue *queue; /* NULL while nothing waits */
};

/* fd is the writing end; it becomes non-blocking and is owned from here on. input_close drops what waits. */
void input_open(struct input *input, int fd);
void input_close(struct input *input);

/* Writes, or keeps what is not taken yet, at most INPUT_MAX bytes. Returns 0, or -1 with err:
 * ERR_UNAVAILABLE where nobody reads any more, ERR_LIMIT. */
int input_write(struct input *input, struct ev_loop *loop, const char *bytes, size_t length,
                struct err *err);

/* What has not been taken yet; NULL where that is nothing. */
const struct buf *input_waiting(const struct input *input);

#endif
