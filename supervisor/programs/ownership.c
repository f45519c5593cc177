/* SPDX-License-Identifier: MIT */

/* Whose an orphan is: a program's processes inherit its names in their environment, also those that
 * the program has detached from itself. */
#include "supervisor/programs/programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"

#define ENVIRONMENT_MAX (1u << 20)

static const char *value_of(const char *environment, size_t length, const char *name)
{
    const char *end = environment + length;
    size_t name_length = strlen(name);
    for (const char *pair = environment; pair < end; pair += strlen(pair) + 1)
        if (strncmp(pair, name, name_length) == 0 && pair[name_length] == '=')
            return pair + name_length + 1;
    return NULL;
}

bool programs_own(const struct programs *programs, pid_t pid)
{
    char path[64], *environment;
    size_t length;
    if (pid == programs->host.custody.pid)
        return true;
    if (programs->group_count == 0)
        return false;
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    if (fd_read_file(path, ENVIRONMENT_MAX, &environment, &length, NULL) < 0)
        return false;
    const char *group_name = value_of(environment, length, "SUPERVISOR_GROUP_NAME");
    const char *name = value_of(environment, length, "SUPERVISOR_PROCESS_NAME");
    const struct program_group *group = group_name ? programs_group(programs, group_name) : NULL;
    bool is_ours = group && name && program_group_find(group, name);
    free(environment);
    return is_ours;
}
