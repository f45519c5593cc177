/* SPDX-License-Identifier: MIT */
#include "worker/store_calls.h"

#include <stdlib.h>
#include <string.h>

#include "common/uuid.h"
#include "queue/job_class.h"
#include "worker/host_calls.h"
#include "queue/metrics_store.h"
#include "worker/store_views.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000

/* One request under way: what it says, and the object that becomes the answer. */
struct store_call {
    struct queue_connection *connection;
    const struct settings *settings;
    const char *text; /* of the request */
    size_t length;
    cJSON *request;
    cJSON *answer;
    cJSON *list; /* in answer: what a listing appends to */
};

typedef int (*store_call_fn)(struct store_call *call, struct err *err);

static const char *text_of(const struct store_call *call, const char *name)
{
    return json_get_string(call->request, name, NULL);
}

static size_t limit_of(const struct store_call *call)
{
    int64_t limit = json_get_integer(call->request, "limit", LIMIT_DEFAULT);
    return limit < 1 || limit > LIMIT_MAX ? LIMIT_MAX : (size_t)limit;
}

/* What a person asks for one by one must be named. */
static const char *uuid_of(const struct store_call *call, struct err *err)
{
    const char *uuid = text_of(call, "uuid");
    if (!uuid)
        err_set(err, ERR_INVALID, "uuid is missing");
    return uuid;
}

static void put_count(struct store_call *call, uint64_t count)
{
    cJSON_AddNumberToObject(call->answer, "count", (double)count);
}

/* Queues */

static int add_queue(void *context, const char *queue)
{
    struct store_call *call = context;
    cJSON_AddItemToArray(call->list, cJSON_CreateString(queue));
    return 0;
}

static int call_queues(struct store_call *call, struct err *err)
{
    const struct driver *driver = call->connection->driver;
    cJSON *names = call->list = cJSON_CreateArray();
    cJSON *queues = cJSON_AddArrayToObject(call->answer, "queues");
    int result = driver->queues(call->connection->store, add_queue, call, err);
    const cJSON *name;
    cJSON_ArrayForEach(name, names)
    {
        struct queue_stats stats;
        if (result == 0)
            result = driver->stats(call->connection->store, name->valuestring, &stats, err);
        if (result == 0)
            cJSON_AddItemToArray(queues, view_stats(name->valuestring, &stats));
    }
    cJSON_Delete(names);
    return result;
}

static int call_purge(struct store_call *call, struct err *err)
{
    uint64_t removed = 0;
    const char *queue = text_of(call, "queue");
    if (!queue)
        return err_set(err, ERR_INVALID, "queue is missing");
    int result = call->connection->driver->purge(call->connection->store, queue, &removed, err);
    put_count(call, removed);
    return result;
}

/* Jobs */

static int add_job(void *context, const struct job_view *view)
{
    struct store_call *call = context;
    cJSON_AddItemToArray(call->list, view_job(view));
    return 0;
}

static int state_of(const struct store_call *call, enum job_state *state, struct err *err)
{
    static const char *const names[] = {"ready", "reserved", "delayed"};
    const char *name = text_of(call, "state");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        *state = (enum job_state)i;
        if (name && strcmp(name, names[i]) == 0)
            return 0;
    }
    return err_set(err, ERR_INVALID, "state must be one of ready, reserved, delayed");
}

static int call_jobs(struct store_call *call, struct err *err)
{
    enum job_state state;
    struct job_filter filter = {.uuid = text_of(call, "uuid"),
                                .queue = text_of(call, "queue"),
                                .batch_uuid = text_of(call, "batch_uuid"),
                                .limit = limit_of(call)};
    if (text_of(call, "state")) {
        if (state_of(call, &state, err) < 0)
            return -1;
        filter.state = &state;
    }
    call->list = cJSON_AddArrayToObject(call->answer, "jobs");
    return call->connection->driver->job_list(call->connection->store, &filter, add_job, call, err);
}

static int call_cancel(struct store_call *call, struct err *err)
{
    enum cancel_result cancelled = CANCEL_ASKED;
    const char *uuid = uuid_of(call, err);
    if (!uuid ||
        call->connection->driver->job_cancel(call->connection->store, uuid, &cancelled, err) < 0)
        return -1;
    cJSON_AddStringToObject(call->answer, "result",
                            cancelled == CANCEL_REMOVED ? "removed" : "asked");
    return 0;
}

static int push_one(struct store_call *call, const struct json_slice *text, struct arena *arena,
                    struct err *err)
{
    struct job job;
    char uuid[UUID_SIZE];
    enum push_result pushed;
    const struct job_defaults defaults = {
        .said_queue = text_of(call, "queue"), .queue = "default", .settings = call->settings};
    if (job_read(text->text, text->length, &defaults, arena, &job, err) < 0 ||
        queue_push(call->connection, &job, uuid, &pushed, err) < 0)
        return -1;
    cJSON_AddStringToObject(call->answer, "uuid", job.uuid);
    cJSON_AddBoolToObject(call->answer, "stored", pushed == PUSH_STORED);
    return 0;
}

