/* SPDX-License-Identifier: MIT */
#include "supervisor/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "common/log.h"
#include "common/mem.h"
#include "supervisor/control_address.h"

#define CLIENTS_MAX   64
#define IDLE_SECONDS  10.
#define PAUSE_SECONDS 1. /* of the listener, when not even the reserve is left */
#define READ_SIZE     16384
#define KEPT_SIZE     4096 /* of a buffer that is empty */

struct client {
    struct control *control;
    struct client *next;
    long uid;
    ev_io watch;
    ev_timer idle;
    struct buf in;
    struct buf out;
};

struct control {
    struct control_options options;
    char *path;
    int reserve; /* -1 while a client has it */
    ev_io listener;
    ev_timer resume;
    struct client *clients;
    size_t client_count;
    long peer; /* whose request is being answered */
};

int control_listener(const struct control *control)
{
    return control->listener.fd;
}

bool control_is_asked(const struct control *control)
{
    const struct client *client = control->clients;
    while (client && client->out.length == 0)
        client = client->next;
    return client;
}

long control_peer(const struct control *control)
{
    return control->peer;
}

static int open_reserve(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void control_put_error(struct buf *answer, const struct err *err)
{
    const char *code = err_code_name(err->code);
    buf_printf(answer, "{\"ok\":false,\"error\":{\"code\":\"%s\",\"message\":", code);
    json_string_append(answer, err->text, strlen(err->text));
    buf_text_append(answer, "}}");
}

static void client_close(struct client *client)
{
    struct control *control = client->control;
    struct client **link = &control->clients;
    while (*link != client)
        link = &(*link)->next;
    *link = client->next;
    control->client_count--;
    ev_io_stop(control->options.loop, &client->watch);
    ev_timer_stop(control->options.loop, &client->idle);
    close(client->watch.fd);
    buf_finish(&client->in);
    buf_finish(&client->out);
    free(client);
    if (control->reserve < 0)
        control->reserve = open_reserve();
}

static void on_idle(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    client_close(timer->data);
}

static void client_await(struct client *client, int events)
{
    struct ev_loop *loop = client->control->options.loop;
    ev_io_stop(loop, &client->watch);
    ev_io_set(&client->watch, client->watch.fd, events);
    ev_io_start(loop, &client->watch);
}

/* Answers the first request that is there whole. Returns false where there is none. */
static bool answer_one(struct client *client)
{
    const char *line = buf_text(&client->in);
    const char *end = memchr(line, '\n', client->in.length);
    if (!end)
        return false;
    size_t length = (size_t)(end - line);
    client->control->peer = client->uid;
    client->control->options.answer(client->control->options.context, line, length, &client->out);
    client->control->peer = -1;
    buf_text_append(&client->out, "\n");
    buf_consume(&client->in, length + 1);
    buf_trim(&client->in, KEPT_SIZE);
    ev_timer_again(client->control->options.loop, &client->idle);
    return true;
}

/* Says what is wrong in place of an answer, as far as the socket takes it at once. */
static void say(int fd, const char *text)
{
    struct err err = ERR_INIT;
    err_set(&err, ERR_LIMIT, "%s", text);
    struct buf answer;
    buf_init(&answer, sizeof err.text * 8);
    control_put_error(&answer, &err);
    buf_text_append(&answer, "\n");
    if (send(fd, buf_data(&answer), answer.length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        log_write(LOG_DEBUG, "control: a refused client has gone: %s", strerror(errno));
    buf_finish(&answer);
}

/* One answer at a time: a client that does not take its answers is not read from. Returns -1 where
 * the client is to be closed. */
static int client_work(struct client *client)
{
    while (client->out.length > 0 || answer_one(client)) {
        ssize_t put = send(client->watch.fd, buf_data(&client->out), client->out.length,
                           MSG_DONTWAIT | MSG_NOSIGNAL);
        if (put < 0) {
            client_await(client, EV_WRITE);
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        }
        buf_consume(&client->out, (size_t)put);
    }
    buf_trim(&client->out, KEPT_SIZE);
    client_await(client, EV_READ);
    return 0;
}

static int client_read(struct client *client)
{
    ssize_t got = buf_read(&client->in, client->watch.fd, READ_SIZE);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    if (got == 0)
        return -1;
    if (buf_full(&client->in) && !memchr(buf_text(&client->in), '\n', client->in.length)) {
        say(client->watch.fd, "the request is longer than 64 KiB");
        return -1;
    }
    return client_work(client);
}

static void on_client(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)loop;
    struct client *client = watch->data;
    int result = events & EV_READ ? client_read(client) : client_work(client);
    if (result < 0)
        client_close(client);
}

static long uid_of(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ? -1 : (long)peer.uid;
}

static bool may_ask(int fd)
{
    long uid = uid_of(fd);
    return uid == 0 || uid == (long)geteuid();
}

static void client_create(struct control *control, int fd)
{
    struct client *client = mem_new(1, sizeof *client);
    client->control = control;
    client->uid = uid_of(fd);
    client->next = control->clients;
    control->clients = client;
    control->client_count++;
    buf_init(&client->in, CONTROL_REQUEST_MAX + 1);
    buf_init(&client->out, CONTROL_ANSWER_MAX + 1);
    ev_io_init(&client->watch, on_client, fd, EV_READ);
    client->watch.data = client;
    ev_io_start(control->options.loop, &client->watch);
    ev_timer_init(&client->idle, on_idle, 0., IDLE_SECONDS);
    client->idle.data = client;
    ev_timer_again(control->options.loop, &client->idle);
}

/* Accepts one client, with the reserve where there is no other descriptor. -1 with errno. */
static int accept_client(struct control *control)
{
    int fd = accept4(control->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    bool used_up = fd < 0 && (errno == EMFILE || errno == ENFILE);
    if (!used_up || control->reserve < 0)
        return fd;
    fd_close(&control->reserve);
    return accept4(control->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static void on_resume(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct control *control = timer->data;
    ev_io_start(loop, &control->listener);
}

static void on_connection(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)events;
    struct control *control = watch->data;
    int fd = accept_client(control);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
        ev_io_stop(loop, &control->listener);
        ev_timer_set(&control->resume, PAUSE_SECONDS, 0.);
        ev_timer_start(loop, &control->resume);
    }
    if (fd < 0)
        return;
    if (may_ask(fd) && control->client_count < CLIENTS_MAX) {
        client_create(control, fd);
        return;
    }
    say(fd, may_ask(fd) ? "too many clients at the control socket" : "not your daemon");
    close(fd);
}

/* A socket that is there belongs to nobody; anything else is not ours to remove, and bind will say
 * so. */
static void remove_socket(const char *path)
{
    struct stat status;
    if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
        unlink(path);
}

/* The file is created by bind, so its mode is a matter of the umask. */
static int listen_at(const char *path, struct err *err)
{
    struct sockaddr_un address;
    if (control_address(&address, path, err) < 0)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_errno(err, errno, "cannot make the control socket");
    remove_socket(path);
    mode_t mask = umask(0177);
    int result = bind(fd, (struct sockaddr *)&address, sizeof address);
    umask(mask);
    if (result < 0 || listen(fd, CLIENTS_MAX) < 0) {
        err_errno(err, errno, "cannot listen at the control socket %s", path);
        fd_close(&fd);
    }
    return fd;
}

struct control *control_create(const struct control_options *options, struct err *err)
{
    int fd = options->listener >= 0 ? options->listener : listen_at(options->path, err);
    if (fd < 0)
        return NULL;
    struct control *control = mem_new(1, sizeof *control);
    control->options = *options;
    control->path = mem_strdup(options->path);
    control->reserve = open_reserve();
    ev_io_init(&control->listener, on_connection, fd, EV_READ);
    control->listener.data = control;
    ev_io_start(options->loop, &control->listener);
    ev_init(&control->resume, on_resume);
    control->resume.data = control;
    return control;
}

void control_destroy(struct control *control)
{
    if (!control)
        return;
    while (control->clients)
        client_close(control->clients);
    ev_io_stop(control->options.loop, &control->listener);
    ev_timer_stop(control->options.loop, &control->resume);
    close(control->listener.fd);
    unlink(control->path);
    fd_close(&control->reserve);
    free(control->path);
    free(control);
}
