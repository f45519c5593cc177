/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "common/program_depends.h"
#include "supervisor/programs/depends.h"

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        bool is_meant;
    } cases[] = {{"g", true},         {"p", true},     {"p_1", true},   {"p_2", false},
                 {"g:p", true},       {"g:p_1", true}, {"g:*", true},   {"g:", true},
                 {"h:p", false},      {"h:*", false},  {"", false},     {"x, y\tp_1", true},
                 {"x,,\n p,y", true}, {"gg", false},   {"g:pp", false}, {":p", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(program_depends_on(cases[i].list, "g", "p", "p_1"), cases[i].is_meant);
}

static void test_what_one_that_is_waited_for_means(void **state)
{
    (void)state;
    assert_int_equal(depends_judge(PROCESS_RUNNING, false, false), DEPENDS_READY);
    assert_int_equal(depends_judge(PROCESS_EXITED, true, false), DEPENDS_READY);
    assert_int_equal(depends_judge(PROCESS_EXITED, false, false), DEPENDS_FAILED);
    assert_int_equal(depends_judge(PROCESS_STOPPED, false, false), DEPENDS_FAILED);
    assert_int_equal(depends_judge(PROCESS_STOPPED, false, true), DEPENDS_COMING);
    assert_int_equal(depends_judge(PROCESS_FATAL, false, false), DEPENDS_FAILED);
    assert_int_equal(depends_judge(PROCESS_STARTING, true, false), DEPENDS_COMING);
    assert_int_equal(depends_judge(PROCESS_BACKOFF, true, false), DEPENDS_COMING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_what_one_that_is_waited_for_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