static int call_push(struct store_call *call, struct err *err)
{
    struct json_field push = {.name = "push"};
    if (json_scan_object(call->text, call->length, &push, 1, err) < 0)
        return -1;
    if (!push.value.text)
        return err_set(err, ERR_INVALID, "push is missing: an object, the job");
    struct arena arena = {0};
    int result = push_one(call, &push.value, &arena, err);
    arena_finish(&arena);
    return result;
}

/* Failed jobs */

static struct failed_filter filter_of(const struct store_call *call)
{
    return (struct failed_filter){
        .uuid = text_of(call, "uuid"),
        .queue = text_of(call, "queue"),
        .name = text_of(call, "job"),
        .text = text_of(call, "text"),
        .batch_uuid = text_of(call, "batch_uuid"),
        .since_ms = json_get_integer(call->request, "since", 0),
        .before_ms = json_get_integer(call->request, "before", 0),
        .after_uuid = text_of(call, "after"),
        .limit = limit_of(call),
    };
}

static int add_failed(void *context, const struct failed_job *failed)
{
    struct store_call *call = context;
    cJSON_AddItemToArray(call->list, view_failed(failed));
    return 0;
}

static int call_failed(struct store_call *call, struct err *err)
{
    const struct failed_filter filter = filter_of(call);
    call->list = cJSON_AddArrayToObject(call->answer, "failed");
    return call->connection->driver->failed_list(call->connection->store, &filter, add_failed, call,
                                                 err);
}

typedef int (*failed_fn)(struct store *store, const struct failed_filter *filter, uint64_t *count,
                         struct err *err);

/* Each of a list that is there; others have been dealt with by somebody else. */
static int act_on_list(struct store_call *call, failed_fn act, const cJSON *uuids, struct err *err)
{
    const cJSON *uuid;
    uint64_t count = 0, one;
    if (cJSON_GetArraySize(uuids) > LIMIT_MAX)
        return err_set(err, ERR_LIMIT, "uuids: at most %d in one call", LIMIT_MAX);
    cJSON_ArrayForEach(uuid, uuids)
    {
        const struct failed_filter filter = {.uuid = cJSON_GetStringValue(uuid), .limit = 1};
        one = 0;
        if (!filter.uuid)
            return err_set(err, ERR_INVALID, "uuids must be a list of strings");
        if (act(call->connection->store, &filter, &one, err) < 0)
            return -1;
        count += one;
    }
    put_count(call, count);
    return 0;
}

/* At most LIMIT_MAX a call, so that one call does not keep the store from others: a count of so
 * many says that there may be more. One that is named must be there. */
