/* SPDX-License-Identifier: MIT */
#include "supervisor/commands.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/nearest.h"
#include "supervisor/command.h"
#include "supervisor/control.h"
#include "supervisor/describe.h"
#include "supervisor/master.h"
#include "supervisor/overview.h"

#define ACTION_MAX 100 /* bytes of the name of one */

/* The queue that a request names; NULL where it names none. Returns 0, or -1 with err. */
static int read_queue(const struct master *master, const cJSON *request, const char **queue,
                      struct err *err)
{
    const cJSON *item = json_get(request, "queue");
    *queue = cJSON_IsString(item) ? item->valuestring : NULL;
    if (item && !*queue && !cJSON_IsNull(item))
        return err_set(err, ERR_INVALID, "queue: must be a string, the name of a queue");
    if (*queue && !master_pool(master, *queue))
        return err_set(err, ERR_NOT_FOUND, "there is no queue %.100s in the configuration", *queue);
    return 0;
}

static int run_ping(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    (void)master, (void)request, (void)err;
    cJSON_AddNumberToObject(answer, "pid", getpid());
    return 0;
}

static int run_status(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    (void)request, (void)err;
    describe_master(master, answer);
    return 0;
}

static int run_workers(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    const char *queue;
    if (read_queue(master, request, &queue, err) < 0)
        return -1;
    cJSON *list = cJSON_AddArrayToObject(answer, "workers");
    for (const struct pool *pool = master->pools; pool; pool = pool->next)
        if (!queue || strcmp(queue, pool->queue) == 0)
            describe_workers(pool, list);
    return 0;
}

static int run_alerts(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    (void)request, (void)err;
    alerts_describe(&master->alerts, cJSON_AddArrayToObject(answer, "alerts"));
    alerts_describe_history(&master->alerts, cJSON_AddArrayToObject(answer, "history"));
    return 0;
}

static int run_restart(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    (void)answer;
    const char *queue;
    if (read_queue(master, request, &queue, err) < 0)
        return -1;
    return master_restart(master, queue, err);
}

static int run_reload(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    (void)request;
    if (master_reload(master, err) < 0)
        return -1;
    cJSON_AddNumberToObject(answer, "generation", master->settings->generation);
    return 0;
}

static int run_start_over(struct master *master, const cJSON *request, cJSON *answer,
                          struct err *err)
{
    (void)request, (void)answer;
    return master_start_over(master, err);
}

static int run_stop(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    (void)request, (void)answer, (void)err;
    master_stop(master);
    return 0;
}

static int run_reopen_logs(struct master *master, const cJSON *request, cJSON *answer,
                           struct err *err)
{
    (void)request, (void)answer, (void)err;
    master_reopen_logs(master);
    return 0;
}

static int run_upgrade(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    const cJSON *program = json_get(request, "program");
    if (program && !cJSON_IsString(program) && !cJSON_IsNull(program))
        return err_set(err, ERR_INVALID, "program: must be a string, the path of a musterd");
    json_put_number(answer, "upgrades", master->upgrade.count);
    return upgrade_begin(&master->upgrade, json_get_string(request, "program", NULL), err);
}

static int run_upgrade_status(struct master *master, const cJSON *request, cJSON *answer,
                              struct err *err)
{
    (void)request, (void)err;
    upgrade_describe(&master->upgrade, answer);
    return 0;
}

static int run_audit(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    (void)err;
    int64_t limit = json_get_integer(request, "limit", AUDIT_REMEMBERED);
    audit_describe(&master->audit, limit > AUDIT_REMEMBERED ? AUDIT_REMEMBERED : (int)limit,
                   cJSON_AddArrayToObject(answer, "audit"));
    return 0;
}

static int run_overview(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    (void)request;
    return overview_describe(master, answer, err);
}

/* What somebody has done to a store without us. */
static int run_audit_note(struct master *master, const cJSON *request, cJSON *answer,
                          struct err *err)
{
    (void)answer;
    const char *action = json_get_string(request, "action", "");
    const char *result = json_get_string(request, "result", "");
    const cJSON *order = json_get(request, "order");
    if (!*action || strlen(action) > ACTION_MAX || !*result || strlen(result) > ACTION_MAX)
        return err_set(err, ERR_INVALID, "action and result must be texts of 1 to %d bytes",
                       ACTION_MAX);
    const struct audit_entry entry = {.via = "cli",
                                      .uid = control_peer(master->control),
                                      .action = action,
                                      .order = order,
                                      .failure = result};
    audit_write(&master->audit, &entry);
    return 0;
}

