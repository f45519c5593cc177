/* SPDX-License-Identifier: MIT */

/* [supervisord], its servers and its client. */
#include "common/supervisor_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/path.h"
#include "common/settings_document.h"

#define PORT_MAX 65535

static void replace(char **text, char *by)
{
    free(*text);
    *text = by;
}

static int refuse(struct settings_reader *reader, const struct ini_section *section,
                  const char *key, const char *text)
{
    struct err cause = ERR_INIT;
    err_set(&cause, ERR_INVALID, "%s: %s", key, text);
    return settings_refuse(reader, section, key, &cause);
}

/* Where Python puts files that nobody gave a place. */
static char *temporary_directory(void)
{
    static const char *const variables[] = {"TMPDIR", "TEMP", "TMP"};
    static const char *const places[] = {"/tmp", "/var/tmp", "/usr/tmp"};
    for (size_t i = 0; i < 3; i++) {
        const char *place = getenv(variables[i]);
        if (place && place[0] && access(place, W_OK | X_OK) == 0)
            return path_absolute(place);
    }
    for (size_t i = 0; i < 3; i++)
        if (access(places[i], W_OK | X_OK) == 0)
            return mem_strdup(places[i]);
    return path_absolute(".");
}

static void make_absolute(char **path)
{
    if (strcmp(*path, KEY_LOG_NONE) != 0 && strcmp(*path, KEY_LOG_SYSLOG) != 0)
        replace(path, path_absolute(*path));
}

static int load_daemon(struct settings_reader *reader)
{
    struct supervisord_settings *daemon = &reader->settings->supervisor.daemon;
    const struct ini_section *section = settings_section(reader, "supervisord", "");
    if (settings_apply_section(reader, &settings_supervisord_table, daemon, section, NULL) < 0)
        return -1;
    if (strcmp(daemon->logfile, KEY_LOG_AUTO) == 0)
        return refuse(reader, section, "logfile", "AUTO is for programs; write a path");
    if (daemon->umask < 0)
        return refuse(reader, section, "umask", "it is empty; write octal digits, e.g. 022");
    if (!daemon->childlogdir[0])
        replace(&daemon->childlogdir, temporary_directory());
    make_absolute(&daemon->logfile);
    make_absolute(&daemon->pidfile);
    return 0;
}

/* Servers */

/* HOST:PORT with all addresses as "", after Supervisor; an address with colons may stand in
 * brackets. */
static int split_address(struct http_server_settings *server)
{
    const char *colon = strrchr(server->address, ':');
    const char *port = colon ? colon + 1 : server->address;
    const char *host = server->address;
    size_t length = colon ? (size_t)(colon - host) : 0, digits = strspn(port, "0123456789");
    if (length > 1 && host[0] == '[' && host[length - 1] == ']') {
        host++;
        length -= 2;
    }
    if (length == 1 && host[0] == '*')
        length = 0;
    replace(&server->host, mem_strndup(host, length));
    server->port = digits > 0 && digits < 8 && port[digits] == '\0' ? strtol(port, NULL, 10) : 0;
    return server->port >= 1 && server->port <= PORT_MAX ? 0 : -1;
}

/* Whether a configured password can be anybody's: what follows {SHA} must be a digest. */
static bool is_password(const char *text)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    if (strncmp(text, SHA_MARK, strlen(SHA_MARK)) != 0)
        return true;
    const char *digest = text + strlen(SHA_MARK);
    return strlen(digest) == SHA_HEX_LEN && strspn(digest, digits) == SHA_HEX_LEN;
}

/* One user, or none. */
static int check_user(struct settings_reader *reader, const struct ini_section *section,
                      const char *name_key, const char *name, const char *password_key,
                      const char *password)
{
    char message[128];
    snprintf(message, sizeof message, "%s and %s go together; write both, or neither", name_key,
             password_key);
    if (!name[0] != !password[0])
        return refuse(reader, section, name[0] ? name_key : password_key, message);
    if (!is_password(password))
        return refuse(reader, section, password_key,
                      "{SHA} is not followed by the 40 hexadecimal digits of a SHA-1; write those, "
                      "as sha1sum prints them");
    return 0;
}

static int check_server(struct settings_reader *reader, const struct ini_section *section,
                        struct http_server_settings *server)
{
    if (server->is_unix && !server->file[0])
        return refuse(reader, section, "file", "it is missing; write the path of a socket");
    if (!server->is_unix && split_address(server) < 0)
        return refuse(reader, section, "port",
                      "there is no port from 1 to 65535; write HOST:PORT, *:PORT or PORT");
    if (check_user(reader, section, "username", server->username, "password", server->password) <
            0 ||
        check_user(reader, section, "reader", server->reader, "reader_password",
                   server->reader_password) < 0)
        return -1;
    if (server->is_unix)
        replace(&server->file, path_absolute(server->file));
    return 0;
}

