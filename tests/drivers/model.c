/* SPDX-License-Identifier: MIT */
#include "tests/drivers/model.h"

#include "queue/history.h"

void model_tick(struct model *model)
{
    model->now++;
}

static bool is_live(const struct model_job *job)
{
    return job->place == PLACE_WAITING || job->place == PLACE_RESERVED;
}

/* --- order --- */

static bool runs_before(const struct model_job *a, const struct model_job *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority;
    return a->due != b->due ? a->due < b->due : a->number < b->number;
}

static bool comes_due_before(const struct model_job *a, const struct model_job *b)
{
    return a->due != b->due ? a->due < b->due : runs_before(a, b);
}

static bool is_listed_before(const struct model_job *a, const struct model_job *b)
{
    if (a->place == PLACE_FAILED)
        return a->failed > b->failed;
    return a->is_delayed ? comes_due_before(a, b) : runs_before(a, b);
}

size_t model_list(const struct model *model, enum model_place place, int queue, bool is_delayed,
                  int *jobs)
{
    size_t count = 0;
    for (int i = 0; i < MODEL_JOBS_ALL; i++) {
        const struct model_job *job = &model->jobs[i];
        if (job->place != place || (queue != MODEL_NONE && job->queue != queue) ||
            (place == PLACE_WAITING && job->is_delayed != is_delayed))
            continue;
        size_t at = count++;
        for (; at > 0 && is_listed_before(job, &model->jobs[jobs[at - 1]]); at--)
            jobs[at] = jobs[at - 1];
        jobs[at] = i;
    }
    return count;
}

/* --- batches --- */

static bool is_closed(const struct model *model, int batch)
{
    return batch != MODEL_NONE && model->batches[batch].exists &&
           (model->batches[batch].is_cancelled || model->batches[batch].is_finished);
}

static void grow(struct model *model, int number)
{
    struct model_batch *batch = &model->batches[number];
    if (!batch->exists)
        *batch = (struct model_batch){.exists = true, .allow_failures = true};
    batch->total++;
    batch->pending++;
}

static void store_one(struct model *model, const struct model_push *push);

static void call_back(struct model *model, int number, enum model_callback which)
{
    struct model_batch *batch = &model->batches[number];
    int place = number * MODEL_CALLBACKS + (int)which;
    const struct model_push push = {.job = MODEL_JOBS + place,
                                    .queue = MODEL_QUEUES + place,
                                    .batch = MODEL_NONE,
                                    .key = MODEL_NONE};
    bool is_new = model->jobs[push.job].place == PLACE_NOWHERE;
    if (!batch->pushed[which] && batch->has_callbacks && is_new)
        store_one(model, &push);
    batch->pushed[which] = true;
}

static void remove_job(struct model_job *job)
{
    job->place = PLACE_NOWHERE;
    job->holds_key = false;
}

static uint64_t cancel_jobs(struct model *model, int number)
{
    struct model_batch *batch = &model->batches[number];
    uint64_t removed = 0;
    batch->is_cancelled = true;
    for (int i = 0; i < MODEL_JOBS_ALL; i++) {
        struct model_job *job = &model->jobs[i];
        if (job->batch != number || !is_live(job))
            continue;
        job->is_cancelled = true;
        if (job->place == PLACE_WAITING) {
            remove_job(job);
            removed++;
        }
    }
    batch->pending -= removed;
    batch->cancelled += removed;
    return removed;
}

static void settle(struct model *model, int number, bool has_failed)
{
    struct model_batch *batch = &model->batches[number];
    if (has_failed)
        call_back(model, number, CALLBACK_FAILURE);
    if (has_failed && !batch->allow_failures && !batch->is_cancelled)
        cancel_jobs(model, number);
    if (batch->pending > 0 || batch->is_finished)
        return;
    batch->is_finished = true;
    if (batch->total > 0 && batch->completed == batch->total)
        call_back(model, number, CALLBACK_SUCCESS);
    call_back(model, number, CALLBACK_FINISH);
}

enum ending { ENDED_DONE, ENDED_FAILED, ENDED_CANCELLED };

static void count_end(struct model *model, int number, enum ending ending)
{
    struct model_batch *batch = number == MODEL_NONE ? NULL : &model->batches[number];
    if (!batch || !batch->exists)
        return;
    batch->pending--;
    batch->completed += ending == ENDED_DONE;
    batch->failed += ending == ENDED_FAILED;
    batch->cancelled += ending == ENDED_CANCELLED;
    settle(model, number, ending == ENDED_FAILED);
}

