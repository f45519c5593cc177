/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_LOG_BACKLOG_H
#define SUPERVISOR_PROGRAMS_LOG_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include <ev.h>

#include "common/buf.h"
#include "supervisor/programs/log_file.h"

/*
 * Writing to what may have a slow reader, without ever waiting for it. What was not taken is kept,
 * and its writer is told to pause. A reader that has taken nothing for LOG_PATIENCE_SECONDS has
 * lost what waits for it, and what comes until it reads again.
 */
#define LOG_PATIENCE_SECONDS 5.

/* fd is the caller's and outlives the backlog; it is made non-blocking, but for a socket, which
 * others may use too. */
struct log_backlog *log_backlog_create(struct ev_loop *loop, int fd, bool is_socket,
                                       void (*resumed)(void *context), void *context);

/* Returns how many bytes were waiting. */
uint64_t log_backlog_destroy(struct log_backlog *backlog);

/* Adds to *lost what is given up. LOG_BLOCKED: wait for resumed. */
enum log_result log_backlog_write(struct log_backlog *backlog, const char *bytes, size_t length,
                                  uint64_t *lost);

/* What has not been written yet. */
const struct buf *log_backlog_waiting(const struct log_backlog *backlog);

#endif
