/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "common/buf.h"
#include "common/command.h"

/* The words with | between them, or the error's text. */
static const char *joined(char **words, const struct err *err)
{
    static char text[2000];
    text[0] = '\0';
    if (!words)
        return strcpy(text, err ? err->text : "not merged");
    for (char **word = words; *word; word++) {
        strcat(text, *word);
        strcat(text, "|");
    }
    command_free(words);
    return text;
}

static const char *split(const char *text)
{
    struct err err = ERR_INIT;
    return joined(command_split(text, &err), &err);
}

static const char *environment(const char *text)
{
    struct err err = ERR_INIT;
    return joined(command_environment(text, &err), &err);
}

static void test_words_are_split_as_in_a_shell(void **state)
{
    (void)state;
    assert_string_equal(split("php worker.php"), "php|worker.php|");
    assert_string_equal(split("  a\t b\nc  "), "a|b|c|");
    assert_string_equal(split("sh -c 'a  \"b\"'"), "sh|-c|a  \"b\"|");
    assert_string_equal(split("\"a \\\" \\\\ \\n\""), "a \" \\ \\n|");
    assert_string_equal(split("a\\ b '' \"\" c''d"), "a b|||cd|");
    assert_string_equal(split("a | b; {c} #d $e *"), "a|||b;|{c}|#d|$e|*|");
}

static void test_broken_commands_say_why(void **state)
{
    (void)state;
    assert_non_null(strstr(split("sh -c 'a"), "no closing quotation"));
    assert_non_null(strstr(split("sh -c \"a\\\""), "no closing quotation"));
    assert_non_null(strstr(split("a \\"), "no escaped character"));
    assert_non_null(strstr(split(" \n"), "empty"));
}

static void test_environments(void **state)
{
    (void)state;
    assert_string_equal(environment(""), "");
    assert_string_equal(environment("A=1"), "A=1|");
    assert_string_equal(environment("A = 1 ,\n B=\"x, y\",C='it is \"so\" ok',"),
                        "A=1|B=x, y|C=it is \"so\" ok|");
    assert_string_equal(environment("PATH=/bin:/usr/bin,E=\"\""), "PATH=/bin:/usr/bin|E=|");
}

static void test_what_would_be_misread_is_refused(void **state)
{
    (void)state;
    assert_non_null(strstr(environment("A=a b"), "put a comma"));
    assert_non_null(strstr(environment("A=1\nB=2"), "put a comma"));
    assert_non_null(strstr(environment("A=b#c"), "put a comma"));
    assert_non_null(strstr(environment("A=1;B=2"), "put a comma"));
    assert_non_null(strstr(environment("A="), "a value is missing"));
    assert_non_null(strstr(environment("A=\"'x'\""), "begin or end with a quote"));
    assert_non_null(strstr(environment("A=\"x"), "no closing quotation"));
    assert_non_null(strstr(environment("A"), "a name and ="));
    assert_non_null(strstr(environment("=1"), "a name and ="));
}

static void test_merged_environments(void **state)
{
    (void)state;
    char *base[] = {"A=1", "AB=2", NULL};
    char *additions[] = {"A=3", "C=4", "C=5", NULL};
    assert_string_equal(joined(command_merge_environment(base, additions), NULL), "A=3|AB=2|C=5|");
    assert_string_equal(joined(command_merge_environment(NULL, NULL), NULL), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_split_as_in_a_shell),
        cmocka_unit_test(test_broken_commands_say_why),
        cmocka_unit_test(test_environments),
        cmocka_unit_test(test_what_would_be_misread_is_refused),
        cmocka_unit_test(test_merged_environments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
