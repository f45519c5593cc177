/* SPDX-License-Identifier: MIT */
#include "supervisor/control/api_routes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

#define PARAM(its_name, its_place, its_type, its_help)                                             \
    {                                                                                              \
        .name = its_name, .place = its_place, .type = its_type, .help = its_help                   \
    }
#define NEEDED(its_name, its_place, its_type, its_help)                                            \
    {                                                                                              \
        .name = its_name, .place = its_place, .type = its_type, .required = true, .help = its_help \
    }
#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }
#define CONNECTION                                                                                 \
    PARAM("connection", API_QUERY, API_TEXT, "the connection, if not the default one")
#define LIMIT PARAM("limit", API_QUERY, API_INTEGER, "at most so many, up to 1000")

static const struct api_param none[] = {END};
static const struct api_param connection[] = {CONNECTION, END};
static const struct api_param one_queue[] = {NEEDED("queue", API_PATH, API_TEXT, "the queue"),
                                             CONNECTION, END};
static const struct api_param maybe_queue[] = {
    PARAM("queue", API_QUERY, API_TEXT, "only this queue"), END};
static const struct api_param restart[] = {
    PARAM("queue", API_BODY, API_TEXT, "only the workers of this queue"), END};
static const struct api_param only_queue[] = {NEEDED("queue", API_PATH, API_TEXT, "the queue"),
                                              END};
static const struct api_param scale[] = {
    NEEDED("queue", API_PATH, API_TEXT, "the queue"),
    NEEDED("workers", API_BODY, API_INTEGER, "how many it shall have"),
    PARAM("reason", API_BODY, API_TEXT, "is kept in the history"),
    PARAM("for_ms", API_BODY, API_INTEGER, "for so many milliseconds; 0: until it is taken back"),
    PARAM("force", API_BODY, API_BOOLEAN, "also beyond min_workers and max_workers"),
    END,
};
static const struct api_param scaling_history[] = {
    PARAM("queue", API_QUERY, API_TEXT, "only of this queue"),
    PARAM("limit", API_QUERY, API_INTEGER, "the last so many, up to 10000 (default 100)"),
    END,
};
static const struct api_param scaling_switch[] = {
    NEEDED("state", API_BODY, API_TEXT, "on or off"),
    PARAM("queue", API_BODY, API_TEXT, "only this queue"),
    END,
};
static const struct api_param window[] = {
    NEEDED("queue", API_PATH, API_TEXT, "the queue"),
    PARAM("window", API_QUERY, API_INTEGER, "seconds to look back; an hour"),
    CONNECTION,
    END,
};
static const struct api_param pause[] = {
    NEEDED("queue", API_PATH, API_TEXT, "the queue, * for all"),
    PARAM("host", API_BODY, API_TEXT, "only on this host"),
    CONNECTION,
    END,
};
static const struct api_param audit[] = {
    PARAM("limit", API_QUERY, API_INTEGER, "at most so many, up to 200"), END};
static const struct api_param one_uuid[] = {NEEDED("uuid", API_PATH, API_TEXT, "the uuid"),
                                            CONNECTION, END};
static const struct api_param jobs[] = {
    PARAM("queue", API_QUERY, API_TEXT, "only of this queue"),
    PARAM("state", API_QUERY, API_TEXT, "ready, reserved or delayed"),
    PARAM("batch_uuid", API_QUERY, API_TEXT, "only of this batch"),
    LIMIT,
    CONNECTION,
    END,
};
static const struct api_param failed[] = {
    PARAM("queue", API_QUERY, API_TEXT, "only of this queue"),
    PARAM("job", API_QUERY, API_TEXT, "only of this class"),
    PARAM("text", API_QUERY, API_TEXT, "only with this text in the exception"),
    PARAM("batch_uuid", API_QUERY, API_TEXT, "only of this batch"),
    PARAM("since", API_QUERY, API_INTEGER, "failed at or after; milliseconds since the epoch"),
    PARAM("before", API_QUERY, API_INTEGER, "failed before"),
    PARAM("after", API_QUERY, API_TEXT, "go on behind this uuid (newest first)"),
    LIMIT,
    CONNECTION,
    END,
};
static const struct api_param failed_act[] = {
    PARAM("uuid", API_BODY, API_TEXT, "this one"),
    PARAM("uuids", API_BODY, API_TEXTS, "these and no others, at most 1000"),
    PARAM("queue", API_BODY, API_TEXT, "those of this queue"),
    PARAM("job", API_BODY, API_TEXT, "those of this class"),
    PARAM("text", API_BODY, API_TEXT, "those with this text in the exception"),
    PARAM("batch_uuid", API_BODY, API_TEXT, "those of this batch"),
    PARAM("before", API_BODY, API_INTEGER, "those that failed before; milliseconds"),
    CONNECTION,
    END,
};
static const struct api_param events[] = {
    PARAM("last_event_id", API_QUERY, API_TEXT,
          "go on behind this event, where the header Last-Event-ID cannot be sent"),
    END,
};
#define NAMES                                                                                      \
    NEEDED("names", API_BODY, API_TEXTS, "programs: name, group:name, group:* or a pattern (web-*)")
