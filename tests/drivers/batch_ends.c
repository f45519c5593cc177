/* SPDX-License-Identifier: MIT */

/*
 * Batches of two jobs that end at the same moment in two processes, and who is called back:
 *
 *     batch-ends [--batches=N] KEY=VALUE…
 *
 * Every eighth batch has a job that fails, which it allows. Callbacks are taken out of their queue
 * as they come, so that one which is pushed twice is run twice. Each must have come exactly once,
 * or not at all, and the counters must be right.
 */
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/drivers/fixture.h"

#define PART      100 /* batches on their way at a time */
#define ENDERS    2
#define NAME_SIZE 24

enum callback { THEN, CATCH, FINALLY, CALLBACK_COUNT };

static const char letters[] = "tcf"; /* of their uuids, which a number follows */

static int batch_count = 1000;

struct shared {
    _Atomic int made;  /* batches that may be ended */
    _Atomic int ready; /* processes at the barrier, so far */
    _Atomic int ended; /* jobs */
};

static bool has_failure(int number)
{
    return number % 8 == 7;
}

/* --- the two processes --- */

static enum outcome_kind kind_of(const struct job *job, int number)
{
    int batch = atoi(job->uuid + 1);
    return number == 1 && has_failure(batch) ? OUTCOME_FAIL : OUTCOME_DONE;
}

static void await_count(_Atomic int *counter, int count)
{
    while (atomic_load(counter) < count)
        sched_yield();
}

/* Both hold a job of the same batch before either ends it, and takes the next one with that. */
static void end_part(struct fixture *fixture, struct shared *shared, int number, int first)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "half-%d", number);
    const struct reserve_request request = {
        .queue = name, .owner = name, .count = 1, .lease_ms = LEASE_MS};
    assert_int_equal(take(fixture, fixture->a, name, name, 1), 1);
    for (int i = first; i < first + PART; i++) {
        bool is_last = i + 1 == first + PART;
        const struct job *job = &fixture->reservation.jobs[0];
        struct taken taken = lease_of(job);
        struct outcome outcome = outcome_of(&taken, kind_of(job, number));
        outcome.cause = outcome.exception = outcome.kind == OUTCOME_FAIL ? "told to" : NULL;
        assert_int_equal(atoi(taken.uuid + 1), i);
        atomic_fetch_add(&shared->ready, 1);
        await_count(&shared->ready, ENDERS * (i + 1));
        ok(fixture, fixture->driver->turn(fixture->a, name, &outcome, 1, is_last ? NULL : &request,
                                          is_last ? NULL : &fixture->reservation, &fixture->err));
        assert_true(outcome.applied);
        atomic_fetch_add(&shared->ended, 1);
    }
}

static void run_ender(struct fixture *fixture, struct shared *shared, int number)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setenv("CMOCKA_TEST_ABORT", "1", 1); /* a check that fails ends the process by a signal */
    fixture->a = fixture_connect(fixture);
    for (int first = 0; first < batch_count; first += PART) {
        await_count(&shared->made, first + PART);
        end_part(fixture, shared, number, first);
    }
    fixture->driver->close(fixture->a);
    _exit(0);
}

/* --- making --- */

static struct job callback_of(enum callback callback, int number, char uuid[NAME_SIZE])
{
    snprintf(uuid, NAME_SIZE, "%c%d", letters[callback], number);
    return job_of("callbacks", uuid);
}

static void make(struct fixture *fixture, int number, const char *uuid)
{
    char uuids[CALLBACK_COUNT][NAME_SIZE];
    const struct job then = callback_of(THEN, number, uuids[THEN]),
                     catch = callback_of(CATCH, number, uuids[CATCH]),
                     finally = callback_of(FINALLY, number, uuids[FINALLY]);
    const struct batch batch = {.uuid = uuid,
                                .name = "",
                                .allow_failures = true,
                                .on_success = &then,
                                .on_failure = &catch,
                                .on_finish = &finally};
    ok(fixture, fixture->driver->batch_create(fixture->a, &batch, &fixture->err));
}

static void make_part(struct fixture *fixture, int first)
{
    static char batches[PART][NAME_SIZE], uuids[ENDERS * PART][NAME_SIZE];
    static struct job jobs[ENDERS * PART];
    for (int i = 0; i < PART; i++) {
        snprintf(batches[i], NAME_SIZE, "b%d", first + i);
        make(fixture, first + i, batches[i]);
    }
    for (int i = 0; i < ENDERS * PART; i++) {
        snprintf(uuids[i], NAME_SIZE, "%c%d", 'x' + i % ENDERS, first + i / ENDERS);
        jobs[i] = job_of(i % ENDERS == 0 ? "half-0" : "half-1", uuids[i]);
        jobs[i].batch_uuid = batches[i / ENDERS];
    }
    push(fixture, jobs, ENDERS * PART);
}

