/* SPDX-License-Identifier: MIT */
#include "cli/audit.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/output.h"
#include "supervisor/audit.h"
#include "supervisor/control_client.h"

#define CALL_MS       2000
#define ARGUMENTS_MAX 20 /* that are noted by their text */

/* How it was answered is nobody's business. */
static bool is_common(const struct cli_option *option)
{
    for (const struct cli_option *common = common_options; common->name; common++)
        if (option == common)
            return true;
    return false;
}

static cJSON *describe_options(const struct options *options)
{
    cJSON *object = cJSON_CreateObject();
    for (size_t i = 0; i < options->slot_count; i++) {
        const struct option_slot *slot = &options->slots[i];
        if (!slot->given || is_common(slot->option))
            continue;
        if (slot->option->kind == OPTION_FLAG)
            cJSON_AddTrueToObject(object, slot->option->name);
        else
            cJSON_AddStringToObject(object, slot->option->name, slot->text ? slot->text : "");
    }
    return object;
}

static cJSON *describe_order(const struct context *context)
{
    cJSON *order = cJSON_CreateObject();
    const struct options *options = &context->options;
    const struct connection_settings *connection = context->connection.settings;
    json_put_text(order, "connection", connection ? connection->name : NULL);
    cJSON_AddItemToObject(order, "options", describe_options(options));
    cJSON *arguments = cJSON_AddArrayToObject(order, "arguments");
    for (int i = 0; i < options->argument_count && i < ARGUMENTS_MAX; i++)
        cJSON_AddItemToArray(arguments, cJSON_CreateString(options->arguments[i]));
    json_put_number(order, "argument_count", options->argument_count);
    return order;
}

/* Returns 0, or -1 with err. */
static int tell_master(const struct context *context, const struct audit_entry *entry,
                       struct err *err)
{
    cJSON *request = cJSON_CreateObject();
    cJSON_AddStringToObject(request, "command", "audit-note");
    cJSON_AddStringToObject(request, "action", entry->action);
    cJSON_AddStringToObject(request, "result", entry->failure);
    cJSON_AddItemToObject(request, "order", cJSON_Duplicate(entry->order, true));
    char *text = cJSON_PrintUnformatted(request);
    cJSON *answer = control_call(context->settings->muster.socket, text, CALL_MS, err);
    cJSON_free(text);
    cJSON_Delete(request);
    cJSON_Delete(answer);
    return answer ? 0 : -1;
}

static void append(const struct context *context, const struct audit_entry *entry)
{
    struct err err = ERR_INIT;
    char *path = audit_path(context->settings);
    int result = *path ? audit_append(path, entry, &err) : 0;
    free(path);
    /* where there is no data directory nobody has a musterd here */
    if (result < 0 && err.code != ERR_NOT_FOUND)
        output_note("this is not in the audit log: %s", err.text);
}

void audit_command(struct context *context, const struct err *err)
{
    struct err cause = ERR_INIT;
    if (!context->settings)
        return; /* nothing can have been done */
    cJSON *order = describe_order(context);
    const struct audit_entry entry = {.via = "cli",
                                      .uid = (long)getuid(),
                                      .action = context->command->name,
                                      .order = order,
                                      .failure =
                                          err->code == ERR_NONE ? "ok" : err_code_name(err->code)};
    if (tell_master(context, &entry, &cause) < 0)
        append(context, &entry);
    cJSON_Delete(order);
}
