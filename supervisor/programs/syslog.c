/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/syslog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"

#define USER_INFO      14 /* facility user, priority info, as Python's syslog */
#define LINE_MAX_BYTES 8192

static int connection = -1;

static int open_socket(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        fd_close(&fd);
    return fd;
}

/* The log daemon may have been started anew, with another socket: then it is tried once more. */
static void send_text(const char *text, size_t length)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        if (connection < 0)
            connection = open_socket();
        if (connection < 0)
            return;
        if (send(connection, text, length, MSG_NOSIGNAL) >= 0)
            return;
        if (errno == EAGAIN || errno == ENOBUFS)
            return;
        fd_close(&connection);
    }
}

static void send_line(const char *name, const char *line, size_t length)
{
    char text[LINE_MAX_BYTES], when[32];
    struct tm now;
    time_t seconds = time(NULL);
    localtime_r(&seconds, &now);
    strftime(when, sizeof when, "%b %e %H:%M:%S", &now);
    int written = snprintf(text, sizeof text, "<%d>%s %s: %s%s%.*s", USER_INFO, when,
                           program_invocation_short_name, name, name[0] ? " " : "",
                           (int)(length < LINE_MAX_BYTES ? length : LINE_MAX_BYTES), line);
    send_text(text, written < LINE_MAX_BYTES ? (size_t)written : LINE_MAX_BYTES - 1);
}

void syslog_lines(const char *name, const char *text, size_t length)
{
    while (length > 0 && text[length - 1] == '\n')
        length--;
    const char *end = text + length;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = newline ? newline : end;
        send_line(name, text, (size_t)(line_end - text));
        text = line_end + 1;
    }
}
