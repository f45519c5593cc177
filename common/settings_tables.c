/* SPDX-License-Identifier: MIT */
#include "common/settings.h"

#include <limits.h>

#include "common/log.h"
#include "common/settings_jobs.h"
#include "common/settings_monitoring.h"
#include "common/settings_scaling.h"

#define MS     INT64_C(1)
#define SECOND (1000 * MS)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)
#define MB     (INT64_C(1) << 20)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

const char *const settings_handler_names[] = {"exec", "persistent", "plugin", NULL};
const char *const settings_backoff_names[] = {"none", "fixed", "linear", "exponential", NULL};

static const char *const orphans_names[] = {"end", "adopt", NULL};

#define AT(member) .offset = offsetof(struct muster_settings, member)
static const struct key muster_keys[] = {
    {.name = "datadir",
     .type = KEY_PATH,
     AT(datadir),
     .fallback = "",
     .reload = RELOAD_RESTART,
     .variable = "MUSTER_DATADIR",
     .help =
         "Directory of the store, the socket and the pid file. Unset: /var/lib/muster for root, "
         "else ~/.local/share/muster."},
    {.name = "default",
     .alias = "connection",
     .type = KEY_NAME,
     AT(connection),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .variable = "QUEUE_CONNECTION",
     .help = "Connection of queues that name none. Unset: `database`, or else the first one."},
    {.name = "driver_path",
     .type = KEY_PATH,
     AT(driver_path),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .variable = "MUSTER_DRIVER_PATH",
     .help = "Folder with drivers that are plugins (NAME.so), besides Muster's own folder. Unset: "
             "none."},
    {.name = "logfile",
     .type = KEY_PATH,
     AT(logfile),
     .fallback = "",
     .reload = RELOAD_RESTART,
     .help = "File that the log is appended to. Unset: standard error."},
    {.name = "log_level",
     .alias = "loglevel",
     .type = KEY_CHOICE,
     AT(log_level),
     .fallback = "info",
     .choices = log_level_names,
     .reload = RELOAD_RESTART,
     .help = "The least important records that are written."},
    {.name = "log_format",
     .type = KEY_CHOICE,
     AT(log_format),
     .fallback = "text",
     .choices = log_format_names,
     .reload = RELOAD_RESTART,
     .help = "Lines of text, or a JSON object a line."},
    {.name = "pidfile",
     .type = KEY_PATH,
     AT(pidfile),
     .fallback = "",
     .reload = RELOAD_RESTART,
     .help = "File with the process id, locked while musterd runs. Unset: DATADIR/musterd.pid."},
    {.name = "socket",
     .type = KEY_PATH,
     AT(socket),
     .fallback = "",
     .reload = RELOAD_RESTART,
     .help = "Control socket for the command line. Unset: DATADIR/muster.sock."},
    {.name = "stop_timeout",
     .type = KEY_DURATION,
     AT(stop_timeout),
     .fallback = "60",
     .min = 0,
     .max = 7 * DAY,
     .reload = RELOAD_WORKERS,
     .help = "How long jobs may run on after a stop was asked for."},
    {.name = "kill_timeout",
     .type = KEY_DURATION,
     AT(kill_timeout),
     .fallback = "2",
     .min = 0,
     .max = HOUR,
     .reload = RELOAD_WORKERS,
     .help = "Time between TERM and KILL, for handlers and workers."},
    {.name = "restart_delay",
     .type = KEY_DURATION,
     AT(restart_delay),
     .fallback = "1",
     .min = 10 * MS,
     .max = HOUR,
     .reload = RELOAD_NONE,
     .help = "First pause after a failed start; it doubles with each further one."},
    {.name = "restart_delay_max",
     .type = KEY_DURATION,
     AT(restart_delay_max),
     .fallback = "60",
     .min = 10 * MS,
     .max = DAY,
     .reload = RELOAD_NONE,
     .help = "The longest pause between starts."},
    {.name = "exit_on_fatal",
     .type = KEY_BOOLEAN,
     AT(exit_on_fatal),
     .fallback = "false",
     .reload = RELOAD_NONE,
     .help = "When any program is FATAL, everything is stopped and musterd ends with status 1: for "
             "containers."},
    {.name = "orphans",
     .type = KEY_CHOICE,
     AT(orphans),
     .fallback = "end",
     .choices = orphans_names,
     .reload = RELOAD_RESTART,
     .help = "adopt: a musterd that follows one that was killed takes over its programs, whose output "
             "waits meanwhile. Workers finish their jobs and end in either case."},
    {.name = "health_check_interval",
     .type = KEY_DURATION,
     AT(health_check_interval),
     .fallback = "60",
     .min = 1 * SECOND,
     .max = DAY,
     .reload = RELOAD_NONE,
     .variable = "QUEUE_HEALTH_CHECK_INTERVAL",
     .help = "A worker that is silent for longer is replaced."},
};
#undef AT

