/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "supervisor/feed.h"

static void test_nothing_is_kept_while_nobody_looks(void **state)
{
    (void)state;
    struct feed feed = {0};
    feed_put_text(&feed, "a", "1");
    assert_int_equal(feed.count, 0);
    assert_int_equal(feed_find(&feed, "0-0"), -1);
    feed_end(&feed);
}

static void test_events_are_numbered(void **state)
{
    (void)state;
    struct feed feed = {0};
    char id[FEED_ID_SIZE];
    feed_begin(&feed, 0xabc);
    feed_id(&feed, id);
    assert_string_equal(id, "abc-0");
    assert_int_equal(feed_find(&feed, id), 0);
    feed_put_text(&feed, "queues", "{}");
    assert_string_equal(feed_get(&feed, 1)->text, "id: abc-1\nevent: queues\ndata: {}\n\n");
    assert_int_equal(feed_find(&feed, "abc-0"), 0);
    assert_int_equal(feed_find(&feed, "abc-1"), 1);
    assert_null(feed_get(&feed, 0));
    assert_null(feed_get(&feed, 2));
    feed_end(&feed);
}

static void test_what_is_not_an_id_of_ours(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",      "abc",    "abc-",   "abc-2",
                                        "abd-1", "ABC-1",  "abc-01", "abc-1 ",
                                        "-1",    "abc--1", "abc-+1", "abc-99999999999999999999999"};
    struct feed feed = {0};
    feed_begin(&feed, 0xabc);
    feed_put_text(&feed, "a", "1");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(feed_find(&feed, wrong[i]), -1);
    feed_end(&feed);
}

static void test_the_oldest_go(void **state)
{
    (void)state;
    struct feed feed = {0};
    feed_begin(&feed, 1);
    for (int i = 0; i < FEED_EVENTS_MAX + 10; i++)
        feed_put_text(&feed, "a", "1");
    assert_int_equal(feed.count, FEED_EVENTS_MAX);
    assert_int_equal(feed_find(&feed, "1-9"), -1);
    assert_int_equal(feed_find(&feed, "1-10"), 10);
    assert_null(feed_get(&feed, 10));
    assert_non_null(feed_get(&feed, 11));
    feed_end(&feed);
    assert_int_equal(feed.bytes, 0);
}

static void test_bytes_have_a_limit(void **state)
{
    (void)state;
    struct feed feed = {0};
    char *large = malloc(FEED_BYTES_MAX + 1);
    memset(large, 'x', FEED_BYTES_MAX);
    large[FEED_BYTES_MAX / 3] = 0;
    feed_begin(&feed, 1);
    for (int i = 0; i < 5; i++)
        feed_put_text(&feed, "a", large);
    assert_int_equal(feed.count, 2);
    assert_true(feed.bytes <= FEED_BYTES_MAX);
    large[FEED_BYTES_MAX / 3] = 'x';
    large[FEED_BYTES_MAX] = 0;
    feed_put_text(&feed, "a", large);
    assert_int_equal(feed.count, 0);
    assert_int_equal(feed_find(&feed, "1-5"), -1);
    assert_int_equal(feed_find(&feed, "1-6"), 6);
    feed_put_text(&feed, "a", "1");
    assert_non_null(feed_get(&feed, 7));
    free(large);
    feed_end(&feed);
}

static void test_who_looks_anew_gets_new_numbers(void **state)
{
    (void)state;
    struct feed feed = {0};
    feed_begin(&feed, 5);
    feed_put_text(&feed, "a", "1");
    feed_end(&feed);
    feed_begin(&feed, 6);
    assert_int_equal(feed_find(&feed, "5-1"), -1);
    assert_int_equal(feed_find(&feed, "6-0"), 0);
    feed_end(&feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_kept_while_nobody_looks),
        cmocka_unit_test(test_events_are_numbered),
        cmocka_unit_test(test_what_is_not_an_id_of_ours),
        cmocka_unit_test(test_the_oldest_go),
        cmocka_unit_test(test_bytes_have_a_limit),
        cmocka_unit_test(test_who_looks_anew_gets_new_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
