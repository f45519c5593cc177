/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "scaler/latency.h"

static const struct policy policy = {
    .kind = SCALING_LATENCY, .min = 1, .max = 20, .promise = 30, .weight = 1};

/* A load without waiting jobs. */
static struct load quiet(int64_t workers, double busy)
{
    return (struct load){.seconds = 1,
                         .observed = 1,
                         .oldest = -1,
                         .workers = workers,
                         .busy = busy,
                         .busy_seconds = busy,
                         .concurrency = 1,
                         .boot = 2};
}

/* A queue that has long had `rate` jobs a second of `service` seconds. */
static struct load_history settled(double rate, double service)
{
    struct load_history history = {0};
    struct load load = quiet(1, rate * service);
    load.arrived = load.completed = rate;
    for (int i = 0; i < 600; i++)
        load_history_add(&history, &load);
    return history;
}

static struct decision decide_once(struct load_history *history, const struct load *load)
{
    struct decision decision = {.from = load->workers};
    load_history_add(history, load);
    latency_decide(&policy, history, load, &decision);
    return decision;
}

static void test_what_waits_is_begun_in_time(void **state)
{
    (void)state;
    struct load_history history = settled(0.5, 1);
    struct load load = quiet(1, 1);
    load.ready = 100;
    load.oldest = 4;
    load.arrived = 99;
    struct decision decision = decide_once(&history, &load);
    /* 20 s are left of 24: one worker begins 20 of 100 jobs, and new ones 1 + 18 each */
    assert_int_equal(decision.term, TERM_BACKLOG);
    assert_in_range(decision.to, 5, 7);
    assert_string_equal(decision.reason, "Backlog: 100 jobs of 1.01 s wait, the oldest for 4 s; 6 "
                                         "workers begin them within 30 s");
}

static void test_a_backlog_that_can_be_met_starts_nobody(void **state)
{
    (void)state;
    struct load_history history = settled(1, 1);
    struct load load = quiet(4, 4);
    load.ready = 80;
    load.oldest = 3;
    assert_int_equal(decide_once(&history, &load).to, 4);
}

static void test_what_is_late_gets_a_worker_each(void **state)
{
    (void)state;
    struct load_history history = settled(0.05, 20);
    struct load load = quiet(3, 3);
    load.ready = 5;
    load.oldest = 40;
    assert_int_equal(decide_once(&history, &load).to, 8);
}

static void test_a_steady_load_has_a_floor(void **state)
{
    (void)state;
    struct load_history history = settled(5, 1);
    struct load load = quiet(1, 1);
    load.arrived = 5;
    struct decision decision = decide_once(&history, &load);
    assert_int_equal(decision.term, TERM_STEADY);
    assert_in_range(decision.to, 6, 7);
}

/* 11 slots would do for the mean, with 11 jobs waiting. */
static void test_few_short_jobs_wait(void **state)
{
    (void)state;
    struct load_history history = settled(13.2, 0.778);
    struct load load = quiet(11, 11);
    load.arrived = load.completed = 13.2;
    struct decision decision = decide_once(&history, &load);
    assert_int_equal(decision.to, 12);
}

static void test_one_worker_is_one(void **state)
{
    (void)state;
    struct load_history history = settled(0.001, 0.1);
    struct load load = quiet(1, 0);
    assert_string_equal(decide_once(&history, &load).reason, "1 worker is enough");
    load = quiet(3, 0);
    assert_string_equal(decide_once(&history, &load).reason,
                        "1 worker would be enough, and has been for 1 s");
}

static void test_a_dump_is_not_a_rate(void **state)
{
    (void)state;
    struct load_history history = settled(1, 0.1);
    struct load load = quiet(2, 2);
    load.arrived = 300;
    decide_once(&history, &load);
    load.arrived = 1;
    struct decision decision;
    for (int i = 0; i < 60; i++)
        decision = decide_once(&history, &load);
    assert_in_range(decision.steady, 1, 2);
}

static void test_the_end_of_arrivals_is_noticed(void **state)
{
    (void)state;
    struct load_history history = settled(8, 1);
    struct load load = quiet(10, 0);
    for (int i = 0; i < 40; i++)
        decide_once(&history, &load);
    assert_in_range(decide_once(&history, &load).steady, 0, 2);
}

static void test_those_that_are_too_many_go_after_a_while(void **state)
{
    (void)state;
    struct load_history history = settled(1, 0.1);
    struct load load = quiet(6, 1);
    struct decision decision = decide_once(&history, &load);
    assert_int_equal(decision.term, TERM_HOLD);
    assert_int_equal(decision.to, 6);
    for (int i = 0; i < 3; i++)
        assert_int_equal(decide_once(&history, &load).term, TERM_HOLD);
    decision = decide_once(&history, &load);
    assert_int_equal(decision.term, TERM_SURPLUS);
    assert_int_equal(decision.to, 1);
}

