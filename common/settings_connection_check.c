/* SPDX-License-Identifier: MIT */
#include "common/settings_connection.h"

#include <stdlib.h>
#include <string.h>

#include "common/driver_path.h"
#include "common/endpoint.h"
#include "common/mem.h"
#include "common/settings_document.h"

#define PREFIX_LENGTH_MAX 200
#define SENTINEL_PORT     26379

/* A connection that is being checked. */
struct checked {
    struct settings_reader *reader;
    const struct connection_settings *connection;
};

/* Refuses one key of the connection. */
static int refuse(const struct checked *checked, const char *key, const struct err *cause)
{
    return settings_refuse(
        checked->reader,
        settings_section(checked->reader, "connection:", checked->connection->name), key, cause);
}

/* A plugin must lie where it is looked for; whether it is any good is seen when it is loaded. */
static int check_driver(const struct checked *checked)
{
    const struct connection_settings *connection = checked->connection;
    struct err cause = ERR_INIT;
    if (driver_path_check_name(connection->driver, &cause) == 0) {
        if (driver_path_is_own(connection->driver))
            return 0;
        char *file = driver_path_find(connection->driver_path, connection->driver);
        if (!file)
            driver_path_unknown(connection->driver_path, connection->driver, &cause);
        free(file);
    }
    if (cause.code == ERR_NONE)
        return 0;
    err_prefix(&cause, "driver");
    return refuse(checked, "driver", &cause);
}

/* A table's name goes into SQL. */
static int check_table_name(const struct checked *checked, const char *key, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    size_t length = strlen(name);
    bool begins_well = strcspn(name, "0123456789") > 0;
    if (length > 0 && length <= 48 && begins_well && strspn(name, letters) == length)
        return 0;
    struct err cause = ERR_INIT;
    err_set(&cause, ERR_INVALID,
            "%s: \"%.80s\" is not a table's name; write 1 to 48 of A-Z a-z 0-9 _, not beginning "
            "with a digit",
            key, name);
    return refuse(checked, key, &cause);
}

static int check_tables(const struct checked *checked)
{
    const struct connection_settings *connection = checked->connection;
    if (check_table_name(checked, "table", connection->table) < 0 ||
        check_table_name(checked, "failed_table", connection->failed_table) < 0)
        return -1;
    if (strcmp(connection->table, connection->failed_table) != 0)
        return 0;
    struct err cause = ERR_INIT;
    err_set(&cause, ERR_INVALID, "failed_table: the same as table; write another name");
    return refuse(checked, "failed_table", &cause);
}

/* A { in the prefix makes sense as a hash tag alone. */
static bool has_broken_tag(const char *prefix)
{
    const char *open = strchr(prefix, '{');
    const char *end = open ? strchr(open, '}') : NULL;
    return open && (!end || end == open + 1);
}

static int check_prefix(const struct checked *checked)
{
    const char *prefix = checked->connection->prefix;
    struct err cause = ERR_INIT;
    if (!prefix[0] || strlen(prefix) > PREFIX_LENGTH_MAX || strpbrk(prefix, " \t\n"))
        err_set(&cause, ERR_INVALID, "prefix: write 1 to %d characters without white space",
                PREFIX_LENGTH_MAX);
    else if (has_broken_tag(prefix))
        err_set(&cause, ERR_INVALID,
                "prefix: the hash tag is empty or not closed; write {queue}: for one");
    return cause.code ? refuse(checked, "prefix", &cause) : 0;
}

static int check_sentinels(const struct checked *checked)
{
    struct err cause = ERR_INIT;
    struct endpoints endpoints;
    if (endpoints_parse(checked->connection->sentinels, SENTINEL_PORT, &endpoints, &cause) < 0) {
        err_prefix(&cause, "sentinels");
        return refuse(checked, "sentinels", &cause);
    }
    size_t count = endpoints.count;
    endpoints_finish(&endpoints);
    if (count == 0 || checked->connection->sentinel_master[0])
        return 0;
    err_set(&cause, ERR_INVALID, "sentinel_master: unset; write the name that the Sentinels know");
    return refuse(checked, "sentinel_master", &cause);
}

static int check_secrets(const struct checked *checked)
{
    const struct connection_settings *connection = checked->connection;
    struct err cause = ERR_INIT;
    const char *key = "password_file";
    if (connection->password[0] && connection->password_file[0]) {
        err_set(&cause, ERR_INVALID, "password_file: password is set too; write one of them");
    } else if (connection->tls_key[0] && !connection->tls_cert[0]) {
        key = "tls_key";
        err_set(&cause, ERR_INVALID, "tls_key: without tls_cert; write the certificate's file too");
    }
    return cause.code ? refuse(checked, key, &cause) : 0;
}

int settings_check_connection(struct settings_reader *reader,
                              const struct connection_settings *connection)
{
    const struct checked checked = {reader, connection};
    if (check_driver(&checked) < 0 || check_tables(&checked) < 0 || check_prefix(&checked) < 0 || check_sentinels(&checked) < 0 ||
        check_secrets(&checked) < 0)
        return -1;
    if (strcmp(connection->driver, "pgsql") == 0 && !connection->prepare && !connection->listen_dsn[0])
        settings_warn(reader->settings,
                      mem_printf("[connection:%s] prepare = no without listen_dsn: idle workers "
                                 "are not woken, they look every `sleep`",
                                 connection->name));
    if (connection->timeout > connection->retry_after)
        settings_warn(
            reader->settings,
            mem_printf("[connection:%s] timeout is longer than retry_after: a store that is slow "
                       "for so long makes jobs run twice",
                       connection->name));
    return 0;
}
