/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/watch.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "supervisor/programs/program.h"

static struct ev_loop *loop_of(const struct program_watch *watch)
{
    return watch->program->host->host->loop;
}

static void set_timer(struct program_watch *watch, ev_timer *timer, int64_t ms)
{
    ev_timer_stop(loop_of(watch), timer);
    ev_now_update(loop_of(watch));
    ev_timer_set(timer, (double)ms / 1000., 0.);
    ev_timer_start(loop_of(watch), timer);
}

static void set_text(char **text, const char *by)
{
    char *copy = by ? mem_strdup(by) : NULL;
    free(*text);
    *text = copy;
}

/* Nothing is looked at any more. */
static void pause_looking(struct program_watch *watch)
{
    struct ev_loop *loop = loop_of(watch);
    ev_timer_stop(loop, &watch->look);
    ev_timer_stop(loop, &watch->limit);
    ev_io_stop(loop, &watch->ready_io);
    probe_stop(&watch->probe);
}

static bool listens(const struct program_watch *watch)
{
    return watch->ready.kind == CHECK_NOTIFY || watch->program->settings->watchdog > 0;
}

/* Ending a process */

static void send_signal(const struct program *program, int number, bool to_group)
{
    if (to_group)
        spawn_signal_group(&program->child, number);
    else
        spawn_signal(&program->child, number);
}

static void on_patience(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    const struct program_watch *watch = timer->data;
    const struct program *program = watch->program;
    log_write(LOG_WARN, "killing '%s' (%d) with SIGKILL", program->process->name,
              (int)program->child.pid);
    send_signal(program, SIGKILL, program->settings->killasgroup);
}

/* Takes the reason over. */
static void condemn(struct program_watch *watch, enum watch_verdict verdict, char *reason)
{
    const struct program *program = watch->program;
    pause_looking(watch);
    free(watch->reason);
    watch->reason = reason;
    watch->verdict = verdict;
    watch->ended_count++;
    log_write(LOG_WARN, "%s: %s (pid %d) is ended: %s", watch_word(program), program->process->name,
              (int)program->child.pid, reason);
    send_signal(program, program->settings->stopsignal, program->settings->stopasgroup);
    set_timer(watch, &watch->patience, program->settings->stopwaitsecs);
}

static char *with_complaint(const struct program_watch *watch, char *text)
{
    if (!watch->complaint)
        return text;
    char *whole = mem_printf("%s: %s", text, watch->complaint);
    free(text);
    return whole;
}

/* The loop comes to its timers before it reads: what waits is heard before a verdict, so that a
 * master that was held up does not blame those who have spoken. */
static bool has_spoken(struct program_watch *watch)
{
    enum process_state before = watch->program->state;
    watch_drain(watch->program);
    if (listens(watch))
        sd_notify_read(watch->program->host);
    return watch->program->state != before || watch->verdict != WATCH_FINE ||
           ev_is_active(&watch->limit);
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct program_watch *watch = timer->data;
    if (has_spoken(watch))
        return;
    const struct program_settings *settings = watch->program->settings;
    if (watch->program->state == PROCESS_STARTING)
        condemn(watch, WATCH_NOT_READY,
                with_complaint(watch, mem_printf("not ready within %g s",
                                                 (double)settings->ready_timeout / 1000.)));
    else
        condemn(
            watch, WATCH_SILENT,
            mem_printf("no sign of life for %g s (watchdog)", (double)settings->watchdog / 1000.));
}

/* Looking */

static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct program_watch *watch = timer->data;
    bool starts = watch->program->state == PROCESS_STARTING;
    probe_start(&watch->probe, starts ? &watch->ready : &watch->health,
                watch->program->settings->health_timeout);
}

static void look_at_readiness(struct program_watch *watch, const char *failure)
{
    if (failure)
        set_timer(watch, &watch->look, watch_ready_pause(++watch->looks));
    else
        program_handle(watch->program, EVENT_READY);
}

static void look_at_health(struct program_watch *watch, const char *failure)
{
    const struct program *program = watch->program;
    const struct program_settings *settings = program->settings;
    int64_t running_ms = clock_monotonic_ms(program->host->host->clock) - program->since_ms;
    watch->was_looked_at = true;
    watch->failures = watch_failures(watch->failures, !failure, running_ms, settings->health_start);
    if (failure)
        log_write(LOG_INFO, "unhealthy: %s: check %u of %lld: %s", program->process->name,
                  watch->failures, (long long)settings->health_retries, failure);
    if (watch->failures < settings->health_retries)
        set_timer(watch, &watch->look, settings->health_interval);
    else
        condemn(watch, WATCH_UNHEALTHY,
                with_complaint(
                    watch, mem_printf("%u checks of its health failed in a row", watch->failures)));
}

