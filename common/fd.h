/* SPDX-License-Identifier: MIT */
#ifndef COMMON_FD_H
#define COMMON_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"

/* Descriptors. Everything here opens close-on-exec; spawn.h alone decides what a child inherits. */

/* Closes *fd if it is open (>= 0) and sets it to -1. */
void fd_close(int *fd);

/* Sets or clears O_NONBLOCK, which all who share the open file see. Returns 0, or -1 with errno. */
int fd_set_nonblocking(int fd, bool nonblocking);

/* A pipe: ends[0] is read, ends[1] written. Returns 0, or -1 with err. */
int fd_pipe(int ends[2], struct err *err);

/* Writes all of it to a blocking descriptor. Returns 0 or -1 with errno. */
int fd_write_all(int fd, const void *bytes, size_t length);

/* Reads a whole file of at most cap bytes into a malloc'd, NUL-terminated string that the caller
 * frees; *length gets its length. Returns 0, or -1 with err (ERR_LIMIT past the cap). */
int fd_read_file(const char *path, size_t cap, char **text, size_t *length, struct err *err);

/* Creates a directory and its missing parents with this mode. Returns 0, or -1 with err. */
int fd_mkdir_parents(const char *path, mode_t mode, struct err *err);

#endif
