/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "supervisor/lifecycle.h"

static void step(enum process_state from, enum process_event event, enum process_state to,
                 enum process_action action)
{
    struct lifecycle_step got = lifecycle_next(from, event);
    assert_int_equal(got.state, to);
    assert_int_equal(got.action, action);
}

static bool is_signal(enum process_action action)
{
    return action == ACTION_DRAIN || action == ACTION_TERMINATE || action == ACTION_KILL ||
           action == ACTION_ESCALATE;
}

/* What must hold in every cell, whatever the table says. */
static void check_cell(enum process_state from, enum process_event event)
{
    struct lifecycle_step to = lifecycle_next(from, event);
    bool had = lifecycle_has_process(from), has = lifecycle_has_process(to.state);
    assert_in_range(to.state, 0, PROCESS_STATE_COUNT - 1);
    /* A process comes by a spawn and goes by its end, and by nothing else. */
    assert_int_equal(!had && has, to.action == ACTION_SPAWN);
    assert_int_equal(had && !has, had && event == EVENT_ENDED);
    /* Only what lives is signalled. */
    if (is_signal(to.action))
        assert_true(had && has);
    /* Every end of a wanted process leads to a decision about the next start. */
    if (had && event == EVENT_ENDED && from != PROCESS_STOPPING)
        assert_true(to.action == ACTION_RESTART || to.action == ACTION_PAUSE);
    /* Whoever is in a pause has been told to begin it. */
    if (to.state == PROCESS_BACKOFF && from != PROCESS_BACKOFF)
        assert_int_equal(to.action, ACTION_PAUSE);
    /* A stop is never taken back, and always leads to the end. */
    if (event == EVENT_STOP || event == EVENT_TERMINATE || event == EVENT_KILL)
        assert_int_equal(to.state, had ? PROCESS_STOPPING : PROCESS_STOPPED);
}

static void test_every_cell(void **state)
{
    (void)state;
    for (int from = 0; from < PROCESS_STATE_COUNT; from++)
        for (int event = 0; event < PROCESS_EVENT_COUNT; event++)
            check_cell((enum process_state)from, (enum process_event)event);
}

static void mark_reachable(bool *reached, enum process_state from)
{
    if (reached[from])
        return;
    reached[from] = true;
    for (int event = 0; event < PROCESS_EVENT_COUNT; event++)
        mark_reachable(reached, lifecycle_next(from, (enum process_event)event).state);
}

static void test_every_state_is_reachable_from_every_other(void **state)
{
    (void)state;
    for (int from = 0; from < PROCESS_STATE_COUNT; from++) {
        bool reached[PROCESS_STATE_COUNT] = {false};
        mark_reachable(reached, (enum process_state)from);
        for (int to = 0; to < PROCESS_STATE_COUNT; to++)
            assert_true(reached[to]);
    }
}

static void test_an_ordinary_life(void **state)
{
    (void)state;
    step(PROCESS_STOPPED, EVENT_START, PROCESS_STARTING, ACTION_SPAWN);
    step(PROCESS_STARTING, EVENT_READY, PROCESS_RUNNING, ACTION_NONE);
    step(PROCESS_RUNNING, EVENT_ENDED, PROCESS_EXITED, ACTION_RESTART);
    step(PROCESS_EXITED, EVENT_START, PROCESS_STARTING, ACTION_SPAWN);
    step(PROCESS_RUNNING, EVENT_STOP, PROCESS_STOPPING, ACTION_DRAIN);
    step(PROCESS_STOPPING, EVENT_ENDED, PROCESS_STOPPED, ACTION_NONE);
}

static void test_failures(void **state)
{
    (void)state;
    step(PROCESS_STARTING, EVENT_ENDED, PROCESS_BACKOFF, ACTION_PAUSE);
    step(PROCESS_BACKOFF, EVENT_TIMEOUT, PROCESS_STARTING, ACTION_SPAWN);
    step(PROCESS_EXITED, EVENT_PAUSE, PROCESS_BACKOFF, ACTION_PAUSE);
    step(PROCESS_BACKOFF, EVENT_GIVE_UP, PROCESS_FATAL, ACTION_NONE);
    step(PROCESS_FATAL, EVENT_TIMEOUT, PROCESS_FATAL, ACTION_NONE);
}

static void test_limits(void **state)
{
    (void)state;
    step(PROCESS_STARTING, EVENT_TIMEOUT, PROCESS_UNKNOWN, ACTION_KILL);
    step(PROCESS_RUNNING, EVENT_TIMEOUT, PROCESS_UNKNOWN, ACTION_KILL);
    step(PROCESS_UNKNOWN, EVENT_READY, PROCESS_UNKNOWN, ACTION_NONE);
    step(PROCESS_UNKNOWN, EVENT_ENDED, PROCESS_EXITED, ACTION_RESTART);
    step(PROCESS_STOPPING, EVENT_TIMEOUT, PROCESS_STOPPING, ACTION_ESCALATE);
    step(PROCESS_STOPPING, EVENT_START, PROCESS_STOPPING, ACTION_NONE);
}

static void test_supervisors_names_and_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int number;
    } known[PROCESS_STATE_COUNT] = {
        {"STOPPED", 0},   {"STARTING", 10}, {"RUNNING", 20}, {"BACKOFF", 30},
        {"STOPPING", 40}, {"EXITED", 100},  {"FATAL", 200},  {"UNKNOWN", 1000},
    };
    for (int i = 0; i < PROCESS_STATE_COUNT; i++) {
        assert_string_equal(lifecycle_name((enum process_state)i), known[i].name);
        assert_int_equal(lifecycle_number((enum process_state)i), known[i].number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cell),
        cmocka_unit_test(test_every_state_is_reachable_from_every_other),
        cmocka_unit_test(test_an_ordinary_life),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_supervisors_names_and_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
