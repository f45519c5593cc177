/* SPDX-License-Identifier: MIT */

/* Another configuration for programs: what it would change, and the change. */
#include "cli/commands/commands.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/programs.h"
#include "common/mem.h"

#define STEP_US 20000

static const struct cli_option no_options[] = {OPTIONS_END};

/* Arguments of these commands are not names of programs. */
static cJSON *ask(struct context *context, const char *command, const char *group, struct err *err)
{
    cJSON *request = programs_request(context, command, INT32_MAX);
    if (group)
        cJSON_AddStringToObject(request, "name", group);
    return programs_ask(context, request, err);
}

/* --- reread --- */

static void add_change(struct answer *answer, const char *group, const char *change,
                       const cJSON *process)
{
    struct fields *row = answer_row(answer);
    fields_text(row, "group", group);
    fields_text(row, "change", change);
    fields_text(row, "program", json_get_string(process, "name", NULL));
    fields_text(row, "program_change", json_get_string(process, "change", NULL));
    fields_text(row, "keys", json_get_string(process, "keys", NULL));
}

static void add_changes(struct answer *answer, const cJSON *told)
{
    const cJSON *group, *process;
    answer_list(answer, "changes");
    if (cJSON_GetArraySize(json_get(told, "changes")) == 0)
        answer_line(answer, "nothing has changed");
    cJSON_ArrayForEach(group, json_get(told, "changes"))
    {
        const char *name = json_get_string(group, "group", "");
        const char *change = json_get_string(group, "change", "");
        const cJSON *processes = json_get(group, "processes");
        if (cJSON_GetArraySize(processes) == 0)
            add_change(answer, name, change, NULL);
        cJSON_ArrayForEach(process, processes) add_change(answer, name, change, process);
    }
}

static int run_reread(struct context *context, struct err *err)
{
    cJSON *told = ask(context, "programs-reread", NULL, err);
    if (!told)
        return -1;
    add_changes(&context->answer, told);
    cJSON_Delete(told);
    return 0;
}

const struct cli_command command_reread = {
    .name = "reread",
    .group = "programs",
    .usage = "",
    .summary = "Lets musterd read its configuration, and shows what an update would change",
    .details = "Nothing is started or stopped.",
    .options = no_options,
    .examples = (const char *const[]){"reread", NULL},
    .run = run_reread,
};

/* --- update --- */

static bool is_wanted(const struct context *context, const char *group)
{
    const struct options *options = &context->options;
    bool wanted = options->argument_count == 0;
    for (int i = 0; i < options->argument_count; i++)
        wanted = wanted || strcmp(options->arguments[i], group) == 0 ||
                 strcmp(options->arguments[i], "all") == 0;
    return wanted;
}

static int update_groups(struct context *context, const cJSON *told, struct err *err)
{
    const cJSON *change;
    cJSON_ArrayForEach(change, json_get(told, "changes"))
    {
        const char *group = json_get_string(change, "group", "");
        if (!is_wanted(context, group))
            continue;
        cJSON *answer = ask(context, "group-update", group, err);
        if (!answer)
            return -1;
        cJSON_Delete(answer);
    }
    return 0;
}

static int wait_until_settled(struct context *context, struct err *err)
{
    for (;;) {
        cJSON *answer = ask(context, "programs", NULL, err);
        if (!answer)
            return -1;
        bool settled = json_get_bool(answer, "settled", true);
        cJSON_Delete(answer);
        if (settled)
            return 0;
        usleep(STEP_US);
    }
}

static int run_update(struct context *context, struct err *err)
{
    cJSON *told = ask(context, "programs-reread", NULL, err);
    if (!told)
        return -1;
    add_changes(&context->answer, told);
    int result = options_given(&context->options, "dry-run") ? 0
                 : update_groups(context, told, err) < 0     ? -1
                                                             : wait_until_settled(context, err);
    cJSON_Delete(told);
    return result;
}

