/* SPDX-License-Identifier: MIT */
#include "supervisor/control/dashboard.h"

#include <ctype.h>
#include <string.h>

#include "common/buf.h"
#include "supervisor/control/api_routes.h"
#include "supervisor/master.h"
#include "supervisor/programs/select.h"

#define LOCATION_MAX 1024

/* Scripts and styles come from our files alone, and no text can become one of them. */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "                    \
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "            \
    "require-trusted-types-for 'script'; trusted-types 'none'"

static bool is_looking(const struct web_request *request)
{
    const char *method = http_method(request->http);
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static void give(const struct web_request *request, const struct dashboard_file *file)
{
    const char *known = http_header(request->http, "If-None-Match");
    const char *encodings = http_header(request->http, "Accept-Encoding");
    bool is_packed = encodings && strstr(encodings, "gzip");
    const struct http_header headers[] = {{"Content-Type", file->type},
                                          {"ETag", file->tag},
                                          {"Cache-Control", "no-cache"},
                                          {"Vary", "Accept-Encoding"},
                                          {"Content-Security-Policy", POLICY},
                                          {"X-Content-Type-Options", "nosniff"},
                                          {"X-Frame-Options", "DENY"},
                                          {"Referrer-Policy", "no-referrer"},
                                          {is_packed ? "Content-Encoding" : NULL, "gzip"},
                                          {NULL, NULL}};
    if (known && strstr(known, file->tag))
        http_reply(request->http, 304, headers, "", 0);
    else if (is_packed)
        http_reply(request->http, 200, headers, (const char *)file->packed, file->packed_length);
    else
        http_reply(request->http, 200, headers, (const char *)file->plain, file->plain_length);
}

static void answer_with(const struct web_request *request, const char *name)
{
    if (!is_looking(request)) {
        web_reply_problem(request->http, 405, "this is looked at by GET");
        return;
    }
    for (const struct dashboard_file *file = dashboard_files; file->name; file++)
        if (strcmp(file->name, name) == 0) {
            give(request, file);
            return;
        }
    web_reply_problem(request->http, 404, "there is nothing at this path");
}

void dashboard_answer(const struct web_request *request)
{
    if (http_query(request->http, "action"))
        web_reply_problem(request->http, 405,
                          "actions are not links here: use the dashboard at /, or "
                          "POST " API_ROOT "/programs/start, stop, restart or clear");
    else
        answer_with(request, "index.html");
}

void dashboard_answer_file(const struct web_request *request)
{
    answer_with(request, request->path + strlen(DASHBOARD_ROOT));
}

static void put_escaped(struct buf *out, const char *text)
{
    for (; *text; text++)
        buf_printf(out, isalnum((unsigned char)*text) ? "%c" : "%%%02X", (unsigned char)*text);
}

void dashboard_answer_tail(const struct web_request *request)
{
    struct err err = ERR_INIT;
    struct buf location;
    const char *name = http_query(request->http, "processname");
    if (!name || !programs_find(&request->master->programs, name, &err)) {
        web_reply_problem(request->http, name ? 404 : 400,
                          name ? "there is no such program" : "processname is missing");
        return;
    }
    buf_init(&location, LOCATION_MAX);
    buf_text_append(&location, "/#/log/");
    put_escaped(&location, name);
    const struct http_header headers[] = {{"Location", buf_text(&location)},
                                          {"Content-Type", "text/plain"},
                                          {"Cache-Control", "no-store"},
                                          {NULL, NULL}};
    http_reply(request->http, 302, headers, "", 0);
    buf_finish(&location);
}
