/* SPDX-License-Identifier: MIT */

/*
 * libmuster, as its users see it:
 *
 *     library KEY=VALUE…
 *
 * The keys are those of [connection:NAME]; a % stands for a number that differs from test to test.
 */
#include "tests/unit/test.h"

#include <muster/muster.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS   8
#define PUSHES    50
#define POOL_SIZE 3

static struct {
    char **arguments;
    int count;
    int test_number;
} configured;

struct fixture {
    char path[64]; /* of the configuration */
    struct muster *muster;
    struct muster_error error;
};

#define ok(fixture, call)                                                                          \
    do {                                                                                           \
        if ((call) != 0)                                                                           \
            fail_msg("%s: %s", #call, (fixture)->error.text);                                      \
    } while (0)

#define fails(fixture, expected, call)                                                             \
    do {                                                                                           \
        assert_true((call) < 0);                                                                   \
        assert_int_equal((fixture)->error.code, (expected));                                       \
        (fixture)->error = (struct muster_error)MUSTER_ERROR_INIT;                                 \
    } while (0)

/* --- setting up --- */

static void put_value(FILE *file, const char *value)
{
    for (; *value; value++) {
        if (*value == '%')
            fprintf(file, "%d_%d", (int)getpid(), configured.test_number);
        else
            fputc(*value, file);
    }
}

static void put_connection(FILE *file, const char *name)
{
    fprintf(file, "[connection:%s]\npool_size = %d\n", name, POOL_SIZE);
    for (int i = 0; i < configured.count; i++) {
        const char *equals = strchr(configured.arguments[i], '=');
        fprintf(file, "%.*s = ", (int)(equals - configured.arguments[i]), configured.arguments[i]);
        put_value(file, equals + 1);
        fputc('\n', file);
    }
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    *state = fixture;
    configured.test_number++;
    strcpy(fixture->path, "/tmp/muster-library.XXXXXX");
    FILE *file = fdopen(mkstemp(fixture->path), "w");
    fprintf(file, "[muster]\ndatadir = /tmp\ndefault = main\n");
    put_connection(file, "main");
    fprintf(file, "[connection:away]\ndriver = sqlite\npath = /proc/nowhere/x.db\n"
                  "[queue:far]\nconnection = away\n"
                  "[job:Sized]\nqueue = large\npriority = 7\nunique_key = {job}-{data.n}\n");
    fclose(file);
    fixture->muster = muster_open(fixture->path, &fixture->error);
    if (!fixture->muster)
        fprintf(stderr, "%s\n", fixture->error.text);
    return fixture->muster ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    muster_close(fixture->muster);
    unlink(fixture->path);
    free(fixture);
    return 0;
}

static int64_t size_of(struct fixture *fixture, const char *queue)
{
    int64_t size = muster_size(fixture->muster, queue, &fixture->error);
    if (size < 0)
        fail_msg("%s", fixture->error.text);
    return size;
}

/* --- pushing --- */

static void test_a_push_is_in_the_store(void **state)
{
    struct fixture *fixture = *state;
    char uuid[MUSTER_UUID_SIZE];
    ok(fixture, muster_push(fixture->muster, "Test", "{\"n\":1}", "q", uuid, &fixture->error));
    assert_int_equal(strlen(uuid), MUSTER_UUID_SIZE - 1);
    ok(fixture, muster_push(fixture->muster, "Test", NULL, NULL, NULL, &fixture->error));
    ok(fixture, muster_later(fixture->muster, 3600000, "Test", "[]", "q", NULL, &fixture->error));
    assert_int_equal(size_of(fixture, "q"), 2);
    assert_int_equal(size_of(fixture, "default"), 1);
    struct muster_stats stats;
    ok(fixture, muster_stats(fixture->muster, NULL, &stats, &fixture->error));
    assert_int_equal(stats.total, 3);
    assert_int_equal(stats.pending, 2);
    assert_int_equal(stats.delayed, 1);
    assert_int_equal(stats.reserved + stats.failed, 0);
    assert_true(stats.oldest_ms >= 0);
    assert_int_equal(stats.queue_count, 2);
    assert_string_equal(stats.queues[0], "default");
    assert_string_equal(stats.queues[1], "q");
    muster_stats_finish(&stats);
}

static void test_what_is_no_job_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct muster *muster = fixture->muster;
    fails(fixture, MUSTER_INVALID, muster_push(muster, NULL, NULL, "q", NULL, &fixture->error));
    fails(fixture, MUSTER_INVALID, muster_push(muster, "T", "{", "q", NULL, &fixture->error));
    fails(fixture, MUSTER_INVALID, muster_push(muster, "T", "1 2", "q", NULL, &fixture->error));
    fails(fixture, MUSTER_INVALID, muster_push(muster, "T", "1", "a b", NULL, &fixture->error));
    fails(fixture, MUSTER_INVALID, muster_later(muster, -1, "T", "1", "q", NULL, &fixture->error));
    const struct muster_job chained = {.job = "T", .chain = "{}"};
    fails(fixture, MUSTER_INVALID, muster_push_job(muster, &chained, NULL, &fixture->error));
    fails(fixture, MUSTER_INVALID, muster_push(NULL, "T", "1", "q", NULL, &fixture->error));
    assert_int_equal(size_of(fixture, NULL), 0);
}