static const struct api_param programs[] = {
    NAMES,
    PARAM("at_once", API_BODY, API_INTEGER, "how many at a time; 0: all"),
    END,
};
static const struct api_param signals[] = {
    NAMES,
    NEEDED("signal", API_BODY, API_TEXT, "a name or number, e.g. HUP"),
    END,
};
static const struct api_param names[] = {NAMES, END};
static const struct api_param operation[] = {
    NEEDED("operation", API_PATH, API_INTEGER,
           "the number that a start, stop, restart or reload gave"),
    END,
};
static const struct api_param batches[] = {
    PARAM("uuid", API_QUERY, API_TEXT, "this one"),
    PARAM("after", API_QUERY, API_TEXT, "go on behind this uuid (newest first)"),
    LIMIT,
    CONNECTION,
    END,
};

const struct api_route api_routes[] = {
    {"GET", "/status", API_MASTER, "status", NULL, none,
     "The master, and the queues by its figures"},
    {"GET", "/overview", API_MASTER, "overview", NULL, none,
     "Queues, workers, programs, scaling and alerts in one answer, for dashboards"},
    {"GET", "/events", API_WEB, "events", NULL, events,
     "What changes, as it changes: server-sent events (text/event-stream)"},
    {"GET", "/session", API_WEB, "session", NULL, none, "Who asks, and what that one may do"},
    {"GET", "/programs", API_MASTER, "programs", NULL, none, "The programs"},
    {"POST", "/programs/start", API_MASTER, "programs-start", NULL, programs, "Starts programs"},
    {"POST", "/programs/stop", API_MASTER, "programs-stop", NULL, programs, "Stops programs"},
    {"POST", "/programs/restart", API_MASTER, "programs-restart", NULL, programs,
     "Stops programs and starts them again"},
    {"POST", "/programs/reload", API_MASTER, "programs-reload", NULL, programs,
     "Lets programs read their own configuration again (reload_signal, reload_command)"},
    {"POST", "/programs/signal", API_MASTER, "programs-signal", NULL, signals,
     "Sends programs a signal"},
    {"POST", "/programs/clear", API_MASTER, "programs-clear", NULL, names,
     "Empties the logs of programs"},
    {"GET", "/operations/{operation}", API_MASTER, "operation", NULL, operation,
     "How far a start, stop, restart or reload has come"},
    {"GET", "/workers", API_MASTER, "workers", NULL, maybe_queue, "The workers"},
    {"POST", "/workers/restart", API_MASTER, "restart", NULL, restart,
     "Replaces workers; running jobs finish"},
    {"GET", "/audit", API_MASTER, "audit", NULL, audit, "Who did what, the newest first"},
    {"GET", "/alerts", API_MASTER, "alerts", NULL, none,
     "Alerts that are active, and what was told lately"},
    {"POST", "/reload", API_MASTER, "reload", NULL, none, "Reads the configuration again"},
    {"GET", "/queues", API_STORE, "queues", NULL, connection, "The queues of a store"},
    {"GET", "/queues/{queue}/metrics", API_STORE, "queue.metrics", NULL, window,
     "What a queue did over a window, on all hosts, by class, and what slows it down"},
    {"GET", "/queues/{queue}/series", API_STORE, "queue.series", NULL, window,
     "The same by the minute, hour or day, the oldest first"},
    {"POST", "/queues/{queue}/pause", API_STORE, "queue.pause", NULL, pause,
     "Lets workers reserve nothing more of a queue, or of all (*)"},
    {"POST", "/queues/{queue}/resume", API_STORE, "queue.resume", NULL, pause,
     "Ends a pause with the same queue and host"},
    {"GET", "/pauses", API_STORE, "pauses", NULL, connection, "What is paused, and by whom"},
    {"POST", "/queues/{queue}/purge", API_STORE, "queue.purge", NULL, one_queue,
     "Removes the waiting jobs of a queue"},
    {"GET", "/queues/{queue}/scaling", API_MASTER, "explain", NULL, only_queue,
     "Why a queue has as many workers as it has, and what would change it"},
    {"POST", "/queues/{queue}/scale", API_MASTER, "scale", NULL, scale,
     "Gives a queue so many workers"},
    {"GET", "/scaling", API_MASTER, "scaling", NULL, maybe_queue, "The autoscaler and its queues"},
    {"GET", "/scaling/history", API_MASTER, "scaling-history", NULL, scaling_history,
     "How numbers of workers were changed, the newest last"},
    {"POST", "/scaling/switch", API_MASTER, "scaling-switch", NULL, scaling_switch,
     "Lets the policies decide, or all stay as it is"},
    {"POST", "/scaling/run", API_MASTER, "scaling-run", NULL, none, "Decides now"},
    {"POST", "/queues/{queue}/jobs", API_STORE, "job.push", "push", one_queue, "Pushes a job"},
    {"GET", "/jobs", API_STORE, "jobs", NULL, jobs, "Live jobs"},
    {"GET", "/jobs/{uuid}", API_STORE, "jobs", NULL, one_uuid, "One live job"},
    {"POST", "/jobs/{uuid}/cancel", API_STORE, "job.cancel", NULL, one_uuid, "Cancels a job"},
    {"GET", "/failed", API_STORE, "failed", NULL, failed, "Failed jobs, the newest first"},
    {"POST", "/failed/retry", API_STORE, "failed.retry", NULL, failed_act,
     "Queues failed jobs again, at most 1000 a call"},
    {"POST", "/failed/remove", API_STORE, "failed.remove", NULL, failed_act,
     "Removes failed jobs, at most 1000 a call"},
    {"GET", "/batches", API_STORE, "batches", NULL, batches, "Batches, the newest first"},
    {"POST", "/batches/{uuid}/cancel", API_STORE, "batch.cancel", NULL, one_uuid,
     "Cancels a batch"},
    {.method = NULL},
};

