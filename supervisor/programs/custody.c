/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/custody.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/process_id.h"
#include "supervisor/control_address.h"
#include "supervisor/programs/custodian.h"
#include "supervisor/programs/program_group.h"
#include "supervisor/programs/program_sockets.h"
#include "supervisor/programs/programs.h"
#include "supervisor/programs/watch.h"
#include "supervisor/state_parts.h"

#define SEND_BUFFER     (4 << 20)
#define RECEIVE_SECONDS 5
#define UNKNOWN_STATUS  (255 << 8)

struct inheritance {
    struct inheritance *next;
    cJSON *root;
    int fds[CUSTODY_FDS_MAX];
    size_t fd_count;
};

struct adopted {
    struct program *program;
    ev_io end;
};

/* Giving into custody */

static void tell(struct custody *custody, const cJSON *message, const int *fds, size_t fd_count)
{
    char *text = cJSON_PrintUnformatted(message);
    if (custody_send(custody->socket, text, fds, fd_count) < 0) {
        log_write(LOG_ERROR, "custody: %s: a kill of musterd would lose its programs",
                  strerror(errno));
        if (errno != EAGAIN)
            fd_close(&custody->socket);
    }
    cJSON_free(text);
}

static void put_key(const struct program *program, cJSON *message)
{
    char *key = program_full_name(program);
    json_put_text(message, "key", key);
    json_put_text(message, "group", program_group_name(program->group));
    free(key);
}

/* What holds for this moment alone: nobody writes it down again when it changes. */
static void drop_the_moment(cJSON *program)
{
    static const char *const members[] = {"ansi", "inside", "inside_line", "matched"};
    cJSON *streams = cJSON_GetObjectItemCaseSensitive(program, "streams"), *stream;
    cJSON_DeleteItemFromObjectCaseSensitive(program, "schedule");
    cJSON_ArrayForEach(stream, streams) for (size_t i = 0; i < sizeof members / sizeof members[0];
                                             i++)
        cJSON_DeleteItemFromObjectCaseSensitive(stream, members[i]);
}

struct socket_saver {
    struct state_out *out;
    cJSON *list;
};

static void put_socket(void *context, const char *url, int fd)
{
    const struct socket_saver *saver = context;
    cJSON *object = cJSON_CreateObject();
    json_put_text(object, "url", url);
    state_put_fd(saver->out, object, "fd", fd);
    cJSON_AddItemToArray(saver->list, object);
}

/* Those that its process has from its master: they are bound once, and the next master goes on with
 * them. */
static void put_sockets(const struct program *program, struct state_out *out)
{
    struct socket_saver own = {out, cJSON_AddArrayToObject(out->root, "sockets")};
    struct socket_saver fcgi = {out, cJSON_AddArrayToObject(out->root, "fcgi_sockets")};
    program_sockets_each(program, put_socket, &own);
    if (program->holds_socket)
        put_socket(&fcgi, program->group->settings->socket, program_group_socket(program->group));
}

/* An event listener is in the middle of a conversation: it is not held, sees the end of its input,
 * and is started anew. */
void custody_hold(struct program *program)
{
    struct custody *custody = &program->host->custody;
    struct state_out out;
    if (custody->socket < 0 || program->listener)
        return;
    state_out_init(&out);
    put_key(program, out.root);
    json_put_number(out.root, "start_time", (double)process_start_time(program->child.pid));
    state_save_program(program, &out, out.root);
    drop_the_moment(out.root);
    put_sockets(program, &out);
    tell(custody, out.root, out.fds, out.fd_count);
    state_out_finish(&out);
}

void custody_release(struct program *program)
{
    if (program->host->custody.socket < 0 || program->listener || program->child.pid <= 0)
        return;
    cJSON *message = cJSON_CreateObject();
    put_key(program, message);
    tell(&program->host->custody, message, NULL, 0);
    cJSON_Delete(message);
}

