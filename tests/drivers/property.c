/* SPDX-License-Identifier: MIT */

/*
 * Random operations on a driver and on a model of the contract (model.h), with everything that can
 * be seen compared after each:
 *
 *     property [--seed=N] [--rounds=N] [--operations=N] KEY=VALUE…
 *
 * Each round has a store of its own. The same seed does the same on every driver. A difference is
 * told with the round and the operation, and ends the program.
 */
#include <inttypes.h>
#include <stdio.h>

#include "common/json.h"
#include "queue/history.h"
#include "tests/drivers/fixture.h"
#include "tests/drivers/model.h"

struct run {
    struct fixture *fixture;
    struct model model;
    uint64_t random;
    const char *operation; /* for messages */
    int64_t last_ms;
    char seen[65536]; /* what the driver lists */
    char expected[65536];
};

static uint64_t seed = 1;
static int rounds = 8;
static int operations = 400;

/* --- numbers and names --- */

static int below(struct run *run, int limit)
{
    run->random ^= run->random << 13;
    run->random ^= run->random >> 7;
    run->random ^= run->random << 17;
    return (int)((run->random >> 16) % (uint64_t)limit);
}

static bool chance(struct run *run, int percent)
{
    return below(run, 100) < percent;
}

struct names {
    char jobs[MODEL_JOBS_ALL][16], queues[MODEL_QUEUES + MODEL_BATCHES * MODEL_CALLBACKS][16],
        owners[MODEL_OWNERS][16], batches[MODEL_BATCHES][16], keys[MODEL_KEYS][16];
};

static struct names names;

static void make_names(void)
{
    for (int i = 0; i < MODEL_JOBS_ALL; i++)
        snprintf(names.jobs[i], 16, "j%02d", i);
    for (int i = 0; i < MODEL_QUEUES + MODEL_BATCHES * MODEL_CALLBACKS; i++)
        snprintf(names.queues[i], 16, "q%02d", i);
    for (int i = 0; i < MODEL_OWNERS; i++)
        snprintf(names.owners[i], 16, "o%d", i);
    for (int i = 0; i < MODEL_BATCHES; i++)
        snprintf(names.batches[i], 16, "b%02d", i);
    for (int i = 0; i < MODEL_KEYS; i++)
        snprintf(names.keys[i], 16, "k%d", i);
}

static int job_number(const char *uuid)
{
    return atoi(uuid + 1);
}

/* --- one after the other --- */

/* The next operation is at least a millisecond behind the last one, also by the store's clock. */
static void tick(struct run *run, const char *operation)
{
    while (clock_wall_ms(&clock_system) <= run->last_ms)
        ;
    run->operation = operation;
    model_tick(&run->model);
}

static void done(struct run *run)
{
    run->last_ms = clock_wall_ms(&clock_system);
}

#define check(run, condition)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("%s at %" PRId64 ": %s", (run)->operation, (run)->model.now, #condition);     \
    } while (0)

/* --- pushing --- */

static struct model_push random_push(struct run *run)
{
    static const int priorities[] = {0, 0, 0, 5, -1};
    return (struct model_push){
        .job = below(run, MODEL_JOBS),
        .queue = below(run, MODEL_QUEUES),
        .priority = priorities[below(run, 5)],
        .batch = chance(run, 40) ? below(run, MODEL_BATCHES) : MODEL_NONE,
        .key = chance(run, 25) ? below(run, MODEL_KEYS) : MODEL_NONE,
        .is_delayed = chance(run, 10),
        .until_started = chance(run, 40),
    };
}

static struct job job_of_push(const struct model_push *push)
{
    struct job job = job_of(names.queues[push->queue], names.jobs[push->job]);
    job.priority = push->priority;
    job.delay_ms = push->is_delayed ? 3600000 : 0;
    if (push->batch != MODEL_NONE)
        job.batch_uuid = names.batches[push->batch];
    if (push->key != MODEL_NONE) {
        job.unique_key = names.keys[push->key];
        job.unique_until = push->until_started ? UNIQUE_STARTED : UNIQUE_DONE;
    }
    return job;
}

#define PUSHES_MAX 5

