/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "common/endpoint.h"

static void assert_one(const char *text, const char *host, int port)
{
    struct err err = ERR_INIT;
    struct endpoints endpoints;
    assert_int_equal(endpoints_parse(text, 26379, &endpoints, &err), 0);
    assert_int_equal(endpoints.count, 1);
    assert_string_equal(endpoints.items[0].host, host);
    assert_int_equal(endpoints.items[0].port, port);
    endpoints_finish(&endpoints);
}

static void assert_refused(const char *text)
{
    struct err err = ERR_INIT;
    struct endpoints endpoints;
    assert_int_equal(endpoints_parse(text, 26379, &endpoints, &err), -1);
    assert_int_equal(endpoints.count, 0);
    assert_true(err.code == ERR_INVALID || err.code == ERR_LIMIT);
}

static void test_forms(void **state)
{
    (void)state;
    assert_one("redis.example", "redis.example", 26379);
    assert_one(" 127.0.0.1:6400\n", "127.0.0.1", 6400);
    assert_one("[2001:db8::1]:7000,", "2001:db8::1", 7000);
    assert_one("[::1]", "::1", 26379);
}

static void test_list(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct endpoints endpoints;
    assert_int_equal(endpoints_parse("a:1, b\n c:65535 ,,", 2, &endpoints, &err), 0);
    assert_int_equal(endpoints.count, 3);
    assert_string_equal(endpoints.items[1].host, "b");
    assert_int_equal(endpoints.items[1].port, 2);
    assert_int_equal(endpoints.items[2].port, 65535);
    endpoints_finish(&endpoints);
    assert_int_equal(endpoints_parse("", 2, &endpoints, &err), 0);
    assert_int_equal(endpoints.count, 0);
}

static void test_refused(void **state)
{
    (void)state;
    assert_refused("a:");
    assert_refused("a:0");
    assert_refused("a:65536");
    assert_refused("a:1x");
    assert_refused("2001:db8::1");
    assert_refused(":6379");
    assert_refused("[]:1");
    assert_refused("[::1");
    assert_refused("[::1]x");
    assert_refused("a:1,b:x");
    char many[ENDPOINTS_MAX * 2 + 3];
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = i % 2 ? ',' : 'a';
    many[sizeof many - 1] = '\0';
    assert_refused(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
