/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "worker/classes.h"

#define CLASS(its_name)                                                                            \
    .name = (its_name), .timeout_ms = PROTOCOL_UNSET, .max_attempts = PROTOCOL_UNSET,              \
    .backoff = PROTOCOL_UNSET, .backoff_delay_ms = PROTOCOL_UNSET,                                 \
    .backoff_max_ms = PROTOCOL_UNSET

static const struct worker_options queue_options = {
    .timeout = 60000, .max_attempts = 3, .backoff = BACKOFF_FIXED, .backoff_delay = 1000};

static void declare(struct classes *classes, const struct protocol_class *declared, size_t count)
{
    const struct frame hello = {.type = FRAME_HELLO, .classes = declared, .class_count = count};
    classes_set(classes, &hello);
}

static void test_handlers_that_say_nothing_run_whatever_comes(void **state)
{
    (void)state;
    struct classes classes = {0};
    struct worker_options options = queue_options;
    assert_false(classes_lack(&classes, "App\\Any"));
    classes_apply(&classes, "App\\Any", &options);
    assert_memory_equal(&options, &queue_options, sizeof options);
    declare(&classes, NULL, 0);
    assert_false(classes_lack(&classes, "App\\Any"));
    classes_finish(&classes);
}

static void test_what_was_not_declared_is_lacking(void **state)
{
    (void)state;
    struct classes classes = {0};
    const struct protocol_class declared[] = {{CLASS("b")}, {CLASS("a")}, {CLASS("c")}};
    declare(&classes, declared, 3);
    assert_string_equal(classes_find(&classes, "a")->name, "a");
    assert_string_equal(classes_find(&classes, "c")->name, "c");
    assert_true(classes_lack(&classes, "d"));
    const struct protocol_class any[] = {{CLASS("x")}, {CLASS("*")}};
    declare(&classes, any, 2);
    assert_false(classes_lack(&classes, "d"));
    assert_string_equal(classes_find(&classes, "d")->name, "*");
    classes_finish(&classes);
}

static void test_declared_limits_stand_above_those_of_the_queue(void **state)
{
    (void)state;
    struct classes classes = {0};
    struct protocol_class declared = {CLASS("a")};
    declared.timeout_ms = 0;
    declared.max_attempts = 7;
    declared.backoff = BACKOFF_NONE;
    declare(&classes, &declared, 1);
    struct worker_options options = queue_options;
    classes_apply(&classes, "a", &options);
    assert_int_equal(options.timeout, 0);
    assert_int_equal(options.max_attempts, 7);
    assert_int_equal(options.backoff, BACKOFF_NONE);
    assert_int_equal(options.backoff_delay, 1000);
    classes_finish(&classes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handlers_that_say_nothing_run_whatever_comes),
        cmocka_unit_test(test_what_was_not_declared_is_lacking),
        cmocka_unit_test(test_declared_limits_stand_above_those_of_the_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