/* Now and then the same job again; never two different ones of the same uuid. */
static struct model_push next_push(struct run *run, const struct model_push *pushes, size_t count)
{
    struct model_push push = random_push(run);
    for (size_t i = 0; i < count; i++) {
        if (pushes[i].job == push.job || chance(run, 3))
            return pushes[i];
    }
    return push;
}

static void push_jobs(struct run *run)
{
    struct fixture *fixture = run->fixture;
    struct model_push pushes[PUSHES_MAX];
    struct job jobs[PUSHES_MAX];
    enum push_result results[PUSHES_MAX], expected[PUSHES_MAX];
    size_t count = (size_t)below(run, PUSHES_MAX) + 1;
    for (size_t i = 0; i < count; i++) {
        pushes[i] = next_push(run, pushes, i);
        jobs[i] = job_of_push(&pushes[i]);
    }
    tick(run, "push");
    int result = fixture->driver->push(fixture->a, jobs, count, results, &fixture->err);
    bool is_open = model_push(&run->model, pushes, count, expected);
    check(run, result == (is_open ? 0 : -1));
    check(run, is_open || fixture->err.code == ERR_CONFLICT);
    err_clear(&fixture->err);
    for (size_t i = 0; i < count && is_open; i++)
        check(run, results[i] == expected[i]);
}

/* --- turns --- */

#define OUTCOMES_MAX 8

struct turn {
    struct outcome outcomes[OUTCOMES_MAX];
    int jobs[OUTCOMES_MAX];
    struct model_push pushes[OUTCOMES_MAX][2];
    struct job push_jobs[OUTCOMES_MAX][2];
    size_t count;
};

/* The number that the store gave to a job: known from the last reservation of it. */
static int64_t store_ids[MODEL_JOBS_ALL];

static void add_pushes(struct run *run, struct turn *turn, size_t at)
{
    struct outcome *outcome = &turn->outcomes[at];
    outcome->push_count = (size_t)below(run, 2) + 1;
    outcome->pushes = turn->push_jobs[at];
    for (size_t i = 0; i < outcome->push_count; i++) {
        turn->pushes[at][i] = next_push(run, turn->pushes[at], i);
        turn->push_jobs[at][i] = job_of_push(&turn->pushes[at][i]);
    }
}

static void add_outcome(struct run *run, struct turn *turn, int job, int attempt,
                        enum outcome_kind kind)
{
    size_t at = turn->count++;
    struct outcome *outcome = &turn->outcomes[at];
    turn->jobs[at] = job;
    *outcome = (struct outcome){
        .lease = {.id = store_ids[job], .uuid = names.jobs[job], .attempt = attempt},
        .kind = kind,
        .cause = chance(run, 50) ? "exception" : NULL,
    };
    outcome->exception = outcome->cause;
    if (kind != OUTCOME_RELEASE && chance(run, 20))
        add_pushes(run, turn, at);
}

/* Some of what the owner holds, and now and then what it does not, in the order of their push. */
static size_t choose_jobs(struct run *run, int owner, int *jobs)
{
    size_t count = 0;
    for (int job = 0; job < MODEL_JOBS_ALL && count < OUTCOMES_MAX; job++) {
        const struct model_job *it = &run->model.jobs[job];
        bool is_its = it->place == PLACE_RESERVED && it->owner == owner;
        if (!chance(run, is_its ? 50 : 1))
            continue;
        size_t at = count++;
        for (; at > 0 && it->number < run->model.jobs[jobs[at - 1]].number; at--)
            jobs[at] = jobs[at - 1];
        jobs[at] = job;
    }
    return count;
}

/* What becomes due in the same turn does so in the same millisecond, and drivers may differ in what
 * they take for first then: the order of the outcomes, or that of the pushes. So the two agree
 * here: releases come first, in the order of their push. And one job fails at a time. */
