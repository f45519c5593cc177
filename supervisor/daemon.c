/* SPDX-License-Identifier: MIT */
#include "supervisor/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"

static int wait_for_child(pid_t pid, int fd)
{
    char byte;
    ssize_t got;
    while ((got = read(fd, &byte, 1)) < 0 && errno == EINTR)
        ;
    if (got == 1)
        return 0;
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* Standard error before it was redirected; -1: it has not been, or nobody is to write there. */
static struct {
    int fd;
    bool is_redirected;
} first_errors = {.fd = -1};

int daemon_fork(int *ready, int *status, struct err *err)
{
    int ends[2];
    if (fd_pipe(ends, err) < 0)
        return -1;
    pid_t pid = fork();
    if (pid > 0) {
        fd_close(&ends[1]);
        *status = wait_for_child(pid, ends[0]);
        fd_close(&ends[0]);
        return 1;
    }
    fd_close(&ends[0]);
    if (pid < 0) {
        err_errno(err, errno, "cannot fork to the background");
        fd_close(&ends[1]);
        return -1;
    }
    setsid();
    *ready = ends[1];
    return 0;
}

void daemon_ready(int *fd)
{
    if (*fd < 0)
        return;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int number = 0; null >= 0 && number < 3; number++)
        if (number != STDERR_FILENO || isatty(STDERR_FILENO))
            dup2(null, number);
    fd_close(&null);
    fd_close(&first_errors.fd);
    fd_write_all(*fd, "", 1);
    fd_close(fd);
}

int daemon_errors(void)
{
    return first_errors.fd >= 0 ? first_errors.fd : STDERR_FILENO;
}

void daemon_resume_errors(int fd)
{
    first_errors.fd = fd;
    first_errors.is_redirected = true;
}

static void keep_errors(void)
{
    if (!first_errors.is_redirected)
        daemon_resume_errors(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

int daemon_redirect_errors(const char *path, struct err *err)
{
    keep_errors();
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
    if (fd < 0 || dup2(fd, STDERR_FILENO) < 0) {
        err_errno(err, errno, "cannot open the log file %s", path);
        fd_close(&fd);
        return -1;
    }
    close(fd);
    return 0;
}
