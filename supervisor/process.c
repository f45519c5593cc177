/* SPDX-License-Identifier: MIT */
#include "supervisor/process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/log.h"

/* A limit that is noticed so late was not passed by the process: we were held up ourselves
 * (stopped, or the whole machine was), and what it sent meanwhile has not been read. */
#define HELD_UP_MS 1000

#define PIPE_RECORDS (65536 / CHANNEL_RECORD_SIZE)

static int64_t now_ms(const struct process *process)
{
    return clock_monotonic_ms(process->host->clock);
}

static struct health_view view_of(const struct process *process)
{
    return (struct health_view){.state = process->state,
                                .stage = process->stage,
                                .since_ms = process->since_ms,
                                .alive_ms = process->alive_ms,
                                .pause_ms = process->pause_ms};
}

static int64_t due_ms(const struct process *process)
{
    struct health_view view = view_of(process);
    return health_due_ms(&process->limits, &view);
}

/* Sets the timer to the limit of the present state. A sign of life does not move it; when it fires
 * too early it is set again, which costs less. */
static void arm_limit(struct process *process)
{
    struct ev_loop *loop = process->host->loop;
    ev_timer_stop(loop, &process->limit);
    int64_t due = due_ms(process), now = now_ms(process);
    if (due == HEALTH_NEVER)
        return;
    ev_now_update(loop);
    ev_timer_set(&process->limit, due > now ? (double)(due - now) / 1000. : 0., 0.);
    ev_timer_start(loop, &process->limit);
}

static void set_state(struct process *process, enum process_state state)
{
    if (state == process->state)
        return;
    log_write(LOG_DEBUG, "%s: %s -> %s", process->name, lifecycle_name(process->state),
              lifecycle_name(state));
    process->state = state;
    process->since_ms = now_ms(process);
    process->host->changed = true;
    process->revision = ++process->host->revision;
    arm_limit(process);
}

static void set_stage(struct process *process, enum stop_stage stage)
{
    process->stage = stage;
    process->since_ms = now_ms(process);
    arm_limit(process);
}

static void close_channel(struct process *process)
{
    ev_io_stop(process->host->loop, &process->record_watch);
    channel_close(&process->channel);
}

/* What belongs to one start and ends with it. */
static void release(struct process *process)
{
    ev_io_stop(process->host->loop, &process->exec_watch);
    close_channel(process);
    spawn_close(&process->child);
    board_destroy(process->board);
    process->board = NULL;
    fd_close(&process->board_fd);
}

/* Starting */

/* Learns how the exec went, once. */
static void check_exec(struct process *process)
{
    int cause = 0;
    ev_io_stop(process->host->loop, &process->exec_watch); /* before the descriptor is closed */
    enum spawn_progress progress = spawn_poll(&process->child, &cause);
    if (progress == SPAWN_PENDING)
        ev_io_start(process->host->loop, &process->exec_watch);
    else if (progress == SPAWN_FAILED)
        log_write(LOG_ERROR, "spawnerr: '%s': cannot run %s: %s", process->name,
                  process->host->program, strerror(cause));
}

static void on_exec(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)loop, (void)events;
    check_exec(watch->data);
}

static void hear(struct process *process, const struct record *record)
{
    process->alive_ms = now_ms(process);
    if (record->type != RECORD_READY)
        process->owner->heard(process, record);
    else
        process_handle(process, EVENT_READY);
}

/* One record a turn, so that no child can keep the master from the others. */
static void on_record(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)loop, (void)events;
    struct process *process = watch->data;
    struct record record;
    enum channel_result result = channel_receive(&process->channel, &record);
    if (result == CHANNEL_RECORD)
        hear(process, &record);
    else if (result == CHANNEL_CLOSED)
        ev_io_stop(process->host->loop, watch);
}

/* All that it has sent until now, but no more than the pipe can hold. */
static void hear_all(struct process *process)
{
    struct record record;
    int left = PIPE_RECORDS;
    while (left-- > 0 && process->channel.in >= 0 &&
           channel_receive(&process->channel, &record) == CHANNEL_RECORD)
        hear(process, &record);
}

static void on_ended(struct reaper_child *reaped, int status);

