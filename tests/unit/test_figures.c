/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "queue/figures.h"

#define MINUTE     60000
#define near(a, b) assert_true((a) > (b)*0.99 && (a) < (b)*1.01)

static void test_of_nothing(void **state)
{
    (void)state;
    struct figures_input input = {0};
    struct figures figures;
    struct bottleneck found[BOTTLENECKS_MAX];
    figures_compute(&input, 60 * MINUTE, &figures);
    for (const struct figure_row *row = figure_rows; row->name; row++)
        assert_true(figure_value(&figures, row) == 0);
    assert_int_equal(figures_bottlenecks(&figures, found), 0);
}

static void test_of_two_minutes(void **state)
{
    (void)state;
    struct figures_input input = {0};
    struct metrics minute = {.busy_us = 30, .capacity_us = 60, .peak = 7, .memory = 50};
    minute.memory_limit = 100;
    minute.store_us = 30000;
    minute.store_calls = 10;
    for (int i = 0; i < 8; i++)
        metrics_count(&minute, "A", METRICS_PROCESSED, 2000, 500000);
    metrics_count(&minute, "B", METRICS_FAILED, 2000, 500000);
    metrics_count(&minute, "B", METRICS_RETRIED, 2000, 500000);
    figures_add(&input, 0, MINUTE, &minute);
    metrics_reset(&minute);
    metrics_count(&minute, "A", METRICS_PROCESSED, 2000, 500000);
    figures_add(&input, MINUTE, MINUTE, &minute);
    struct figures figures;
    figures_compute(&input, 2 * MINUTE, &figures);
    near(figures.jobs_processed, 9.);
    near(figures.failure_rate, 10.);
    near(figures.throughput_per_minute, 5.);
    near(figures.peak_throughput, 9.);
    near(figures.average_processing_time, 2.);
    near(figures.average_latency, 500.);
    assert_true(figures.p99_latency > 468 && figures.p99_latency < 532);
    near(figures.worker_utilization, 50.);
    near(figures.memory_usage, 50.);
    near(figures.storage_response_time, 3.);
    near(figures.peak_queue_size, 7.);
    metrics_reset(&minute);
    figures_input_finish(&input);
}

static void test_bottlenecks(void **state)
{
    (void)state;
    struct figures figures = {.worker_utilization = 90, .memory_usage = 80};
    struct bottleneck found[BOTTLENECKS_MAX];
    assert_int_equal(figures_bottlenecks(&figures, found), 0);
    figures = (struct figures){.worker_utilization = 90.1, .storage_response_time = 100.1};
    assert_int_equal(figures_bottlenecks(&figures, found), 2);
    assert_string_equal(found[0].type, "worker_saturation");
    assert_string_equal(found[0].impact, "high");
    assert_string_equal(found[1].type, "storage_latency");
    figures = (struct figures){.failure_rate = 11, .memory_usage = 81};
    assert_int_equal(figures_bottlenecks(&figures, found), 2);
    assert_string_equal(found[0].type, "failing_jobs");
    assert_string_equal(found[1].type, "memory_pressure");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_nothing),
        cmocka_unit_test(test_of_two_minutes),
        cmocka_unit_test(test_bottlenecks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
