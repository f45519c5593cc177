/* SPDX-License-Identifier: MIT */
#include "worker/helper.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/command.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/spawn.h"
#include "worker/capture.h"

#define READ_SIZE 16384

struct helper {
    LIST_ENTRY(helper) entry;
    struct helper_pool *pool;
    char *uuid;
    helper_done_fn done;
    void *context;
    int64_t timeout_ms;
    struct spawn_child child;
    ev_io exit_watch, output_watch;
    ev_timer limit;
    struct buf output;
    struct capture errors;
    struct err failure; /* why it was killed; ERR_NONE: it was not */
};

void helper_pool_init(struct helper_pool *pool, struct ev_loop *loop)
{
    *pool = (struct helper_pool){.loop = loop};
    LIST_INIT(&pool->running);
}

bool helper_pool_has(const struct helper_pool *pool, int pid)
{
    const struct helper *helper;
    LIST_FOREACH(helper, &pool->running, entry)
    if (helper->child.pid == pid)
        return true;
    return false;
}

/* --- its end --- */

static void end_now(struct helper *helper, enum err_code code, const char *why)
{
    if (helper->failure.code != ERR_NONE)
        return;
    err_set(&helper->failure, code, "%s", why);
    spawn_signal_group(&helper->child, SIGKILL);
}

static void read_output(struct helper *helper)
{
    ssize_t got;
    do
        got = buf_read(&helper->output, helper->output_watch.fd, READ_SIZE);
    while (got > 0 || (got < 0 && errno == EINTR));
    if (got == 0 || (got < 0 && errno != EAGAIN))
        ev_io_stop(helper->pool->loop, &helper->output_watch);
    if (got < 0 && errno == ENOBUFS)
        end_now(helper, ERR_LIMIT, "it wrote too much");
}

static void on_output(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)loop, (void)events;
    read_output(watch->data);
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct helper *helper = timer->data;
    struct err why = ERR_INIT;
    err_set(&why, ERR_LIMIT, "it has not ended within %.15g s", (double)helper->timeout_ms / 1000.);
    end_now(helper, ERR_LIMIT, why.text);
}

static void destroy(struct helper *helper)
{
    struct ev_loop *loop = helper->pool->loop;
    int fd = helper->output_watch.fd;
    ev_io_stop(loop, &helper->exit_watch);
    ev_io_stop(loop, &helper->output_watch);
    ev_timer_stop(loop, &helper->limit);
    fd_close(&fd);
    capture_close(&helper->errors);
    capture_finish(&helper->errors);
    buf_finish(&helper->output);
    free(helper->uuid);
    free(helper);
}

static void judge_status(struct helper *helper, int status)
{
    char how[SPAWN_STATUS_SIZE];
    if (helper->failure.code == ERR_NONE && status != 0)
        err_set(&helper->failure, ERR_SYSTEM, "it ended with %s", spawn_status_text(status, how));
}

static void tell_and_destroy(struct helper *helper)
{
    LIST_REMOVE(helper, entry);
    helper->pool->count--;
    helper->done(helper->context, buf_text(&helper->output), helper->output.length,
                 helper->failure.code == ERR_NONE ? NULL : &helper->failure);
    destroy(helper);
}

static void on_exit_of(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)loop, (void)events;
    struct helper *helper = watch->data;
    int cause, status = 0;
    if (ev_is_active(&helper->output_watch))
        read_output(helper);
    spawn_signal_group(&helper->child, SIGKILL);
    if (spawn_poll(&helper->child, &cause) == SPAWN_FAILED)
        err_set(&helper->failure, ERR_SYSTEM, "it cannot be started: %s", strerror(cause));
    spawn_reap(&helper->child, &status);
    spawn_close(&helper->child);
    judge_status(helper, status);
    tell_and_destroy(helper);
}

void helper_pool_close(struct helper_pool *pool)
{
    struct helper *helper;
    pool->is_closed = true;
    LIST_FOREACH(helper, &pool->running, entry)
    end_now(helper, ERR_UNAVAILABLE, "the worker is stopped");
}

