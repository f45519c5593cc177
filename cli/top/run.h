/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOP_RUN_H
#define CLI_TOP_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/err.h"

/* A command of muster that runs beside us, without a terminal: what it says is read. One at a
 * time. Begins as zeroed memory with output -1. */
struct run {
    pid_t pid;
    int output; /* -1 where none runs */
    struct buf text;
    char *words; /* how it was called, for people */
};

/* Starts `muster [-c config] argv…`. Returns 0, or -1 with err. */
int run_start(struct run *run, const char *config, char *const argv[], struct err *err);

/* Reads what is there. Returns true when the command has ended; *status is its exit status, -1
 * where a signal has ended it. */
bool run_read(struct run *run, int *status);

/* Its last line; then it is over, and another one can be started. line has room for size bytes. */
void run_take(struct run *run, char *line, size_t size);

/* Leaves it to itself: what it has begun it ends. */
void run_finish(struct run *run);

#endif
