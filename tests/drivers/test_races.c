/* SPDX-License-Identifier: MIT */
#include "tests/drivers/suite.h"

#include <signal.h>
#include <unistd.h>

#include "tests/drivers/processes.h"

static const char *owner_of(int number, char owner[16])
{
    snprintf(owner, 16, "owner-%d", number);
    return owner;
}

/* Ends what was reserved last, and reserves more, until `until` jobs are done by all together. */
static void work(struct fixture *fixture, struct shared *shared, int number, int until)
{
    enum { BATCH = 10 };
    struct outcome outcomes[BATCH];
    struct taken taken[BATCH];
    size_t count = 0;
    char owner[16];
    const struct reserve_request request = {
        .queue = "default", .owner = owner_of(number, owner), .count = BATCH, .lease_ms = LEASE_MS};
    int64_t deadline = now_ms() + PATIENCE_MS;
    while (atomic_load(&shared->counts[0]) < until && now_ms() < deadline) {
        ok(fixture, fixture->driver->turn(fixture->a, owner, outcomes, count, &request,
                                          &fixture->reservation, &fixture->err));
        for (size_t i = 0; i < count; i++) {
            assert_true(outcomes[i].applied);
            atomic_fetch_add(&shared->seen[number_of(taken[i].uuid)], 1);
            atomic_fetch_add(&shared->counts[0], 1);
        }
        count = fixture->reservation.count;
        for (size_t i = 0; i < count; i++) {
            taken[i] = lease_of(&fixture->reservation.jobs[i]);
            outcomes[i] = outcome_of(&taken[i], OUTCOME_DONE);
        }
    }
}

#define WORKED 2000

static void worker(struct fixture *fixture, struct shared *shared, int number)
{
    work(fixture, shared, number, WORKED);
}

static void each_was_seen_once(const struct shared *shared, int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(shared->seen[i], 1);
}

static void test_several_workers_take_each_job_once(void **state)
{
    struct fixture *fixture = *state;
    struct shared *shared = shared_new();
    push_numbered(fixture, "default", 0, WORKED);
    run_together(fixture, shared, (const process_fn[]){worker, worker, worker, worker}, 4, -1);
    each_was_seen_once(shared, WORKED);
    has_stats(fixture, "default", 0, 0, 0, 0);
    shared_free(shared);
}

static void pusher(struct fixture *fixture, struct shared *shared, int number)
{
    (void)shared;
    for (int i = 0; i < WORKED / 2; i += 20)
        push_numbered(fixture, "default", number * WORKED / 2 + i, 20);
}

static void test_pushing_while_others_work(void **state)
{
    struct fixture *fixture = *state;
    struct shared *shared = shared_new();
    run_together(fixture, shared, (const process_fn[]){pusher, pusher, worker, worker}, 4, -1);
    each_was_seen_once(shared, WORKED);
    has_stats(fixture, "default", 0, 0, 0, 0);
    shared_free(shared);
}

/* --- the last two jobs of a batch --- */

#define BATCHES 100

static void end_half(struct fixture *fixture, struct shared *shared, int number)
{
    char owner[16], queue[16];
    owner_of(number, owner);
    snprintf(queue, sizeof queue, "half-%d", number);
    for (int i = 0; i < BATCHES; i++) {
        assert_int_equal(take(fixture, fixture->a, owner, queue, 1), 1);
        struct taken taken = lease_of(&fixture->reservation.jobs[0]);
        meet(shared, 2, i + 1);
        assert_true(end(fixture, fixture->a, owner, &taken, OUTCOME_DONE));
    }
}

static void make_batch(struct fixture *fixture, int number)
{
    char uuid[16], one[UUID_SIZE], two[UUID_SIZE], success_uuid[UUID_SIZE], finish_uuid[UUID_SIZE];
    snprintf(uuid, sizeof uuid, "batch-%d", number);
    const struct job success = job_of("success", uuid_of(10000 + number, success_uuid));
    const struct job finish = job_of("finish", uuid_of(20000 + number, finish_uuid));
    const struct batch batch = {.uuid = uuid, .on_success = &success, .on_finish = &finish};
    ok(fixture, fixture->driver->batch_create(fixture->a, &batch, &fixture->err));
    struct job jobs[] = {job_of("half-0", uuid_of(2 * number, one)),
                         job_of("half-1", uuid_of(2 * number + 1, two))};
    jobs[0].batch_uuid = jobs[1].batch_uuid = uuid;
    push(fixture, jobs, 2);
}

