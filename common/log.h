/* SPDX-License-Identifier: MIT */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/*
 * The log of this process: one line a record, written with one write(2) to a descriptor opened for
 * appending, so that the master and its workers can share a file. Levels and the text format are
 * Supervisor's: "YYYY-MM-DD HH:MM:SS,mmm LEVL message". In JSON each line is an object with time, level,
 * process, pid, message and the record's fields. A line has at most LOG_LINE_MAX bytes, which a pipe takes
 * whole or not at all; the message of a longer one is cut.
 */
#define LOG_LINE_MAX 4096

enum log_level {
    LOG_CRITICAL,
    LOG_ERROR,
    LOG_WARN,
    LOG_INFO,
    LOG_DEBUG,
    LOG_TRACE,
    LOG_BLATHER,
};

enum log_format { LOG_TEXT, LOG_JSON };

struct log_options {
    enum log_level level;   /* records above it are not written */
    enum log_format format;
    const char *path;       /* appended to, created 0644; NULL or "" means standard error */
    const char *process;    /* who speaks: "musterd", "worker emails"; copied; NULL: nobody says so */
    int64_t maxbytes;       /* the record that makes the file this large has it rotated; 0: never */
    int64_t backups;        /* files that a rotation keeps, as .1, .2 … */
    void (*rotated)(void);  /* told after a rotation; may be NULL */
    void (*tee)(const char *line, size_t length); /* given each line, with its newline, too; or NULL */
};

/* Starts, or changes, the log of this process. Until then records go to standard error as text at level
 * info. Returns 0, or -1 with err when the file cannot be opened (the log stays as it was). */
int log_open(const struct log_options *options, struct err *err);

/* Opens the file again under its name (after it was moved away). Keeps the old one on failure. */
void log_reopen(void);
void log_close(void);

/* The regular file that it goes to; NULL where there is none. Lives until the log is opened or closed. */
const char *log_path(void);

/* Whether a record of this level would be written, so that nobody makes a costly one in vain.
 * Always true where log_forward has set a sink: that has a level of its own. */
bool log_enabled(enum log_level level);

/* Hands all records to sink from now on, and writes none here (NULL: as before). A shared object that is
 * linked with this code has a log of its own: who loads it takes its records so. field and value may be
 * NULL; the texts live during the call. */
typedef void (*log_sink_fn)(enum log_level level, const char *field, const char *value,
                            const char *message);
void log_forward(log_sink_fn sink);

/* One record. Control characters in the message become spaces. Never fails and does not wait: what the
 * descriptor does not take at once is dropped, and the next record that goes out tells how many were. */
void log_write(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One record about one thing, e.g. log_about(LOG_WARN, "job", uuid, "…"): text puts [uuid] before the
 * message, JSON makes it the member "job". */
void log_about(enum log_level level, const char *field, const char *value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Names as they are configured: "critical" … "blather". */
extern const char *const log_level_names[];  /* NULL-terminated, in the order of enum log_level */
extern const char *const log_format_names[]; /* NULL-terminated, in the order of enum log_format */

#endif
