/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SUPERVISOR_SETTINGS_H
#define COMMON_SUPERVISOR_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/keys.h"
#include "common/program_settings.h"

/* The sections of Supervisor's files, as 4.2.5 understands them. Strings are never NULL. */

/* [supervisord] */
struct supervisord_settings {
    char *logfile; /* absolute, or KEY_LOG_NONE, KEY_LOG_SYSLOG */
    int64_t logfile_maxbytes;
    int64_t logfile_backups;
    int log_level; /* enum log_level */
    char *pidfile; /* absolute */
    int umask;
    bool nodaemon;
    bool silent;
    bool nocleanup;
    bool strip_ansi;
    int64_t start_concurrency; /* programs that are STARTING at once; 0: no bound */
    int64_t minfds;
    int64_t minprocs;
    char *childlogdir; /* never "" */
    char *user;
    char *directory;
    char *environment;
    char *identifier;
};

/* How a password begins that is kept as its SHA-1, in so many hexadecimal digits. */
#define SHA_MARK    "{SHA}"
#define SHA_HEX_LEN 40

/* [unix_http_server] and [inet_http_server]; several with a :NAME */
struct http_server_settings {
    char *name;
    bool is_unix;
    char *file; /* absolute */
    int chmod;
    char *chown;
    char *address; /* HOST:PORT as written */
    char *host;    /* "": all */
    int64_t port;
    char *username; /* "": no authentication */
    char *password; /* plain, or {SHA} and hexadecimal digits */
    char *reader;   /* "": nobody is let in to read alone */
    char *reader_password;
    char *token; /* "": none */
};

/* [supervisorctl] */
struct supervisorctl_settings {
    char *serverurl;
    char *username;
    char *password;
    char *prompt;
    char *history_file;
};

/* [rpcinterface:x] */
struct rpcinterface_settings {
    char *name;
    char *factory;
};

struct supervisor_settings {
    bool is_given; /* there is a [supervisord] */
    struct supervisord_settings daemon;
    struct supervisorctl_settings ctl;
    struct http_server_settings *servers;
    size_t server_count;
    struct rpcinterface_settings *rpcinterfaces;
    size_t rpcinterface_count;
    struct group_settings **groups; /* by priority and name; no name twice */
    size_t group_count;
    size_t process_count; /* of all groups */
};

/* Supervisor's own factory, without which it has no methods. */
#define RPCINTERFACE_FACTORY "supervisor.rpcinterface:make_main_rpcinterface"

extern const struct key_table settings_supervisord_table;
extern const struct key_table settings_unix_http_server_table;
extern const struct key_table settings_inet_http_server_table;
extern const struct key_table settings_supervisorctl_table;
extern const struct key_table settings_rpcinterface_table;

/* Frees what is in it, not the struct. Groups are released: those that somebody else holds live on.
 */
void supervisor_settings_finish(struct supervisor_settings *supervisor);

#endif
