/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SETTINGS_H
#define COMMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/connection_settings.h"
#include "common/cron.h"
#include "common/err.h"
#include "common/keys.h"
#include "common/supervisor_settings.h"

/*
 * The settings: what the sections of the configuration mean, shared by the master, the workers, the command
 * line and the library. Every value has been checked: who holds a struct settings holds a valid one. Strings
 * are never NULL ("" where unset), times are milliseconds, sizes bytes.
 */
enum handler_kind { HANDLER_EXEC, HANDLER_PERSISTENT, HANDLER_PLUGIN };
enum backoff_kind { BACKOFF_NONE, BACKOFF_FIXED, BACKOFF_LINEAR, BACKOFF_EXPONENTIAL };

/* The names of backoffs as they are configured, in the order of their enum. NULL-terminated. */
extern const char *const settings_backoff_names[];
enum scaling_policy { SCALING_AUTO, SCALING_LATENCY, SCALING_THRESHOLD, SCALING_COMMAND };

/* [muster] */
/* What becomes of programs when the master is killed. */
enum orphans { ORPHANS_END, ORPHANS_ADOPT };

struct muster_settings {
    char *datadir;            /* store, socket and pid file, where their own keys do not say otherwise */
    char *connection;         /* `default`: the connection of queues that name none (QUEUE_CONNECTION) */
    char *driver_path;        /* of connections that name none */
    char *logfile;            /* "" is standard error */
    int log_level;            /* enum log_level */
    int log_format;           /* enum log_format */
    char *pidfile;            /* default DATADIR/musterd.pid */
    char *socket;             /* control socket, default DATADIR/muster.sock */
    int64_t stop_timeout;     /* how long jobs may run on after a stop was asked for */
    int64_t kill_timeout;     /* from TERM to KILL, of handlers and workers */
    int64_t restart_delay;    /* first pause after a failed start; doubles */
    int64_t restart_delay_max;
    bool exit_on_fatal;            /* of any program */
    int orphans; /* enum orphans */
    int64_t health_check_interval; /* a worker that is silent for longer is stalled */
};

/* [worker_options], and the same keys in [queue:NAME] */
struct worker_options {
    int64_t memory;       /* bytes, for a worker and for each handler's tree; 0: no limit */
    int64_t timeout;      /* of a job; 0: none */
    int64_t max_jobs;     /* a worker is replaced after so many; 0: never */
    int64_t max_attempts; /* 0: no limit */
    int64_t sleep;        /* between checks of an empty queue, where the store cannot wake */
    int64_t rest;         /* after each job */
    int backoff;          /* enum backoff_kind */
    int64_t backoff_delay;
    int64_t backoff_max;
    int64_t backoff_jitter; /* percent: a delay is shortened at random by up to this part */
};

/* The keys of scaling in [auto_scaling], and the same keys in [queue:NAME] */
struct scaling_options {
    int policy;          /* enum scaling_policy; never SCALING_AUTO in loaded settings */
    int64_t min_workers; /* at most max_workers */
    int64_t max_workers;
    int64_t max_wait_time;      /* the promise */
    int64_t scale_up_threshold; /* jobs */
    int64_t scale_down_threshold;
    int64_t scale_up_step; /* workers */
    int64_t scale_down_step;
    int64_t cooldown_period;
    int64_t scale_up_cooldown;   /* KEY_UNSET: what the policy has by itself */
    int64_t scale_down_cooldown; /* likewise */
    int64_t weight;
};

/* [auto_scaling] */
struct auto_scaling_settings {
    bool enabled;
    int64_t max_workers_per_queue;
    int64_t max_total_workers;
    int64_t max_host_workers;
    int64_t interval;
    int64_t max_memory;   /* percent */
    int64_t max_load;     /* a processor; KEY_UNSET: none */
    int64_t max_pressure; /* percent */
    struct scaling_options options;
};

/* The keys of alerts in [monitoring], and the same keys in [queue:NAME]; 0: no such alert */
struct alert_options {
    int64_t failure_rate; /* percent */
    int64_t failure_jobs; /* fewer jobs in the window say nothing */
    int64_t queue_size;   /* ready jobs */
    int64_t oldest_wait;
    int64_t worker_memory; /* percent of the limit */
};

/* [monitoring] */
struct monitoring_settings {
    bool enabled;
    int64_t metrics_retention; /* days */
    int64_t metrics_interval;
    int64_t health_check_interval; /* KEY_UNSET: that of [muster] */
    char *events_log; /* "": none */
    char *audit_log;  /* default DATADIR/audit.log */
    int64_t alert_interval;        /* from one look to the next */
    int64_t alert_window;
    int64_t alert_clear;
    int64_t alert_repeat; /* 0: never */
    struct alert_options alerts;
};