static void test_the_first_error_stays(void **state)
{
    struct fixture *fixture = *state;
    struct muster *nowhere = muster_connection(fixture->muster, "nowhere", &fixture->error);
    assert_null(nowhere);
    assert_int_equal(muster_push(nowhere, "T", NULL, "q", NULL, &fixture->error), -1);
    assert_int_equal(fixture->error.code, MUSTER_NOT_FOUND);
    assert_non_null(strstr(fixture->error.text, "there is no connection \"nowhere\""));
    assert_int_equal(muster_push(nowhere, "T", NULL, "q", NULL, NULL), -1);
}

static void test_a_job_with_all_that_it_may_say(void **state)
{
    struct fixture *fixture = *state;
    const struct muster_job job = {
        .job = "Test",
        .data = "{\"n\":1,\n\"m\":2}",
        .queue = "q",
        .uuid = "mine",
        .batch_uuid = "batch-1",
        .unique_key = "key",
        .unique_until = MUSTER_UNIQUE_TIME,
        .unique_ms = 60000,
        .timeout_ms = 5000,
        .priority = -3,
        .max_attempts = 4,
        .chain = "[{\"job\":\"Next\",\"data\":{}}]",
        .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    };
    struct muster_pushed pushed;
    ok(fixture, muster_push_job(fixture->muster, &job, &pushed, &fixture->error));
    assert_int_equal(pushed.state, MUSTER_STORED);
    assert_string_equal(pushed.uuid, "");
    ok(fixture, muster_push_job(fixture->muster, &job, &pushed, &fixture->error));
    assert_int_equal(pushed.state, MUSTER_REPEATED);
    struct muster_job other = job;
    other.uuid = NULL;
    other.batch_uuid = NULL;
    ok(fixture, muster_push_job(fixture->muster, &other, &pushed, &fixture->error));
    assert_int_equal(pushed.state, MUSTER_DUPLICATE);
    assert_int_equal(size_of(fixture, "q"), 1);
}

static void test_a_class_has_its_defaults(void **state)
{
    struct fixture *fixture = *state;
    ok(fixture, muster_push(fixture->muster, "Sized", "{\"n\":1}", NULL, NULL, &fixture->error));
    assert_int_equal(size_of(fixture, "large"), 1);
    fails(fixture, MUSTER_CONFLICT,
          muster_push(fixture->muster, "Sized", "{\"n\":1}", NULL, NULL, &fixture->error));
    ok(fixture, muster_push(fixture->muster, "Sized", "{\"n\":2}", NULL, NULL, &fixture->error));
    assert_int_equal(size_of(fixture, "large"), 2);
}

