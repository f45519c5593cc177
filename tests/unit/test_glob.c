/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "common/glob.h"

static void test_names_and_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "Anything", true},
        {"Send", "Send", true},
        {"Send", "SendEmail", false},
        {"send", "Send", false},
        {"Send*", "SendEmail", true},
        {"*Email", "SendEmail", true},
        {"*Email", "SendEmails", false},
        {"App\\Jobs\\*", "App\\Jobs\\Send", true},
        {"App\\Jobs\\*", "App\\Job\\Send", false},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"*a*b*c*", "xxaxxbxxcxx", true},
        {"*a*b*c*", "xxaxxcxxbxx", false},
        {"**x", "aax", true},
        {"[a-z]", "b", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (glob_match(cases[i].pattern, cases[i].text) != cases[i].matches)
            fail_msg("%s and %s", cases[i].pattern, cases[i].text);
}

/* What takes for ever where every * is tried at every place. */
static void test_it_ends(void **state)
{
    (void)state;
    char pattern[201], text[5001];
    for (size_t i = 0; i < sizeof pattern - 1; i++)
        pattern[i] = i % 2 ? 'a' : '*';
    memset(text, 'a', sizeof text - 1);
    pattern[sizeof pattern - 1] = text[sizeof text - 1] = '\0';
    assert_true(glob_match(pattern, text));
    text[sizeof text - 2] = 'b';
    assert_false(glob_match(pattern, text));
}

static void test_which_says_more(void **state)
{
    (void)state;
    assert_true(glob_is_pattern("a*") && glob_is_pattern("?") && !glob_is_pattern("a"));
    assert_true(glob_weight("Send*") > glob_weight("S*"));
    assert_int_equal(glob_weight("*"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_patterns),
        cmocka_unit_test(test_it_ends),
        cmocka_unit_test(test_which_says_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
