/* SPDX-License-Identifier: MIT */

/* What all programs hand over: the groups that are active, and what they share. */
#include "supervisor/state_parts.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "supervisor/master.h"
#include "supervisor/programs/fcgi_socket.h"
#include "supervisor/programs/listening.h"
#include "supervisor/programs/operation.h"
#include "supervisor/programs/probe.h"
#include "supervisor/programs/ticks.h"
#include "supervisor/programs/update.h"
#include "supervisor/state_events.h"

/* Groups */

static cJSON *add_object(cJSON *list)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(list, object);
    return object;
}

static void save_group(const struct program_group *group, struct state_out *out, cJSON *into)
{
    json_put_text(into, "name", program_group_name(group));
    if (group->pool)
        state_save_pool(group->pool, out, cJSON_AddObjectToObject(into, "pool"));
    state_put_fd(out, into, "socket", program_group_socket(group));
    cJSON *list = cJSON_AddArrayToObject(into, "members");
    for (size_t i = 0; i < group->member_count; i++)
        state_save_program(group->members[i], out, add_object(list));
}

/* They come in the order in which they stand. */
static struct program *find_member(const struct program_group *group, size_t place,
                                   const char *name)
{
    if (place < group->member_count && strcmp(group->members[place]->process->name, name) == 0)
        return group->members[place];
    return program_group_find(group, name);
}

static void complain(const char *name, const cJSON *from)
{
    int pid = (int)json_get_integer(from, "pid", 0);
    if (pid > 0)
        log_write(LOG_ERROR,
                  "%s is not in the configuration any more: its process %d goes on unsupervised",
                  name, pid);
}

static void load_group(struct programs *programs, struct state_in *in, const cJSON *from)
{
    struct program_group *group =
        programs_resume_group(programs, json_get_string(from, "name", ""));
    const cJSON *object;
    size_t place = 0;
    if (group && group->pool)
        state_load_pool(group->pool, in, json_get(from, "pool"));
    if (group && group->socket)
        fcgi_socket_take(group->socket, state_take_fd(in, from, "socket"));
    cJSON_ArrayForEach(object, json_get(from, "members"))
    {
        const char *name = json_get_string(object, "name", "");
        struct program *program = group ? find_member(group, place++, name) : NULL;
        if (program)
            state_load_program(program, in, object);
        else
            complain(name, object);
    }
    if (group && group->pool)
        listener_pool_dispatch(group->pool);
}

/* Operations that have ended, for those who ask later what became of them */

static void save_operation(const struct operation *operation, cJSON *into)
{
    json_put_number(into, "number", operation->number);
    json_put_number(into, "kind", operation->request.kind);
    cJSON *list = cJSON_AddArrayToObject(into, "items");
    for (size_t i = 0; i < operation->item_count; i++) {
        const struct operation_item *item = &operation->items[i];
        cJSON *object = add_object(list);
        json_put_text(object, "group", item->group);
        json_put_text(object, "name", item->name);
        json_put_number(object, "fault", item->fault);
        if (item->text)
            json_put_text(object, "text", item->text);
    }
}

static void load_items(struct operation *operation, const cJSON *list)
{
    const cJSON *object;
    operation->items = mem_new((size_t)cJSON_GetArraySize(list) + 1, sizeof *operation->items);
    cJSON_ArrayForEach(object, list)
    {
        const char *text = json_get_string(object, "text", NULL);
        operation->items[operation->item_count++] = (struct operation_item){
            .group = mem_strdup(json_get_string(object, "group", "")),
            .name = mem_strdup(json_get_string(object, "name", "")),
            .stage = ITEM_DONE,
            .fault = (enum fault)json_get_integer(object, "fault", FAULT_SUCCESS),
            .text = text ? mem_strdup(text) : NULL,
        };
    }
    operation->done_count = operation->item_count;
}

/* The newest comes first. */
static void load_operations(struct programs *programs, const cJSON *list)
{
    struct operation **last = &programs->operations;
    const cJSON *object;
    cJSON_ArrayForEach(object, list)
    {
        struct operation *operation =
            operation_make(programs, (unsigned)json_get_integer(object, "number", 0),
                           (enum operation_kind)json_get_integer(object, "kind", OPERATION_START));
        load_items(operation, json_get(object, "items"));
        operation->has_begun = operation->has_ended = true;
        *last = operation;
        last = &operation->next;
    }
}

bool state_programs_are_settled(const struct master *master)
{
    const struct programs *programs = &master->programs;
    for (size_t i = 0; i < programs->group_count; i++)
        for (size_t k = 0; k < programs->groups[i]->member_count; k++)
            if (!state_program_is_settled(programs->groups[i]->members[k]))
                return false;
    return programs_are_settled(programs) && operations_have_ended(programs) &&
           !programs->host.compressor.first;
}

