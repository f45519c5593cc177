/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "common/path.h"
#include "common/utf8.h"

static void assert_text(char *text, const char *expected)
{
    assert_string_equal(text, expected);
    free(text);
}

static void test_paths(void **state)
{
    (void)state;
    setenv("HOME", "/home/me", 1);
    assert_text(path_absolute("/a/./b//../c/"), "/a/c");
    assert_text(path_absolute("/../.."), "/");
    assert_text(path_directory("/a.ini"), "/");
    assert_text(path_directory("/etc/muster/a.ini"), "/etc/muster");
    assert_text(path_resolve("/etc", "x/y"), "/etc/x/y");
    assert_text(path_resolve("/etc", "/x"), "/x");
    assert_text(path_resolve("/etc", "~"), "/home/me");
    assert_text(path_resolve("/etc", "~/x"), "/home/me/x");
    assert_text(path_resolve("/etc", "~x"), "/etc/~x");
    assert_text(path_resolve("/etc", ""), "");
}

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        bool is_valid;
    } cases[] = {
        {"a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10, true},
        {"\xf4\x8f\xbf\xbf", 4, true},
        {"\xf4\x90\x80\x80", 4, false}, /* above U+10FFFF */
        {"\xed\xa0\x80", 3, false},     /* a surrogate */
        {"\xc0\x80", 2, false},         /* overlong */
        {"\xe0\x9f\xbf", 3, false},     /* overlong */
        {"\xe2\x82", 2, false},         /* cut off */
        {"\x80", 1, false},
        {"\xff", 1, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(utf8_is_valid(cases[i].text, cases[i].length), cases[i].is_valid);
    assert_int_equal(utf8_count(cases[0].text, cases[0].length), 4);
}

static void assert_clean(const char *text, size_t length, const char *wanted)
{
    struct buf out;
    buf_init(&out, 100);
    assert_int_equal(utf8_append_clean(&out, text, length), 0);
    assert_string_equal(buf_text(&out), wanted);
    buf_finish(&out);
}

static void test_what_is_no_utf8_is_replaced(void **state)
{
    (void)state;
    assert_clean("", 0, "");
    assert_clean("a\xc3\xa9\n", 4, "a\xc3\xa9\n");
    assert_clean("\xc3", 1, "\xef\xbf\xbd");
    assert_clean("a\0b\x80\x80z", 6,
                 "a\xef\xbf\xbd"
                 "b\xef\xbf\xbd\xef\xbf\xbdz");
    struct buf out;
    buf_init(&out, 4);
    assert_int_equal(utf8_append_clean(&out, "ab\xff", 3), -1);
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_what_is_no_utf8_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
