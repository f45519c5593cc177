/* SPDX-License-Identifier: MIT */
#include "common/program_compare.h"

#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 4096

static int compare_name(const void *name, const void *process)
{
    return strcmp(name, ((const struct process_settings *)process)->name);
}

const struct process_settings *group_settings_process(const struct group_settings *group,
                                                      const char *name,
                                                      const struct program_entry **program)
{
    const struct process_settings *found = NULL;
    for (size_t p = 0; p < group->program_count && !found; p++) {
        *program = &group->programs[p];
        found = bsearch(name, (*program)->processes, (*program)->process_count,
                        sizeof *(*program)->processes, compare_name);
    }
    return found;
}

/* Collects keys that differ, and what they need. How many processes there are, and from which
 * number on, shows in the processes themselves. */
struct difference {
    struct buf *keys;
    int need; /* -1: nothing differs */
};

static void note_key(void *context, const struct key *key)
{
    struct difference *difference = context;
    if (strcmp(key->name, "numprocs") == 0 || strcmp(key->name, "numprocs_start") == 0)
        return;
    if (difference->need < (int)key->reload)
        difference->need = (int)key->reload;
    if (difference->keys)
        buf_printf(difference->keys, "%s%s", difference->keys->length ? ", " : "", key->name);
}

enum process_change process_settings_compare(const struct program_entry *program_before,
                                             const struct process_settings *before,
                                             const struct program_entry *program_after,
                                             const struct process_settings *after, struct buf *keys)
{
    const struct program_section one = {*program_before->settings, *before, NULL},
                                 other = {*program_after->settings, *after, NULL};
    struct difference difference = {.keys = keys, .need = -1};
    keys_compare(&settings_program_table, &one, &other, note_key, &difference);
    return difference.need < 0              ? PROCESS_KEPT
           : difference.need == RELOAD_NONE ? PROCESS_ADAPTED
                                            : PROCESS_REPLACED;
}

static bool shares_the_same(const struct group_settings *before, const struct group_settings *after)
{
    if (before->kind != after->kind)
        return false;
    if (before->kind == GROUP_LISTENERS)
        return before->events == after->events;
    if (before->kind != GROUP_FCGI)
        return true;
    return strcmp(before->socket, after->socket) == 0 &&
           strcmp(before->socket_owner, after->socket_owner) == 0 &&
           before->socket_mode == after->socket_mode &&
           before->socket_backlog == after->socket_backlog;
}

static enum group_change worse(enum group_change one, enum group_change other)
{
    return one > other ? one : other;
}

static enum group_change tell(const struct group_comparison *told, const char *name,
                              enum process_change change, const char *keys)
{
    if (change == PROCESS_KEPT)
        return GROUP_KEPT;
    if (told && told->process)
        told->process(told->context, name, change, keys);
    return change == PROCESS_ADAPTED ? GROUP_ADAPTED : GROUP_CHANGED;
}

/* The environment of [supervisord] is part of each process's. */
static enum group_change compare_kept(const struct group_settings *before,
                                      const struct program_entry *program_before,
                                      const struct process_settings *process,
                                      const struct group_settings *after,
                                      const struct group_comparison *told)
{
    const struct program_entry *program_after;
    const struct process_settings *found =
        group_settings_process(after, process->name, &program_after);
    if (!found)
        return tell(told, process->name, PROCESS_REMOVED, "");
    struct buf keys;
    buf_init(&keys, KEYS_MAX);
    enum process_change change =
        process_settings_compare(program_before, process, program_after, found, &keys);
    if (strcmp(before->environment, after->environment) != 0) {
        buf_printf(&keys, "%s[supervisord] environment", keys.length ? ", " : "");
        change = PROCESS_REPLACED;
    }
    enum group_change result = tell(told, process->name, change, buf_text(&keys));
    buf_finish(&keys);
    return result;
}

static enum group_change compare_processes(const struct group_settings *before,
                                           const struct group_settings *after,
                                           const struct group_comparison *told)
{
    enum group_change change = GROUP_KEPT;
    const struct program_entry *unused;
    for (size_t p = 0; p < before->program_count; p++)
        for (size_t i = 0; i < before->programs[p].process_count; i++)
            change = worse(change, compare_kept(before, &before->programs[p],
                                                &before->programs[p].processes[i], after, told));
    for (size_t p = 0; p < after->program_count; p++)
        for (size_t i = 0; i < after->programs[p].process_count; i++) {
            const char *name = after->programs[p].processes[i].name;
            if (!group_settings_process(before, name, &unused))
                change = worse(change, tell(told, name, PROCESS_ADDED, ""));
        }
    return change;
}

enum group_change group_settings_compare(const struct group_settings *before,
                                         const struct group_settings *after,
                                         const struct group_comparison *told)
{
    if (!shares_the_same(before, after))
        return GROUP_REPLACED;
    enum group_change change = GROUP_KEPT;
    if (before->priority != after->priority || before->buffer_size != after->buffer_size)
        change = GROUP_ADAPTED;
    return worse(change, compare_processes(before, after, told));
}
