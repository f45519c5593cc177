/* SPDX-License-Identifier: MIT */
#ifndef COMMON_CONNECTION_SETTINGS_H
#define COMMON_CONNECTION_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/keys.h" /* KEY_UNSET */

/*
 * What a driver is told: the settings of one connection, part of settings.h and on its own here,
 * since a driver that is built elsewhere needs nothing else of the settings.
 */
enum synchronous { SYNCHRONOUS_NORMAL, SYNCHRONOUS_FULL };
enum synchronous_commit { COMMIT_SERVER, COMMIT_OFF, COMMIT_LOCAL, COMMIT_REMOTE_WRITE, COMMIT_ON, COMMIT_REMOTE_APPLY };

/* [connection:NAME] */
struct connection_settings {
    char *name;
    char *driver;      /* its name: "sqlite", "pgsql", "redis", or that of a plugin */
    char *driver_path; /* the folder of plugins; "": Muster's own alone */
    char *path;          /* sqlite: the database file, default DATADIR/NAME.db; redis: a Unix
                          * socket, "" for host and port */
    int synchronous;     /* sqlite, enum synchronous */
    char *table;         /* SQL stores */
    char *failed_table;
    int64_t retry_after; /* the lease: how long a job may be silent */
    int64_t batch_size;  /* the most jobs in one store call */
    int64_t timeout;     /* deadline of one store call */
    int64_t pool_size;   /* libmuster: the most stores that are open at once */
    char *host;
    int64_t port; /* KEY_UNSET: the store's usual one */
    char *username;
    char *password;
    char *password_file;
    int64_t database;
    char *prefix;           /* of all keys */
    int64_t job_expiration; /* of failed jobs; 0: they are kept until they are removed */
    bool persistent;        /* an idle connection is kept */
    bool tls;
    char *tls_ca;
    char *tls_cert;
    char *tls_key;
    char *tls_server_name;
    char *sentinels; /* endpoints (endpoint.h); "": none */
    char *sentinel_master;
    char *sentinel_username;
    char *sentinel_password;
    char *dsn;        /* pgsql, of libpq; "": the members above */
    char *listen_dsn; /* "": dsn */
    char *dbname;
    bool prepare;
    int synchronous_commit; /* enum synchronous_commit */
};

#endif
