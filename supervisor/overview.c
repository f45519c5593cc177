/* SPDX-License-Identifier: MIT */
#include "supervisor/overview.h"

#include <string.h>

#include "supervisor/describe.h"
#include "supervisor/master.h"
#include "supervisor/scaling/scaling_describe.h"

/* Programs */

static void put_text(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, ",\"%s\":", name);
    json_string_append(out, text, strlen(text));
}

static void put_log(struct buf *out, const char *name, const struct program *program,
                    enum stream stream)
{
    char room[LOG_PATH_SIZE];
    bool has_log = program_log_path(program, stream, room) != NULL;
    buf_printf(out, ",\"%s\":%s", name, has_log ? "true" : "false");
}

int overview_put_program(const struct program *program, struct buf *out)
{
    const char *group = program_group_name(program->group);
    buf_printf(out, "{\"pid\":%d,\"started_at\":%lld,\"stopped_at\":%lld,\"exit_status\":%d,",
               (int)program_pid(program), (long long)program->started_wall_ms,
               (long long)program->stopped_wall_ms, program->exit_status);
    buf_printf(out, "\"failures\":%u", program->failures);
    put_text(out, "group", group);
    put_text(out, "name", program->process->name);
    put_text(out, "state", lifecycle_name(program->state));
    put_text(out, "error", program->spawn_error ? program->spawn_error : "");
    put_log(out, "stdout", program, STREAM_OUT);
    put_log(out, "stderr", program, STREAM_ERR);
    return buf_text_append(out, "}");
}

static int put_programs(const struct programs *programs, struct buf *out)
{
    int result = buf_text_append(out, "[");
    for (size_t i = 0; i < programs->group_count; i++) {
        const struct program_group *group = programs->groups[i];
        for (size_t j = 0; j < group->member_count; j++) {
            if (out->length > 1)
                result = buf_text_append(out, ",");
            result = overview_put_program(group->members[j], out);
        }
    }
    return result < 0 ? -1 : buf_text_append(out, "]");
}

static int describe_programs(const struct master *master, cJSON *answer, struct err *err)
{
    struct buf text;
    buf_init(&text, OVERVIEW_TEXT_MAX);
    int result = put_programs(&master->programs, &text);
    if (result < 0)
        err_set(err, ERR_LIMIT, "there are too many programs for one answer");
    else
        cJSON_AddRawToObject(answer, "programs", buf_text(&text));
    buf_finish(&text);
    return result;
}

/* Queues */

static void put_scaling(cJSON *object, const struct scaled *scaled)
{
    cJSON *scaling = scaling_describe_queue(scaled);
    static const char *const members[] = {"scaled",      "policy", "target", "min_workers",
                                          "max_workers", "term",   "reason", "command_error",
                                          "order",       NULL};
    for (const char *const *name = members; *name; name++)
        cJSON_AddItemToObject(object, *name,
                              cJSON_DetachItemFromObjectCaseSensitive(scaling, *name));
    cJSON_Delete(scaling);
}

cJSON *overview_queue(const struct master *master, const struct pool *pool)
{
    cJSON *object = describe_pool(master->settings, pool);
    const struct scaled *scaled = scaling_queue(&master->scaling, pool->queue);
    json_put_number(object, "busy", (double)pool_busy(pool));
    json_put_text(object, "connection", pool->connection);
    if (scaled)
        put_scaling(object, scaled);
    return object;
}

int overview_describe(const struct master *master, cJSON *answer, struct err *err)
{
    describe_daemon(master, answer);
    json_put_number(answer, "now", (double)clock_wall_ms(master->host.clock));
    cJSON *queues = cJSON_AddArrayToObject(answer, "queues");
    cJSON *workers = cJSON_AddArrayToObject(answer, "workers");
    for (const struct pool *pool = master->pools; pool; pool = pool->next) {
        cJSON_AddItemToArray(queues, overview_queue(master, pool));
        describe_workers(pool, workers);
    }
    scaling_describe(&master->scaling, cJSON_AddObjectToObject(answer, "scaling"));
    alerts_describe(&master->alerts, cJSON_AddArrayToObject(answer, "alerts"));
    return describe_programs(master, answer, err);
}