static void test_the_last_two_jobs_of_a_batch_end_together(void **state)
{
    struct fixture *fixture = *state;
    struct shared *shared = shared_new();
    for (int i = 0; i < BATCHES; i++)
        make_batch(fixture, i);
    run_together(fixture, shared, (const process_fn[]){end_half, end_half}, 2, -1);
    has_stats(fixture, "success", BATCHES, 0, 0, 0);
    has_stats(fixture, "finish", BATCHES, 0, 0, 0);
    shared_free(shared);
}

/* --- purging, returning and cancelling under the workers' hands --- */

#define DISPUTED 1000

static void purger(struct fixture *fixture, struct shared *shared, int number)
{
    (void)number;
    uint64_t removed;
    meet(shared, 2, 1);
    ok(fixture, fixture->driver->purge(fixture->a, "default", &removed, &fixture->err));
    atomic_fetch_add(&shared->counts[0], (int)removed);
    atomic_fetch_add(&shared->counts[1], (int)removed);
}

static void purged_worker(struct fixture *fixture, struct shared *shared, int number)
{
    meet(shared, 2, 1);
    work(fixture, shared, number, DISPUTED);
}

static void test_a_purge_under_way_takes_what_waits(void **state)
{
    struct fixture *fixture = *state;
    struct shared *shared = shared_new();
    int done = 0;
    push_numbered(fixture, "default", 0, DISPUTED);
    run_together(fixture, shared, (const process_fn[]){purger, purged_worker}, 2, -1);
    for (int i = 0; i < DISPUTED; i++) {
        assert_in_range(shared->seen[i], 0, 1);
        done += shared->seen[i];
    }
    assert_int_equal(done + shared->counts[1], DISPUTED);
    has_stats(fixture, "default", 0, 0, 0, 0);
    shared_free(shared);
}

static void late_worker(struct fixture *fixture, struct shared *shared, int number)
{
    (void)number;
    size_t count = take(fixture, fixture->a, "late", "default", DISPUTED);
    struct taken *taken = mem_new(count, sizeof *taken);
    for (size_t i = 0; i < count; i++)
        taken[i] = lease_of(&fixture->reservation.jobs[i]);
    struct store *other = fixture_connect(fixture); /* the one that reserved may be ended */
    meet(shared, 2, 1);
    for (size_t i = 0; i < count; i++)
        if (end(fixture, other, "late", &taken[i], OUTCOME_DONE))
            atomic_fetch_add(&shared->counts[0], 1);
    fixture->driver->close(other);
    free(taken);
}

static void undertaker(struct fixture *fixture, struct shared *shared, int number)
{
    (void)number;
    uint64_t returned;
    meet(shared, 2, 1);
    pause_briefly();
    ok(fixture,
       fixture->driver->return_owner(fixture->a, "late", NULL, 0, &returned, &fixture->err));
    atomic_fetch_add(&shared->counts[1], (int)returned);
}

static void test_a_late_acknowledgement_while_leases_are_returned(void **state)
{
    struct fixture *fixture = *state;
    struct shared *shared = shared_new();
    push_numbered(fixture, "default", 0, DISPUTED);
    run_together(fixture, shared, (const process_fn[]){late_worker, undertaker}, 2, -1);
    assert_int_equal(shared->counts[0] + shared->counts[1], DISPUTED);
    has_stats(fixture, "default", (uint64_t)shared->counts[1], 0, 0, 0);
    shared_free(shared);
}

static void canceller(struct fixture *fixture, struct shared *shared, int number)
{
    (void)number;
    char uuid[UUID_SIZE];
    meet(shared, 2, 1);
    for (int i = DISPUTED - 1; i >= 0; i--) {
        enum cancel_result result = CANCEL_ASKED;
        int cancelled =
            fixture->driver->job_cancel(fixture->a, uuid_of(i, uuid), &result, &fixture->err);
        assert_true(cancelled == 0 || fixture->err.code == ERR_NOT_FOUND);
        err_clear(&fixture->err);
        if (cancelled == 0 && result == CANCEL_REMOVED) {
            atomic_fetch_add(&shared->seen[i], 1);
            atomic_fetch_add(&shared->counts[0], 1);
        }
    }
}

