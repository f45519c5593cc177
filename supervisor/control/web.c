/* SPDX-License-Identifier: MIT */
#include "supervisor/control/web.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/json.h"
#include "common/mem.h"
#include "supervisor/control/api.h"
#include "supervisor/control/api_routes.h"
#include "supervisor/control/dashboard.h"
#include "supervisor/control/events.h"
#include "supervisor/control/log_tail.h"
#include "supervisor/control/rpc.h"
#include "supervisor/control/web_listener.h"
#include "supervisor/control/openmetrics.h"
#include "supervisor/master.h"

#define WRONG_PASSWORD_SECONDS 1.
#define METRICS_TEXT_MAX       (8u << 20)
#define BEARER                 "Bearer "

/* Answers */

/* What every answer carries: pages of ours load nothing from elsewhere and are framed by nobody. */
#define SAFE_HEADERS                                                                               \
    {"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"},                          \
        {"Referrer-Policy", "no-referrer"},                                                        \
    {                                                                                              \
        "X-Frame-Options", "DENY"                                                                  \
    }

static void reply(struct http_request *http, int status, const char *type, const char *text,
                  size_t length)
{
    const struct http_header headers[] = {{"Content-Type", type}, SAFE_HEADERS, {NULL, NULL}};
    http_reply(http, status, headers, text, length);
}

void web_reply_json(struct http_request *http, int status, const char *text, size_t length)
{
    reply(http, status, "application/json", text, length);
}

static const char *title_of(int status)
{
    static const struct {
        int status;
        const char *title;
    } titles[] = {{400, "Bad Request"},       {401, "Unauthorized"}, {403, "Forbidden"},
                  {404, "Not Found"},         {405, "Not Allowed"},  {409, "Conflict"},
                  {413, "Content Too Large"}, {503, "Unavailable"},  {507, "Insufficient Storage"}};
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
        if (titles[i].status == status)
            return titles[i].title;
    return "Error";
}

static void put_problem(struct buf *text, int status, const char *detail)
{
    buf_init(text, ERR_TEXT_MAX * 8);
    buf_printf(text, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":",
               title_of(status), status);
    json_string_append(text, detail, strlen(detail));
    buf_text_append(text, "}");
}

void web_reply_problem(struct http_request *http, int status, const char *detail)
{
    struct buf text;
    put_problem(&text, status, detail);
    reply(http, status, "application/problem+json", buf_text(&text), text.length);
    buf_finish(&text);
}

void web_reply_error(struct http_request *http, const struct err *err)
{
    web_reply_problem(http, api_status(err->code), err->text);
}

/* Who guesses passwords waits. */
static void ask_for_password(struct http_request *http, bool guessed)
{
    static const struct http_header headers[] = {{"WWW-Authenticate", "Basic realm=\"default\""},
                                                 {"Content-Type", "application/problem+json"},
                                                 SAFE_HEADERS,
                                                 {NULL, NULL}};
    struct buf text;
    put_problem(&text, 401, "a user name and a password are needed");
    http_reply_later(http, guessed ? WRONG_PASSWORD_SECONDS : 0, 401, headers, buf_text(&text),
                     text.length);
    buf_finish(&text);
}

void web_audit(const struct web_request *request, const char *action, const cJSON *order,
               enum err_code result)
{
    const struct audit_entry entry = {.via = "http",
                                      .uid = http_peer_uid(request->http),
                                      .user = request->user,
                                      .action = action,
                                      .order = order,
                                      .result = result};
    audit_write(&request->master->audit, &entry);
}

/* Pages */

static void answer_health(const struct web_request *request)
{
    reply(request->http, 200, "text/plain", "ok\n", 3);
}

/* Ready is who can do its work: jobs are run, or nothing is left to be run. */
static void answer_readiness(const struct web_request *request)
{
    struct err err = ERR_INIT;
    bool is_ready = master_check_ready(request->master, &err) == 0;
    char *text = mem_printf("%s\n", is_ready ? "ready" : err.text);
    reply(request->http, is_ready ? 200 : 503, "text/plain", text, strlen(text));
    free(text);
}

static void on_rpc_answer(void *context, int status, const struct buf *answer)
{
    reply(context, status, status == 200 ? "text/xml" : "text/plain", buf_text(answer),
          answer->length);
}