static void on_probed(void *context, const char *failure)
{
    struct program_watch *watch = context;
    set_text(&watch->complaint, failure);
    if (watch->program->state == PROCESS_STARTING)
        look_at_readiness(watch, failure);
    else if (watch->program->state == PROCESS_RUNNING)
        look_at_health(watch, failure);
}

/* fd:N */

static void read_descriptor(struct program_watch *watch)
{
    char bytes[256];
    ssize_t got = read(watch->ready_read, bytes, sizeof bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    bool is_ready = got > 0 && memchr(bytes, '\n', (size_t)got);
    if (got > 0 && !is_ready)
        return;
    ev_io_stop(loop_of(watch), &watch->ready_io);
    if (is_ready)
        program_handle(watch->program, EVENT_READY);
    else
        set_text(&watch->complaint, "it has closed the descriptor without a line");
}

static void on_descriptor(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop, (void)events;
    read_descriptor(io->data);
}

static int make_descriptor(struct program_watch *watch, struct err *err)
{
    int ends[2];
    if (fd_pipe(ends, err) < 0)
        return -1;
    watch->ready_read = ends[0];
    watch->ready_write = ends[1];
    fd_set_nonblocking(ends[0], true);
    ev_io_set(&watch->ready_io, ends[0], EV_READ);
    return 0;
}

int watch_descriptor(const struct program *program, int *number)
{
    const struct program_watch *watch = program->watch;
    if (!watch || watch->ready_write < 0)
        return -1;
    *number = watch->ready.fd;
    return watch->ready_write;
}

/* notify */

void watch_told(struct program_watch *watch, const struct notify_message *message)
{
    struct program *program = watch->program;
    if (watch->verdict != WATCH_FINE || !lifecycle_has_process(program->state))
        return;
    if (message->has_status)
        memcpy(watch->status, message->status, sizeof watch->status);
    if (message->is_ready && watch->ready.kind == CHECK_NOTIFY)
        program_handle(program, EVENT_READY);
    if (program->state != PROCESS_RUNNING)
        return;
    if (message->is_stopping)
        pause_looking(watch);
    else if (message->wants_an_end && program->settings->watchdog > 0)
        condemn(watch, WATCH_SILENT, mem_strdup("it says so itself (WATCHDOG=trigger)"));
    else if (message->is_alive && program->settings->watchdog > 0)
        set_timer(watch, &watch->limit, program->settings->watchdog);
}

void watch_put_environment(const struct program *program, void (*put)(void *context, char *pair),
                           void *context)
{
    if (!program->watch || !listens(program->watch))
        return;
    put(context, mem_printf("NOTIFY_SOCKET=%s", program->host->notify.name));
    if (program->settings->watchdog > 0)
        put(context,
            mem_printf("WATCHDOG_USEC=%lld", (long long)program->settings->watchdog * 1000));
}

/* A process begins and ends */

int watch_prepare(struct program *program, struct err *err)
{
    struct program_watch *watch = program->watch;
    if (!watch)
        return 0;
    check_finish(&watch->ready);
    if (check_parse(program->process->ready, false, &watch->ready, err) < 0)
        return -1;
    watch->verdict = WATCH_FINE;
    watch->looks = watch->failures = 0;
    watch->status[0] = '\0';
    set_text(&watch->complaint, NULL);
    if (listens(watch) && sd_notify_open(program->host, err) < 0)
        return -1;
    return watch->ready.kind == CHECK_FD ? make_descriptor(watch, err) : 0;
}

void watch_launched(struct program *program)
{
    struct program_watch *watch = program->watch;
    if (!watch)
        return;
    fd_close(&watch->ready_write);
    if (listens(watch))
        sd_notify_listen(watch);
    if (watch->ready.kind == CHECK_FD)
        ev_io_start(loop_of(watch), &watch->ready_io);
    if (watch->ready.kind >= CHECK_TCP)
        set_timer(watch, &watch->look, 0);
    if (watch->ready.kind != CHECK_STARTED)
        set_timer(watch, &watch->limit, program->settings->ready_timeout);
}

void watch_restore(struct program *program, int ready_read)
{
    struct program_watch *watch = program->watch;
    if (!watch) {
        fd_close(&ready_read);
        return;
    }
    check_finish(&watch->ready);
    check_parse(program->process->ready, false, &watch->ready, NULL); /* it was checked */
    watch->ready_read = ready_read;
    if (ready_read >= 0)
        ev_io_set(&watch->ready_io, ready_read, EV_READ);
}

/* It runs: its health is looked at from now on. */
static void begin_health(struct program_watch *watch)
{
    const struct program_settings *settings = watch->program->settings;
    pause_looking(watch);
    watch->was_looked_at = false;
    if (watch->health.kind != CHECK_STARTED)
        set_timer(watch, &watch->look, settings->health_interval);
    if (settings->watchdog > 0)
        set_timer(watch, &watch->limit, settings->watchdog);
}

void watch_resume(struct program *program)
{
    struct program_watch *watch = program->watch;
    if (!watch || program_pid(program) == 0)
        return;
    if (program->state == PROCESS_STARTING && watch->verdict == WATCH_FINE)
        watch_launched(program);
    else if (listens(watch))
        sd_notify_listen(watch);
    if (program->state == PROCESS_RUNNING && watch->verdict == WATCH_FINE)
        begin_health(watch);
    if (program->state != PROCESS_STOPPING && watch->verdict != WATCH_FINE)
        set_timer(watch, &watch->patience, program->settings->stopwaitsecs);
}

void watch_changed(struct program *program)
{
    if (!program->watch)
        return;
    if (program->state == PROCESS_RUNNING)
        begin_health(program->watch);
    if (program->state == PROCESS_STOPPING) {
        pause_looking(program->watch);
        ev_timer_stop(loop_of(program->watch), &program->watch->patience);
    }
}

void watch_drain(struct program *program)
{
    struct program_watch *watch = program->watch;
    if (!watch || program->state != PROCESS_STARTING || watch->verdict != WATCH_FINE)
        return;
    if (watch->ready.kind == CHECK_FD && ev_is_active(&watch->ready_io))
        read_descriptor(watch);
    if (watch->ready.kind == CHECK_NOTIFY)
        sd_notify_read(program->host);
}

void watch_ended(struct program *program)
{
    struct program_watch *watch = program->watch;
    if (!watch)
        return;
    pause_looking(watch);
    ev_timer_stop(loop_of(watch), &watch->patience);
    fd_close(&watch->ready_read);
    fd_close(&watch->ready_write);
    sd_notify_leave(watch);
}

bool watch_decides(const struct program *program)
{
    return program->watch && program->watch->ready.kind != CHECK_STARTED;
}

bool watch_has_condemned(const struct program *program)
{
    return program->watch && program->watch->verdict != WATCH_FINE;
}

bool watch_is_ready_by(const struct program *program, int status)
{
    return watch_decides(program) && program->watch->ready.kind == CHECK_EXIT &&
           program->watch->verdict == WATCH_FINE && WIFEXITED(status) &&
           exit_codes_have(&program->settings->exitcodes, WEXITSTATUS(status));
}

/* Settings */

static bool is_wanted(const struct program *program)
{
    struct check check;
    if (program->process->health[0] || program->settings->watchdog > 0)
        return true;
    if (check_parse(program->process->ready, false, &check, NULL) < 0)
        return false;
    bool decides = check.kind != CHECK_STARTED;
    check_finish(&check);
    return decides;
}

static struct program_watch *create(struct program *program)
{
    struct program_watch *watch = mem_new(1, sizeof *watch);
    watch->program = program;
    watch->ready_read = watch->ready_write = -1;
    probe_init(&watch->probe, program, on_probed, watch);
    ev_init(&watch->look, on_look);
    ev_init(&watch->limit, on_limit);
    ev_init(&watch->patience, on_patience);
    ev_init(&watch->ready_io, on_descriptor);
    watch->look.data = watch->limit.data = watch->patience.data = watch->ready_io.data = watch;
    return watch;
}

void watch_configure(struct program *program)
{
    if (!is_wanted(program)) {
        watch_destroy(program);
        return;
    }
    if (!program->watch)
        program->watch = create(program);
    struct program_watch *watch = program->watch;
    if (program->state == PROCESS_RUNNING)
        probe_stop(&watch->probe); /* it may be the health that is about to go */
    check_finish(&watch->health);
    check_parse(program->process->health, true, &watch->health, NULL); /* it was checked */
    if (program->state == PROCESS_RUNNING && watch->verdict == WATCH_FINE)
        begin_health(watch);
}

void watch_destroy(struct program *program)
{
    struct program_watch *watch = program->watch;
    if (!watch)
        return;
    watch_ended(program);
    check_finish(&watch->ready);
    check_finish(&watch->health);
    free(watch->complaint);
    free(watch->reason);
    free(watch);
    program->watch = NULL;
}
