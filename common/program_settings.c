/* SPDX-License-Identifier: MIT */
#include "common/program_settings.h"

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

static size_t packed_size(const struct program_settings *program)
{
    struct program_section shared = {.program = *program};
    size_t size = strlen(program->name) + 1 + keys_packed_size(&settings_program_table, &shared);
    for (size_t i = 0; i < program->process_count; i++) {
        struct program_section own = {.process = program->processes[i]};
        size += keys_packed_size(&settings_program_table, &own);
    }
    return size;
}

void program_settings_pack(struct program_settings *program)
{
    size_t count = program->process_count;
    struct process_settings *processes =
        mem_new(1, count * sizeof *processes + packed_size(program));
    char *room = (char *)&processes[count];
    for (size_t i = 0; i < count; i++) {
        struct program_section own = {.process = program->processes[i]};
        room = keys_pack(&settings_program_table, &own, room);
        processes[i] = own.process;
    }
    struct program_section shared = {.program = *program};
    room = keys_pack(&settings_program_table, &shared, room);
    shared.program.name = strcpy(room, program->name);
    shared.program.processes = processes;
    free(program->processes);
    free(program->name);
    *program = shared.program;
}

void program_settings_finish(struct program_settings *program)
{
    free(program->processes);
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
        program_settings_finish(&group->programs[i]);
    free(group->programs);
    free(group->name);
    free(group->environment);
    free(group->socket);
    free(group->socket_owner);
    free(group);
}
