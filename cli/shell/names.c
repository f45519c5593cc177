/* SPDX-License-Identifier: MIT */
#include "cli/shell/names.h"

#include <stdlib.h>
#include <string.h>

#include "cli/programs.h"
#include "common/mem.h"
#include "supervisor/control_client.h"

#define CALL_MS 500

void shell_names_add(struct shell_names *names, enum shell_kind kind, const char *text)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->list[i].kind == kind && strcmp(names->list[i].text, text) == 0)
            return;
    names->list = mem_resize(names->list, names->count + 1, sizeof *names->list);
    names->list[names->count++] = (struct shell_name){kind, mem_strdup(text)};
}

void shell_names_finish(struct shell_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i].text);
    free(names->list);
    *names = (struct shell_names){0};
}

static void add_group(struct shell_names *names, const char *group)
{
    char *all = mem_printf("%s:*", group);
    shell_names_add(names, SHELL_GROUP, group);
    shell_names_add(names, SHELL_PROGRAM, all);
    free(all);
}

/* Programs that run, and groups that could. */
static void add_programs(struct shell_names *names, const char *socket, const char *command)
{
    struct err ignored = ERR_INIT;
    cJSON *told = control_command(socket, command, NULL, CALL_MS, &ignored);
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(told, "programs"))
    {
        char *name = programs_name(item);
        shell_names_add(names, SHELL_PROGRAM, name);
        if (strchr(name, ':'))
            add_group(names, json_get_string(item, "group", ""));
        else
            shell_names_add(names, SHELL_GROUP, name);
        free(name);
    }
    cJSON_Delete(told);
}

void shell_names_collect(struct shell_names *names, const struct settings *settings)
{
    shell_names_add(names, SHELL_PROGRAM, "all");
    for (size_t i = 0; i < settings->queue_count; i++)
        shell_names_add(names, SHELL_QUEUE, settings->queues[i].name);
    for (size_t i = 0; i < settings->connection_count; i++)
        shell_names_add(names, SHELL_CONNECTION, settings->connections[i].name);
    add_programs(names, settings->muster.socket, "programs");
    add_programs(names, settings->muster.socket, "programs-available");
}