void model_batch_create(struct model *model, int number, bool allow_failures)
{
    struct model_batch *batch = &model->batches[number];
    if (!batch->exists)
        *batch = (struct model_batch){
            .exists = true, .has_callbacks = true, .allow_failures = allow_failures};
}

int model_batch_cancel(struct model *model, int number, uint64_t *removed)
{
    struct model_batch *batch = &model->batches[number];
    *removed = 0;
    if (!batch->exists)
        return -1;
    if (batch->is_finished)
        return 0;
    *removed = cancel_jobs(model, number);
    settle(model, number, false);
    return 0;
}

/* --- pushing --- */

static bool is_key_held(const struct model *model, int key)
{
    for (int i = 0; i < MODEL_JOBS_ALL; i++) {
        if (key != MODEL_NONE && model->jobs[i].key == key && model->jobs[i].holds_key)
            return true;
    }
    return false;
}

static void store_one(struct model *model, const struct model_push *push)
{
    struct model_job *job = &model->jobs[push->job];
    *job = (struct model_job){
        .place = PLACE_WAITING,
        .queue = push->queue,
        .priority = push->priority,
        .is_delayed = push->is_delayed,
        .due = model->now,
        .number = ++model->last_number,
        .batch = push->batch,
        .key = push->key,
        .until_started = push->until_started,
        .holds_key = push->key != MODEL_NONE,
    };
}

static enum push_result push_one(struct model *model, const struct model_push *push)
{
    if (model->jobs[push->job].place != PLACE_NOWHERE)
        return PUSH_REPEATED;
    if (is_key_held(model, push->key))
        return PUSH_DUPLICATE;
    store_one(model, push);
    if (push->batch != MODEL_NONE)
        grow(model, push->batch);
    return PUSH_STORED;
}

bool model_push(struct model *model, const struct model_push *pushes, size_t count,
                enum push_result *results)
{
    for (size_t i = 0; i < count; i++) {
        if (is_closed(model, pushes[i].batch) && model->jobs[pushes[i].job].place == PLACE_NOWHERE)
            return false;
    }
    for (size_t i = 0; i < count; i++)
        results[i] = push_one(model, &pushes[i]);
    return true;
}

/* --- reserving and ending --- */

size_t model_reserve(struct model *model, int owner, int queue, size_t count, int *jobs)
{
    int ready[MODEL_JOBS_ALL];
    size_t found = model_list(model, PLACE_WAITING, queue, false, ready);
    if (found > count)
        found = count;
    for (size_t i = 0; i < found; i++) {
        struct model_job *job = &model->jobs[ready[i]];
        job->place = PLACE_RESERVED;
        job->owner = owner;
        job->attempts++;
        if (job->until_started)
            job->holds_key = false;
        jobs[i] = ready[i];
    }
    return found;
}

static bool holds(const struct model *model, int owner, int number, int attempt)
{
    const struct model_job *job = &model->jobs[number];
    return job->place == PLACE_RESERVED && job->owner == owner && job->attempts == attempt;
}

static bool must_not_go_back(const struct model *model, const struct model_job *job)
{
    return job->is_cancelled || (job->batch != MODEL_NONE && model->batches[job->batch].exists &&
                                 model->batches[job->batch].is_cancelled);
}

static void note_failure(struct model_job *job)
{
    if (job->failures < HISTORY_MAX)
        job->failures++;
}

enum place_again { AT_ITS_PLACE, DUE_NOW };

static void go_back(struct model *model, struct model_job *job, enum place_again again, bool counts,
                    bool is_noted)
{
    if (must_not_go_back(model, job)) {
        remove_job(job);
        count_end(model, job->batch, ENDED_CANCELLED);
        return;
    }
    job->place = PLACE_WAITING;
    if (is_noted)
        note_failure(job);
    if (again == DUE_NOW)
        job->due = model->now;
    if (!counts)
        job->attempts--;
}

static void fail(struct model *model, struct model_job *job)
{
    job->place = PLACE_FAILED;
    job->holds_key = false;
    job->failed = ++model->last_number;
    note_failure(job);
    count_end(model, job->batch, ENDED_FAILED);
}