static void choose_outcomes(struct run *run, struct turn *turn, int owner)
{
    static const enum outcome_kind kinds[] = {OUTCOME_DONE, OUTCOME_DONE, OUTCOME_UNTOUCHED,
                                              OUTCOME_CANCELLED};
    int jobs[OUTCOMES_MAX];
    size_t count = choose_jobs(run, owner, jobs);
    size_t releases = count > 0 ? (size_t)below(run, (int)count + 1) : 0;
    bool fails = chance(run, 60);
    for (size_t i = 0; i < count; i++) {
        int attempt = run->model.jobs[jobs[i]].attempts + (chance(run, 3) ? 1 : 0);
        enum outcome_kind kind = i < releases / 2          ? OUTCOME_RELEASE
                                 : fails && i + 1 == count ? OUTCOME_FAIL
                                                           : kinds[below(run, 4)];
        add_outcome(run, turn, jobs[i], attempt, kind);
    }
    if (count > 0 && count < OUTCOMES_MAX && chance(run, 10))
        add_outcome(run, turn, jobs[0], run->model.jobs[jobs[0]].attempts, OUTCOME_DONE);
}

static void check_reserved(struct run *run, const int *expected, size_t count)
{
    const struct reservation *reservation = &run->fixture->reservation;
    check(run, reservation->count == count);
    for (size_t i = 0; i < count; i++) {
        const struct job *job = &reservation->jobs[i];
        const struct model_job *it = &run->model.jobs[expected[i]];
        check(run, job_number(job->uuid) == expected[i]);
        check(run, job->attempts == it->attempts);
        check(run, job->priority == it->priority);
        check(run, (job->unique_key != NULL) == (it->key != MODEL_NONE));
        store_ids[expected[i]] = job->id;
    }
}

static void turn(struct run *run)
{
    struct fixture *fixture = run->fixture;
    struct turn turn = {.count = 0};
    int owner = below(run, MODEL_OWNERS);
    int queue = chance(run, 85) ? below(run, MODEL_QUEUES)
                                : below(run, MODEL_QUEUES + MODEL_BATCHES * MODEL_CALLBACKS);
    const struct reserve_request request = {.queue = names.queues[queue],
                                            .owner = names.owners[owner],
                                            .count = (size_t)below(run, 6),
                                            .lease_ms = 3600000};
    bool reserves = chance(run, 70);
    int expected[MODEL_JOBS_ALL];
    choose_outcomes(run, &turn, owner);
    tick(run, "turn");
    ok(fixture,
       fixture->driver->turn(chance(run, 50) ? fixture->a : fixture->b, names.owners[owner],
                             turn.outcomes, turn.count, reserves ? &request : NULL,
                             reserves ? &fixture->reservation : NULL, &fixture->err));
    for (size_t i = 0; i < turn.count; i++) {
        const struct outcome *outcome = &turn.outcomes[i];
        bool applied =
            model_end(&run->model, owner, turn.jobs[i], outcome->lease.attempt, outcome->kind,
                      outcome->cause != NULL, turn.pushes[i], outcome->push_count);
        check(run, outcome->applied == applied);
    }
    if (reserves)
        check_reserved(run, expected,
                       model_reserve(&run->model, owner, queue, request.count, expected));
}

/* --- the rest --- */

static void extend(struct run *run)
{
    struct fixture *fixture = run->fixture;
    int owner = below(run, MODEL_OWNERS), job = below(run, MODEL_JOBS);
    int attempt = run->model.jobs[job].attempts;
    struct renewal renewal = {
        .lease = {.id = store_ids[job], .uuid = names.jobs[job], .attempt = attempt},
        .progress = -1};
    tick(run, "extend");
    ok(fixture, fixture->driver->extend(fixture->a, names.owners[owner], &renewal, 1, 3600000,
                                        &fixture->err));
    check(run, renewal.state == model_extend(&run->model, owner, job, attempt));
}

static void return_owner(struct run *run)
{
    struct fixture *fixture = run->fixture;
    struct lease leases[MODEL_JOBS_ALL];
    bool begun[MODEL_JOBS_ALL] = {false};
    size_t count = 0;
    uint64_t returned;
    int owner = below(run, MODEL_OWNERS);
    for (int job = 0; job < MODEL_JOBS_ALL; job++) {
        begun[job] = chance(run, 50);
        if (begun[job])
            leases[count++] =
                (struct lease){.uuid = names.jobs[job], .attempt = run->model.jobs[job].attempts};
    }
    tick(run, "return_owner");
    ok(fixture, fixture->driver->return_owner(fixture->b, names.owners[owner], leases, count,
                                              &returned, &fixture->err));
    check(run, returned == model_return_owner(&run->model, owner, begun));
}

