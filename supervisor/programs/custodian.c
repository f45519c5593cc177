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
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "common/mem.h"
#include "supervisor/programs/cgroups.h"
#include "supervisor/programs/notify_message.h"
#include "supervisor/programs/sd_notify.h"

#define WATCHED_BESIDE 2 /* the processes: who comes next, and what programs say */

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
    struct notify_message said; /* since the master is gone */
};

struct custodian {
    int master, listener;
    int notify; /* the socket of sd_notify; -1: there is none */
    char *notify_text;
    char *cgroup; /* NULL: there is none */
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

static void take_notify(struct custodian *custodian, const char *text, int fd)
{
    fd_close(&custodian->notify);
    free(custodian->notify_text);
    custodian->notify = fd;
    custodian->notify_text = mem_strdup(text);
}

static void take_cgroup(struct custodian *custodian, const char *directory)
{
    free(custodian->cgroup);
    custodian->cgroup = mem_strdup(directory);
}

static void take_program(struct custodian *custodian, const cJSON *message, const char *text,
                         const int *fds, size_t fd_count)
{
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
}

static void take(struct custodian *custodian, const char *text, const int *fds, size_t fd_count)
{
    cJSON *message = json_parse(text, strlen(text), NULL);
    if (json_get(message, "notify") && fd_count == 1)
        take_notify(custodian, text, fds[0]);
    else if (json_get(message, "cgroup"))
        take_cgroup(custodian, json_get_string(message, "cgroup", ""));
    else
        take_program(custodian, message, text, fds, fd_count);
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

/* What is held, and what the program has said meanwhile: a malloc'd text. */
static char *text_of(const struct held *held)
{
    char said[NOTIFY_TEXT_SIZE];
    notify_message_write(&held->said, said);
    cJSON *message = said[0] ? json_parse(held->text, strlen(held->text), NULL) : NULL;
    if (!message)
        return mem_strdup(held->text);
    json_put_text(message, "said", said);
    char *text = cJSON_PrintUnformatted(message);
    cJSON_Delete(message);
    return text;
}

static int send_held(const struct held *held, int heir)
{
    char *text = text_of(held);
    int result = custody_send(heir, text, held->fds, held->fd_count);
    free(text);
    return result;
}

static void hand_over(struct custodian *custodian, int heir)
{
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t size = sizeof peer;
    getsockopt(heir, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    if (peer.uid != 0 && peer.uid != geteuid())
        return;
    if (custodian->notify >= 0 &&
        custody_send(heir, custodian->notify_text, &custodian->notify, 1) < 0)
        return;
    for (size_t i = 0; i < custodian->count; i++)
        if (send_held(&custodian->items[i], heir) < 0)
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

/* Where nobody read what programs say, they would wait with the first ping that does not fit. */
static void listen_to_programs(struct custodian *custodian)
{
    struct notify_message message;
    pid_t sender;
    int got;
    while (custodian->notify >= 0 &&
           (got = sd_notify_receive(custodian->notify, &message, &sender)) >= 0) {
        pid_t group = sender > 0 ? getpgid(sender) : -1;
        for (size_t i = 0; got > 0 && i < custodian->count; i++)
            if (custodian->items[i].pid == sender || custodian->items[i].pid == group)
                notify_message_add(&custodian->items[i].said, &message);
    }
}

static void wait_for_heir(struct custodian *custodian)
{
    look(custodian);
    if (custodian->cgroup && custodian->count > 0)
        cgroups_open(custodian->cgroup);
    for (; custodian->count > 0; look(custodian)) {
        struct pollfd *fds = mem_new(custodian->count + WATCHED_BESIDE, sizeof *fds);
        fds[0] = (struct pollfd){.fd = custodian->listener, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = custodian->notify, .events = POLLIN};
        for (size_t i = 0; i < custodian->count; i++)
            fds[i + WATCHED_BESIDE] =
                (struct pollfd){.fd = custodian->items[i].pidfd, .events = POLLIN};
        poll(fds, custodian->count + WATCHED_BESIDE, -1);
        listen_to_programs(custodian);
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

/* It holds several descriptors a program, and is begun before anybody knows how many those are. */
static void make_room(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

_Noreturn void custodian_run(int master, int listener)
{
    struct custodian custodian = {.master = master, .listener = listener, .notify = -1};
    make_room();
    leave_all_else(&custodian);
    serve(&custodian);
    wait_for_heir(&custodian);
    _exit(0);
}
