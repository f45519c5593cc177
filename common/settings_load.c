/* SPDX-License-Identifier: MIT */

/* From a document to settings: sections in the order that they build on each other, then what is
 * derived, then the checks over the whole. */
#include "common/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/ini.h"
#include "common/mem.h"
#include "common/nearest.h"
#include "common/path.h"
#include "common/settings_connection.h"
#include "common/settings_document.h"
#include "common/settings_jobs.h"
#include "common/settings_monitoring.h"
#include "common/settings_policy.h"
#include "common/settings_read.h"
#include "common/supervisor_load.h"
#include "common/settings_scaling.h"

#define CONNECTION_PREFIX  "connection:"
#define QUEUE_PREFIX       "queue:"
#define JOB_PREFIX         "job:"
#define POLICY_PREFIX      "policy:"
#define SCHEDULE_PREFIX    "schedule:"
#define NOTIFY_PREFIX      "notify:"
#define DEFAULT_CONNECTION "database"
#define DEFAULT_QUEUE      "default"

void settings_warn(struct settings *settings, char *text)
{
    size_t count = settings->warning_count + 1;
    settings->warnings = mem_resize(settings->warnings, count, sizeof *settings->warnings);
    settings->warnings[settings->warning_count++] = text;
}

static int apply_environment(struct settings_reader *reader, const struct key_table *table,
                             void *values)
{
    return reader->is_snapshot ? 0 : keys_set_from_environment(table, values, NULL, reader->err);
}

/* The variables of Redis are for its own connections: other stores have some of the keys too. */
static int apply_connection_environment(struct settings_reader *reader,
                                        struct connection_settings *connection)
{
    const char *except = strcmp(connection->driver, "redis") == 0 ? NULL : "REDIS_";
    if (reader->is_snapshot)
        return 0;
    return keys_set_from_environment(&settings_connection_table, connection, except, reader->err);
}

static int apply_single(struct settings_reader *reader, const struct key_table *table, void *values)
{
    keys_set_defaults(table, values);
    if (settings_apply_section(reader, table, values, settings_section(reader, table->section, ""),
                               NULL) < 0)
        return -1;
    return apply_environment(reader, table, values);
}

static void replace(char **text, char *by)
{
    free(*text);
    *text = by;
}

static char *default_datadir(void)
{
    const char *data = getenv("XDG_DATA_HOME");
    if (geteuid() == 0)
        return mem_strdup("/var/lib/muster");
    if (data && data[0] == '/')
        return mem_printf("%s/muster", data);
    return path_resolve("/", "~/.local/share/muster");
}

/* A file of Supervisor's names its pid file, so there may be several daemons. */
static char *default_pidfile(const struct settings *settings)
{
    if (settings->supervisor.is_given)
        return mem_strdup(settings->supervisor.daemon.pidfile);
    return mem_printf("%s/musterd.pid", settings->muster.datadir);
}

static char *default_socket(const struct settings *settings)
{
    const char *pidfile = settings->supervisor.daemon.pidfile;
    size_t length = strlen(pidfile);
    if (!settings->supervisor.is_given)
        return mem_printf("%s/muster.sock", settings->muster.datadir);
    if (length > 4 && strcmp(pidfile + length - 4, ".pid") == 0)
        length -= 4;
    return mem_printf("%.*s.muster.sock", (int)length, pidfile);
}

/* A file of Supervisor's says in [supervisord] what the log is, unless [muster] does. */
static void derive_log(struct settings_reader *reader)
{
    struct muster_settings *muster = &reader->settings->muster;
    const struct supervisor_settings *supervisor = &reader->settings->supervisor;
    const struct ini_section *section = settings_section(reader, "muster", "");
    if (!supervisor->is_given)
        return;
    if (!muster->logfile[0] && supervisor->daemon.logfile[0] == '/')
        replace(&muster->logfile, mem_strdup(supervisor->daemon.logfile));
    if (!section || (!ini_key(section, "log_level") && !ini_key(section, "loglevel")))
        muster->log_level = supervisor->daemon.log_level;
}

static void derive_paths(struct settings *settings)
{
    struct muster_settings *muster = &settings->muster;
    if (!muster->datadir[0])
        replace(&muster->datadir, default_datadir());
    if (!muster->pidfile[0])
        replace(&muster->pidfile, default_pidfile(settings));
    if (!muster->socket[0])
        replace(&muster->socket, default_socket(settings));
}

