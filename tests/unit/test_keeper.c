/* SPDX-License-Identifier: MIT */
#include "tests/unit/settings_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "drivers/drivers.h"
#include "worker/keeper.h"

#define PATIENCE_MS 30000

static char folder[] = "/tmp/muster-keeper.XXXXXX";
static struct settings *settings;
static struct queue_connection store; /* a worker's */
static struct channel master, child;
static struct mouth mouth = {.mutex = PTHREAD_MUTEX_INITIALIZER, .channel = &child};
static struct keeper *keeper;

static void drop(enum log_level level, const char *field, const char *value, const char *message)
{
    (void)level, (void)field, (void)value, (void)message;
}

static struct settings *settings_with(const char *path)
{
    char *text =
        mem_printf("[muster]\ndefault = main\n[connection:main]\ndriver = sqlite\npath = %s\n"
                   "[queue:q]\ncommand = true\n",
                   path);
    struct settings *result = parsed(text);
    free(text);
    return result;
}

static void open_channel(void)
{
    int up[2];
    assert_int_equal(fd_pipe(up, NULL), 0);
    fd_set_nonblocking(up[0], true);
    fd_set_nonblocking(up[1], true);
    master = (struct channel){.in = up[0], .out = -1, .pid = 7, .generation = 3};
    child = (struct channel){.in = -1, .out = up[1], .pid = 7, .generation = 3};
}

static void start(const char *path)
{
    struct err err = ERR_INIT;
    settings = settings_with(path);
    keeper = keeper_start(settings, settings_connection(settings, "main"), &clock_system, &mouth,
                          &err);
    assert_non_null(keeper);
}

static int set_up(void **state)
{
    (void)state;
    log_forward(drop);
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    open_channel();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (keeper) {
        keeper_close(keeper);
        keeper_join(keeper);
    }
    keeper = NULL;
    queue_connection_close(&store);
    store = (struct queue_connection){0};
    settings_destroy(settings);
    settings = NULL;
    channel_close(&master);
    channel_close(&child);
    log_forward(NULL);
    char *command = mem_printf("rm -r %s", folder);
    int result = system(command);
    free(command);
    return result;
}

static char *database(void)
{
    return mem_printf("%s/x.db", folder);
}

static void start_with_store(void)
{
    struct err err = ERR_INIT;
    char *path = database();
    start(path);
    free(path);
    const struct connection_settings *connection = settings_connection(settings, "main");
    if (queue_connection_open(&store, drivers_find(connection, &err), connection, &clock_system,
                              &err) < 0)
        fail_msg("%s", err.text);
}

/* The next record of this kind. */
static struct record await(enum record_type type)
{
    struct record record;
    int64_t deadline = clock_monotonic_ms(&clock_system) + PATIENCE_MS;
    for (;;) {
        enum channel_result result = channel_receive(&master, &record);
        assert_int_not_equal(result, CHANNEL_CLOSED);
        if (result == CHANNEL_RECORD && record.type == type)
            return record;
        if (clock_monotonic_ms(&clock_system) > deadline)
            fail_msg("no record %d came", type);
        if (result == CHANNEL_EMPTY)
            usleep(2000);
    }
}

/* Reserves as `owner`; the first job's uuid. */
static size_t reserve(const char *owner, size_t count, char uuid[UUID_TEXT_SIZE])
{
    struct err err = ERR_INIT;
    struct reservation reservation = {0};
    const struct reserve_request request = {
        .queue = "q", .owner = owner, .count = count, .lease_ms = 600000};
    assert_int_equal(
        store.driver->turn(store.store, owner, NULL, 0, &request, &reservation, &err), 0);
    if (reservation.count > 0)
        snprintf(uuid, UUID_TEXT_SIZE, "%s", reservation.jobs[0].uuid);
    size_t got = reservation.count;
    arena_finish(&reservation.arena);
    return got;
}

static void push(int count)
{
    struct err err = ERR_INIT;
    for (int i = 0; i < count; i++) {
        struct job job = {.queue = "q",
                          .name = "Test",
                          .data = {.text = "{}", .length = 2, .kind = JSON_OBJECT}};
        char uuid[UUID_SIZE];
        if (queue_push(&store, &job, uuid, NULL, &err) < 0)
            fail_msg("%s", err.text);
    }
}

static void test_leases_of_a_dead_worker_come_back(void **state)
{
    (void)state;
    start_with_store();
    push(3);
    struct keeper_begun begun = {.attempt = 1};
    char other[UUID_TEXT_SIZE];
    assert_int_equal(reserve("worker_dead", 2, begun.uuid), 2);
    assert_int_equal(reserve("worker_alive", 1, other), 1);
    keeper_return(keeper, "worker_dead", &begun, 1);
    struct record record = await(RECORD_RETURNED);
    assert_string_equal(record.body.returned.owner, "worker_dead");
    assert_int_equal(record.body.returned.count, 2);
    assert_int_equal(reserve("worker_next", 3, other), 2);
}