/* Matching */

static size_t segment_length(const char *path)
{
    return strcspn(path, "/");
}

/* Compares segment by segment; values (or NULL) gets those of parameters. */
static bool path_matches(const char *pattern, const char *path, cJSON *values)
{
    while (*pattern == '/' && *path == '/') {
        size_t wanted = segment_length(++pattern), length = segment_length(++path);
        if (*pattern == '{' && length > 0) {
            char *name = mem_strndup(pattern + 1, wanted - 2), *value = mem_strndup(path, length);
            if (values)
                cJSON_AddStringToObject(values, name, value);
            free(name);
            free(value);
        } else if (wanted != length || strncmp(pattern, path, length) != 0) {
            return false;
        }
        pattern += wanted;
        path += length;
    }
    return !*pattern && !*path;
}

const struct api_route *api_find(const char *method, const char *path, cJSON *request,
                                 struct err *err)
{
    bool is_path = false;
    const char *rest = path + strlen(API_ROOT);
    bool is_below = strncmp(path, API_ROOT "/", sizeof API_ROOT) == 0;
    for (const struct api_route *route = api_routes; is_below && route->method; route++) {
        if (!path_matches(route->path, rest, NULL))
            continue;
        is_path = true;
        if (strcmp(route->method, method) != 0)
            continue;
        path_matches(route->path, rest, request);
        cJSON_AddStringToObject(request, route->target == API_MASTER ? "command" : "call",
                                route->action);
        return route;
    }
    if (is_path)
        err_set(err, ERR_CONFLICT, "%.200s does not take the method %.20s", path, method);
    else
        err_set(err, ERR_NOT_FOUND, "there is nothing at %.200s", path);
    return NULL;
}

/* Parameters */

static int put_integer(cJSON *request, const char *name, const char *text, struct err *err)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno != 0 || value < 0 || value > (INT64_C(1) << 53))
        return err_set(err, ERR_INVALID, "%s must be a whole number from 0 on", name);
    cJSON_AddNumberToObject(request, name, (double)value);
    return 0;
}