static int add_server(struct settings_reader *reader, const struct ini_section *section,
                      bool is_unix)
{
    struct supervisor_settings *supervisor = &reader->settings->supervisor;
    const struct key_table *table =
        is_unix ? &settings_unix_http_server_table : &settings_inet_http_server_table;
    const char *colon = strchr(section->name, ':');
    size_t count = supervisor->server_count + 1;
    supervisor->servers = mem_resize(supervisor->servers, count, sizeof *supervisor->servers);
    struct http_server_settings *server = &supervisor->servers[supervisor->server_count++];
    *server = (struct http_server_settings){.is_unix = is_unix};
    keys_set_defaults(table, server);
    server->name = mem_strdup(colon ? colon + 1 : "");
    if (settings_apply_section(reader, table, server, section, NULL) < 0)
        return -1;
    return check_server(reader, section, server);
}

/* As Supervisor has it: TCP before unix sockets, each in the order of the file. */
static int load_servers(struct settings_reader *reader)
{
    static const char *const prefixes[] = {"inet_http_server", "unix_http_server"};
    for (size_t kind = 0; kind < 2; kind++) {
        size_t length = strlen(prefixes[kind]);
        for (size_t i = 0; reader->ini && i < reader->ini->section_count; i++) {
            const struct ini_section *section = &reader->ini->sections[i];
            if (strncmp(section->name, prefixes[kind], length) == 0 &&
                (section->name[length] == '\0' || section->name[length] == ':') &&
                add_server(reader, section, kind == 1) < 0)
                return -1;
        }
    }
    return 0;
}

/* Clients */

static int load_client(struct settings_reader *reader)
{
    struct supervisorctl_settings *ctl = &reader->settings->supervisor.ctl;
    const struct ini_section *section = settings_section(reader, "supervisorctl", "");
    if (settings_apply_section(reader, &settings_supervisorctl_table, ctl, section, NULL) < 0)
        return -1;
    if (ctl->history_file[0])
        replace(&ctl->history_file, path_absolute(ctl->history_file));
    return 0;
}

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Its other keys are the factory's, whatever they are called. */
static int add_rpcinterface(struct settings_reader *reader, const struct ini_section *section)
{
    struct supervisor_settings *supervisor = &reader->settings->supervisor;
    const struct ini_key *key = ini_key(section, settings_rpcinterface_table.keys[0].name);
    if (!key)
        return refuse(reader, section, settings_rpcinterface_table.keys[0].name,
                      "it is missing; write " RPCINTERFACE_FACTORY);
    size_t count = supervisor->rpcinterface_count + 1;
    supervisor->rpcinterfaces =
        mem_resize(supervisor->rpcinterfaces, count, sizeof *supervisor->rpcinterfaces);
    struct rpcinterface_settings *rpc =
        &supervisor->rpcinterfaces[supervisor->rpcinterface_count++];
    *rpc = (struct rpcinterface_settings){.name = mem_strdup(strchr(section->name, ':') + 1)};
    keys_set_defaults(&settings_rpcinterface_table, rpc);
    if (settings_apply_key(reader, &settings_rpcinterface_table, rpc, section, key, NULL) < 0)
        return -1;
    if (strcmp(rpc->factory, RPCINTERFACE_FACTORY) != 0)
        settings_warn(reader->settings,
                      mem_printf("%s:%d: [%s] is ignored: musterd cannot load %s", section->file,
                                 section->line, section->name, rpc->factory));
    return 0;
}

static int load_rpcinterfaces(struct settings_reader *reader)
{
    for (size_t i = 0; reader->ini && i < reader->ini->section_count; i++)
        if (has_prefix(reader->ini->sections[i].name, settings_rpcinterface_table.section) &&
            add_rpcinterface(reader, &reader->ini->sections[i]) < 0)
            return -1;
    return 0;
}

int supervisor_load(struct settings_reader *reader)
{
    struct supervisor_settings *supervisor = &reader->settings->supervisor;
    supervisor->is_given = reader->is_supervisors_file && !reader->is_snapshot;
    keys_set_defaults(&settings_supervisord_table, &supervisor->daemon);
    keys_set_defaults(&settings_supervisorctl_table, &supervisor->ctl);
    if (reader->is_snapshot)
        return 0; /* for workers, whom programs do not concern */
    if (load_daemon(reader) < 0 || load_rpcinterfaces(reader) < 0 || programs_load(reader) < 0 ||
        load_servers(reader) < 0)
        return -1;
    return load_client(reader);
}
