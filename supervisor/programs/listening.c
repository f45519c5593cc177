/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/listening.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"

#define FIRST_INHERITED 3
#define INHERITED_MAX   256
#define UNIX_MODE       0666 /* less umask */

/* From the service manager */

struct inherited {
    struct inherited *next;
    int fd;
    char name[];
};

static void add_inherited(struct listenings *listenings, int fd, const char *name, size_t length)
{
    struct inherited *one = mem_new(1, sizeof *one + length + 1);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    one->fd = fd;
    memcpy(one->name, name, length);
    one->next = listenings->inherited;
    listenings->inherited = one;
}

void listenings_init(struct listenings *listenings)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS"),
               *names = getenv("LISTEN_FDNAMES");
    *listenings = (struct listenings){NULL, NULL};
    if (pid && count && strtol(pid, NULL, 10) == getpid()) {
        long number = strtol(count, NULL, 10);
        for (int i = 0; i < number && i < INHERITED_MAX; i++) {
            size_t length = names ? strcspn(names, ":") : 0;
            add_inherited(listenings, FIRST_INHERITED + i, names ? names : "", length);
            names = names && names[length] ? names + length + 1 : NULL;
        }
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}

void listenings_finish(struct listenings *listenings)
{
    while (listenings->inherited) {
        struct inherited *one = listenings->inherited;
        listenings->inherited = one->next;
        close(one->fd);
        free(one);
    }
}

/* A copy: it is there again when a program that has left comes back. */
static int copy_inherited(const struct listenings *listenings, const char *name, struct err *err)
{
    for (const struct inherited *one = listenings->inherited; one; one = one->next)
        if (strcmp(one->name, name) == 0)
            return fcntl(one->fd, F_DUPFD_CLOEXEC, FIRST_INHERITED);
    return err_set(err, ERR_NOT_FOUND,
                   "the service manager has passed no socket of the name %s (FileDescriptorName=)",
                   name);
}

/* Our own */

/* A file that nobody listens at is left from before; one that somebody does is not ours to take. */
static bool is_stale(const struct sockaddr_un *address, socklen_t length)
{
    struct stat status;
    if (lstat(address->sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_refused = fd >= 0 && connect(fd, (const struct sockaddr *)address, length) < 0 &&
                      errno == ECONNREFUSED;
    fd_close(&fd);
    return is_refused;
}

static int bind_and_listen(int fd, const struct socket_item *item)
{
    const int on = 1;
    int family = item->address.ss_family;
    const struct sockaddr *address = (const struct sockaddr *)&item->address;
    const struct sockaddr_un *local = (const struct sockaddr_un *)&item->address;
    if (family == AF_UNIX && is_stale(local, item->address_length))
        unlink(local->sun_path);
    if (family != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    return bind(fd, address, item->address_length) < 0 ? -1 : listen(fd, SOMAXCONN);
}

static int open_socket(const struct listenings *listenings, const struct socket_item *item,
                       struct err *err)
{
    if (item->address.ss_family == AF_UNSPEC)
        return copy_inherited(listenings, item->url + strlen(SOCKET_SYSTEMD_PREFIX), err);
    int fd = socket(item->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind_and_listen(fd, item) == 0)
        return fd;
    int cause = errno;
    fd_close(&fd);
    return err_errno(err, cause, "cannot listen at %s", item->url);
}

void listenings_resume(struct listenings *listenings, const char *url, int fd)
{
    struct listening *one = mem_new(1, sizeof *one);
    *one = (struct listening){.next = listenings->first, .fd = fd};
    snprintf(one->url, sizeof one->url, "%s", url);
    listenings->first = one;
}

static struct listening *find(const struct listenings *listenings, const char *url)
{
    struct listening *one = listenings->first;
    while (one && strcmp(one->url, url) != 0)
        one = one->next;
    return one;
}

bool listenings_have(const struct listenings *listenings, const char *url)
{
    return find(listenings, url);
}

struct listening *listening_hold(struct listenings *listenings, const struct socket_item *item,
                                 struct err *err)
{
    struct listening *one = find(listenings, item->url);
    if (one) {
        one->holders++;
        return one;
    }
    int fd = open_socket(listenings, item, err);
    if (fd < 0)
        return NULL;
    listenings_resume(listenings, item->url, fd);
    listenings->first->holders = 1;
    log_write(LOG_INFO, "listening at %s", item->url);
    return listenings->first;
}

static void remove_file(const char *url)
{
    if (strncmp(url, SOCKET_UNIX_PREFIX, strlen(SOCKET_UNIX_PREFIX)) == 0)
        unlink(url + strlen(SOCKET_UNIX_PREFIX));
}

void listening_release(struct listenings *listenings, struct listening *listening)
{
    if (!listening || --listening->holders > 0)
        return;
    struct listening **link = &listenings->first;
    while (*link != listening)
        link = &(*link)->next;
    *link = listening->next;
    fd_close(&listening->fd);
    remove_file(listening->url);
    free(listening);
}

/* Taking over */

void listenings_each_inherited(const struct listenings *listenings,
                               void (*each)(void *context, const char *name, int fd), void *context)
{
    for (const struct inherited *one = listenings->inherited; one; one = one->next)
        each(context, one->name, one->fd);
}

void listenings_resume_inherited(struct listenings *listenings, const char *name, int fd)
{
    add_inherited(listenings, fd, name, strlen(name));
}

void listenings_settle(struct listenings *listenings)
{
    struct listening *one = listenings->first;
    while (one) {
        struct listening *next = one->next;
        if (one->holders == 0) {
            one->holders = 1;
            listening_release(listenings, one);
        }
        one = next;
    }
}
