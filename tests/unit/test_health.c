/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "supervisor/health.h"

static const struct health_limits limits = {
    .boot_ms = 30000, .silence_ms = 60000, .drain_ms = 5000, .terminate_ms = 2000};

static int64_t due(enum process_state state, enum stop_stage stage)
{
    const struct health_view view = {
        .state = state, .stage = stage, .since_ms = 1000, .alive_ms = 7000, .pause_ms = 250};
    return health_due_ms(&limits, &view);
}

static void test_each_state_has_its_limit(void **state)
{
    (void)state;
    assert_int_equal(due(PROCESS_STARTING, STOP_DRAIN), 31000);
    assert_int_equal(due(PROCESS_RUNNING, STOP_DRAIN), 67000);
    assert_int_equal(due(PROCESS_BACKOFF, STOP_DRAIN), 1250);
    assert_int_equal(due(PROCESS_STOPPING, STOP_DRAIN), 6000);
    assert_int_equal(due(PROCESS_STOPPING, STOP_TERMINATE), 3000);
    assert_int_equal(due(PROCESS_STOPPING, STOP_KILL), 6000);
    assert_int_equal(due(PROCESS_UNKNOWN, STOP_DRAIN), 6000);
}

static void test_what_does_not_run_has_none(void **state)
{
    (void)state;
    assert_int_equal(due(PROCESS_STOPPED, STOP_DRAIN), HEALTH_NEVER);
    assert_int_equal(due(PROCESS_EXITED, STOP_DRAIN), HEALTH_NEVER);
    assert_int_equal(due(PROCESS_FATAL, STOP_DRAIN), HEALTH_NEVER);
}

static void test_silence_may_be_allowed(void **state)
{
    (void)state;
    const struct health_limits quiet = {.boot_ms = 1};
    const struct health_view view = {.state = PROCESS_RUNNING, .alive_ms = 1};
    assert_int_equal(health_due_ms(&quiet, &view), HEALTH_NEVER);
}

static void test_one_that_finishes_jobs_has_to_speak(void **state)
{
    (void)state;
    struct health_limits patient = limits;
    patient.drain_ms = 1000000;
    struct health_view view = {.state = PROCESS_STOPPING, .since_ms = 1000, .alive_ms = 7000};
    assert_int_equal(health_due_ms(&patient, &view), 67000);
    patient.silence_ms = 0;
    assert_int_equal(health_due_ms(&patient, &view), 1001000);
}

static void test_escalation_ends_with_kill(void **state)
{
    (void)state;
    assert_int_equal(health_escalate(STOP_DRAIN), STOP_TERMINATE);
    assert_int_equal(health_escalate(STOP_TERMINATE), STOP_KILL);
    assert_int_equal(health_escalate(STOP_KILL), STOP_KILL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_state_has_its_limit),
        cmocka_unit_test(test_what_does_not_run_has_none),
        cmocka_unit_test(test_silence_may_be_allowed),
        cmocka_unit_test(test_one_that_finishes_jobs_has_to_speak),
        cmocka_unit_test(test_escalation_ends_with_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
