/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_MEMORY_MEMORY_H
#define DRIVERS_MEMORY_MEMORY_H

#include "queue/driver.h"

/*
 * The example of a driver that is a plugin: all of a store is in the memory of each process that
 * uses it, as plain structs, and a file carries it from one to the other: a transition locks the
 * file, reads it where somebody has changed it, changes the structs, and writes it anew. In
 * /dev/shm that is memory too, and outlives the processes but not the machine. It is simple instead
 * of fast: each transition costs as much as the store is large.
 */
enum place { PLACE_GONE, PLACE_WAITING, PLACE_RESERVED, PLACE_FAILED };

/* A job, live or failed. Texts are in the state's arena; NULL where there is none. */
struct record {
    int64_t place;  /* enum place */
    int64_t number; /* of the push */
    int64_t priority, attempts, due, created;
    const char *uuid, *queue, *name, *payload, *batch, *history;
    const char *key;                 /* unique */
    int64_t unique_until, key_until; /* enum unique_until; 0: while it lives */
    int64_t holds_key, is_cancelled;
    const char *owner; /* of a lease, and of the last attempt of a failed job */
    int64_t lease_until, reserved_at, progress; /* progress in thousandths; -1: none */
    const char *progress_text;
    const char *exception, *cause; /* failed */
    int64_t failed_at, failed_number;
};

enum callback { CALLBACK_SUCCESS, CALLBACK_FAILURE, CALLBACK_FINISH, CALLBACKS };

struct batch_record {
    const char *uuid, *name;
    const char *callbacks[CALLBACKS]; /* jobs as JSON */
    int64_t pushed[CALLBACKS];
    int64_t number, allow_failures, created, cancelled_at, finished_at;
    int64_t total, pending, completed, failed, cancelled;
};

struct note_record {
    const char *kind, *key, *value, *owner;
    int64_t expires_at, updated_at; /* expires_at 0: never */
};

/* What records are gathered in: pointers, since records stay where they are while more come. */
struct table {
    void **items;
    size_t count, capacity;
};

struct store {
    const struct connection_settings *settings;
    const struct clock *clock;
    int lock;        /* descriptor of PATH.lock */
    int64_t version; /* of what is in memory; 0: nothing */
    int64_t last_number;
    struct arena arena; /* of everything below */
    size_t garbage;     /* bytes of the arena that came since it was read */
    struct table jobs, batches, notes;
    int64_t now; /* of this transition */
    bool is_changed;
};

/* file.c: a transition is what stands between these two. memory_end keeps the changes where result
 * is 0 and there are some, and forgets them otherwise. Both return 0, or -1 with err. */
int memory_begin(struct store *store, struct err *err);
int memory_end(struct store *store, int result, struct err *err);

/* Opens PATH.lock (made where it is not there) and reads the store once. settings and clock must
 * outlive it. Returns 0 with *store, which memory_close ends, or -1 with err (ERR_INVALID: no path
 * is set). memory_close accepts NULL. */
int memory_open(const struct connection_settings *settings, const struct clock *clock,
                struct store **store, struct err *err);
void memory_close(struct store *store);

/* Zeroed memory, and copies (NULL stays NULL), for the structs of the store. */
void *memory_new(struct store *store, size_t size);
const char *memory_copy(struct store *store, const char *text);
void table_add(struct table *table, void *item);

/* jobs.c */
int memory_push_one(struct store *store, const struct job *job, enum push_result *result,
                    struct err *err);
bool memory_key_is_held(const struct store *store, const char *key);
struct record *memory_find(const struct store *store, const char *uuid);
struct record *memory_held(const struct store *store, const char *owner,
                           const struct lease *lease); /* NULL: it is lost */
bool memory_must_not_go_back(const struct store *store, const struct record *record);
int memory_note_attempt(struct store *store, struct record *record, const char *cause,
                        const char *exception, struct err *err);

