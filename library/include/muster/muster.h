/* SPDX-License-Identifier: MIT */
#ifndef MUSTER_H
#define MUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * libmuster: an application's way to Muster's queues. It pushes jobs, and asks how the queues are;
 * the jobs are run by the workers of musterd.
 *
 *     #include <muster/muster.h>
 *
 *     struct muster_error error = MUSTER_ERROR_INIT;
 *     struct muster *muster = muster_open(NULL, &error);
 *     char uuid[MUSTER_UUID_SIZE];
 *     if (muster_push(muster, "App\\Jobs\\SendEmail", "{\"to\":\"ann@example.com\"}", "emails",
 * uuid, &error) < 0) fprintf(stderr, "%s\n", error.text); muster_close(muster);
 *
 *     cc -o app app.c $(pkg-config --cflags --libs muster)
 *
 * A push that returns 0 is in the store, as durably as the connection's store keeps things; one
 * that fails with MUSTER_UNAVAILABLE may be there all the same, since the answer can have been
 * lost. It can be repeated with the same uuid: no job is stored twice.
 *
 * Threads: any number of threads may use a struct muster at once. Each call has a connection of its
 * own, out of at most pool_size ([connection:NAME]) that are opened when they are needed and stay
 * open; a call that finds all in use waits for one, at most `timeout` of the connection.
 * muster_close must come after all other calls have returned. A struct muster must not be used in a
 * process that was forked after muster_open: it is refused there.
 *
 * Errors: functions that return int return 0, or -1 with the error filled in; those that return a
 * pointer return NULL then. error may be NULL. An error that holds a code already is left as it
 * is, and a NULL struct muster is passed on as a failure, so that calls can be strung together and
 * looked at in the end. Texts are UTF-8 and NUL-terminated, times are milliseconds.
 */
struct muster;

#define MUSTER_UUID_SIZE 22 /* of a new uuid: 21 characters, and NUL */

enum muster_code {
    MUSTER_OK,
    MUSTER_INVALID,     /* what was given is wrong: configuration, JSON, a name, a range */
    MUSTER_NOT_FOUND,   /* there is no such connection, file */
    MUSTER_CONFLICT,    /* the batch is closed; a forked process */
    MUSTER_UNAVAILABLE, /* the store cannot be reached now; trying again may work */
    MUSTER_LIMIT,       /* a bound of Muster's: too long, too many */
    MUSTER_FULL,        /* the store has no room; nothing was stored */
    MUSTER_SYSTEM,      /* a system call failed for another reason */
};

struct muster_error {
    enum muster_code code;
    char text[1024]; /* one line */
};

#define MUSTER_ERROR_INIT                                                                          \
    {                                                                                              \
        MUSTER_OK, ""                                                                              \
    }

/* The version of the library, e.g. "0.1.0". */
const char *muster_version(void);

/* Reads the configuration: file, or (NULL) the one that `muster` would take ($MUSTER_CONFIG,
 * ./muster.ini, /etc/muster/muster.ini), or else the defaults; with the environment variables that
 * override it. No store is opened yet. */
struct muster *muster_open(const char *file, struct muster_error *error);

/* The same without any file: the defaults and the environment (a SQLite store). */
struct muster *muster_open_default(struct muster_error *error);

/* Closes all connections. Accepts NULL. */
void muster_close(struct muster *muster);

/* The same manager, on one connection: what is done with it is done there. Without, it is the
 * connection of the queue, and the default one where there is no queue. It belongs to muster and
 * ends with it. NULL where there is no such connection. */
struct muster *muster_connection(struct muster *muster, const char *name,
                                 struct muster_error *error);

/* --- pushing --- */

enum muster_unique { MUSTER_UNIQUE_DONE, MUSTER_UNIQUE_STARTED, MUSTER_UNIQUE_TIME };

/* A job. Members that are 0 or NULL are as its class ([job:CLASS]) or its queue has them. */
struct muster_job {
    const char *job;  /* the class */
    const char *data; /* JSON text; NULL: {} */
    const char *queue;
    const char *uuid;       /* NULL: a new one is made */
    const char *batch_uuid; /* the batch that it belongs to */
    const char *unique_key; /* of all live jobs with this key there is one */
    enum muster_unique unique_until;
    int64_t unique_ms;       /* MUSTER_UNIQUE_TIME */
    int64_t delay_ms;        /* due so long after now */
    int64_t timeout_ms;      /* how long it may run */
    int priority;            /* -1000 to 1000, higher first */
    int max_attempts;        /* it is tried so often */
    const char *chain;       /* JSON array of jobs that follow it, one after the other */
    const char *traceparent; /* W3C trace context */
};

