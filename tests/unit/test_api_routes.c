/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/control/api_routes.h"

struct query {
    const char *name, *value;
};

static const char *look_up(const void *context, const char *name)
{
    const struct query *query = context;
    return query && strcmp(query->name, name) == 0 ? query->value : NULL;
}

/* The request that comes of it as text, or the error's. */
static void expect(const char *method, const char *path, const struct query *query,
                   const char *body, const char *wanted)
{
    struct err err = ERR_INIT;
    cJSON *request = cJSON_CreateObject();
    const struct api_route *route = api_find(method, path, request, &err);
    if (route)
        api_fill(route, look_up, query, body, strlen(body), request, &err);
    char *text = err.code == ERR_NONE ? cJSON_PrintUnformatted(request) : strdup(err.text);
    assert_string_equal(text, wanted);
    free(text);
    cJSON_Delete(request);
}

static void test_routes(void **state)
{
    (void)state;
    expect("GET", "/api/v1/status", NULL, "", "{\"command\":\"status\"}");
    expect("GET", "/api/v1/jobs/abc", NULL, "", "{\"uuid\":\"abc\",\"call\":\"jobs\"}");
    expect("POST", "/api/v1/queues/a/jobs", NULL, "{\"job\":\"X\",\"data\":[1]}",
           "{\"queue\":\"a\",\"call\":\"job.push\",\"push\":{\"job\":\"X\",\"data\":[1]}}");
    expect("GET", "/api/v1/operations/7", NULL, "", "{\"command\":\"operation\",\"operation\":7}");
    expect("GET", "/api/v1/operations/x", NULL, "", "operation must be a whole number from 0 on");
    expect("POST", "/api/v1/programs/stop", NULL, "{\"names\":[\"a\",\"b:*\"]}",
           "{\"command\":\"programs-stop\",\"names\":[\"a\",\"b:*\"]}");
    expect("POST", "/api/v1/programs/stop", NULL, "{\"names\":[1]}",
           "names must be a list of strings");
    expect("GET", "/api/v1/jobs", &(struct query){"limit", "5"}, "",
           "{\"call\":\"jobs\",\"limit\":5}");
    expect("POST", "/api/v1/failed/retry", &(struct query){"connection", "r"},
           "{\"queue\":\"a\",\"before\":7}",
           "{\"call\":\"failed.retry\",\"queue\":\"a\",\"before\":7,\"connection\":\"r\"}");
}

static void test_what_is_not_there(void **state)
{
    (void)state;
    expect("GET", "/api/v1/nothing", NULL, "", "there is nothing at /api/v1/nothing");
    expect("GET", "/api/v1", NULL, "", "there is nothing at /api/v1");
    expect("GET", "/api/v1/", NULL, "", "there is nothing at /api/v1/");
    expect("GET", "/api/v1/jobs/", NULL, "", "there is nothing at /api/v1/jobs/");
    expect("GET", "/api/v1/jobs/a/b", NULL, "", "there is nothing at /api/v1/jobs/a/b");
    expect("POST", "/api/v1/status", NULL, "", "/api/v1/status does not take the method POST");
}

static void test_wrong_parameters(void **state)
{
    (void)state;
    expect("GET", "/api/v1/jobs", &(struct query){"limit", "x"}, "",
           "limit must be a whole number from 0 on");
    expect("GET", "/api/v1/jobs", &(struct query){"limit", "-1"}, "",
           "limit must be a whole number from 0 on");
    expect("POST", "/api/v1/failed/retry", NULL, "{\"queue\":1}", "queue must be a string");
    expect("POST", "/api/v1/failed/retry", NULL, "{\"before\":1.5}",
           "before must be a whole number from 0 on");
    expect("POST", "/api/v1/failed/retry", NULL, "{\"all\":true}",
           "the member all is not known here");
    expect("POST", "/api/v1/failed/retry", NULL, "[]", "the body must be a JSON object");
}

static void test_every_route_is_described_and_found(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1u << 20);
    assert_int_equal(api_describe(&text), 0);
    cJSON *document = json_parse(buf_text(&text), text.length, NULL);
    const cJSON *paths = json_get(document, "paths");
    for (const struct api_route *route = api_routes; route->method; route++) {
        const cJSON *path = json_get(paths, route->path);
        assert_non_null(json_get(path, strcmp(route->method, "GET") == 0 ? "get" : "post"));
        cJSON *request = cJSON_CreateObject();
        char whole[200];
        snprintf(whole, sizeof whole, API_ROOT "%s", route->path);
        assert_ptr_equal(api_find(route->method, whole, request, NULL), route);
        cJSON_Delete(request);
    }
    cJSON_Delete(document);
    buf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_what_is_not_there),
        cmocka_unit_test(test_wrong_parameters),
        cmocka_unit_test(test_every_route_is_described_and_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