/* --- counting --- */

static size_t count_callbacks(struct fixture *fixture, unsigned char (*seen)[CALLBACK_COUNT])
{
    size_t count = take(fixture, fixture->a, "counter", "callbacks", PART);
    struct taken taken[PART];
    struct outcome outcomes[PART];
    for (size_t i = 0; i < count; i++) {
        const char *uuid = fixture->reservation.jobs[i].uuid;
        seen[atoi(uuid + 1)][strchr(letters, uuid[0]) - letters]++;
        taken[i] = lease_of(&fixture->reservation.jobs[i]);
        outcomes[i] = outcome_of(&taken[i], OUTCOME_DONE);
    }
    ok(fixture,
       fixture->driver->turn(fixture->a, "counter", outcomes, count, NULL, NULL, &fixture->err));
    return count;
}

static int see_batch(void *context, const struct batch *batch)
{
    int number = atoi(batch->uuid + 1);
    assert_int_equal(batch->total, ENDERS);
    assert_int_equal(batch->pending, 0);
    assert_int_equal(batch->failed, has_failure(number));
    assert_int_equal(batch->completed, ENDERS - has_failure(number));
    assert_true(batch->finished_at_ms > 0);
    ++*(int *)context;
    return 0;
}

static void check(struct fixture *fixture, int first, unsigned char (*seen)[CALLBACK_COUNT])
{
    int found = 0;
    for (int i = first; i < first + PART; i++) {
        char uuid[NAME_SIZE];
        snprintf(uuid, sizeof uuid, "b%d", i);
        ok(fixture, fixture->driver->batch_list(fixture->a, uuid, NULL, 1, see_batch, &found,
                                                &fixture->err));
        if (seen[i][THEN] != !has_failure(i) || seen[i][CATCH] != has_failure(i) ||
            seen[i][FINALLY] != 1)
            fail_msg("batch %d: then %d, catch %d, finally %d times", i, seen[i][THEN],
                     seen[i][CATCH], seen[i][FINALLY]);
    }
    assert_int_equal(found, PART);
}

static bool has_ended_badly(void)
{
    siginfo_t info = {.si_pid = 0};
    assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), 0);
    return info.si_pid > 0 && (info.si_code != CLD_EXITED || info.si_status != 0);
}

static void await_part(struct fixture *fixture, struct shared *shared, int first,
                       unsigned char (*seen)[CALLBACK_COUNT])
{
    int64_t deadline = now_ms() + 3 * PATIENCE_MS;
    while (atomic_load(&shared->ended) < ENDERS * (first + PART)) {
        if (now_ms() > deadline || has_ended_badly())
            fail_msg("not all jobs of batches %d to %d were ended", first, first + PART - 1);
        if (count_callbacks(fixture, seen) == 0)
            pause_briefly();
    }
    while (count_callbacks(fixture, seen) > 0)
        continue;
}

static void start(struct fixture *fixture, struct shared *shared)
{
    fixture->driver->close(fixture->a);
    fixture->driver->close(fixture->b);
    fixture->a = fixture->b = NULL; /* no store may cross a fork */
    for (int i = 0; i < ENDERS; i++)
        if (fork() == 0)
            run_ender(fixture, shared, i);
    fixture->a = fixture_connect(fixture);
    fixture->b = fixture_connect(fixture);
}

static void test_each_batch_completes_once(void **state)
{
    struct fixture *fixture = *state;
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    unsigned char(*seen)[CALLBACK_COUNT] = mem_new((size_t)batch_count, sizeof *seen);
    int64_t began_ms = now_ms();
    start(fixture, shared);
    for (int first = 0; first < batch_count; first += PART) {
        make_part(fixture, first);
        atomic_store(&shared->made, first + PART);
        await_part(fixture, shared, first, seen);
        check(fixture, first, seen);
    }
    for (int first = 0; first < batch_count; first += PART) /* nothing came later */
        check(fixture, first, seen);
    for (int i = 0; i < ENDERS; i++)
        assert_true(wait(NULL) > 0);
    int64_t took_ms = now_ms() - began_ms;
    print_message("# %d batches, each completed once, in %" PRId64 ".%" PRId64 " s\n", batch_count,
                  took_ms / 1000, took_ms % 1000 / 100);
    munmap(shared, sizeof *shared);
    free(seen);
}

int main(int argc, char **argv)
{
    static const char option[] = "--batches=";
    int options = 0;
    if (argc > 1 && strncmp(argv[1], option, strlen(option)) == 0) {
        batch_count = (atoi(argv[1] + strlen(option)) + PART - 1) / PART * PART;
        options = 1;
    }
    if (batch_count < 1 || fixture_configure(argc - 1 - options, argv + 1 + options) < 0)
        return 2;
    const struct CMUnitTest tests[] = {CONFORMANCE(test_each_batch_completes_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
