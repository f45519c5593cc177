/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "queue/metrics.h"

static struct metrics example(void)
{
    struct metrics metrics = {.busy_us = 1000, .capacity_us = 5000, .memory = 7, .peak = 3};
    metrics_count(&metrics, "App\\Mail", METRICS_PROCESSED, 100, 5);
    metrics_count(&metrics, "App\\Mail", METRICS_FAILED, 200, 6);
    metrics_count(&metrics, "Report \"x\"", METRICS_RETRIED, 300, 7);
    return metrics;
}

static void test_counts_by_class(void **state)
{
    (void)state;
    struct metrics metrics = example();
    assert_int_equal(metrics.class_count, 2);
    assert_int_equal(metrics.classes[0].processed, 1);
    assert_int_equal(metrics.classes[0].failed, 1);
    assert_int_equal(metrics.classes[1].retried, 1);
    struct metrics_class total;
    metrics_total(&metrics, &total);
    assert_int_equal(total.run.count, 3);
    assert_int_equal(total.run.sum_us, 600);
    assert_int_equal(total.wait.sum_us, 18);
    metrics_reset(&metrics);
    assert_true(metrics_is_empty(&metrics));
}

static void test_classes_are_bounded(void **state)
{
    (void)state;
    struct metrics metrics = {0};
    for (int i = 0; i < 1000; i++) {
        char name[16];
        snprintf(name, sizeof name, "C%d", i);
        metrics_count(&metrics, name, METRICS_PROCESSED, 1, 1);
    }
    assert_int_equal(metrics.class_count, METRICS_CLASSES_MAX);
    const struct metrics_class *others = &metrics.classes[METRICS_CLASSES_MAX - 1];
    assert_string_equal(others->name, METRICS_OTHERS);
    assert_int_equal(others->processed, 1000 - METRICS_CLASSES_MAX + 1);
    metrics_reset(&metrics);
}

static void test_merge_adds_up(void **state)
{
    (void)state;
    struct metrics a = example(), b = example();
    b.memory = 9;
    metrics_count(&b, "New", METRICS_PROCESSED, 1, 1);
    metrics_merge(&a, &b);
    assert_int_equal(a.class_count, 3);
    assert_int_equal(a.classes[0].processed, 2);
    assert_int_equal(a.busy_us, 2000);
    assert_int_equal(a.memory, 9);
    assert_int_equal(a.peak, 3);
    metrics_reset(&a);
    metrics_reset(&b);
}

static void test_text_round_trip(void **state)
{
    (void)state;
    struct metrics metrics = example(), read = {0};
    struct buf text, again;
    buf_init(&text, METRICS_TEXT_MAX);
    buf_init(&again, METRICS_TEXT_MAX);
    assert_int_equal(metrics_print(&metrics, &text), 0);
    assert_int_equal(metrics_parse(buf_text(&text), text.length, &read, NULL), 0);
    assert_int_equal(metrics_print(&read, &again), 0);
    assert_string_equal(buf_text(&again), buf_text(&text));
    metrics_reset(&metrics);
    metrics_reset(&read);
    buf_finish(&text);
    buf_finish(&again);
}

static void test_bad_text_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"classes\":{}}",
        "{\"classes\":[{}]}",
        "{\"classes\":[{\"name\":\"a\",\"run\":\"x\",\"wait\":\"0\"}]}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct metrics metrics = {.peak = 5};
        struct err err = ERR_INIT;
        assert_int_equal(metrics_parse(bad[i], strlen(bad[i]), &metrics, &err), -1);
        assert_int_equal(err.code, ERR_INVALID);
        assert_int_equal(metrics.peak, 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_by_class),     cmocka_unit_test(test_classes_are_bounded),
        cmocka_unit_test(test_merge_adds_up),       cmocka_unit_test(test_text_round_trip),
        cmocka_unit_test(test_bad_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
