/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "common/uuid.h"

#define NOW_MS INT64_C(1795510000000)

static void test_length_and_symbols(void **state)
{
    (void)state;
    char uuid[UUID_SIZE];
    uuid_make(uuid, NOW_MS);
    assert_int_equal(strlen(uuid), UUID_LENGTH);
    assert_int_equal(
        strspn(uuid, "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"),
        UUID_LENGTH);
    assert_true(uuid_valid(uuid, strlen(uuid)));
}

static void test_begins_with_a_letter(void **state)
{
    (void)state;
    char uuid[UUID_SIZE];
    uuid_make(uuid, 0);
    assert_int_equal(uuid[0], 'A');
    uuid_make(uuid, NOW_MS);
    assert_int_equal(uuid[0], 'A');
    uuid_make(uuid, INT64_C(1) << 42);
    assert_int_equal(uuid[0], 'B');
}

static void test_sorts_by_time(void **state)
{
    (void)state;
    char earlier[UUID_SIZE], later[UUID_SIZE];
    for (int shift = 0; shift < 44; shift++) {
        uuid_make(earlier, (INT64_C(1) << shift) - 1);
        uuid_make(later, INT64_C(1) << shift);
        assert_true(strcmp(earlier, later) < 0);
    }
}

static void test_never_the_same_twice(void **state)
{
    (void)state;
    static char made[2000][UUID_SIZE];
    for (size_t i = 0; i < 2000; i++) {
        uuid_make(made[i], NOW_MS);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(made[i], made[j]);
    }
}

static void test_what_is_accepted(void **state)
{
    (void)state;
    char longest[UUID_TEXT_MAX + 1];
    memset(longest, 'x', sizeof longest);
    assert_true(uuid_valid("order-1", 7));
    assert_true(uuid_valid(longest, UUID_TEXT_MAX));
    assert_false(uuid_valid(longest, UUID_TEXT_MAX + 1));
    assert_false(uuid_valid("", 0));
    assert_false(uuid_valid("a b", 3));
    assert_false(uuid_valid("a\nb", 3));
    assert_false(uuid_valid("\xc3\xa4", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_length_and_symbols), cmocka_unit_test(test_begins_with_a_letter),
        cmocka_unit_test(test_sorts_by_time),      cmocka_unit_test(test_never_the_same_twice),
        cmocka_unit_test(test_what_is_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
