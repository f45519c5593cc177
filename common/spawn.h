/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SPAWN_H
#define COMMON_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "common/err.h"

/*
 * Starting a program: fork, set the child up, exec. The child's errno comes back over a close-on-exec pipe,
 * whose end of file means that exec worked (after libuv). posix_spawn cannot set limits or the parent-death
 * signal. The child inherits exactly the descriptors that are listed, has default signal dispositions and an
 * empty signal mask.
 */
struct spawn_fd {
    int from; /* open here */
    int to;   /* its number in the child; every number 0, 1, 2 that is not listed becomes /dev/null */
};

/* What a start can fail at. */
enum spawn_stage { SPAWN_AT_SETUP = 1, SPAWN_AT_PREPARE, SPAWN_AT_DIRECTORY, SPAWN_AT_PROGRAM };

/* How the child is made. */
enum spawn_kind {
    /* With pidfd and error_fd. */
    SPAWN_WATCHED,
    /* With neither (-1): who starts it hears of its end by SIGCHLD, and of a failed exec by its exit status 127. */
    SPAWN_UNWATCHED,
    /* Likewise, by vfork(2): this process stands still until the exec, and nothing of it has to be copied, which is
     * two fifths of the processor time of a start. Not for what may have to wait before its exec (in a directory of a
     * server that is away, in a control group that is frozen), nor for who becomes another user: that would forbid
     * core dumps of this process. */
    SPAWN_SHARING,
};

struct spawn_request {
    char *const *argv;      /* argv[0] is looked up in the PATH of envp when it has no slash; relative
                             * names are below `directory` */
    const char *program;    /* the file to execute; NULL: what argv[0] names */
    char *const *envp;      /* the whole environment; NULL means this process's */
    const char *directory;  /* chdir before exec; NULL to stay */
    const struct spawn_fd *fds;
    size_t fd_count;        /* at most SPAWN_FDS_MAX */
    bool new_group;         /* make the child the leader of a process group of its own */
    bool subreaper;         /* orphans below the child are handed to it, not to us */
    int parent_death_signal; /* sent to the child when this process dies; 0 for none */
    rlim_t core_limit;      /* RLIMIT_CORE, set when set_core_limit */
    bool set_core_limit;
    enum spawn_kind kind;

    /* In the child, where only async-signal-safe calls are allowed; may be NULL. prepare is called when the
     * descriptors are in place, before it goes to its directory; it returns 0, or -1 with errno, which ends the
     * child. failed is called when the child cannot become its program. */
    int (*prepare)(const void *context);
    void (*failed)(const void *context, enum spawn_stage stage, int errno_value);
    const void *context;
};

struct spawn_child {
    pid_t pid;
    int pidfd;    /* readable when the child has ended; what it is reaped by. Owned */
    int error_fd; /* non-blocking: end of file means exec worked, an errno means that it did not. Owned */
    enum spawn_stage failed_at; /* set with SPAWN_FAILED */
    bool is_stranger;           /* no child of this process; pidfd is open, and is what it is signalled by */
    bool is_reaped;             /* its number may belong to a stranger by now */
};

#define SPAWN_FDS_MAX 16

/* Starts the child; returns without waiting for its exec. 0, or -1 with err when fork failed. */
int spawn_start(const struct spawn_request *request, struct spawn_child *child, struct err *err);

enum spawn_progress { SPAWN_PENDING, SPAWN_RUNNING, SPAWN_FAILED };

/* Asks, without blocking, how the exec went. On SPAWN_FAILED *errno_value is the cause; the child ends by
 * itself with status 127 and must be reaped. Anything but SPAWN_PENDING closes error_fd. */
enum spawn_progress spawn_poll(struct spawn_child *child, int *errno_value);

/* Fills err with what went wrong at a start, and with its cure: after SPAWN_FAILED, for the request (whose argv,
 * envp and directory are looked at) of that child. Returns -1. */
int spawn_explain(const struct spawn_request *request, const struct spawn_child *child,
                  int errno_value, struct err *err);

/* Waits for the exec: 0 when the program runs, -1 with err (naming argv[0], and the cure for a missing
 * program) when it does not; the failed child is reaped and its descriptors are closed. */
int spawn_finish(const struct spawn_request *request, struct spawn_child *child, struct err *err);

/* Sends a signal to the child itself, or to its process group. The group is signalled only while the child
 * is unreaped, so that its number cannot have been given to a stranger. Returns 0, or -1 with errno (ESRCH
 * where it was reaped). */
int spawn_signal(const struct spawn_child *child, int signal_number);
int spawn_signal_group(const struct spawn_child *child, int signal_number);

/* Reaps the child without blocking. Returns 1 and the wait status, or 0 while it runs. */
int spawn_reap(struct spawn_child *child, int *status);

/* Closes what is open; does not touch the process. */
void spawn_close(struct spawn_child *child);

#define SPAWN_STATUS_SIZE 64

/* "exit status 3", "signal 9 (SIGKILL)". Returns text. */
const char *spawn_status_text(int status, char text[SPAWN_STATUS_SIZE]);

/* Makes this process the reaper of all orphans below it. Returns 0, or -1 with err. */
int spawn_become_subreaper(struct err *err);

/* Lists the children of this process (living or not yet reaped), at most max of them. Returns how many. */
size_t spawn_children(pid_t *pids, size_t max);

#endif
