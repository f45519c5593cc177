/* SPDX-License-Identifier: MIT */
#ifndef MUSTER_JOB_H
#define MUSTER_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Jobs in C. A plugin is a shared object with classes of jobs in it; muster-plugin-host loads it
 * and runs the jobs of a queue with
 *
 *     [queue:emails]
 *     handler = plugin
 *     command = /usr/lib/myapp/emails.so
 *
 * so what crashes or leaks in a plugin does so in a process of its own, which is replaced. A whole
 * plugin:
 *
 *     #include <muster/job.h>
 *
 *     static int send_email(struct muster_job *job)
 *     {
 *         const char *to = muster_job_text(job, "to", NULL);
 *         if (!to)
 *             return muster_job_fail(job, "there is no \"to\" in its data");
 *         return deliver(to) == 0 ? 0 : muster_job_fail(job, "cannot deliver to %s", to);
 *     }
 *
 *     static const struct muster_job_class classes[] = {
 *         {.name = "App\\Jobs\\SendEmail", .handle = send_email, .max_attempts = 5},
 *     };
 *
 *     MUSTER_JOB_PLUGIN("emails", "1.0", classes);
 *
 *     cc -shared -fPIC $(pkg-config --cflags muster-job) -o emails.so emails.c
 *
 * Nothing is linked: the functions below are the host's. One job runs at a time, in the main
 * thread, and a job's functions are called in that thread alone. A job, and the texts that are got
 * from it, live until handle (and after it failed) has returned; where something else holds, it is
 * said.
 */
#define MUSTER_JOB_ABI 1

struct muster_job;

#define MUSTER_UNLIMITED (-1) /* of the limits in a class: there is none */
#define MUSTER_BACKOFF   (-1) /* of delays: what the queue's backoff says */

/* A class of jobs. Members that are left out (0, NULL) leave things to the job and its queue. */
struct muster_job_class {
    const char *name; /* as it is pushed; "*" takes every class that is not named */

    /* Runs a job. Returns 0 when it is done; anything else means that it failed, and what was given
     * to muster_job_fail is its exception. */
    int (*handle)(struct muster_job *job);

    /* Called when a job has failed for good, also where its process died or a rule of the configuration
     * decided so: job is another object than the one that ran, exception what went wrong. */
    void (*failed)(struct muster_job *job, const char *exception);

    /* Called when a job has failed and attempts are left: false means never again. */
    bool (*should_retry)(struct muster_job *job);

    /* Milliseconds until the next attempt, or MUSTER_BACKOFF. */
    int64_t (*backoff)(struct muster_job *job);

    int64_t max_attempts;
    int64_t timeout_ms;
};

/* What a plugin offers; MUSTER_JOB_PLUGIN makes it. */
struct muster_job_plugin {
    uint32_t abi; /* MUSTER_JOB_ABI */
    uint32_t
        class_size; /* sizeof (struct muster_job_class), of the header that it was built with */
    const char *name;
    const char *version;
    const struct muster_job_class *classes;
    size_t class_count;                  /* 1 to 1000 */
    int (*start)(int argc, char **argv); /* before the first job; not 0: it cannot work. Or NULL */
    void (*stop)(void);                  /* after the last one. Or NULL */
};

#define MUSTER_JOB_SYMBOL "muster_job_plugin"

#define MUSTER_JOB_PLUGIN(its_name, its_version, its_classes)                                      \
    MUSTER_JOB_PLUGIN_WITH(its_name, its_version, its_classes, NULL, NULL)

/* With functions for the beginning and the end: start gets the words that stand behind the shared
 * object in `command`, the object's own first. */
#define MUSTER_JOB_PLUGIN_WITH(its_name, its_version, its_classes, its_start, its_stop)            \
    extern const struct muster_job_plugin muster_job_plugin;                                       \
    __attribute__((visibility("default"))) const struct muster_job_plugin muster_job_plugin = {    \
        MUSTER_JOB_ABI, sizeof(struct muster_job_class),                                           \
        its_name,       its_version,                                                               \
        its_classes,    sizeof(its_classes) / sizeof((its_classes)[0]),                            \
        its_start,      its_stop,                                                                  \
    }

