/* SPDX-License-Identifier: MIT */
#include "supervisor/watch.h"

#include "supervisor/describe.h"
#include "supervisor/master.h"
#include "supervisor/overview.h"

#define PROGRAMS_MAX 100 /* rows in one look; more are read anew by who wants them */
#define TEXT_MAX     (128u << 10)

void watch_begin(struct watch *watch, struct master *master)
{
    *watch = (struct watch){.master = master, .seen = master->host.revision};
}

static void tell_refresh(const struct watch *watch, const char *cause)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "cause", cause);
    feed_put(&watch->master->feed, "refresh", object);
    cJSON_Delete(object);
}

/* Programs */

/* Returns how many have changed, or -1 where they are too many. */
static int put_changed(const struct watch *watch, const struct program_group *group, int count,
                       struct buf *out)
{
    for (size_t i = 0; i < group->member_count; i++) {
        const struct program *program = group->members[i];
        if (program->revision <= watch->seen)
            continue;
        if (count == PROGRAMS_MAX)
            return -1;
        buf_text_append(out, count++ == 0 ? "{\"programs\":[" : ",");
        if (overview_put_program(program, out) < 0)
            return -1;
    }
    return count;
}

static void look_at_programs(const struct watch *watch)
{
    const struct programs *programs = &watch->master->programs;
    struct buf text;
    int count = 0;
    buf_init(&text, TEXT_MAX);
    for (size_t i = 0; i < programs->group_count && count >= 0; i++)
        count = put_changed(watch, programs->groups[i], count, &text);
    if (count > 0 && buf_text_append(&text, "]}") == 0)
        feed_put_text(&watch->master->feed, "programs", buf_text(&text));
    else if (count != 0)
        tell_refresh(watch, "programs");
    buf_finish(&text);
}

/* Queues */

static bool workers_have_changed(const struct watch *watch, const struct pool *pool)
{
    bool has_changed = pool->revision > watch->seen;
    for (const struct worker *worker = pool->workers; worker; worker = worker->next)
        has_changed = has_changed || worker->process.revision > watch->seen;
    return has_changed;
}

static void tell_workers(const struct watch *watch, const struct pool *pool)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "queue", pool->queue);
    describe_workers(pool, cJSON_AddArrayToObject(object, "workers"));
    feed_put(&watch->master->feed, "workers", object);
    cJSON_Delete(object);
}

static void look_at_queues(const struct watch *watch)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(object, "queues");
    for (const struct pool *pool = watch->master->pools; pool; pool = pool->next) {
        if (!workers_have_changed(watch, pool))
            continue;
        cJSON_AddItemToArray(list, overview_queue(watch->master, pool));
        tell_workers(watch, pool);
    }
    if (list->child)
        feed_put(&watch->master->feed, "queues", object);
    cJSON_Delete(object);
}

void watch_look(struct watch *watch)
{
    const struct host *host = &watch->master->host;
    if (host->revision == watch->seen)
        return;
    if (host->listed > watch->seen) {
        tell_refresh(watch, "list");
    } else {
        look_at_programs(watch);
        look_at_queues(watch);
    }
    watch->seen = host->revision;
}
