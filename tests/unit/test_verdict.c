/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "worker/verdict.h"

static const struct worker_options options = {
    .backoff = BACKOFF_FIXED, .backoff_delay = 5000, .backoff_max = 60000};

static struct verdict judge(struct ending ending, int attempts, int max_attempts)
{
    const struct verdict_view view = {.attempts = attempts, .max_attempts = max_attempts};
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
