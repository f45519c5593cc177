/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_DRIVER_H
#define QUEUE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/connection_settings.h"
#include "common/err.h"
#include "common/log.h"
#include "common/mem.h"
#include "queue/batch.h"
#include "queue/job.h"
#include "queue/note.h"

/*
 * The driver contract: what a store must do for its queues. A driver is one const table of
 * functions, each of them one atomic transition: it happens as a whole or not at all, and when it
 * returns 0 the store has it. tests/drivers holds every driver to this text.
 *
 * Rules that hold for all functions:
 * - They block for at most the connection's timeout and then fail with ERR_UNAVAILABLE. A failure
 * with ERR_UNAVAILABLE may have happened in the store all the same (the reply was lost), so every
 * transition can be repeated without harm.
 * - What is due and what has expired follows the store's clock; the SQLite driver's is the clock it
 * was opened with.
 * - Order within a queue: higher priority first, then in the order in which jobs became due, then
 * in the order of their push. A release and a lease that runs out make the job due anew, behind
 * those that are due already. What had not begun goes back to the very place that it had, and so
 * does all that a dead owner held: it has waited long enough, and max_attempts bounds what a job
 * can do that kills its workers.
 * - A reservation is a lease, owned by (owner, attempt). Only that owner can extend or end it;
 * anybody else's outcome is not applied and changes nothing.
 * - A store object belongs to one thread at a time and must not cross a fork.
 */
#define DRIVER_ABI 3

struct store; /* an open connection; each driver defines its own */

/* Who holds which attempt of which job. */
struct lease {
    int64_t id; /* job.id of the reservation */
    const char *uuid;
    int attempt; /* job.attempts of the reservation */
};

enum outcome_kind {
    OUTCOME_DONE,      /* the job is finished and goes away */
    OUTCOME_RELEASE,   /* back to the queue, due after delay_ms; the attempt counts */
    OUTCOME_UNTOUCHED, /* back to its place in the queue, now; the attempt does not count: it had
                        * not begun, or its worker was told to stop for good in the middle of it */
    OUTCOME_FAIL,      /* finally failed: moved to the failed jobs with its exception */
    OUTCOME_CANCELLED, /* it was asked to stop, and has: the job goes away */
};

/* How one attempt ended. */
struct outcome {
    struct lease lease;
    enum outcome_kind kind;
    int64_t delay_ms; /* OUTCOME_RELEASE */
    const char
        *exception; /* OUTCOME_FAIL; OUTCOME_RELEASE, or NULL: text, valid UTF-8, NUL-terminated */
    const char
        *cause; /* likewise: "exception", "timeout", "signal", "exit", "memory", "attempts" … */
    const struct job *pushes; /* checked jobs, stored together with this outcome or not at all */
    size_t push_count;
    bool applied; /* out: false where the lease was lost (or this is a repetition) */
};

/* What became of one job of a push. */
enum push_result {
    PUSH_STORED,
    PUSH_REPEATED,  /* the store has this uuid already */
    PUSH_DUPLICATE, /* a live job holds its unique key: it was not stored */
};

/* A lease that is to go on. */
enum lease_state {
    LEASE_HELD,
    LEASE_LOST,
    LEASE_CANCELLED, /* held, but somebody wants the job to stop */
};

struct renewal {
    struct lease lease;
    double progress;           /* 0 to 100; negative: as it was */
    const char *progress_text; /* with a progress; or NULL */
    enum lease_state state;    /* out */
};

struct reserve_request {
    const char *queue;
    const char *owner; /* worker id, at most OWNER_SIZE - 1 bytes */
    size_t count;      /* at most so many; 0 to reserve nothing */
    int64_t lease_ms;
};

/* A reservation stops short of its count when its payloads come to so many bytes (one job at least
 * is reserved), so that large jobs do not fill the memory of a worker. */
#define RESERVATION_BYTES_MAX (16u << 20)

/* What a reservation brought. The jobs and their strings live in the arena until the next use. */
struct reservation {
    struct arena arena;
    struct job *jobs;
    size_t count;
    int64_t next_due_ms; /* when nothing more is ready: milliseconds until the queue's next delayed
                          * job is due, -1 where there is none; 0 where more may be ready now */
};

struct queue_stats {
    uint64_t pending; /* ready to run now */
    uint64_t reserved;
    uint64_t delayed;
    uint64_t failed;
    int64_t oldest_ms; /* how long the oldest ready job has been due; -1 where none is ready */
};

struct failed_job {
    const char *uuid;
    const char *connection;
    const char *queue;
    const char *name; /* the class */
    const char *payload;
    const char *exception;
    const char *cause;
    const char *worker;     /* the owner of the last attempt */
    const char *batch_uuid; /* or NULL */
    const char *history;    /* of its attempts, the last one included (queue/history.h) */
    int attempts;
    int64_t failed_at_ms;
};

