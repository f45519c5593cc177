/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"

static void test_append_and_consume(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100);
    assert_string_equal(buf_text(&buf), "");
    assert_int_equal(buf_text_append(&buf, "hello "), 0);
    assert_int_equal(buf_printf(&buf, "%s %d", "world", 7), 0);
    assert_string_equal(buf_text(&buf), "hello world 7");
    buf_consume(&buf, 6);
    assert_string_equal(buf_text(&buf), "world 7");
    buf_consume(&buf, 1000);
    assert_int_equal(buf.length, 0);
    buf_finish(&buf);
}

static void test_cap_is_all_or_nothing(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 8);
    assert_int_equal(buf_append(&buf, "12345", 5), 0);
    assert_int_equal(buf_append(&buf, "6789", 4), -1);
    assert_int_equal(buf_printf(&buf, "%s", "6789"), -1);
    assert_string_equal(buf_text(&buf), "12345");
    assert_int_equal(buf_append(&buf, "678", 3), 0);
    assert_true(buf_full(&buf));
    buf_finish(&buf);
}

static void test_content_survives_many_moves(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100000);
    unsigned written = 0, read = 0;
    for (int round = 0; round < 2000; round++) {
        for (int i = 0; i < 7; i++)
            assert_int_equal(buf_append(&buf, &written, sizeof written), 0), written++;
        for (int i = 0; i < 6; i++) {
            unsigned value;
            memcpy(&value, buf_data(&buf), sizeof value);
            assert_int_equal(value, read++);
            buf_consume(&buf, sizeof value);
        }
    }
    assert_int_equal(buf.length, (written - read) * sizeof read);
    buf_finish(&buf);
}

static void test_steal_leaves_it_empty(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100);
    buf_text_append(&buf, "xabc");
    buf_consume(&buf, 1);
    char *text = buf_steal(&buf);
    assert_string_equal(text, "abc");
    assert_int_equal(buf.length, 0);
    free(text);
    buf_finish(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_and_consume),
        cmocka_unit_test(test_cap_is_all_or_nothing),
        cmocka_unit_test(test_content_survives_many_moves),
        cmocka_unit_test(test_steal_leaves_it_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
