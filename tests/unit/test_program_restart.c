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
    const struct program_settings settings = {.startretries = 3}, none = {.startretries = 0};
    assert_int_equal(program_retry_pause(&settings, 1), 1000);
    assert_int_equal(program_retry_pause(&settings, 3), 3000);
    assert_int_equal(program_retry_pause(&settings, 4), -1);
    assert_int_equal(program_retry_pause(&none, 1), -1);
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
        cmocka_unit_test(test_a_program_that_always_ends_at_once_is_slowed_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