static int act_on_failed(struct store_call *call, failed_fn act, struct err *err)
{
    uint64_t count = 0;
    const cJSON *uuids = json_get(call->request, "uuids");
    if (uuids)
        return act_on_list(call, act, uuids, err);
    struct failed_filter filter = filter_of(call);
    filter.limit = LIMIT_MAX;
    if (act(call->connection->store, &filter, &count, err) < 0)
        return -1;
    if (filter.uuid && count == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no failed job %s", filter.uuid);
    put_count(call, count);
    return 0;
}

static int call_failed_retry(struct store_call *call, struct err *err)
{
    return act_on_failed(call, call->connection->driver->failed_retry, err);
}

static int call_failed_remove(struct store_call *call, struct err *err)
{
    return act_on_failed(call, call->connection->driver->failed_remove, err);
}

/* Batches */

static int add_batch(void *context, const struct batch *batch)
{
    struct store_call *call = context;
    cJSON_AddItemToArray(call->list, view_batch(batch));
    return 0;
}

static int call_batches(struct store_call *call, struct err *err)
{
    call->list = cJSON_AddArrayToObject(call->answer, "batches");
    return call->connection->driver->batch_list(call->connection->store, text_of(call, "uuid"),
                                                text_of(call, "after"), limit_of(call), add_batch,
                                                call, err);
}

static int call_batch_cancel(struct store_call *call, struct err *err)
{
    uint64_t removed = 0;
    const char *uuid = uuid_of(call, err);
    if (!uuid ||
        call->connection->driver->batch_cancel(call->connection->store, uuid, &removed, err) < 0)
        return -1;
    put_count(call, removed);
    return 0;
}

/* Hosts */

static int call_hosts_exchange(struct store_call *call, struct err *err)
{
    return host_calls_exchange(call->connection, call->request, call->answer, err);
}

static int call_hosts_leave(struct store_call *call, struct err *err)
{
    return host_calls_leave(call->connection, call->request, err);
}

/* Pauses */

static const char *host_of(const struct store_call *call)
{
    const char *host = text_of(call, "host");
    return host ? host : PAUSE_ALL;
}

static int call_pause(struct store_call *call, struct err *err)
{
    const char *queue = json_get_string(call->request, "queue", "");
    if (pause_set(call->connection, queue, host_of(call), text_of(call, "by"), err) < 0)
        return -1;
    cJSON_AddBoolToObject(call->answer, "paused", true);
    return 0;
}

static int call_resume(struct store_call *call, struct err *err)
{
    bool was;
    const char *queue = json_get_string(call->request, "queue", "");
    if (pause_clear(call->connection, queue, host_of(call), &was, err) < 0)
        return -1;
    if (!was)
        return err_set(err, ERR_NOT_FOUND, "there is no such pause");
    cJSON_AddBoolToObject(call->answer, "paused", false);
    return 0;
}

static void add_pause(void *context, const struct pause *pause)
{
    struct store_call *call = context;
    cJSON_AddItemToArray(call->list, view_pause(pause));
}

static int call_pauses(struct store_call *call, struct err *err)
{
    call->list = cJSON_AddArrayToObject(call->answer, "pauses");
    return pause_list(call->connection, add_pause, call, err);
}

/* Figures */

#define WINDOW_SECONDS 3600
#define WINDOW_MAX     (INT64_C(3650) * 86400)

static int64_t window_ms_of(const struct store_call *call)
{
    int64_t seconds = json_get_integer(call->request, "window", WINDOW_SECONDS);
    return (seconds < 60 ? 60 : seconds > WINDOW_MAX ? WINDOW_MAX : seconds) * 1000;
}

static int read_metrics(struct store_call *call, metrics_fn each, void *context, struct err *err)
{
    int64_t now_ms = clock_wall_ms(call->connection->clock);
    int64_t from_ms = now_ms - window_ms_of(call);
    const struct metrics_range range = {.from_ms = from_ms / METRICS_MINUTE_MS * METRICS_MINUTE_MS,
                                        .to_ms = now_ms + METRICS_MINUTE_MS,
                                        .now_ms = now_ms};
    const char *queue = json_get_string(call->request, "queue", "");
    return metrics_read(call->connection, queue, &range, each, context, err);
}

static int call_metrics(struct store_call *call, struct err *err)
{
    struct figures_input input = {0};
    int result = read_metrics(call, figures_add, &input, err);
    view_metrics(call->answer, &input, window_ms_of(call));
    figures_input_finish(&input);
    return result;
}

static void add_point(void *context, int64_t at_ms, int64_t span_ms, const struct metrics *metrics)
{
    struct store_call *call = context;
    cJSON_AddItemToArray(call->list, view_point(at_ms, span_ms, metrics));
}

static int call_series(struct store_call *call, struct err *err)
{
    call->list = cJSON_AddArrayToObject(call->answer, "series");
    return read_metrics(call, add_point, call, err);
}

static const struct row {
    const char *name;
    store_call_fn run;
} rows[] = {
    {"queue.pause", call_pause},
    {"queue.resume", call_resume},
    {"queue.metrics", call_metrics},
    {"queue.series", call_series},
    {"pauses", call_pauses},
    {"queues", call_queues},
    {"queue.purge", call_purge},
    {"jobs", call_jobs},
    {"job.cancel", call_cancel},
    {"job.push", call_push},
    {"failed", call_failed},
    {"failed.retry", call_failed_retry},
    {"failed.remove", call_failed_remove},
    {"batches", call_batches},
    {"batch.cancel", call_batch_cancel},
    {"hosts.exchange", call_hosts_exchange},
    {"hosts.leave", call_hosts_leave},
};

static store_call_fn find(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].run;
    return NULL;
}

static int print(const cJSON *value, struct buf *answer, struct err *err)
{
    char *text = cJSON_PrintUnformatted(value);
    int result = buf_text_append(answer, text);
    cJSON_free(text);
    if (result < 0)
        err_set(err, ERR_LIMIT, "the answer is too large; ask for less with limit");
    return result;
}

static int run_call(struct store_call *call, struct buf *answer, struct err *err)
{
    const char *name = json_get_string(call->request, "call", "");
    store_call_fn run = find(name);
    if (!run)
        return err_set(err, ERR_INVALID, "there is no call %s", name);
    if (run(call, err) < 0)
        return -1;
    return print(call->answer, answer, err);
}

int store_calls_run(struct queue_connection *connection, const struct settings *settings,
                    const char *request, size_t length, struct buf *answer, struct err *err)
{
    struct store_call call = {.connection = connection,
                              .settings = settings,
                              .text = request,
                              .length = length,
                              .request = json_parse(request, length, err)};
    if (!call.request)
        return -1;
    call.answer = cJSON_CreateObject();
    int result = run_call(&call, answer, err);
    cJSON_Delete(call.answer);
    cJSON_Delete(call.request);
    return result;
}
