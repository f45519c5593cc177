/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/context.h"
#include "cli/supervisor_keys.h"
#include "common/buf.h"
#include "common/ini.h"

#define SETTINGS_TEXT_MAX (16u << 20)
#define INI_PLACE_SIZE    4200

static const struct cli_option no_options[] = {OPTIONS_END};

/* --- config:check --- */

static const char *file_text(const struct settings *settings)
{
    return *settings->file ? settings->file : "no file, the defaults";
}

/* --supervisor: what does not mean the same as to Supervisor, key by key. */

static void list_difference(struct answer *answer, const struct ini_section *section,
                            const struct ini_key *key,
                            const struct supervisor_difference *difference)
{
    struct fields *row = answer_row(answer);
    char place[INI_PLACE_SIZE];
    snprintf(place, sizeof place, "%s:%d", key->file, key->line);
    fields_text(row, "section", section->name);
    fields_text(row, "key", key->name);
    fields_text(row, "verdict", supervisor_verdict_name(difference->verdict));
    fields_text(row, "note", difference->note);
    fields_text(row, "place", place);
}

/* Muster's own sections are not Supervisor's business. */
static int list_differences(struct answer *answer, const char *file, struct err *err)
{
    struct ini *ini = ini_load(file, err);
    int64_t same = 0;
    if (!ini)
        return -1;
    answer_list(answer, "differences");
    for (size_t i = 0; i < ini->section_count; i++) {
        const struct ini_section *section = &ini->sections[i];
        for (size_t k = 0; supervisor_has_section(section->name) && k < section->key_count; k++) {
            const struct ini_key *key = &section->keys[k];
            const struct supervisor_difference difference =
                supervisor_key_difference(section->name, key->name);
            if (difference.verdict == SUPERVISOR_SAME)
                same++;
            else
                list_difference(answer, section, key, &difference);
        }
    }
    fields_integer(&answer->values, "same", same);
    answer_line(answer, "keys that mean the same: %lld", (long long)same);
    ini_destroy(ini);
    return 0;
}

static int run_check(struct context *context, struct err *err)
{
    const char *file = context->options.arguments[0];
    const struct settings *settings =
        file ? context->settings = settings_load(file, err) : context_settings(context, err);
    if (!settings)
        return -1;
    struct fields *values = &context->answer.values;
    fields_text(values, "file", settings->file);
    fields_boolean(values, "valid", true);
    fields_integer(values, "connections", (int64_t)settings->connection_count);
    fields_integer(values, "queues", (int64_t)settings->queue_count);
    struct fields *warnings = fields_array(values, "warnings");
    for (size_t i = 0; i < settings->warning_count; i++) {
        fields_text(warnings, NULL, settings->warnings[i]);
        answer_line(&context->answer, "warning: %s", settings->warnings[i]);
    }
    answer_line(&context->answer, "%s: valid; connections: %zu, queues: %zu", file_text(settings),
                settings->connection_count, settings->queue_count);
    if (options_given(&context->options, "supervisor"))
        return list_differences(&context->answer, settings->file, err);
    return 0;
}

static const struct cli_option check_options[] = {
    {.name = "supervisor",
     .kind = OPTION_FLAG,
     .help = "list each key that does not mean the same as to Supervisor"},
    OPTIONS_END,
};

const struct cli_command command_config_check = {
    .name = "config:check",
    .group = "configuration",
    .usage = "[FILE]",
    .summary = "Checks a configuration file",
    .details = "What is wrong is said with file, line, key and cure, and the exit status is 2. "
               "--supervisor is for a supervisord.conf that is to be used as it is: better, "
               "different, new (Supervisor ignores it, here it counts), unknown (both ignore it).",
    .options = check_options,
    .examples =
        (const char *const[]){"config:check", "config:check /etc/muster/muster.ini --json",
                              "config:check --supervisor /etc/supervisor/supervisord.conf", NULL},
    .max_arguments = 1,
    .run = run_check,
};

/* --- config:show --- */

/* A secret is shown as being there, or not. */
static void show_value(const struct key *key, const void *section, struct buf *out)
{
    keys_print_value(key, section, out);
    if (!key->is_secret || out->length == 0)
        return;
    buf_clear(out);
    buf_text_append(out, "(hidden)");
}

static void list_keys(struct answer *answer, const struct key_table *table, const char *name,
                      const void *section)
{
    for (size_t i = 0; i < table->key_count; i++) {
        struct buf value;
        buf_init(&value, SETTINGS_TEXT_MAX);
        show_value(&table->keys[i], section, &value);
        struct fields *row = answer_row(answer);
        char full_name[256];
        snprintf(full_name, sizeof full_name, "%s%s", table->section, name);
        fields_text(row, "section", full_name);
        fields_text(row, "key", table->keys[i].name);
        fields_text(row, "value", buf_text(&value));
        buf_finish(&value);
    }
}

static int run_show(struct context *context, struct err *err)
{
    const struct settings *settings = context_settings(context, err);
    if (!settings)
        return -1;
    struct answer *answer = &context->answer;
    fields_text(&answer->values, "file", settings->file);
    answer_line(answer, "%s", file_text(settings));
    answer_list(answer, "settings");
    list_keys(answer, &settings_muster_table, "", &settings->muster);
    for (size_t i = 0; i < settings->connection_count; i++)
        list_keys(answer, &settings_connection_table, settings->connections[i].name,
                  &settings->connections[i]);
    list_keys(answer, &settings_worker_options_table, "", &settings->worker_options);
    for (size_t i = 0; i < settings->queue_count; i++)
        list_keys(answer, &settings_queue_table, settings->queues[i].name, &settings->queues[i]);
    list_keys(answer, &settings_auto_scaling_table, "", &settings->auto_scaling);
    list_keys(answer, &settings_monitoring_table, "", &settings->monitoring);
    for (size_t i = 0; i < settings->notify_count; i++)
        list_keys(answer, &settings_notify_table, settings->notifies[i].name,
                  &settings->notifies[i]);
    for (size_t i = 0; i < settings->schedule_count; i++)
        list_keys(answer, &settings_schedule_table, settings->schedules[i].name,
                  &settings->schedules[i]);
    return 0;
}

const struct cli_command command_config_show = {
    .name = "config:show",
    .group = "configuration",
    .usage = "",
    .summary = "Shows all settings as they are in effect, with defaults and environment",
    .options = no_options,
    .examples = (const char *const[]){"config:show",
                                      "config:show --config=/etc/muster/muster.ini --json", NULL},
    .run = run_show,
};

/* --- config:sample --- */

static int run_sample(struct context *context, struct err *err)
{
    struct buf text;
    buf_init(&text, SETTINGS_TEXT_MAX);
    settings_sample(&text);
    if (context->json)
        fields_text(&context->answer.values, "sample", buf_text(&text));
    else if (fwrite(buf_data(&text), 1, text.length, stdout) != text.length)
        err_set(err, ERR_SYSTEM, "cannot write the sample");
    buf_finish(&text);
    return err->code == ERR_NONE ? 0 : -1;
}

const struct cli_command command_config_sample = {
    .name = "config:sample",
    .group = "configuration",
    .usage = "",
    .summary = "Prints a commented configuration file with every key and its default",
    .options = no_options,
    .examples = (const char *const[]){"config:sample > muster.ini", NULL},
    .run = run_sample,
};