static void cancel(struct run *run)
{
    struct fixture *fixture = run->fixture;
    enum cancel_result result = CANCEL_REMOVED;
    int job = below(run, MODEL_JOBS);
    tick(run, "job_cancel");
    int found = fixture->driver->job_cancel(fixture->a, names.jobs[job], &result, &fixture->err);
    int expected = model_cancel(&run->model, job);
    check(run, (found == 0) == (expected >= 0));
    check(run, found < 0 || (int)result == expected);
    check(run, found == 0 || fixture->err.code == ERR_NOT_FOUND);
    err_clear(&fixture->err);
}

static void purge(struct run *run)
{
    struct fixture *fixture = run->fixture;
    uint64_t removed;
    int queue = chance(run, 90) ? below(run, MODEL_QUEUES) : MODEL_NONE;
    tick(run, "purge");
    ok(fixture, fixture->driver->purge(fixture->a, queue == MODEL_NONE ? NULL : names.queues[queue],
                                       &removed, &fixture->err));
    check(run, removed == model_purge(&run->model, queue));
}

static void change_failed(struct run *run)
{
    struct fixture *fixture = run->fixture;
    int job = chance(run, 40) ? below(run, MODEL_JOBS) : MODEL_NONE;
    int queue = chance(run, 40) ? below(run, MODEL_QUEUES) : MODEL_NONE;
    int batch = chance(run, 20) ? below(run, MODEL_BATCHES) : MODEL_NONE;
    const struct failed_filter filter = {.uuid = job == MODEL_NONE ? NULL : names.jobs[job],
                                         .queue = queue == MODEL_NONE ? NULL : names.queues[queue],
                                         .batch_uuid =
                                             batch == MODEL_NONE ? NULL : names.batches[batch],
                                         .limit = (size_t)below(run, 4) + 1};
    uint64_t count;
    bool retries = chance(run, 75);
    tick(run, retries ? "failed_retry" : "failed_remove");
    if (retries) {
        ok(fixture, fixture->driver->failed_retry(fixture->a, &filter, &count, &fixture->err));
        check(run, count == model_retry(&run->model, job, queue, batch, filter.limit));
    } else {
        ok(fixture, fixture->driver->failed_remove(fixture->a, &filter, &count, &fixture->err));
        check(run, count == model_discard(&run->model, job, queue, batch, filter.limit));
    }
}

static struct job callback_of(int batch, enum model_callback which)
{
    int place = batch * MODEL_CALLBACKS + (int)which;
    return job_of(names.queues[MODEL_QUEUES + place], names.jobs[MODEL_JOBS + place]);
}

static void create_batch(struct run *run)
{
    struct fixture *fixture = run->fixture;
    int number = below(run, MODEL_BATCHES);
    const struct job success = callback_of(number, CALLBACK_SUCCESS),
                     failure = callback_of(number, CALLBACK_FAILURE),
                     finish = callback_of(number, CALLBACK_FINISH);
    const struct batch batch = {.uuid = names.batches[number],
                                .name = "n",
                                .allow_failures = chance(run, 50),
                                .on_success = &success,
                                .on_failure = &failure,
                                .on_finish = &finish};
    tick(run, "batch_create");
    ok(fixture, fixture->driver->batch_create(fixture->a, &batch, &fixture->err));
    model_batch_create(&run->model, number, batch.allow_failures);
}

static void cancel_batch(struct run *run)
{
    struct fixture *fixture = run->fixture;
    int number = below(run, MODEL_BATCHES);
    uint64_t removed = 0, expected;
    tick(run, "batch_cancel");
    int found =
        fixture->driver->batch_cancel(fixture->a, names.batches[number], &removed, &fixture->err);
    check(run, found == model_batch_cancel(&run->model, number, &expected));
    check(run, found < 0 || removed == expected);
    err_clear(&fixture->err);
}

