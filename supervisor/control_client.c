/* SPDX-License-Identifier: MIT */
#include "supervisor/control_client.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/fd.h"
#include "supervisor/control_address.h"

#define READ_SIZE 65536

/* One question, while it is being asked. */
struct call {
    const char *path;
    int fd;
    int64_t deadline_ms;
    struct buf text; /* what is to be sent, then what has been received */
    struct err *err;
};

static int refuse(const struct call *call, int cause)
{
    if (cause == ENOENT)
        return err_set(call->err, ERR_UNAVAILABLE, "musterd is not running (no socket at %s)",
                       call->path);
    if (cause == ECONNREFUSED)
        return err_set(call->err, ERR_UNAVAILABLE, "musterd is not running (nobody listens at %s)",
                       call->path);
    if (cause == ETIMEDOUT)
        return err_set(call->err, ERR_UNAVAILABLE, "musterd does not answer at %s", call->path);
    return err_set(call->err, ERR_UNAVAILABLE, "cannot reach musterd at %s: %s", call->path,
                   strerror(cause));
}

/* Waits until the socket is ready. Returns 0, or the errno ETIMEDOUT. */
static int wait_for(const struct call *call, short events)
{
    for (;;) {
        int64_t left = call->deadline_ms - clock_monotonic_ms(&clock_system);
        struct pollfd watch = {.fd = call->fd, .events = events};
        int ready = left > 0 ? poll(&watch, 1, left < 60000 ? (int)left : 60000) : 0;
        if (ready > 0)
            return 0;
        if (left <= 0)
            return ETIMEDOUT;
    }
}

/* A full backlog answers EAGAIN at once, and there is nothing to wait on: it is tried again. */
static int open_socket(struct call *call)
{
    struct sockaddr_un address;
    if (control_address(&address, call->path, call->err) < 0)
        return -1;
    call->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (call->fd < 0)
        return err_errno(call->err, errno, "cannot make a socket");
    while (connect(call->fd, (struct sockaddr *)&address, sizeof address) < 0) {
        if (errno != EAGAIN && errno != EINTR)
            return refuse(call, errno);
        if (clock_monotonic_ms(&clock_system) >= call->deadline_ms)
            return refuse(call, ETIMEDOUT);
        poll(NULL, 0, 10);
    }
    return 0;
}

static bool try_again(void)
{
    return errno == EAGAIN || errno == EINTR;
}

static int send_request(struct call *call)
{
    while (call->text.length > 0) {
        int cause = wait_for(call, POLLOUT);
        ssize_t put =
            cause ? -1 : send(call->fd, buf_data(&call->text), call->text.length, MSG_NOSIGNAL);
        if (put < 0 && (cause || !try_again()))
            return refuse(call, cause ? cause : errno);
        if (put > 0)
            buf_consume(&call->text, (size_t)put);
    }
    return 0;
}

static int receive_answer(struct call *call)
{
    while (!memchr(buf_text(&call->text), '\n', call->text.length)) {
        int cause = wait_for(call, POLLIN);
        if (cause)
            return refuse(call, cause);
        ssize_t got = buf_read(&call->text, call->fd, READ_SIZE);
        if (got == 0)
            return refuse(call, ECONNRESET);
        if (got < 0 && !try_again())
            return refuse(call, errno);
    }
    return 0;
}

/* Takes over what the master says is wrong. */
static int refused(const cJSON *answer, struct err *err)
{
    const cJSON *error = json_get(answer, "error");
    const char *name = json_get_string(error, "code", "");
    enum err_code code = ERR_SYSTEM;
    for (int i = ERR_INVALID; i < ERR_SYSTEM; i++)
        if (strcmp(err_code_name((enum err_code)i), name) == 0)
            code = (enum err_code)i;
    return err_set(err, code, "%s", json_get_string(error, "message", "musterd refuses"));
}

static cJSON *read_answer(const struct call *call)
{
    const char *text = buf_text(&call->text);
    cJSON *answer = json_parse(text, strcspn(text, "\n"), call->err);
    if (!answer) {
        err_prefix(call->err, "the answer of musterd");
    } else if (!json_get_bool(answer, "ok", false)) {
        refused(answer, call->err);
        cJSON_Delete(answer);
        answer = NULL;
    }
    return answer;
}

cJSON *control_call(const char *socket_path, const char *request, int64_t timeout_ms,
                    struct err *err)
{
    struct call call = {.path = socket_path,
                        .fd = -1,
                        .deadline_ms = clock_monotonic_ms(&clock_system) + timeout_ms,
                        .err = err};
    buf_init(&call.text, CONTROL_ANSWER_MAX + 1);
    buf_text_append(&call.text, request);
    buf_text_append(&call.text, "\n");
    cJSON *answer = NULL;
    if (open_socket(&call) == 0 && send_request(&call) == 0 && receive_answer(&call) == 0)
        answer = read_answer(&call);
    fd_close(&call.fd);
    buf_finish(&call.text);
    return answer;
}

cJSON *control_command(const char *socket_path, const char *command, const char *queue,
                       int64_t timeout_ms, struct err *err)
{
    struct buf request;
    buf_init(&request, CONTROL_REQUEST_MAX);
    buf_text_append(&request, "{\"command\":");
    json_string_append(&request, command, strlen(command));
    if (queue) {
        buf_text_append(&request, ",\"queue\":");
        json_string_append(&request, queue, strlen(queue));
    }
    cJSON *answer = NULL;
    if (buf_text_append(&request, "}") == 0)
        answer = control_call(socket_path, buf_text(&request), timeout_ms, err);
    else
        err_set(err, ERR_LIMIT, "the name of the queue is too long");
    buf_finish(&request);
    return answer;
}