void custody_hold_cgroup(struct program_host *host)
{
    const struct cgroups *cgroups = &host->cgroups;
    if (host->custody.socket < 0 || !cgroups->directory || cgroups->is_aside)
        return;
    cJSON *message = cJSON_CreateObject();
    json_put_text(message, "cgroup", cgroups->directory);
    tell(&host->custody, message, NULL, 0);
    cJSON_Delete(message);
}

void custody_hold_notify(struct program_host *host)
{
    if (host->custody.socket < 0)
        return;
    cJSON *message = cJSON_CreateObject();
    json_put_text(message, "notify", host->notify.name);
    tell(&host->custody, message, &host->notify.fd, 1);
    cJSON_Delete(message);
}

/* Taking over */

static void receive_one(struct custody *custody, const char *text, const int *fds, size_t fd_count)
{
    struct inheritance *one = mem_new(1, sizeof *one);
    one->root = json_parse(text, strlen(text), NULL);
    memcpy(one->fds, fds, fd_count * sizeof *fds);
    one->fd_count = fd_count;
    one->next = custody->inherited;
    custody->inherited = one;
}

/* How many descriptors come is not known: there is room for as many as there may be. */
static void receive_from(struct custody *custody, int fd)
{
    static char text[CUSTODY_MESSAGE_MAX + 1];
    int fds[CUSTODY_FDS_MAX];
    size_t fd_count;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    setrlimit(RLIMIT_NOFILE,
              &(struct rlimit){.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max});
    while (custody_receive(fd, text, fds, &fd_count) > 0)
        receive_one(custody, text, fds, fd_count);
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void receive_all(struct custody *custody)
{
    const struct timeval limit = {.tv_sec = RECEIVE_SECONDS};
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (control_address(&address, custody->path, NULL) == 0 &&
        connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        receive_from(custody, fd);
    }
    fd_close(&fd);
}

bool custody_has_inherited(const struct program_host *host)
{
    return host->custody.inherited != NULL;
}

/* Each process has a copy of its own: the first one of this address that is still there. */
static int take_socket(struct inheritance *one, const char *list, const char *url)
{
    struct state_in in = {.root = one->root, .fds = one->fds, .fd_count = one->fd_count};
    const cJSON *object;
    cJSON_ArrayForEach(object, json_get(one->root, list))
    {
        if (strcmp(json_get_string(object, "url", ""), url) == 0)
            return state_take_fd(&in, object, "fd");
    }
    return -1;
}

int custody_take_socket(const struct program_host *host, const char *url)
{
    int fd = -1;
    for (struct inheritance *one = host->custody.inherited; one && fd < 0; one = one->next)
        fd = take_socket(one, "fcgi_sockets", url);
    return fd;
}

/* Before the programs are there that name them. */
static void take_listenings(struct program_host *host)
{
    for (struct inheritance *one = host->custody.inherited; one; one = one->next) {
        const cJSON *object;
        cJSON_ArrayForEach(object, json_get(one->root, "sockets"))
        {
            const char *url = json_get_string(object, "url", "");
            int fd =
                listenings_have(&host->listenings, url) ? -1 : take_socket(one, "sockets", url);
            if (fd >= 0)
                listenings_resume(&host->listenings, url, fd);
        }
    }
}

/* What it has said while nobody was there to judge it. */
static void hear(struct program *program, const char *said)
{
    struct notify_message message;
    notify_message_read(said, strlen(said), &message);
    if (program->watch)
        watch_told(program->watch, &message);
}

static void adopt_notify(struct program_host *host, struct inheritance *one)
{
    sd_notify_resume(host, one->fds[0], json_get_string(one->root, "notify", ""));
    one->fds[0] = -1;
}

static void adopt_program(struct programs *programs, struct inheritance *one)
{
    const char *key = json_get_string(one->root, "key", "");
    const struct program_group *group =
        programs_group(programs, json_get_string(one->root, "group", ""));
    struct program *program =
        group ? program_group_find(group, json_get_string(one->root, "name", "")) : NULL;
    pid_t pid = (pid_t)json_get_integer(one->root, "pid", 0);
    int pidfd = process_find(pid, json_get_integer(one->root, "start_time", -1));
    struct state_in in = {.root = one->root, .fds = one->fds, .fd_count = one->fd_count};
    if (pidfd < 0) {
        log_write(LOG_INFO, "custody: the process %d of %s has ended", (int)pid, key);
    } else if (!program || program_pid(program) > 0) {
        log_write(LOG_ERROR,
                  "custody: %s is not configured any more: its process %d goes on "
                  "unsupervised",
                  key, (int)pid);
        fd_close(&pidfd);
    } else {
        log_write(LOG_INFO, "adopted: '%s' with pid %d", program->process->name, (int)pid);
        program->child.pidfd = pidfd;
        program->child.is_stranger = true;
        state_load_program(program, &in, one->root);
        for (int stream = 0; stream < STREAM_COUNT; stream++)
            output_reopen(&program->outputs[stream]); /* it may have been rotated */
        hear(program, json_get_string(one->root, "said", ""));
    }
}

void custody_adopt(struct programs *programs)
{
    struct custody *custody = &programs->host.custody;
    while (custody->inherited) {
        struct inheritance *one = custody->inherited;
        custody->inherited = one->next;
        if (json_get(one->root, "notify") && one->fd_count == 1)
            adopt_notify(&programs->host, one);
        else if (one->root)
            adopt_program(programs, one);
        for (size_t i = 0; i < one->fd_count; i++)
            fd_close(&one->fds[i]);
        cJSON_Delete(one->root);
        free(one);
    }
    listenings_settle(&programs->host.listenings);
}

/* The end of one that is no child */

static void on_end(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)events;
    struct adopted *adopted = watch->data;
    struct program *program = adopted->program;
    ev_io_stop(loop, watch);
    free(adopted);
    program->child.is_reaped = true;
    program->reaped.ended(&program->reaped, UNKNOWN_STATUS);
}