static int put_text(cJSON *request, const struct api_param *param, const char *text,
                    struct err *err)
{
    if (param->type == API_INTEGER)
        return put_integer(request, param->name, text, err);
    cJSON_AddStringToObject(request, param->name, text);
    return 0;
}

static bool are_texts(const cJSON *value)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, value)
    {
        if (!cJSON_IsString(item))
            return false;
    }
    return cJSON_IsArray(value);
}

static bool fits(const cJSON *value, enum api_type type)
{
    switch (type) {
    case API_TEXT:
        return cJSON_IsString(value);
    case API_INTEGER:
        return cJSON_IsNumber(value) && value->valuedouble >= 0 &&
               value->valuedouble == (double)(long long)value->valuedouble;
    case API_BOOLEAN:
        return cJSON_IsBool(value);
    case API_TEXTS:
        return are_texts(value);
    }
    return false;
}

static int put_member(cJSON *request, const struct api_param *param, const cJSON *value,
                      struct err *err)
{
    static const char *const types[] = {"a string", "a whole number from 0 on", "true or false",
                                        "a list of strings"};
    if (!fits(value, param->type))
        return err_set(err, ERR_INVALID, "%s must be %s", param->name, types[param->type]);
    cJSON_AddItemToObject(request, param->name, cJSON_Duplicate(value, true));
    return 0;
}

/* It is in the request as the text that the path has. */
static int read_path_integer(cJSON *request, const char *name, struct err *err)
{
    cJSON *text = cJSON_DetachItemFromObjectCaseSensitive(request, name);
    int result = put_integer(request, name, cJSON_GetStringValue(text), err);
    cJSON_Delete(text);
    return result;
}

static int put_param(cJSON *request, const struct api_param *param, api_query_fn query,
                     const void *context, const cJSON *body, struct err *err)
{
    const char *text = param->place == API_QUERY ? query(context, param->name) : NULL;
    const cJSON *member = param->place == API_BODY ? json_get(body, param->name) : NULL;
    if (param->place == API_PATH && param->type == API_INTEGER)
        return read_path_integer(request, param->name, err);
    if (text)
        return put_text(request, param, text, err);
    if (member)
        return put_member(request, param, member, err);
    if (param->required && param->place != API_PATH)
        return err_set(err, ERR_INVALID, "%s is missing", param->name);
    return 0;
}

static const struct api_param *find_param(const struct api_route *route, const char *name)
{
    for (const struct api_param *param = route->params; param->name; param++)
        if (param->place == API_BODY && strcmp(param->name, name) == 0)
            return param;
    return NULL;
}

static int check_members(const struct api_route *route, const cJSON *body, struct err *err)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, body)
    {
        if (!find_param(route, member->string))
            return err_set(err, ERR_INVALID, "the member %.100s is not known here", member->string);
    }
    return 0;
}

/* A body that is passed on whole is passed on as it came: numbers keep all their digits. */
static int fill(const struct api_route *route, api_query_fn query, const void *context,
                const char *text, cJSON *body, cJSON *request, struct err *err)
{
    if (!cJSON_IsObject(body))
        return err_set(err, ERR_INVALID, "the body must be a JSON object");
    if (route->whole_body)
        cJSON_AddRawToObject(request, route->whole_body, text);
    else if (check_members(route, body, err) < 0)
        return -1;
    for (const struct api_param *param = route->params; param->name; param++)
        if (put_param(request, param, query, context, body, err) < 0)
            return -1;
    return 0;
}

int api_fill(const struct api_route *route, api_query_fn query, const void *context,
             const char *body, size_t length, cJSON *request, struct err *err)
{
    cJSON *tree = length > 0 ? json_parse(body, length, err) : cJSON_CreateObject();
    int result = tree ? fill(route, query, context, body, tree, request, err) : -1;
    cJSON_Delete(tree);
    return result;
}

int api_status(enum err_code code)
{
    static const int statuses[] = {
        [ERR_NONE] = 200,        [ERR_INVALID] = 400, [ERR_NOT_FOUND] = 404, [ERR_CONFLICT] = 409,
        [ERR_UNAVAILABLE] = 503, [ERR_LIMIT] = 413,   [ERR_FULL] = 507,      [ERR_SYSTEM] = 500,
    };
    return code < sizeof statuses / sizeof statuses[0] ? statuses[code] : 500;
}
