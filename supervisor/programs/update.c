/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/update.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "supervisor/programs/program_change.h"

/* Comparing */

void programs_compare(const struct programs *programs, const struct update_listener *listener)
{
    const struct group_comparison told = {listener->process, listener->context};
    for (size_t i = 0; i < programs->available_count; i++) {
        const struct group_settings *after = programs->available[i];
        const struct program_group *group = programs_group(programs, after->name);
        if (!group || (group->leaves && !group->returns))
            listener->group(listener->context, after->name, UPDATE_ADDED);
        else if (!group->leaves &&
                 group_settings_compare(group->settings, after, NULL) != GROUP_KEPT) {
            listener->group(listener->context, after->name, UPDATE_CHANGED);
            group_settings_compare(group->settings, after, &told);
        }
    }
    for (size_t i = 0; i < programs->group_count; i++) {
        const struct program_group *group = programs->groups[i];
        if (!group->leaves && !programs_available(programs, program_group_name(group)))
            listener->group(listener->context, program_group_name(group), UPDATE_REMOVED);
    }
}

/* Changing one group */

static void leave(struct program_group *group, bool returns)
{
    program_group_stop(group);
    group->leaves = true;
    group->returns = returns;
    group->host->host->changed = true;
}

static void change_member(struct program *program, struct group_settings *after)
{
    const struct program_entry *entry;
    const struct process_settings *process =
        group_settings_process(after, program->process->name, &entry);
    if (!process) {
        program_change_leave(program);
        return;
    }
    enum process_change change =
        process_settings_compare(program->entry, program->process, entry, process, NULL);
    bool is_replaced =
        change == PROCESS_REPLACED || strcmp(program->source->environment, after->environment) != 0;
    if (is_replaced || program->change) /* it may be stopping for another change already */
        program_change_to(program, after, entry, process);
    else
        program_configure(program, after, entry, process);
}

/* Members as the new settings have them, those that leave behind them. */
static void add_new_members(struct program_group *group, struct group_settings *after)
{
    for (size_t p = 0; p < after->program_count; p++) {
        const struct program_entry *entry = &after->programs[p];
        for (size_t i = 0; i < entry->process_count; i++)
            if (!program_group_find(group, entry->processes[i].name))
                program_group_add_member(group, after, entry, &entry->processes[i]);
    }
}

static void change(struct program_group *group, struct group_settings *after)
{
    size_t count = group->member_count;
    for (size_t i = 0; i < count; i++)
        change_member(group->members[i], after);
    add_new_members(group, after);
    group_settings_hold(after);
    group_settings_release(group->settings);
    group->settings = after;
    group->host->host->changed = true;
}

enum fault programs_update_group(struct programs *programs, const char *name, struct err *err)
{
    struct program_group *group = programs_group(programs, name);
    struct group_settings *after = programs_available(programs, name);
    if (!group)
        return programs_add(programs, name, err);
    if (!after || group->leaves) {
        leave(group, after != NULL);
        return FAULT_SUCCESS;
    }
    switch (group_settings_compare(group->settings, after, NULL)) {
    case GROUP_KEPT:
        break;
    case GROUP_REPLACED:
        leave(group, true);
        break;
    default:
        change(group, after);
        programs_sort(programs);
        programs_start_awaited(programs);
        break;
    }
    return FAULT_SUCCESS;
}

/* Changing all */

struct names {
    char **items;
    size_t count;
};

static void note_name(void *context, const char *name, enum update_kind kind)
{
    (void)kind;
    struct names *names = context;
    names->items = mem_resize(names->items, names->count + 1, sizeof *names->items);
    names->items[names->count++] = mem_strdup(name);
}

size_t programs_update(struct programs *programs)
{
    struct names names = {0};
    const struct update_listener listener = {.group = note_name, .context = &names};
    programs_compare(programs, &listener);
    for (size_t i = 0; i < names.count; i++) {
        struct err err = ERR_INIT;
        if (programs_update_group(programs, names.items[i], &err) != FAULT_SUCCESS)
            log_write(LOG_ERROR, "update: group %s: %s", names.items[i], err.text);
        free(names.items[i]);
    }
    free(names.items);
    return names.count;
}

/* What follows when processes have ended */

static void remove_member(struct programs *programs, struct program_group *group, size_t index)
{
    struct program *program = group->members[index];
    group->member_count--;
    memmove(&group->members[index], &group->members[index + 1],
            (group->member_count - index) * sizeof(struct program *));
    programs_forget(programs, program);
    program_destroy(program);
}

static void tend_members(struct programs *programs, struct program_group *group)
{
    for (size_t i = 0; i < group->member_count; i++) {
        struct program *program = group->members[i];
        if (!program_change_is_due(program))
            continue;
        if (program->change->source)
            program_change_make(program);
        else
            remove_member(programs, group, i--);
    }
}

static void end_group(struct programs *programs, struct program_group *group)
{
    struct err err = ERR_INIT;
    bool returns = group->returns;
    char *name = mem_strdup(program_group_name(group));
    if (programs_remove(programs, name, &err) != FAULT_SUCCESS)
        log_write(LOG_ERROR, "update: group %s: %s", name, err.text);
    else if (returns && programs_available(programs, name) &&
             programs_add(programs, name, &err) != FAULT_SUCCESS)
        log_write(LOG_ERROR, "update: group %s: %s", name, err.text);
    free(name);
}

void programs_tend_changes(struct programs *programs)
{
    for (size_t i = 0; i < programs->group_count; i++)
        tend_members(programs, programs->groups[i]);
    for (size_t i = 0; i < programs->group_count; i++) {
        struct program_group *group = programs->groups[i];
        if (!group->leaves || !program_group_is_stopped(group))
            continue;
        end_group(programs, group);
        i = (size_t)-1; /* others have other places now */
    }
}

bool programs_are_settled(const struct programs *programs)
{
    for (size_t i = 0; i < programs->group_count; i++) {
        const struct program_group *group = programs->groups[i];
        if (group->leaves)
            return false;
        for (size_t k = 0; k < group->member_count; k++)
            if (group->members[k]->change)
                return false;
    }
    return true;
}
