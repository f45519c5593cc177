/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/programs.h"

#include <stdlib.h>
#include <string.h>

#include "common/footprint.h"
#include "common/log.h"
#include "common/mem.h"
#include "supervisor/programs/auto_log.h"
#include "supervisor/programs/depends.h"
#include "supervisor/programs/operation.h"
#include "supervisor/programs/ticks.h"

/* Between two looks at what else there is to do. */
#define STARTS_A_TURN 32

#define SETTLING_SECONDS 1.

struct program_group *programs_group(const struct programs *programs, const char *name)
{
    for (size_t i = 0; i < programs->group_count; i++)
        if (strcmp(program_group_name(programs->groups[i]), name) == 0)
            return programs->groups[i];
    return NULL;
}

/* Groups that come and go */

static bool comes_before(const struct program_group *one, const struct program_group *other)
{
    if (one->settings->priority != other->settings->priority)
        return one->settings->priority < other->settings->priority;
    return strcmp(program_group_name(one), program_group_name(other)) < 0;
}

static void insert(struct programs *programs, struct program_group *group)
{
    size_t place = programs->group_count++;
    programs->groups =
        mem_resize(programs->groups, programs->group_count, sizeof(struct program_group *));
    for (; place > 0 && comes_before(group, programs->groups[place - 1]); place--)
        programs->groups[place] = programs->groups[place - 1];
    programs->groups[place] = group;
}

static int compare_places(const void *a, const void *b)
{
    const struct program_group *one = *(struct program_group *const *)a,
                               *other = *(struct program_group *const *)b;
    return comes_before(one, other) ? -1 : comes_before(other, one) ? 1 : 0;
}

void programs_sort(struct programs *programs)
{
    if (programs->group_count > 0)
        qsort(programs->groups, programs->group_count, sizeof(struct program_group *),
              compare_places);
}

void programs_forget(struct programs *programs, const struct program *program)
{
    operations_forget_program(programs, program);
}

static void make_room(const struct programs *programs)
{
    size_t count = 0;
    for (size_t i = 0; i < programs->group_count; i++)
        count += programs->groups[i]->member_count;
    program_host_make_room(&programs->host, count);
}

static struct program_group *make(struct programs *programs, struct group_settings *settings,
                                  struct err *err)
{
    struct program_group *group = program_group_create(&programs->host, settings, err);
    if (!group)
        return NULL;
    insert(programs, group);
    make_room(programs);
    return group;
}

static int add(struct programs *programs, struct group_settings *settings, struct err *err)
{
    if (!make(programs, settings, err))
        return -1;
    event_notify_format(&programs->host.bus, EVENT_PROCESS_GROUP_ADDED, "groupname:%s\n",
                        settings->name);
    ticks_follow(programs);
    return 0;
}

struct group_settings *programs_available(const struct programs *programs, const char *name)
{
    for (size_t i = 0; i < programs->available_count; i++)
        if (strcmp(programs->available[i]->name, name) == 0)
            return programs->available[i];
    return NULL;
}

enum fault programs_add(struct programs *programs, const char *name, struct err *err)
{
    struct group_settings *settings = programs_available(programs, name);
    if (!settings) {
        err_set(err, ERR_NOT_FOUND, "there is no group %.200s in the configuration", name);
        return FAULT_BAD_NAME;
    }
    if (programs_group(programs, name)) {
        err_set(err, ERR_CONFLICT, "the group %s is active already", name);
        return FAULT_ALREADY_ADDED;
    }
    if (add(programs, settings, err) < 0)
        return FAULT_FAILED;
    programs_start_awaited(programs);
    return FAULT_SUCCESS;
}

struct program_group *programs_resume_group(struct programs *programs, const char *name)
{
    struct err err = ERR_INIT;
    struct group_settings *settings = programs_available(programs, name);
    struct program_group *group = settings ? make(programs, settings, &err) : NULL;
    if (!group)
        log_write(LOG_ERROR, "the group %s is not taken over: %s", name,
                  settings ? err.text : "it is not in the configuration any more");
    return group;
}

static void take_out(struct programs *programs, struct program_group *group)
{
    size_t place = 0;
    while (programs->groups[place] != group)
        place++;
    programs->group_count--;
    memmove(&programs->groups[place], &programs->groups[place + 1],
            (programs->group_count - place) * sizeof(struct program_group *));
}

enum fault programs_remove(struct programs *programs, const char *name, struct err *err)
{
    struct program_group *group = programs_group(programs, name);
    if (!group) {
        err_set(err, ERR_NOT_FOUND, "there is no active group %.200s", name);
        return FAULT_BAD_NAME;
    }
    if (!program_group_is_stopped(group)) {
        err_set(err, ERR_CONFLICT, "programs of the group %s still run", name);
        return FAULT_STILL_RUNNING;
    }
    take_out(programs, group);
    for (size_t i = 0; i < group->member_count; i++)
        programs_forget(programs, group->members[i]);
    struct group_settings *settings = group_settings_hold(group->settings);
    program_group_destroy(group);
    event_notify_format(&programs->host.bus, EVENT_PROCESS_GROUP_REMOVED, "groupname:%s\n",
                        settings->name);
    group_settings_release(settings);
    ticks_follow(programs);
    return FAULT_SUCCESS;
}

static void release_available(struct programs *programs)
{
    for (size_t i = 0; i < programs->available_count; i++)
        group_settings_release(programs->available[i]);
    free(programs->available);
}