/* Takes over a child that has been started. */
static void watch_child(struct process *process)
{
    struct ev_loop *loop = process->host->loop;
    process->channel.pid = process->child.pid;
    process->channel.generation = process->generation;
    process->reaped.spawned = &process->child;
    process->reaped.ended = on_ended;
    process->reaped.data = process;
    reaper_watch(process->host->reaper, &process->reaped);
    if (process->child.error_fd >= 0) {
        ev_io_set(&process->exec_watch, process->child.error_fd, EV_READ);
        ev_io_start(loop, &process->exec_watch);
    }
    if (process->channel.in >= 0) {
        ev_io_set(&process->record_watch, process->channel.in, EV_READ);
        ev_io_start(loop, &process->record_watch);
    }
}

void process_resume(struct process *process, enum process_state state)
{
    process->state = state;
    if (lifecycle_has_process(state))
        watch_child(process);
    arm_limit(process);
}

/* Makes the pipes and the board of one start, and starts it. The child's ends are closed here. */
static int open_and_launch(struct process *process, struct err *err)
{
    int to_child[2] = {-1, -1}, from_child[2] = {-1, -1};
    int result = fd_pipe(to_child, err) < 0 || fd_pipe(from_child, err) < 0 ? -1 : 0;
    process->channel = (struct channel){.in = from_child[0], .out = to_child[1]};
    if (result == 0 && process->board_slots > 0) {
        process->board = board_create(process->board_slots, &process->board_fd, err);
        result = process->board ? 0 : -1;
    }
    if (result == 0) {
        fd_set_nonblocking(process->channel.in, true);
        fd_set_nonblocking(process->channel.out, true);
        result = process->owner->launch(process, to_child[0], from_child[1], &process->child, err);
    }
    fd_close(&to_child[0]);
    fd_close(&from_child[1]);
    return result;
}

static void spawn(struct process *process)
{
    struct err err = ERR_INIT;
    process->generation = ++process->host->generation;
    process->stage = STOP_DRAIN;
    process->ready_ms = 0;
    process->alive_ms = now_ms(process);
    if (open_and_launch(process, &err) == 0) {
        process->started_wall_ms = clock_wall_ms(process->host->clock);
        watch_child(process);
        log_write(LOG_INFO, "spawned: '%s' with pid %d", process->name, (int)process->child.pid);
        return;
    }
    log_write(LOG_ERROR, "spawnerr: '%s': %s", process->name, err.text);
    release(process);
    process->failures++;
    process_handle(process, EVENT_ENDED);
}

/* Ending */

static void log_end(const struct process *process, int status)
{
    char text[SPAWN_STATUS_SIZE];
    spawn_status_text(status, text);
    if (process->state == PROCESS_STOPPING)
        log_write(LOG_INFO, "stopped: %s (%s)", process->name, text);
    else if (status == 0 && process->ready_ms > 0)
        log_write(LOG_INFO, "exited: %s (%s; expected)", process->name, text);
    else
        log_write(LOG_WARN, "exited: %s (%s; not expected)", process->name, text);
}

static void note_ending(struct process *process, int status)
{
    const struct backoff_ending ending = {
        .was_ready = process->ready_ms > 0,
        .was_expected = status == 0,
        .running_ms = now_ms(process) - process->ready_ms,
    };
    process->failures = backoff_failures(&process->host->backoff, process->failures, &ending);
}

static void on_ended(struct reaper_child *reaped, int status)
{
    struct process *process = reaped->data;
    if (process->child.error_fd >= 0)
        check_exec(process);
    hear_all(process); /* what it had sent before it ended */
    log_end(process, status);
    note_ending(process, status);
    process->owner->ended(process, process->ready_ms > 0);
    release(process);
    reaper_sweep(process->host->reaper);
    process_handle(process, EVENT_ENDED);
}

static int64_t pause_after(const struct process *process, uint32_t random)
{
    return backoff_pause(&process->host->backoff, process->failures, process->ready_ms > 0, random);
}

/* Decides when a process that had been running is started again. */
static void restart(struct process *process)
{
    bool at_once = pause_after(process, 0) == 0;
    process_handle(process, at_once ? EVENT_START : EVENT_PAUSE);
}

static void begin_pause(struct process *process)
{
    process->pause_ms = pause_after(process, arc4random());
    arm_limit(process);
    log_write(LOG_INFO, "backoff: %s starts again in %.1f s (failure %u in a row)", process->name,
              (double)process->pause_ms / 1000., process->failures);
}

