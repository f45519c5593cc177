/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/conninfo.h"

#include <libpq-fe.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/resolve.h"

#define SERVERS_MAX       32
#define PASSWORD_FILE_MAX 4096
#define LIST_MAX          ((size_t)RESOLVE_ADDRESSES_MAX * NI_MAXHOST * 2)

/* Added where the connection string does not say otherwise. GSS would be tried first, and looks for
 * tickets in files. */
static const char *const additions[][2] = {
    {"fallback_application_name", "muster"},
    {"client_encoding", "UTF8"},
    {"gssencmode", "disable"},
};

static const char *find(const struct conninfo *info, const char *keyword)
{
    for (size_t i = 0; i < info->count; i++)
        if (strcmp(info->keywords[i], keyword) == 0)
            return info->values[i];
    return NULL;
}

static void add(struct conninfo *info, const char *keyword, const char *value)
{
    if (value[0] == '\0')
        return;
    info->keywords = mem_resize(info->keywords, info->count + 1, sizeof *info->keywords);
    info->values = mem_resize(info->values, info->count + 1, sizeof *info->values);
    info->keywords[info->count] = mem_strdup(keyword);
    info->values[info->count++] = mem_strdup(value);
}

/* --- the servers --- */

static size_t count_parts(const char *list)
{
    size_t count = list != NULL;
    for (; list && *list; list++)
        count += *list == ',';
    return count;
}

/* Part number `index` of a list; NULL where it is empty. */
static char *take_part(const char *list, size_t index)
{
    for (; list && index > 0; index--)
        list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL;
    size_t length = list ? strcspn(list, ",") : 0;
    return length > 0 ? mem_strndup(list, length) : NULL;
}

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* One port may stand for all servers. */
static int split_servers(struct conninfo *info, const char *hosts, const char *addresses,
                         const char *ports, struct err *err)
{
    size_t host_count = count_parts(hosts), address_count = count_parts(addresses);
    size_t port_count = count_parts(ports);
    size_t count = most(most(host_count, address_count), 1);
    if (host_count > 0 && address_count > 0 && host_count != address_count)
        return err_set(err, ERR_INVALID, "dsn: %zu hosts, but %zu values of hostaddr", host_count,
                       address_count);
    if (port_count > 1 && port_count != count)
        return err_set(err, ERR_INVALID, "dsn: %zu ports for %zu hosts; write one, or one for each",
                       port_count, count);
    if (count > SERVERS_MAX)
        return err_set(err, ERR_INVALID, "dsn: %zu hosts; at most %d may be named", count,
                       SERVERS_MAX);
    info->servers = mem_new(count, sizeof *info->servers);
    info->server_count = count;
    for (size_t i = 0; i < count; i++)
        info->servers[i] = (struct conninfo_server){
            .host = take_part(hosts, i),
            .hostaddr = take_part(addresses, i),
            .port = take_part(ports, port_count == 1 ? 0 : i),
        };
    return 0;
}

/* --- from a connection string --- */

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword; options++)
        if (strcmp(options->keyword, keyword) == 0)
            return options->val;
    return NULL;
}

/* connect_timeout does not hold for connections that are made without blocking: the deadline of the
 * settings does. */
static bool is_taken_apart(const char *keyword)
{
    static const char *const apart[] = {"host", "hostaddr", "port", "connect_timeout"};
    for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++)
        if (strcmp(keyword, apart[i]) == 0)
            return true;
    return false;
}

/* A store is written to. */
static int check_target(const struct conninfo *info, struct err *err)
{
    const char *target = find(info, "target_session_attrs");
    if (!target || strcmp(target, "any") == 0 || strcmp(target, "read-write") == 0 ||
        strcmp(target, "primary") == 0)
        return 0;
    return err_set(err, ERR_INVALID,
                   "dsn: target_session_attrs=%.40s leads to a server that cannot be written to; "
                   "write read-write, primary or any",
                   target);
}

static int take_options(struct conninfo *info, const PQconninfoOption *options, struct err *err)
{
    for (const PQconninfoOption *option = options; option->keyword; option++)
        if (option->val && !is_taken_apart(option->keyword))
            add(info, option->keyword, option->val);
    if (check_target(info, err) < 0)
        return -1;
    return split_servers(info, value_of(options, "host"), value_of(options, "hostaddr"),
                         value_of(options, "port"), err);
}

/* libpq's message may quote the string, and a password with it. */
static int parse_dsn(struct conninfo *info, const char *dsn, struct err *err)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(dsn, &message);
    free(message);
    if (!options)
        return err_set(err, ERR_INVALID,
                       "dsn: not a connection string; write \"host=… port=… dbname=… user=…\" or "
                       "postgresql://user@host:port/dbname");
    int done = take_options(info, options, err);
    PQconninfoFree(options);
    return done;
}

/* --- from keys --- */

static int use_keys(struct conninfo *info, const struct connection_settings *settings,
                    struct err *err)
{
    char port[12] = "";
    if (settings->port != KEY_UNSET)
        snprintf(port, sizeof port, "%d", (int)settings->port);
    add(info, "dbname", settings->dbname);
    add(info, "user", settings->username);
    if (settings->tls) {
        add(info, "sslmode", "verify-full");
        add(info, "sslrootcert", settings->tls_ca);
        add(info, "sslcert", settings->tls_cert);
        add(info, "sslkey", settings->tls_key[0] ? settings->tls_key : settings->tls_cert);
    }
    /* The name in the certificate is that of the host; with another one the host must be an
     * address. */
    const char *name = settings->tls ? settings->tls_server_name : "";
    return split_servers(info, name[0] ? name : settings->host, name[0] ? settings->host : NULL,
                         port[0] ? port : NULL, err);
}

