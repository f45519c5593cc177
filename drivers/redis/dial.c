/* SPDX-License-Identifier: MIT */

/* Making a connection: where to, the greeting, and whether that server is in charge. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "drivers/redis/fault.h"
#include "drivers/redis/session.h"

#define REDIS_PORT        6379
#define VERSION_MIN       7
#define PASSWORD_FILE_MAX 65536
#define CLIENT_NAME       "muster"

/* --- where to --- */

void redis_session_redirect(struct session *session, const char *text)
{
    struct endpoints found = {0};
    free(session->redirect.host);
    session->redirect = (struct endpoint){0};
    if (text && endpoints_parse(text, REDIS_PORT, &found, NULL) == 0 && found.count == 1) {
        session->redirect = found.items[0];
        found.items[0].host = NULL;
    }
    endpoints_finish(&found);
}

static void set_current(struct session *session, char *host, int port)
{
    free(session->current.host);
    session->current = (struct endpoint){.host = host, .port = port};
}

/* Decides which server is tried next. */
static int choose(struct session *session, int64_t deadline_ms, struct err *err)
{
    const struct connection_settings *settings = session->settings;
    struct endpoint found;
    if (session->redirect.host) {
        set_current(session, mem_strdup(session->redirect.host), session->redirect.port);
    } else if (session->sentinels.count > 0) {
        set_current(session, NULL, 0);
        if (redis_sentinel_ask(session, deadline_ms, &found, err) < 0)
            return -1;
        set_current(session, found.host, found.port);
    } else if (settings->path[0]) {
        set_current(session, NULL, 0);
    } else {
        set_current(session, mem_strdup(settings->host),
                    settings->port == KEY_UNSET ? REDIS_PORT : (int)settings->port);
    }
    return 0;
}

static struct target target_of(const struct session *session)
{
    if (session->current.host)
        return (struct target){.host = session->current.host, .port = session->current.port};
    return (struct target){.path = session->settings->path};
}

/* --- the greeting --- */

/* The first line of the password's file, or the password itself. The caller frees it. */
static char *read_password(const struct connection_settings *settings, struct err *err)
{
    char *text;
    size_t length;
    if (!settings->password_file[0])
        return mem_strdup(settings->password);
    if (fd_read_file(settings->password_file, PASSWORD_FILE_MAX, &text, &length, err) < 0) {
        err_prefix(err, "password_file");
        return NULL;
    }
    text[strcspn(text, "\r\n")] = '\0';
    return text;
}

static int greet(struct session *session, struct link *link, int64_t deadline_ms,
                 struct reply **reply, struct err *err)
{
    const char *user = session->settings->username;
    char *password = read_password(session->settings, err);
    if (!password)
        return -1;
    const char *words[8] = {"HELLO", "2", "SETNAME", CLIENT_NAME, NULL};
    if (password[0] || user[0]) {
        words[4] = "AUTH";
        words[5] = user[0] ? user : "default";
        words[6] = password;
    }
    *reply = redis_link_ask(link, words, &session->scratch, deadline_ms, err);
    explicit_bzero(password, strlen(password));
    free(password);
    return *reply ? 0 : -1;
}

static const struct reply *member(const struct reply *map, const char *name)
{
    for (size_t i = 0; i + 1 < map->count; i += 2) {
        if (strcmp(redis_reply_text(&map->items[i]), name) == 0)
            return &map->items[i + 1];
    }
    return redis_reply_item(map, map->count); /* nothing */
}

static int refuse_version(const char *version, struct err *err)
{
    return err_set(err, ERR_INVALID, "version %.40s is too old; %d.0 or newer is needed", version,
                   VERSION_MIN);
}

/* A server that is too old, or a cluster where the keys would be on several nodes. */
static int check_server(const struct session *session, const struct reply *hello, struct err *err)
{
    const char *version = redis_reply_text(member(hello, "version"));
    if (hello->type != REDIS_REPLY_ARRAY)
        return err_set(err, ERR_INVALID, "it does not answer as Redis does");
    if (atoi(version) < VERSION_MIN)
        return refuse_version(version, err);
    if (strcmp(redis_reply_text(member(hello, "mode")), "cluster") != 0 ||
        strchr(session->settings->prefix, '{'))
        return 0;
    return err_set(err, ERR_INVALID,
                   "this is a cluster, and the prefix %.100s has no hash tag that keeps the keys "
                   "on one node; set prefix to something like {queue}:",
                   session->settings->prefix);
}

/* The line "name:value" of an INFO text; out gets what fits of the value. */
static void info_line(const char *text, const char *name, char *out, size_t size)
{
    size_t length = strlen(name);
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncmp(line, name, length) != 0 || line[length] != ':')
            continue;
        size_t value = strcspn(line + length + 1, "\r\n");
        snprintf(out, size, "%.*s", (int)value, line + length + 1);
        return;
    }
    out[0] = '\0';
}

