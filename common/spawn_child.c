/* SPDX-License-Identifier: MIT */
#include "common/spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/spawn_failure.h"

#define CHILDREN_TEXT_MAX (1u << 20)

enum spawn_progress spawn_poll(struct spawn_child *child, int *errno_value)
{
    struct spawn_failure failure;
    ssize_t got = read(child->error_fd, &failure, sizeof failure);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return SPAWN_PENDING;
    fd_close(&child->error_fd);
    if (got != sizeof failure)
        return SPAWN_RUNNING;
    child->failed_at = (enum spawn_stage)failure.stage;
    *errno_value = failure.errno_value;
    return SPAWN_FAILED;
}

static int explain_program(const struct spawn_request *request, int errno_value, struct err *err)
{
    const char *name = request->argv[0];
    bool has_path = strchr(name, '/') != NULL;
    if (errno_value == ENOENT && !has_path)
        return err_set(err, ERR_NOT_FOUND,
                       "there is no program %s in PATH: write its whole path, or put its directory "
                       "into the PATH of its environment",
                       name);
    if (errno_value == ENOENT && access(name, F_OK) == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "cannot run %s: the interpreter that its first line names does not exist",
                       name);
    if (errno_value == ENOEXEC)
        return err_set(err, ERR_INVALID,
                       "cannot run %s: it is neither a program of this machine nor a script whose "
                       "first line begins with #!",
                       name);
    if (errno_value == EACCES)
        return err_set(err, ERR_INVALID,
                       "cannot run %s: it may not be executed by this user (chmod +x gives a file "
                       "that right)",
                       name);
    return err_errno(err, errno_value, "cannot run %s", name);
}

int spawn_explain(const struct spawn_request *request, const struct spawn_child *child,
                  int errno_value, struct err *err)
{
    switch (child->failed_at) {
    case SPAWN_AT_DIRECTORY:
        return err_errno(err, errno_value, "cannot enter the directory %s of %s",
                         request->directory, request->argv[0]);
    case SPAWN_AT_PROGRAM:
        return explain_program(request, errno_value, err);
    default:
        return err_errno(err, errno_value, "cannot set up a process for %s", request->argv[0]);
    }
}

static void wait_for(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    while (poll(&poll_fd, 1, -1) < 0 && errno == EINTR)
        ;
}

int spawn_finish(const struct spawn_request *request, struct spawn_child *child, struct err *err)
{
    int cause = 0, status;
    enum spawn_progress progress;
    while ((progress = spawn_poll(child, &cause)) == SPAWN_PENDING)
        wait_for(child->error_fd);
    if (progress == SPAWN_RUNNING)
        return 0;
    while (!spawn_reap(child, &status))
        wait_for(child->pidfd);
    spawn_close(child);
    return spawn_explain(request, child, cause, err);
}

static bool can_be_signalled(const struct spawn_child *child)
{
    if (child->pid > 0 && !child->is_reaped)
        return true;
    errno = ESRCH;
    return false;
}

int spawn_signal(const struct spawn_child *child, int signal_number)
{
    if (!can_be_signalled(child))
        return -1;
    if (child->is_stranger)
        return (int)syscall(SYS_pidfd_send_signal, child->pidfd, signal_number, NULL, 0);
    return kill(child->pid, signal_number);
}

int spawn_signal_group(const struct spawn_child *child, int signal_number)
{
    if (!can_be_signalled(child))
        return -1;
    struct pollfd end = {.fd = child->pidfd, .events = POLLIN};
    if (child->is_stranger && poll(&end, 1, 0) != 0)
        return spawn_signal(child, signal_number);
    return kill(-child->pid, signal_number);
}

static int wait_status(const siginfo_t *info)
{
    switch (info->si_code) {
    case CLD_EXITED:
        return W_EXITCODE(info->si_status, 0);
    case CLD_DUMPED:
        return W_EXITCODE(0, info->si_status) | WCOREFLAG;
    default:
        return W_EXITCODE(0, info->si_status);
    }
}

int spawn_reap(struct spawn_child *child, int *status)
{
    siginfo_t info = {0};
    if (child->pid <= 0 || child->is_reaped)
        return 0;
    /* Unreaped, so the number is its own. */
    if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
        return 0;
    child->is_reaped = true;
    *status = wait_status(&info);
    return 1;
}

void spawn_close(struct spawn_child *child)
{
    fd_close(&child->pidfd);
    fd_close(&child->error_fd);
}

const char *spawn_status_text(int status, char text[SPAWN_STATUS_SIZE])
{
    if (!WIFSIGNALED(status)) {
        snprintf(text, SPAWN_STATUS_SIZE, "exit status %d", WEXITSTATUS(status));
        return text;
    }
    const char *name = sigabbrev_np(WTERMSIG(status));
    if (name)
        snprintf(text, SPAWN_STATUS_SIZE, "signal %d (SIG%s)", WTERMSIG(status), name);
    else
        snprintf(text, SPAWN_STATUS_SIZE, "signal %d", WTERMSIG(status));
    return text;
}

int spawn_become_subreaper(struct err *err)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return err_errno(err, errno, "cannot become the reaper of orphans");
    return 0;
}

size_t spawn_children(pid_t *pids, size_t max)
{
    /* The first thread's: it is the one that forks here, and the one that the kernel gives orphans
     * to. */
    char path[64], *text;
    size_t length, count = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    if (fd_read_file(path, CHILDREN_TEXT_MAX, &text, &length, NULL) < 0)
        return 0;
    char *at = text, *end;
    for (long pid = strtol(at, &end, 10); end > at && count < max; pid = strtol(at, &end, 10)) {
        pids[count++] = (pid_t)pid;
        at = end;
    }
    free(text);
    return count;
}