/* Back to the queue: due at that time, and the attempt counts or not. */
int memory_go_back(struct store *store, struct record *record, int64_t due, bool counts,
                   struct err *err);
void memory_remove(struct record *record); /* its struct stays until the end of the transition */
bool memory_runs_before(const struct record *a, const struct record *b);

/* Ready, delayed, reserved or failed records in the order of their listing. The caller frees them;
 * queue NULL matches all. */
enum listed { LISTED_READY, LISTED_DELAYED, LISTED_RESERVED, LISTED_FAILED };
struct record **memory_list(const struct store *store, const char *queue, enum listed which,
                            size_t *count);

/* What memory_* of a driver's table are: queue/driver.h. */
int memory_push(struct store *store, const struct job *jobs, size_t count,
                enum push_result *results, struct err *err);
int memory_turn(struct store *store, const char *owner, struct outcome *outcomes,
                size_t outcome_count, const struct reserve_request *request,
                struct reservation *reservation, struct err *err);
int memory_purge(struct store *store, const char *queue, uint64_t *removed, struct err *err);
int memory_job_cancel(struct store *store, const char *uuid, enum cancel_result *result,
                      struct err *err);

/* leases.c. memory_expire returns the expired leases of a queue (NULL: all). */
int memory_expire(struct store *store, const char *queue, uint64_t *count, struct err *err);
int memory_extend(struct store *store, const char *owner, struct renewal *renewals, size_t count,
                  int64_t lease_ms, struct err *err);
int memory_return_owner(struct store *store, const char *owner, const struct lease *begun,
                        size_t begun_count, uint64_t *returned, struct err *err);
int memory_upkeep(struct store *store, struct upkeep *upkeep, struct err *err);

/* look.c */
int memory_stats(struct store *store, const char *queue, struct queue_stats *stats,
                 struct err *err);
int memory_queues(struct store *store, queue_name_fn each, void *context, struct err *err);
int memory_job_list(struct store *store, const struct job_filter *filter, job_view_fn each,
                    void *context, struct err *err);
int memory_health(struct store *store, struct store_health *health, struct err *err);

/* The job of a record, with texts in the arena. A payload that cannot be read is told as damage. */
void memory_to_job(const struct record *record, struct arena *arena, struct job *job);

/* failed.c */
int memory_failed_list(struct store *store, const struct failed_filter *filter, failed_job_fn each,
                       void *context, struct err *err);
int memory_failed_retry(struct store *store, const struct failed_filter *filter, uint64_t *count,
                        struct err *err);
int memory_failed_remove(struct store *store, const struct failed_filter *filter, uint64_t *count,
                         struct err *err);

/* batches.c */
enum batch_end { BATCH_COMPLETED, BATCH_FAILED, BATCH_CANCELLED };
struct batch_record *memory_batch(const struct store *store, const char *uuid); /* NULL: none */
bool memory_batch_is_closed(const struct store *store, const char *uuid);
void memory_batch_grow(struct store *store, const char *uuid);
int memory_batch_count(struct store *store, const char *uuid, enum batch_end end, struct err *err);
int memory_batch_create(struct store *store, const struct batch *batch, struct err *err);
int memory_batch_list(struct store *store, const char *uuid, const char *after_uuid, size_t limit,
                      batch_fn each, void *context, struct err *err);
int memory_batch_cancel(struct store *store, const char *uuid, uint64_t *removed, struct err *err);
int memory_batch_prune(struct store *store, int64_t before_ms, size_t limit, uint64_t *count,
                       struct err *err);

/* notes.c */
int memory_note_put(struct store *store, const struct note *note, struct err *err);
int memory_note_claim(struct store *store, const struct note *note, bool *held, struct err *err);
int memory_note_list(struct store *store, const char *kind, const char *prefix,
                     const char *after_key, size_t limit, note_fn each, void *context,
                     struct err *err);
int memory_note_remove(struct store *store, const char *kind, const char *prefix,
                       const char *before_key, size_t limit, uint64_t *count, struct err *err);

#endif
