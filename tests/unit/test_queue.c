/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "common/uuid.h"
#include "queue/queue.h"

/* A driver that only counts: what a connection asks of it, and a failure where one is wanted. */
struct store {
    size_t pushed, calls, fails_at;
};

static struct store store;
static bool opens = true;

static int fake_open(const struct connection_settings *settings, const struct clock *clock,
                     struct store **out, struct err *err)
{
    (void)settings, (void)clock;
    *out = &store;
    return opens ? 0 : err_set(err, ERR_UNAVAILABLE, "no store");
}

static void fake_close(struct store *closed)
{
    if (closed)
        closed->calls++;
}

static int fake_push(struct store *to, const struct job *jobs, size_t count,
                     enum push_result *results, struct err *err)
{
    if (++to->calls == to->fails_at)
        return err_set(err, ERR_FULL, "no room");
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(strlen(jobs[i].uuid), UUID_LENGTH);
        if (results)
            results[i] = i % 2 ? PUSH_DUPLICATE : PUSH_STORED;
    }
    to->pushed += count;
    return 0;
}

static const struct driver driver = {.open = fake_open, .close = fake_close, .push = fake_push};
static const struct connection_settings settings = {.name = "main", .batch_size = 4};

static struct queue_connection connect(void)
{
    struct queue_connection connection;
    store = (struct store){0};
    assert_int_equal(queue_connection_open(&connection, &driver, &settings, &clock_system, NULL),
                     0);
    return connection;
}

static void make_jobs(struct job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        jobs[i] =
            (struct job){.queue = "default", .name = "A", .data = {.text = "{}", .length = 2}};
}

static void test_a_connection_is_named_when_it_fails(void **state)
{
    (void)state;
    struct queue_connection connection;
    struct err err = ERR_INIT;
    opens = false;
    assert_int_equal(queue_connection_open(&connection, &driver, &settings, &clock_system, &err),
                     -1);
    opens = true;
    assert_string_equal(err.text, "connection main: no store");
}

static void test_closing_what_was_never_opened(void **state)
{
    (void)state;
    struct queue_connection connection = {0};
    queue_connection_close(&connection);
}

static void test_push_checks_and_gives_a_uuid(void **state)
{
    (void)state;
    struct queue_connection connection = connect();
    struct job job;
    char uuid[UUID_SIZE];
    enum push_result result;
    make_jobs(&job, 1);
    assert_int_equal(queue_push(&connection, &job, uuid, &result, NULL), 0);
    assert_ptr_equal(job.uuid, uuid);
    assert_int_equal(result, PUSH_STORED);
    job.name = "";
    assert_int_equal(queue_push(&connection, &job, uuid, NULL, NULL), -1);
    assert_int_equal(store.pushed, 1);
    queue_connection_close(&connection);
}

static void test_bulk_goes_in_parts(void **state)
{
    (void)state;
    struct queue_connection connection = connect();
    struct arena arena = {0};
    struct job jobs[10];
    enum push_result results[10];
    size_t stored;
    make_jobs(jobs, 10);
    assert_int_equal(queue_bulk(&connection, jobs, 10, &arena, results, &stored, NULL), 0);
    assert_int_equal(store.calls, 3);
    assert_int_equal(stored, 10);
    assert_int_equal(results[8], PUSH_STORED);
    assert_int_equal(results[9], PUSH_DUPLICATE);
    arena_finish(&arena);
    queue_connection_close(&connection);
}

static void test_bulk_keeps_the_jobs_of_a_batch_together(void **state)
{
    (void)state;
    struct queue_connection connection = connect();
    struct arena arena = {0};
    struct job jobs[10];
    size_t stored;
    make_jobs(jobs, 10);
    for (size_t i = 2; i < 9; i++)
        jobs[i].batch_uuid = i < 8 ? "a" : "b";
    assert_int_equal(queue_bulk(&connection, jobs, 10, &arena, NULL, &stored, NULL), 0);
    assert_int_equal(store.calls, 2); /* eight, with all of a, and two */
    assert_int_equal(stored, 10);
    arena_finish(&arena);
    queue_connection_close(&connection);
}

static void test_bulk_tells_what_is_stored_when_it_fails(void **state)
{
    (void)state;
    struct queue_connection connection = connect();
    struct arena arena = {0};
    struct job jobs[10];
    size_t stored;
    make_jobs(jobs, 10);
    store.fails_at = 3;
    assert_int_equal(queue_bulk(&connection, jobs, 10, &arena, NULL, &stored, NULL), -1);
    assert_int_equal(stored, 8);
    arena_finish(&arena);
    queue_connection_close(&connection);
}

static void test_bulk_stores_nothing_where_one_is_bad(void **state)
{
    (void)state;
    struct queue_connection connection = connect();
    struct arena arena = {0};
    struct job jobs[10];
    size_t stored;
    struct err err = ERR_INIT;
    make_jobs(jobs, 10);
    jobs[9].priority = 5000;
    assert_int_equal(queue_bulk(&connection, jobs, 10, &arena, NULL, &stored, &err), -1);
    assert_int_equal(store.calls, 0);
    assert_non_null(strstr(err.text, "job 10 of 10: the priority"));
    arena_finish(&arena);
    queue_connection_close(&connection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_connection_is_named_when_it_fails),
        cmocka_unit_test(test_closing_what_was_never_opened),
        cmocka_unit_test(test_push_checks_and_gives_a_uuid),
        cmocka_unit_test(test_bulk_goes_in_parts),
        cmocka_unit_test(test_bulk_keeps_the_jobs_of_a_batch_together),
        cmocka_unit_test(test_bulk_tells_what_is_stored_when_it_fails),
        cmocka_unit_test(test_bulk_stores_nothing_where_one_is_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
