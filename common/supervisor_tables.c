/* SPDX-License-Identifier: MIT */
#include "common/supervisor_settings.h"

#include "common/log.h"
#include "common/program_settings.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES_MAX       (INT64_C(1) << 50)
#define LIMIT_MAX       10000000

#define AT(member) .offset = offsetof(struct supervisord_settings, member)
static const struct key supervisord_keys[] = {
    {.name = "logfile",
     .type = KEY_LOG_FILE,
     AT(logfile),
     .fallback = "supervisord.log",
     .reload = RELOAD_RESTART,
     .help = "File of the daemon's log, or syslog."},
    {.name = "logfile_maxbytes",
     .type = KEY_BYTES,
     AT(logfile_maxbytes),
     .fallback = "50MB",
     .min = 0,
     .max = BYTES_MAX,
     .reload = RELOAD_RESTART,
     .help = "It is rotated by the record that makes it this large. 0: never."},
    {.name = "logfile_backups",
     .type = KEY_INTEGER,
     AT(logfile_backups),
     .fallback = "10",
     .min = 0,
     .max = 10000,
     .reload = RELOAD_RESTART,
     .help = "Rotated files that are kept as .1, .2 …"},
    {.name = "loglevel",
     .type = KEY_CHOICE,
     AT(log_level),
     .fallback = "info",
     .choices = log_level_names,
     .reload = RELOAD_RESTART,
     .help = "The least important records that are written."},
    {.name = "pidfile",
     .type = KEY_FILE,
     AT(pidfile),
     .fallback = "supervisord.pid",
     .reload = RELOAD_RESTART,
     .help = "File with the daemon's pid."},
    {.name = "umask",
     .type = KEY_OCTAL,
     AT(umask),
     .fallback = "022",
     .max = 0777,
     .reload = RELOAD_RESTART,
     .help = "Umask of the daemon."},
    {.name = "nodaemon",
     .type = KEY_BOOLEAN,
     AT(nodaemon),
     .fallback = "false",
     .reload = RELOAD_RESTART,
     .help = "Stay in the foreground."},
    {.name = "silent",
     .type = KEY_BOOLEAN,
     AT(silent),
     .fallback = "false",
     .reload = RELOAD_RESTART,
     .help = "In the foreground: no log on standard output."},
    {.name = "minfds",
     .type = KEY_INTEGER,
     AT(minfds),
     .fallback = "1024",
     .min = 0,
     .max = LIMIT_MAX,
     .reload = RELOAD_RESTART,
     .help = "Open files that the limit must allow."},
    {.name = "minprocs",
     .type = KEY_INTEGER,
     AT(minprocs),
     .fallback = "200",
     .min = 0,
     .max = LIMIT_MAX,
     .reload = RELOAD_RESTART,
     .help = "Processes that the limit must allow."},
    {.name = "nocleanup",
     .type = KEY_BOOLEAN,
     AT(nocleanup),
     .fallback = "false",
     .reload = RELOAD_RESTART,
     .help = "Old AUTO logs are not removed at the start."},
    {.name = "strip_ansi",
     .type = KEY_BOOLEAN,
     AT(strip_ansi),
     .fallback = "false",
     .reload = RELOAD_RESTART,
     .help = "Escape sequences for terminals are taken out of the programs' logs."},
    {.name = "start_concurrency",
     .type = KEY_INTEGER,
     AT(start_concurrency),
     .fallback = "0",
     .min = 0,
     .max = PROCESSES_MAX,
     .reload = RELOAD_NONE,
     .help = "Programs that are STARTING at once when all are started. 0: no bound."},
    {.name = "childlogdir",
     .type = KEY_DIRECTORY,
     AT(childlogdir),
     .fallback = "",
     .reload = RELOAD_RESTART,
     .help = "Directory of AUTO logs. Unset: $TMPDIR, or else /tmp."},
    {.name = "user",
     .type = KEY_USER,
     AT(user),
     .fallback = "",
     .reload = RELOAD_RESTART,
     .help = "The user that the daemon becomes."},
    {.name = "directory",
     .type = KEY_DIRECTORY,
     AT(directory),
     .fallback = "",
     .reload = RELOAD_RESTART,
     .help = "The directory that the daemon changes to when it goes into the background."},
    {.name = "environment",
     .type = KEY_ENVIRONMENT,
     AT(environment),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help = "Variables for all programs: NAME=\"value\",NAME2=\"value\"."},
    {.name = "identifier",
     .type = KEY_STRING,
     AT(identifier),
     .fallback = "supervisor",
     .reload = RELOAD_RESTART,
     .help = "Name of this daemon for event listeners, clients and AUTO logs."},
};
#undef AT

