/* SPDX-License-Identifier: MIT */
#include "supervisor/control/log_read.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"

#define READ_SIZE (256u << 10)

int log_read_open(const char *path, int64_t *size)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0 && (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)))
        fd_close(&fd);
    if (fd >= 0)
        *size = status.st_size;
    return fd;
}

static int64_t smaller(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

enum fault log_range_to_read(int64_t size, int64_t offset, int64_t length, struct log_range *range)
{
    if (length < 0 || (offset < 0 && length != 0))
        return FAULT_BAD_ARGUMENTS;
    if (offset < 0)
        offset = offset < -size ? 0 : size + offset;
    int64_t left = offset < size ? size - offset : 0;
    *range = (struct log_range){offset, length == 0 ? left : smaller(length, left)};
    return FAULT_SUCCESS;
}

/* After Supervisor, step by step. */
struct log_range log_range_to_follow(int64_t size, int64_t offset, int64_t length, bool *overflow)
{
    *overflow = length < size && offset < size - length;
    if (*overflow)
        offset = size - 1;
    if (length > size - offset) {
        if (offset > size - 1)
            length = 0;
        offset = length > size ? 0 : size - length;
    }
    struct log_range range = {offset < 0 ? 0 : offset, length < 0 ? 0 : length};
    range.length = smaller(range.length, range.start < size ? size - range.start : 0);
    return range;
}

int log_read_range(int fd, const struct log_range *range, struct buf *out)
{
    int64_t left = range->length;
    off_t at = (off_t)range->start;
    while (left > 0) {
        size_t step = (size_t)smaller(left, READ_SIZE);
        char *room = buf_reserve(out, step);
        ssize_t got = room ? pread(fd, room, step, at) : -1;
        if (got < 0 && room && errno == EINTR)
            continue;
        if (got <= 0)
            return (int)got;
        buf_grew(out, (size_t)got);
        at += got;
        left -= got;
    }
    return 0;
}
