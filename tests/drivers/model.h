/* SPDX-License-Identifier: MIT */
#ifndef TESTS_DRIVERS_MODEL_H
#define TESTS_DRIVERS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/driver.h"

/*
 * A store as the contract describes it, in memory and as simple as can be: an array of jobs that is
 * searched from one end to the other. The property test does the same to it and to a driver, and
 * compares. Jobs, queues, owners, batches and keys are numbers.
 *
 * Time is a counter: the operations of a test are a millisecond apart, so what became due in
 * different operations is in the order of the operations, and what became due in the same one is in
 * the order of its push. A delayed job is due in an hour, that is never.
 */
#define MODEL_JOBS      40
#define MODEL_QUEUES    3
#define MODEL_OWNERS    3
#define MODEL_BATCHES   10
#define MODEL_KEYS      4
#define MODEL_CALLBACKS 3
#define MODEL_JOBS_ALL  (MODEL_JOBS + MODEL_BATCHES * MODEL_CALLBACKS)
#define MODEL_NONE      (-1)

enum model_place { PLACE_NOWHERE, PLACE_WAITING, PLACE_RESERVED, PLACE_FAILED };

enum model_callback { CALLBACK_SUCCESS, CALLBACK_FAILURE, CALLBACK_FINISH };

struct model_job {
    enum model_place place;
    int queue; /* of callbacks: MODEL_QUEUES + which of them */
    int priority;
    bool is_delayed;
    int attempts;
    int64_t due;    /* time */
    int64_t number; /* of the push */
    int owner;
    int batch; /* or MODEL_NONE */
    int key;   /* likewise */
    bool until_started;
    bool holds_key;
    bool is_cancelled;
    int64_t failed; /* order of the failures */
    int failures;   /* entries in its history, at most HISTORY_MAX */
};

struct model_batch {
    bool exists, has_callbacks, allow_failures, is_cancelled, is_finished;
    bool pushed[MODEL_CALLBACKS];
    uint64_t total, pending, completed, failed, cancelled;
};

struct model {
    struct model_job jobs[MODEL_JOBS_ALL];
    struct model_batch batches[MODEL_BATCHES];
    int64_t now;
    int64_t last_number;
};

/* What is pushed. */
struct model_push {
    int job, queue, priority, batch, key;
    bool is_delayed, until_started;
};

/* Each operation is a moment of its own: call this before. */
void model_tick(struct model *model);

/* Returns false where a batch is closed and nothing was stored. */
bool model_push(struct model *model, const struct model_push *pushes, size_t count,
                enum push_result *results);

/* Ends an attempt. Returns whether it was applied. */
bool model_end(struct model *model, int owner, int job, int attempt, enum outcome_kind kind,
               bool has_cause, const struct model_push *pushes, size_t push_count);

/* Reserves; jobs gets their numbers. Returns how many. */
size_t model_reserve(struct model *model, int owner, int queue, size_t count, int *jobs);

enum lease_state model_extend(const struct model *model, int owner, int job, int attempt);

/* begun[job]: this attempt had begun. Returns how many leases there were. */
uint64_t model_return_owner(struct model *model, int owner, const bool *begun);

/* Returns -1 where there is no such live job. */
int model_cancel(struct model *model, int job);
uint64_t model_purge(struct model *model, int queue); /* MODEL_NONE: all */

/* Filters: MODEL_NONE matches all. Return how many. */
uint64_t model_retry(struct model *model, int job, int queue, int batch, size_t limit);
uint64_t model_discard(struct model *model, int job, int queue, int batch, size_t limit);

void model_batch_create(struct model *model, int batch, bool allow_failures);
int model_batch_cancel(struct model *model, int batch, uint64_t *removed); /* -1: no such */

/* The jobs of a queue at a place in the order of a listing; failed ones newest first, of all queues
 * where queue is MODEL_NONE. Returns how many. */
size_t model_list(const struct model *model, enum model_place place, int queue, bool is_delayed,
                  int *jobs);

#endif
