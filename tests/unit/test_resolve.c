/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/resolve.h"

static int64_t in_ms(int64_t ms)
{
    return clock_monotonic_ms(&clock_system) + ms;
}

static void test_digits_are_read_as_they_are(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct resolved resolved;
    assert_int_equal(resolve_host("127.0.0.1", 6379, 0, &resolved, &err), 0);
    assert_int_equal(resolved.count, 1);
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&resolved.addresses[0];
    assert_int_equal(v4->sin_family, AF_INET);
    assert_int_equal(ntohs(v4->sin_port), 6379);
    assert_int_equal(resolve_host("::1", 1, 0, &resolved, &err), 0);
    assert_int_equal(resolved.addresses[0].ss_family, AF_INET6);
    assert_int_equal(resolved.lengths[0], sizeof(struct sockaddr_in6));
}

static void test_a_name_is_looked_up(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct resolved resolved;
    assert_int_equal(resolve_host("localhost", 80, in_ms(20000), &resolved, &err), 0);
    assert_true(resolved.count >= 1);
}

static void test_the_time_is_kept(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct resolved resolved;
    int64_t begun = in_ms(0);
    assert_int_equal(resolve_host("no-such-host.invalid", 80, in_ms(50), &resolved, &err), -1);
    assert_int_equal(err.code, ERR_UNAVAILABLE);
    assert_non_null(strstr(err.text, "no-such-host.invalid"));
    assert_true(in_ms(0) - begun < 10000);
}

static int count_threads(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (const struct dirent *entry = readdir(tasks); entry; entry = readdir(tasks))
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

/* What a look-up still has in hand when the process ends would count as lost. */
static int await_threads(void **state)
{
    (void)state;
    int64_t deadline = in_ms(20000);
    while (count_threads() > 1 && in_ms(0) < deadline)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return count_threads() > 1 ? -1 : 0;
}

int main(void)
{
    setenv("RES_OPTIONS", "timeout:1 attempts:1",
           1); /* so that a server that is away is soon given up */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digits_are_read_as_they_are),
        cmocka_unit_test(test_a_name_is_looked_up),
        cmocka_unit_test(test_the_time_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, await_threads);
}
