/* SPDX-License-Identifier: MIT */
#include "common/settings_jobs.h"

#include <stdlib.h>
#include <string.h>

#include "common/glob.h"
#include "common/mem.h"
#include "common/template.h"

#define SECOND          1000
#define DAY             (INT64_C(86400) * SECOND)
#define NAME_MAX_BYTES  255 /* of a class */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

const char *const settings_job_backoff_names[] = {"inherit", "none",        "fixed",
                                                  "linear",  "exponential", NULL};
static const char *const until_names[] = {"done", "started", NULL};

#define AT(member) .offset = offsetof(struct job_settings, member)
static const struct key job_keys[] = {
    {.name = "queue",
     .type = KEY_NAME,
     AT(queue),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help = "Queue of a pushed job that names none. Unset: who pushes decides."},
    {.name = "priority",
     .type = KEY_INTEGER,
     AT(priority),
     .fallback = "",
     .min = -1000,
     .max = 1000,
     .reload = RELOAD_WORKERS,
     .help = "Priority of a pushed job that names none. Unset: 0."},
    {.name = "unique_key",
     .type = KEY_NAME,
     AT(unique_key),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help =
         "Unique key of a pushed job that names none: a text in which {job}, {queue}, {data} and "
         "{data.MEMBER} stand for what the job has there. Unset: none."},
    {.name = "unique_until",
     .type = KEY_CHOICE,
     AT(unique_until),
     .fallback = "done",
     .choices = until_names,
     .reload = RELOAD_WORKERS,
     .help =
         "How long that key keeps others out: until the job has ended, or its first attempt has "
         "started."},
    {.name = "unique_for",
     .type = KEY_DURATION,
     AT(unique_for),
     .fallback = "",
     .min = 1,
     .max = 3660 * DAY,
     .reload = RELOAD_WORKERS,
     .help = "The same as a time from the push on, in place of unique_until."},
    {.name = "timeout",
     .type = KEY_DURATION,
     AT(timeout),
     .fallback = "",
     .min = 0,
     .max = 7 * DAY,
     .reload = RELOAD_WORKERS,
     .help =
         "How long a job may run that does not say itself. 0: no limit. Unset: what its handler "
         "declares, or its queue says; so are those below."},
    {.name = "max_attempts",
     .alias = "tries",
     .type = KEY_INTEGER,
     AT(max_attempts),
     .fallback = "",
     .min = 0,
     .max = 1000,
     .reload = RELOAD_WORKERS,
     .help = "Attempts before a job has failed that does not say itself. 0: no limit."},
    BACKOFF_KEYS,
    {.name = "handler",
     .type = KEY_CHOICE,
     AT(handler),
     .fallback = "exec",
     .choices = settings_handler_names,
     .reload = RELOAD_WORKERS,
     .help = "What kind of handler the command is, as in [queue:NAME]."},
    {.name = "command",
     .type = KEY_COMMAND,
     AT(command),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help = "A handler for these jobs alone, in whatever queue they are; it is started when there "
             "are some. Unset: the queue's handler runs them."},
    {.name = "directory",
     .type = KEY_PATH,
     AT(directory),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help = "Directory that it is started in. Unset: as the queue says; so are those below."},
    {.name = "environment",
     .type = KEY_ENVIRONMENT,
     AT(environment),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help = "Variables for it: NAME=\"value\",NAME2=\"value\"."},
    {.name = "boot_timeout",
     .type = KEY_DURATION,
     AT(boot_timeout),
     .fallback = "",
     .min = 100,
     .max = 3600 * SECOND,
     .reload = RELOAD_WORKERS,
     .help = "How long it may take until its hello, where it is persistent."},
#undef AT
#define AT(member) .offset = offsetof(struct job_settings, failed.member)
    FAILED_KEYS("")
#undef AT
};

const struct key_table settings_job_table = {
    .section = "job:",
    .help =
        "A class of jobs, or all classes that a pattern names: * is any text, ? one character. Key "
        "by key, the "
        "section of the class itself goes before patterns, and of these the one with more letters.",
    .keys = job_keys,
    .key_count = COUNT_OF(job_keys),
    .example = "SendEmail",
};

