/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/program_environment.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/command.h"
#include "common/mem.h"
#include "supervisor/programs/program_group.h"

struct pairs {
    char **items;
    size_t count;
};

static bool has_name_of(const char *pair, const char *other)
{
    size_t length = strcspn(other, "=");
    return strncmp(pair, other, length) == 0 && pair[length] == '=';
}

/* Takes a malloc'd pair over; it replaces one of the same name. */
static void put(struct pairs *pairs, char *pair)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (has_name_of(pairs->items[i], pair)) {
            free(pairs->items[i]);
            pairs->items[i] = pair;
            return;
        }
    }
    pairs->items = mem_resize(pairs->items, pairs->count + 1, sizeof *pairs->items);
    pairs->items[pairs->count++] = pair;
}

static void put_configured(struct pairs *pairs, const char *text)
{
    char **configured = text[0] ? command_environment(text, NULL) : NULL;
    for (size_t i = 0; configured && configured[i]; i++)
        put(pairs, configured[i]);
    free(configured);
}

static const char *server_url(const struct program *program)
{
    const char *own = program->settings->serverurl;
    return strcasecmp(own, "AUTO") == 0 ? program->host->serverurl : own;
}

static struct pairs additions(const struct program *program)
{
    struct pairs pairs = {0};
    const char *url = server_url(program);
    put(&pairs, mem_strdup("SUPERVISOR_ENABLED=1"));
    if (url[0])
        put(&pairs, mem_printf("SUPERVISOR_SERVER_URL=%s", url));
    put(&pairs, mem_printf("SUPERVISOR_PROCESS_NAME=%s", program->process->name));
    put(&pairs, mem_printf("SUPERVISOR_GROUP_NAME=%s", program_group_name(program->group)));
    put_configured(&pairs, program->source->environment);
    put_configured(&pairs, program->process->environment);
    return pairs;
}

static bool is_replaced(const struct pairs *pairs, const char *pair)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (has_name_of(pair, pairs->items[i]))
            return true;
    return false;
}

void program_environment_make(struct program_environment *environment,
                              const struct program *program)
{
    struct pairs made = additions(program);
    size_t count = 0;
    while (environ[count])
        count++;
    made.items = mem_resize(made.items, made.count + count + 1, sizeof *made.items);
    char **end = made.items + made.count;
    for (size_t i = 0; i < count; i++)
        if (!is_replaced(&made, environ[i]))
            *end++ = environ[i];
    *end = NULL;
    *environment = (struct program_environment){made.items, made.count};
}

void program_environment_finish(struct program_environment *environment)
{
    for (size_t i = 0; i < environment->made_count; i++)
        free(environment->pairs[i]);
    free(environment->pairs);
}

char *program_environment_path(const struct program *program)
{
    struct pairs pairs = {0};
    char *path = NULL;
    put_configured(&pairs, program->source->environment);
    put_configured(&pairs, program->process->environment);
    for (size_t i = 0; i < pairs.count; i++) {
        if (has_name_of(pairs.items[i], "PATH="))
            path = mem_strdup(pairs.items[i] + strlen("PATH="));
        free(pairs.items[i]);
    }
    free(pairs.items);
    return path;
}
