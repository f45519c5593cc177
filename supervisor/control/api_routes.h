/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_API_ROUTES_H
#define SUPERVISOR_CONTROL_API_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"

/*
 * The routes of the HTTP interface, one row each: the single source of what is matched, what is
 * checked, and of its description (docs/openapi.json). A request becomes a JSON object with
 * "command" for the master (commands.h) or "call" for a store (worker/store_calls.h), and a member
 * for each parameter. Pure.
 */
#define API_ROOT "/api/v1"

enum api_type { API_TEXT, API_INTEGER, API_BOOLEAN, API_TEXTS };
enum api_place { API_PATH, API_QUERY, API_BODY };
/* API_WEB: the listener itself. */
enum api_target { API_MASTER, API_STORE, API_WEB };

struct api_param {
    const char *name; /* NULL ends a row of them */
    enum api_place place;
    enum api_type type;
    bool required;
    const char *help;
};

struct api_route {
    const char *method; /* GET changes nothing; POST is for operators. NULL ends the table */
    const char *path;   /* below API_ROOT, with {name} for a parameter */
    enum api_target target;
    const char *action;     /* the command or call */
    const char *whole_body; /* the member that the body becomes as it is, or NULL */
    const struct api_param *params;
    const char *summary;
};

extern const struct api_route api_routes[];

/* Finds the route of a path and puts the parameters of the path into request, an object. NULL with
 * err: ERR_NOT_FOUND, or ERR_CONFLICT where the path takes another method. */
const struct api_route *api_find(const char *method, const char *path, cJSON *request,
                                 struct err *err);

/* Puts the other parameters into request: of the query, which query looks up by name (NULL where it
 * has none), and of the body, an object (NUL-terminated) or nothing at all. Members that the route
 * does not know are refused. Returns 0, or -1 with err. */
typedef const char *(*api_query_fn)(const void *context, const char *name);
int api_fill(const struct api_route *route, api_query_fn query, const void *context,
             const char *body, size_t length, cJSON *request, struct err *err);

/* The HTTP status for a failure. */
int api_status(enum err_code code);

/* Appends the description of all routes, an OpenAPI 3 document in JSON. Returns 0, or -1 past the
 * cap. */
int api_describe(struct buf *out);

#endif