static void test_cancelling_while_a_worker_takes(void **state)
{
    struct fixture *fixture = *state;
    struct shared *shared = shared_new();
    push_numbered(fixture, "default", 0, DISPUTED);
    run_together(fixture, shared, (const process_fn[]){canceller, purged_worker}, 2, -1);
    each_was_seen_once(shared, DISPUTED);
    has_stats(fixture, "default", 0, 0, 0, 0);
    shared_free(shared);
}

/* --- promotion against reservation --- */

static void test_many_jobs_become_due_under_several_workers(void **state)
{
    struct fixture *fixture = *state;
    struct shared *shared = shared_new();
    static char uuids[WORKED][UUID_SIZE];
    struct job *jobs = mem_new(WORKED, sizeof *jobs);
    for (int i = 0; i < WORKED; i++) {
        jobs[i] = job_of("default", uuid_of(i, uuids[i]));
        jobs[i].delay_ms = 100 + i % 50;
        jobs[i].priority = i % 4;
    }
    push(fixture, jobs, WORKED);
    run_together(fixture, shared, (const process_fn[]){worker, worker, worker}, 3, -1);
    each_was_seen_once(shared, WORKED);
    has_stats(fixture, "default", 0, 0, 0, 0);
    free(jobs);
    shared_free(shared);
}

/* --- one of several --- */

#define ROUNDS 50

static void rival(struct fixture *fixture, struct shared *shared, int number)
{
    char owner[16], uuid[UUID_SIZE], key[16];
    owner_of(number, owner);
    for (int i = 0; i < ROUNDS; i++) {
        struct job job = job_of("default", uuid_of(number * ROUNDS + i, uuid));
        const struct note note = {.kind = "lease", .key = key, .value = "1", .owner = owner};
        enum push_result result;
        bool held;
        snprintf(key, sizeof key, "key-%d", i);
        job.unique_key = key;
        job.unique_until = UNIQUE_DONE;
        meet(shared, 3, i + 1);
        ok(fixture, fixture->driver->push(fixture->a, &job, 1, &result, &fixture->err));
        ok(fixture, fixture->driver->note_claim(fixture->a, &note, &held, &fixture->err));
        atomic_fetch_add(&shared->counts[0], result == PUSH_STORED);
        atomic_fetch_add(&shared->counts[1], held);
    }
}

static void test_one_of_several_gets_a_key_and_a_claim(void **state)
{
    struct fixture *fixture = *state;
    struct shared *shared = shared_new();
    run_together(fixture, shared, (const process_fn[]){rival, rival, rival}, 3, -1);
    assert_int_equal(shared->counts[0], ROUNDS);
    assert_int_equal(shared->counts[1], ROUNDS);
    has_stats(fixture, "default", ROUNDS, 0, 0, 0);
    shared_free(shared);
}

/* The same jobs are pushed by two who do not know of each other. */
static void repeater(struct fixture *fixture, struct shared *shared, int number)
{
    (void)number;
    char uuid[UUID_SIZE];
    for (int i = 0; i < ROUNDS; i++) {
        const struct job job = job_of("default", uuid_of(i, uuid));
        enum push_result result;
        meet(shared, 2, i + 1);
        ok(fixture, fixture->driver->push(fixture->a, &job, 1, &result, &fixture->err));
        atomic_fetch_add(&shared->seen[i], result == PUSH_STORED);
    }
}

static void test_a_push_repeated_at_the_same_time(void **state)
{
    struct fixture *fixture = *state;
    struct shared *shared = shared_new();
    run_together(fixture, shared, (const process_fn[]){repeater, repeater}, 2, -1);
    each_was_seen_once(shared, ROUNDS);
    has_stats(fixture, "default", ROUNDS, 0, 0, 0);
    shared_free(shared);
}

/* --- retrying --- */