static int check_class(const char *name, struct err *err)
{
    size_t length = strlen(name);
    if (length > 0 && length <= NAME_MAX_BYTES)
        return 0;
    return err_set(err, ERR_INVALID,
                   "the class: write a name or a pattern of 1 to %d bytes, e.g. [job:*]",
                   NAME_MAX_BYTES);
}

static bool is_known_place(const struct template_piece *piece)
{
    static const char *const names[] = {"job", "queue", "data"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strlen(names[i]) == piece->length && memcmp(names[i], piece->text, piece->length) == 0)
            return true;
    return piece->length > strlen("data.") && memcmp(piece->text, "data.", strlen("data.")) == 0;
}

static int check_unique_key(const char *template, struct err *err)
{
    struct template_piece piece;
    int result;
    while ((result = template_next(&template, &piece, err)) > 0)
        if (piece.is_place && !is_known_place(&piece))
            return err_set(err, ERR_INVALID,
                           "unique_key: there is no {%.*s}; write {job}, {queue}, {data} or "
                           "{data.MEMBER}",
                           piece.length < 80 ? (int)piece.length : 80, piece.text);
    return result < 0 ? err_prefix(err, "unique_key") : 0;
}

/* What is said of a handler that there is not would have no effect. */
static int check_handler(struct settings_reader *reader, const struct job_settings *job,
                         const struct ini_section *section)
{
    const char *key = job->handler != HANDLER_EXEC      ? "handler"
                      : job->directory[0]               ? "directory"
                      : job->environment[0]             ? "environment"
                      : job->boot_timeout != KEY_UNSET ? "boot_timeout"
                                                        : NULL;
    struct err cause = ERR_INIT;
    if (job->command[0] || !key)
        return 0;
    err_set(&cause, ERR_INVALID, "%s: it is of a handler; give its `command = …` too", key);
    return settings_refuse(reader, section, key, &cause);
}

int settings_add_job(struct settings_reader *reader, const char *name,
                     const struct ini_section *section)
{
    struct settings *settings = reader->settings;
    struct err cause = ERR_INIT;
    if (check_class(name, &cause) < 0)
        return settings_refuse(reader, section, "", &cause);
    size_t count = settings->job_count + 1;
    settings->jobs = mem_resize(settings->jobs, count, sizeof *settings->jobs);
    struct job_settings *job = &settings->jobs[settings->job_count++];
    *job = (struct job_settings){.name = mem_strdup(name)};
    keys_set_defaults(&settings_job_table, job);
    if (settings_apply_section(reader, &settings_job_table, job, section, NULL) < 0)
        return -1;
    if (job->queue[0] && settings_check_name("queue", job->queue, &cause) < 0)
        return settings_refuse(reader, section, "queue", &cause);
    if (job->failed.queue[0] && settings_check_name("failed_queue", job->failed.queue, &cause) < 0)
        return settings_refuse(reader, section, "failed_queue", &cause);
    if (check_unique_key(job->unique_key, &cause) < 0)
        return settings_refuse(reader, section, "unique_key", &cause);
    return check_handler(reader, job, section);
}

/* --- the order --- */

static int compare(const void *a, const void *b)
{
    const struct job_settings *one = a, *other = b;
    bool is_pattern = glob_is_pattern(one->name);
    if (is_pattern != glob_is_pattern(other->name))
        return is_pattern ? 1 : -1;
    size_t weight = glob_weight(one->name), other_weight = glob_weight(other->name);
    if (weight != other_weight)
        return weight > other_weight ? -1 : 1;
    return strcmp(one->name, other->name);
}

static int check_backoff(struct settings_reader *reader, const struct job_settings *job)
{
    struct err cause = ERR_INIT;
    if (job->backoff_delay == KEY_UNSET || job->backoff_max == KEY_UNSET ||
        job->backoff_delay <= job->backoff_max)
        return 0;
    err_set(&cause, ERR_INVALID,
            "backoff_delay: longer than backoff_max; write a smaller one, or a larger backoff_max");
    return settings_refuse(reader, settings_section(reader, "job:", job->name), "backoff_delay",
                           &cause);
}

