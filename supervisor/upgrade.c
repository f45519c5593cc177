/* SPDX-License-Identifier: MIT */
#include "supervisor/upgrade.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/program_compare.h"
#include "supervisor/control/web.h"
#include "supervisor/master.h"
#include "supervisor/reload.h"
#include "supervisor/state_parts.h"
#include "supervisor/upgrade_exec.h"

#define CHECK_SECONDS 30.
#define RETRY_SECONDS .05
#define ANSWERS_MS    2000 /* so long clients are waited for that have asked something */
#define SAID_PIECE    1024
#define ARGUMENTS_MAX 64

static const char *const state_names[] = {
    [UPGRADE_NONE] = "none",     [UPGRADE_CHECKING] = "checking", [UPGRADE_WAITING] = "waiting",
    [UPGRADE_FAILED] = "failed", [UPGRADE_DONE] = "done",
};

static void set_state(struct upgrade *upgrade, enum upgrade_state state)
{
    log_write(LOG_DEBUG, "upgrade: %s -> %s", state_names[upgrade->state], state_names[state]);
    upgrade->state = state;
    upgrade->master->host.changed = true;
}

static void fail(struct upgrade *upgrade, const char *text)
{
    snprintf(upgrade->error, sizeof upgrade->error, "%.*s", (int)sizeof upgrade->error - 1, text);
    log_write(LOG_ERROR, "upgrade: %s; musterd goes on as it was", upgrade->error);
    set_state(upgrade, UPGRADE_FAILED);
}

/* Checking the new program */

static void close_checker(struct upgrade *upgrade)
{
    struct ev_loop *loop = upgrade->master->loop;
    int fd = upgrade->said_watch.fd;
    ev_io_stop(loop, &upgrade->said_watch);
    ev_timer_stop(loop, &upgrade->limit);
    fd_close(&fd);
    ev_io_set(&upgrade->said_watch, -1, EV_READ);
    spawn_close(&upgrade->checker);
}

static void hear(struct upgrade *upgrade)
{
    while (buf_read(&upgrade->said, upgrade->said_watch.fd, SAID_PIECE) > 0)
        ;
}

static void on_said(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)events;
    struct upgrade *upgrade = watch->data;
    if (buf_read(&upgrade->said, watch->fd, SAID_PIECE) == 0 || buf_full(&upgrade->said))
        ev_io_stop(loop, watch);
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct upgrade *upgrade = timer->data;
    spawn_signal(&upgrade->checker, SIGKILL);
}

/* What it said, on one line. */
static const char *last_words(struct upgrade *upgrade)
{
    buf_append(&upgrade->said, "", 1);
    char *text = buf_data(&upgrade->said);
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    for (char *byte = text; *byte; byte++)
        *byte = *byte == '\n' ? ' ' : *byte;
    return length > 0 ? text : "it says nothing";
}

static void on_checked(struct reaper_child *reaped, int status)
{
    struct upgrade *upgrade = reaped->data;
    char text[SPAWN_STATUS_SIZE];
    hear(upgrade);
    close_checker(upgrade);
    if (status == 0) {
        set_state(upgrade, UPGRADE_WAITING);
        return;
    }
    char *failure = mem_printf("%s cannot take over (%s): %s", upgrade->program,
                               spawn_status_text(status, text), last_words(upgrade));
    fail(upgrade, failure);
    free(failure);
}

/* Our own command line, and one word more. */
static int start_checker(struct upgrade *upgrade, int state_fd, int output, struct err *err)
{
    char *argv[ARGUMENTS_MAX + 2];
    size_t count = 0;
    for (; upgrade->origin->argv[count] && count < ARGUMENTS_MAX; count++)
        argv[count] = upgrade->origin->argv[count];
    argv[count++] = (char[]){"--check-state"};
    argv[count] = NULL;
    const struct spawn_fd fds[] = {
        {output, STDOUT_FILENO}, {output, STDERR_FILENO}, {state_fd, UPGRADE_CHECK_FD}};
    const struct spawn_request request = {.program = upgrade->program,
                                          .argv = argv,
                                          .fds = fds,
                                          .fd_count = sizeof fds / sizeof fds[0],
                                          .new_group = true,
                                          .kind = SPAWN_UNWATCHED};
    return spawn_start(&request, &upgrade->checker, err);
}

static void watch_checker(struct upgrade *upgrade, int output)
{
    struct ev_loop *loop = upgrade->master->loop;
    upgrade->reaped =
        (struct reaper_child){.spawned = &upgrade->checker, .ended = on_checked, .data = upgrade};
    reaper_watch(&upgrade->master->reaper, &upgrade->reaped);
    buf_clear(&upgrade->said);
    fd_set_nonblocking(output, true);
    ev_io_set(&upgrade->said_watch, output, EV_READ);
    ev_io_start(loop, &upgrade->said_watch);
    ev_timer_set(&upgrade->limit, CHECK_SECONDS, 0.);
    ev_timer_start(loop, &upgrade->limit);
}

static int check(struct upgrade *upgrade, struct err *err)
{
    int ends[2] = {-1, -1}, state_fd = -1, result = fd_pipe(ends, err);
    struct state_out out;
    state_out_init(&out);
    if (result == 0) {
        state_save(upgrade->master, &out);
        upgrade_save_origin(upgrade, &out);
        state_fd = state_write(&out, err);
        result = state_fd < 0 ? -1 : start_checker(upgrade, state_fd, ends[1], err);
    }
    state_out_finish(&out);
    fd_close(&state_fd);
    fd_close(&ends[1]);
    if (result == 0)
        watch_checker(upgrade, ends[0]);
    else
        fd_close(&ends[0]);
    return result;
}

