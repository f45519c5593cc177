/* SPDX-License-Identifier: MIT */
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/rotate.h"

_Static_assert(LOG_LINE_MAX <= PIPE_BUF, "a line is written whole or not at all");

/* Of a line that has not been cut yet: in JSON a byte becomes up to six. */
#define LOG_BUILD_MAX (8 * LOG_LINE_MAX)

#define LOG_VALUE_SIZE 256 /* of a field's value, which is a name */

/* Supervisor's four letters a level. */
static const char *const level_marks[] = {"CRIT", "ERRO", "WARN", "INFO", "DEBG", "TRAC", "BLAT"};

static struct {
    enum log_level level;
    enum log_format format;
    int fd; /* owned when path is set */
    char *path;
    char *process;
    int64_t size; /* of a regular file, as far as we know; -1 for others */
    int64_t maxbytes, backups;
    void (*rotated)(void);
    void (*tee)(const char *line, size_t length);
    unsigned long dropped; /* records since the last one that went out */
    bool is_torn;          /* the last line was written in part: the disk is full */
    log_sink_fn sink;      /* takes the records instead, or NULL */
} current = {.level = LOG_INFO, .format = LOG_TEXT, .fd = STDERR_FILENO, .size = -1};

static int open_for_append(const char *path)
{
    /* Not blocking matters where the path is a FIFO that nobody reads. */
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
}

static int64_t size_of(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? status.st_size : -1;
}

int log_open(const struct log_options *options, struct err *err)
{
    bool to_file = options->path && *options->path;
    int fd = to_file ? open_for_append(options->path) : STDERR_FILENO;
    if (fd < 0)
        return err_errno(err, errno, "cannot open the log file %s", options->path);
    log_close();
    current.level = options->level;
    current.format = options->format;
    current.fd = fd;
    current.path = to_file ? mem_strdup(options->path) : NULL;
    current.process = mem_strdup(options->process);
    current.size = to_file ? size_of(fd) : -1;
    current.maxbytes = options->maxbytes;
    current.backups = options->backups;
    current.rotated = options->rotated;
    current.tee = options->tee;
    return 0;
}

void log_reopen(void)
{
    if (!current.path)
        return;
    int fd = open_for_append(current.path);
    if (fd < 0) {
        log_write(LOG_ERROR, "cannot open the log file %s again: %s", current.path,
                  strerror(errno));
        return;
    }
    dup3(fd, current.fd, O_CLOEXEC); /* in one step: other threads may be writing */
    close(fd);
    current.size = size_of(current.fd);
}

const char *log_path(void)
{
    return current.size >= 0 ? current.path : NULL;
}

void log_close(void)
{
    if (current.path)
        fd_close(&current.fd);
    free(current.path);
    free(current.process);
    current.path = current.process = NULL;
    current.size = -1;
    current.tee = NULL;
    current.fd = STDERR_FILENO;
}

void log_forward(log_sink_fn sink)
{
    current.sink = sink;
}

/* Who takes the records has a level of its own. */
bool log_enabled(enum log_level level)
{
    return current.sink || level <= current.level;
}

static void clean(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = ' ';
}

static void put_time(struct buf *line)
{
    int64_t now = clock_wall_ms(&clock_system);
    char text[CLOCK_TEXT_SIZE];
    buf_printf(line, "%s,%03d", clock_format(now, text), (int)(now % 1000));
}

static void put_member(struct buf *line, const char *name, const char *value)
{
    buf_printf(line, ",\"%s\":", name);
    json_string_append(line, value, strlen(value));
}

static void put_json(struct buf *line, enum log_level level, const char *field, const char *value,
                     const char *message)
{
    buf_text_append(line, "{\"time\":\"");
    put_time(line);
    buf_printf(line, "\",\"level\":\"%s\",\"pid\":%d", log_level_names[level], (int)getpid());
    if (current.process)
        put_member(line, "process", current.process);
    if (field)
        put_member(line, field, value);
    put_member(line, "message", message);
    buf_text_append(line, "}\n");
}

static void put_text(struct buf *line, enum log_level level, const char *value, const char *message)
{
    put_time(line);
    buf_printf(line, " %s ", level_marks[level]);
    if (current.process)
        buf_printf(line, "%s: ", current.process);
    if (value)
        buf_printf(line, "[%s] ", value);
    buf_printf(line, "%s\n", message);
}

