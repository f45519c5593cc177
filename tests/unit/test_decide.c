/* SPDX-License-Identifier: MIT */

/* What holds a decision back, and what holds for every decision whatever the load. */
#include "tests/unit/test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/utf8.h"
#include "scaler/decide.h"
#include "scaler/explain.h"
#include "scaler/latency.h"
#include "scaler/random.h"
#include "scaler/simulate.h"
#include "scaler/threshold.h"

static const struct policy policies[] = {
    {.kind = SCALING_LATENCY, .min = 1, .max = 20, .promise = 30, .weight = 1},
    {.kind = SCALING_LATENCY, .min = 0, .max = 1000, .promise = 0.1, .weight = 1},
    {.kind = SCALING_THRESHOLD,
     .min = 2,
     .max = 10,
     .promise = 30,
     .up_threshold = 100,
     .down_threshold = 10,
     .up_step = 2,
     .down_step = 1,
     .up_cooldown = 3,
     .down_cooldown = 3,
     .weight = 1},
    {.kind = SCALING_COMMAND, .min = 1, .max = 5, .promise = 30, .weight = 1},
};
#define POLICY_COUNT (sizeof policies / sizeof policies[0])

static const struct circumstances nothing;

static struct load crowded(int64_t workers)
{
    return (struct load){.seconds = 1,
                         .observed = 1,
                         .ready = 500,
                         .oldest = 20,
                         .arrived = 20,
                         .completed = 2,
                         .busy = (double)workers,
                         .busy_seconds = (double)workers,
                         .workers = workers,
                         .concurrency = 1,
                         .boot = 2};
}

static void assert_stays(const struct load *load, const struct circumstances *circumstances,
                         enum term term, const char *beginning)
{
    struct load_history history = {0};
    struct decision decision;
    for (int i = 0; i < 3; i++)
        decide(&policies[0], &history, load, circumstances, &decision);
    assert_int_equal(decision.to, load->workers);
    assert_string_equal(term_name(decision.term), term_name(term));
    assert_memory_equal(decision.reason, beginning, strlen(beginning));
}

static void test_figures_that_are_not_known_change_nothing(void **state)
{
    (void)state;
    struct load load = crowded(3);
    load.stale = true;
    assert_stays(&load, &nothing, TERM_STALE, "The store's figures are not known");
}

static void test_a_full_host_gets_no_worker(void **state)
{
    (void)state;
    const struct load load = crowded(3);
    const struct circumstances full = {.host_full = "The host is full: memory"};
    assert_stays(&load, &full, TERM_HOST, "The host is full: memory; it was: Backlog: 500 jobs of");
}

static void test_failures_stop_growth(void **state)
{
    (void)state;
    struct load load = crowded(3);
    load.failed = load.completed;
    assert_stays(&load, &nothing, TERM_FAILURES, "Most attempts fail");
}

static void test_a_command_that_has_not_answered_changes_nothing(void **state)
{
    (void)state;
    struct load_history history = {0};
    const struct load load = crowded(3);
    struct decision decision;
    decide(&policies[3], &history, &load, &nothing, &decision);
    assert_int_equal(decision.to, 3);
    const struct circumstances answer = {.answer = "it said so", .answered = 4};
    decide(&policies[3], &history, &load, &answer, &decision);
    assert_int_equal(decision.to, 4);
    assert_int_equal(decision.term, TERM_COMMAND);
}

/* Ten workers bring no more than five did. */
static void test_a_bottleneck_elsewhere_stops_growth(void **state)
{
    (void)state;
    struct load_history history = {0};
    struct load load = crowded(5);
    struct decision decision;
    load.completed = 10;
    for (int i = 0; i < 30; i++)
        decide(&policies[0], &history, &load, &nothing, &decision);
    assert_int_equal(decision.to, 20);
    load = crowded(10);
    load.completed = 10;
    int seconds = 0;
    do {
        decide(&policies[0], &history, &load, &nothing, &decision);
    } while (decision.term != TERM_BOTTLENECK && ++seconds < 60);
    assert_in_range(seconds, 5, 40);
    assert_int_equal(decision.to, 10);
}