/* What stands in its way from the start: a configuration that is not what runs */

static int refuse(const char *what, const char *name, struct err *err)
{
    return err_set(err, ERR_CONFLICT,
                   "%s %.100s is not what the configuration says now; `muster master:reload` first",
                   what, name);
}

static int compare_programs(const struct programs *programs, const struct settings *settings,
                            struct err *err)
{
    for (size_t i = 0; i < programs->group_count; i++) {
        const struct program_group *group = programs->groups[i];
        const struct group_settings *after = NULL;
        for (size_t k = 0; k < settings->supervisor.group_count && !after; k++)
            if (strcmp(settings->supervisor.groups[k]->name, program_group_name(group)) == 0)
                after = settings->supervisor.groups[k];
        if (!after || group_settings_compare(group->settings, after, NULL) != GROUP_KEPT)
            return refuse("the group", program_group_name(group), err);
    }
    return 0;
}

static int compare_queues(const struct settings *before, const struct settings *after,
                          struct err *err)
{
    struct reload_plan *plan = reload_compare(before, after);
    int result = 0;
    for (size_t i = 0; i < plan->queue_count && result == 0; i++)
        if (plan->queues[i].change != QUEUE_KEPT)
            result = refuse("the queue", plan->queues[i].name, err);
    reload_plan_destroy(plan);
    return result;
}

static int check_configuration(const struct master *master, struct err *err)
{
    struct settings *settings = settings_load(master->config, err);
    if (!settings)
        return err_prefix(err, "musterd goes on as it was");
    int result = compare_programs(&master->programs, settings, err);
    if (result == 0)
        result = compare_queues(master->settings, settings, err);
    settings_destroy(settings);
    return result;
}

int upgrade_begin(struct upgrade *upgrade, const char *program, struct err *err)
{
    struct master *master = upgrade->master;
    if (!upgrade->origin)
        return err_set(err, ERR_CONFLICT, "this master is no musterd: it cannot become another");
    if (upgrade->state == UPGRADE_CHECKING || upgrade->state == UPGRADE_WAITING)
        return err_set(err, ERR_CONFLICT, "an upgrade is under way already");
    const char *file = program ? program : upgrade->origin->program;
    if (file[0] != '/')
        return err_set(err, ERR_INVALID, "program: %.200s is no absolute path", file);
    if (access(file, X_OK) < 0)
        return err_errno(err, errno, "cannot run %.200s", file);
    if (master_check_running(master, "an upgrade", err) < 0 || check_configuration(master, err) < 0)
        return -1;
    free(upgrade->program);
    upgrade->program = mem_strdup(file);
    upgrade->error[0] = '\0';
    upgrade->settled_ms = 0;
    if (check(upgrade, err) < 0)
        return -1;
    set_state(upgrade, UPGRADE_CHECKING);
    return 0;
}

/* Doing it */

static bool is_settled(const struct master *master)
{
    return state_programs_are_settled(master) && !master->reaper.sweeping;
}

static bool is_asked(const struct master *master)
{
    return web_is_asked(master->web) || control_is_asked(master->control);
}

/* Who has asked gets an answer, as the exec cuts all connections; it does not wait for one who does
 * not take it. */
static bool is_ready(struct upgrade *upgrade)
{
    const struct master *master = upgrade->master;
    int64_t now = clock_monotonic_ms(master->host.clock);
    if (!is_settled(master)) {
        upgrade->settled_ms = 0;
        return false;
    }
    if (upgrade->settled_ms == 0)
        upgrade->settled_ms = now;
    return !is_asked(master) || now - upgrade->settled_ms >= ANSWERS_MS;
}

void upgrade_tend(struct upgrade *upgrade)
{
    struct err err = ERR_INIT;
    if (upgrade->state != UPGRADE_WAITING)
        return;
    if (master_check_running(upgrade->master, "an upgrade", &err) == 0) {
        if (!is_ready(upgrade)) {
            ev_timer_again(upgrade->master->loop, &upgrade->retry);
            return;
        }
        upgrade_exec(upgrade, &err);
    }
    ev_timer_stop(upgrade->master->loop, &upgrade->retry);
    fail(upgrade, err.text);
}

static void on_retry(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct upgrade *upgrade = timer->data;
    upgrade->master->host.changed = true;
}

void upgrade_note_done(struct upgrade *upgrade, unsigned count)
{
    upgrade->count = count;
    set_state(upgrade, UPGRADE_DONE);
}

void upgrade_describe(const struct upgrade *upgrade, cJSON *answer)
{
    json_put_text(answer, "state", state_names[upgrade->state]);
    json_put_number(answer, "upgrades", upgrade->count);
    json_put_text(answer, "version", MUSTER_VERSION);
    json_put_text(answer, "error", upgrade->error[0] ? upgrade->error : NULL);
}

/* Beginning and end */

void upgrade_init(struct upgrade *upgrade, struct master *master)
{
    upgrade->master = master;
    upgrade->checker = (struct spawn_child){.pid = -1, .pidfd = -1, .error_fd = -1};
    buf_init(&upgrade->said, UPGRADE_SAID_MAX);
    ev_io_init(&upgrade->said_watch, on_said, -1, EV_READ);
    ev_init(&upgrade->limit, on_limit);
    ev_init(&upgrade->retry, on_retry);
    upgrade->retry.repeat = RETRY_SECONDS;
    upgrade->retry.data = upgrade->said_watch.data = upgrade->limit.data = upgrade;
}

void upgrade_finish(struct upgrade *upgrade)
{
    close_checker(upgrade);
    ev_timer_stop(upgrade->master->loop, &upgrade->retry);
    buf_finish(&upgrade->said);
    free(upgrade->program);
}
