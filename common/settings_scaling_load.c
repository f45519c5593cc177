/* SPDX-License-Identifier: MIT */
#include "common/settings_scaling.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/nearest.h"
#include "common/settings_document.h"
#include "common/zone.h"

/* The keys that only the policy threshold looks at. */
static const char *const threshold_keys[] = {"scale_up_threshold", "scale_down_threshold",
                                             "scale_up_step", "scale_down_step"};
#define THRESHOLD_KEY_COUNT (sizeof threshold_keys / sizeof threshold_keys[0])

/* --- What follows from other keys --- */

/* A key of the policy threshold that a section sets; NULL where there is none. */
static const char *written_threshold(const struct ini_section *section)
{
    for (size_t i = 0; section && i < THRESHOLD_KEY_COUNT; i++)
        if (ini_key(section, threshold_keys[i]))
            return threshold_keys[i];
    return NULL;
}

static bool environment_sets_threshold(const struct settings_reader *reader)
{
    for (size_t i = 0; !reader->is_snapshot && i < THRESHOLD_KEY_COUNT; i++) {
        const char *variable = keys_find(&settings_scaling_table, threshold_keys[i])->variable;
        const char *value = variable ? getenv(variable) : NULL;
        if (value && value[0])
            return true;
    }
    return false;
}

static void derive_queue(struct settings_reader *reader, struct queue_settings *queue)
{
    const struct auto_scaling_settings *common = &reader->settings->auto_scaling;
    struct scaling_options *scaling = &queue->scaling;
    const struct ini_section *section = settings_section(reader, "queue:", queue->name);
    const char *written = written_threshold(section);
    if (scaling->policy == SCALING_AUTO)
        scaling->policy = written ? SCALING_THRESHOLD : common->options.policy;
    else if (written && scaling->policy != SCALING_THRESHOLD && !reader->is_snapshot)
        settings_warn(reader->settings,
                      mem_printf("[queue:%s] %s is looked at with policy = threshold only",
                                 queue->name, written));
    if (scaling->max_workers == KEY_UNSET)
        scaling->max_workers = common->options.max_workers;
}

void settings_derive_scaling(struct settings_reader *reader)
{
    struct settings *settings = reader->settings;
    struct auto_scaling_settings *common = &settings->auto_scaling;
    const struct ini_section *section = settings_section(reader, "auto_scaling", "");
    bool thresholds = written_threshold(section) || environment_sets_threshold(reader);
    if (common->options.policy == SCALING_AUTO)
        common->options.policy = thresholds ? SCALING_THRESHOLD : SCALING_LATENCY;
    if (common->options.max_workers == KEY_UNSET)
        common->options.max_workers = common->max_workers_per_queue;
    if (common->max_host_workers == KEY_UNSET)
        common->max_host_workers = common->max_total_workers;
    for (size_t i = 0; i < settings->queue_count; i++)
        derive_queue(reader, &settings->queues[i]);
}

/* --- Checks --- */

/* Bounds and thresholds that hold together, and where they stand. */
struct bounds_check {
    struct settings_reader *reader;
    const struct ini_section *section;
    const struct scaling_options *options;
    const char *whose; /* " of queue NAME", or "" */
};

static int refuse(const struct bounds_check *check, const char *key, struct err *cause)
{
    return settings_refuse(check->reader, check->section, key, cause);
}

/* The key to blame: the one that the section sets, the first of the two by default. */
static const char *to_blame(const struct bounds_check *check, const char *one, const char *other)
{
    bool other_alone =
        check->section && !ini_key(check->section, one) && ini_key(check->section, other);
    return other_alone ? other : one;
}

static int check_bounds(const struct bounds_check *check)
{
    const struct scaling_options *options = check->options;
    if (options->min_workers <= options->max_workers)
        return 0;
    struct err cause = ERR_INIT;
    const char *key = to_blame(check, "min_workers", "max_workers");
    err_set(&cause, ERR_INVALID,
            "%s: min_workers (%" PRId64 ") is more than max_workers (%" PRId64
            ")%s; write a smaller min_workers or a larger max_workers",
            key, options->min_workers, options->max_workers, check->whose);
    return refuse(check, key, &cause);
}