int settings_finish_jobs(struct settings_reader *reader)
{
    struct settings *settings = reader->settings;
    for (size_t i = 0; i < settings->job_count; i++)
        if (check_backoff(reader, &settings->jobs[i]) < 0)
            return -1;
    if (settings->job_count > 1)
        qsort(settings->jobs, settings->job_count, sizeof *settings->jobs, compare);
    return 0;
}

/* --- what they say together --- */

static void take_number(int64_t *number, int64_t other)
{
    if (*number == KEY_UNSET)
        *number = other;
}

static void take_text(char **text, char *other)
{
    if (!(*text)[0])
        *text = other;
}

/* What the ones before have left open. A unique key and how long it holds belong together, and so do
 * the keys of a handler. */
static void add_section(struct job_settings *sum, const struct job_settings *job)
{
    if (!sum->unique_key[0]) {
        sum->unique_key = job->unique_key;
        sum->unique_until = job->unique_until;
        sum->unique_for = job->unique_for;
    }
    if (!sum->runs && job->command[0])
        sum->runs = job;
    if (sum->backoff == JOB_BACKOFF_INHERIT)
        sum->backoff = job->backoff;
    take_text(&sum->queue, job->queue);
    take_number(&sum->priority, job->priority);
    take_number(&sum->timeout, job->timeout);
    take_number(&sum->max_attempts, job->max_attempts);
    take_number(&sum->backoff_delay, job->backoff_delay);
    take_number(&sum->backoff_max, job->backoff_max);
    take_number(&sum->backoff_jitter, job->backoff_jitter);
    take_text(&sum->failed.command, job->failed.command);
    take_number(&sum->failed.timeout, job->failed.timeout);
    take_text(&sum->failed.job, job->failed.job);
    take_text(&sum->failed.queue, job->failed.queue);
}

bool settings_job(const struct settings *settings, const char *class, struct job_settings *out)
{
    static char nothing[] = "";
    bool is_found = false;
    *out = (struct job_settings){
        .name = nothing,
        .queue = nothing,
        .unique_key = nothing,
        .unique_for = KEY_UNSET,
        .priority = KEY_UNSET,
        .timeout = KEY_UNSET,
        .max_attempts = KEY_UNSET,
        .backoff_delay = KEY_UNSET,
        .backoff_max = KEY_UNSET,
        .backoff_jitter = KEY_UNSET,
        .failed = {.command = nothing, .timeout = KEY_UNSET, .job = nothing, .queue = nothing}};
    for (size_t i = 0; i < settings->job_count; i++) {
        if (!glob_match(settings->jobs[i].name, class))
            continue;
        is_found = true;
        add_section(out, &settings->jobs[i]);
    }
    return is_found;
}

static void apply(int64_t *option, int64_t said)
{
    if (said != KEY_UNSET)
        *option = said;
}

void settings_job_apply(const struct job_settings *job, struct worker_options *options)
{
    apply(&options->timeout, job->timeout);
    apply(&options->max_attempts, job->max_attempts);
    apply(&options->backoff_delay, job->backoff_delay);
    apply(&options->backoff_max, job->backoff_max);
    apply(&options->backoff_jitter, job->backoff_jitter);
    if (job->backoff != JOB_BACKOFF_INHERIT)
        options->backoff = job->backoff - 1;
}

static void apply_text(char **text, char *said)
{
    if (said[0])
        *text = said;
}

void settings_job_apply_failed(const struct job_settings *job, struct failed_hooks *hooks)
{
    apply_text(&hooks->command, job->failed.command);
    apply(&hooks->timeout, job->failed.timeout);
    apply_text(&hooks->job, job->failed.job);
    apply_text(&hooks->queue, job->failed.queue);
}

void settings_job_apply_handler(const struct job_settings *job, struct queue_settings *queue)
{
    queue->handler = job->handler;
    queue->command = job->command;
    apply_text(&queue->directory, job->directory);
    apply_text(&queue->environment, job->environment);
    apply(&queue->boot_timeout, job->boot_timeout);
}

void settings_finish_job(struct job_settings *job)
{
    keys_finish(&settings_job_table, job);
    free(job->name);
}
