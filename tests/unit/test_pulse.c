/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "common/fd.h"
#include "worker/pulse.h"

static struct channel master;
static struct handler handlers[2];
static struct route route;
static struct worker worker;

static int set_up(void **state)
{
    (void)state;
    int up[2];
    if (fd_pipe(up, NULL) < 0)
        return -1;
    fd_set_nonblocking(up[0], true);
    master = (struct channel){.in = up[0], .out = -1, .pid = 7, .generation = 3};
    memset(handlers, 0, sizeof handlers);
    route = (struct route){.host.is_boot_known = true, .handlers = handlers, .handler_count = 2};
    worker = (struct worker){
        .clock = &clock_system,
        .routes = &route,
        .route_count = 1,
        .handlers = handlers,
        .handler_count = 2,
        .concurrency = 2,
        .channel = {.in = -1, .out = up[1], .pid = 7, .generation = 3},
    };
    for (size_t i = 0; i < 2; i++)
        TAILQ_INIT(&handlers[i].jobs);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    channel_close(&master);
    channel_close(&worker.channel);
    return 0;
}

/* The first heartbeat of a worker as it is. */
static struct heartbeat heartbeat_of_ready(void)
{
    struct record record;
    pulse_tell_ready(&worker);
    assert_int_equal(channel_receive(&master, &record), CHANNEL_RECORD);
    assert_int_equal(record.type, RECORD_READY);
    assert_int_equal(channel_receive(&master, &record), CHANNEL_RECORD);
    assert_int_equal(record.type, RECORD_HEARTBEAT);
    return record.body.heartbeat;
}

static void test_three_fit_into_the_masters_interval(void **state)
{
    (void)state;
    assert_int_equal(pulse_period_ms(true, 60000), PULSE_BUSY_MS);
    assert_int_equal(pulse_period_ms(false, 60000), PULSE_IDLE_MS);
    assert_int_equal(pulse_period_ms(false, 6000), 2000);
    assert_int_equal(pulse_period_ms(true, 900), 300);
}

static void test_it_is_ready_once_and_not_before_that_is_known(void **state)
{
    (void)state;
    struct record record;
    route.host.is_boot_known = false;
    pulse_tell_ready(&worker);
    assert_int_equal(channel_receive(&master, &record), CHANNEL_EMPTY);
    route.host.is_boot_known = true;
    struct heartbeat heartbeat = heartbeat_of_ready();
    assert_int_equal(heartbeat.status, WORKER_IDLE);
    assert_int_equal(heartbeat.concurrency, 2);
    assert_true(heartbeat.memory > 100000);
    pulse_tell_ready(&worker);
    assert_int_equal(channel_receive(&master, &record), CHANNEL_EMPTY);
}

static void test_what_a_heartbeat_counts(void **state)
{
    (void)state;
    struct attempt attempt = {.state = ATTEMPT_RUNNING,
                              .started_us = clock_monotonic_us(&clock_system) - 500000};
    TAILQ_INSERT_TAIL(&handlers[1].jobs, &attempt, entry);
    handlers[1].running_count = 1;
    worker.held = 3;
    worker.processed = 20;
    worker.failed = 4;
    worker.busy_us = 1000000;
    struct heartbeat heartbeat = heartbeat_of_ready();
    assert_int_equal(heartbeat.status, WORKER_BUSY);
    assert_int_equal(heartbeat.busy, 1);
    assert_int_equal(heartbeat.waiting, 2);
    assert_int_equal(heartbeat.processed, 20);
    assert_int_equal(heartbeat.failed, 4);
    assert_in_range(heartbeat.busy_us, 1500000, 31500000);
}

static enum worker_status status_now(void)
{
    worker.is_ready_told = false;
    return heartbeat_of_ready().status;
}

/* The worst of what is true is told. */
static void test_its_status(void **state)
{
    (void)state;
    handlers[0].failures = handlers[1].failures = 2;
    assert_int_equal(status_now(), WORKER_NO_HANDLER);
    handlers[1].was_ready = true; /* one that worked will do so again */
    assert_int_equal(status_now(), WORKER_IDLE);
    handlers[1].was_ready = false;
    worker.link.failures = 1;
    assert_int_equal(status_now(), WORKER_STORE_AWAY);
    worker.phase = PHASE_DRAINING;
    assert_int_equal(status_now(), WORKER_DRAINING);
}

static void test_without_a_master_nobody_is_told(void **state)
{
    (void)state;
    struct record record;
    int out = worker.channel.out;
    worker.channel.out = -1;
    pulse_tell_ready(&worker);
    assert_true(worker.is_ready_told);
    worker.channel.out = out;
    assert_int_equal(channel_receive(&master, &record), CHANNEL_EMPTY);
}

#define PULSE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PULSE(test_three_fit_into_the_masters_interval),
        PULSE(test_it_is_ready_once_and_not_before_that_is_known),
        PULSE(test_what_a_heartbeat_counts),
        PULSE(test_its_status),
        PULSE(test_without_a_master_nobody_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
