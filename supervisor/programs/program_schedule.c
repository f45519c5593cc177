/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/program_schedule.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/zone.h"
#include "supervisor/programs/depends.h"
#include "supervisor/programs/program.h"
#include "supervisor/programs/program_group.h"

struct program_schedule {
    ev_periodic timer;
    struct cron cron;
    int64_t next_ms; /* wall time; 0: never */
    bool is_waiting; /* a run, for the end of the one that goes on */
};

enum schedule_action schedule_decide(const struct run_schedule_settings *settings, bool is_running,
                                     int64_t late_ms)
{
    if (late_ms > SCHEDULE_LATE_MS && !settings->stamp)
        return SCHEDULE_MISSED;
    if (!is_running)
        return SCHEDULE_START;
    switch ((enum schedule_overlap)settings->overlap) {
    case SCHEDULE_OVERLAP_QUEUE:
        return SCHEDULE_WAIT;
    case SCHEDULE_OVERLAP_REPLACE:
        return SCHEDULE_REPLACE;
    case SCHEDULE_OVERLAP_ALLOW:
        return SCHEDULE_FULL;
    default:
        return SCHEDULE_SKIP;
    }
}

static const struct run_schedule_settings *settings_of(const struct program *program)
{
    return &program->settings->schedule;
}

static int64_t wall_ms(const struct program *program)
{
    return clock_wall_ms(program->host->host->clock);
}

/* When it is due */

static void arm(struct program *program, int64_t after_ms)
{
    struct ev_loop *loop = program->host->host->loop;
    struct program_schedule *schedule = program->schedule;
    const char *zone = settings_of(program)->timezone;
    int64_t next = zone_next(zone ? zone : "", &schedule->cron, after_ms);
    ev_periodic_stop(loop, &schedule->timer);
    schedule->next_ms = next > 0 ? next : 0;
    if (next < 0) {
        log_write(LOG_WARN, "schedule: %s is never due within ten years", program->process->name);
        return;
    }
    ev_periodic_set(&schedule->timer, (double)next / 1000., 0., NULL);
    ev_periodic_start(loop, &schedule->timer);
}

/* The stamp: its time of change says when the last run began */

static void set_stamp(const struct program *program)
{
    const char *path = settings_of(program)->stamp;
    if (!path)
        return;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
    if (fd < 0 || futimens(fd, NULL) < 0)
        log_write(LOG_ERROR, "schedule: cannot note the run of %s in %s: %s",
                  program->process->name, path, strerror(errno));
    if (fd >= 0)
        close(fd);
}

/* Where it goes on from: the last run; without one, from now. */
static int64_t last_run_ms(const struct program *program)
{
    struct stat status;
    const char *path = settings_of(program)->stamp;
    int64_t now = wall_ms(program);
    if (!path)
        return now;
    if (stat(path, &status) < 0) {
        set_stamp(program);
        return now;
    }
    int64_t then = (int64_t)status.st_mtim.tv_sec * 1000;
    return then < now ? then : now;
}

/* What is done then */

static void start(struct program *program)
{
    program->schedule->is_waiting = false;
    if (!program_may_start(program))
        return;
    set_stamp(program);
    depends_start(program);
}

static void act(struct program *program, enum schedule_action action)
{
    const char *name = program->process->name;
    switch (action) {
    case SCHEDULE_START:
        log_write(LOG_INFO, "schedule: %s is due", name);
        start(program);
        break;
    case SCHEDULE_WAIT:
        log_write(LOG_INFO, "schedule: %s is due, and waits for the end of its last run", name);
        program->schedule->is_waiting = true;
        break;
    case SCHEDULE_REPLACE:
        log_write(LOG_INFO, "schedule: %s is due, and replaces its last run", name);
        program_handle(program, EVENT_STOP);
        program->schedule->is_waiting = true;
        if (!lifecycle_has_process(program->state))
            start(program);
        break;
    case SCHEDULE_SKIP:
        log_write(LOG_WARN, "schedule: %s is due, but its last run goes on; skipped", name);
        break;
    case SCHEDULE_FULL:
        log_write(LOG_WARN, "schedule: %s is due, but all its %zu processes still run; skipped",
                  program->entry->name, program->entry->process_count);
        break;
    case SCHEDULE_MISSED:
        log_write(LOG_WARN, "schedule: %s was due more than a minute ago; skipped", name);
        break;
    }
}

