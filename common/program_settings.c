/* SPDX-License-Identifier: MIT */
#include "common/program_settings.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

bool program_key_is_of_process(const struct key *key)
{
    return key->offset >= offsetof(struct program_section, process);
}

int program_check_name(const char *name, struct err *err)
{
    if (name[0] == '\0')
        return err_set(err, ERR_INVALID, "the name is empty");
    if (strlen(name) > PROGRAM_NAME_MAX)
        return err_set(err, ERR_INVALID, "the name is longer than %d bytes", PROGRAM_NAME_MAX);
    size_t length = strcspn(name, " :/\n\t");
    if (name[length] != '\0')
        return err_set(err, ERR_INVALID,
                       "the name %.100s has a space, a colon or a slash; take it out", name);
    return 0;
}

struct program_settings *program_settings_pack(struct program_section *rows)
{
    struct program_section shared = {.program = rows->program};
    size_t size = keys_packed_size(&settings_program_table, &shared);
    struct program_settings *settings = mem_new(1, sizeof *settings + size);
    keys_pack(&settings_program_table, &shared, (char *)&settings[1]);
    *settings = shared.program;
    settings->holders = 1;
    rows->program = (struct program_settings){0};
    return settings;
}

static size_t packed_size(const struct program_entry *entry)
{
    size_t size = strlen(entry->name) + 1;
    for (size_t i = 0; i < entry->process_count; i++) {
        struct program_section own = {.process = entry->processes[i]};
        size += keys_packed_size(&settings_program_table, &own);
    }
    return size;
}

void program_entry_pack(struct program_entry *entry)
{
    size_t count = entry->process_count;
    struct process_settings *processes = mem_new(1, count * sizeof *processes + packed_size(entry));
    char *room = (char *)&processes[count];
    for (size_t i = 0; i < count; i++) {
        struct program_section own = {.process = entry->processes[i]};
        room = keys_pack(&settings_program_table, &own, room);
        processes[i] = own.process;
    }
    strcpy(room, entry->name);
    free(entry->processes);
    free(entry->name);
    entry->processes = processes;
    entry->name = room;
}

bool program_settings_equal(const struct program_settings *one,
                            const struct program_settings *other)
{
    static_assert(offsetof(struct program_section, program) == 0, "a section begins with them");
    return keys_equal(&settings_program_table, one, other, program_key_is_of_process);
}

static void release_settings(struct program_settings *settings)
{
    if (settings && --settings->holders == 0)
        free(settings);
}

void program_entry_finish(struct program_entry *entry)
{
    release_settings(entry->settings);
    free(entry->processes);
}

struct group_settings *group_settings_hold(struct group_settings *group)
{
    if (group)
        group->holders++;
    return group;
}

void group_settings_release(struct group_settings *group)
{
    if (!group || --group->holders > 0)
        return;
    for (size_t i = 0; i < group->program_count; i++)
        program_entry_finish(&group->programs[i]);
    free(group->programs);
    free(group->name);
    free(group->environment);
    free(group->socket);
    free(group->socket_owner);
    free(group);
}
