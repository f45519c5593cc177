/* SPDX-License-Identifier: MIT */
#include "common/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"

#define NAME_LENGTH_MAX 100

char *settings_find_file(void)
{
    const char *named = getenv("MUSTER_CONFIG");
    if (named && named[0])
        return mem_strdup(named);
    static const char *const places[] = {"muster.ini", "/etc/muster/muster.ini"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (access(places[i], F_OK) == 0)
            return mem_strdup(places[i]);
    }
    return NULL;
}

int settings_check_name(const char *what, const char *name, struct err *err)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:";
    size_t length = strlen(name);
    if (length == 0)
        return err_set(err, ERR_INVALID, "%s: the name is empty", what);
    if (length > NAME_LENGTH_MAX)
        return err_set(err, ERR_INVALID, "%s: the name is longer than %d characters", what,
                       NAME_LENGTH_MAX);
    if (strspn(name, letters) != length || strchr("-.:", name[0]))
        return err_set(err, ERR_INVALID,
                       "%s: the name may consist of A-Z a-z 0-9 _ - . : and begin with one of "
                       "A-Z a-z 0-9 _",
                       what);
    return 0;
}

const struct connection_settings *settings_connection(const struct settings *settings,
                                                      const char *name)
{
    for (size_t i = 0; i < settings->connection_count; i++) {
        if (strcmp(settings->connections[i].name, name) == 0)
            return &settings->connections[i];
    }
    return NULL;
}

const struct queue_settings *settings_queue(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->queue_count; i++) {
        if (strcmp(settings->queues[i].name, name) == 0)
            return &settings->queues[i];
    }
    return NULL;
}

const struct connection_settings *settings_connection_of(const struct settings *settings,
                                                         const char *queue)
{
    const struct queue_settings *found = settings_queue(settings, queue);
    return settings_connection(settings, found ? found->connection : settings->muster.connection);
}

bool settings_is_scaled(const struct settings *settings, const struct queue_settings *queue)
{
    return settings->auto_scaling.enabled && queue->auto_scale && queue->command[0];
}

void settings_queue_or_default(const struct settings *settings, const char *name,
                               struct queue_settings *out)
{
    const struct queue_settings *found = settings_queue(settings, name);
    *out = (struct queue_settings){.name = mem_strdup(name)};
    if (found) {
        keys_copy(&settings_queue_table, out, found);
        return;
    }
    keys_set_defaults(&settings_queue_table, out);
    out->options = settings->worker_options;
    out->scaling = settings->auto_scaling.options;
    out->alerts = settings->monitoring.alerts;
    free(out->connection);
    out->connection = mem_strdup(settings->muster.connection);
}

void settings_queue_finish(struct queue_settings *queue)
{
    keys_finish(&settings_queue_table, queue);
    free(queue->name);
    queue->name = NULL;
}

void settings_destroy(struct settings *settings)
{
    if (!settings)
        return;
    keys_finish(&settings_muster_table, &settings->muster);
    keys_finish(&settings_worker_options_table, &settings->worker_options);
    keys_finish(&settings_auto_scaling_table, &settings->auto_scaling);
    keys_finish(&settings_monitoring_table, &settings->monitoring);
    for (size_t i = 0; i < settings->connection_count; i++) {
        keys_finish(&settings_connection_table, &settings->connections[i]);
        free(settings->connections[i].name);
    }
    for (size_t i = 0; i < settings->queue_count; i++)
        settings_queue_finish(&settings->queues[i]);
    for (size_t i = 0; i < settings->job_count; i++)
        settings_finish_job(&settings->jobs[i]);
    for (size_t i = 0; i < settings->policy_count; i++)
        settings_finish_policy(&settings->policies[i]);
    for (size_t i = 0; i < settings->notify_count; i++) {
        keys_finish(&settings_notify_table, &settings->notifies[i]);
        free(settings->notifies[i].name);
    }
    for (size_t i = 0; i < settings->schedule_count; i++) {
        keys_finish(&settings_schedule_table, &settings->schedules[i]);
        free(settings->schedules[i].name);
    }
    supervisor_settings_finish(&settings->supervisor);
    for (size_t i = 0; i < settings->warning_count; i++)
        free(settings->warnings[i]);
    free(settings->connections);
    free(settings->queues);
    free(settings->jobs);
    free(settings->policies);
    free(settings->notifies);
    free(settings->schedules);
    free(settings->warnings);
    free(settings->file);
    free(settings);
}
