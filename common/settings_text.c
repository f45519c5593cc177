/* SPDX-License-Identifier: MIT */

/* Settings as text: a file that people wrote, a snapshot that one process prints for another, the
 * sample. */
#include "common/settings_document.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/ini.h"
#include "common/mem.h"

/* Where a snapshot comes from. */
struct snapshot {
    char *file;
    int64_t generation;
};

static const struct key snapshot_keys[] = {
    {.name = "file",
     .type = KEY_STRING,
     .offset = offsetof(struct snapshot, file),
     .fallback = "",
     .help = "The file that the settings were read from."},
    {.name = "generation",
     .type = KEY_INTEGER,
     .offset = offsetof(struct snapshot, generation),
     .fallback = "0",
     .min = 0,
     .max = UINT32_MAX,
     .help = "Counts the times they were read."},
};
static const struct key_table snapshot_table = {
    .section = SETTINGS_SNAPSHOT_SECTION, .keys = snapshot_keys, .key_count = 2};

static struct settings *load_file(const struct ini *ini, const char *path, struct err *err)
{
    struct settings *settings = settings_from_document(ini, path, false, err);
    if (!settings)
        return NULL;
    for (size_t i = 0; i < ini->warning_count; i++)
        settings_warn(settings, mem_strdup(ini->warnings[i]));
    return settings;
}

struct settings *settings_load(const char *path, struct err *err)
{
    if (!path)
        return settings_from_document(NULL, "", false, err);
    struct ini *ini = ini_load(path, err);
    struct settings *settings = ini ? load_file(ini, path, err) : NULL;
    ini_destroy(ini);
    return settings;
}

static int read_snapshot(const struct ini *ini, struct snapshot *snapshot, struct err *err)
{
    const struct ini_section *section = ini_section(ini, SETTINGS_SNAPSHOT_SECTION);
    keys_set_defaults(&snapshot_table, snapshot);
    for (size_t i = 0; section && i < section->key_count; i++) {
        const struct ini_key *key = &section->keys[i];
        char *text = ini_expand(key->value, NULL, 0, err);
        int result = text ? keys_set(&snapshot_table, snapshot, key->name, text, err) : -1;
        free(text);
        if (result < 0)
            return err_prefix(err, "%s:%d", key->file, key->line);
    }
    return 0;
}

struct settings *settings_parse(const char *name, const char *text, size_t length, struct err *err)
{
    struct ini *ini = ini_load_text(name, text, length, err);
    if (!ini)
        return NULL;
    struct snapshot snapshot = {0};
    struct settings *settings = NULL;
    if (read_snapshot(ini, &snapshot, err) == 0)
        settings = settings_from_document(ini, snapshot.file, true, err);
    if (settings)
        settings->generation = (uint32_t)snapshot.generation;
    keys_finish(&snapshot_table, &snapshot);
    ini_destroy(ini);
    return settings;
}

static int print_section(const struct key_table *table, const char *name, const void *values,
                         struct buf *out)
{
    if (buf_printf(out, "[%s%s]\n", table->section, name) < 0)
        return -1;
    return keys_print(table, values, out);
}

int settings_print(const struct settings *settings, struct buf *out)
{
    const struct snapshot snapshot = {settings->file, settings->generation};
    if (print_section(&snapshot_table, "", &snapshot, out) < 0 ||
        print_section(&settings_muster_table, "", &settings->muster, out) < 0 ||
        print_section(&settings_worker_options_table, "", &settings->worker_options, out) < 0 ||
        print_section(&settings_auto_scaling_table, "", &settings->auto_scaling, out) < 0 ||
        print_section(&settings_monitoring_table, "", &settings->monitoring, out) < 0)
        return -1;
    for (size_t i = 0; i < settings->connection_count; i++) {
        const struct connection_settings *connection = &settings->connections[i];
        if (print_section(&settings_connection_table, connection->name, connection, out) < 0)
            return -1;
    }
    for (size_t i = 0; i < settings->queue_count; i++) {
        const struct queue_settings *queue = &settings->queues[i];
        if (print_section(&settings_queue_table, queue->name, queue, out) < 0)
            return -1;
    }
    for (size_t i = 0; i < settings->job_count; i++) {
        const struct job_settings *job = &settings->jobs[i];
        if (print_section(&settings_job_table, job->name, job, out) < 0)
            return -1;
    }
    for (size_t i = 0; i < settings->policy_count; i++) {
        const struct policy_settings *policy = &settings->policies[i];
        if (print_section(&settings_policy_table, policy->name, policy, out) < 0)
            return -1;
    }
    for (size_t i = 0; i < settings->notify_count; i++) {
        const struct notify_settings *notify = &settings->notifies[i];
        if (print_section(&settings_notify_table, notify->name, notify, out) < 0)
            return -1;
    }
    for (size_t i = 0; i < settings->schedule_count; i++) {
        const struct schedule_settings *schedule = &settings->schedules[i];
        if (print_section(&settings_schedule_table, schedule->name, schedule, out) < 0)
            return -1;
    }
    return 0;
}