static void put_line(struct buf *line, enum log_level level, const char *field, const char *value,
                     const char *message)
{
    buf_clear(line);
    if (current.is_torn)
        buf_text_append(line, "\n");
    if (current.format == LOG_JSON)
        put_json(line, level, field, value, message);
    else
        put_text(line, level, value, message);
}

/* Where a text of at most length bytes ends, between two characters. */
static size_t cut_at(const char *text, size_t length)
{
    while (length > 0 && (text[length] & 0xc0) == 0x80)
        length--;
    return length;
}

/* A line that fits: the message is cut by what is too much, which in JSON can take several cuts,
 * because characters get longer there. */
static void build_line(struct buf *line, enum log_level level, const char *field, const char *value,
                       char *message)
{
    size_t left = strlen(message);
    put_line(line, level, field, value, message);
    while (line->length > LOG_LINE_MAX && left > 0) {
        size_t excess = line->length - LOG_LINE_MAX;
        left = cut_at(message, left - (excess < left / 2 ? excess : (left + 1) / 2));
        message[left] = '\0';
        put_line(line, level, field, value, message);
    }
}

/* A descriptor that others share cannot be made non-blocking, so it is asked first. */
static bool takes_a_line(void)
{
    struct pollfd poll_fd = {.fd = current.fd, .events = POLLOUT};
    return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLOUT);
}

/* Others write to the file too, and may have emptied it: its size is asked for before it is moved.
 * One that cannot be moved is not tried again with every record. */
static void rotate(void)
{
    struct err err = ERR_INIT;
    current.size = size_of(current.fd);
    if (current.size < current.maxbytes)
        return;
    current.size = 0;
    int result = rotate_files(current.path, current.backups, &err);
    log_reopen();
    if (result < 0) {
        current.size = 0;
        log_write(LOG_ERROR, "%s", err.text);
    }
    if (current.rotated)
        current.rotated();
}

static void count(ssize_t put)
{
    if (current.size < 0)
        return;
    current.size += put;
    if (current.maxbytes > 0 && current.size >= current.maxbytes)
        rotate();
}

static bool write_line(const struct buf *line)
{
    if (line->length > LOG_LINE_MAX || !takes_a_line())
        return false;
    ssize_t put = write(current.fd, buf_text(line), line->length);
    if (put > 0)
        current.is_torn = (size_t)put < line->length;
    bool is_whole = put == (ssize_t)line->length;
    if (put > 0)
        count(put);
    return is_whole;
}

static void put_record(enum log_level level, const char *field, const char *value, char *message)
{
    struct buf line;
    buf_init(&line, LOG_BUILD_MAX);
    build_line(&line, level, field, value, message);
    if (current.tee)
        current.tee(buf_text(&line), line.length);
    current.dropped += !write_line(&line);
    buf_finish(&line);
}

/* Told by the first record that goes out again. */
static void tell_dropped(void)
{
    char message[80];
    unsigned long dropped = current.dropped;
    if (dropped == 0)
        return;
    snprintf(message, sizeof message, "%lu records could not be written here", dropped);
    put_record(LOG_WARN, NULL, NULL, message);
    current.dropped =
        current.dropped == dropped ? 0 : dropped; /* the telling itself does not count */
}

static void log_record(enum log_level level, const char *field, const char *value,
                       const char *format, va_list args)
{
    int saved_errno = errno;
    char message[LOG_LINE_MAX], value_text[LOG_VALUE_SIZE];
    vsnprintf(message, sizeof message, format, args);
    snprintf(value_text, sizeof value_text, "%s", value ? value : "");
    clean(message);
    clean(value_text);
    if (current.sink) {
        current.sink(level, field, value ? value_text : NULL, message);
    } else {
        tell_dropped();
        put_record(level, field, value ? value_text : NULL, message);
    }
    errno = saved_errno;
}

void log_write(enum log_level level, const char *format, ...)
{
    if (!log_enabled(level))
        return;
    va_list args;
    va_start(args, format);
    log_record(level, NULL, NULL, format, args);
    va_end(args);
}

void log_about(enum log_level level, const char *field, const char *value, const char *format, ...)
{
    if (!log_enabled(level))
        return;
    va_list args;
    va_start(args, format);
    log_record(level, field, value, format, args);
    va_end(args);
}