/* The options' rows, at an offset of the struct that the section fills. */
#define WORKER_OPTION_KEYS                                                                         \
    {.name = "memory",                                                                             \
     .type = KEY_MEGABYTES,                                                                        \
     AT(memory),                                                                                   \
     .fallback = "128",                                                                            \
     .min = 0,                                                                                     \
     .max = 1048576 * MB,                                                                          \
     .reload = RELOAD_WORKERS,                                                                     \
     .variable = "QUEUE_WORKER_MEMORY",                                                            \
     .help = "Megabytes for a worker, and for each handler with its children. 0: no limit."},      \
        {.name = "timeout",                                                                        \
         .type = KEY_DURATION,                                                                     \
         AT(timeout),                                                                              \
         .fallback = "60",                                                                         \
         .min = 0,                                                                                 \
         .max = 7 * DAY,                                                                           \
         .reload = RELOAD_WORKERS,                                                                 \
         .variable = "QUEUE_WORKER_TIMEOUT",                                                       \
         .help = "How long a job may run. 0: no limit."},                                          \
        {.name = "max_jobs",                                                                       \
         .type = KEY_INTEGER,                                                                      \
         AT(max_jobs),                                                                             \
         .fallback = "1000",                                                                       \
         .min = 0,                                                                                 \
         .max = INT32_MAX,                                                                         \
         .reload = RELOAD_WORKERS,                                                                 \
         .variable = "QUEUE_WORKER_MAX_JOBS",                                                      \
         .help = "A worker is replaced after so many jobs. 0: never."},                            \
        {.name = "max_attempts",                                                                   \
         .alias = "tries",                                                                         \
         .type = KEY_INTEGER,                                                                      \
         AT(max_attempts),                                                                         \
         .fallback = "3",                                                                          \
         .min = 0,                                                                                 \
         .max = 1000,                                                                              \
         .reload = RELOAD_WORKERS,                                                                 \
         .variable = "QUEUE_MAX_ATTEMPTS",                                                         \
         .help = "Attempts before a job has failed, where it does not say itself. 0: no limit."},  \
        {.name = "sleep",                                                                          \
         .type = KEY_DURATION,                                                                     \
         AT(sleep),                                                                                \
         .fallback = "3",                                                                          \
         .min = 10 * MS,                                                                           \
         .max = HOUR,                                                                              \
         .reload = RELOAD_WORKERS,                                                                 \
         .variable = "QUEUE_WORKER_SLEEP",                                                         \
         .help = "Pause between checks of an empty queue, where the store cannot wake a worker."}, \
        {.name = "rest",                                                                           \
         .type = KEY_DURATION,                                                                     \
         AT(rest),                                                                                 \
         .fallback = "0",                                                                          \
         .min = 0,                                                                                 \
         .max = HOUR,                                                                              \
         .reload = RELOAD_WORKERS,                                                                 \
         .variable = "QUEUE_WORKER_REST",                                                          \
         .help = "Pause after each job."},                                                         \
        {.name = "backoff",                                                                        \
         .type = KEY_CHOICE,                                                                       \
         AT(backoff),                                                                              \
         .fallback = "exponential",                                                                \
         .choices = settings_backoff_names,                                                        \
         .reload = RELOAD_WORKERS,                                                                 \
         .help = "How the delay before another attempt grows with the attempts."},                 \
        {.name = "backoff_delay",                                                                  \
         .type = KEY_DURATION,                                                                     \
         AT(backoff_delay),                                                                        \
         .fallback = "10",                                                                         \
         .min = 0,                                                                                 \
         .max = DAY,                                                                               \
         .reload = RELOAD_WORKERS,                                                                 \
         .help = "What it grows from: linear is the attempts begun, exponential 2^attempts times " \
                 "this."},                                                                         \
        {.name = "backoff_max",                                                                    \
         .type = KEY_DURATION,                                                                     \
         AT(backoff_max),                                                                          \
         .fallback = "300",                                                                        \
         .min = 0,                                                                                 \
         .max = 30 * DAY,                                                                          \
         .reload = RELOAD_WORKERS,                                                                 \
         .help = "The longest delay."},                                                            \
    {                                                                                              \
        .name = "backoff_jitter", .type = KEY_INTEGER, AT(backoff_jitter), .fallback = "20",       \
        .min = 0, .max = 100, .reload = RELOAD_WORKERS,                                            \
        .help = "Percent by which a delay is shortened at random, so that jobs spread out."        \
    }