static const struct cli_option update_options[] = {
    {.name = "dry-run", .letter = 'n', .kind = OPTION_FLAG, .help = "only show what would change"},
    OPTIONS_END,
};

const struct cli_command command_update = {
    .name = "update",
    .group = "programs",
    .usage = "[--dry-run] [GROUP…]",
    .summary = "Reads the configuration again and makes programs what it says",
    .details = "Only processes whose settings have changed are restarted; another numprocs leaves "
               "the others alone.",
    .options = update_options,
    .max_arguments = -1,
    .examples = (const char *const[]){"update --dry-run", "update web", NULL},
    .run = run_update,
};

/* --- avail --- */

static int run_avail(struct context *context, struct err *err)
{
    cJSON *told = ask(context, "programs-available", NULL, err);
    if (!told)
        return -1;
    const cJSON *item;
    answer_list(&context->answer, "programs");
    cJSON_ArrayForEach(item, json_get(told, "programs"))
    {
        struct fields *row = answer_row(&context->answer);
        char *name = programs_name(item);
        fields_text(row, "name", name);
        fields_boolean(row, "in_use", json_get_bool(item, "active", false));
        fields_boolean(row, "autostart", json_get_bool(item, "autostart", false));
        fields_integer(row, "group_priority", json_get_integer(item, "group_priority", 0));
        fields_integer(row, "priority", json_get_integer(item, "priority", 0));
        free(name);
    }
    cJSON_Delete(told);
    return 0;
}

const struct cli_command command_avail = {
    .name = "avail",
    .group = "programs",
    .usage = "",
    .summary = "Lists the programs of the configuration that was read last",
    .options = no_options,
    .examples = (const char *const[]){"avail", NULL},
    .run = run_avail,
};

/* --- add, remove --- */

static int for_each_group(struct context *context, const char *command, const char *done,
                          struct err *err)
{
    answer_list(&context->answer, "groups");
    for (int i = 0; i < context->options.argument_count; i++) {
        const char *group = context->options.arguments[i];
        cJSON *answer = ask(context, command, group, err);
        if (!answer)
            return -1;
        struct fields *row = answer_row(&context->answer);
        fields_text(row, "group", group);
        fields_text(row, "result", done);
        cJSON_Delete(answer);
    }
    return 0;
}

static int run_add(struct context *context, struct err *err)
{
    return for_each_group(context, "group-add", "added", err);
}

static int run_remove(struct context *context, struct err *err)
{
    return for_each_group(context, "group-remove", "removed", err);
}

const struct cli_command command_add = {
    .name = "add",
    .group = "programs",
    .usage = "GROUP…",
    .summary = "Makes groups of the configuration that was read last active",
    .options = no_options,
    .min_arguments = 1,
    .max_arguments = -1,
    .examples = (const char *const[]){"add web", NULL},
    .run = run_add,
};

const struct cli_command command_remove = {
    .name = "remove",
    .group = "programs",
    .usage = "GROUP…",
    .summary = "Takes groups away whose programs are stopped",
    .options = no_options,
    .min_arguments = 1,
    .max_arguments = -1,
    .examples = (const char *const[]){"remove web", NULL},
    .run = run_remove,
};

/* --- shutdown --- */

static int run_shutdown(struct context *context, struct err *err)
{
    cJSON *answer = ask(context, "stop", NULL, err);
    if (!answer)
        return -1;
    cJSON_Delete(answer);
    fields_boolean(&context->answer.values, "stopping", true);
    answer_line(&context->answer, "musterd stops");
    return 0;
}

const struct cli_command command_shutdown = {
    .name = "shutdown",
    .group = "programs",
    .usage = "",
    .summary = "Stops all programs and workers, and musterd",
    .details = "As `muster master:stop`: workers finish their jobs first.",
    .options = no_options,
    .examples = (const char *const[]){"shutdown", NULL},
    .run = run_shutdown,
};