/* Which failed jobs; members that are NULL or 0 match all. */
struct failed_filter {
    const char *uuid;
    const char *queue;
    const char *name; /* class */
    const char *text; /* case-insensitive part of the exception */
    const char *batch_uuid;
    int64_t since_ms;       /* failed at or after; wall clock */
    int64_t before_ms;      /* failed before */
    const char *after_uuid; /* listing: go on behind this one (newest first) */
    size_t limit;           /* at most so many; 0: the driver's batch size */
};

/* A live job as it stands in its store. */
enum job_state { JOB_READY, JOB_RESERVED, JOB_DELAYED };

struct job_view {
    struct job job;
    enum job_state state;
    bool is_cancelled;         /* reserved, and asked to stop */
    double progress;           /* -1: none was told */
    const char *progress_text; /* or NULL */
    const char *history;       /* of its attempts (queue/history.h), "[]" where there is none */
};

/* Which live jobs; members that are NULL match all. */
struct job_filter {
    const char *uuid;
    const char *queue;
    const char *batch_uuid;
    const enum job_state *state;
    size_t limit; /* at most so many; 0: the driver's batch size */
};

enum cancel_result {
    CANCEL_REMOVED, /* it was waiting, and is gone */
    CANCEL_ASKED,   /* it runs: its worker learns it from extend */
};

struct store_health {
    char version[64]; /* of the store's software */
    uint64_t total_queues;
    uint64_t total_jobs; /* pending, reserved and delayed */
};

struct upkeep {
    uint64_t expired; /* out: leases that had run out and were returned */
    int64_t next_ms;  /* out: call again after so long at the latest */
};

/* Called for each listed thing; anything but 0 ends the listing. The strings live during the call.
 */
typedef int (*queue_name_fn)(void *context, const char *queue);
typedef int (*failed_job_fn)(void *context, const struct failed_job *failed);
typedef int (*job_view_fn)(void *context, const struct job_view *view);
typedef int (*batch_fn)(void *context, const struct batch *batch);
typedef int (*note_fn)(void *context, const struct note *note);

struct driver {
    uint32_t abi;  /* DRIVER_ABI */
    uint32_t size; /* sizeof (struct driver) */
    const char *name;
    const char *version;
    const char *description;
    const char *const *features;     /* NULL-terminated: "delayed_jobs", "priority_queues", … */
    const char *const *dependencies; /* NULL-terminated: the software that it needs */

    /* Called once after a driver was loaded as a plugin: where its records go (common/log.h). The
     * plugin's own log_forward serves. NULL where it writes none. */
    void (*set_log)(log_sink_fn sink);

    /* Opens the store of a connection, and creates what is missing in it. The settings and the
     * clock must outlive the store. Returns 0 with *store, or -1 with err. */
    int (*open)(const struct connection_settings *settings, const struct clock *clock,
                struct store **store, struct err *err);
    void (*close)(struct store *store); /* accepts NULL */

    /* Stores count checked jobs, all or none. A uuid that the store has already, of a live job or a
     * failed one, makes that one job a repetition and is passed over, and so is one whose unique
     * key a live job holds; results (count of them, or NULL) tells which. A job with a batch_uuid
     * is counted in that batch (made where there is none, with allow_failures and without
     * callbacks; ERR_CONFLICT where it was cancelled or has finished and this is no repetition).
     * Returns 0, or -1 with err: then none was stored (or, after ERR_UNAVAILABLE, the same call can
     * be repeated). Wakes idle workers of the queues. */
    int (*push)(struct store *store, const struct job *jobs, size_t count,
                enum push_result *results, struct err *err);

    /* Ends attempts, one after the other, and reserves the next jobs, in one transition and one
     * round trip. Sets `applied` of each outcome (a lease that is named twice ends once). request
     * may be NULL, and then reservation too. Reserved jobs have attempts counted up; whether they
     * exceed max_attempts is for the caller to look at. One whose payload cannot be read any more
     * keeps nobody from the others: it is reserved with its damage told, or fails at once with the
     * cause "payload". An outcome that ends a job of a batch counts in the batch, and pushes its
     * callbacks when they are due, in the same transition (batch.h). A release (or
     * OUTCOME_UNTOUCHED) of a job that is cancelled, or whose batch is, ends it as cancelled.
     * Pushes of an outcome are counted in their batches before the outcome is; one into a batch
     * that was cancelled or has finished is left out. Returns 0, or -1 with err. */
    int (*turn)(struct store *store, const char *owner, struct outcome *outcomes,
                size_t outcome_count, const struct reserve_request *request,
                struct reservation *reservation, struct err *err);

    /* Makes the leases last lease_ms from now, and notes how far the jobs are. */
    int (*extend)(struct store *store, const char *owner, struct renewal *renewals, size_t count,
                  int64_t lease_ms, struct err *err);

    /* Returns all leases of a dead owner to their queues. The attempts in begun (id 0: unknown) are
     * kept, the others had not begun and do not count; all go back to their places. Those that are
     * cancelled, or whose batch is, end as cancelled. *returned gets how many leases there were.
     * Wakes idle workers. */
    int (*return_owner)(struct store *store, const char *owner, const struct lease *begun,
                        size_t begun_count, uint64_t *returned, struct err *err);