#define AT(member) .offset = offsetof(struct http_server_settings, member)
#define AUTHENTICATION                                                                             \
    {.name = "username",                                                                           \
     .type = KEY_STRING,                                                                           \
     AT(username),                                                                                 \
     .fallback = "",                                                                               \
     .reload = RELOAD_RESTART,                                                                     \
     .help = "Name that clients give. Unset: none is asked for."},                                 \
        {.name = "password",                                                                       \
         .type = KEY_STRING,                                                                       \
         AT(password),                                                                             \
         .fallback = "",                                                                           \
         .reload = RELOAD_RESTART,                                                                 \
         .is_secret = true,                                                                        \
         .help = "Password that clients give: plain, or {SHA} and the hexadecimal SHA-1 of it."},  \
        {.name = "reader",                                                                         \
         .type = KEY_STRING,                                                                       \
         AT(reader),                                                                               \
         .fallback = "",                                                                           \
         .reload = RELOAD_RESTART,                                                                 \
         .help = "Name of a second user, who may look and change nothing. Unset: there is none."}, \
        {.name = "reader_password",                                                                \
         .type = KEY_STRING,                                                                       \
         AT(reader_password),                                                                      \
         .fallback = "",                                                                           \
         .reload = RELOAD_RESTART,                                                                 \
         .is_secret = true,                                                                        \
         .help = "Its password, in the same forms."},                                              \
    {                                                                                              \
        .name = "token", .type = KEY_STRING, AT(token), .fallback = "", .reload = RELOAD_RESTART,  \
        .is_secret = true,                                                                         \
        .help = "For programs: `Authorization: Bearer TOKEN` may do everything. Unset: none."      \
    }
static const struct key unix_http_server_keys[] = {
    {.name = "file",
     .type = KEY_FILE,
     AT(file),
     .fallback = "",
     .reload = RELOAD_RESTART,
     .help = "The socket. Required."},
    {.name = "chmod",
     .type = KEY_OCTAL,
     AT(chmod),
     .fallback = "0700",
     .max = 07777,
     .reload = RELOAD_RESTART,
     .help = "Mode of the socket."},
    {.name = "chown",
     .type = KEY_OWNER,
     AT(chown),
     .fallback = "",
     .reload = RELOAD_RESTART,
     .help = "Owner of the socket, user or user:group."},
    AUTHENTICATION,
};

static const struct key inet_http_server_keys[] = {
    {.name = "port",
     .type = KEY_STRING,
     AT(address),
     .fallback = "",
     .reload = RELOAD_RESTART,
     .help = "HOST:PORT, or *:PORT or PORT for all addresses. Required."},
    AUTHENTICATION,
};
#undef AT

#define AT(member) .offset = offsetof(struct supervisorctl_settings, member)
static const struct key supervisorctl_keys[] = {
    {.name = "serverurl",
     .type = KEY_STRING,
     AT(serverurl),
     .fallback = "http://localhost:9001",
     .reload = RELOAD_NONE,
     .help = "The server that supervisorctl asks."},
    {.name = "username",
     .type = KEY_STRING,
     AT(username),
     .fallback = "",
     .reload = RELOAD_NONE,
     .help = "Name that it gives."},
    {.name = "password",
     .type = KEY_STRING,
     AT(password),
     .fallback = "",
     .reload = RELOAD_NONE,
     .help = "Password that it gives."},
    {.name = "prompt",
     .type = KEY_STRING,
     AT(prompt),
     .fallback = "supervisor",
     .reload = RELOAD_NONE,
     .help = "What it writes before a command."},
    {.name = "history_file",
     .type = KEY_FILE,
     AT(history_file),
     .fallback = "",
     .reload = RELOAD_NONE,
     .help = "File that keeps the commands."},
};
#undef AT

#define AT(member) .offset = offsetof(struct rpcinterface_settings, member)
static const struct key rpcinterface_keys[] = {
    {.name = "supervisor.rpcinterface_factory",
     .type = KEY_STRING,
     AT(factory),
     .fallback = "",
     .reload = RELOAD_RESTART,
     .help = "`supervisor.rpcinterface:make_main_rpcinterface`: clients may call methods. Others "
             "are ignored."},
};
#undef AT

const struct key_table settings_supervisord_table = {
    .section = "supervisord",
    .help =
        "The daemon, as Supervisor knows it. A file that has this section is one of Supervisor's.",
    .keys = supervisord_keys,
    .key_count = COUNT_OF(supervisord_keys),
    .is_commented = true,
};

const struct key_table settings_unix_http_server_table = {
    .section = "unix_http_server",
    .help = "A unix socket for Supervisor's clients; several are [unix_http_server:NAME].",
    .keys = unix_http_server_keys,
    .key_count = COUNT_OF(unix_http_server_keys),
    .is_commented = true,
};

const struct key_table settings_inet_http_server_table = {
    .section = "inet_http_server",
    .help = "A TCP port for Supervisor's clients; several are [inet_http_server:NAME].",
    .keys = inet_http_server_keys,
    .key_count = COUNT_OF(inet_http_server_keys),
    .is_commented = true,
};

const struct key_table settings_supervisorctl_table = {
    .section = "supervisorctl",
    .help = "Supervisor's client.",
    .keys = supervisorctl_keys,
    .key_count = COUNT_OF(supervisorctl_keys),
    .is_commented = true,
};

const struct key_table settings_rpcinterface_table = {
    .section = "rpcinterface:",
    .help = "What clients may call; without it there are no methods.",
    .keys = rpcinterface_keys,
    .key_count = COUNT_OF(rpcinterface_keys),
    .example = "supervisor",
    .is_commented = true,
};
