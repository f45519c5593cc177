/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_REDIS_STORE_H
#define DRIVERS_REDIS_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "queue/driver.h"
#include "drivers/redis/command.h"
#include "drivers/redis/session.h"
#include "drivers/redis/wake.h"

/* What the parts of the Redis driver share: the store, and how its operations run a script. */

#define STAMP_SIZE 7   /* a turn's own mark, six digits, with its NUL */
#define LOST_MAX   448 /* bytes of marks of turns whose answers were lost */
#define QUEUE_SIZE 128 /* a queue's name with its NUL */

struct store {
    const struct connection_settings *settings;
    const struct clock *clock;
    struct session session;
    struct wake wake;
    struct command arguments; /* of the call that is being made */
    struct buf text;          /* of one argument that is being written */
    struct arena answer;      /* of the last call; a turn's is in its reservation */
    bool was_repeated;        /* the last call was sent again, because its answer was lost */
    uint32_t turns;           /* gives the next mark */
    char lost[LOST_MAX];      /* marks of lost turns, with a space behind each */
    char queue[QUEUE_SIZE];   /* that was reserved from last; "" before */
};

/* Forgets the last answer and begins the arguments of a call. */
struct command *redis_store_begin(struct store *store);

/* Runs a script with the arguments. The answer lives until the next redis_store_begin. NULL with
 * err. */
struct reply *redis_store_run(struct store *store, enum script_id script, struct err *err);

/* The same with the answer in an arena of the caller's. */
struct reply *redis_store_run_into(struct store *store, enum script_id script, struct arena *arena,
                                   struct err *err);

/* The same for a script that answers with a number alone. Returns 0, or -1 with err. */
int redis_store_run_number(struct store *store, enum script_id script, uint64_t *number,
                           struct err *err);

/* The operations, as queue/driver.h describes them, by file. push.c: */
int redis_push(struct store *store, const struct job *jobs, size_t count, enum push_result *results,
               struct err *err);

/* turn.c */
int redis_turn(struct store *store, const char *owner, struct outcome *outcomes,
               size_t outcome_count, const struct reserve_request *request,
               struct reservation *reservation, struct err *err);

/* leases.c */
int redis_extend(struct store *store, const char *owner, struct renewal *renewals, size_t count,
                 int64_t lease_ms, struct err *err);
int redis_return_owner(struct store *store, const char *owner, const struct lease *begun,
                       size_t begun_count, uint64_t *returned, struct err *err);
int redis_upkeep(struct store *store, struct upkeep *upkeep, struct err *err);

/* figures.c */
int redis_stats(struct store *store, const char *queue, struct queue_stats *stats, struct err *err);
int redis_queues(struct store *store, queue_name_fn each, void *context, struct err *err);
int redis_purge(struct store *store, const char *queue, uint64_t *removed, struct err *err);
int redis_health(struct store *store, struct store_health *health, struct err *err);

/* failed.c */
int redis_failed_list(struct store *store, const struct failed_filter *filter, failed_job_fn each,
                      void *context, struct err *err);
int redis_failed_retry(struct store *store, const struct failed_filter *filter, uint64_t *count,
                       struct err *err);
int redis_failed_remove(struct store *store, const struct failed_filter *filter, uint64_t *count,
                        struct err *err);

/* live.c */
int redis_job_list(struct store *store, const struct job_filter *filter, job_view_fn each,
                   void *context, struct err *err);
int redis_job_cancel(struct store *store, const char *uuid, enum cancel_result *result,
                     struct err *err);

/* batches.c */
int redis_batch_create(struct store *store, const struct batch *batch, struct err *err);
int redis_batch_list(struct store *store, const char *uuid, const char *after_uuid, size_t limit,
                     batch_fn each, void *context, struct err *err);
int redis_batch_cancel(struct store *store, const char *uuid, uint64_t *removed, struct err *err);
int redis_batch_prune(struct store *store, int64_t before_ms, size_t limit, uint64_t *count,
                      struct err *err);

/* notes.c */
int redis_note_put(struct store *store, const struct note *note, struct err *err);
int redis_note_claim(struct store *store, const struct note *note, bool *held, struct err *err);
int redis_note_list(struct store *store, const char *kind, const char *prefix,
                    const char *after_key, size_t limit, note_fn each, void *context,
                    struct err *err);
int redis_note_remove(struct store *store, const char *kind, const char *prefix,
                      const char *before_key, size_t limit, uint64_t *count, struct err *err);

#endif