static const struct command commands[] = {
    {"audit-note", run_audit_note},
    {"audit", run_audit},
    {"ping", run_ping},
    {"status", run_status},
    {"workers", run_workers},
    {"alerts", run_alerts},
    {"restart", run_restart},
    {"reload", run_reload},
    {"start-over", run_start_over},
    {"overview", run_overview},
    {"stop", run_stop},
    {"reopen-logs", run_reopen_logs},
    {"upgrade", run_upgrade},
    {"upgrade-status", run_upgrade_status},
    {NULL, NULL},
};

static const struct command *find_in(const struct command *table, const char *name,
                                     struct nearest *nearest)
{
    for (; table->name; table++) {
        if (strcmp(table->name, name) == 0)
            return table;
        nearest_consider(nearest, table->name);
    }
    return NULL;
}

static const struct command *find_command(const char *name, struct err *err)
{
    struct nearest nearest = nearest_to(name);
    const struct command *found = find_in(commands, name, &nearest);
    if (!found)
        found = find_in(program_commands, name, &nearest);
    if (!found)
        found = find_in(scaling_commands, name, &nearest);
    if (!found && nearest.best)
        err_set(err, ERR_INVALID, "there is no command %.40s; did you mean %s?", name,
                nearest.best);
    else if (!found)
        err_set(err, ERR_INVALID, "there is no command %.40s", name);
    return found;
}

static int run(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    const char *name = json_get_string(request, "command", NULL);
    if (!cJSON_IsObject(request) || !name)
        return err_set(err, ERR_INVALID,
                       "a request is an object like {\"command\":\"status\"} on one line");
    const struct command *command = find_command(name, err);
    return command ? command->run(master, request, answer, err) : -1;
}

static int put_tree(struct buf *answer, const cJSON *tree, struct err *err)
{
    char *text = cJSON_PrintUnformatted(tree);
    int result = text ? buf_text_append(answer, text) : -1;
    cJSON_free(text);
    return result < 0 ? err_set(err, ERR_LIMIT, "the answer is too long") : 0;
}

enum err_code commands_answer_code(struct master *master, const char *request, size_t length,
                                   struct buf *answer)
{
    struct err err = ERR_INIT;
    cJSON *tree = cJSON_CreateObject();
    cJSON_AddTrueToObject(tree, "ok");
    cJSON *parsed = json_parse(request, length, &err);
    int result = parsed ? run(master, parsed, tree, &err) : -1;
    if (result == 0)
        result = put_tree(answer, tree, &err);
    if (result < 0)
        control_put_error(answer, &err);
    cJSON_Delete(parsed);
    cJSON_Delete(tree);
    return err.code;
}

/* Who only looks changes nothing. */
static bool is_order(const char *name)
{
    static const char *const looks[] = {
        "ping",    "status",          "overview",           "workers",         "alerts",
        "audit",   "programs",        "programs-available", "operation",       "explain",
        "scaling", "scaling-history", "audit-note",         "scaling-figures", NULL};
    for (const char *const *look = looks; *look; look++)
        if (strcmp(*look, name) == 0)
            return false;
    return strstr(name, "status") == NULL && strstr(name, "tail") == NULL;
}

static void audit_request(struct master *master, const char *request, size_t length,
                          enum err_code result)
{
    cJSON *order = json_parse(request, length, NULL);
    const char *name = json_get_string(order, "command", NULL);
    const struct audit_entry entry = {.via = "control",
                                      .uid = control_peer(master->control),
                                      .action = name,
                                      .order = order,
                                      .result = result};
    if (name && is_order(name) && strlen(name) <= ACTION_MAX)
        audit_write(&master->audit, &entry);
    cJSON_Delete(order);
}

void commands_answer(void *context, const char *request, size_t length, struct buf *answer)
{
    enum err_code result = commands_answer_code(context, request, length, answer);
    audit_request(context, request, length, result);
}
