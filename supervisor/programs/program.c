/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/program.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/signal_names.h"
#include "supervisor/programs/auto_log.h"
#include "supervisor/programs/depends.h"
#include "supervisor/programs/hook.h"
#include "supervisor/programs/listener_pool.h"
#include "supervisor/programs/memory_watch.h"
#include "supervisor/programs/output_log.h"
#include "supervisor/programs/payload.h"
#include "supervisor/programs/program_cgroup.h"
#include "supervisor/programs/program_change.h"
#include "supervisor/programs/program_end.h"
#include "supervisor/programs/program_group.h"
#include "supervisor/programs/program_launch.h"
#include "supervisor/programs/program_restart.h"
#include "supervisor/programs/program_schedule.h"
#include "supervisor/programs/watch.h"
#include "supervisor/programs/program_sockets.h"

static int64_t now_ms(const struct program *program)
{
    return clock_monotonic_ms(program->host->host->clock);
}

static const char *name_of(const struct program *program)
{
    return program->process->name;
}

/* State */

/* How long the present state may last; -1: as long as it likes. */
static int64_t limit_ms(const struct program *program)
{
    switch (program->state) {
    case PROCESS_STARTING: /* without a process a hook is at work, which has a limit of its own */
        return program_pid(program) > 0 && !watch_decides(program) ? program->settings->startsecs
                                                                   : -1;
    case PROCESS_BACKOFF:
        return program->pause_ms;
    case PROCESS_STOPPING:
        return program->settings->stopwaitsecs;
    default:
        return -1;
    }
}

static void arm_limit(struct program *program)
{
    struct ev_loop *loop = program->host->host->loop;
    int64_t limit = limit_ms(program);
    ev_timer_stop(loop, &program->limit);
    if (limit < 0)
        return;
    ev_now_update(loop);
    int64_t left = program->since_ms + limit - now_ms(program);
    ev_timer_set(&program->limit, left > 0 ? (double)left / 1000. : 0., 0.);
    ev_timer_start(loop, &program->limit);
}

static void set_state(struct program *program, enum process_state state)
{
    enum process_state before = program->state;
    if (state == before)
        return;
    program->state = state;
    program->since_ms = now_ms(program);
    program->host->host->changed = true;
    program->revision = ++program->host->host->revision;
    arm_limit(program);
    watch_changed(program);
    payload_notify_state(program, before);
    program_sockets_note_state(program);
    if (state == PROCESS_RUNNING && program_pid(program) > 0)
        custody_hold(program); /* who takes it over does not wait again until it is ready */
}

static void begin_stage(struct program *program)
{
    program->since_ms = now_ms(program);
    arm_limit(program);
}

/* Starting */

static void on_ended(struct reaper_child *reaped, int status);

static void watch_child(struct program *program)
{
    program->reaped =
        (struct reaper_child){.spawned = &program->child, .ended = on_ended, .data = program};
    if (program->child.is_stranger)
        custody_watch(program);
    else
        reaper_watch(program->host->host->reaper, &program->reaped);
    memory_watch_follow(program);
    custody_hold(program);
}

void program_resume(struct program *program, enum process_state state, pid_t pid)
{
    program->state = state;
    program->child.pid = pid > 0 ? pid : -1;
    if (pid > 0) {
        program_cgroup_resume(program);
        watch_child(program);
    }
    arm_limit(program);
}

static void fail_start(struct program *program, const char *cause)
{
    log_write(LOG_INFO, "spawnerr: %s", cause);
    program_set_spawn_error(program, mem_strdup(cause));
    program->failures++;
    program_handle(program, EVENT_ENDED);
}

static void launch(struct program *program)
{
    struct err err = ERR_INIT;
    program->started_ms = now_ms(program);
    program->started_wall_ms = clock_wall_ms(program->host->host->clock);
    if (program_launch(program, &err) < 0) {
        fail_start(program, err.text);
        return;
    }
    watch_child(program);
    log_write(LOG_INFO, "spawned: '%s' with pid %d", name_of(program), (int)program->child.pid);
    watch_launched(program);
    begin_stage(program);
}

/* It may have been stopped meanwhile. */
static void on_pre_start(struct program *program, bool is_done)
{
    if (program->state != PROCESS_STARTING)
        program_handle(program, EVENT_ENDED);
    else if (is_done)
        launch(program);
    else
        fail_start(program, hook_failure(program));
}

static void spawn(struct program *program)
{
    struct err err = ERR_INIT;
    program_set_spawn_error(program, NULL);
    program->exit_status = 0;
    program->ran_out_of_memory = false;
    program->was_started = true;
    if (!hook_is_wanted(program, HOOK_PRE_START))
        launch(program);
    else if (hook_start(program, HOOK_PRE_START, on_pre_start, &err) < 0)
        fail_start(program, err.text);
}

