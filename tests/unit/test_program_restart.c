/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "supervisor/programs/program_restart.h"

static void test_autorestart(void **state)
{
    (void)state;
    static const struct {
        enum autorestart autorestart;
        bool ended_well, is_restarted;
    } cases[] = {
        {AUTORESTART_NEVER, true, false},      {AUTORESTART_NEVER, false, false},
        {AUTORESTART_ALWAYS, true, true},      {AUTORESTART_ALWAYS, false, true},
        {AUTORESTART_UNEXPECTED, true, false}, {AUTORESTART_UNEXPECTED, false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct program_settings settings = {.autorestart = (int)cases[i].autorestart};
        assert_int_equal(program_is_restarted(&settings, cases[i].ended_well),
                         cases[i].is_restarted);
    }
}

static void test_pauses_grow_by_a_second_until_it_is_given_up(void **state)
{
    (void)state;
    const struct program_settings settings = {
        .startretries = 3, .fatal = true, .restart_delay = KEY_UNSET};
    const struct program_settings none = {.fatal = true, .restart_delay = KEY_UNSET};
    assert_int_equal(program_retry_pause(&settings, 1, 7), 1000);
    assert_int_equal(program_retry_pause(&settings, 3, 7), 3000);
    assert_int_equal(program_retry_pause(&settings, 4, 7), -1);
    assert_int_equal(program_retry_pause(&none, 1, 7), -1);
    assert_int_equal(program_rest(&settings, 7), 0);
}

static void test_without_fatal_it_is_tried_for_ever(void **state)
{
    (void)state;
    const struct program_settings settings = {
        .startretries = 3, .restart_delay = KEY_UNSET, .restart_delay_max = 5500};
    assert_int_equal(program_retry_pause(&settings, 5, 7), 5000);
    assert_int_equal(program_retry_pause(&settings, 6, 7), 5500);
    assert_int_equal(program_retry_pause(&settings, UINT32_MAX, 7), 5500);
}

static void test_pauses_of_its_own_double_up_to_a_cap(void **state)
{
    (void)state;
    const struct program_settings settings = {.restart_delay = 300, .restart_delay_max = 1000};
    static const int64_t pauses[] = {300, 300, 600, 1000, 1000};
    for (unsigned i = 1; i < 5; i++)
        assert_int_equal(program_retry_pause(&settings, i, 99), pauses[i]);
    assert_int_equal(program_rest(&settings, 99), 300);
    assert_int_equal(program_retry_pause(&settings, UINT32_MAX, 99), 1000);
    const struct program_settings none = {.restart_delay = 0, .restart_delay_max = 1000};
    assert_int_equal(program_retry_pause(&none, UINT32_MAX, 99), 0);
}

static void test_jitter_is_within_its_percent_and_below_the_cap(void **state)
{
    (void)state;
    const struct program_settings settings = {
        .restart_delay = 1000, .restart_delay_max = 60000, .restart_jitter = 20};
    int64_t lowest = INT64_MAX, highest = 0;
    for (uint32_t random = 0; random < 5000; random++) {
        int64_t pause = program_retry_pause(&settings, 2, random);
        lowest = pause < lowest ? pause : lowest;
        highest = pause > highest ? pause : highest;
        assert_in_range(program_retry_pause(&settings, 100, random), 40000, 60000);
    }
    assert_int_equal(lowest, 1600);
    assert_int_equal(highest, 2400);
}

static void test_a_program_that_always_ends_at_once_is_slowed_down(void **state)
{
    (void)state;
    int64_t paid = 0, now = 1000000, restarts = 0;
    while (program_restart_pause(&paid, now) == 0) {
        restarts++;
        now += 1;
    }
    assert_in_range(restarts, 200, 210);
    int64_t begin = now;
    for (int i = 0; i < 100; i++) {
        int64_t pause = program_restart_pause(&paid, now);
        assert_in_range(pause, 0, 300);
        now += pause + 1;
    }
    assert_in_range(now - begin, 9000, 11000); /* ten a second */
    assert_int_equal(program_restart_pause(&paid, now + 60000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_autorestart),
        cmocka_unit_test(test_pauses_grow_by_a_second_until_it_is_given_up),
        cmocka_unit_test(test_without_fatal_it_is_tried_for_ever),
        cmocka_unit_test(test_pauses_of_its_own_double_up_to_a_cap),
        cmocka_unit_test(test_jitter_is_within_its_percent_and_below_the_cap),
        cmocka_unit_test(test_a_program_that_always_ends_at_once_is_slowed_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
