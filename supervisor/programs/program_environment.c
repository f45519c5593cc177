/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/program_environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/command.h"
#include "common/env_file.h"
#include "common/mem.h"
#include "supervisor/programs/program_group.h"
#include "supervisor/programs/watch.h"
#include "supervisor/programs/program_sockets.h"

#define LISTEN_PID "LISTEN_PID="

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

static void put_read(void *context, char *pair)
{
    put(context, pair);
}

/* What is configured, in the order in which it counts. */
static int put_all_configured(struct pairs *pairs, const struct program *program, struct err *err)
{
    const struct process_settings *process = program->process;
    const struct env_sink sink = {put_read, pairs};
    put_configured(pairs, program->source->environment);
    if (env_files_read(process->env_file, &sink, err) < 0)
        return err_prefix(err, "env_file");
    put_configured(pairs, process->environment);
    if (env_sources_read(process->environment_from_file, &sink, err) < 0)
        return err_prefix(err, "environment_from_file");
    return 0;
}

static void put_user(struct pairs *pairs, const struct program *program)
{
    char own[24];
    const char *user = program->settings->user;
    snprintf(own, sizeof own, "%u", (unsigned)getuid());
    const struct identity *identity = identity_of(&program->host->identities, user[0] ? user : own);
    if (!identity->login)
        return;
    put(pairs, mem_printf("HOME=%s", identity->home));
    put(pairs, mem_printf("USER=%s", identity->login));
    put(pairs, mem_printf("LOGNAME=%s", identity->login));
    put(pairs, mem_printf("SHELL=%s", identity->shell));
}

static void finish_pairs(struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++)
        free(pairs->items[i]);
    free(pairs->items);
}

/* As systemd passes them. The child fills its pid in. */
static void put_sockets(struct pairs *pairs, const struct program *program)
{
    size_t count;
    char *names = program_sockets_names(program, &count);
    if (!names)
        return;
    put(pairs, mem_printf(LISTEN_PID "0000000000"));
    put(pairs, mem_printf("LISTEN_FDS=%zu", count));
    put(pairs, names);
}

static int additions(const struct program *program, struct pairs *pairs, struct err *err)
{
    const char *url = server_url(program);
    put(pairs, mem_strdup("SUPERVISOR_ENABLED=1"));
    if (url[0])
        put(pairs, mem_printf("SUPERVISOR_SERVER_URL=%s", url));
    put(pairs, mem_printf("SUPERVISOR_PROCESS_NAME=%s", program->process->name));
    put(pairs, mem_printf("SUPERVISOR_GROUP_NAME=%s", program_group_name(program->group)));
    put_sockets(pairs, program);
    if (program->settings->attributes.user_environment)
        put_user(pairs, program);
    watch_put_environment(program, put_read, pairs);
    return put_all_configured(pairs, program, err);
}

static bool is_replaced(const struct pairs *pairs, const char *pair)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (has_name_of(pair, pairs->items[i]))
            return true;
    return false;
}

int program_environment_make(struct program_environment *environment, const struct program *program,
                             struct err *err)
{
    struct pairs made = {0};
    size_t count = 0;
    if (additions(program, &made, err) < 0) {
        finish_pairs(&made);
        return -1;
    }
    while (environ[count])
        count++;
    made.items = mem_resize(made.items, made.count + count + 1, sizeof *made.items);
    char **end = made.items + made.count;
    for (size_t i = 0; i < count; i++)
        if (!is_replaced(&made, environ[i]))
            *end++ = environ[i];
    *end = NULL;
    *environment = (struct program_environment){made.items, made.count};
    return 0;
}

char *program_environment_listen_pid(const struct program_environment *environment)
{
    for (size_t i = 0; i < environment->made_count; i++)
        if (has_name_of(environment->pairs[i], LISTEN_PID))
            return environment->pairs[i] + strlen(LISTEN_PID);
    return NULL;
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
    put_all_configured(&pairs, program, NULL); /* an error is told of at the start itself */
    for (size_t i = 0; i < pairs.count; i++)
        if (has_name_of(pairs.items[i], "PATH="))
            path = mem_strdup(pairs.items[i] + strlen("PATH="));
    finish_pairs(&pairs);
    return path;
}
