/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/custodian.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "common/mem.h"

/* Messages */

int custody_send(int socket, const char *text, const int *fds, size_t fd_count)
{
    union {
        char room[CMSG_SPACE(CUSTODY_FDS_MAX * sizeof(int))];
        struct cmsghdr aligned;
    } control = {.room = {0}};
    struct iovec part = {.iov_base = (char *)text, .iov_len = strlen(text)};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd_count > CUSTODY_FDS_MAX || part.iov_len > CUSTODY_MESSAGE_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    if (fd_count > 0) {
        header.msg_control = control.room;
        header.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
        struct cmsghdr *first = CMSG_FIRSTHDR(&header);
        *first = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                                  .cmsg_type = SCM_RIGHTS,
                                  .cmsg_len = CMSG_LEN(fd_count * sizeof(int))};
        memcpy(CMSG_DATA(first), fds, fd_count * sizeof(int));
    }
    return sendmsg(socket, &header, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

long custody_receive(int socket, char text[CUSTODY_MESSAGE_MAX + 1], int fds[CUSTODY_FDS_MAX],
                     size_t *fd_count)
{
    union {
        char room[CMSG_SPACE(CUSTODY_FDS_MAX * sizeof(int))];
        struct cmsghdr aligned;
    } control;
    struct iovec part = {.iov_base = text, .iov_len = CUSTODY_MESSAGE_MAX};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.room,
                            .msg_controllen = sizeof control.room};
    ssize_t got;
    *fd_count = 0;
    while ((got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        ;
    text[got > 0 ? got : 0] = '\0';
    for (struct cmsghdr *one = got >= 0 ? CMSG_FIRSTHDR(&header) : NULL; one;
         one = CMSG_NXTHDR(&header, one)) {
        if (one->cmsg_type != SCM_RIGHTS)
            continue;
        *fd_count = (one->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(fds, CMSG_DATA(one), *fd_count * sizeof(int));
    }
    return got;
}

/* What is held */

struct held {
    char *key, *text;
    int pidfd; /* of the process; -1 until the master is gone */
    int pid;
    int fds[CUSTODY_FDS_MAX];
    size_t fd_count;
};

struct custodian {
    int master, listener;
    struct held *items;
    size_t count;
};

static void drop(struct custodian *custodian, size_t index)
{
    struct held *held = &custodian->items[index];
    for (size_t i = 0; i < held->fd_count; i++)
        fd_close(&held->fds[i]);
    fd_close(&held->pidfd);
    free(held->key);
    free(held->text);
    *held = custodian->items[--custodian->count];
}

static void drop_key(struct custodian *custodian, const char *key)
{
    for (size_t i = 0; i < custodian->count; i++)
        if (strcmp(custodian->items[i].key, key) == 0)
            drop(custodian, i--);
}

static void take(struct custodian *custodian, const char *text, const int *fds, size_t fd_count)
{
    cJSON *message = json_parse(text, strlen(text), NULL);
    const char *key = json_get_string(message, "key", "");
    int pid = (int)json_get_integer(message, "pid", 0);
    drop_key(custodian, key);
    if (pid > 0) {
        custodian->items =
            mem_resize(custodian->items, custodian->count + 1, sizeof *custodian->items);
        struct held *held = &custodian->items[custodian->count++];
        *held = (struct held){
            .key = mem_strdup(key), .text = mem_strdup(text), .pidfd = -1, .pid = pid};
        memcpy(held->fds, fds, fd_count * sizeof *fds);
        held->fd_count = fd_count;
    }
    for (size_t i = 0; pid <= 0 && i < fd_count; i++)
        close(fds[i]);
    cJSON_Delete(message);
}

/* Until the master has gone. */
static void serve(struct custodian *custodian)
{
    static char text[CUSTODY_MESSAGE_MAX + 1];
    int fds[CUSTODY_FDS_MAX];
    size_t fd_count;
    while (custody_receive(custodian->master, text, fds, &fd_count) > 0)
        take(custodian, text, fds, fd_count);
}

static void hand_over(struct custodian *custodian, int heir)
{
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t size = sizeof peer;
    getsockopt(heir, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    if (peer.uid != 0 && peer.uid != geteuid())
        return;
    for (size_t i = 0; i < custodian->count; i++)
        if (custody_send(heir, custodian->items[i].text, custodian->items[i].fds,
                         custodian->items[i].fd_count) < 0)
            return;
    custodian->count = 0;
}

/* Forgets those whose process has ended. */
static void look(struct custodian *custodian)
{
    for (size_t i = 0; i < custodian->count; i++) {
        struct held *held = &custodian->items[i];
        if (held->pidfd < 0)
            held->pidfd = (int)syscall(SYS_pidfd_open, held->pid, 0);
        struct pollfd end = {.fd = held->pidfd, .events = POLLIN};
        if (held->pidfd < 0 || poll(&end, 1, 0) == 1)
            drop(custodian, i--);
    }
}

static void wait_for_heir(struct custodian *custodian)
{
    for (look(custodian); custodian->count > 0; look(custodian)) {
        struct pollfd *fds = mem_new(custodian->count + 1, sizeof *fds);
        fds[0] = (struct pollfd){.fd = custodian->listener, .events = POLLIN};
        for (size_t i = 0; i < custodian->count; i++)
            fds[i + 1] = (struct pollfd){.fd = custodian->items[i].pidfd, .events = POLLIN};
        poll(fds, custodian->count + 1, -1);
        int heir = fds[0].revents ? accept4(custodian->listener, NULL, NULL, SOCK_CLOEXEC) : -1;
        free(fds);
        if (heir >= 0)
            hand_over(custodian, heir);
        fd_close(&heir);
    }
}

/* Nothing of the master is kept but these two: neither its lock nor its sockets. */
static void leave_all_else(struct custodian *custodian)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    setsid();
    int master = fcntl(custodian->master, F_DUPFD_CLOEXEC, 100);
    int listener = fcntl(custodian->listener, F_DUPFD_CLOEXEC, 100);
    int null = open("/dev/null", O_RDWR);
    for (int number = 0; number < 3; number++)
        dup2(null, number);
    custodian->master = dup2(master, 3);
    custodian->listener = dup2(listener, 4);
    syscall(SYS_close_range, 5u, ~0u, 0);
    prctl(PR_SET_NAME, "muster-custody");
}

_Noreturn void custodian_run(int master, int listener)
{
    struct custodian custodian = {.master = master, .listener = listener};
    leave_all_else(&custodian);
    serve(&custodian);
    wait_for_heir(&custodian);
    _exit(0);
}
