/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/rotate.h"
#include "supervisor/daemon.h"
#include "supervisor/programs/log_backlog.h"

#define LOG_MODE 0666 /* less umask */

/* Opening */

/* The number in the names of standard output and the like; -1 for other paths. */
static int number_in(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    if (strcmp(path, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0)
        return STDERR_FILENO;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        const char *digits = path + strlen(folders[i]);
        if (strncmp(path, folders[i], strlen(folders[i])) == 0 && digits[0] &&
            strspn(digits, "0123456789") == strlen(digits))
            return atoi(digits);
    }
    return -1;
}

/* The descriptor that such a path means: not the log that our standard error may have become. */
static int named_descriptor(const char *path)
{
    int number = number_in(path);
    return number == STDERR_FILENO ? daemon_errors() : number;
}

/* A named pipe without a reader is held open for both, so that its reader may come later. A socket
 * cannot be opened by a name as /dev/stdout, only copied. */
static int open_for_append(const char *path)
{
    char own[32];
    int number = named_descriptor(path);
    if (number >= 0) {
        snprintf(own, sizeof own, "/proc/self/fd/%d", number);
        path = own;
    }
    int flags = O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    int fd = open(path, O_WRONLY | flags, LOG_MODE);
    if (fd >= 0 || errno != ENXIO)
        return fd;
    return number >= 0 ? fcntl(number, F_DUPFD_CLOEXEC, 3) : open(path, O_RDWR | flags, LOG_MODE);
}

void log_file_resume(struct log_file *file, int fd, struct ev_loop *loop,
                     void (*resumed)(void *context), void *context)
{
    struct stat status;
    *file = (struct log_file){.fd = fd, .size = -1};
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        file->size = status.st_size;
    else
        file->backlog = log_backlog_create(loop, fd, S_ISSOCK(status.st_mode), resumed, context);
}

int log_file_open(struct log_file *file, const char *path, struct ev_loop *loop,
                  void (*resumed)(void *context), void *context, struct err *err)
{
    int fd = open_for_append(path);
    if (fd < 0) {
        *file = (struct log_file){.fd = -1, .size = -1};
        return err_errno(err, errno, "cannot open the log file %s", path);
    }
    log_file_resume(file, fd, loop, resumed, context);
    return 0;
}

void log_file_close(struct log_file *file)
{
    if (file->backlog)
        file->lost += log_backlog_destroy(file->backlog);
    file->backlog = NULL;
    fd_close(&file->fd);
}

int log_file_reopen(struct log_file *file, const char *path, struct err *err)
{
    if (file->size < 0)
        return 0; /* there is nothing to be opened again under the name of a pipe */
    int fd = open_for_append(path);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        err_errno(err, errno, "cannot open the log file %s again", path);
        fd_close(&fd);
        return -1;
    }
    fd_close(&file->fd);
    file->fd = fd;
    file->size = S_ISREG(status.st_mode) ? status.st_size : 0;
    return 0;
}

int log_file_clear(struct log_file *file, const char *path, struct err *err)
{
    if (file->size < 0)
        return 0;
    if (unlink(path) < 0 && errno != ENOENT)
        return err_errno(err, errno, "cannot remove the log file %s", path);
    return log_file_reopen(file, path, err);
}

/* Rotating */

void log_file_rotate(struct log_file *file, const struct log_name *name,
                     const struct log_rotation *rotation)
{
    char room[LOG_PATH_SIZE];
    struct err err = ERR_INIT;
    const char *path = name->tell(name->context, room);
    if (rotation->compress)
        rotate_compressed(path, rotation->backups);
    if (rotate_files(path, rotation->backups, &err) < 0)
        log_write(LOG_ERROR, "%s", err.text);
    if (log_file_reopen(file, path, &err) < 0)
        log_write(LOG_ERROR, "%s", err.text);
    file->rotations++;
}

/* Others may have emptied the file meanwhile (logrotate's copytruncate): its size is asked for
 * before it is moved. */
static void rotate(struct log_file *file, const struct log_name *name,
                   const struct log_rotation *rotation)
{
    struct stat status;
    if (fstat(file->fd, &status) == 0)
        file->size = status.st_size;
    if (file->size < rotation->maxbytes)
        return;
    log_file_rotate(file, name, rotation);
    if (file->size >= rotation->maxbytes)
        file->size = 0; /* it could not be moved: not again with every write */
}

/* Writing */

static void note_loss(struct log_file *file, const struct log_name *name, size_t length)
{
    char room[LOG_PATH_SIZE];
    int cause = errno;
    if (!file->failing)
        log_write(LOG_ERROR, "cannot write to the log file %s: %s; what comes is lost and counted",
                  name->tell(name->context, room), strerror(cause));
    file->failing = true;
    file->lost += length;
}

static void note_recovery(struct log_file *file, const struct log_name *name)
{
    char room[LOG_PATH_SIZE];
    if (!file->failing)
        return;
    file->failing = false;
    log_write(LOG_WARN, "the log file %s can be written again; %llu bytes were lost",
              name->tell(name->context, room), (unsigned long long)file->lost);
}

static void append(struct log_file *file, const struct log_name *name, const char *bytes,
                   size_t length)
{
    while (length > 0) {
        ssize_t written = write(file->fd, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            note_loss(file, name, length);
            return;
        }
        note_recovery(file, name);
        bytes += written;
        length -= (size_t)written;
        file->size += written;
    }
}

enum log_result log_file_write(struct log_file *file, const struct log_name *name,
                               const struct log_rotation *rotation, const char *bytes,
                               size_t length)
{
    if (file->fd < 0 || length == 0)
        return LOG_TAKEN;
    if (file->backlog)
        return log_backlog_write(file->backlog, bytes, length, &file->lost);
    append(file, name, bytes, length);
    if (rotation->maxbytes > 0 && file->size >= rotation->maxbytes)
        rotate(file, name, rotation);
    return LOG_TAKEN;
}
