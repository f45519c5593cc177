/* SPDX-License-Identifier: MIT */
#include "worker/handler.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "worker/protocol.h"

/*
 * A program for each job: the job is its standard input, its exit status is the answer, its
 * standard error the exception.
 */
#define EXIT_RELEASE     75 /* EX_TEMPFAIL */
#define EXIT_NEVER_AGAIN 65 /* EX_DATAERR */

/* A file in memory takes a job of any size at once, where a pipe would have to be fed. */
static int open_input(struct handler *handler, const struct job *job, struct err *err)
{
    struct buf *scratch = &handler->host->scratch;
    buf_clear(scratch);
    if (protocol_encode_job(job, job->timeout_ms, job->max_attempts, scratch) < 0)
        return err_set(err, ERR_LIMIT, "the job is too large for a handler's input");
    int fd = memfd_create("job", MFD_CLOEXEC);
    if (fd >= 0 && fd_write_all(fd, buf_text(scratch), scratch->length) == 0 &&
        lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    err_errno(err, errno, "cannot make the input of a handler");
    fd_close(&fd);
    return -1;
}

static int exec_open(struct handler *handler, const struct attempt *attempt, struct spawn_fd *fds,
                     struct err *err)
{
    int input = open_input(handler, attempt->job, err);
    buf_trim(&handler->host->scratch, SCRATCH_KEPT);
    if (input < 0)
        return -1;
    fds[0] = (struct spawn_fd){input, STDIN_FILENO};
    return 1;
}

static int exec_give(struct handler *handler, struct attempt *attempt)
{
    handler_begin(handler, attempt);
    return handler_start(handler, attempt);
}

static void exec_cancel(struct handler *handler, struct attempt *attempt)
{
    if (attempt->wish == WISH_CANCELLED)
        handler_end(handler, ENDING_CANCELLED, attempt, "the job was cancelled");
    else
        handler_end(handler, ENDING_STOPPED, attempt, "the lease of the job was lost");
}

static struct ending exec_judge(struct handler *handler, int status, struct buf *text)
{
    const char *tail = capture_tail(&handler->errors);
    struct ending ending = {
        .kind = ENDING_EXIT, .delay_ms = -1, .has_status = true, .status = status};
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return (struct ending){.kind = ENDING_DONE};
    if (WIFSIGNALED(status))
        ending.kind = ENDING_SIGNAL;
    else if (WEXITSTATUS(status) == EXIT_RELEASE)
        ending.kind = ENDING_RELEASED;
    ending.never_again = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NEVER_AGAIN;
    char how[SPAWN_STATUS_SIZE];
    if (!*tail || ending.kind == ENDING_SIGNAL)
        buf_printf(text, "%s%s", spawn_status_text(status, how), *tail ? "\n" : "");
    buf_text_append(text, tail);
    ending.text = buf_text(text);
    return ending;
}

static void exec_nothing(struct handler *handler)
{
    (void)handler;
}

const struct handler_class handler_exec = {
    .started = HANDLER_READY,
    .open = exec_open,
    .give = exec_give,
    .flush = exec_nothing,
    .ask_to_leave = exec_nothing,
    .cancel = exec_cancel,
    .close = exec_nothing,
    .judge = exec_judge,
};