enum notify_kind { NOTIFY_WEBHOOK, NOTIFY_SLACK, NOTIFY_COMMAND, NOTIFY_EMAIL };

/* [notify:NAME] */
struct notify_settings {
    char *name;
    int kind;            /* enum notify_kind */
    uint32_t severities; /* a bit for each: error, warning, info */
    char *url;           /* webhook, slack */
    char *token;         /* webhook: of the header Authorization; "": none */
    char *command;
    char *to; /* email: addresses, separated by commas */
    char *from;
    char *sendmail; /* the program */
    int64_t timeout;
    int64_t retries;
    int64_t retry_delay; /* doubles */
};

/* [schedule:NAME] */
struct schedule_settings {
    char *name;
    char *queue; /* "": all */
    char *when;
    char *timezone;      /* "": the process's */
    int64_t min_workers; /* KEY_UNSET: as without it; likewise those below */
    int64_t max_workers;
    int64_t max_wait_time;
    int64_t scale_up_threshold;
    int64_t scale_down_threshold;
    struct cron cron; /* what `when` says */
};

/* What happens when a job has failed for good; keys of [queue:NAME] and [job:CLASS]. */
struct failed_hooks {
    char *command; /* "": none */
    int64_t timeout;
    char *job;   /* class of a job that is pushed; "": none */
    char *queue; /* its queue; "": that of its class, or of the job */
};

/* [queue:NAME] */
struct queue_settings {
    char *name;
    char *connection;    /* "" until resolved, then a name in connections */
    int handler;         /* enum handler_kind */
    char *command;       /* "": the queue takes jobs, but nobody here runs them */
    char *directory;
    char *environment;
    int64_t workers;     /* worker processes; the first ones where they are scaled */
    bool auto_scale;     /* see settings_is_scaled */
    char *scaling_command;
    int64_t scaling_command_timeout;
    int64_t concurrency; /* handlers a worker */
    int64_t boot_timeout; /* until a persistent handler has said hello */
    struct failed_hooks failed;
    struct worker_options options;
    struct scaling_options scaling;
    struct alert_options alerts;
};

/* [job:CLASS]. Texts are "" and numbers KEY_UNSET where it says nothing. */
enum { JOB_BACKOFF_INHERIT }; /* an enum backoff_kind is one more */

struct job_settings {
    char *name; /* the class, or a pattern of classes (glob.h) */
    /* of a job that is pushed without them */
    char *queue;
    int64_t priority;
    char *unique_key; /* a template (queue/job_class.h) */
    int unique_until; /* 0: done, 1: started */
    int64_t unique_for;
    /* of a job that runs, where it does not say itself */
    int64_t timeout; /* 0: none */
    int64_t max_attempts;
    int backoff;
    int64_t backoff_delay;
    int64_t backoff_max;
    int64_t backoff_jitter;
    struct failed_hooks failed;
    /* the handler that runs them */
    int handler;   /* enum handler_kind */
    char *command; /* "": the queue's handler does; what follows says nothing then */
    char *directory;
    char *environment;
    int64_t boot_timeout;
    /* of what settings_job found: the section with the command that counts; NULL: the queue's */
    const struct job_settings *runs;
};

/* [policy:NAME]: a rule for failed attempts. Texts are "" and numbers KEY_UNSET where it says nothing. */
enum policy_action { POLICY_RETRY, POLICY_DISCARD, POLICY_FAIL, POLICY_COMMAND };

struct policy_settings {
    char *name;
    /* what it is for; all that are given must hold */
    char *text; /* texts, separated by commas */
    char *expression;
    uint32_t causes;               /* a bit for each of settings_cause_names; 0: any but "released" */
    struct exit_codes exit_status; /* empty: any */
    int signal;                    /* 0: any */
    char *job;                     /* patterns (glob.h) */
    char *queue;
    /* what then */
    int action; /* enum policy_action */
    int64_t delay;
    int backoff; /* as in struct job_settings */
    int64_t backoff_delay;
    int64_t backoff_max;
    int64_t backoff_jitter;
    int64_t max_attempts;
    char *command;
    int64_t command_timeout;
};

/* NULL-terminated. */
extern const char *const settings_cause_names[];
extern const char *const settings_action_names[];

struct settings {
    char *file;          /* where it was read from; "" for the defaults alone */
    uint32_t generation; /* set by who loads; a worker learns it with its snapshot */
    struct muster_settings muster;
    struct worker_options worker_options;
    struct auto_scaling_settings auto_scaling;
    struct monitoring_settings monitoring;
    struct connection_settings *connections; /* at least one */
    size_t connection_count;
    struct queue_settings *queues; /* at least one, also where none is served */
    size_t queue_count;
    struct job_settings *jobs; /* in the order in which they count */
    size_t job_count;
    struct policy_settings *policies; /* in the order of the file */
    size_t policy_count;
    struct notify_settings *notifies;
    size_t notify_count;
    struct schedule_settings *schedules;
    size_t schedule_count;
    bool serves_queues; /* false for a file of Supervisor's with none of our own sections */
    struct supervisor_settings supervisor; /* empty in a snapshot */
    char **warnings; /* what config:check says beside errors */
    size_t warning_count;
};

