/* SPDX-License-Identifier: MIT */
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/json.h"
#include "common/mem.h"

#define LOG_MESSAGE_MAX 8192
#define LOG_LINE_MAX    (8 * LOG_MESSAGE_MAX)

/* Supervisor's four letters a level. */
static const char *const level_marks[] = {"CRIT", "ERRO", "WARN", "INFO", "DEBG", "TRAC", "BLAT"};

static struct {
    enum log_level level;
    enum log_format format;
    int fd; /* owned when path is set */
    char *path;
    char *process;
    unsigned long dropped;
} current = {LOG_INFO, LOG_TEXT, STDERR_FILENO, NULL, NULL, 0};

static int open_for_append(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
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
    close(current.fd);
    current.fd = fd;
}

void log_close(void)
{
    if (current.path)
        fd_close(&current.fd);
    free(current.path);
    free(current.process);
    current.path = current.process = NULL;
    current.fd = STDERR_FILENO;
}

bool log_enabled(enum log_level level)
{
    return level <= current.level;
}

static void clean_message(char *text)
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

static void put_record(enum log_level level, const char *field, const char *value,
                       const char *format, va_list args)
{
    int saved_errno = errno;
    char message[LOG_MESSAGE_MAX];
    vsnprintf(message, sizeof message, format, args);
    clean_message(message);
    struct buf line;
    buf_init(&line, LOG_LINE_MAX);
    if (current.format == LOG_JSON)
        put_json(&line, level, field, value, message);
    else
        put_text(&line, level, value, message);
    if (write(current.fd, buf_text(&line), line.length) != (ssize_t)line.length)
        current.dropped++;
    buf_finish(&line);
    errno = saved_errno;
}

void log_write(enum log_level level, const char *format, ...)
{
    if (!log_enabled(level))
        return;
    va_list args;
    va_start(args, format);
    put_record(level, NULL, NULL, format, args);
    va_end(args);
}

void log_about(enum log_level level, const char *field, const char *value, const char *format, ...)
{
    if (!log_enabled(level))
        return;
    va_list args;
    va_start(args, format);
    put_record(level, field, value, format, args);
    va_end(args);
}