int pg_conninfo_init(struct conninfo *info, const struct connection_settings *settings,
                     const char *dsn, struct err *err)
{
    *info = (struct conninfo){.password_file = settings->password_file};
    int done = dsn[0] ? parse_dsn(info, dsn, err) : use_keys(info, settings, err);
    if (done < 0) {
        pg_conninfo_finish(info);
        return -1;
    }
    if (!find(info, "password"))
        add(info, "password", settings->password);
    for (size_t i = 0; i < sizeof additions / sizeof additions[0]; i++)
        if (!find(info, additions[i][0]))
            add(info, additions[i][0], additions[i][1]);
    if (info->server_count > 1 && !find(info, "target_session_attrs"))
        add(info, "target_session_attrs", "read-write"); /* the others are its standbys */
    return 0;
}

void pg_conninfo_finish(struct conninfo *info)
{
    for (size_t i = 0; i < info->count; i++) {
        free(info->keywords[i]);
        free(info->values[i]);
    }
    for (size_t i = 0; i < info->server_count; i++) {
        free(info->servers[i].host);
        free(info->servers[i].hostaddr);
        free(info->servers[i].port);
    }
    free(info->keywords);
    free(info->values);
    free(info->servers);
    *info = (struct conninfo){0};
}

/* --- for libpq --- */

/* A path is a Unix socket, and so is what begins with @. */
static bool is_name(const struct conninfo_server *server)
{
    return server->host && !server->hostaddr && server->host[0] != '/' && server->host[0] != '@';
}

static void append_item(struct buf *list, const char *item)
{
    buf_printf(list, "%s%s", list->length > 0 ? "," : "", item);
}

static char *copy(struct arena *arena, const struct buf *text)
{
    return arena_strndup(arena, buf_text(text), text->length);
}

int pg_conninfo_look_up(const struct conninfo_server *server, int64_t deadline_us,
                        struct arena *arena, struct conninfo_server *found, struct err *err)
{
    struct resolved resolved;
    struct buf hosts, addresses; /* the name goes with each */
    *found = *server;
    if (!is_name(server))
        return 0;
    if (resolve_host(server->host, 0, deadline_us / 1000, &resolved, err) < 0)
        return -1;
    buf_init(&hosts, LIST_MAX);
    buf_init(&addresses, LIST_MAX);
    for (size_t i = 0; i < resolved.count; i++) {
        char digits[NI_MAXHOST];
        if (getnameinfo((const struct sockaddr *)&resolved.addresses[i], resolved.lengths[i],
                        digits, sizeof digits, NULL, 0, NI_NUMERICHOST) != 0)
            continue;
        append_item(&hosts, server->host);
        append_item(&addresses, digits);
    }
    found->host = copy(arena, &hosts);
    found->hostaddr = copy(arena, &addresses);
    buf_finish(&hosts);
    buf_finish(&addresses);
    return 0;
}

static void put(struct conninfo_params *params, size_t *count, const char *keyword,
                const char *value)
{
    if (!value)
        return;
    params->keywords[*count] = keyword;
    params->values[(*count)++] = value;
}

/* The first line. */
static int read_password(const char *path, struct arena *arena, const char **password,
                         struct err *err)
{
    char *text;
    size_t length;
    if (path[0] == '\0')
        return 0;
    if (fd_read_file(path, PASSWORD_FILE_MAX, &text, &length, err) < 0)
        return err_prefix(err, "password_file");
    *password = arena_strndup(arena, text, strcspn(text, "\r\n"));
    explicit_bzero(text, length);
    free(text);
    return 0;
}

int pg_conninfo_params(const struct conninfo *info, const struct conninfo_server *server,
                       struct arena *arena, struct conninfo_params *params, struct err *err)
{
    size_t count = 0, room = (info->count + 5) * sizeof(char *);
    const char *password = NULL;
    if (read_password(info->password_file, arena, &password, err) < 0)
        return -1;
    params->keywords = arena_alloc(arena, room);
    params->values = arena_alloc(arena, room);
    for (size_t i = 0; i < info->count; i++)
        put(params, &count, info->keywords[i], info->values[i]);
    put(params, &count, "host", server->host);
    put(params, &count, "hostaddr", server->hostaddr);
    put(params, &count, "port", server->port);
    put(params, &count, "password", password);
    params->keywords[count] = params->values[count] = NULL;
    return 0;
}

const char *pg_conninfo_label(const struct conninfo *info, size_t server, struct arena *arena)
{
    const struct conninfo_server *at = &info->servers[server];
    const char *host = at->host ? at->host : at->hostaddr ? at->hostaddr : "the local socket";
    size_t size = strlen(host) + (at->port ? strlen(at->port) : 0) + 2;
    char *label = arena_alloc(arena, size);
    snprintf(label, size, "%s%s%s", host, at->port ? ":" : "", at->port ? at->port : "");
    return label;
}
