/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "common/orphans.h"

static const pid_t orphans[] = {100, 101, 102};

static pid_t target(pid_t pid, pid_t group, bool leader_lives)
{
    const struct orphan orphan = {pid, group, leader_lives};
    return orphans_target(&orphan, orphans, 3);
}

static void test_a_group_that_is_an_orphans_is_killed_whole(void **state)
{
    (void)state;
    assert_int_equal(target(100, 100, true), -100);
    assert_int_equal(target(101, 100, true), -100);
}

static void test_a_group_without_a_leader_is_killed_whole(void **state)
{
    (void)state;
    assert_int_equal(target(101, 50, false), -50);
}

static void test_a_group_that_somebody_else_leads_is_left_alone(void **state)
{
    (void)state;
    assert_int_equal(target(101, 50, true), 101);
}

static void test_numbers_that_mean_everybody(void **state)
{
    (void)state;
    assert_int_equal(target(101, -1, false), 101); /* getpgid failed */
    assert_int_equal(target(101, 0, false), 101);
    assert_int_equal(target(101, 1, false), 101);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_group_that_is_an_orphans_is_killed_whole),
        cmocka_unit_test(test_a_group_without_a_leader_is_killed_whole),
        cmocka_unit_test(test_a_group_that_somebody_else_leads_is_left_alone),
        cmocka_unit_test(test_numbers_that_mean_everybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