/* What a job is. Texts are UTF-8 and NUL-terminated. */
const char *muster_job_uuid(const struct muster_job *job);
const char *muster_job_class(const struct muster_job *job); /* the class that it was pushed as */
const char *muster_job_queue(const struct muster_job *job);
const char *muster_job_batch(const struct muster_job *job);  /* NULL where it is in none */
int muster_job_attempts(const struct muster_job *job);       /* begun so far, this one included */
int muster_job_max_attempts(const struct muster_job *job);   /* 0: no limit */
int64_t muster_job_timeout_ms(const struct muster_job *job); /* 0: no limit */
int muster_job_priority(const struct muster_job *job);
int64_t muster_job_pushed_at_ms(const struct muster_job *job); /* since 1970 */

/* Its data as JSON text. *length may be NULL. */
const char *muster_job_data(const struct muster_job *job, size_t *length);

/* A member of its data, where that is an object; the fallback where there is none, or one of
 * another kind. */
const char *muster_job_text(struct muster_job *job, const char *member, const char *fallback);
int64_t muster_job_integer(struct muster_job *job, const char *member, int64_t fallback);
double muster_job_number(struct muster_job *job, const char *member, double fallback);
bool muster_job_flag(struct muster_job *job, const char *member, bool fallback);

/* A member as JSON text, NULL where there is none. */
const char *muster_job_member(struct muster_job *job, const char *member);

/* What handle may say. */

/* Sets the exception (cut to 64 KiB). Returns -1, so that handle can return it. */
int muster_job_fail(struct muster_job *job, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* This failure is the last: the job is not tried again. Returns -1. */
int muster_job_give_up(struct muster_job *job, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Back to the queue, for another attempt after delay_ms (or MUSTER_BACKOFF). Returns 0, and handle
 * is to return that. */
int muster_job_release(struct muster_job *job, int64_t delay_ms);

/* Another job, which is stored together with the success of this one, or not at all. data is JSON
 * text; queue NULL is this job's own. Returns 0, or -1 where it is no job that could be stored:
 * then the text for muster_job_fail is set already. */
int muster_job_push(struct muster_job *job, const char *class_name, const char *data,
                    const char *queue, int64_t delay_ms);

/* The same from an object as `muster queue:bulk` reads it: {"job":…,"data":…,"queue":…,"delay":…,
 * "priority":…,"batch_uuid":…,"unique_key":…,"chain":[…]} */
int muster_job_push_json(struct muster_job *job, const char *text);

/* How far a batch is. */
struct muster_batch {
    uint64_t total, completed, failed, pending, cancelled;
    double progress_percentage; /* completed of all */
    double success_rate;        /* completed of those that completed or failed */
    bool has_finished;
};

/* Asks how far a batch is; batch_uuid NULL is the job's own, in which it is pending itself. Waits
 * for the answer. Returns 0, or -1 where it cannot be told: then the text for muster_job_fail is
 * set. */
int muster_job_batch_progress(struct muster_job *job, const char *batch_uuid,
                              struct muster_batch *batch);

/* How far it is: 0 to 100, and a text or NULL. People see it in `muster queue:show`. */
void muster_job_progress(struct muster_job *job, double percent, const char *text);

/* A line for Muster's log, with the job's uuid. level: "error", "warn", "info", "debug". */
void muster_job_log(struct muster_job *job, const char *level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* True where somebody has cancelled it: handle should return soon, with any value. It is ended
 * otherwise. A look costs a system call. */
bool muster_job_is_cancelled(struct muster_job *job);

/* A job as JSON text, with all that it takes to make it again (the guide's serialize, toArray and
 * toJson). malloc'd; the caller frees it. */
char *muster_job_to_json(const struct muster_job *job);

/* A job from such a text, or from an object as `muster queue:bulk` reads it (the guide's
 * unserialize and fromArray). It can be looked at, and runs nowhere. The caller ends it with
 * muster_job_destroy. NULL, with a malloc'd text in *error (which may be NULL), where it is none.
 */
struct muster_job *muster_job_from_json(const char *text, char **error);
void muster_job_destroy(struct muster_job *job); /* accepts NULL */

#endif
