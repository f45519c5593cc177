/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "supervisor/programs/program_schedule.h"

static void test_what_is_done_when_a_run_is_due(void **state)
{
    (void)state;
    static const struct {
        int overlap;
        bool catches_up, is_running;
        int64_t late_ms;
        enum schedule_action action;
    } cases[] = {
        {SCHEDULE_OVERLAP_SKIP, false, false, 0, SCHEDULE_START},
        {SCHEDULE_OVERLAP_SKIP, false, true, 0, SCHEDULE_SKIP},
        {SCHEDULE_OVERLAP_QUEUE, false, true, 0, SCHEDULE_WAIT},
        {SCHEDULE_OVERLAP_REPLACE, false, true, 0, SCHEDULE_REPLACE},
        {SCHEDULE_OVERLAP_ALLOW, false, true, 0, SCHEDULE_FULL},
        {SCHEDULE_OVERLAP_ALLOW, false, false, 0, SCHEDULE_START},
        {SCHEDULE_OVERLAP_REPLACE, false, false, SCHEDULE_LATE_MS, SCHEDULE_START},
        {SCHEDULE_OVERLAP_SKIP, false, false, SCHEDULE_LATE_MS + 1, SCHEDULE_MISSED},
        {SCHEDULE_OVERLAP_QUEUE, false, true, SCHEDULE_LATE_MS + 1, SCHEDULE_MISSED},
        {SCHEDULE_OVERLAP_SKIP, true, false, SCHEDULE_LATE_MS * 1000, SCHEDULE_START},
        {SCHEDULE_OVERLAP_SKIP, true, true, SCHEDULE_LATE_MS * 1000, SCHEDULE_SKIP},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct run_schedule_settings settings = {.overlap = cases[i].overlap,
                                                   .stamp = cases[i].catches_up ? "/stamp" : NULL};
        assert_int_equal(schedule_decide(&settings, cases[i].is_running, cases[i].late_ms),
                         cases[i].action);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_done_when_a_run_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