static void retrier(struct fixture *fixture, struct shared *shared, int number)
{
    (void)number;
    const struct failed_filter filter = {.limit = 7};
    uint64_t count;
    meet(shared, 2, 1);
    do {
        ok(fixture, fixture->driver->failed_retry(fixture->a, &filter, &count, &fixture->err));
        atomic_fetch_add(&shared->counts[0], (int)count);
    } while (count == 7);
}

static void test_two_retry_all(void **state)
{
    struct fixture *fixture = *state;
    struct shared *shared = shared_new();
    enum { COUNT = 200 };
    struct taken taken[COUNT];
    struct outcome outcomes[COUNT];
    push_numbered(fixture, "default", 0, COUNT);
    assert_int_equal(take(fixture, fixture->a, "w", "default", COUNT), COUNT);
    for (int i = 0; i < COUNT; i++) {
        taken[i] = lease_of(&fixture->reservation.jobs[i]);
        outcomes[i] = outcome_of(&taken[i], OUTCOME_FAIL);
        outcomes[i].exception = "no";
    }
    ok(fixture, fixture->driver->turn(fixture->a, "w", outcomes, COUNT, NULL, NULL, &fixture->err));
    run_together(fixture, shared, (const process_fn[]){retrier, retrier}, 2, -1);
    assert_int_equal(shared->counts[0], COUNT);
    has_stats(fixture, "default", COUNT, 0, 0, 0);
    shared_free(shared);
}

/* --- a worker that is killed --- */

static void victim(struct fixture *fixture, struct shared *shared, int number)
{
    char owner[16];
    owner_of(number, owner);
    atomic_store(&shared->counts[2], (int)getpid());
    for (;;) {
        size_t count = take(fixture, fixture->a, owner, "default", 3);
        for (size_t i = 0; i < count; i++) {
            struct taken taken = lease_of(&fixture->reservation.jobs[i]);
            if (end(fixture, fixture->a, owner, &taken, OUTCOME_DONE))
                atomic_fetch_add(&shared->seen[number_of(taken.uuid)], 1);
        }
        if (count == 0)
            return;
    }
}

static void killer(struct fixture *fixture, struct shared *shared, int number)
{
    (void)fixture, (void)number;
    int64_t deadline = now_ms() + PATIENCE_MS;
    while (atomic_load(&shared->counts[2]) == 0 || atomic_load(&shared->seen[20]) == 0) {
        assert_true(now_ms() < deadline);
        pause_briefly();
    }
    kill((pid_t)atomic_load(&shared->counts[2]), SIGKILL);
}

static void test_a_killed_worker_loses_no_job(void **state)
{
    struct fixture *fixture = *state;
    struct shared *shared = shared_new();
    uint64_t returned;
    push_numbered(fixture, "default", 0, JOBS_MAX);
    run_together(fixture, shared, (const process_fn[]){victim, killer}, 2, 0);
    ok(fixture,
       fixture->driver->return_owner(fixture->a, "owner-0", NULL, 0, &returned, &fixture->err));
    int done = 0, unknown = 0;
    for (int i = 0; i < JOBS_MAX; i++)
        done += shared->seen[i];
    /* It may have died between an acknowledgement and its count. */
    unknown = JOBS_MAX - done - (int)stats_of(fixture, "default").pending;
    assert_in_range(unknown, 0, 1);
    has_stats(fixture, "default", (uint64_t)(JOBS_MAX - done - unknown), 0, 0, 0);
    shared_free(shared);
}

static const struct CMUnitTest tests[] = {
    CONFORMANCE(test_several_workers_take_each_job_once),
    CONFORMANCE(test_pushing_while_others_work),
    CONFORMANCE(test_the_last_two_jobs_of_a_batch_end_together),
    CONFORMANCE(test_a_purge_under_way_takes_what_waits),
    CONFORMANCE(test_a_late_acknowledgement_while_leases_are_returned),
    CONFORMANCE(test_cancelling_while_a_worker_takes),
    CONFORMANCE(test_many_jobs_become_due_under_several_workers),
    CONFORMANCE(test_one_of_several_gets_a_key_and_a_claim),
    CONFORMANCE(test_a_push_repeated_at_the_same_time),
    CONFORMANCE(test_two_retry_all),
    CONFORMANCE(test_a_killed_worker_loses_no_job),
};

const struct part part_races = PART("races", tests);
