/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <errno.h>
#include <string.h>

#include "common/err.h"

static void test_first_cause_wins(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_int_equal(err_set(&err, ERR_INVALID, "first %d", 1), -1);
    assert_int_equal(err_set(&err, ERR_LIMIT, "second"), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_string_equal(err.text, "first 1");
    err_prefix(&err, "file:%d", 3);
    assert_string_equal(err.text, "file:3: first 1");
    err_clear(&err);
    assert_int_equal(err.code, ERR_NONE);
    assert_int_equal(err_set(NULL, ERR_INVALID, "nobody asks"), -1);
}

static void test_errno_tells_full_from_missing(void **state)
{
    (void)state;
    struct err full = ERR_INIT, missing = ERR_INIT, other = ERR_INIT;
    err_errno(&full, ENOSPC, "write");
    err_errno(&missing, ENOENT, "open %s", "x");
    err_errno(&other, EPERM, "kill");
    assert_int_equal(full.code, ERR_FULL);
    assert_int_equal(missing.code, ERR_NOT_FOUND);
    assert_int_equal(other.code, ERR_SYSTEM);
    assert_string_equal(missing.text, "open x: No such file or directory");
}

static void test_long_text_is_cut(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    char text[2 * ERR_TEXT_MAX];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    err_set(&err, ERR_LIMIT, "%s", text);
    err_prefix(&err, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_cause_wins),
        cmocka_unit_test(test_errno_tells_full_from_missing),
        cmocka_unit_test(test_long_text_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
