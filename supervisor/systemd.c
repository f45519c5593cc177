/* SPDX-License-Identifier: MIT */
#include "supervisor/systemd.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

/* A path, or a name in the abstract space behind an @. */
static socklen_t address_of(const char *name, struct sockaddr_un *address)
{
    size_t length = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || length >= sizeof address->sun_path)
        return 0;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, name, length);
    if (name[0] == '@')
        address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static void tell(const struct systemd *systemd, const char *text)
{
    struct sockaddr_un address;
    socklen_t length = systemd->socket ? address_of(systemd->socket, &address) : 0;
    if (length == 0)
        return;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    if (sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address, length) < 0)
        log_write(LOG_DEBUG, "the service manager does not listen: %s", strerror(errno));
    close(fd);
}

static void on_watchdog(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    tell(timer->data, "WATCHDOG=1");
}

/* Seconds between signs of life; 0: none are wanted, or not of this process. */
static double watchdog_seconds(void)
{
    const char *interval = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (!interval || (pid && strtol(pid, NULL, 10) != getpid()))
        return 0;
    long long microseconds = strtoll(interval, NULL, 10);
    return microseconds > 0 ? (double)microseconds / 2e6 : 0;
}

void systemd_init(struct systemd *systemd, struct ev_loop *loop)
{
    const char *socket_name = getenv("NOTIFY_SOCKET");
    double seconds = socket_name ? watchdog_seconds() : 0;
    *systemd =
        (struct systemd){.loop = loop, .socket = socket_name ? mem_strdup(socket_name) : NULL};
    ev_timer_init(&systemd->watchdog, on_watchdog, seconds, seconds);
    systemd->watchdog.data = systemd;
    if (seconds > 0)
        ev_timer_start(loop, &systemd->watchdog);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

void systemd_restore(const struct systemd *systemd)
{
    char number[32];
    if (!systemd->socket)
        return;
    setenv("NOTIFY_SOCKET", systemd->socket, 1);
    if (systemd->watchdog.repeat <= 0)
        return;
    snprintf(number, sizeof number, "%lld", (long long)(systemd->watchdog.repeat * 2e6));
    setenv("WATCHDOG_USEC", number, 1);
    snprintf(number, sizeof number, "%d", (int)getpid());
    setenv("WATCHDOG_PID", number, 1);
}

void systemd_finish(struct systemd *systemd)
{
    ev_timer_stop(systemd->loop, &systemd->watchdog);
    free(systemd->socket);
}

void systemd_tell_ready(const struct systemd *systemd)
{
    char text[64];
    snprintf(text, sizeof text, "READY=1\nMAINPID=%d", (int)getpid());
    tell(systemd, text);
}

void systemd_tell_reloading(const struct systemd *systemd)
{
    char text[64];
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)clock_monotonic_ms(&clock_system) * 1000);
    tell(systemd, text);
}

void systemd_tell_stopping(const struct systemd *systemd)
{
    tell(systemd, "STOPPING=1");
}
