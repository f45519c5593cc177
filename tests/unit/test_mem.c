/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena_keeps_what_it_gave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
