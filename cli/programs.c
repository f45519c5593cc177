/* SPDX-License-Identifier: MIT */
#include "cli/programs.h"

#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "common/mem.h"
#include "supervisor/control_client.h"

#define CALL_MS 10000

cJSON *programs_request(const struct context *context, const char *command, int first_name)
{
    cJSON *request = cJSON_CreateObject();
    cJSON_AddStringToObject(request, "command", command);
    if (context->options.argument_count <= first_name)
        return request;
    cJSON *names = cJSON_AddArrayToObject(request, "names");
    for (int i = first_name; i < context->options.argument_count; i++)
        cJSON_AddItemToArray(names, cJSON_CreateString(context->options.arguments[i]));
    return request;
}

cJSON *programs_ask(struct context *context, cJSON *request, struct err *err)
{
    const struct settings *settings = context_settings(context, err);
    cJSON *answer = NULL;
    if (settings) {
        char *text = cJSON_PrintUnformatted(request);
        answer = control_call(settings->muster.socket, text, CALL_MS, err);
        cJSON_free(text);
    }
    cJSON_Delete(request);
    return answer;
}

char *programs_name(const cJSON *row)
{
    const char *group = json_get_string(row, "group", ""), *name = json_get_string(row, "name", "");
    return strcmp(group, name) == 0 ? mem_strdup(name) : mem_printf("%s:%s", group, name);
}

/* "ALREADY_STARTED" as "already started" */
static void put_words(struct fields *row, const char *result)
{
    char *words = mem_strdup(result);
    for (char *at = words; *at; at++)
        *at = *at == '_' ? ' ' : (char)(*at | 0x20);
    fields_text(row, "result", words);
    free(words);
}

/* What was so already is no failure; a program that is dead is told from other failures. */
static int status_of(const char *result)
{
    static const char *const good[] = {"SUCCESS", "ALREADY_STARTED", NULL};
    static const char *const dead[] = {"SPAWN_ERROR", "ABNORMAL_TERMINATION", "NOT_RUNNING", NULL};
    for (size_t i = 0; good[i]; i++)
        if (strcmp(result, good[i]) == 0)
            return 0;
    for (size_t i = 0; dead[i]; i++)
        if (strcmp(result, dead[i]) == 0)
            return EXIT_DEAD;
    return 1;
}

static int add_result(struct answer *answer, const cJSON *told, const char *done)
{
    const char *result = json_get_string(told, "result", "");
    struct fields *row = answer_row(answer);
    char *name = programs_name(told);
    fields_text(row, "name", name);
    if (strcmp(result, "SUCCESS") == 0)
        fields_text(row, "result", done);
    else
        put_words(row, result);
    fields_text(row, "message", json_get_string(told, "message", NULL));
    free(name);
    return status_of(result);
}

int programs_answer_results(struct context *context, const cJSON *answer, const char *done)
{
    int status = 0;
    const cJSON *item;
    answer_list(&context->answer, "programs");
    cJSON_ArrayForEach(item, json_get(answer, "results"))
    {
        int one = add_result(&context->answer, item, done);
        status = one > status ? one : status;
    }
    cJSON_ArrayForEach(item, json_get(answer, "unknown"))
    {
        struct fields *row = answer_row(&context->answer);
        fields_text(row, "name", item->valuestring);
        fields_text(row, "result", "no such program");
        fields_null(row, "message");
        status = status ? status : 1;
    }
    return status;
}
