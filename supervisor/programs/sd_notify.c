/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/sd_notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "supervisor/programs/program.h"
#include "supervisor/programs/watch.h"

#define MESSAGE_MAX     4096
#define MESSAGES_A_TURN 512 /* no less than wait in a socket at most, as systemd sets that */
#define FDS_MAX         16

/* Who has sent it, as the kernel says; 0: it does not. Descriptors that came along are closed,
 * which is what a sender of BARRIER=1 waits for. */
static pid_t sender_of(struct msghdr *header)
{
    pid_t pid = 0;
    for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control;
         control = CMSG_NXTHDR(header, control)) {
        if (control->cmsg_level != SOL_SOCKET)
            continue;
        if (control->cmsg_type == SCM_CREDENTIALS) {
            struct ucred sender;
            memcpy(&sender, CMSG_DATA(control), sizeof sender);
            pid = sender.pid;
        }
        for (size_t at = CMSG_LEN(0);
             control->cmsg_type == SCM_RIGHTS && at + sizeof(int) <= control->cmsg_len;
             at += sizeof(int)) {
            int fd;
            memcpy(&fd, (const char *)control + at, sizeof fd);
            close(fd);
        }
    }
    return pid;
}

static struct program_watch *find(const struct sd_notify *notify, pid_t sender)
{
    pid_t group = sender > 0 ? getpgid(sender) : -1;
    for (struct program_watch *watch = notify->listeners; watch; watch = watch->next_listener) {
        pid_t pid = watch->program->child.pid;
        if (pid > 0 && (pid == sender || pid == group))
            return watch;
    }
    return NULL;
}

static void take(const struct sd_notify *notify, pid_t sender, const struct notify_message *message)
{
    struct program_watch *watch = find(notify, sender);
    if (!watch) {
        log_write(LOG_DEBUG, "a message on $NOTIFY_SOCKET of pid %d, which is no program's",
                  (int)sender);
        return;
    }
    watch_told(watch, message);
}

int sd_notify_receive(int socket, struct notify_message *message, pid_t *sender)
{
    char bytes[MESSAGE_MAX];
    union {
        char room[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(FDS_MAX * sizeof(int))];
        struct cmsghdr aligned;
    } control;
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.room,
                            .msg_controllen = sizeof control.room};
    ssize_t length = recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (length < 0)
        return -1;
    *sender = sender_of(&header);
    notify_message_read(bytes, (size_t)length, message);
    return header.msg_flags & MSG_TRUNC ? 0 : 1;
}

void sd_notify_read(struct program_host *host)
{
    const struct sd_notify *notify = &host->notify;
    struct notify_message message;
    pid_t sender;
    for (int i = 0; notify->fd >= 0 && i < MESSAGES_A_TURN; i++) {
        int got = sd_notify_receive(notify->fd, &message, &sender);
        if (got < 0)
            return;
        if (got > 0)
            take(notify, sender, &message);
        else
            log_write(LOG_WARN, "a message on $NOTIFY_SOCKET of pid %d is longer than %d bytes",
                      (int)sender, MESSAGE_MAX);
    }
}

static void on_message(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop, (void)events;
    sd_notify_read(io->data);
}

/* The name has the pid in it, so that it is the same where another binary takes this process over;
 * where a stranger has taken it, the kernel gives another one. */
static int bind_name(int fd, char *name, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof address;
    int count = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "muster-notify-%d",
                         (int)getpid());
    socklen_t named = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)count);
    if (bind(fd, (struct sockaddr *)&address, named) < 0 &&
        bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)) < 0)
        return -1;
    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        return -1;
    int written = (int)(length - offsetof(struct sockaddr_un, sun_path) - 1);
    snprintf(name, size, "@%.*s", written, address.sun_path + 1);
    return 0;
}

static void watch_socket(struct program_host *host, int fd)
{
    host->notify.fd = fd;
    ev_io_set(&host->notify.io, fd, EV_READ);
    ev_io_start(host->host->loop, &host->notify.io);
}

int sd_notify_open(struct program_host *host, struct err *err)
{
    static const int on = 1;
    struct sd_notify *notify = &host->notify;
    if (notify->fd >= 0)
        return 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0 ||
        bind_name(fd, notify->name, sizeof notify->name) < 0) {
        err_errno(err, errno, "cannot open the socket of sd_notify");
        fd_close(&fd);
        return -1;
    }
    watch_socket(host, fd);
    custody_hold_notify(host);
    return 0;
}

void sd_notify_resume(struct program_host *host, int fd, const char *name)
{
    snprintf(host->notify.name, sizeof host->notify.name, "%s", name);
    watch_socket(host, fd);
    custody_hold_notify(host);
}

void sd_notify_listen(struct program_watch *watch)
{
    struct sd_notify *notify = &watch->program->host->notify;
    sd_notify_leave(watch);
    watch->next_listener = notify->listeners;
    notify->listeners = watch;
}

void sd_notify_leave(struct program_watch *watch)
{
    struct program_watch **link = &watch->program->host->notify.listeners;
    while (*link && *link != watch)
        link = &(*link)->next_listener;
    if (*link)
        *link = watch->next_listener;
}

void sd_notify_init(struct program_host *host)
{
    host->notify = (struct sd_notify){.fd = -1};
    ev_init(&host->notify.io, on_message);
    host->notify.io.data = host;
}

void sd_notify_finish(struct program_host *host)
{
    ev_io_stop(host->host->loop, &host->notify.io);
    fd_close(&host->notify.fd);
}
