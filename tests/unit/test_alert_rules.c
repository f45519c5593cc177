/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "supervisor/alerts/rules.h"

static const struct alert_options options = {.failure_rate = 10,
                                             .failure_jobs = 10,
                                             .queue_size = 1000,
                                             .oldest_wait = 60000,
                                             .worker_memory = 90};

static struct alert_finding judge(enum alert_type type, struct alert_view view)
{
    struct alert_finding finding;
    view.subject = "mails";
    alert_judge(type, &view, &options, &finding);
    return finding;
}

static struct alert_view figures(void)
{
    return (struct alert_view){.has_figures = true, .is_ours = true, .oldest_ms = -1};
}

static void holds(enum alert_type type, struct alert_view view, double value, const char *message)
{
    struct alert_finding finding = judge(type, view);
    assert_int_equal(finding.judgement, ALERT_HOLDS);
    assert_true(finding.value == value);
    assert_string_equal(finding.message, message);
}

static void fine(enum alert_type type, struct alert_view view)
{
    assert_int_equal(judge(type, view).judgement, ALERT_FINE);
}

static void test_failure_rate(void **state)
{
    (void)state;
    struct alert_view view = figures();
    view.ended = 40;
    view.failed = 4;
    fine(ALERT_FAILURE_RATE, view);
    view.failed = 5;
    holds(ALERT_FAILURE_RATE, view, 12.5, "Queue mails: failure rate is 12.5%, 5 of 40 jobs");
    view.ended = 9;
    fine(ALERT_FAILURE_RATE, view);
}

static void test_sizes_and_waits(void **state)
{
    (void)state;
    struct alert_view view = figures();
    view.ready = 1000;
    fine(ALERT_QUEUE_SIZE, view);
    fine(ALERT_OLDEST_WAIT, view);
    view.ready = 1001;
    view.oldest_ms = 61000;
    holds(ALERT_QUEUE_SIZE, view, 1001, "Queue mails has 1001 pending jobs");
    holds(ALERT_OLDEST_WAIT, view, 61, "Queue mails: the oldest job has been waiting for 61 s");
}

static void test_another_host_tells_of_the_store(void **state)
{
    (void)state;
    struct alert_view view = figures();
    view.ready = view.ended = view.failed = 5000;
    view.oldest_ms = 100000;
    view.is_ours = false;
    fine(ALERT_QUEUE_SIZE, view);
    fine(ALERT_OLDEST_WAIT, view);
    fine(ALERT_FAILURE_RATE, view);
}

static void test_what_is_not_known(void **state)
{
    (void)state;
    struct alert_view view = {.ready = 5000};
    assert_int_equal(judge(ALERT_QUEUE_SIZE, view).judgement, ALERT_UNKNOWN);
    assert_int_equal(judge(ALERT_OLDEST_WAIT, view).judgement, ALERT_UNKNOWN);
    assert_int_equal(judge(ALERT_FAILURE_RATE, view).judgement, ALERT_UNKNOWN);
}

static void test_workers(void **state)
{
    (void)state;
    struct alert_view view = {.wanted = 2, .running = 1, .memory = 90, .failures = 2};
    fine(ALERT_NO_WORKERS, view);
    fine(ALERT_WORKER_MEMORY, view);
    fine(ALERT_CRASH_LOOP, view);
    fine(ALERT_STALLED_WORKERS, view);
    view = (struct alert_view){.wanted = 2, .memory = 91, .failures = 3, .stalled = 2};
    holds(ALERT_NO_WORKERS, view, 0, "Queue mails has no running worker, 2 are wanted");
    holds(ALERT_WORKER_MEMORY, view, 91, "Queue mails: a worker uses 91% of its memory");
    holds(ALERT_CRASH_LOOP, view, 3, "Queue mails: a worker has died 3 times in a row");
    holds(ALERT_STALLED_WORKERS, view, 2, "Queue mails: 2 workers appear to be stalled");
    view.is_paused = true;
    fine(ALERT_NO_WORKERS, view);
}

static void test_stores(void **state)
{
    (void)state;
    fine(ALERT_STORE_DOWN, (struct alert_view){.store_is_away = false});
    holds(ALERT_STORE_DOWN, (struct alert_view){.store_is_away = true}, 0,
          "Connection mails: the store cannot be used");
}

static void test_an_option_of_0_switches_it_off(void **state)
{
    (void)state;
    const struct alert_options none = {0};
    struct alert_view view = figures();
    struct alert_finding finding;
    view.subject = "q";
    view.ready = view.ended = view.failed = 5000;
    view.oldest_ms = 100000;
    view.memory = 100;
    static const enum alert_type types[] = {ALERT_FAILURE_RATE, ALERT_QUEUE_SIZE, ALERT_OLDEST_WAIT,
                                            ALERT_WORKER_MEMORY};
    for (size_t i = 0; i < 4; i++) {
        alert_judge(types[i], &view, &none, &finding);
        assert_int_equal(finding.judgement, ALERT_FINE);
    }
}

/* In time: one letter a second: what is judged (H, F, U), and what is told (r raised, R repeated, x
 * resolved, . nothing). */
static void runs(struct alert_timing timing, const char *judged, const char *told)
{
    struct alert_state alert = {0};
    char got[100] = "";
    for (size_t i = 0; judged[i]; i++) {
        enum alert_judgement judgement = judged[i] == 'H'   ? ALERT_HOLDS
                                         : judged[i] == 'F' ? ALERT_FINE
                                                            : ALERT_UNKNOWN;
        got[i] = ".rRx"[alert_step(&alert, judgement, &timing, (int64_t)(1000 + i) * 1000)];
    }
    assert_string_equal(got, told);
}

static void test_raised_and_resolved(void **state)
{
    (void)state;
    const struct alert_timing at_once = {0, 0, 0};
    runs(at_once, "FHHHFFH", ".r..x.r");
    runs(at_once, "HUUUF", "r...x");
    const struct alert_timing slow = {.hold_ms = 2000, .clear_ms = 3000};
    runs(slow, "HHFHHHHFFFF", ".....r....x");
    runs(slow, "HHHFFHFFHFFFF", "..r.........x");
    runs(slow, "HUH", "..r");
}

static void test_repeated(void **state)
{
    (void)state;
    const struct alert_timing timing = {.repeat_ms = 3000, .clear_ms = 1000};
    runs(timing, "HHHHHHHFF", "r..R..R.x");
    runs(timing, "HHFHFHHFF", "r..R..R.x");
}

/* Whatever the figures do, there are at most so many messages. */
static void test_no_storm(void **state)
{
    (void)state;
    const struct alert_timing timing = {.clear_ms = 60000, .repeat_ms = 3600000};
    struct alert_state alert = {0};
    unsigned told = 0;
    for (int64_t second = 1; second <= 3600; second++)
        told += alert_step(&alert, second % 2 ? ALERT_HOLDS : ALERT_FINE, &timing, second * 1000) !=
                ALERT_NOTHING;
    assert_int_equal(told, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failure_rate),
        cmocka_unit_test(test_sizes_and_waits),
        cmocka_unit_test(test_another_host_tells_of_the_store),
        cmocka_unit_test(test_what_is_not_known),
        cmocka_unit_test(test_workers),
        cmocka_unit_test(test_stores),
        cmocka_unit_test(test_an_option_of_0_switches_it_off),
        cmocka_unit_test(test_raised_and_resolved),
        cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_no_storm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
