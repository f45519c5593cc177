/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/command.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "supervisor/programs/program.h"
#include "supervisor/programs/program_child.h"
#include "supervisor/programs/program_environment.h"
#include "supervisor/programs/program_launch.h"

#define LINE_MAX_BYTES 4096
#define FAILURE_SIZE   160
#define OWN_VARIABLES  4

static const char *const hook_names[] = {[HOOK_PRE_START] = "pre_start",
                                         [HOOK_STOP] = "stop_command",
                                         [HOOK_POST_STOP] = "post_stop",
                                         [HOOK_RELOAD] = "reload_command"};

struct hook {
    struct program *program;
    enum hook_kind kind;
    struct spawn_child child; /* pid -1: none runs */
    struct reaper_child reaped;
    ev_timer limit;
    ev_io output; /* fd -1: closed */
    struct buf line;
    bool has_timed_out;
    void (*ended)(struct program *program, bool is_done);
    char failure[FAILURE_SIZE];
};

static const char *command_of(const struct program *program, enum hook_kind kind)
{
    const struct process_settings *process = program->process;
    const char *const commands[] = {[HOOK_PRE_START] = process->pre_start,
                                    [HOOK_STOP] = process->stop_command,
                                    [HOOK_POST_STOP] = process->post_stop,
                                    [HOOK_RELOAD] = process->reload_command};
    return commands[kind];
}

bool hook_is_wanted(const struct program *program, enum hook_kind kind)
{
    return command_of(program, kind) != NULL;
}

bool hook_any_runs(const struct program *program)
{
    return program->hook && program->hook->child.pid > 0;
}

bool hook_runs(const struct program *program, enum hook_kind kind)
{
    return hook_any_runs(program) && program->hook->kind == kind;
}

const char *hook_failure(const struct program *program)
{
    return program->hook ? program->hook->failure : "";
}

/* What it writes */

static void log_line(struct hook *hook, const char *line, size_t length)
{
    log_write(LOG_INFO, "%s of %s: %.*s", hook_names[hook->kind], hook->program->process->name,
              (int)length, line);
}

static void log_lines(struct hook *hook, bool is_end)
{
    for (;;) {
        const char *text = buf_text(&hook->line);
        const char *newline = memchr(text, '\n', hook->line.length);
        size_t length = newline ? (size_t)(newline - text) : hook->line.length;
        if (!newline && (length == 0 || !(is_end || buf_full(&hook->line))))
            return;
        log_line(hook, text, length);
        buf_consume(&hook->line, length + (newline != NULL));
    }
}

static void close_output(struct hook *hook)
{
    int fd = hook->output.fd;
    ev_io_stop(hook->program->host->host->loop, &hook->output);
    fd_close(&fd);
    hook->output.fd = -1;
    log_lines(hook, true);
}

static void on_output(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)loop, (void)events;
    struct hook *hook = watch->data;
    ssize_t length = buf_read(&hook->line, watch->fd, LINE_MAX_BYTES);
    if (length > 0)
        log_lines(hook, false);
    else if (length == 0 || (errno != EAGAIN && errno != EINTR))
        close_output(hook);
}

/* Its end */

static bool judge(struct hook *hook, int status)
{
    char text[SPAWN_STATUS_SIZE];
    const char *name = hook_names[hook->kind];
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && !hook->has_timed_out)
        return true;
    if (hook->has_timed_out)
        snprintf(hook->failure, sizeof hook->failure, "%s took longer than hook_timeout", name);
    else
        snprintf(hook->failure, sizeof hook->failure, "%s ended with %s", name,
                 spawn_status_text(status, text));
    log_write(LOG_WARN, "%s: %s", hook->program->process->name, hook->failure);
    return false;
}

static void on_ended(struct reaper_child *reaped, int status)
{
    struct hook *hook = reaped->data;
    if (hook->output.fd >= 0)
        on_output(hook->program->host->host->loop, &hook->output, EV_READ);
    if (hook->output.fd >= 0)
        close_output(hook);
    ev_timer_stop(hook->program->host->host->loop, &hook->limit);
    spawn_close(&hook->child);
    hook->child.pid = -1;
    hook->ended(hook->program, judge(hook, status));
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct hook *hook = timer->data;
    hook->has_timed_out = true;
    spawn_signal_group(&hook->child, SIGKILL);
}