/* Checks that are under way */

static void save_check(void *list, pid_t pid)
{
    cJSON_AddItemToArray(list, cJSON_CreateNumber(pid));
}

static void end_checks(const cJSON *list)
{
    const cJSON *pid;
    cJSON_ArrayForEach(pid, list) probe_command_kill((pid_t)pid->valueint);
}

/* Listening sockets that are handed to programs */

struct socket_saver {
    struct state_out *out;
    cJSON *list;
};

static void save_socket(void *context, const char *name, int fd)
{
    const struct socket_saver *saver = context;
    cJSON *object = add_object(saver->list);
    json_put_text(object, "name", name);
    state_put_fd(saver->out, object, "fd", fd);
}

static void save_sockets(const struct listenings *listenings, struct state_out *out, cJSON *into)
{
    struct socket_saver own = {out, cJSON_AddArrayToObject(into, "sockets")};
    struct socket_saver passed = {out, cJSON_AddArrayToObject(into, "passed_sockets")};
    for (const struct listening *one = listenings->first; one; one = one->next)
        save_socket(&own, one->url, one->fd);
    listenings_each_inherited(listenings, save_socket, &passed);
}

static void load_sockets(struct listenings *listenings, struct state_in *in, const cJSON *list,
                         void (*resume)(struct listenings *listenings, const char *name, int fd))
{
    const cJSON *object;
    cJSON_ArrayForEach(object, list)
    {
        int fd = state_take_fd(in, object, "fd");
        if (fd >= 0)
            resume(listenings, json_get_string(object, "name", ""), fd);
    }
}

/* What they share */

static const struct state_number bus_rows[] = {
    STATE_NUMBER(struct event_bus, serial, STATE_UINT64),
    STATE_NUMBER(struct event_bus, has_begun, STATE_BOOL),
    {.name = NULL},
};

void state_save_programs(struct master *master, struct state_out *out, cJSON *into)
{
    const struct programs *programs = &master->programs;
    state_put_numbers(into, bus_rows, &programs->host.bus);
    json_put_number(into, "files", (double)programs->host.files.rlim_cur);
    json_put_number(into, "operation_count", programs->operation_count);
    state_put_fd(out, into, "notify", programs->host.notify.fd);
    json_put_text(into, "notify_name", programs->host.notify.name);
    state_put_fd(out, into, "custody", programs->host.custody.socket);
    json_put_number(into, "custodian", programs->host.custody.pid);
    cJSON *ticks = cJSON_AddArrayToObject(into, "told_ticks");
    for (int i = 0; i < TICK_COUNT; i++)
        cJSON_AddItemToArray(ticks, cJSON_CreateNumber((double)programs->told_ticks[i]));
    probe_commands_each(&programs->host, save_check, cJSON_AddArrayToObject(into, "checks"));
    save_sockets(&programs->host.listenings, out, into);
    cJSON *operations = cJSON_AddArrayToObject(into, "operations");
    for (const struct operation *one = programs->operations; one; one = one->next)
        save_operation(one, add_object(operations));
    cJSON *groups = cJSON_AddArrayToObject(into, "groups");
    for (size_t i = 0; i < programs->group_count; i++)
        save_group(programs->groups[i], out, add_object(groups));
}

void state_load_programs(struct master *master, struct state_in *in, const cJSON *from)
{
    struct programs *programs = &master->programs;
    const cJSON *object, *ticks = json_get(from, "told_ticks");
    state_get_numbers(from, bus_rows, &programs->host.bus);
    programs->host.files.rlim_cur =
        (rlim_t)json_get_integer(from, "files", (int64_t)programs->host.files.rlim_cur);
    int notify = state_take_fd(in, from, "notify");
    if (notify >= 0)
        sd_notify_resume(&programs->host, notify, json_get_string(from, "notify_name", ""));
    int custody = state_take_fd(in, from, "custody");
    if (custody >= 0)
        custody_resume(&programs->host, "", custody, (pid_t)json_get_integer(from, "custodian", 0));
    end_checks(json_get(from, "checks"));
    programs->operation_count = (unsigned)json_get_integer(from, "operation_count", 0);
    for (int i = 0; i < TICK_COUNT; i++)
        if (cJSON_GetArrayItem(ticks, i))
            programs->told_ticks[i] = (long)cJSON_GetArrayItem(ticks, i)->valuedouble;
    struct listenings *listenings = &programs->host.listenings;
    load_sockets(listenings, in, json_get(from, "sockets"), listenings_resume);
    load_sockets(listenings, in, json_get(from, "passed_sockets"), listenings_resume_inherited);
    cJSON_ArrayForEach(object, json_get(from, "groups")) load_group(programs, in, object);
    listenings_settle(listenings);
    load_operations(programs, json_get(from, "operations"));
    ticks_follow(programs);
}