bool model_end(struct model *model, int owner, int number, int attempt, enum outcome_kind kind,
               bool has_cause, const struct model_push *pushes, size_t push_count)
{
    struct model_job *job = &model->jobs[number];
    if (!holds(model, owner, number, attempt))
        return false;
    for (size_t i = 0; i < push_count; i++) {
        if (!is_closed(model, pushes[i].batch))
            push_one(model, &pushes[i]);
    }
    switch (kind) {
    case OUTCOME_RELEASE:
    case OUTCOME_UNTOUCHED:
        go_back(model, job, kind == OUTCOME_RELEASE ? DUE_NOW : AT_ITS_PLACE,
                kind == OUTCOME_RELEASE, kind == OUTCOME_RELEASE && has_cause);
        break;
    case OUTCOME_FAIL:
        fail(model, job);
        break;
    case OUTCOME_DONE:
    case OUTCOME_CANCELLED:
        remove_job(job);
        count_end(model, job->batch, kind == OUTCOME_DONE ? ENDED_DONE : ENDED_CANCELLED);
        break;
    }
    return true;
}

enum lease_state model_extend(const struct model *model, int owner, int job, int attempt)
{
    if (!holds(model, owner, job, attempt))
        return LEASE_LOST;
    return model->jobs[job].is_cancelled ? LEASE_CANCELLED : LEASE_HELD;
}

uint64_t model_return_owner(struct model *model, int owner, const bool *begun)
{
    uint64_t count = 0;
    for (int i = 0; i < MODEL_JOBS_ALL; i++) {
        struct model_job *job = &model->jobs[i];
        if (job->place != PLACE_RESERVED || job->owner != owner)
            continue;
        go_back(model, job, AT_ITS_PLACE, begun[i], begun[i]);
        count++;
    }
    return count;
}

/* --- taking away --- */

int model_cancel(struct model *model, int number)
{
    struct model_job *job = &model->jobs[number];
    if (!is_live(job))
        return -1;
    bool waits = job->place == PLACE_WAITING;
    job->is_cancelled = true;
    if (waits) {
        remove_job(job);
        count_end(model, job->batch, ENDED_CANCELLED);
    }
    return waits ? CANCEL_REMOVED : CANCEL_ASKED;
}

uint64_t model_purge(struct model *model, int queue)
{
    bool taken[MODEL_JOBS_ALL];
    uint64_t count = 0;
    for (int i = 0; i < MODEL_JOBS_ALL; i++) {
        struct model_job *job = &model->jobs[i];
        taken[i] = job->place == PLACE_WAITING && (queue == MODEL_NONE || job->queue == queue);
        count += taken[i];
        if (taken[i])
            remove_job(job);
    }
    for (int i = 0; i < MODEL_JOBS_ALL; i++)
        if (taken[i])
            count_end(model, model->jobs[i].batch, ENDED_CANCELLED);
    return count;
}

/* --- failed jobs --- */

static size_t choose_failed(const struct model *model, int number, int queue, int batch,
                            size_t limit, int *jobs)
{
    int failed[MODEL_JOBS_ALL];
    size_t count = 0;
    for (size_t i = model_list(model, PLACE_FAILED, queue, false, failed); i > 0; i--) {
        int job = failed[i - 1]; /* oldest first */
        if ((number == MODEL_NONE || number == job) &&
            (batch == MODEL_NONE || model->jobs[job].batch == batch) && count < limit)
            jobs[count++] = job;
    }
    return count;
}

static void retry_one(struct model *model, struct model_job *job)
{
    job->place = PLACE_WAITING;
    job->is_delayed = job->is_cancelled = false;
    job->attempts = 0;
    job->due = model->now;
    job->number = ++model->last_number;
    job->holds_key = job->key != MODEL_NONE && !is_key_held(model, job->key);
    struct model_batch *batch = job->batch == MODEL_NONE ? NULL : &model->batches[job->batch];
    if (!batch || !batch->exists)
        return;
    batch->pending++;
    batch->failed--;
    batch->is_cancelled = batch->is_finished = false;
}

uint64_t model_retry(struct model *model, int job, int queue, int batch, size_t limit)
{
    int jobs[MODEL_JOBS_ALL];
    size_t count = choose_failed(model, job, queue, batch, limit, jobs);
    for (size_t i = 0; i < count; i++)
        retry_one(model, &model->jobs[jobs[i]]);
    return count;
}

uint64_t model_discard(struct model *model, int job, int queue, int batch, size_t limit)
{
    int jobs[MODEL_JOBS_ALL];
    size_t count = choose_failed(model, job, queue, batch, limit, jobs);
    for (size_t i = 0; i < count; i++)
        remove_job(&model->jobs[jobs[i]]);
    return count;
}
