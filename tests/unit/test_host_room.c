/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/mem.h"
#include "supervisor/scaling/host_room.h"

static char directory[] = "/tmp/muster-room-XXXXXX";

static void put(const char *name, const char *text)
{
    char *path = mem_printf("%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    free(path);
}

static void test_a_control_group(void **state)
{
    (void)state;
    assert_true(host_room_cgroup(directory) < 0);
    put("memory.max", "max\n");
    put("memory.current", "500\n");
    assert_true(host_room_cgroup(directory) < 0);
    put("memory.max", "1000\n");
    assert_int_equal((int)host_room_cgroup(directory), 50);
    put("memory.stat", "anon 100\ninactive_file 200\nactive_file 100\n");
    assert_int_equal((int)host_room_cgroup(directory), 30);
    put("memory.stat", "anon 100\ninactive_file 900\n");
    assert_int_equal((int)host_room_cgroup(directory), 0);
}

static void test_this_host(void **state)
{
    (void)state;
    struct host_figures figures;
    host_room_read(&figures);
    assert_true(figures.memory > 0 && figures.memory <= 100);
    assert_true(figures.load >= 0);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    static const char *const names[] = {"memory.max", "memory.current", "memory.stat"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = mem_printf("%s/%s", directory, names[i]);
        unlink(path);
        free(path);
    }
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_control_group),
        cmocka_unit_test(test_this_host),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