static bool is_running(const struct program *program)
{
    return program_is_active(program) || lifecycle_has_process(program->state);
}

/* With `allow` the first process of a program decides for all: a run is one of them that is free.
 */
static bool decides(const struct program *program)
{
    return settings_of(program)->overlap != SCHEDULE_OVERLAP_ALLOW ||
           strcmp(program->process->name, program->entry->processes[0].name) == 0;
}

static bool is_free(const struct program *program)
{
    return program->schedule && program->want == WANT_NOTHING && !is_running(program) &&
           program_may_start(program);
}

/* Which process the run is; the first one where all are at work. */
static struct program *next_run(struct program *program)
{
    const struct program_group *group = program->group;
    if (settings_of(program)->overlap != SCHEDULE_OVERLAP_ALLOW)
        return program;
    for (size_t i = 0; i < group->member_count; i++) {
        struct program *one = group->members[i];
        if (strcmp(one->entry->name, program->entry->name) == 0 && is_free(one))
            return one;
    }
    return program;
}

static void on_due(struct ev_loop *loop, ev_periodic *timer, int events)
{
    (void)loop, (void)events;
    struct program *program = timer->data;
    int64_t now = wall_ms(program), due = program->schedule->next_ms;
    arm(program, now > due ? now : due); /* the loop's clock may be a little ahead */
    struct program *run = decides(program) ? next_run(program) : NULL;
    if (run && program_may_start(run))
        act(run, schedule_decide(settings_of(run), is_running(run), now - due));
}

void program_schedule_ended(struct program *program)
{
    if (program->schedule && program->schedule->is_waiting && !program_is_active(program) &&
        !lifecycle_has_process(program->state))
        start(program);
}

void program_schedule_stopped(struct program *program)
{
    if (program->schedule)
        program->schedule->is_waiting = false;
}

int64_t program_schedule_next(const struct program_schedule *schedule)
{
    return schedule ? schedule->next_ms : 0;
}

/* Beginning and end */

static void stop_timer(struct program *program)
{
    ev_periodic_stop(program->host->host->loop, &program->schedule->timer);
}

void program_schedule_end(struct program *program)
{
    if (!program->schedule)
        return;
    stop_timer(program);
    free(program->schedule);
    program->schedule = NULL;
}

void program_schedule_follow(struct program *program)
{
    const char *when = settings_of(program)->when;
    if (!when) {
        program_schedule_end(program);
        return;
    }
    bool is_new = !program->schedule;
    if (is_new) {
        program->schedule = mem_new(1, sizeof *program->schedule);
        ev_periodic_init(&program->schedule->timer, on_due, 0., 0., NULL);
        program->schedule->timer.data = program;
    }
    cron_parse(when, &program->schedule->cron, NULL); /* it was checked when it was read */
    arm(program, is_new ? last_run_ms(program) : wall_ms(program));
}

bool program_schedule_waits(const struct program_schedule *schedule)
{
    return schedule->is_waiting;
}

void program_schedule_resume(struct program *program, int64_t next_ms, bool waits)
{
    struct ev_loop *loop = program->host->host->loop;
    struct program_schedule *schedule = program->schedule;
    schedule->is_waiting = waits;
    if (next_ms == 0)
        return;
    schedule->next_ms = next_ms;
    ev_periodic_stop(loop, &schedule->timer);
    ev_periodic_set(&schedule->timer, (double)next_ms / 1000., 0., NULL);
    ev_periodic_start(loop, &schedule->timer);
}
