/* SPDX-License-Identifier: MIT */
#include "supervisor/control/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/mem.h"
#include "supervisor/commands.h"
#include "supervisor/control/api_routes.h"
#include "supervisor/control/events.h"
#include "supervisor/control_address.h"
#include "supervisor/master.h"

#define STORE_SECONDS 15.

static const char *query_of(const void *context, const char *name)
{
    return http_query(context, name);
}

/* A failure of the master's is told as one of ours. */
static void reply_master(struct http_request *http, const struct buf *answer, enum err_code code)
{
    if (code == ERR_NONE) {
        web_reply_json(http, 200, buf_text(answer), answer->length);
        return;
    }
    cJSON *tree = json_parse(buf_text(answer), answer->length, NULL);
    const cJSON *error = json_get(tree, "error");
    web_reply_problem(http, api_status(code), json_get_string(error, "message", "it failed"));
    cJSON_Delete(tree);
}

static enum err_code ask_master(const struct web_request *request, const char *text)
{
    struct buf answer;
    buf_init(&answer, CONTROL_ANSWER_MAX);
    enum err_code code = commands_answer_code(request->master, text, strlen(text), &answer);
    reply_master(request->http, &answer, code);
    buf_finish(&answer);
    return code;
}

/* A call to a store, until it is answered. */
struct store_call {
    struct http_request *http;
    struct master *master;
    const char *order; /* what is noted in the audit log; NULL where nothing is changed */
    char *user;
    cJSON *object;
};

static void end_store_call(struct store_call *call, enum err_code result)
{
    const struct web_request request = {
        .http = call->http, .master = call->master, .user = call->user};
    if (call->order)
        web_audit(&request, call->order, call->object, result);
    cJSON_Delete(call->object);
    free(call->user);
    free(call);
}

/* Whoever has the answer finds the order in the audit log. */
static void on_store_answer(void *context, enum err_code status, const char *text, size_t length)
{
    struct http_request *http = ((struct store_call *)context)->http;
    end_store_call(context, status);
    if (status == ERR_NONE)
        web_reply_json(http, 200, text, length);
    else
        web_reply_problem(http, api_status(status), text);
}

static void ask_store(const struct web_request *request, const char *order, const cJSON *object,
                      const char *text)
{
    struct err err = ERR_INIT;
    struct calls *calls = request->master->maintenance.calls;
    struct store_call *call = mem_new(1, sizeof *call);
    *call = (struct store_call){.http = request->http,
                                .master = request->master,
                                .order = order,
                                .user = mem_strdup(request->user),
                                .object = cJSON_Duplicate(object, true)};
    if (calls_ask(calls, text, strlen(text), STORE_SECONDS, on_store_answer, call, &err) != 0)
        return;
    end_store_call(call, err.code);
    web_reply_error(request->http, &err);
}

/* A store is asked through the connection that is named, or that of the queue, or the default one.
 */
static void choose_connection(const struct settings *settings, cJSON *request)
{
    const char *queue = json_get_string(request, "queue", NULL);
    const struct connection_settings *connection =
        queue ? settings_connection_of(settings, queue)
              : settings_connection(settings, settings->muster.connection);
    if (!json_get(request, "connection") && connection)
        cJSON_AddStringToObject(request, "connection", connection->name);
}

static const struct api_route *read_request(const struct web_request *request, cJSON *object,
                                            struct err *err)
{
    const struct buf *body = http_body(request->http);
    const struct api_route *route =
        api_find(http_method(request->http), request->path, object, err);
    if (route &&
        api_fill(route, query_of, request->http, buf_text(body), body->length, object, err) < 0)
        return NULL;
    return route;
}

/* Who asks, for what keeps that in the store. */
static void put_by(const struct web_request *request, cJSON *object)
{
    char by[32];
    snprintf(by, sizeof by, "uid %ld", http_peer_uid(request->http));
    cJSON_DeleteItemFromObjectCaseSensitive(object, "by");
    cJSON_AddStringToObject(object, "by", request->user ? request->user : by);
}

/* What the listener itself knows. */

static void answer_session(const struct web_request *request)
{
    cJSON *object = cJSON_CreateObject();
    json_put_text(object, "user", request->user);
    cJSON_AddStringToObject(object, "role",
                            request->role == ACCESS_OPERATOR ? "operator" : "reader");
    cJSON_AddStringToObject(object, "version", MUSTER_VERSION);
    char *text = cJSON_PrintUnformatted(object);
    web_reply_json(request->http, 200, text, strlen(text));
    cJSON_free(text);
    cJSON_Delete(object);
}

static void ask_web(const struct web_request *request, const struct api_route *route,
                    const cJSON *object)
{
    const char *last = http_header(request->http, "Last-Event-ID");
    if (strcmp(route->action, "events") == 0)
        events_answer(request->events, request->http,
                      last ? last : json_get_string(object, "last_event_id", NULL));
    else
        answer_session(request);
}

static void answer_route(const struct web_request *request, const struct api_route *route,
                         cJSON *object)
{
    const char *order = strcmp(route->method, "POST") == 0 ? route->action : NULL;
    if (route->target == API_STORE) {
        choose_connection(request->master->settings, object);
        put_by(request, object);
    }
    char *text = cJSON_PrintUnformatted(object);
    if (route->target == API_STORE) {
        ask_store(request, order, object, text);
    } else if (route->target == API_WEB) {
        ask_web(request, route, object);
    } else {
        enum err_code result = ask_master(request, text);
        if (order)
            web_audit(request, order, object, result);
    }
    cJSON_free(text);
}

void api_answer(const struct web_request *request)
{
    struct err err = ERR_INIT;
    cJSON *object = cJSON_CreateObject();
    const struct api_route *route = read_request(request, object, &err);
    if (route)
        answer_route(request, route, object);
    else
        web_reply_error(request->http, &err);
    cJSON_Delete(object);
}