static void test_growth_that_brings_something_goes_on(void **state)
{
    (void)state;
    struct load_history history = {0};
    struct decision decision;
    for (int64_t workers = 4; workers <= 16; workers *= 2) {
        for (int i = 0; i < 60; i++) {
            struct load load = crowded(workers);
            load.completed = 2 * (double)workers;
            decide(&policies[0], &history, &load, &nothing, &decision);
            assert_string_not_equal(term_name(decision.term), term_name(TERM_BOTTLENECK));
        }
    }
}

/* --- Whatever the load --- */

static double absurd(struct random *random)
{
    static const double values[] = {0,   -1,        1e-300, 1e300,   DBL_MAX, -1e300, INFINITY,
                                    NAN, -INFINITY, 1,      DBL_MIN, 1e9,     -0.0};
    return values[(size_t)(random_unit(random) * (sizeof values / sizeof values[0]))];
}

static double any_value(struct random *random, double most)
{
    return random_unit(random) < 0.02 ? absurd(random) : most * random_unit(random);
}

/* A load that could be, mostly. */
static struct load any_load(struct random *random, int64_t workers)
{
    double crowd = pow(10, random_between(random, -1, 4));
    struct load load = {
        .seconds = any_value(random, 2),
        .stale = random_unit(random) < 0.05,
        .ready = any_value(random, crowd),
        .reserved = any_value(random, 20),
        .delayed = any_value(random, 20),
        .oldest = any_value(random, 60) - 1,
        .arrived = any_value(random, crowd / 5),
        .observed = any_value(random, 2),
        .completed = any_value(random, crowd / 5),
        .failed = random_unit(random) < 0.8 ? 0 : any_value(random, crowd / 5),
        .busy = any_value(random, (double)workers),
        .busy_seconds = any_value(random, (double)workers),
        .workers = random_unit(random) < 0.01 ? INT64_MIN + 1 : workers,
        .starting = random_unit(random) < 0.01 ? INT64_MAX : workers / 4,
        .concurrency = any_value(random, 4),
        .boot = any_value(random, 20),
    };
    return load;
}

static void assert_is_sound(const struct policy *policy, const struct decision *decision)
{
    assert_true(decision->to >= policy->min && decision->to <= policy->max);
    assert_true(decision->term < TERM_COUNT);
    assert_true(decision->reason[0] && utf8_is_valid(decision->reason, strlen(decision->reason)));
    assert_true(isfinite(decision->service) && isfinite(decision->arriving));
    assert_true(isfinite(decision->hold) && decision->hold >= 0);
}

static void test_bounds_are_kept_whatever_the_load(void **state)
{
    (void)state;
    struct random random = random_from(1);
    for (size_t i = 0; i < POLICY_COUNT; i++) {
        struct load_history history = {0};
        int64_t workers = 1;
        for (int tick = 0; tick < (is_brief() ? 100 : 1500); tick++) {
            struct decision decision;
            struct load load = any_load(&random, workers);
            decide(&policies[i], &history, &load, &nothing, &decision);
            assert_is_sound(&policies[i], &decision);
            if (decision.to != workers)
                load_history_changed(&history);
            workers = decision.to;
        }
    }
}

/* What a policy asks for, before anything holds it back. */
static int64_t wanted(const struct policy *policy, struct load_history history,
                      const struct load *load)
{
    struct decision decision = {.from = load->workers};
    struct load sane = load_sane(load);
    load_history_add(&history, &sane);
    if (policy->kind == SCALING_LATENCY)
        latency_decide(policy, &history, &sane, &decision);
    else
        threshold_decide(policy, &history, &sane, &decision);
    return decision.to;
}

static void test_more_load_never_asks_for_fewer(void **state)
{
    (void)state;
    struct random random = random_from(2);
    for (size_t i = 0; i < 3; i++) {
        struct load_history history = {0};
        for (int tick = 0; tick < (is_brief() ? 100 : 1500); tick++) {
            struct load load = load_sane(&(struct load){0}), more;
            load = any_load(&random, 1 + (int64_t)(random_unit(&random) * 9));
            load = more = load_sane(&load);
            more.ready += random_between(&random, 0, 100);
            more.oldest += random_between(&random, 0, 10);
            assert_true(wanted(&policies[i], history, &more) >=
                        wanted(&policies[i], history, &load));
            if (policies[i].kind == SCALING_LATENCY) {
                more = load;
                more.arrived += random_between(&random, 0, 100);
                assert_true(wanted(&policies[i], history, &more) >=
                            wanted(&policies[i], history, &load));
            }
            load_history_add(&history, &load);
        }
    }
}

