/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/program_group.h"

#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/mem.h"
#include "supervisor/programs/auto_log.h"
#include "supervisor/programs/depends.h"
#include "supervisor/programs/fcgi_socket.h"
#include "supervisor/programs/listener_pool.h"

const char *program_group_name(const struct program_group *group)
{
    return group->settings->name;
}

int program_group_socket(const struct program_group *group)
{
    return group->socket ? fcgi_socket_fd(group->socket) : -1;
}

struct program *program_group_find(const struct program_group *group, const char *process)
{
    for (size_t i = 0; i < group->member_count; i++)
        if (strcmp(group->members[i]->process->name, process) == 0)
            return group->members[i];
    return NULL;
}

bool program_group_is_stopped(const struct program_group *group)
{
    for (size_t i = 0; i < group->member_count; i++) {
        enum process_state state = group->members[i]->state;
        if (state != PROCESS_STOPPED && state != PROCESS_EXITED && state != PROCESS_FATAL &&
            state != PROCESS_UNKNOWN)
            return false;
    }
    return true;
}

/* Processes that begin and end */

int program_group_prepare(struct program_group *group, struct program *program, struct err *err)
{
    if (program->listener)
        listener_reset(program->listener);
    if (!group->socket)
        return 0;
    if (fcgi_socket_hold(group->socket, err) < 0)
        return -1;
    program->holds_socket = true;
    return 0;
}

void program_group_ended(struct program_group *group, struct program *program)
{
    if (program->listener)
        listener_reset(program->listener);
    if (program->holds_socket)
        fcgi_socket_release(group->socket);
    program->holds_socket = false;
}

/* Stopping */

struct by_priority {
    struct program *program;
    size_t place;
};

static int compare_priorities(const void *a, const void *b)
{
    const struct by_priority *one = a, *other = b;
    int64_t first = one->program->settings->priority, second = other->program->settings->priority;
    if (first != second)
        return first < second ? -1 : 1;
    return (one->place > other->place) - (one->place < other->place);
}

struct program **program_group_by_priority(const struct program_group *group)
{
    size_t count = group->member_count;
    struct by_priority *places = mem_new(count + 1, sizeof *places);
    struct program **sorted = mem_new(count + 1, sizeof(struct program *));
    for (size_t i = 0; i < count; i++)
        places[i] = (struct by_priority){group->members[i], i};
    qsort(places, count, sizeof *places, compare_priorities);
    for (size_t i = 0; i < count; i++)
        sorted[i] = places[i].program;
    free(places);
    return sorted;
}

static void stop_one(struct program *program)
{
    depends_cancel(program);
    if (program->host->is_stopping && depends_hold(program, stop_one))
        return;
    if (program->state == PROCESS_BACKOFF)
        program_handle(program, EVENT_GIVE_UP);
    else if (program->state == PROCESS_STARTING || program->state == PROCESS_RUNNING)
        program_handle(program, EVENT_STOP);
}

void program_group_stop(struct program_group *group)
{
    bool some_were_held = group->host->is_stopping && group->host->dependent_count > 0;
    if (group->is_stopping && !some_were_held)
        return;
    group->is_stopping = true;
    struct program **sorted = program_group_by_priority(group);
    for (size_t i = group->member_count; i-- > 0;)
        stop_one(sorted[i]);
    free(sorted);
}

/* Beginning and end */

struct program *program_group_add_member(struct program_group *group, struct group_settings *source,
                                         const struct program_entry *entry,
                                         const struct process_settings *process)
{
    struct program *program = program_create(group->host, group, source, entry, process);
    if (group->pool)
        program->listener = listener_create(group->pool, program);
    if (!group->host->host->is_resuming)
        auto_log_make(program);
    group->members = mem_resize(group->members, group->member_count + 1, sizeof(struct program *));
    group->members[group->member_count++] = program;
    return program;
}

static void add_members(struct program_group *group)
{
    for (size_t i = 0; i < group->settings->program_count; i++) {
        const struct program_entry *entry = &group->settings->programs[i];
        for (size_t k = 0; k < entry->process_count; k++)
            program_group_add_member(group, group->settings, entry, &entry->processes[k]);
    }
}

static struct fcgi_socket *make_socket(const struct program_host *host,
                                       const struct group_settings *settings, struct err *err)
{
    int inherited = custody_take_socket(host, settings->socket);
    if (inherited < 0 && !host->host->is_resuming)
        return fcgi_socket_create(settings, err);
    struct fcgi_socket *socket = fcgi_socket_resume(settings, err);
    if (socket)
        fcgi_socket_take(socket, inherited);
    else
        fd_close(&inherited);
    return socket;
}

struct program_group *program_group_create(struct program_host *host,
                                           struct group_settings *settings, struct err *err)
{
    struct program_group *group = mem_new(1, sizeof *group);
    group->host = host;
    group->settings = group_settings_hold(settings);
    if (settings->kind == GROUP_FCGI) {
        group->socket = make_socket(host, settings, err);
        if (!group->socket) {
            program_group_destroy(group);
            return NULL;
        }
    }
    if (settings->kind == GROUP_LISTENERS)
        group->pool = listener_pool_create(group);
    add_members(group);
    return group;
}

void program_group_destroy(struct program_group *group)
{
    for (size_t i = 0; i < group->member_count; i++)
        program_destroy(group->members[i]);
    free(group->members);
    listener_pool_destroy(group->pool);
    fcgi_socket_destroy(group->socket);
    group_settings_release(group->settings);
    free(group);
}