/* The tables behind it, in the order of the sample file. NULL-terminated array. */
extern const struct key_table *const settings_tables[];
extern const struct key_table settings_muster_table;
extern const struct key_table settings_connection_table;
extern const struct key_table settings_worker_options_table;
extern const struct key_table settings_queue_table; /* includes the worker options' rows, and: */
extern const struct key_table settings_job_table;
extern const struct key_table settings_policy_table;
extern const struct key_table settings_scaling_table;
extern const struct key_table settings_auto_scaling_table; /* likewise */
extern const struct key_table settings_schedule_table;
extern const struct key_table settings_monitoring_table; /* includes those of alerts */
extern const struct key_table settings_notify_table;

/* Finds the file that is used when none is named: $MUSTER_CONFIG, ./muster.ini, /etc/muster/muster.ini, in
 * this order. Returns a malloc'd path, or NULL where there is none. */
char *settings_find_file(void);

/* Loads a file (NULL: the defaults alone, a SQLite store and the queue `default`), applies the environment,
 * fills in derived defaults and checks the whole. The caller ends it with settings_destroy. NULL with err
 * ("file:line: section: key: …") on failure. */
struct settings *settings_load(const char *path, struct err *err);

/* The same from a snapshot, the complete text that settings_print wrote; the environment is not looked at. */
struct settings *settings_parse(const char *name, const char *text, size_t length, struct err *err);

/* Frees the settings and all that was found in them; a group (group_settings) lives on while
 * somebody else holds it. Accepts NULL. */
void settings_destroy(struct settings *settings);

/* Appends a complete text of all settings, to be read by settings_parse. Returns 0, or -1 past the cap. */
int settings_print(const struct settings *settings, struct buf *out);

/* Appends the sample file (every key as a comment with its default, range and help), or the tables of the
 * manual (Markdown). Returns 0, or -1 past the cap. */
int settings_sample(struct buf *out);
int settings_manual(struct buf *out);

/* By name; NULL where there is none. */
const struct connection_settings *settings_connection(const struct settings *settings,
                                                      const char *name);
const struct queue_settings *settings_queue(const struct settings *settings, const char *name);

/* The connection of a queue. Never NULL: a queue that is not configured is on the default one. */
const struct connection_settings *settings_connection_of(const struct settings *settings,
                                                         const char *queue);

/* What the sections [job:CLASS] say of a class together; the texts of out belong to settings. Returns false where
 * none is for it. */
bool settings_job(const struct settings *settings, const char *class, struct job_settings *out);

/* Puts what they say over the options of a queue. */
void settings_job_apply(const struct job_settings *job, struct worker_options *options);

/* The same for what happens when a job has failed for good. */
void settings_job_apply_failed(const struct job_settings *job, struct failed_hooks *hooks);

/* Puts the handler that a section (with a command) has over that of a queue; texts belong to the section. */
void settings_job_apply_handler(const struct job_settings *job, struct queue_settings *queue);

/* Frees the texts of a section of the settings, not the struct. Not for what settings_job has
 * filled in, whose texts are borrowed. */
void settings_finish_job(struct job_settings *job);

/* Puts the backoff of a rule over the options that hold for a job. */
void settings_policy_apply(const struct policy_settings *policy, struct worker_options *options);

/* Frees the texts of a rule of the settings, not the struct. */
void settings_finish_policy(struct policy_settings *policy);

/* True where the number of a queue's workers follows its load. */
bool settings_is_scaled(const struct settings *settings, const struct queue_settings *queue);

/* Whether a schedule is for a queue, and what a queue's options are while it holds. */
bool settings_schedule_holds_for(const struct schedule_settings *schedule, const char *queue);
void settings_schedule_apply(const struct schedule_settings *schedule,
                             struct scaling_options *options);

/* A copy of the settings of a queue, with worker options where it is not configured; the caller ends it with
 * settings_queue_finish. */
void settings_queue_or_default(const struct settings *settings, const char *name,
                               struct queue_settings *out);
void settings_queue_finish(struct queue_settings *queue);

/* A queue's or connection's name: 1 to 100 of A-Z a-z 0-9 _ - . : and not beginning with one of - . :
 * (it becomes a file name, a key and an argument). Returns 0, or -1 with err. */
int settings_check_name(const char *what, const char *name, struct err *err);

#endif