void programs_set_available(struct programs *programs, const struct supervisor_settings *settings)
{
    release_available(programs);
    programs->available_count = settings->group_count;
    programs->available = mem_new(settings->group_count + 1, sizeof(struct group_settings *));
    for (size_t i = 0; i < settings->group_count; i++)
        programs->available[i] = group_settings_hold(settings->groups[i]);
}

/* Starting */

static bool is_awaited(const struct program *program)
{
    return program->state == PROCESS_STOPPED && !program->was_started && !program->change &&
           program->settings->autostart;
}

/* How many may be started now: start_concurrency bounds those that are STARTING. */
static int room(const struct programs *programs)
{
    int64_t starting = 0, limit = programs->host.start_concurrency;
    if (limit == 0)
        return STARTS_A_TURN;
    for (size_t i = 0; i < programs->group_count; i++)
        for (size_t k = 0; k < programs->groups[i]->member_count; k++)
            starting += programs->groups[i]->members[k]->state == PROCESS_STARTING;
    int64_t left = limit > starting ? limit - starting : 0;
    return left < STARTS_A_TURN ? (int)left : STARTS_A_TURN;
}

/* Whether it is to be started now; one that has to wait is noted. */
static bool is_due(const struct programs *programs, struct program *program)
{
    bool is_new = is_awaited(program);
    if (is_new && program->entry->rank == 0)
        return true;
    if (is_new)
        depends_start(program);
    return program->want != WANT_NOTHING && program_may_start(program) &&
           depends_are_ready(programs, program);
}

/* Starts some, in the order of groups and programs. Returns true where there are more. */
static bool start_some(struct programs *programs)
{
    int left = room(programs);
    for (size_t i = 0; i < programs->group_count; i++) {
        const struct program_group *group = programs->groups[i];
        for (size_t k = 0; k < group->member_count && !group->is_stopping; k++) {
            if (!is_due(programs, group->members[k]))
                continue;
            if (left-- == 0)
                return true;
            depends_cancel(group->members[k]);
            program_handle(group->members[k], EVENT_START);
        }
    }
    return false;
}

/* What reading the configuration and starting took goes back: at once, and when all is quiet. */
static void settle(struct programs *programs)
{
    footprint_shrink();
    ev_timer_stop(programs->host.host->loop, &programs->settling);
    ev_timer_set(&programs->settling, SETTLING_SECONDS, 0.);
    ev_timer_start(programs->host.host->loop, &programs->settling);
}

static void on_settled(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)timer, (void)events;
    footprint_shrink();
}

static void on_starting(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct programs *programs = timer->data;
    ev_timer_stop(loop, timer);
    if (programs->host.is_stopping)
        return;
    programs->waits_for_room = start_some(programs);
    if (programs->waits_for_room)
        programs_start_more(programs);
    else
        settle(programs);
}

void programs_start_more(struct programs *programs)
{
    if (programs->waits_for_room && room(programs) > 0)
        programs_start_awaited(programs);
}

void programs_begin(struct programs *programs)
{
    if (!programs->host.host->is_resuming)
        event_notify_format(&programs->host.bus, EVENT_SUPERVISOR_STATE_CHANGE_RUNNING, "%s", "");
    programs_start_awaited(programs);
}

void programs_start_awaited(struct programs *programs)
{
    if (ev_is_active(&programs->starting))
        return;
    ev_timer_set(&programs->starting, 0., 0.);
    ev_timer_start(programs->host.host->loop, &programs->starting);
}

/* Logs */

void programs_reopen_logs(struct programs *programs)
{
    for (size_t i = 0; i < programs->group_count; i++)
        for (size_t k = 0; k < programs->groups[i]->member_count; k++)
            for (int stream = 0; stream < STREAM_COUNT; stream++)
                output_reopen(&programs->groups[i]->members[k]->outputs[stream]);
}

/* Beginning and end */

static void begin_custody(struct programs *programs, const struct settings *settings)
{
    char *path = mem_printf("%s.custody", settings->muster.socket);
    custody_begin(&programs->host, path);
    free(path);
}

int programs_init(struct programs *programs, struct host *host, const struct settings *settings,
                  struct err *err)
{
    *programs = (struct programs){0};
    program_host_init(&programs->host, host);
    program_host_configure(&programs->host, &settings->supervisor);
    ev_init(&programs->starting, on_starting);
    programs->starting.data = programs;
    ev_init(&programs->settling, on_settled);
    programs_init_stopping(programs);
    ticks_init(programs);
    programs_set_available(programs, &settings->supervisor);
    if (host->is_resuming)
        return 0; /* its groups come with what is taken over */
    if (settings->muster.orphans == ORPHANS_ADOPT)
        begin_custody(programs, settings);
    if (!custody_has_inherited(&programs->host) && settings->supervisor.is_given &&
        !settings->supervisor.daemon.nocleanup)
        auto_log_clean(&programs->host);
    for (size_t i = 0; i < programs->available_count; i++)
        if (add(programs, programs->available[i], err) < 0)
            return -1;
    custody_adopt(programs);
    return 0;
}

void programs_finish(struct programs *programs)
{
    if (!programs->host.host)
        return;
    struct ev_loop *loop = programs->host.host->loop;
    ev_timer_stop(loop, &programs->starting);
    ev_timer_stop(loop, &programs->settling);
    ev_timer_stop(loop, &programs->reporting);
    operations_finish(programs);
    while (programs->group_count > 0)
        program_group_destroy(programs->groups[--programs->group_count]);
    ticks_finish(programs);
    free(programs->groups);
    release_available(programs);
    program_host_finish(&programs->host);
}
