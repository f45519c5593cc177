/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "common/footprint.h"
#include "common/mem.h"

static void test_arena_keeps_what_it_gave(void **state)
{
    (void)state;
    struct arena arena = {NULL};
    char *texts[1000];
    for (int i = 0; i < 1000; i++) {
        char text[64];
        int length = snprintf(text, sizeof text, "text number %d", i);
        texts[i] = arena_strndup(&arena, text, (size_t)length);
        assert_int_equal((uintptr_t)texts[i] % sizeof(void *), 0);
    }
    memset(arena_alloc(&arena, 100000), 'x', 100000);
    assert_string_equal(texts[0], "text number 0");
    assert_string_equal(texts[999], "text number 999");
    arena_reset(&arena);
    assert_non_null(arena.head);
    arena_finish(&arena);
    assert_null(arena.head);
}

static long resident_kb(void)
{
    char line[256];
    long kb = -1;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    assert_non_null(file);
    while (kb < 0 && fgets(line, sizeof line, file))
        sscanf(line, "Rss: %ld kB", &kb);
    fclose(file);
    return kb;
}

static void test_pages_cost_nothing_until_they_are_written(void **state)
{
    (void)state;
    const size_t size = 64 << 20;
    long before = resident_kb();
    char *pages = mem_pages(size);
    assert_true(resident_kb() < before + (16 << 10));
    assert_int_equal(pages[size - 1], 0);
    mem_pages_free(pages, size);
    mem_pages_free(NULL, size);
}

static void test_what_was_read_of_programs_is_given_back_and_comes_back(void **state)
{
    (void)state;
    long before = resident_kb();
    footprint_shrink();
    assert_true(resident_kb() < before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena_keeps_what_it_gave),
        cmocka_unit_test(test_pages_cost_nothing_until_they_are_written),
        cmocka_unit_test(test_what_was_read_of_programs_is_given_back_and_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