static int add_connection(struct settings_reader *reader, const char *name,
                          const struct ini_section *section)
{
    struct settings *settings = reader->settings;
    struct err cause = ERR_INIT;
    if (settings_check_name("the connection", name, &cause) < 0)
        return settings_refuse(reader, section, "", &cause);
    size_t count = settings->connection_count + 1;
    settings->connections = mem_resize(settings->connections, count, sizeof *settings->connections);
    struct connection_settings *connection = &settings->connections[settings->connection_count++];
    *connection = (struct connection_settings){.name = mem_strdup(name)};
    keys_set_defaults(&settings_connection_table, connection);
    if (settings_apply_section(reader, &settings_connection_table, connection, section, NULL) < 0)
        return -1;
    if (strcmp(connection->driver, "database") == 0) /* the guide's name */
        replace(&connection->driver, mem_strdup("sqlite"));
    if (!connection->driver_path[0])
        replace(&connection->driver_path, mem_strdup(settings->muster.driver_path));
    if (apply_connection_environment(reader, connection) < 0)
        return -1;
    if (!connection->path[0] && strcmp(connection->driver, "sqlite") == 0)
        replace(&connection->path, mem_printf("%s/%s.db", settings->muster.datadir, name));
    return 0;
}

static int add_queue(struct settings_reader *reader, const char *name,
                     const struct ini_section *section)
{
    struct settings *settings = reader->settings;
    struct err cause = ERR_INIT;
    if (settings_check_name("the queue", name, &cause) < 0)
        return settings_refuse(reader, section, "", &cause);
    size_t count = settings->queue_count + 1;
    settings->queues = mem_resize(settings->queues, count, sizeof *settings->queues);
    struct queue_settings *queue = &settings->queues[settings->queue_count++];
    *queue = (struct queue_settings){.name = mem_strdup(name)};
    keys_set_defaults(&settings_queue_table, queue);
    queue->options = settings->worker_options;
    queue->scaling = settings->auto_scaling.options;
    queue->alerts = settings->monitoring.alerts;
    const struct ini_variable name_variable = {.name = "queue_name", .value = queue->name};
    const struct settings_names names = {&name_variable, 1};
    if (settings_apply_section(reader, &settings_queue_table, queue, section, &names) < 0)
        return -1;
    if (queue->failed.queue[0] &&
        settings_check_name("failed_queue", queue->failed.queue, &cause) < 0)
        return settings_refuse(reader, section, "failed_queue", &cause);
    return 0;
}

/* Adds something for each section "prefix:NAME", and for fallback (NULL: nothing) where there is
 * none. */
static int add_named(struct settings_reader *reader, const char *prefix, const char *fallback,
                     int (*add)(struct settings_reader *, const char *, const struct ini_section *))
{
    size_t length = strlen(prefix);
    size_t found = 0;
    for (size_t i = 0; reader->ini && i < reader->ini->section_count; i++) {
        const struct ini_section *section = &reader->ini->sections[i];
        if (strncmp(section->name, prefix, length) != 0)
            continue;
        found++;
        if (add(reader, section->name + length, section) < 0)
            return -1;
    }
    return found > 0 || !fallback ? 0 : add(reader, fallback, NULL);
}

static int unknown_connection(const struct settings *settings, const char *key, const char *name,
                              struct err *err)
{
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < settings->connection_count; i++)
        nearest_consider(&nearest, settings->connections[i].name);
    const char *meant = nearest.best;
    if (meant)
        return err_set(err, ERR_INVALID, "%s: there is no connection %.100s; did you mean %s?", key,
                       name, meant);
    return err_set(err, ERR_INVALID, "%s: there is no connection %.100s; add a [connection:%.100s]",
                   key, name, name);
}

/* The default connection, and that of each queue that names none. */
static int resolve_connections(struct settings_reader *reader)
{
    struct settings *settings = reader->settings;
    char **fallback = &settings->muster.connection;
    struct err cause = ERR_INIT;
    if (!(*fallback)[0])
        replace(fallback, mem_strdup(settings_connection(settings, DEFAULT_CONNECTION)
                                         ? DEFAULT_CONNECTION
                                         : settings->connections[0].name));
    if (!settings_connection(settings, *fallback)) {
        unknown_connection(settings, "default", *fallback, &cause);
        return settings_refuse(reader, settings_section(reader, "muster", ""), "default", &cause);
    }
    for (size_t i = 0; i < settings->queue_count; i++) {
        struct queue_settings *queue = &settings->queues[i];
        if (!queue->connection[0])
            replace(&queue->connection, mem_strdup(*fallback));
        if (!settings_connection(settings, queue->connection)) {
            unknown_connection(settings, "connection", queue->connection, &cause);
            return settings_refuse(reader, settings_section(reader, QUEUE_PREFIX, queue->name),
                                   "connection", &cause);
        }
    }
    return 0;
}

