/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "worker/verdict.h"

static const struct worker_options options = {
    .backoff = BACKOFF_FIXED, .backoff_delay = 5000, .backoff_max = 60000};

static struct verdict judge(struct ending ending, int attempts, int max_attempts)
{
    const struct verdict_view view = {
        .attempts = attempts, .max_attempts = max_attempts, .decision = DECISION_NONE};
    return verdict_of(&ending, &view, &options);
}

static void assert_verdict(struct verdict verdict, enum outcome_kind kind, int64_t delay_ms,
                           const char *cause)
{
    assert_int_equal(verdict.kind, kind);
    assert_int_equal(verdict.delay_ms, delay_ms);
    if (cause)
        assert_string_equal(verdict.cause, cause);
    else
        assert_null(verdict.cause);
}

static void test_done(void **state)
{
    (void)state;
    assert_verdict(judge((struct ending){.kind = ENDING_DONE}, 9, 3), OUTCOME_DONE, 0, NULL);
}

static void test_failures_are_retried_while_attempts_are_left(void **state)
{
    (void)state;
    const struct {
        enum ending_kind kind;
        const char *cause;
    } rows[] = {
        {ENDING_EXCEPTION, "exception"}, {ENDING_EXIT, "exit"},     {ENDING_SIGNAL, "signal"},
        {ENDING_TIMEOUT, "timeout"},     {ENDING_MEMORY, "memory"}, {ENDING_PROTOCOL, "protocol"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ending ending = {.kind = rows[i].kind, .delay_ms = -1};
        assert_verdict(judge(ending, 2, 3), OUTCOME_RELEASE, 5000, rows[i].cause);
        assert_verdict(judge(ending, 3, 3), OUTCOME_FAIL, 0, rows[i].cause);
        assert_verdict(judge(ending, 1000, 0), OUTCOME_RELEASE, 5000, rows[i].cause);
        assert_true(verdict_is_failure(&ending));
    }
}

static void test_never_again(void **state)
{
    (void)state;
    const struct ending ending = {.kind = ENDING_EXCEPTION, .never_again = true};
    assert_verdict(judge(ending, 1, 3), OUTCOME_FAIL, 0, "exception");
}

static void test_a_release_has_its_own_pause(void **state)
{
    (void)state;
    struct ending ending = {.kind = ENDING_RELEASED, .delay_ms = 7};
    assert_verdict(judge(ending, 1, 3), OUTCOME_RELEASE, 7, "released");
    assert_verdict(judge(ending, 3, 3), OUTCOME_FAIL, 0, "released");
    ending.delay_ms = -1;
    assert_verdict(judge(ending, 1, 3), OUTCOME_RELEASE, 5000, "released");
    assert_false(verdict_is_failure(&ending));
    ending = (struct ending){.kind = ENDING_EXCEPTION, .delay_ms = 8};
    assert_verdict(judge(ending, 1, 3), OUTCOME_RELEASE, 8, "exception");
}

static void test_begun_too_often(void **state)
{
    (void)state;
    assert_verdict(judge((struct ending){.kind = ENDING_ATTEMPTS}, 4, 3), OUTCOME_FAIL, 0,
                   "attempts");
}

static void test_what_cannot_be_read_is_not_tried_again(void **state)
{
    (void)state;
    assert_verdict(judge((struct ending){.kind = ENDING_PAYLOAD}, 1, 3), OUTCOME_FAIL, 0,
                   "payload");
}

static void test_our_own_reasons_do_not_count(void **state)
{
    (void)state;
    const struct ending ending = {.kind = ENDING_STOPPED};
    assert_verdict(judge(ending, 3, 3), OUTCOME_UNTOUCHED, 0, NULL);
    assert_false(verdict_is_failure(&ending));
}

static void test_a_cancelled_job_goes_away_unless_it_is_done(void **state)
{
    (void)state;
    const struct verdict_view view = {.attempts = 1, .max_attempts = 3, .is_cancelled = true};
    for (int kind = 0; kind < ENDING_KIND_COUNT; kind++) {
        const struct ending ending = {.kind = (enum ending_kind)kind};
        enum outcome_kind wanted = kind == ENDING_DONE ? OUTCOME_DONE : OUTCOME_CANCELLED;
        assert_int_equal(verdict_of(&ending, &view, &options).kind, wanted);
    }
}

static struct verdict judge_by(struct ending ending, int attempts, struct decision decision)
{
    const struct verdict_view view = {
        .attempts = attempts, .max_attempts = 3, .decision = decision};
    return verdict_of(&ending, &view, &options);
}

static void test_a_rule_decides(void **state)
{
    (void)state;
    const struct ending crash = {.kind = ENDING_SIGNAL, .delay_ms = -1};
    const struct decision discard = {POLICY_DISCARD, -1}, fail = {POLICY_FAIL, -1},
                          later = {POLICY_RETRY, 900};
    assert_verdict(judge_by(crash, 1, discard), OUTCOME_CANCELLED, 0, "signal");
    assert_verdict(judge_by(crash, 1, fail), OUTCOME_FAIL, 0, "signal");
    assert_verdict(judge_by(crash, 1, later), OUTCOME_RELEASE, 900, "signal");
    assert_verdict(judge_by(crash, 3, later), OUTCOME_FAIL, 0, "signal");
}

static void test_a_rule_does_not_go_over_what_the_handler_says(void **state)
{
    (void)state;
    const struct decision later = {POLICY_RETRY, 900}, discard = {POLICY_DISCARD, -1};
    const struct ending never = {.kind = ENDING_EXIT, .never_again = true, .delay_ms = -1};
    const struct ending told = {.kind = ENDING_EXCEPTION, .delay_ms = 5};
    assert_verdict(judge_by(never, 1, later), OUTCOME_FAIL, 0, "exit");
    assert_verdict(judge_by(told, 1, later), OUTCOME_RELEASE, 5, "exception");
    assert_verdict(judge_by((struct ending){.kind = ENDING_DONE}, 1, discard), OUTCOME_DONE, 0,
                   NULL);
    assert_verdict(judge_by((struct ending){.kind = ENDING_UNHANDLED}, 1, discard), OUTCOME_FAIL, 0,
                   "unhandled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_done),
        cmocka_unit_test(test_failures_are_retried_while_attempts_are_left),
        cmocka_unit_test(test_never_again),
        cmocka_unit_test(test_a_release_has_its_own_pause),
        cmocka_unit_test(test_begun_too_often),
        cmocka_unit_test(test_what_cannot_be_read_is_not_tried_again),
        cmocka_unit_test(test_our_own_reasons_do_not_count),
        cmocka_unit_test(test_a_cancelled_job_goes_away_unless_it_is_done),
        cmocka_unit_test(test_a_rule_decides),
        cmocka_unit_test(test_a_rule_does_not_go_over_what_the_handler_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