void helper_pool_finish(struct helper_pool *pool)
{
    struct helper *helper;
    helper_pool_close(pool);
    while ((helper = LIST_FIRST(&pool->running))) {
        spawn_close(&helper->child);
        tell_and_destroy(helper);
    }
}

/* --- its beginning --- */

static const char *uuid_of(void *context)
{
    const struct helper *helper = context;
    return helper->uuid;
}

/* A file in memory takes an input of any size at once, where a pipe would have to be fed. */
static int open_input(const struct helper_request *request, struct err *err)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd >= 0 && fd_write_all(fd, request->input, request->length) == 0 &&
        lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    err_errno(err, errno, "cannot make the input of a program");
    fd_close(&fd);
    return -1;
}

/* Opens what it reads and writes; fds are the child's ends. */
static int open_all(struct helper *helper, const struct helper_request *request, int fds[3],
                    struct err *err)
{
    int output[2];
    fds[0] = open_input(request, err);
    if (fds[0] < 0 || fd_pipe(output, err) < 0)
        return -1;
    fds[1] = output[1];
    fd_set_nonblocking(output[0], true);
    ev_io_set(&helper->output_watch, output[0], EV_READ);
    return capture_open(&helper->errors, &fds[2], err);
}

static int spawn(struct helper *helper, const struct helper_request *request, const int fds[3],
                 struct err *err)
{
    char **argv = command_split(request->command, err);
    if (!argv)
        return -1;
    const struct spawn_fd ends[] = {
        {fds[0], STDIN_FILENO}, {fds[1], STDOUT_FILENO}, {fds[2], STDERR_FILENO}};
    const struct spawn_request start = {
        .argv = argv,
        .directory = *request->directory ? request->directory : NULL,
        .fds = ends,
        .fd_count = 3,
        .new_group = true,
        .parent_death_signal = SIGKILL,
    };
    int result = spawn_start(&start, &helper->child, err);
    command_free(argv);
    return result;
}

static struct helper *create(struct helper_pool *pool, const struct helper_request *request)
{
    struct helper *helper = mem_new(1, sizeof *helper);
    *helper = (struct helper){
        .pool = pool,
        .uuid = mem_strdup(request->uuid),
        .done = request->done,
        .context = request->context,
        .timeout_ms = request->timeout_ms,
        .child = {.pid = -1, .pidfd = -1, .error_fd = -1},
        .failure = ERR_INIT,
    };
    buf_init(&helper->output, HELPER_OUTPUT_MAX);
    capture_init(&helper->errors, pool->loop, "stderr", false, uuid_of, helper);
    ev_io_init(&helper->exit_watch, on_exit_of, -1, EV_READ);
    ev_io_init(&helper->output_watch, on_output, -1, EV_READ);
    ev_timer_init(&helper->limit, on_limit, (double)request->timeout_ms / 1000., 0.);
    helper->exit_watch.data = helper->output_watch.data = helper->limit.data = helper;
    return helper;
}

int helper_start(struct helper_pool *pool, const struct helper_request *request, struct err *err)
{
    int fds[3] = {-1, -1, -1};
    if (pool->is_closed)
        return err_set(err, ERR_UNAVAILABLE, "the worker is stopped");
    struct helper *helper = create(pool, request);
    int result = open_all(helper, request, fds, err);
    if (result == 0)
        result = spawn(helper, request, fds, err);
    for (int i = 0; i < 3; i++)
        fd_close(&fds[i]);
    if (result < 0) {
        destroy(helper);
        return err_prefix(err, "%s", request->command);
    }
    LIST_INSERT_HEAD(&pool->running, helper, entry);
    pool->count++;
    ev_now_update(pool->loop);
    ev_io_set(&helper->exit_watch, helper->child.pidfd, EV_READ);
    ev_io_start(pool->loop, &helper->exit_watch);
    ev_io_start(pool->loop, &helper->output_watch);
    ev_timer_start(pool->loop, &helper->limit);
    return 0;
}
