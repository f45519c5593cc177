/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_CONNINFO_H
#define DRIVERS_PGSQL_CONNINFO_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/mem.h"
#include "common/connection_settings.h"

/*
 * Where a connection leads: the parameters of libpq, with the servers of a multi-host string taken
 * apart, because libpq tries the next one only when one refuses, and not when it is silent.
 */
struct conninfo_server {
    char *host;     /* or NULL: libpq's default */
    char *hostaddr; /* likewise */
    char *port;     /* likewise */
};

struct conninfo {
    char **keywords; /* with the values: what is the same for all servers */
    char **values;
    size_t count;
    struct conninfo_server *servers; /* at least one */
    size_t server_count;
    const char *password_file; /* "" where there is none. The settings' */
};

/* From dsn, or from the settings' other keys where it is "". Returns 0, or -1 with err
 * (ERR_INVALID) that does not tell a password. */
int pg_conninfo_init(struct conninfo *info, const struct connection_settings *settings,
                     const char *dsn, struct err *err);
void pg_conninfo_finish(struct conninfo *info);

/* Looks a server's name up, which libpq would do without a deadline (of CLOCK_MONOTONIC). *found
 * gets the server with all its addresses, in the arena; libpq tries one after the other. Returns 0,
 * or -1 with err (ERR_UNAVAILABLE). */
int pg_conninfo_look_up(const struct conninfo_server *server, int64_t deadline_us,
                        struct arena *arena, struct conninfo_server *found, struct err *err);

/* What PQconnectStartParams wants for one server: two NULL-terminated arrays in the arena, with the
 * password from the file. Returns 0, or -1 with err where that cannot be read. */
struct conninfo_params {
    const char **keywords;
    const char **values;
};
int pg_conninfo_params(const struct conninfo *info, const struct conninfo_server *server,
                       struct arena *arena, struct conninfo_params *params, struct err *err);

/* A name of a server for messages: "host:port", in the arena. */
const char *pg_conninfo_label(const struct conninfo *info, size_t server, struct arena *arena);

#endif
