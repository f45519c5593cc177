/* SPDX-License-Identifier: MIT */

/* Stopping all programs: by priority, from the highest down. Groups of one priority are stopped
 * together, and the next ones when all of them have ended. */
#include "supervisor/programs/programs.h"

#include "common/buf.h"
#include "common/log.h"
#include "supervisor/programs/depends.h"
#include "supervisor/programs/operation.h"
#include "supervisor/programs/update.h"

#define REPORT_SECONDS 3.
#define REPORT_MAX     2048 /* bytes of names */

/* The groups are sorted, so what is to be stopped next stands at the end. */
static void stop_next(struct programs *programs)
{
    size_t end = programs->group_count;
    while (end > 0 && program_group_is_stopped(programs->groups[end - 1]))
        end--;
    for (size_t i = end; i > 0; i--) {
        struct program_group *group = programs->groups[i - 1];
        if (group->settings->priority != programs->groups[end - 1]->settings->priority)
            break;
        program_group_stop(group);
    }
}

bool programs_are_stopped(const struct programs *programs)
{
    for (size_t i = 0; i < programs->group_count; i++)
        if (!program_group_is_stopped(programs->groups[i]))
            return false;
    return true;
}

static void put_unstopped(const struct program_group *group, struct buf *names)
{
    for (size_t i = 0; i < group->member_count; i++) {
        const struct program *program = group->members[i];
        if (program_is_active(program) || program->state == PROCESS_STOPPING)
            buf_printf(names, "%s%s", names->length ? ", " : "", program->process->name);
    }
}

static void report(const struct programs *programs)
{
    struct buf names;
    buf_init(&names, REPORT_MAX);
    for (size_t i = 0; i < programs->group_count; i++)
        put_unstopped(programs->groups[i], &names);
    if (names.length > 0)
        log_write(LOG_INFO, "waiting for %s to die", buf_text(&names));
    buf_finish(&names);
}

static void on_report(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    report(timer->data);
}

void programs_stop(struct programs *programs)
{
    struct ev_loop *loop = programs->host.host->loop;
    if (programs->host.is_stopping)
        return;
    programs->host.is_stopping = true;
    ev_timer_stop(loop, &programs->starting);
    event_notify_format(&programs->host.bus, EVENT_SUPERVISOR_STATE_CHANGE_STOPPING, "%s", "");
    stop_next(programs);
    report(programs);
    ev_timer_again(loop, &programs->reporting);
}

void programs_kill(struct programs *programs)
{
    for (size_t i = 0; i < programs->group_count; i++) {
        struct program_group *group = programs->groups[i];
        for (size_t k = 0; k < group->member_count; k++)
            program_handle(group->members[k], EVENT_KILL);
    }
}

void programs_tend(struct programs *programs)
{
    programs_tend_changes(programs);
    operations_look(programs);
    if (!programs->host.is_stopping) {
        if (depends_are_waiting(programs))
            programs_start_awaited(programs);
        else
            programs_start_more(programs);
        return;
    }
    stop_next(programs);
    if (programs_are_stopped(programs))
        ev_timer_stop(programs->host.host->loop, &programs->reporting);
}

void programs_init_stopping(struct programs *programs)
{
    ev_init(&programs->reporting, on_report);
    programs->reporting.repeat = REPORT_SECONDS;
    programs->reporting.data = programs;
}