static int check_thresholds(const struct bounds_check *check)
{
    const struct scaling_options *options = check->options;
    if (options->scale_down_threshold < options->scale_up_threshold)
        return 0;
    struct err cause = ERR_INIT;
    const char *key = to_blame(check, "scale_down_threshold", "scale_up_threshold");
    err_set(&cause, ERR_INVALID,
            "%s: scale_down_threshold (%" PRId64 ") is not below scale_up_threshold (%" PRId64
            ")%s; write a smaller scale_down_threshold or a larger scale_up_threshold",
            key, options->scale_down_threshold, options->scale_up_threshold, check->whose);
    return refuse(check, key, &cause);
}

static int check_limit(const struct bounds_check *check)
{
    int64_t limit = check->reader->settings->auto_scaling.max_workers_per_queue;
    if (check->options->max_workers <= limit)
        return 0;
    struct err cause = ERR_INIT;
    err_set(&cause, ERR_INVALID,
            "max_workers: more than max_workers_per_queue of [auto_scaling]; write at most %" PRId64
            ", or a larger max_workers_per_queue",
            limit);
    return refuse(check, "max_workers", &cause);
}

static int check_options(const struct bounds_check *check)
{
    if (check_bounds(check) < 0 || check_thresholds(check) < 0)
        return -1;
    return check_limit(check);
}

static int check_queue(struct settings_reader *reader, const struct queue_settings *queue)
{
    const struct bounds_check check = {
        .reader = reader,
        .section = settings_section(reader, "queue:", queue->name),
        .options = &queue->scaling,
        .whose = "",
    };
    if (check_options(&check) < 0)
        return -1;
    if (queue->scaling.policy != SCALING_COMMAND || queue->scaling_command[0])
        return 0;
    struct err cause = ERR_INIT;
    err_set(&cause, ERR_INVALID,
            "policy: command takes a scaling_command; write one, or policy = latency");
    return refuse(&check, "policy", &cause);
}

void settings_schedule_apply(const struct schedule_settings *schedule,
                             struct scaling_options *options)
{
    const struct {
        int64_t from, *to;
    } values[] = {
        {schedule->min_workers, &options->min_workers},
        {schedule->max_workers, &options->max_workers},
        {schedule->max_wait_time, &options->max_wait_time},
        {schedule->scale_up_threshold, &options->scale_up_threshold},
        {schedule->scale_down_threshold, &options->scale_down_threshold},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (values[i].from != KEY_UNSET)
            *values[i].to = values[i].from;
}

bool settings_schedule_holds_for(const struct schedule_settings *schedule, const char *queue)
{
    return schedule->queue[0] == '\0' || strcmp(schedule->queue, queue) == 0;
}

/* A schedule over one of its queues. */
static int check_schedule_over(struct settings_reader *reader,
                               const struct schedule_settings *schedule,
                               const struct queue_settings *queue)
{
    struct scaling_options options = queue->scaling;
    settings_schedule_apply(schedule, &options);
    char *whose = mem_printf(" with what queue %s says", queue->name);
    const struct bounds_check check = {
        .reader = reader,
        .section = settings_section(reader, "schedule:", schedule->name),
        .options = &options,
        .whose = whose,
    };
    int result = check_options(&check);
    free(whose);
    return result;
}

static int unknown_queue(const struct settings *settings, const char *name, struct err *err)
{
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < settings->queue_count; i++)
        nearest_consider(&nearest, settings->queues[i].name);
    if (nearest.best)
        return err_set(err, ERR_INVALID, "queue: there is no queue %.100s; did you mean %s?", name,
                       nearest.best);
    return err_set(err, ERR_INVALID, "queue: there is no queue %.100s; add a [queue:%.100s]", name,
                   name);
}