/* What the server says of itself. A user that may not ask goes without. */
static int learn(struct session *session, const struct reply *hello, int64_t deadline_ms,
                 struct err *err)
{
    static const char *const words[] = {"INFO", "server", "memory", NULL};
    char limit[32];
    struct reply *info = redis_link_ask(&session->link, words, &session->scratch, deadline_ms, err);
    if (!info)
        return -1;
    const char *text = info->type == REDIS_REPLY_STRING ? info->text : "";
    info_line(text, "run_id", session->run_id, sizeof session->run_id);
    info_line(text, "maxmemory_policy", session->policy, sizeof session->policy);
    info_line(text, "maxmemory", limit, sizeof limit);
    session->is_bounded = limit[0] && strcmp(limit, "0") != 0;
    session->client_id = redis_reply_integer(member(hello, "id"));
    snprintf(session->version, sizeof session->version, "%s",
             redis_reply_text(member(hello, "version")));
    return 0;
}

static int ask_plainly(struct session *session, struct link *link, const char *const *words,
                       int64_t deadline_ms, struct err *err)
{
    struct reply *reply = redis_link_ask(link, words, &session->scratch, deadline_ms, err);
    if (!reply)
        return -1;
    return redis_fault_of(reply, err) == FAULT_NONE ? 0 : -1;
}

static int select_database(struct session *session, struct link *link, int64_t deadline_ms,
                           struct err *err)
{
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)session->settings->database);
    const char *const words[] = {"SELECT", number, NULL};
    if (session->settings->database == 0)
        return 0;
    if (ask_plainly(session, link, words, deadline_ms, err) == 0)
        return 0;
    if (err && err->code == ERR_SYSTEM)
        err->code = ERR_INVALID; /* a number that the server does not have */
    return err_prefix(err, "database %s", number);
}

/* Ends the connection whose last command may still wait in the same server, so that the command
 * does not come late. It is gone already in most cases, and not every user may do this. */
static int end_doomed(struct session *session, int64_t deadline_ms, struct err *err)
{
    struct doomed doomed = session->doomed;
    char id[24];
    session->doomed = (struct doomed){0};
    if (doomed.client_id == 0 || !doomed.run_id[0] || strcmp(doomed.run_id, session->run_id) != 0)
        return 0;
    snprintf(id, sizeof id, "%lld", (long long)doomed.client_id);
    const char *const words[] = {"CLIENT", "KILL", "ID", id, NULL};
    return redis_link_ask(&session->link, words, &session->scratch, deadline_ms, err) ? 0 : -1;
}

/* --- who is in charge --- */

/* Asks a replica for its master, which is tried next. */
static enum dialled follow(struct session *session, int64_t deadline_ms, struct err *err)
{
    static const char *const words[] = {"ROLE", NULL};
    struct reply *role = redis_link_ask(&session->link, words, &session->scratch, deadline_ms, err);
    if (!role)
        return DIAL_LATER;
    const char *host = redis_reply_text(redis_reply_item(role, 1));
    int64_t port = redis_reply_integer(redis_reply_item(role, 2));
    redis_session_drop(session, false);
    err_set(err, ERR_UNAVAILABLE, "this is a replica, and its master cannot be found");
    if (!host[0] || session->sentinels.count > 0) {
        redis_session_redirect(session, NULL); /* the Sentinels will know, in a moment */
        return DIAL_LATER;
    }
    free(session->redirect.host);
    session->redirect = (struct endpoint){.host = mem_strdup(host), .port = (int)port};
    return DIAL_AGAIN;
}

static enum dialled failed(struct session *session, const struct err *err)
{
    redis_session_drop(session, false);
    bool was_sent_on = session->redirect.host != NULL;
    redis_session_redirect(session, NULL);
    if (err->code != ERR_UNAVAILABLE)
        return DIAL_FAILED;
    return was_sent_on ? DIAL_AGAIN : DIAL_LATER;
}

static int introduce(struct session *session, int64_t deadline_ms, struct reply **hello,
                     struct err *err)
{
    struct link *link = &session->link;
    if (greet(session, link, deadline_ms, hello, err) < 0)
        return -1;
    if (redis_reply_is_error(*hello, "ERR unknown command"))
        return refuse_version("before 6", err);
    if (redis_fault_of(*hello, err) != FAULT_NONE || check_server(session, *hello, err) < 0 ||
        select_database(session, link, deadline_ms, err) < 0 ||
        learn(session, *hello, deadline_ms, err) < 0)
        return -1;
    return end_doomed(session, deadline_ms, err);
}

enum dialled redis_session_dial(struct session *session, int64_t deadline_ms, struct err *err)
{
    struct reply *hello = NULL;
    arena_reset(&session->scratch);
    if (choose(session, deadline_ms, err) < 0)
        return failed(session, err);
    const struct target target = target_of(session);
    if (redis_link_open(&session->link, &target, session->settings, deadline_ms, err) < 0 ||
        introduce(session, deadline_ms, &hello, err) < 0)
        return failed(session, err);
    if (strcmp(redis_reply_text(member(hello, "role")), "master") != 0)
        return follow(session, deadline_ms, err);
    return DIALLED;
}

int redis_session_open_beside(struct session *session, struct link *link, int64_t deadline_ms,
                              struct err *err)
{
    struct reply *hello = NULL;
    const struct target target = target_of(session);
    arena_reset(&session->scratch);
    if (redis_link_open(link, &target, session->settings, deadline_ms, err) < 0 ||
        greet(session, link, deadline_ms, &hello, err) < 0 ||
        redis_fault_of(hello, err) != FAULT_NONE) {
        redis_link_close(link);
        return -1;
    }
    return 0;
}