#define AT(member) .offset = offsetof(struct worker_options, member)
static const struct key worker_options_keys[] = {WORKER_OPTION_KEYS};
#undef AT

static const struct key queue_keys[] = {
#define AT(member) .offset = offsetof(struct queue_settings, member)
    {.name = "connection",
     .type = KEY_NAME,
     AT(connection),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help = "Where its jobs are. Unset: the default connection of [muster]."},
    {.name = "handler",
     .type = KEY_CHOICE,
     AT(handler),
     .fallback = "exec",
     .choices = settings_handler_names,
     .reload = RELOAD_WORKERS,
     .help = "exec starts the command for each job; persistent keeps it and speaks the protocol; "
             "plugin loads a shared object with jobs in C."},
    {.name = "command",
     .type = KEY_COMMAND,
     AT(command),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help = "The handler: program and arguments, no shell. Unset: nobody here runs the jobs."},
    {.name = "directory",
     .type = KEY_PATH,
     AT(directory),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help = "Directory the handler is started in. Unset: that of musterd."},
    {.name = "environment",
     .type = KEY_ENVIRONMENT,
     AT(environment),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help = "Variables for the handler: NAME=\"value\",NAME2=\"value\"."},
    {.name = "workers",
     .type = KEY_INTEGER,
     AT(workers),
     .fallback = "1",
     .min = 0,
     .max = 1000,
     .reload = RELOAD_NONE,
     .help = "Worker processes; where they are scaled: how many there are at the start."},
    {.name = "auto_scale",
     .type = KEY_BOOLEAN,
     AT(auto_scale),
     .fallback = "yes",
     .reload = RELOAD_NONE,
     .help = "Whether the number of workers follows the load, where [auto_scaling] is enabled."},
    {.name = "scaling_command",
     .type = KEY_COMMAND,
     AT(scaling_command),
     .fallback = "",
     .reload = RELOAD_NONE,
     .help = "policy = command: gets the figures as JSON, answers with a target."},
    {.name = "scaling_command_timeout",
     .type = KEY_DURATION,
     AT(scaling_command_timeout),
     .fallback = "5",
     .min = 100 * MS,
     .max = HOUR,
     .reload = RELOAD_NONE,
     .help = "How long it may take; then it is killed, and the last good target stays."},
    {.name = "concurrency",
     .type = KEY_INTEGER,
     AT(concurrency),
     .fallback = "1",
     .min = 1,
     .max = 256,
     .reload = RELOAD_WORKERS,
     .help = "Handlers that a worker runs at once."},
    {.name = "boot_timeout",
     .type = KEY_DURATION,
     AT(boot_timeout),
     .fallback = "30",
     .min = 100 * MS,
     .max = HOUR,
     .reload = RELOAD_WORKERS,
     .help = "How long a persistent handler may take until its hello."},
#undef AT
#define AT(member) .offset = offsetof(struct queue_settings, failed.member)
    FAILED_KEYS("30"),
#undef AT
#define AT(member) .offset = offsetof(struct queue_settings, options.member)
    WORKER_OPTION_KEYS,
#undef AT
#define AT(member) .offset = offsetof(struct queue_settings, scaling.member)
    SCALING_KEYS,
#undef AT
#define AT(member) .offset = offsetof(struct queue_settings, alerts.member)
    ALERT_KEYS
#undef AT
};

const struct key_table settings_muster_table = {
    .section = "muster",
    .help = "The daemon.",
    .keys = muster_keys,
    .key_count = COUNT_OF(muster_keys),
};

const struct key_table settings_worker_options_table = {
    .section = "worker_options",
    .help = "What holds for the workers of all queues that do not say otherwise.",
    .keys = worker_options_keys,
    .key_count = COUNT_OF(worker_options_keys),
};

const struct key_table settings_queue_table = {
    .section = "queue:",
    .help =
        "A queue and who works on it. The keys of [worker_options], and those of [auto_scaling] "
        "from policy on, may stand here too, and those of [monitoring] from alert_failure_rate on.",
    .keys = queue_keys,
    .key_count = COUNT_OF(queue_keys),
    .example = "default",
};

const struct key_table *const settings_tables[] = {
    &settings_muster_table,
    &settings_connection_table,
    &settings_worker_options_table,
    &settings_queue_table,
    &settings_job_table,
    &settings_policy_table,
    &settings_auto_scaling_table,
    &settings_schedule_table,
    &settings_monitoring_table,
    &settings_notify_table,
    &settings_program_table,
    &settings_group_table,
    &settings_eventlistener_table,
    &settings_fcgi_table,
    &settings_supervisord_table,
    &settings_unix_http_server_table,
    &settings_inet_http_server_table,
    &settings_rpcinterface_table,
    &settings_supervisorctl_table,
    NULL,
};