/* --- comparing --- */

static void note(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(char *text, const char *format, ...)
{
    size_t used = strlen(text);
    va_list values;
    va_start(values, format);
    vsnprintf(text + used, 65536 - used, format, values);
    va_end(values);
}

static int history_length(const char *history)
{
    cJSON *tree = json_parse(history, strlen(history), NULL);
    int length = tree ? cJSON_GetArraySize(tree) : -1;
    cJSON_Delete(tree);
    return length;
}

static int note_view(void *context, const struct job_view *view)
{
    const struct job *job = &view->job;
    note(context, "%s %s state %d attempts %d priority %d batch %s cancelled %d history %d\n",
         job->queue, job->uuid, (int)view->state, job->attempts, job->priority,
         job->batch_uuid ? job->batch_uuid : "-",
         view->state == JOB_RESERVED ? (int)view->is_cancelled : 0, history_length(view->history));
    return 0;
}

static void note_expected(struct run *run, int queue, enum model_place place, enum job_state state)
{
    int jobs[MODEL_JOBS_ALL];
    size_t count = model_list(&run->model, place, queue, state == JOB_DELAYED, jobs);
    for (size_t i = 0; i < count; i++) {
        const struct model_job *job = &run->model.jobs[jobs[i]];
        note(run->expected,
             "%s %s state %d attempts %d priority %d batch %s cancelled %d history %d\n",
             names.queues[queue], names.jobs[jobs[i]], (int)state, job->attempts, job->priority,
             job->batch == MODEL_NONE ? "-" : names.batches[job->batch],
             state == JOB_RESERVED ? (int)job->is_cancelled : 0, job->failures);
    }
}

static int note_failed(void *context, const struct failed_job *failed)
{
    note(context, "failed %s %s attempts %d history %d\n", failed->queue, failed->uuid,
         failed->attempts, history_length(failed->history));
    return 0;
}

static int note_batch(void *context, const struct batch *batch)
{
    note(context,
         "batch %s total %" PRIu64 " pending %" PRIu64 " completed %" PRIu64 " failed %" PRIu64
         " cancelled %" PRIu64 " %d %d\n",
         batch->uuid, batch->total, batch->pending, batch->completed, batch->failed,
         batch->cancelled, batch->cancelled_at_ms != 0, batch->finished_at_ms != 0);
    return 0;
}

static void expect_failed(struct run *run)
{
    int jobs[MODEL_JOBS_ALL];
    size_t count = model_list(&run->model, PLACE_FAILED, MODEL_NONE, false, jobs);
    for (size_t i = 0; i < count; i++) {
        const struct model_job *job = &run->model.jobs[jobs[i]];
        note(run->expected, "failed %s %s attempts %d history %d\n", names.queues[job->queue],
             names.jobs[jobs[i]], job->attempts, job->failures);
    }
}

static void expect_batches(struct run *run)
{
    for (int i = 0; i < MODEL_BATCHES; i++) {
        const struct model_batch *batch = &run->model.batches[i];
        if (batch->exists)
            note(run->expected,
                 "batch %s total %" PRIu64 " pending %" PRIu64 " completed %" PRIu64
                 " failed %" PRIu64 " cancelled %" PRIu64 " %d %d\n",
                 names.batches[i], batch->total, batch->pending, batch->completed, batch->failed,
                 batch->cancelled, batch->is_cancelled, batch->is_finished);
    }
}

/* One by one: batches that were made in the same push have no order. */
static void list_batches(struct run *run)
{
    struct fixture *fixture = run->fixture;
    for (int i = 0; i < MODEL_BATCHES; i++)
        ok(fixture, fixture->driver->batch_list(fixture->b, names.batches[i], NULL, 1, note_batch,
                                                run->seen, &fixture->err));
}

static int line_length(const char *line)
{
    return (int)strcspn(line, "\n");
}

/* The whole of both on standard error, since cmocka cuts long messages; and the first line that
 * differs. */
static void tell_difference(const struct run *run)
{
    const char *seen = run->seen, *expected = run->expected;
    if (strcmp(seen, expected) == 0)
        return;
    while (*seen && line_length(seen) == line_length(expected) &&
           strncmp(seen, expected, (size_t)line_length(seen)) == 0) {
        seen += line_length(seen) + 1;
        expected += line_length(expected) + 1;
    }
    fprintf(stderr, "# the driver has\n%s# and the model\n%s", run->seen, run->expected);
    fail_msg("after %s at %" PRId64 ": the driver has \"%.*s\", the model \"%.*s\"", run->operation,
             run->model.now, line_length(seen), seen, line_length(expected), expected);
}

static void compare_lists(struct run *run)
{
    struct fixture *fixture = run->fixture;
    const struct driver *driver = fixture->driver;
    const struct job_filter all_jobs = {.limit = 1000};
    const struct failed_filter all_failed = {.limit = 1000};
    run->seen[0] = run->expected[0] = '\0';
    ok(fixture, driver->job_list(fixture->b, &all_jobs, note_view, run->seen, &fixture->err));
    ok(fixture,
       driver->failed_list(fixture->b, &all_failed, note_failed, run->seen, &fixture->err));
    list_batches(run);
    for (int queue = 0; queue < MODEL_QUEUES + MODEL_BATCHES * MODEL_CALLBACKS; queue++) {
        note_expected(run, queue, PLACE_RESERVED, JOB_RESERVED);
        note_expected(run, queue, PLACE_WAITING, JOB_READY);
        note_expected(run, queue, PLACE_WAITING, JOB_DELAYED);
    }
    expect_failed(run);
    expect_batches(run);
    tell_difference(run);
}

static void compare_figures(struct run *run)
{
    struct queue_stats stats;
    int queue = below(run, MODEL_QUEUES + 1);
    int jobs[MODEL_JOBS_ALL];
    bool all = queue == MODEL_QUEUES;
    int wanted = all ? MODEL_NONE : queue;
    stats = stats_of(run->fixture, all ? NULL : names.queues[queue]);
    check(run, stats.pending == model_list(&run->model, PLACE_WAITING, wanted, false, jobs));
    check(run, stats.delayed == model_list(&run->model, PLACE_WAITING, wanted, true, jobs));
    check(run, stats.reserved == model_list(&run->model, PLACE_RESERVED, wanted, false, jobs));
    check(run, stats.failed == model_list(&run->model, PLACE_FAILED, wanted, false, jobs));
}

/* --- rounds --- */

static void (*const all_operations[])(struct run *run) = {
    push_jobs, push_jobs, push_jobs,     turn,         turn,         turn,         turn,
    turn,      turn,      extend,        return_owner, cancel,       purge,        change_failed,
    turn,      push_jobs, change_failed, create_batch, create_batch, cancel_batch,
};

static void test_the_driver_does_what_the_model_does(void **state)
{
    static struct run run;
    static uint64_t round;
    run =
        (struct run){.fixture = *state, .random = (seed + ++round) * UINT64_C(0x9e3779b97f4a7c15)};
    for (int i = 0; i < operations; i++) {
        size_t count = sizeof all_operations / sizeof all_operations[0];
        all_operations[below(&run, (int)count)](&run);
        done(&run);
        compare_lists(&run);
        compare_figures(&run);
    }
}

static bool take_option(const char *argument)
{
    if (strncmp(argument, "--seed=", 7) == 0)
        seed = strtoull(argument + 7, NULL, 10);
    else if (strncmp(argument, "--rounds=", 9) == 0)
        rounds = atoi(argument + 9);
    else if (strncmp(argument, "--operations=", 13) == 0)
        operations = atoi(argument + 13);
    else
        return false;
    return true;
}

#define ROUNDS_MAX 1000

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[ROUNDS_MAX];
    int first = 1;
    while (first < argc && take_option(argv[first]))
        first++;
    if (fixture_configure(argc - first, argv + first) < 0)
        return 2;
    make_names();
    size_t count = rounds < ROUNDS_MAX ? (size_t)rounds : ROUNDS_MAX;
    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest)CONFORMANCE(test_the_driver_does_what_the_model_does);
    return _cmocka_run_group_tests("property", tests, count, NULL, NULL);
}