static void test_many_at_once(void **state)
{
    struct fixture *fixture = *state;
    enum { COUNT = 250 }; /* more than a call to the store takes */
    struct muster_job jobs[COUNT];
    struct muster_pushed pushed[COUNT];
    size_t stored;
    for (int i = 0; i < COUNT; i++)
        jobs[i] = (struct muster_job){.job = "Test", .data = "{\"to\":1}"};
    jobs[2].delay_ms = 300000;
    jobs[3].priority = 5;
    jobs[4].queue = "other";
    jobs[5].unique_key = jobs[6].unique_key = "key";
    ok(fixture, muster_bulk(fixture->muster, jobs, COUNT, "q", pushed, &stored, &fixture->error));
    assert_int_equal(stored, COUNT);
    assert_int_equal(pushed[5].state, MUSTER_STORED);
    assert_int_equal(pushed[6].state, MUSTER_DUPLICATE);
    assert_string_not_equal(pushed[0].uuid, pushed[COUNT - 1].uuid);
    assert_int_equal(size_of(fixture, "q"), COUNT - 2);
    assert_int_equal(size_of(fixture, "other"), 1);
    ok(fixture, muster_bulk(fixture->muster, NULL, 0, "q", NULL, &stored, &fixture->error));
    assert_int_equal(stored, 0);
}

static void test_one_bad_job_keeps_all_out(void **state)
{
    struct fixture *fixture = *state;
    const struct muster_job jobs[] = {{.job = "Test"}, {.job = "Test", .data = "{"}};
    size_t stored = 9;
    assert_int_equal(muster_bulk(fixture->muster, jobs, 2, "q", NULL, &stored, &fixture->error),
                     -1);
    assert_int_equal(stored, 0);
    assert_non_null(strstr(fixture->error.text, "job 2 of 2: data"));
    assert_int_equal(size_of(fixture, NULL), 0);
}

static void test_purging_removes_what_waits(void **state)
{
    struct fixture *fixture = *state;
    uint64_t removed;
    for (int i = 0; i < 3; i++)
        ok(fixture,
           muster_push(fixture->muster, "T", NULL, i < 2 ? "a" : "b", NULL, &fixture->error));
    ok(fixture, muster_purge(fixture->muster, "a", &removed, &fixture->error));
    assert_int_equal(removed, 2);
    ok(fixture, muster_purge(fixture->muster, NULL, NULL, &fixture->error));
    assert_int_equal(size_of(fixture, NULL), 0);
}

/* --- connections --- */

static void test_a_queue_has_its_connection(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(muster_push(fixture->muster, "T", NULL, "far", NULL, &fixture->error), -1);
    assert_non_null(strstr(fixture->error.text, "connection away"));
    fixture->error = (struct muster_error)MUSTER_ERROR_INIT;
    struct muster *on_main = muster_connection(fixture->muster, "main", &fixture->error);
    assert_non_null(on_main);
    ok(fixture, muster_push(on_main, "T", NULL, "far", NULL, &fixture->error));
    assert_int_equal(muster_size(on_main, "far", &fixture->error), 1);
    assert_int_equal(size_of(fixture, NULL), 1);
}

static void test_health_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct muster_health health;
    ok(fixture, muster_push(fixture->muster, "T", NULL, "q", NULL, &fixture->error));
    ok(fixture, muster_test_connection(fixture->muster, NULL, &health, &fixture->error));
    assert_string_equal(health.connection, "main");
    assert_true(health.is_healthy);
    assert_string_equal(health.message, "connection is healthy");
    assert_true(health.version[0] != '\0' && health.response_time > 0);
    assert_int_equal(health.total_queues, 1);
    assert_int_equal(health.total_jobs, 1);
    ok(fixture, muster_test_connection(fixture->muster, "away", &health, &fixture->error));
    assert_string_equal(health.connection, "away");
    assert_string_equal(health.driver, "sqlite");
    assert_false(health.is_healthy);
    assert_non_null(strstr(health.message, "/proc/nowhere"));
    fails(fixture, MUSTER_NOT_FOUND,
          muster_test_connection(fixture->muster, "nowhere", &health, &fixture->error));
}

static int note_driver(void *context, const struct muster_driver *driver)
{
    strcat(strcat(context, driver->name), " ");
    assert_true(driver->version[0] && driver->description[0] && driver->features[0]);
    return 0;
}

