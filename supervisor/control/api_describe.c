/* SPDX-License-Identifier: MIT */
#include "supervisor/control/api_routes.h"

#include <string.h>

static const char *const places[] = {[API_PATH] = "path", [API_QUERY] = "query"};
static const char *const types[] = {[API_TEXT] = "string",
                                    [API_INTEGER] = "integer",
                                    [API_BOOLEAN] = "boolean",
                                    [API_TEXTS] = "array"};

static cJSON *describe_type(enum api_type type)
{
    cJSON *schema = cJSON_CreateObject();
    cJSON_AddStringToObject(schema, "type", types[type]);
    if (type == API_TEXTS)
        cJSON_AddStringToObject(cJSON_AddObjectToObject(schema, "items"), "type", "string");
    return schema;
}

static void describe_param(cJSON *list, const struct api_param *param)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", param->name);
    cJSON_AddStringToObject(object, "in", places[param->place]);
    cJSON_AddBoolToObject(object, "required", param->required);
    cJSON_AddStringToObject(object, "description", param->help);
    cJSON_AddItemToObject(object, "schema", describe_type(param->type));
    cJSON_AddItemToArray(list, object);
}

static cJSON *describe_body(const struct api_route *route)
{
    cJSON *schema = cJSON_CreateObject();
    cJSON_AddStringToObject(schema, "type", "object");
    cJSON *properties = cJSON_AddObjectToObject(schema, "properties");
    for (const struct api_param *param = route->params; param->name; param++)
        if (param->place == API_BODY) {
            cJSON *property = describe_type(param->type);
            cJSON_AddStringToObject(property, "description", param->help);
            cJSON_AddItemToObject(properties, param->name, property);
        }
    cJSON_AddBoolToObject(schema, "additionalProperties", route->whole_body != NULL);
    cJSON *body = cJSON_CreateObject();
    cJSON *content = cJSON_AddObjectToObject(body, "content");
    cJSON *json = cJSON_AddObjectToObject(content, "application/json");
    cJSON_AddItemToObject(json, "schema", schema);
    return body;
}

static void describe_answer(cJSON *answers, const char *status, const char *type, const char *text)
{
    cJSON *answer = cJSON_AddObjectToObject(answers, status);
    cJSON_AddStringToObject(answer, "description", text);
    cJSON *media = cJSON_AddObjectToObject(cJSON_AddObjectToObject(answer, "content"), type);
    cJSON *schema = cJSON_AddObjectToObject(media, "schema");
    cJSON_AddStringToObject(schema, "type", "object");
}

static cJSON *describe_route(const struct api_route *route)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "summary", route->summary);
    cJSON *params = cJSON_AddArrayToObject(object, "parameters");
    for (const struct api_param *param = route->params; param->name; param++)
        if (param->place != API_BODY)
            describe_param(params, param);
    if (strcmp(route->method, "POST") == 0)
        cJSON_AddItemToObject(object, "requestBody", describe_body(route));
    cJSON *answers = cJSON_AddObjectToObject(object, "responses");
    bool is_stream = strcmp(route->action, "events") == 0;
    describe_answer(answers, "200", is_stream ? "text/event-stream" : "application/json",
                    "It is done, or this is it");
    describe_answer(answers, "default", "application/problem+json", "What is wrong");
    return object;
}

static cJSON *path_of(cJSON *paths, const char *path)
{
    cJSON *object = cJSON_GetObjectItemCaseSensitive(paths, path);
    return object ? object : cJSON_AddObjectToObject(paths, path);
}

int api_describe(struct buf *out)
{
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "openapi", "3.0.3");
    cJSON *info = cJSON_AddObjectToObject(document, "info");
    cJSON_AddStringToObject(info, "title", "Muster");
    cJSON_AddStringToObject(info, "version", "1");
    cJSON *server = cJSON_CreateObject();
    cJSON_AddStringToObject(server, "url", API_ROOT);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(document, "servers"), server);
    cJSON *paths = cJSON_AddObjectToObject(document, "paths");
    for (const struct api_route *route = api_routes; route->method; route++)
        cJSON_AddItemToObject(path_of(paths, route->path),
                              strcmp(route->method, "GET") == 0 ? "get" : "post",
                              describe_route(route));
    char *text = cJSON_Print(document);
    int result = buf_text_append(out, text);
    cJSON_free(text);
    cJSON_Delete(document);
    return result;
}