/* As a server does that had the call of a worker when it died. */
static void test_leases_that_come_after_the_return_come_back_too(void **state)
{
    (void)state;
    start_with_store();
    push(2);
    char uuid[UUID_TEXT_SIZE];
    keeper_return(keeper, "worker_dead", NULL, 0);
    assert_int_equal(await(RECORD_RETURNED).body.returned.count, 0);
    assert_int_equal(reserve("worker_dead", 2, uuid), 2);
    int64_t deadline = clock_monotonic_ms(&clock_system) + PATIENCE_MS;
    while (reserve("worker_next", 2, uuid) == 0) {
        assert_true(clock_monotonic_ms(&clock_system) < deadline);
        usleep(2000);
    }
}

static void test_queues_are_measured(void **state)
{
    (void)state;
    start_with_store();
    push(2);
    struct record record;
    do
        record = await(RECORD_METRICS);
    while (record.body.metrics.ready != 2);
    assert_int_equal(record.body.metrics.queue, 0);
    assert_true(record.body.metrics.oldest_ms >= 0);
}

struct task {
    struct keeper_task task;
    pthread_mutex_t mutex;
    pthread_cond_t done;
    int runs;
    bool had_store;
    char why[ERR_TEXT_MAX];
};

static void run_task(struct keeper_task *given, struct queue_connection *connection,
                     const struct err *why_not)
{
    struct task *task = (struct task *)given;
    pthread_mutex_lock(&task->mutex);
    task->runs++;
    task->had_store = connection != NULL;
    if (!connection)
        snprintf(task->why, sizeof task->why, "%s", why_not->text);
    pthread_cond_signal(&task->done);
    pthread_mutex_unlock(&task->mutex);
}

static void await_task(struct task *task)
{
    pthread_mutex_lock(&task->mutex);
    while (task->runs == 0)
        pthread_cond_wait(&task->done, &task->mutex);
    pthread_mutex_unlock(&task->mutex);
    assert_int_equal(task->runs, 1);
}

#define TASK                                                                                       \
    {                                                                                              \
        .task.run = run_task, .mutex = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER \
    }

static void test_a_full_pipe_does_not_lose_the_confirmation(void **state)
{
    (void)state;
    struct task task = TASK;
    struct record filler = {.type = RECORD_READY};
    while (channel_send(&child, &filler) == 0)
        continue;
    start_with_store();
    keeper_return(keeper, "worker_dead", NULL, 0);
    keeper_give(keeper, &task.task); /* that is run after it has tried in vain */
    await_task(&task);
    await(RECORD_READY);
    assert_string_equal(await(RECORD_RETURNED).body.returned.owner, "worker_dead");
}

static void test_tasks_get_the_store(void **state)
{
    (void)state;
    start_with_store();
    struct task one = TASK, two = TASK;
    keeper_give(keeper, &one.task);
    keeper_give(keeper, &two.task);
    await_task(&one);
    await_task(&two);
    assert_true(one.had_store && two.had_store);
}

static void test_a_store_that_is_away_is_told(void **state)
{
    (void)state;
    start("/proc/nowhere/x.db");
    struct record record = await(RECORD_STORE);
    assert_string_equal(record.body.store.connection, "main");
    assert_int_equal(record.body.store.is_away, 1);
    struct task task = TASK;
    keeper_give(keeper, &task.task);
    await_task(&task);
    assert_false(task.had_store);
    assert_non_null(strstr(task.why, "/proc/nowhere"));
    keeper_return(keeper, "worker_dead", NULL, 0); /* is not waited for without an end */
}

static void test_what_was_told_is_done_before_the_end(void **state)
{
    (void)state;
    start_with_store();
    push(1);
    char uuid[UUID_TEXT_SIZE];
    assert_int_equal(reserve("worker_dead", 1, uuid), 1);
    struct task task = TASK;
    keeper_return(keeper, "worker_dead", NULL, 0);
    keeper_give(keeper, &task.task);
    keeper_close(keeper);
    keeper_join(keeper);
    keeper = NULL;
    assert_int_equal(task.runs, 1);
    assert_int_equal(await(RECORD_RETURNED).body.returned.count, 1);
}

static void test_measuring_takes_a_twentieth_of_the_time(void **state)
{
    (void)state;
    assert_int_equal(keeper_pause_ms(0, 1000), 1000);
    assert_int_equal(keeper_pause_ms(50, 1000), 1000);
    assert_int_equal(keeper_pause_ms(1000, 1000), 19000);
    assert_int_equal(keeper_pause_ms(10, 50), 190);
}

#define KEEPER(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEEPER(test_leases_of_a_dead_worker_come_back),
        KEEPER(test_a_full_pipe_does_not_lose_the_confirmation),
        KEEPER(test_leases_that_come_after_the_return_come_back_too),
        KEEPER(test_queues_are_measured),
        KEEPER(test_tasks_get_the_store),
        KEEPER(test_a_store_that_is_away_is_told),
        KEEPER(test_what_was_told_is_done_before_the_end),
        cmocka_unit_test(test_measuring_takes_a_twentieth_of_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
