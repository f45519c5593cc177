/* SPDX-License-Identifier: MIT */
#include "cli/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"

#define READ_SIZE (256u << 10)

int lines_open(const char *path, const char **name, struct err *err)
{
    bool from_stdin = !path || strcmp(path, "-") == 0;
    *name = from_stdin ? "standard input" : path;
    int fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) < 0)
        return err_errno(err, errno, "%s", *name);
    if (!S_ISDIR(info.st_mode))
        return fd;
    if (!from_stdin)
        fd_close(&fd);
    return err_set(err, ERR_INVALID, "%s is a directory", *name);
}

void lines_init(struct lines *lines, int fd, size_t limit)
{
    *lines = (struct lines){.fd = fd, .limit = limit};
    buf_init(&lines->buf, limit + READ_SIZE);
}

void lines_finish(struct lines *lines)
{
    buf_finish(&lines->buf);
}

/* Reads more. Returns 1, 0 at the end of the file, -1 with err. */
static int read_more(struct lines *lines, struct err *err)
{
    for (;;) {
        ssize_t got = buf_read(&lines->buf, lines->fd, READ_SIZE);
        if (got >= 0)
            return got > 0;
        if (errno != EINTR)
            return err_errno(err, errno, "cannot read");
    }
}

/* Finds the end of the current line in what has been read, newline not counted; NULL where it is
 * not there. */
static char *find_newline(struct lines *lines)
{
    char *data = buf_data(&lines->buf);
    char *newline = memchr(data + lines->searched, '\n', lines->buf.length - lines->searched);
    lines->searched = lines->buf.length;
    return newline;
}

static void drop(struct lines *lines, size_t length)
{
    buf_consume(&lines->buf, length);
    lines->offset += length;
    lines->searched = 0;
}

/* Passes over the rest of a line that is too long. */
static enum lines_result skip_line(struct lines *lines, struct err *err)
{
    lines->searched = 0;
    for (;;) {
        char *newline = find_newline(lines);
        if (newline) {
            drop(lines, (size_t)(newline - buf_data(&lines->buf)) + 1);
            return LINES_TOO_LONG;
        }
        drop(lines, lines->buf.length);
        int more = read_more(lines, err);
        if (more <= 0)
            return more < 0 ? LINES_ERROR : LINES_TOO_LONG;
    }
}

static enum lines_result hand_out(struct lines *lines, size_t size, size_t taken, char **line,
                                  size_t *length)
{
    *line = buf_data(&lines->buf);
    *length = size;
    (*line)[size] = '\0'; /* the newline, or the NUL behind the content */
    lines->taken = taken;
    return LINES_LINE;
}

enum lines_result lines_next(struct lines *lines, char **line, size_t *length, struct err *err)
{
    drop(lines, lines->taken);
    lines->taken = 0;
    lines->number++;
    for (;;) {
        char *newline = lines->buf.length ? find_newline(lines) : NULL;
        size_t size = newline ? (size_t)(newline - buf_data(&lines->buf)) : lines->buf.length;
        if (size > lines->limit)
            return skip_line(lines, err);
        if (newline)
            return hand_out(lines, size, size + 1, line, length);
        int more = read_more(lines, err);
        if (more < 0)
            return LINES_ERROR;
        if (more == 0)
            return size > 0 ? hand_out(lines, size, size, line, length) : LINES_END;
    }
}
