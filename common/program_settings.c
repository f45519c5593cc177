/* SPDX-License-Identifier: MIT */
#include "common/program_settings.h"

#include <stdlib.h>
#include <string.h>

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

static void process_settings_finish(struct process_settings *process)
{
    free(process->name);
    free(process->command);
    free(process->directory);
    free(process->environment);
    free(process->ready);
    free(process->health);
    for (int stream = 0; stream < STREAM_COUNT; stream++)
        free(process->logfiles[stream]);
    free(process->env_file);
    free(process->environment_from_file);
    free(process->stdin_file);
    free(process->sockets);
    free(process->pre_start);
    free(process->post_stop);
    free(process->stop_command);
}

void program_settings_finish(struct program_settings *program)
{
    for (size_t i = 0; i < program->process_count; i++)
        process_settings_finish(&program->processes[i]);
    free(program->processes);
    free(program->name);
    free(program->user);
    free(program->serverurl);
    for (int limit = 0; limit < PROGRAM_RLIMIT_COUNT; limit++)
        free(program->attributes.rlimits[limit]);
    free(program->attributes.ionice);
    free(program->depends_on);
    free(program->logs.owner);
    for (int stream = 0; stream < STREAM_COUNT; stream++)
        free(program->logs.rotate[stream]);
    free(program->schedule.when);
    free(program->schedule.timezone);
    free(program->schedule.stamp);
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