/* Stopping */

static void send_signal(const struct process *process, int signal_number)
{
    if (process->child.pidfd >= 0)
        spawn_signal(&process->child, signal_number);
}

static void drain(struct process *process)
{
    set_stage(process, STOP_DRAIN);
    if (process_tell(process, process->farewell) < 0)
        send_signal(process, SIGTERM);
}

/* A worker that drains already ends its jobs at the next signal; one that does not needs two, and
 * two of the same kind would be merged. */
static void terminate(struct process *process)
{
    if (process->stage >= STOP_TERMINATE)
        return;
    set_stage(process, STOP_TERMINATE);
    send_signal(process, SIGTERM);
    send_signal(process, SIGINT);
}

static void kill_process(struct process *process)
{
    set_stage(process, STOP_KILL);
    log_write(LOG_WARN, "killing '%s' (%d) with SIGKILL", process->name, (int)process->child.pid);
    send_signal(process, SIGKILL);
}

static void escalate(struct process *process)
{
    if (health_escalate(process->stage) == STOP_TERMINATE)
        terminate(process);
    else
        kill_process(process);
}

static void (*const actions[])(struct process *process) = {
    [ACTION_NONE] = NULL,           [ACTION_SPAWN] = spawn,       [ACTION_DRAIN] = drain,
    [ACTION_TERMINATE] = terminate, [ACTION_KILL] = kill_process, [ACTION_ESCALATE] = escalate,
    [ACTION_RESTART] = restart,     [ACTION_PAUSE] = begin_pause,
};

void process_handle(struct process *process, enum process_event event)
{
    struct lifecycle_step step = lifecycle_next(process->state, event);
    if (step.state == PROCESS_RUNNING && process->state == PROCESS_STARTING) {
        process->ready_ms = now_ms(process);
        log_write(LOG_INFO, "success: %s entered RUNNING state", process->name);
    }
    set_state(process, step.state);
    if (actions[step.action])
        actions[step.action](process);
}

/* Limits */

static void log_verdict(const struct process *process)
{
    if (process->state == PROCESS_RUNNING)
        log_write(LOG_ERROR, "stalled: %s has been silent for %.1f s", process->name,
                  (double)(now_ms(process) - process->alive_ms) / 1000.);
    else if (process->state == PROCESS_STARTING)
        log_write(LOG_ERROR, "stalled: %s is not ready after %.1f s", process->name,
                  (double)process->limits.boot_ms / 1000.);
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct process *process = timer->data;
    int64_t now = now_ms(process);
    bool is_stopping = process->state == PROCESS_STOPPING;
    if (process->state == PROCESS_STARTING || process->state == PROCESS_RUNNING || is_stopping) {
        if (now - due_ms(process) > HELD_UP_MS) {
            process->alive_ms = now;
            process->since_ms = is_stopping ? process->since_ms : now;
        }
        hear_all(process); /* it may have spoken in time, and not have been listened to */
    }
    if (due_ms(process) > now) {
        arm_limit(process);
        return;
    }
    log_verdict(process);
    process_handle(process, EVENT_TIMEOUT);
}

void process_set_limits(struct process *process, const struct health_limits *limits)
{
    process->limits = *limits;
    arm_limit(process);
}

void process_set_limits_anew(struct process *process, const struct health_limits *limits)
{
    process->since_ms = now_ms(process);
    process_set_limits(process, limits);
}

int process_tell(struct process *process, enum record_type type)
{
    struct record record = {.type = type};
    return process->channel.out < 0 ? -1 : channel_send(&process->channel, &record);
}

void process_init(struct process *process)
{
    process->state = PROCESS_STOPPED;
    process->farewell = RECORD_DRAIN;
    process->child = (struct spawn_child){.pid = -1, .pidfd = -1, .error_fd = -1};
    process->channel = (struct channel){.in = -1, .out = -1};
    process->board_fd = -1;
    ev_init(&process->exec_watch, on_exec);
    ev_init(&process->record_watch, on_record);
    ev_init(&process->limit, on_limit);
    process->exec_watch.data = process->record_watch.data = process->limit.data = process;
}

void process_finish(struct process *process)
{
    ev_timer_stop(process->host->loop, &process->limit);
    release(process);
}
