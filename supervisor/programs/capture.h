/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_CAPTURE_H
#define SUPERVISOR_PROGRAMS_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/*
 * Finding what a program writes between <!--XSUPERVISOR:BEGIN--> and <!--XSUPERVISOR:END-->, in
 * output that comes in pieces. What stands outside goes on; what stands inside is kept, its last
 * maxbytes, and is told when the end has come.
 */
struct capture {
    size_t maxbytes;
    bool inside;
    size_t matched;  /* bytes of the token that is looked for */
    struct buf data; /* what stands inside, so far */
};

struct capture_sink {
    void (*outside)(void *context, const char *bytes, size_t length);
    void (*captured)(void *context, const char *bytes, size_t length);
    void *context;
};

/* Keeps at most maxbytes of what stands inside. The caller ends it with capture_destroy. */
struct capture *capture_create(size_t maxbytes);
void capture_destroy(struct capture *capture); /* accepts NULL */

/* A piece of the output. The sink is called for what stands outside, in order, and for each end; bytes live
 * during the call. */
void capture_feed(struct capture *capture, const char *bytes, size_t length,
                  const struct capture_sink *sink);

/* The output has ended: the beginning of a token that was held back goes on. */
void capture_end(struct capture *capture, const struct capture_sink *sink);

#endif