static int check_schedule(struct settings_reader *reader, const struct schedule_settings *schedule)
{
    const struct settings *settings = reader->settings;
    const struct ini_section *section = settings_section(reader, "schedule:", schedule->name);
    struct err cause = ERR_INIT;
    if (schedule->queue[0] && !settings_queue(settings, schedule->queue)) {
        unknown_queue(settings, schedule->queue, &cause);
        return settings_refuse(reader, section, "queue", &cause);
    }
    for (size_t i = 0; i < settings->queue_count; i++)
        if (settings_schedule_holds_for(schedule, settings->queues[i].name) &&
            check_schedule_over(reader, schedule, &settings->queues[i]) < 0)
            return -1;
    return 0;
}

/* The fewest workers that a queue may have. */
static int64_t least_of(const struct settings *settings, const struct queue_settings *queue)
{
    if (!queue->command[0])
        return 0;
    return settings_is_scaled(settings, queue) ? queue->scaling.min_workers : queue->workers;
}

/* What all queues have at the least must fit: the master could not give it. */
static int check_total(struct settings_reader *reader)
{
    const struct settings *settings = reader->settings;
    int64_t least = 0;
    for (size_t i = 0; i < settings->queue_count; i++)
        least += least_of(settings, &settings->queues[i]);
    if (!settings->auto_scaling.enabled || least <= settings->auto_scaling.max_total_workers)
        return 0;
    struct err cause = ERR_INIT;
    err_set(&cause, ERR_INVALID,
            "max_total_workers: less than the min_workers of all queues together (workers, where "
            "one is not scaled); write at least %" PRId64 ", or smaller min_workers",
            least);
    return settings_refuse(reader, settings_section(reader, "auto_scaling", ""),
                           "max_total_workers", &cause);
}

int settings_check_scaling(struct settings_reader *reader)
{
    const struct settings *settings = reader->settings;
    const struct bounds_check common = {
        .reader = reader,
        .section = settings_section(reader, "auto_scaling", ""),
        .options = &settings->auto_scaling.options,
        .whose = "",
    };
    if (check_options(&common) < 0 || check_total(reader) < 0)
        return -1;
    for (size_t i = 0; i < settings->queue_count; i++)
        if (check_queue(reader, &settings->queues[i]) < 0)
            return -1;
    for (size_t i = 0; i < settings->schedule_count; i++)
        if (check_schedule(reader, &settings->schedules[i]) < 0)
            return -1;
    return 0;
}

/* --- Reading --- */

static int read_when(struct settings_reader *reader, const struct ini_section *section,
                     struct schedule_settings *schedule)
{
    struct err cause = ERR_INIT;
    if (cron_parse(schedule->when, &schedule->cron, &cause) < 0) {
        err_prefix(&cause, "when");
        return settings_refuse(reader, section, "when", &cause);
    }
    if (zone_check(schedule->timezone, &cause) < 0) {
        err_prefix(&cause, "timezone");
        return settings_refuse(reader, section, "timezone", &cause);
    }
    return 0;
}

int settings_add_schedule(struct settings_reader *reader, const char *name,
                          const struct ini_section *section)
{
    struct settings *settings = reader->settings;
    struct err cause = ERR_INIT;
    if (settings_check_name("the schedule", name, &cause) < 0)
        return settings_refuse(reader, section, "", &cause);
    size_t count = settings->schedule_count + 1;
    settings->schedules = mem_resize(settings->schedules, count, sizeof *settings->schedules);
    struct schedule_settings *schedule = &settings->schedules[settings->schedule_count++];
    *schedule = (struct schedule_settings){.name = mem_strdup(name)};
    keys_set_defaults(&settings_schedule_table, schedule);
    if (settings_apply_section(reader, &settings_schedule_table, schedule, section, NULL) < 0)
        return -1;
    return read_when(reader, section, schedule);
}
