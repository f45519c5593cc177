/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_LOG_READ_H
#define SUPERVISOR_CONTROL_LOG_READ_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "supervisor/programs/fault.h"

/* Reading in log files as Supervisor's clients ask for it. Only regular files are read: a pipe or
 * terminal would be waited for, and robbed. */

/* Opens for reading. Returns a descriptor with *size set, or -1 where there is no regular file. */
int log_read_open(const char *path, int64_t *size);

/* Which bytes an offset and a length mean: a negative offset counts from the end, and then length
 * must be 0; length 0 is all that follows. FAULT_SUCCESS or FAULT_BAD_ARGUMENTS. Pure. */
struct log_range {
    int64_t start, length;
};
enum fault log_range_to_read(int64_t size, int64_t offset, int64_t length, struct log_range *range);

/* The same for following a log: reading goes on at offset; where more has come than length bytes,
 * what is given instead is the end of the log, and *overflow says so. Pure. */
struct log_range log_range_to_follow(int64_t size, int64_t offset, int64_t length, bool *overflow);

/* Appends a range, as far as it is there. Returns 0, or -1 where it does not fit or cannot be read.
 */
int log_read_range(int fd, const struct log_range *range, struct buf *out);

#endif
