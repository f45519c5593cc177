/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/settings.h"
#include "library/pool.h"

static struct connection_settings settings;
static char folder[] = "/tmp/muster-pool.XXXXXX";

static int setup(void **state)
{
    (void)state;
    settings = (struct connection_settings){.name = mem_strdup("main")};
    keys_set_defaults(&settings_connection_table, &settings);
    free(settings.path);
    settings.path = mem_printf("%s/x.db", mkdtemp(folder));
    settings.timeout = 50;
    settings.pool_size = 2;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char *remove = mem_printf("rm -r %s", folder);
    int result = system(remove);
    free(remove);
    keys_finish(&settings_connection_table, &settings);
    free(settings.name);
    return result;
}

static void test_what_was_given_back_is_taken_again(void **state)
{
    (void)state;
    struct pool pool;
    struct err err = ERR_INIT;
    pool_init(&pool, &settings);
    struct queue_connection *one = pool_take(&pool, &err), *two = pool_take(&pool, &err);
    assert_true(one && two && one != two);
    pool_give(&pool, one);
    assert_ptr_equal(pool_take(&pool, &err), one);
    pool_give(&pool, one);
    pool_give(&pool, two);
    assert_int_equal(pool.open_count, 2);
    pool_finish(&pool);
}

static void test_who_finds_all_in_use_waits_for_the_timeout(void **state)
{
    (void)state;
    struct pool pool;
    struct err err = ERR_INIT;
    pool_init(&pool, &settings);
    struct queue_connection *one = pool_take(&pool, &err), *two = pool_take(&pool, &err);
    assert_null(pool_take(&pool, &err));
    assert_int_equal(err.code, ERR_UNAVAILABLE);
    assert_string_equal(err.text, "connection main: all 2 of its pool_size were in use for 50 ms");
    pool_give(&pool, one);
    pool_give(&pool, two);
    pool_finish(&pool);
}

static void test_one_that_cannot_be_opened_leaves_room_for_the_next(void **state)
{
    (void)state;
    struct pool pool;
    struct connection_settings away = settings;
    away.path = (char *)"/proc/nowhere/x.db";
    pool_init(&pool, &away);
    for (int i = 0; i < 5; i++) {
        struct err err = ERR_INIT;
        assert_null(pool_take(&pool, &err));
        assert_non_null(strstr(err.text, "/proc/nowhere"));
    }
    assert_int_equal(pool.open_count, 0);
    pool_finish(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_given_back_is_taken_again),
        cmocka_unit_test(test_who_finds_all_in_use_waits_for_the_timeout),
        cmocka_unit_test(test_one_that_cannot_be_opened_leaves_room_for_the_next),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
