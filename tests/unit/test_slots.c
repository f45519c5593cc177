/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "worker/slots.h"

#define SLOTS 3

struct fixture {
    struct board *board;
    struct slots slots;
    struct job jobs[SLOTS + 1];
    struct attempt attempts[SLOTS + 1];
};

static int set_up(void **state)
{
    static const char *const uuids[] = {"A", "B", "C", "D"};
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->board = board_private(SLOTS);
    slots_init(&fixture->slots, fixture->board);
    for (int i = 0; i <= SLOTS; i++) {
        fixture->jobs[i] = (struct job){.uuid = uuids[i], .attempts = i + 1};
        fixture->attempts[i].job = &fixture->jobs[i];
    }
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    slots_finish(&fixture->slots);
    board_destroy(fixture->board);
    free(fixture);
    return 0;
}

/* The attempt that the board has for this job; 0: none. */
static int noted(const struct fixture *fixture, const char *uuid)
{
    char found[UUID_TEXT_SIZE];
    int64_t started_us;
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        int attempt = board_read(fixture->board, slot, found, &started_us);
        if (attempt > 0 && strcmp(found, uuid) == 0)
            return attempt;
    }
    return 0;
}

static void test_a_note_stays_until_the_store_knows(void **state)
{
    struct fixture *fixture = *state;
    struct attempt *attempt = &fixture->attempts[1];
    slots_note(&fixture->slots, attempt, 1);
    assert_int_equal(noted(fixture, "B"), 2);
    slots_keep(attempt);
    assert_int_equal(noted(fixture, "B"), 2);
    slots_release(attempt);
    assert_int_equal(noted(fixture, "B"), 0);
    slots_release(attempt); /* once more does nothing */
    assert_int_equal(fixture->slots.free_count, SLOTS);
}

static void test_what_did_not_begin_is_not_noted(void **state)
{
    struct fixture *fixture = *state;
    slots_keep(&fixture->attempts[0]);
    slots_release(&fixture->attempts[0]);
    assert_int_equal(fixture->slots.free_count, SLOTS);
    assert_true(TAILQ_EMPTY(&fixture->slots.kept));
}

static void test_the_oldest_end_gives_way_to_what_begins(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < SLOTS; i++)
        slots_note(&fixture->slots, &fixture->attempts[i], 1);
    slots_keep(&fixture->attempts[2]);
    slots_keep(&fixture->attempts[0]);
    slots_note(&fixture->slots, &fixture->attempts[3], 1);
    assert_int_equal(noted(fixture, "A"), 1);
    assert_int_equal(noted(fixture, "B"), 2);
    assert_int_equal(noted(fixture, "C"), 0);
    assert_int_equal(noted(fixture, "D"), 4);
    for (int i = 0; i <= SLOTS; i++)
        slots_release(&fixture->attempts[i]);
    assert_int_equal(fixture->slots.free_count, SLOTS);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_note_stays_until_the_store_knows),
        TEST(test_what_did_not_begin_is_not_noted),
        TEST(test_the_oldest_end_gives_way_to_what_begins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