static void answer_rpc(const struct web_request *request)
{
    const struct buf *body = http_body(request->http);
    const struct rpc_caller caller = {http_peer_uid(request->http), request->user};
    if (strcmp(http_method(request->http), "POST") == 0)
        rpc_call(request->master, &caller, buf_text(body), body->length, on_rpc_answer,
                 request->http);
    else
        web_reply_problem(request->http, 400, "XML-RPC calls come by POST");
}

static void answer_metrics(const struct web_request *request)
{
    struct buf text;
    bool is_open = openmetrics_is_wanted(http_header(request->http, "Accept"));
    buf_init(&text, METRICS_TEXT_MAX);
    if (openmetrics_write(request->master, is_open, &text) < 0)
        web_reply_problem(request->http, 500, "the figures are too many");
    else
        reply(request->http, 200, is_open ? OPENMETRICS_TYPE : OPENMETRICS_TEXT, buf_text(&text),
              text.length);
    buf_finish(&text);
}

static const struct page {
    const char *path;
    bool is_prefix;
    bool is_public; /* nobody is asked who it is */
    void (*answer)(const struct web_request *request);
} pages[] = {
    {"/healthz", false, true, answer_health},
    {"/readyz", false, true, answer_readiness},
    {"/metrics", false, false, answer_metrics},
    {API_ROOT "/", true, false, api_answer},
    {"/", false, false, dashboard_answer},
    {"/index.html", false, false, dashboard_answer},
    {"/tail.html", false, false, dashboard_answer_tail},
    {DASHBOARD_ROOT, true, false, dashboard_answer_file},
    {"/RPC2", true, false, answer_rpc},
    {LOG_TAIL_PATH, true, false, log_tail_answer},
    {LOG_TAIL_MAIN, false, false, log_tail_answer_main},
};

static const struct page *find_page(const char *path)
{
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        size_t length = strlen(pages[i].path);
        if (pages[i].is_prefix ? strncmp(path, pages[i].path, length) == 0
                               : strcmp(path, pages[i].path) == 0)
            return &pages[i];
    }
    return NULL;
}

/* Requests */

/* The token of a request, NULL where it has none. */
static const char *token_of(struct http_request *http)
{
    const char *header = http_header(http, "Authorization");
    bool is_bearer = header && strncasecmp(header, BEARER, sizeof BEARER - 1) == 0;
    return is_bearer ? header + sizeof BEARER - 1 : NULL;
}

/* *user gets who it is, to be freed; NULL where nobody is asked. */
static enum access_verdict judge(const struct listener *listener, struct http_request *http,
                                 char **user, enum access_role *role, bool *guessed)
{
    const struct access_rules rules = {.username = listener->username,
                                       .password = listener->password,
                                       .reader = listener->reader,
                                       .reader_password = listener->reader_password,
                                       .token = listener->token};
    char *password = NULL;
    const char *token = token_of(http);
    *guessed = http_credentials(http, user, &password) == 0 || token;
    const char *method = http_method(http);
    const struct access_request request = {
        .user = *user,
        .token = token,
        .password = password,
        .changes = strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0,
        .fetch_site = http_header(http, "Sec-Fetch-Site"),
        .content_type = http_header(http, "Content-Type"),
    };
    enum access_verdict verdict = access_judge(&rules, &request, role);
    free(password);
    if (!*user && token)
        *user = mem_strdup("token");
    return verdict;
}

static void answer(const struct listener *listener, struct http_request *http)
{
    struct web_request request = {.http = http,
                                  .master = listener->web->master,
                                  .events = listener->web->events,
                                  .path = http_path(http)};
    const struct page *page = find_page(request.path);
    bool guessed = false;
    char *user = NULL;
    enum access_verdict verdict = page && page->is_public
                                      ? ACCESS_GRANTED
                                      : judge(listener, http, &user, &request.role, &guessed);
    request.user = user;
    if (verdict == ACCESS_UNKNOWN)
        ask_for_password(http, guessed);
    else if (verdict == ACCESS_FORBIDDEN)
        web_reply_problem(http, 403,
                          "this user may not do that, or another page has sent it; "
                          "what changes something comes as application/json or text/xml");
    else if (!page)
        web_reply_problem(http, 404, "there is nothing at this path");
    else
        page->answer(&request);
    free(user);
}

void web_answer(void *listener, struct http_request *http)
{
    answer(listener, http);
}
