/* SPDX-License-Identifier: MIT */
#ifndef WORKER_CAPTURE_H
#define WORKER_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

#include <ev.h>

#include "common/buf.h"
#include "common/err.h"

/*
 * What a handler prints: each line goes to the log with the job's uuid, and the end of it is kept,
 * for it tells what went wrong. Long lines are cut, and so is the beginning of much text.
 */
#define CAPTURE_LINE_MAX 3072  /* so that it goes into a line of the log with what is before it */
#define CAPTURE_TAIL_MAX 16384 /* bytes kept, at least; twice as much at most */

struct capture {
    struct ev_loop *loop;
    ev_io watch;
    struct buf line; /* not whole yet */
    struct buf tail;
    const char *name; /* "stdout", "stderr" */
    bool is_tail_wanted;
    /* Whose output it is now, or NULL. */
    const char *(*uuid)(void *context);
    void *context;
};

/* No pipe yet (capture_open). uuid is called with context for each line; name is not copied.
 * is_tail_wanted: the end of the output is kept. Finishing closes the pipe as capture_close does.
 */
void capture_init(struct capture *capture, struct ev_loop *loop, const char *name,
                  bool is_tail_wanted, const char *(*uuid)(void *context), void *context);
void capture_finish(struct capture *capture);

/* Begins with a new pipe, of which *writer gets the writing end for the child: the caller closes
 * it. Forgets the tail. Returns 0, or -1 with err. */
int capture_open(struct capture *capture, int *writer, struct err *err);

/* Reads what is there, and closes the pipe. */
void capture_close(struct capture *capture);

/* A job begins: what was printed before it is not its own. */
void capture_forget_tail(struct capture *capture);

/* The last bytes, without white space around them; clean UTF-8. NUL-terminated, valid until more is
 * read. */
const char *capture_tail(struct capture *capture);

#endif