static void note_running(struct program *program)
{
    program->failures = 0;
    if (program->listener)
        listener_pool_dispatch(program->listener->pool);
    if (watch_decides(program))
        log_write(LOG_INFO, "success: %s entered RUNNING state, it is ready (%s)", name_of(program),
                  program->process->ready);
    else
        log_write(LOG_INFO,
                  "success: %s entered RUNNING state, process has stayed up for > than %g seconds "
                  "(startsecs)",
                  name_of(program), (double)program->settings->startsecs / 1000.);
}

/* Ending */

/* What belongs to one start and ends with it. */
static void release(struct program *program)
{
    for (int stream = 0; stream < STREAM_COUNT; stream++)
        output_close(&program->outputs[stream]);
    input_close(&program->input);
    custody_release(program);
    spawn_close(&program->child);
    watch_ended(program);
    program_cgroup_ended(program);
    memory_watch_follow(program);
    program->reaped.ended = NULL;
}

static void finish(struct program *program)
{
    program_handle(program, EVENT_ENDED);
    program_schedule_ended(program);
}

static void on_post_stop(struct program *program, bool is_done)
{
    (void)is_done; /* what has failed is in the log */
    finish(program);
}

/* Its process is gone. A stop_command or reload_command that goes on is ended first: it comes back
 * here. */
static void end(struct program *program)
{
    struct err err = ERR_INIT;
    arm_limit(program);
    if (hook_any_runs(program)) {
        hook_kill(program);
        return;
    }
    if (hook_is_wanted(program, HOOK_POST_STOP)) {
        if (hook_start(program, HOOK_POST_STOP, on_post_stop, &err) == 0)
            return;
        log_write(LOG_WARN, "%s: %s", name_of(program), err.text);
    }
    finish(program);
}

static void on_ended(struct reaper_child *reaped, int status)
{
    struct program *program = reaped->data;
    for (int stream = 0; stream < STREAM_COUNT; stream++)
        output_drain(&program->outputs[stream]);
    watch_drain(program);
    bool was_too_quick = program_end_is_failed_start(program, status);
    if (program->state == PROCESS_STARTING && !was_too_quick)
        program_handle(program, EVENT_READY); /* the timer would have said so at once */
    program_end_note(program, status, was_too_quick);
    release(program);
    program_group_ended(program->group, program);
    end(program);
}

/* Whether one that had been running runs again, and when. */
static void restart(struct program *program)
{
    bool is_wanted = watch_has_condemned(program) ||
                     program_is_restarted(program->settings, program->ended_well);
    if (!program_may_start(program) || !is_wanted)
        return;
    int64_t rest = program_rest(program->settings, arc4random());
    int64_t held_back = program_restart_pause(&program->restarts_paid_ms, now_ms(program));
    program->pause_ms = rest > held_back ? rest : held_back;
    program_handle(program, program->pause_ms == 0 ? EVENT_START : EVENT_PAUSE);
}

/* It is in BACKOFF: after a start that failed (failures > 0), or because it is restarted too often.
 */
static void begin_pause(struct program *program)
{
    if (program->failures > 0)
        program->pause_ms = program_retry_pause(program->settings, program->failures, arc4random());
    if (program->pause_ms < 0) {
        program->failures = 0;
        program->host->host->has_fatal = true;
        program->host->host->fatal_exits |= program->settings->exit_on_fatal;
        program_handle(program, EVENT_GIVE_UP);
        log_write(LOG_INFO, "gave up: %s entered FATAL state, too many start retries too quickly",
                  name_of(program));
    } else {
        arm_limit(program);
    }
}

/* Stopping */

static void send_stop(struct program *program, int number, bool to_group)
{
    char name[SIGNAL_NAME_SIZE];
    begin_stage(program);
    log_write(LOG_DEBUG, "killing %s (pid %d) %swith signal %s", name_of(program),
              (int)program->child.pid, to_group ? "process group " : "", signal_name(number, name));
    if (to_group)
        spawn_signal_group(&program->child, number);
    else
        spawn_signal(&program->child, number);
}

static void send_stop_signal(struct program *program)
{
    send_stop(program, program->settings->stopsignal, program->settings->stopasgroup);
}

/* One that is reaped, but has not been told of, ends when it is. */
static bool is_over(const struct program *program)
{
    return !program->reaped.ended;
}

static void on_stop_command(struct program *program, bool is_done)
{
    if (is_over(program))
        end(program);
    else if (!is_done && program->state == PROCESS_STOPPING)
        send_stop_signal(program);
}

/* One whose pre_start runs has no process yet: that ends with it. A reload_command is ended first:
 * it comes back here. */