void hook_kill(struct program *program)
{
    if (hook_any_runs(program))
        spawn_signal_group(&program->hook->child, SIGKILL);
}

/* Its start */

static struct hook *prepare(struct program *program, enum hook_kind kind,
                            void (*ended)(struct program *program, bool is_done))
{
    if (!program->hook) {
        struct hook *hook = program->hook = mem_new(1, sizeof *hook);
        hook->program = program;
        hook->child = (struct spawn_child){.pid = -1, .pidfd = -1, .error_fd = -1};
        buf_init(&hook->line, LINE_MAX_BYTES);
        ev_io_init(&hook->output, on_output, -1, EV_READ);
        ev_init(&hook->limit, on_limit);
        hook->output.data = hook->limit.data = hook;
    }
    program->hook->kind = kind;
    program->hook->ended = ended;
    program->hook->has_timed_out = false;
    program->hook->failure[0] = '\0';
    return program->hook;
}

static void watch(struct hook *hook, int output)
{
    struct ev_loop *loop = hook->program->host->host->loop;
    fcntl(output, F_SETFL, O_NONBLOCK);
    ev_io_set(&hook->output, output, EV_READ);
    ev_io_start(loop, &hook->output);
    ev_now_update(loop);
    ev_timer_set(&hook->limit, (double)hook->program->settings->hook_timeout / 1000., 0.);
    ev_timer_start(loop, &hook->limit);
    hook->reaped = (struct reaper_child){.spawned = &hook->child, .ended = on_ended, .data = hook};
    reaper_watch(hook->program->host->host->reaper, &hook->reaped);
}

static char **environment_of(const struct program *program, enum hook_kind kind,
                             char *const *environment)
{
    size_t count = 0;
    char *own[OWN_VARIABLES] = {NULL};
    own[count++] = mem_printf("MUSTER_HOOK=%s", hook_names[kind]);
    if (kind != HOOK_PRE_START)
        own[count++] = mem_printf("MUSTER_PID=%d", (int)program->child.pid);
    if (kind == HOOK_POST_STOP)
        own[count++] = mem_printf("MUSTER_EXIT=%d", program->exit_status);
    char **merged = command_merge_environment(environment, own);
    while (count > 0)
        free(own[--count]);
    return merged;
}

static int start(struct hook *hook, char **argv, const char *file, int output, struct err *err)
{
    struct program *program = hook->program;
    struct program_environment environment;
    struct program_child child;
    if (program_environment_make(&environment, program, err) < 0)
        return -1;
    char **pairs = environment_of(program, hook->kind, environment.pairs);
    program_child_init(&child, program, argv[0]);
    const struct spawn_fd fds[] = {{output, STDOUT_FILENO}, {output, STDERR_FILENO}};
    const struct spawn_request request = {
        .program = file,
        .argv = argv,
        .envp = pairs,
        .directory = program->process->directory[0] ? program->process->directory : NULL,
        .fds = fds,
        .fd_count = 2,
        .new_group = true,
        .kind = SPAWN_UNWATCHED,
        .prepare = program_child_prepare,
        .failed = program_child_failed,
        .context = &child,
    };
    int result = spawn_start(&request, &hook->child, err);
    command_free(pairs);
    program_environment_finish(&environment);
    return result;
}

int hook_start(struct program *program, enum hook_kind kind,
               void (*ended)(struct program *program, bool is_done), struct err *err)
{
    int ends[2] = {-1, -1}, result = -1;
    char *file = NULL;
    char **argv = command_split(command_of(program, kind), err);
    struct hook *hook = prepare(program, kind, ended);
    if (argv && program_launch_find(program, argv[0], &file, err) == FAULT_SUCCESS &&
        fd_pipe(ends, err) == 0)
        result = start(hook, argv, file, ends[1], err);
    if (result == 0)
        watch(hook, ends[0]);
    else
        fd_close(&ends[0]);
    fd_close(&ends[1]);
    free(file);
    command_free(argv);
    return result < 0 ? err_prefix(err, "%s", hook_names[kind]) : 0;
}

void hook_destroy(struct program *program)
{
    if (!program->hook)
        return;
    buf_finish(&program->hook->line);
    free(program->hook);
    program->hook = NULL;
}
