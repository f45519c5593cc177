/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PIDFILE_H
#define SUPERVISOR_PIDFILE_H

#include "common/err.h"

/*
 * The pid file, whose lock (flock) says that a master runs: the kernel drops it when its holder
 * dies, so a file that was left behind stops nobody, and there are never two masters.
 */
struct pidfile {
    char *path;
    int fd; /* -1 while it is not held */
};

/* Takes the lock and writes our pid; missing directories are made. Where the process of the file is
 * gone, and its lock is not, it waits for that, for some seconds. Returns 0, or -1 with err
 * (ERR_CONFLICT, naming the other's pid, where a master runs). pidfile_release is due in either
 * case. */
int pidfile_take(struct pidfile *pidfile, const char *path, struct err *err);

/* Removes the file and drops the lock, where it is held. Accepts a zeroed one. */
void pidfile_release(struct pidfile *pidfile);

/* Goes on with one that is held already; fd is its own from here on. */
void pidfile_resume(struct pidfile *pidfile, const char *path, int fd);

#endif