enum muster_pushed_state {
    MUSTER_STORED,
    MUSTER_REPEATED,  /* the store has this uuid already */
    MUSTER_DUPLICATE, /* a live job holds the unique key: it was not stored */
};

struct muster_pushed {
    char uuid[MUSTER_UUID_SIZE]; /* "" where the job had one of its own */
    enum muster_pushed_state state;
};

/* One job of a class with data (JSON text; NULL: {}) to a queue (NULL: that of its class, or
 * "default"). uuid may be NULL. A job whose unique key is held is MUSTER_CONFLICT. */
int muster_push(struct muster *muster, const char *job, const char *data, const char *queue,
                char uuid[MUSTER_UUID_SIZE], struct muster_error *error);

/* The same, due so long after now. */
int muster_later(struct muster *muster, int64_t delay_ms, const char *job, const char *data,
                 const char *queue, char uuid[MUSTER_UUID_SIZE], struct muster_error *error);

/* One job with all that it may say. pushed (or NULL) tells what became of it; that its unique key
 * is held is no failure here. */
int muster_push_job(struct muster *muster, const struct muster_job *job,
                    struct muster_pushed *pushed, struct muster_error *error);

/* Many jobs to one connection, in calls to the store of at most its batch_size; each call stores
 * all of its jobs or none. queue (or NULL) is for those that name none. All are checked before the
 * first is stored. pushed (count of them, or NULL) tells what became of each. *stored (or NULL)
 * gets how many were dealt with, which are the first ones, also on failure. Without
 * muster_connection it is the connection of queue. */
int muster_bulk(struct muster *muster, const struct muster_job *jobs, size_t count,
                const char *queue, struct muster_pushed *pushed, size_t *stored,
                struct muster_error *error);

/* --- looking --- */

struct muster_stats {
    uint64_t total;    /* pending + reserved + delayed */
    uint64_t pending;  /* ready to run now */
    uint64_t reserved; /* running */
    uint64_t delayed;
    uint64_t failed;
    int64_t oldest_ms; /* how long the oldest ready job has been due; -1: none is */
    char **queues;     /* names of all queues of the connection that have jobs or failed jobs */
    size_t queue_count;
};

/* Figures of a queue, or (NULL) of all queues of the connection together. The caller ends them with
 * muster_stats_finish. */
int muster_stats(struct muster *muster, const char *queue, struct muster_stats *stats,
                 struct muster_error *error);
void muster_stats_finish(struct muster_stats *stats);

/* How many jobs a queue (NULL: all of the connection) has, whether they wait, run or are delayed.
 * -1 on failure. */
int64_t muster_size(struct muster *muster, const char *queue, struct muster_error *error);

struct muster_health {
    char connection[101];
    bool is_healthy;
    char message[1024]; /* why not, or that it is */
    char driver[33];
    char version[64]; /* of the store's software */
    uint64_t total_queues;
    uint64_t total_jobs;
    double response_time; /* milliseconds of a real round trip, with the opening where it was needed
                           */
};

/* Tests a connection (NULL: the default one). A store that cannot be reached is no failure of this
 * function: that is what it tells. */
int muster_test_connection(struct muster *muster, const char *name, struct muster_health *health,
                           struct muster_error *error);

struct muster_driver {
    const char *name;
    const char *version;
    const char *description;
    const char *const *features;     /* NULL-terminated */
    const char *const *dependencies; /* NULL-terminated */
};

/* Calls each for every driver that can be used; anything but 0 ends that. The texts live as long as
 * the process. */
int muster_drivers(struct muster *muster,
                   int (*each)(void *context, const struct muster_driver *driver), void *context,
                   struct muster_error *error);

/* Removes the waiting jobs of a queue (NULL: of all queues of the connection); those that run go
 * on, and failed ones stay. *removed (or NULL) gets how many. */
int muster_purge(struct muster *muster, const char *queue, uint64_t *removed,
                 struct muster_error *error);

/* --- the log --- */

/* What drivers have to say to people (few lines: level 0 critical to 6, one line of text) goes to
 * write; without, it is dropped. For the whole process; call it before muster_open. */
void muster_set_log(void (*write)(int level, const char *message));

#ifdef __cplusplus
}
#endif

#endif
