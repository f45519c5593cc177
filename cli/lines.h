/* SPDX-License-Identifier: MIT */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/*
 * Reads a descriptor line by line. A line has a limit; one that is longer is passed over without
 * being kept in memory, and reported by its number.
 */
struct lines {
    int fd;          /* blocking; borrowed */
    struct buf buf;  /* what is read and not handed out yet */
    size_t taken;    /* bytes of the line that was handed out last, to be dropped first */
    size_t searched; /* bytes without a newline, so that they are looked at once */
    size_t limit;
    uint64_t number; /* of the current line, from 1 */
    uint64_t offset; /* bytes handed out so far */
};

enum lines_result { LINES_LINE, LINES_TOO_LONG, LINES_END, LINES_ERROR };

/* Opens a file to be read, or takes standard input where path is "-" or NULL. *name is what
 * messages call it. Returns the descriptor, or -1 with err. */
int lines_open(const char *path, const char **name, struct err *err);

/* Begins to read fd, which stays the caller's; limit is the longest line in bytes, without its
 * newline. Finishing frees the buffer and does not close fd. */
void lines_init(struct lines *lines, int fd, size_t limit);
void lines_finish(struct lines *lines);

/* The next line, without its newline; it stays until the next call and may be changed in place. A
 * last line needs no newline. LINES_ERROR with err when reading failed. */
enum lines_result lines_next(struct lines *lines, char **line, size_t *length, struct err *err);

#endif
