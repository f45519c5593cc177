/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "worker/turn.h"

/* A worker with one free slot and news. */
static struct turn_view idle(void)
{
    return (struct turn_view){
        .slots = 1, .batch_size = 100, .budget = UINT64_MAX, .may_reserve = true, .has_news = true};
}

static void assert_plan(const struct turn_view *view, bool now, size_t reserve)
{
    struct turn_plan plan = turn_decide(view);
    assert_int_equal(plan.now, now);
    assert_int_equal(plan.reserve, reserve);
}

static void test_a_free_slot_and_news(void **state)
{
    (void)state;
    struct turn_view view = idle();
    assert_plan(&view, true, 1);
    view.ahead = 50;
    assert_plan(&view, true, 51);
    view.ahead = 200;
    assert_plan(&view, true, 100);
    view.has_news = false;
    assert_plan(&view, false, 0);
}

static void test_no_handler_no_job(void **state)
{
    (void)state;
    struct turn_view view = idle();
    view.slots = 0;
    view.ahead = 10;
    assert_plan(&view, false, 0);
}

static void test_an_outcome_goes_out_with_the_next_reservation(void **state)
{
    (void)state;
    struct turn_view view = idle();
    view.has_news = false;
    view.ended = 1;
    assert_plan(&view, true, 1);
}

static void test_outcomes_wait_while_the_handlers_have_work(void **state)
{
    (void)state;
    struct turn_view view = idle();
    view.ahead = 200;
    view.held = 150;
    view.ended = 50;
    assert_plan(&view, false, 0);
    view.held = 101;
    assert_plan(&view, true, 100);
    view.has_news = false;
    assert_plan(&view, false, 0);
    view.ended_for_us = TURN_ACKNOWLEDGE_US;
    assert_plan(&view, true, 100);
}

static void test_outcomes_of_a_whole_batch_do_not_wait(void **state)
{
    (void)state;
    struct turn_view view = idle();
    view.held = 1;
    view.ended = 100;
    assert_plan(&view, true, 0);
}

static void test_on_the_way_to_the_end_outcomes_do_not_wait(void **state)
{
    (void)state;
    struct turn_view view = idle();
    view.may_reserve = false;
    assert_plan(&view, false, 0);
    view.held = 3;
    view.ended = 1;
    assert_plan(&view, true, 0);
}

static void test_no_more_than_the_budget(void **state)
{
    (void)state;
    struct turn_view view = idle();
    view.ahead = 200;
    view.budget = 7;
    assert_plan(&view, true, 7);
    view.budget = 0;
    assert_plan(&view, false, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_free_slot_and_news),
        cmocka_unit_test(test_no_handler_no_job),
        cmocka_unit_test(test_an_outcome_goes_out_with_the_next_reservation),
        cmocka_unit_test(test_outcomes_wait_while_the_handlers_have_work),
        cmocka_unit_test(test_outcomes_of_a_whole_batch_do_not_wait),
        cmocka_unit_test(test_on_the_way_to_the_end_outcomes_do_not_wait),
        cmocka_unit_test(test_no_more_than_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
