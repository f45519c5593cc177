/* SPDX-License-Identifier: MIT */
#include "supervisor/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/path.h"

#define PID_TEXT_SIZE 32

#define PASSING_MS       5000
#define PASSING_PAUSE_MS 10

/* Reads what is in the file. Returns 0, or -1 where it is no pid file. */
static int read_pid(const struct pidfile *pidfile, char pid[PID_TEXT_SIZE])
{
    ssize_t got = pread(pidfile->fd, pid, PID_TEXT_SIZE - 1, 0);
    size_t length = got > 0 ? (size_t)got : 0;
    pid[length] = '\0';
    size_t digits = strspn(pid, "0123456789");
    bool is_pid = got >= 0 && (digits == length || (digits + 1 == length && pid[digits] == '\n'));
    pid[digits] = '\0';
    return is_pid ? 0 : -1;
}

/* A master that was killed while it started a child: the child holds its lock until it has become
 * its program, which is soon. */
static bool is_passing(const struct pidfile *pidfile)
{
    char pid[PID_TEXT_SIZE];
    if (read_pid(pidfile, pid) < 0 || !pid[0])
        return false;
    return kill((pid_t)strtol(pid, NULL, 10), 0) < 0 && errno == ESRCH;
}

/* Takes the lock; waits for one that passes. Returns 0, or -1 with errno. */
static int lock_open_file(const struct pidfile *pidfile)
{
    const struct timespec pause = {.tv_nsec = PASSING_PAUSE_MS * 1000000L};
    for (int tries = PASSING_MS / PASSING_PAUSE_MS;; tries--) {
        if (flock(pidfile->fd, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK)
            return -1;
        if (tries <= 0 || !is_passing(pidfile)) {
            errno = EWOULDBLOCK;
            return -1;
        }
        nanosleep(&pause, NULL);
    }
}

static int refuse(const struct pidfile *pidfile, struct err *err)
{
    char pid[PID_TEXT_SIZE];
    bool known = read_pid(pidfile, pid) == 0 && pid[0];
    return err_set(err, ERR_CONFLICT, "musterd is already running (pid %s, which holds %s)",
                   known ? pid : "unknown", pidfile->path);
}

/* True where the path still means the file that was opened: its last holder may have removed it
 * between our opening and locking it. */
static bool is_current(const struct pidfile *pidfile)
{
    struct stat opened, named;
    return fstat(pidfile->fd, &opened) == 0 && stat(pidfile->path, &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static int lock(struct pidfile *pidfile, struct err *err)
{
    do {
        fd_close(&pidfile->fd);
        pidfile->fd = open(pidfile->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (pidfile->fd < 0)
            return err_errno(err, errno, "cannot open the pid file %s", pidfile->path);
        if (lock_open_file(pidfile) < 0)
            return errno == EWOULDBLOCK
                       ? refuse(pidfile, err)
                       : err_errno(err, errno, "cannot lock the pid file %s", pidfile->path);
    } while (!is_current(pidfile));
    return 0;
}

static int write_pid(const struct pidfile *pidfile, struct err *err)
{
    char text[PID_TEXT_SIZE];
    if (read_pid(pidfile, text) < 0)
        return err_set(err, ERR_INVALID, "pidfile: %s holds something else than a pid",
                       pidfile->path);
    int length = snprintf(text, sizeof text, "%d\n", (int)getpid());
    if (ftruncate(pidfile->fd, 0) == 0 && fd_write_all(pidfile->fd, text, (size_t)length) == 0)
        return 0;
    return err_errno(err, errno, "cannot write the pid file %s", pidfile->path);
}

int pidfile_take(struct pidfile *pidfile, const char *path, struct err *err)
{
    *pidfile = (struct pidfile){.path = mem_strdup(path), .fd = -1};
    char *directory = path_directory(path);
    int result = fd_mkdir_parents(directory, 0755, err);
    free(directory);
    if (result == 0)
        result = lock(pidfile, err);
    if (result == 0)
        result = write_pid(pidfile, err);
    if (result < 0)
        fd_close(&pidfile->fd); /* somebody else's, or unusable: not to be removed */
    return result;
}

void pidfile_release(struct pidfile *pidfile)
{
    if (pidfile->path && pidfile->fd >= 0) {
        unlink(pidfile->path);
        fd_close(&pidfile->fd);
    }
    free(pidfile->path);
    *pidfile = (struct pidfile){.fd = -1};
}

void pidfile_resume(struct pidfile *pidfile, const char *path, int fd)
{
    *pidfile = (struct pidfile){.path = mem_strdup(path), .fd = fd};
}
