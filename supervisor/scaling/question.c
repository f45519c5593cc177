/* SPDX-License-Identifier: MIT */
#include "supervisor/scaling/question.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/command.h"
#include "common/fd.h"
#include "common/mem.h"
#include "scaler/command.h"

#define READ_SIZE 4096

struct question {
    struct host *host;
    question_done_fn done; /* NULL: nobody wants the answer */
    void *context;
    double seconds; /* that it may take */
    char **argv;
    struct spawn_request request;
    struct spawn_child child;
    struct reaper_child reaped;
    int answer_fd;
    struct buf answer;
    ev_io readable;
    ev_timer limit;
    struct err err; /* why it was killed */
};

static void kill_it(struct question *question)
{
    spawn_signal_group(&question->child, SIGKILL);
}

static void stop_watching(struct question *question)
{
    ev_io_stop(question->host->loop, &question->readable);
    ev_timer_stop(question->host->loop, &question->limit);
    fd_close(&question->answer_fd);
}

static void finish(struct question *question)
{
    stop_watching(question);
    spawn_close(&question->child);
    command_free(question->argv);
    buf_finish(&question->answer);
    free(question);
}

/* Takes what is there. Returns what read(2) did. */
static ssize_t read_some(struct question *question)
{
    ssize_t got = buf_read(&question->answer, question->answer_fd, READ_SIZE);
    if (got < 0 && errno == ENOBUFS)
        err_set(&question->err, ERR_LIMIT, "it writes more than %d bytes", COMMAND_ANSWER_MAX);
    return got;
}

static void on_readable(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)events;
    struct question *question = watch->data;
    ssize_t got = read_some(question);
    if (got > 0 || (got < 0 && errno == EAGAIN))
        return;
    ev_io_stop(loop, watch); /* the end of the command is what counts */
    if (question->err.code != ERR_NONE)
        kill_it(question);
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct question *question = timer->data;
    err_set(&question->err, ERR_LIMIT,
            "it took longer than scaling_command_timeout (%.4g s) and was killed",
            question->seconds);
    kill_it(question);
}

/* What is wrong with how it ended, if anything. */
static void judge(struct question *question, int status)
{
    char text[SPAWN_STATUS_SIZE];
    int cause = 0;
    if (question->err.code != ERR_NONE)
        return;
    if (spawn_poll(&question->child, &cause) == SPAWN_FAILED)
        spawn_explain(&question->request, &question->child, cause, &question->err);
    else if (status != 0)
        err_set(&question->err, ERR_INVALID, "it ended with %s", spawn_status_text(status, text));
}

static void on_ended(struct reaper_child *reaped, int status)
{
    struct question *question = reaped->data;
    while (question->done && question->err.code == ERR_NONE && read_some(question) > 0)
        continue;
    judge(question, status);
    reaper_sweep(question->host->reaper);
    bool is_good = question->err.code == ERR_NONE;
    if (question->done)
        question->done(question->context, is_good ? buf_text(&question->answer) : NULL,
                       question->answer.length, &question->err);
    finish(question);
}

/* The question is far smaller than a pipe, so the command need not read it for us to go on. */
static int start(struct question *question, const int input[2], const int output[2],
                 const char *text, size_t length, struct err *err)
{
    const struct spawn_fd fds[] = {
        {input[0], STDIN_FILENO}, {output[1], STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
    fd_set_nonblocking(input[1], true);
    if (write(input[1], text, length) != (ssize_t)length)
        return err_errno(err, errno, "cannot hand over the figures");
    question->request.fds = fds;
    question->request.fd_count = sizeof fds / sizeof fds[0];
    int result = spawn_start(&question->request, &question->child, err);
    question->request.fds = NULL;
    return result;
}

static int open_and_start(struct question *question, const char *text, size_t length,
                          struct err *err)
{
    int input[2] = {-1, -1}, output[2] = {-1, -1};
    int result = fd_pipe(input, err) < 0 || fd_pipe(output, err) < 0 ? -1 : 0;
    if (result == 0)
        result = start(question, input, output, text, length, err);
    question->answer_fd = output[0];
    fd_close(&input[0]);
    fd_close(&input[1]);
    fd_close(&output[1]);
    return result;
}

static void watch(struct question *question)
{
    struct ev_loop *loop = question->host->loop;
    fd_set_nonblocking(question->answer_fd, true);
    question->reaped.spawned = &question->child;
    question->reaped.ended = on_ended;
    question->reaped.data = question;
    reaper_watch(question->host->reaper, &question->reaped);
    ev_io_set(&question->readable, question->answer_fd, EV_READ);
    ev_io_start(loop, &question->readable);
    ev_now_update(loop);
    ev_timer_set(&question->limit, question->seconds, 0.);
    ev_timer_start(loop, &question->limit);
}

struct question *question_start(struct host *host, const struct queue_settings *queue,
                                const char *text, size_t length, question_done_fn done,
                                void *context, struct err *err)
{
    char **argv = command_split(queue->scaling_command, err);
    if (!argv)
        return NULL;
    struct question *question = mem_new(1, sizeof *question);
    *question = (struct question){.host = host,
                                  .done = done,
                                  .context = context,
                                  .seconds = (double)queue->scaling_command_timeout / 1000.,
                                  .argv = argv,
                                  .child = {.pidfd = -1, .error_fd = -1},
                                  .answer_fd = -1};
    question->request = (struct spawn_request){
        .argv = argv,
        .directory = queue->directory[0] ? queue->directory : NULL,
        .new_group = true,
    };
    buf_init(&question->answer, COMMAND_ANSWER_MAX);
    ev_init(&question->readable, on_readable);
    ev_init(&question->limit, on_limit);
    question->readable.data = question->limit.data = question;
    if (open_and_start(question, text, length, err) == 0) {
        watch(question);
        return question;
    }
    finish(question);
    return NULL;
}

/* Its end is still waited for by the reaper, who calls on_ended. */
void question_forget(struct question *question)
{
    if (!question)
        return;
    question->done = NULL;
    stop_watching(question);
    kill_it(question);
}