    /* What must be done now and then by one process: returns expired leases, wakes workers of
     * queues where something is ready (the net under lost wake-ups), checkpoints. Cheap when there
     * is nothing to do. */
    int (*upkeep)(struct store *store, struct upkeep *upkeep, struct err *err);

    /* Wake-ups. wake_open returns a descriptor that becomes readable when a job of the queue may be
     * ready (owned by the store, at most one queue a store), or -1 without err set where the store
     * has none, or -1 with err. A worker calls it each time before it waits: once more is cheap,
     * and gives the present descriptor, another one where the connection was made anew; a
     * connection that is lost makes it readable. wake_read takes news away (one wake-up, where
     * several stores share them) and returns true where there was some (a lost connection is news):
     * false means that another worker was faster, and there is no need to look. */
    int (*wake_open)(struct store *store, const char *queue, struct err *err);
    bool (*wake_read)(struct store *store);

    /* Figures of one queue (NULL: of all together), and the names of all queues that have jobs or
     * failed jobs, in byte order. */
    int (*stats)(struct store *store, const char *queue, struct queue_stats *stats,
                 struct err *err);
    int (*queues)(struct store *store, queue_name_fn each, void *context, struct err *err);

    /* Removes the waiting (ready and delayed) jobs of a queue, NULL for all; what is reserved goes
     * on. The one operation that may be done in parts, when there are very many: what was pushed
     * after it began stays. */
    int (*purge)(struct store *store, const char *queue, uint64_t *removed, struct err *err);

    /* Failed jobs: newest first; requeued under the same uuid with attempts 0, the priority that
     * they had and due now, at most limit a call (oldest first, and in that order behind what is
     * ready, as if they were pushed now; a batch counts it as pending again;
     * a unique key is held again where it is free; the history goes on; one whose payload cannot be
     * read may stay, uncounted); removed, at most limit a call. *count gets how many; fewer than
     * the limit means that it was the last call. */
    int (*failed_list)(struct store *store, const struct failed_filter *filter, failed_job_fn each,
                       void *context, struct err *err);
    int (*failed_retry)(struct store *store, const struct failed_filter *filter, uint64_t *count,
                        struct err *err);
    int (*failed_remove)(struct store *store, const struct failed_filter *filter, uint64_t *count,
                         struct err *err);

    /* Live jobs: queues in byte order; within one the reserved jobs first, then the ready ones,
     * both in the queue's order (by when they became due), then the delayed ones as they come due.
     */
    int (*job_list)(struct store *store, const struct job_filter *filter, job_view_fn each,
                    void *context, struct err *err);

    /* Cancels a live job. A waiting one goes away (and is counted as cancelled in its batch); a
     * reserved one is marked. Returns 0, or -1 with err (ERR_NOT_FOUND). */
    int (*job_cancel)(struct store *store, const char *uuid, enum cancel_result *result,
                      struct err *err);

    /* Batches (batch.h): made without jobs, which are pushed with its uuid; the callbacks' jobs are
     * checked and have uuids. Repeating batch_create is harmless. batch_list: newest first, behind
     * after_uuid (or NULL), at most limit; uuid (or NULL) asks for one alone. batch_cancel removes
     * the waiting jobs and marks the reserved ones. batch_prune removes batches that finished
     * before a wall time, at most limit. */
    int (*batch_create)(struct store *store, const struct batch *batch, struct err *err);
    int (*batch_list)(struct store *store, const char *uuid, const char *after_uuid, size_t limit,
                      batch_fn each, void *context, struct err *err);
    int (*batch_cancel)(struct store *store, const char *uuid, uint64_t *removed, struct err *err);
    int (*batch_prune)(struct store *store, int64_t before_ms, size_t limit, uint64_t *count,
                       struct err *err);

    /* Notes (note.h). note_put stores or replaces one. note_claim does so only where nobody else
     * holds it: the key is absent, expired, or has the same owner; *held tells. note_list gives
     * those of a kind whose key begins with prefix, in byte order, at most limit, behind after_key
     * (or NULL); expired ones are not there. note_remove removes those of a kind whose key begins
     * with prefix (with the whole key: one) and sorts before before_key (or NULL), at most limit.
     */
    int (*note_put)(struct store *store, const struct note *note, struct err *err);
    int (*note_claim)(struct store *store, const struct note *note, bool *held, struct err *err);
    int (*note_list)(struct store *store, const char *kind, const char *prefix,
                     const char *after_key, size_t limit, note_fn each, void *context,
                     struct err *err);
    int (*note_remove)(struct store *store, const char *kind, const char *prefix,
                       const char *before_key, size_t limit, uint64_t *count, struct err *err);

    /* A real round trip. Returns 0 with the facts, or -1 with err. */
    int (*health)(struct store *store, struct store_health *health, struct err *err);
};

#endif
