/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_LOG_FILE_H
#define SUPERVISOR_PROGRAMS_LOG_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include <ev.h>

#include "common/err.h"

/*
 * A file that output is appended to, and that is rotated by the write that makes it too large: to
 * PATH.1 … PATH.N. What is no regular file (a pipe, a terminal, /dev/stdout) is not rotated, and
 * may have a reader that is slow: then what it does not take is kept for a while, and after that
 * lost and counted, so that no program waits for a reader that does not read.
 *
 * Its path is not kept here: a thousand programs have two thousand logs, whose names can be told
 * when they are needed.
 */
struct log_backlog;

struct log_name {
    /* The path; room has LOG_PATH_SIZE bytes, which may be used. */
    const char *(*tell)(void *context, char *room);
    void *context;
};

#define LOG_PATH_SIZE 4096

struct log_file {
    int fd;                      /* -1: closed */
    int64_t size;                /* of a regular file, as far as we know; -1 for others */
    uint64_t lost;               /* bytes that could not be written */
    unsigned rotations;          /* so far */
    bool failing;                /* the last write was refused */
    struct log_backlog *backlog; /* for what is no regular file */
};

struct log_rotation {
    int64_t maxbytes; /* 0: never */
    int64_t backups;
    bool compress; /* what has been rotated is compressed by somebody */
};

enum log_result { LOG_TAKEN, LOG_BLOCKED };

/* Opens, and makes where it does not exist. loop and resumed are for a slow reader: resumed is
 * called when more can be written after LOG_BLOCKED. Returns 0, or -1 with err. */
int log_file_open(struct log_file *file, const char *path, struct ev_loop *loop,
                  void (*resumed)(void *context), void *context, struct err *err);

/* The same with a descriptor that was opened so before. */
void log_file_resume(struct log_file *file, int fd, struct ev_loop *loop,
                     void (*resumed)(void *context), void *context);

/* Writes all, or loses and counts what is not taken. LOG_BLOCKED: the reader is slow; all is kept,
 * but nothing more is to be written until resumed is called. */
enum log_result log_file_write(struct log_file *file, const struct log_name *name,
                               const struct log_rotation *rotation, const char *bytes,
                               size_t length);

/* Rotates it whatever its size. */
void log_file_rotate(struct log_file *file, const struct log_name *name,
                     const struct log_rotation *rotation);

/* Opens the file again under its name. Keeps the old one on failure (-1 with err). */
int log_file_reopen(struct log_file *file, const char *path, struct err *err);

/* Removes the file and makes a new one. Returns 0, or -1 with err. */
int log_file_clear(struct log_file *file, const char *path, struct err *err);

/* Accepts one that is closed. */
void log_file_close(struct log_file *file);

#endif