static int stop_at_once(void *context, const struct muster_driver *driver)
{
    (void)driver;
    return ++*(int *)context;
}

static void test_drivers_are_listed(void **state)
{
    struct fixture *fixture = *state;
    char names[1000] = "";
    int calls = 0;
    ok(fixture, muster_drivers(fixture->muster, note_driver, names, &fixture->error));
    assert_memory_equal(names, "sqlite pgsql redis ", strlen("sqlite pgsql redis "));
    ok(fixture, muster_drivers(fixture->muster, stop_at_once, &calls, &fixture->error));
    assert_int_equal(calls, 1);
}

static void test_a_wrong_configuration_is_told(void **state)
{
    struct fixture *fixture = *state;
    assert_null(muster_open("/nonexistent.ini", &fixture->error));
    assert_int_equal(fixture->error.code, MUSTER_NOT_FOUND);
    assert_null(muster_open("/nonexistent.ini", NULL));
    fixture->error = (struct muster_error)MUSTER_ERROR_INIT;
    struct muster *fallback = muster_open_default(&fixture->error);
    assert_non_null(fallback);
    assert_non_null(muster_connection(fallback, "database", &fixture->error));
    muster_close(fallback);
    muster_close(NULL);
}

/* --- threads and processes --- */

static void *push_from_thread(void *argument)
{
    struct fixture *fixture = argument;
    struct muster_error error = MUSTER_ERROR_INIT;
    for (int i = 0; i < PUSHES; i++) {
        if (muster_push(fixture->muster, "T", NULL, "q", NULL, &error) < 0)
            fprintf(stderr, "# %s\n", error.text);
        if (i % 10 == 0)
            muster_size(fixture->muster, "q", &error);
    }
    return error.code == MUSTER_OK ? fixture : NULL;
}

static void test_threads_share_the_pool(void **state)
{
    struct fixture *fixture = *state;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, push_from_thread, fixture), 0);
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, fixture);
    }
    assert_int_equal(size_of(fixture, "q"), THREADS * PUSHES);
}

static int in_the_child(struct fixture *fixture)
{
    struct muster_error error = MUSTER_ERROR_INIT;
    bool is_refused = muster_push(fixture->muster, "T", NULL, "q", NULL, &error) < 0 &&
                      error.code == MUSTER_CONFLICT;
    muster_close(fixture->muster);
    error = (struct muster_error)MUSTER_ERROR_INIT;
    struct muster *own = muster_open(fixture->path, &error);
    bool is_pushed = muster_push(own, "T", NULL, "q", NULL, &error) == 0;
    muster_close(own);
    return is_refused && is_pushed ? 0 : 1;
}

static void test_a_forked_process_opens_its_own(void **state)
{
    struct fixture *fixture = *state;
    int status;
    ok(fixture, muster_push(fixture->muster, "T", NULL, "q", NULL, &fixture->error));
    pid_t pid = fork();
    if (pid == 0)
        _exit(in_the_child(fixture));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    ok(fixture, muster_push(fixture->muster, "T", NULL, "q", NULL, &fixture->error));
    assert_int_equal(size_of(fixture, "q"), 3);
}

#define LIBRARY(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        LIBRARY(test_a_push_is_in_the_store),     LIBRARY(test_what_is_no_job_is_refused),
        LIBRARY(test_the_first_error_stays),      LIBRARY(test_a_job_with_all_that_it_may_say),
        LIBRARY(test_a_class_has_its_defaults),   LIBRARY(test_many_at_once),
        LIBRARY(test_one_bad_job_keeps_all_out),  LIBRARY(test_purging_removes_what_waits),
        LIBRARY(test_a_queue_has_its_connection), LIBRARY(test_health_is_told),
        LIBRARY(test_drivers_are_listed),         LIBRARY(test_a_wrong_configuration_is_told),
        LIBRARY(test_threads_share_the_pool),     LIBRARY(test_a_forked_process_opens_its_own),
    };
    configured.arguments = argv + 1;
    configured.count = argc - 1;
    return cmocka_run_group_tests_name("library", tests, NULL, NULL);
}