static int check_backoff(struct settings_reader *reader, const struct worker_options *options,
                         const struct ini_section *section)
{
    struct err cause = ERR_INIT;
    if (options->backoff_delay <= options->backoff_max)
        return 0;
    err_set(&cause, ERR_INVALID,
            "backoff_delay: longer than backoff_max; write a smaller one, or a larger backoff_max");
    return settings_refuse(reader, section, "backoff_delay", &cause);
}

static int check_muster(struct settings_reader *reader)
{
    const struct muster_settings *muster = &reader->settings->muster;
    struct err cause = ERR_INIT;
    if (muster->restart_delay <= muster->restart_delay_max)
        return 0;
    err_set(&cause, ERR_INVALID,
            "restart_delay: longer than restart_delay_max; write a smaller one, or a larger "
            "restart_delay_max");
    return settings_refuse(reader, settings_section(reader, "muster", ""), "restart_delay", &cause);
}

static int check(struct settings_reader *reader)
{
    const struct settings *settings = reader->settings;
    if (check_muster(reader) < 0 ||
        check_backoff(reader, &settings->worker_options,
                      settings_section(reader, "worker_options", "")) < 0)
        return -1;
    for (size_t i = 0; i < settings->connection_count; i++) {
        if (settings_check_connection(reader, &settings->connections[i]) < 0)
            return -1;
    }
    for (size_t i = 0; i < settings->queue_count; i++) {
        const struct queue_settings *queue = &settings->queues[i];
        if (check_backoff(reader, &queue->options,
                          settings_section(reader, QUEUE_PREFIX, queue->name)) < 0)
            return -1;
    }
    return 0;
}

/* A file of Supervisor's means no queues, unless it says something of them. */
static bool serves_queues(const struct settings_reader *reader)
{
    if (!reader->is_supervisors_file)
        return true;
    static const char *const own[] = {"muster", "worker_options", CONNECTION_PREFIX, QUEUE_PREFIX,
                                      JOB_PREFIX};
    for (size_t i = 0; i < reader->ini->section_count; i++)
        for (size_t k = 0; k < sizeof own / sizeof own[0]; k++)
            if (strncmp(reader->ini->sections[i].name, own[k], strlen(own[k])) == 0)
                return true;
    return false;
}

static int fill(struct settings_reader *reader)
{
    struct settings *settings = reader->settings;
    if (reader->ini && settings_check_sections(reader) < 0)
        return -1;
    if (apply_single(reader, &settings_muster_table, &settings->muster) < 0 ||
        apply_single(reader, &settings_worker_options_table, &settings->worker_options) < 0 ||
        apply_single(reader, &settings_auto_scaling_table, &settings->auto_scaling) < 0 ||
        apply_single(reader, &settings_monitoring_table, &settings->monitoring) < 0)
        return -1;
    settings_derive_monitoring(settings);
    settings->serves_queues = serves_queues(reader);
    if (supervisor_load(reader) < 0)
        return -1;
    derive_paths(settings);
    derive_log(reader);
    if (add_named(reader, CONNECTION_PREFIX, DEFAULT_CONNECTION, add_connection) < 0 ||
        add_named(reader, QUEUE_PREFIX, DEFAULT_QUEUE, add_queue) < 0 ||
        add_named(reader, JOB_PREFIX, NULL, settings_add_job) < 0 ||
        add_named(reader, POLICY_PREFIX, NULL, settings_add_policy) < 0 ||
        add_named(reader, SCHEDULE_PREFIX, NULL, settings_add_schedule) < 0 ||
        add_named(reader, NOTIFY_PREFIX, NULL, settings_add_notify) < 0 ||
        resolve_connections(reader) < 0)
        return -1;
    settings_derive_scaling(reader);
    if (check(reader) < 0 || settings_finish_jobs(reader) < 0)
        return -1;
    return settings_check_scaling(reader);
}

struct settings *settings_from_document(const struct ini *ini, const char *file, bool is_snapshot,
                                        struct err *err)
{
    struct utsname system;
    struct err cause = ERR_INIT;
    struct settings *settings = mem_new(1, sizeof *settings);
    struct settings_reader reader = {
        .settings = settings,
        .ini = ini,
        .is_snapshot = is_snapshot,
        .is_supervisors_file = ini && ini_section(ini, "supervisord"),
        .err = &cause,
    };
    uname(&system);
    memcpy(reader.host, system.nodename, sizeof reader.host);
    settings->file = mem_strdup(file);
    if (fill(&reader) == 0)
        return settings;
    settings_destroy(settings);
    err_set(err, cause.code, "%s", cause.text);
    return NULL;
}
