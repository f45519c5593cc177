/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "common/cgroup.h"
#include "common/mem.h"

static void assert_path(const char *text, const char *expected)
{
    char *path = cgroup_parse_path(text);
    if (expected)
        assert_string_equal(path, expected);
    else
        assert_null(path);
    free(path);
}

static void test_the_own_group(void **state)
{
    (void)state;
    assert_path("0::/system.slice/muster.service\n", "/system.slice/muster.service");
    assert_path("9:name=systemd:/x\n4:memory:/y\n0::/\n", "/");
    assert_path("0::/without newline", "/without newline");
    assert_path("10::/x\n4:memory:/y\n", NULL);
    assert_path("0::\n", NULL);
    assert_path("", NULL);
}

static void assert_directory(const char *mounts, const char *path, const char *expected)
{
    const char *below = NULL;
    char *place = cgroup_parse_mount(mounts, path, &below);
    if (expected) {
        char *directory = mem_printf("%s%s", place, below);
        assert_string_equal(directory, expected);
        free(directory);
    } else {
        assert_null(place);
    }
    free(place);
}

static void test_where_a_group_is_mounted(void **state)
{
    (void)state;
    static const char whole[] =
        "29 23 0:25 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n"
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
    static const char part[] = "30 23 0:26 /a/b /mnt/of\\040us rw - cgroup2 none rw\n";
    assert_directory(whole, "/", "/sys/fs/cgroup");
    assert_directory(whole, "/a/b", "/sys/fs/cgroup/a/b");
    assert_directory(whole, "/../a", NULL);
    assert_directory(part, "/a/b", "/mnt/of us");
    assert_directory(part, "/a/b/c", "/mnt/of us/c");
    assert_directory(part, "/a/bc", NULL);
    assert_directory(part, "/", NULL);
    assert_directory("29 23 0:25 / /sys rw - cgroup cgroup rw\n", "/", NULL);
    assert_directory("x - cgroup2 y\n", "/", NULL);
    assert_directory("", "/", NULL);
}

static void test_lists_and_counts(void **state)
{
    (void)state;
    static const char events[] = "low 0\nmax 7\noom 2\noom_kill 3\noom_group_kill 1\n";
    assert_true(cgroup_has_word("cpuset cpu memory\n", "cpu"));
    assert_true(cgroup_has_word("cpuset cpu memory\n", "memory"));
    assert_false(cgroup_has_word("cpuset memory\n", "cpu"));
    assert_false(cgroup_has_word("", "cpu"));
    assert_false(cgroup_has_word(NULL, "cpu"));
    assert_int_equal(cgroup_count(events, "oom"), 2);
    assert_int_equal(cgroup_count(events, "oom_kill"), 3);
    assert_int_equal(cgroup_count(events, "kill"), 0);
    assert_int_equal(cgroup_count("oom x\n", "oom"), 0);
    assert_int_equal(cgroup_count(NULL, "oom"), 0);
}

static void test_processor_time(void **state)
{
    (void)state;
    char text[CGROUP_CPU_MAX_SIZE];
    assert_string_equal(cgroup_cpu_max(0, text), "max 100000");
    assert_string_equal(cgroup_cpu_max(10, text), "1000 100000");
    assert_string_equal(cgroup_cpu_max(1500, text), "150000 100000");
}

static void test_names(void **state)
{
    (void)state;
    char *name = cgroup_name("a/b:50%\n");
    assert_string_equal(name, "program-a%2Fb:50%25%0A");
    assert_true(cgroup_is_name(name));
    assert_false(cgroup_is_name("muster.main"));
    free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_own_group),
        cmocka_unit_test(test_where_a_group_is_mounted),
        cmocka_unit_test(test_lists_and_counts),
        cmocka_unit_test(test_processor_time),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
