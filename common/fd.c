/* SPDX-License-Identifier: MIT */
#include "common/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/mem.h"

void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

int fd_set_nonblocking(int fd, bool nonblocking)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0)
        return -1;
    flags = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
    return fcntl(fd, F_SETFL, flags);
}

int fd_pipe(int ends[2], struct err *err)
{
    if (pipe2(ends, O_CLOEXEC) == 0)
        return 0;
    ends[0] = ends[1] = -1;
    return err_errno(err, errno, "cannot make a pipe");
}

int fd_write_all(int fd, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t put = write(fd, at, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        at += put;
        length -= (size_t)put;
    }
    return 0;
}

static int read_to_end(int fd, struct buf *buf)
{
    for (;;) {
        ssize_t got = buf_read(buf, fd, 65536);
        if (got == 0)
            return 0;
        if (got < 0 && errno != EINTR)
            return -1;
    }
}

int fd_read_file(const char *path, size_t cap, char **text, size_t *length, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "cannot open %s", path);
    struct buf buf;
    buf_init(&buf, cap + 1);
    int result = read_to_end(fd, &buf);
    int cause = errno;
    close(fd);
    if (result == 0 && buf.length <= cap) {
        *length = buf.length;
        *text = buf_steal(&buf);
        return 0;
    }
    buf_finish(&buf);
    if (result == 0 || cause == ENOBUFS)
        return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", path, cap);
    return err_errno(err, cause, "cannot read %s", path);
}

int fd_mkdir_parents(const char *path, mode_t mode, struct err *err)
{
    char *copy = mem_strdup(path);
    int result = 0;
    for (char *slash = strchr(copy + 1, '/'); result == 0; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = '\0';
        if (mkdir(copy, mode) < 0 && errno != EEXIST)
            result = err_errno(err, errno, "cannot create the directory %s", copy);
        if (!slash)
            break;
        *slash = '/';
    }
    free(copy);
    return result;
}