/* --- A constant load --- */

/* Arrivals at even distances of jobs that all take the same time. */
static struct workload *constant_workload(double rate, double work, double length)
{
    struct workload *workload = mem_new(1, sizeof *workload);
    workload->length = length;
    workload->queue_count = 1;
    workload->arrival_count = (size_t)(rate * length);
    workload->arrivals = mem_new(workload->arrival_count + 1, sizeof *workload->arrivals);
    for (size_t i = 0; i < workload->arrival_count; i++)
        workload->arrivals[i] = (struct arrival){(double)i / rate, work, 0};
    return workload;
}

static const struct sim_controller *controller_named(const char *name)
{
    for (const struct sim_controller *each = sim_controllers; each->name; each++)
        if (strcmp(each->name, name) == 0)
            return each;
    fail_msg("there is no controller %s", name);
    return NULL;
}

static void assert_is_calm(double rate, double work, double boot)
{
    const struct sim_settings settings = {.promise = 30, .boot = boot, .min = 1, .max = 20};
    struct workload *workload = constant_workload(rate, work, is_brief() ? 600 : 7200);
    struct sim_result result;
    simulate(workload, &settings, controller_named("latency"), false, &result);
    assert_in_range(result.reversals, 0, 2);
    assert_in_range(result.spawns, 1, 22);
    assert_int_equal(result.late, 0);
    sim_result_finish(&result);
    workload_destroy(workload);
}

static void test_a_constant_load_makes_no_waves(void **state)
{
    (void)state;
    static const double loads[] = {0.2, 1, 3.3, 5, 7.9, 12, 18};
    static const double works[] = {0.05, 0.5, 1, 8};
    for (size_t i = 0; i < sizeof loads / sizeof loads[0]; i++)
        for (size_t k = 0; k < sizeof works / sizeof works[0]; k++) {
            assert_is_calm(loads[i] / works[k], works[k], 2);
            assert_is_calm(loads[i] / works[k], works[k], 15);
        }
}

/* --- Explanations --- */

static void test_what_would_change_it(void **state)
{
    (void)state;
    struct load_history history = {0};
    struct load load = crowded(4);
    load.ready = 10;
    load.oldest = 1;
    load.arrived = load.completed = 4;
    struct decision decision;
    for (int i = 0; i < 120; i++)
        decide(&policies[0], &history, &load, &nothing, &decision);
    load.workers = decision.to;
    load.busy = load.busy_seconds = 4;
    const struct load_history before = history;
    struct explanation explanation;
    explain(&policies[0], &history, &load, &nothing, &explanation);
    assert_memory_equal(&before, &history, sizeof before);
    assert_int_equal(explanation.decision.to, load.workers);
    assert_true(explanation.more_ready > 10 && explanation.more_ready < 300);
    assert_true(explanation.more_rate > 3 && explanation.more_rate < 8);
    load.ready = explanation.more_ready;
    decide(&policies[0], &history, &load, &nothing, &decision);
    assert_true(decision.to > load.workers);
}

static void test_what_binds_is_named(void **state)
{
    (void)state;
    struct load_history history = {0};
    const struct load load = crowded(20);
    struct explanation explanation;
    explain(&policies[0], &history, &load, &nothing, &explanation);
    assert_int_equal(explanation.decision.term, TERM_MAX);
    assert_string_equal(explanation.cure, "max_workers binds: a larger one lets workers be added");
    assert_true(explanation.more_ready < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures_that_are_not_known_change_nothing),
        cmocka_unit_test(test_a_full_host_gets_no_worker),
        cmocka_unit_test(test_failures_stop_growth),
        cmocka_unit_test(test_a_command_that_has_not_answered_changes_nothing),
        cmocka_unit_test(test_a_bottleneck_elsewhere_stops_growth),
        cmocka_unit_test(test_growth_that_brings_something_goes_on),
        cmocka_unit_test(test_bounds_are_kept_whatever_the_load),
        cmocka_unit_test(test_more_load_never_asks_for_fewer),
        cmocka_unit_test(test_a_constant_load_makes_no_waves),
        cmocka_unit_test(test_what_would_change_it),
        cmocka_unit_test(test_what_binds_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