static void ask_to_stop(struct program *program)
{
    struct err err = ERR_INIT;
    bool is_alive = program_pid(program) > 0;
    begin_stage(program);
    if (hook_runs(program, HOOK_PRE_START) || hook_runs(program, HOOK_RELOAD))
        hook_kill(program);
    if (hook_runs(program, HOOK_RELOAD))
        return;
    if (is_alive && hook_is_wanted(program, HOOK_STOP) && !hook_runs(program, HOOK_STOP)) {
        if (hook_start(program, HOOK_STOP, on_stop_command, &err) == 0)
            return;
        log_write(LOG_WARN, "%s: %s", name_of(program), err.text);
    }
    if (is_alive)
        send_stop_signal(program);
}

void program_go_on(struct program *program)
{
    if (is_over(program))
        end(program);
    else if (program->state == PROCESS_STOPPING)
        ask_to_stop(program);
}

static void kill_process(struct program *program)
{
    hook_kill(program);
    begin_stage(program);
    if (program_pid(program) == 0)
        return;
    log_write(LOG_WARN, "killing '%s' (%d) with SIGKILL", name_of(program),
              (int)program->child.pid);
    send_stop(program, SIGKILL, program->settings->killasgroup);
}

static void (*const actions[])(struct program *program) = {
    [ACTION_NONE] = NULL,         [ACTION_SPAWN] = spawn,
    [ACTION_DRAIN] = ask_to_stop, [ACTION_TERMINATE] = ask_to_stop,
    [ACTION_KILL] = kill_process, [ACTION_ESCALATE] = kill_process,
    [ACTION_RESTART] = restart,   [ACTION_PAUSE] = begin_pause,
};

void program_handle(struct program *program, enum process_event event)
{
    struct lifecycle_step step = lifecycle_next(program->state, event);
    bool gets_ready = step.state == PROCESS_RUNNING && program->state == PROCESS_STARTING;
    if (gets_ready)
        program->failures = 0;
    set_state(program, step.state);
    if (gets_ready)
        note_running(program);
    if (actions[step.action])
        actions[step.action](program);
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct program *program = timer->data;
    bool is_starting = program->state == PROCESS_STARTING;
    if (program->state == PROCESS_BACKOFF && !program_may_start(program))
        return;
    program_handle(program, is_starting ? EVENT_READY : EVENT_TIMEOUT);
}

/* Beginning and end */

static void take_settings(struct program *program, struct group_settings *source,
                          const struct program_entry *entry, const struct process_settings *process)
{
    group_settings_hold(source);
    group_settings_release(program->source);
    program->source = source;
    program->entry = entry;
    program->settings = entry->settings;
    program->process = process;
}

void program_configure(struct program *program, struct group_settings *source,
                       const struct program_entry *entry, const struct process_settings *process)
{
    bool is_moved[STREAM_COUNT];
    for (int stream = 0; stream < STREAM_COUNT; stream++)
        is_moved[stream] =
            strcmp(program->process->logfiles[stream], process->logfiles[stream]) != 0;
    take_settings(program, source, entry, process);
    auto_log_make(program);
    for (int stream = 0; stream < STREAM_COUNT; stream++)
        if (is_moved[stream])
            output_move(&program->outputs[stream]);
        else
            output_log_begin(&program->outputs[stream]);
    program_cgroup_follow(program);
    memory_watch_follow(program);
    program_schedule_follow(program);
    watch_configure(program);
    program_sockets_follow(program);
    depends_follow(program);
    arm_limit(program);
}

struct program *program_create(struct program_host *host, struct program_group *group,
                               struct group_settings *source, const struct program_entry *entry,
                               const struct process_settings *process)
{
    struct program *program = mem_new(1, sizeof *program);
    program->host = host;
    program->group = group;
    take_settings(program, source, entry, process);
    program->state = PROCESS_STOPPED;
    host->host->listed = ++host->host->revision;
    program->child = (struct spawn_child){.pid = -1, .pidfd = -1, .error_fd = -1};
    program->input.fd = -1;
    for (int stream = 0; stream < STREAM_COUNT; stream++)
        output_init(&program->outputs[stream], program, (enum stream)stream);
    ev_init(&program->limit, on_limit);
    program->limit.data = program;
    program_cgroup_announce(program);
    program_schedule_follow(program);
    watch_configure(program);
    program_sockets_follow(program);
    depends_follow(program);
    return program;
}

void program_destroy(struct program *program)
{
    ev_timer_stop(program->host->host->loop, &program->limit);
    program_schedule_end(program);
    program_sockets_end(program);
    program->host->host->listed = ++program->host->host->revision;
    hook_destroy(program);
    release(program);
    watch_destroy(program);
    depends_forget(program);
    listener_destroy(program->listener);
    program_change_cancel(program);
    group_settings_release(program->source);
    free(program->spawn_error);
    free(program);
}