static void test_a_slow_start_is_waited_for_longer(void **state)
{
    (void)state;
    struct load_history history = settled(1, 0.1);
    struct load load = quiet(6, 0);
    load.boot = 40;
    for (int i = 0; i < 39; i++)
        assert_int_equal(decide_once(&history, &load).to, 6);
    assert_int_equal(decide_once(&history, &load).term, TERM_SURPLUS);
}

static void test_busy_workers_are_not_let_go(void **state)
{
    (void)state;
    struct load_history history = settled(0.01, 100);
    struct load load = quiet(6, 5);
    struct decision decision;
    for (int i = 0; i < 6; i++) {
        decision = decide_once(&history, &load);
        load.workers = decision.to;
    }
    assert_int_equal(decision.to, 5);
}

static void test_to_zero_after_a_minute(void **state)
{
    (void)state;
    struct policy to_zero = policy;
    to_zero.min = 0;
    struct load_history history = settled(0.001, 0.1);
    struct load load = quiet(1, 0);
    struct decision decision = {0};
    int seconds = 0;
    for (; decision.term != TERM_IDLE && seconds < 1000; seconds++) {
        decision = (struct decision){.from = 1};
        load_history_add(&history, &load);
        latency_decide(&to_zero, &history, &load, &decision);
    }
    assert_in_range(seconds, 55, 65);
    assert_int_equal(decision.to, 0);
    load = quiet(0, 0);
    load.ready = 1;
    load.oldest = 0.5;
    latency_decide(&to_zero, &history, &load, &decision);
    assert_int_equal(decision.to, 1);
}

static void test_a_delayed_job_finds_a_worker(void **state)
{
    (void)state;
    const struct policy to_zero = {.kind = SCALING_LATENCY, .min = 0, .max = 5, .promise = 30};
    struct load_history history = {0};
    struct decision decision = {0};
    struct load load = quiet(0, 0);
    load.due = 60;
    latency_decide(&to_zero, &history, &load, &decision);
    assert_int_equal(decision.to, 0);
    load.due = 2.9;
    latency_decide(&to_zero, &history, &load, &decision);
    assert_int_equal(decision.to, 1);
    assert_string_equal(decision.reason,
                        "A delayed job is due in 2.9 s: a worker takes 2 s to start");
    load.workers = 1;
    load.due = 0.001;
    history.idle = 1000;
    for (int i = 0; i < 30; i++)
        latency_decide(&to_zero, &history, &load, &decision);
    assert_int_equal(decision.to, 1);
}

/* min_workers = 0 is the stronger wish, where a start takes longer than the promise allows. */
static void test_nobody_is_started_for_nothing(void **state)
{
    (void)state;
    const struct policy lazy = {.kind = SCALING_LATENCY, .min = 0, .max = 5, .promise = 1};
    struct load_history history = {0};
    struct decision decision = {0};
    struct load load = {.seconds = 1, .observed = 1, .concurrency = 1, .boot = 15};
    for (int i = 0; i < 100; i++)
        latency_decide(&lazy, &history, &load, &decision);
    assert_int_equal(decision.to, 0);
    load.ready = load.arrived = 1;
    latency_decide(&lazy, &history, &load, &decision);
    assert_true(decision.to >= 1);
}

static void test_spare_workers_where_a_start_comes_too_late(void **state)
{
    (void)state;
    struct load_history quick = settled(0.2, 20), slow = quick;
    struct load load = quiet(4, 4);
    load.arrived = 0.2;
    load.boot = 2;
    int64_t with_quick_start = decide_once(&quick, &load).steady;
    load.boot = 60;
    int64_t with_slow_start = decide_once(&slow, &load).steady;
    assert_true(with_slow_start > with_quick_start + 3);
}

static void test_concurrency_counts_in_slots(void **state)
{
    (void)state;
    struct load_history history = settled(0.5, 1);
    struct load load = quiet(1, 1);
    load.concurrency = 4;
    load.ready = 400;
    load.oldest = 4;
    /* As one worker of one slot would need 20 slots or so */
    assert_in_range(decide_once(&history, &load).to, 5, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_waits_is_begun_in_time),
        cmocka_unit_test(test_a_backlog_that_can_be_met_starts_nobody),
        cmocka_unit_test(test_what_is_late_gets_a_worker_each),
        cmocka_unit_test(test_a_steady_load_has_a_floor),
        cmocka_unit_test(test_few_short_jobs_wait),
        cmocka_unit_test(test_one_worker_is_one),
        cmocka_unit_test(test_a_dump_is_not_a_rate),
        cmocka_unit_test(test_the_end_of_arrivals_is_noticed),
        cmocka_unit_test(test_those_that_are_too_many_go_after_a_while),
        cmocka_unit_test(test_a_slow_start_is_waited_for_longer),
        cmocka_unit_test(test_busy_workers_are_not_let_go),
        cmocka_unit_test(test_to_zero_after_a_minute),
        cmocka_unit_test(test_a_delayed_job_finds_a_worker),
        cmocka_unit_test(test_nobody_is_started_for_nothing),
        cmocka_unit_test(test_spare_workers_where_a_start_comes_too_late),
        cmocka_unit_test(test_concurrency_counts_in_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
