/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_WEB_H
#define SUPERVISOR_CONTROL_WEB_H

#include "common/err.h"
#include "common/json.h"
#include "common/supervisor_settings.h"
#include "supervisor/control/access.h"
#include "supervisor/control/http.h"

/*
 * What the master's HTTP listeners answer: who may ask is judged once, for all paths (access.h),
 * then the path's page answers. [unix_http_server] and [inet_http_server] say where they listen.
 */
struct events;
struct master;
struct web;

#define WEB_CONNECTIONS_MAX 256
#define WEB_BODY_MAX        (2u << 20)

/* Opens all listeners of the settings. NULL with err (naming the section)
 * where one cannot be opened: then none is. */
struct web *web_create(struct master *master, const struct supervisor_settings *settings,
                       struct err *err);

/* Hands its listeners over: calls each with where one listens and its descriptor. A web that is
 * created asks inherited for the descriptor of a place (-1: there is none) and then opens no other.
 */
void web_listeners(const struct web *web,
                   void (*each)(void *context, const char *place, int descriptor), void *context);
struct web *web_resume(struct master *master, const struct supervisor_settings *settings,
                       int (*inherited)(void *context, const char *place), void *context,
                       struct err *err);

/* Follows a new configuration: opens what is new, closes what has gone when it has answered, and
 * takes over users, passwords, modes and owners; the connections of the others stay. Streams end
 * where a listener goes, and where others may look than before. Returns 0, or -1 with err (naming
 * the section) where something cannot be opened: then all is as before. */
int web_follow(struct web *web, const struct supervisor_settings *settings, struct err *err);

/* Whether somebody who has asked has not had the answer yet; streams do not count. */
bool web_is_asked(const struct web *web);

/* Accepts NULL. Nothing that answers a request later may do so any more. */
void web_destroy(struct web *web);

/* What a page is given. */
struct web_request {
    struct http_request *http;
    struct master *master;
    const char *path;
    const char *user; /* that HTTP has checked, or NULL; lives during the call */
    enum access_role role;
    struct events *events;
};

/* Writes into the audit log that a request asks for something. */
void web_audit(const struct web_request *request, const char *action, const cJSON *order,
               enum err_code result);

/* Answers with JSON, or with {"type","title","status","detail"} as application/problem+json. */
void web_reply_json(struct http_request *http, int status, const char *text, size_t length);
void web_reply_problem(struct http_request *http, int status, const char *detail);
void web_reply_error(struct http_request *http, const struct err *err);

#endif