void custody_watch(struct program *program)
{
    struct adopted *adopted = mem_new(1, sizeof *adopted);
    adopted->program = program;
    ev_io_init(&adopted->end, on_end, program->child.pidfd, EV_READ);
    adopted->end.data = adopted;
    ev_io_start(program->host->host->loop, &adopted->end);
}

/* Beginning and end */

static int listen_at(const char *path, struct err *err)
{
    struct sockaddr_un address;
    if (control_address(&address, path, err) < 0)
        return -1;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    unlink(path);
    mode_t mask = umask(0177);
    int result = bind(fd, (struct sockaddr *)&address, sizeof address);
    umask(mask);
    if (result == 0 && listen(fd, 1) == 0)
        return fd;
    err_errno(err, errno, "cannot listen at %s", path);
    fd_close(&fd);
    return -1;
}

static int start_custodian(struct custody *custody, struct err *err)
{
    static const int size = SEND_BUFFER;
    int ends[2], listener = listen_at(custody->path, err);
    if (listener < 0)
        return -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        err_errno(err, errno, "cannot make a socket pair");
        fd_close(&listener);
        return -1;
    }
    if (setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
        setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    fd_set_nonblocking(ends[0], true);
    custody->pid = fork();
    if (custody->pid == 0)
        custodian_run(ends[1], listener);
    custody->socket = ends[0];
    close(ends[1]);
    close(listener);
    return custody->pid < 0 ? err_errno(err, errno, "cannot fork") : 0;
}

void custody_begin(struct program_host *host, const char *path)
{
    struct err err = ERR_INIT;
    host->custody.path = mem_strdup(path);
    receive_all(&host->custody);
    take_listenings(host);
    if (start_custodian(&host->custody, &err) < 0)
        log_write(LOG_ERROR, "custody: %s: a kill of musterd would lose its programs", err.text);
}

void custody_resume(struct program_host *host, const char *path, int socket, pid_t pid)
{
    host->custody = (struct custody){.path = mem_strdup(path), .socket = socket, .pid = pid};
}

void custody_finish(struct program_host *host)
{
    fd_close(&host->custody.socket);
    free(host->custody.path);
    host->custody.path = NULL;
}
