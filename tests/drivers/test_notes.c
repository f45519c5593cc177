/* SPDX-License-Identifier: MIT */
#include "tests/drivers/suite.h"

static void put(struct fixture *fixture, const char *kind, const char *key, const char *value,
                int64_t ttl_ms)
{
    const struct note note = {.kind = kind, .key = key, .value = value, .ttl_ms = ttl_ms};
    ok(fixture, fixture->driver->note_put(fixture->a, &note, &fixture->err));
}

struct seen {
    char text[4096];
    int64_t ttl_ms, updated_at_ms;
};

static int add_note(void *context, const struct note *note)
{
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof seen->text - used, "%s:%s=%s(%s) ", note->kind, note->key,
             note->value, note->owner ? note->owner : "-");
    seen->ttl_ms = note->ttl_ms;
    seen->updated_at_ms = note->updated_at_ms;
    return 0;
}

static struct seen see(struct fixture *fixture, const char *kind, const char *prefix,
                       const char *after, size_t limit)
{
    struct seen seen = {.ttl_ms = 99};
    ok(fixture, fixture->driver->note_list(fixture->b, kind, prefix, after, limit, add_note, &seen,
                                           &fixture->err));
    return seen;
}

static void sees(struct fixture *fixture, const char *kind, const char *prefix, const char *text)
{
    struct seen seen = see(fixture, kind, prefix, NULL, 100);
    assert_string_equal(seen.text, text);
}

static void test_notes_are_put_and_replaced(void **state)
{
    struct fixture *fixture = *state;
    sees(fixture, "host", "", "");
    put(fixture, "host", "b", "{\"n\":1}", 0);
    put(fixture, "host", "a", "2", 0);
    put(fixture, "pause", "b", "3", 0);
    sees(fixture, "host", "", "host:a=2(-) host:b={\"n\":1}(-) ");
    put(fixture, "host", "b", "{\"gr\xc3\xb6\xc3\x9f\x65\":\"\\\"\"}", 0);
    struct seen seen = see(fixture, "host", "b", NULL, 10);
    assert_string_equal(seen.text, "host:b={\"gr\xc3\xb6\xc3\x9f\x65\":\"\\\"\"}(-) ");
    assert_int_equal(seen.ttl_ms, 0);
    int64_t wall_ms = clock_wall_ms(&clock_system);
    assert_in_range(seen.updated_at_ms, wall_ms - PATIENCE_MS, wall_ms + PATIENCE_MS);
}

static void test_keys_that_begin_alike(void **state)
{
    struct fixture *fixture = *state;
    static const char *const keys[] = {"q",
                                       "q/1",
                                       "q/10",
                                       "q/2",
                                       "q0",
                                       "Q/1",
                                       "q%",
                                       "q_",
                                       "r",
                                       "gr\xc3\xb6\xc3\x9f",
                                       "gr\xc3\xb6\xc3\x9f\x65"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        put(fixture, "k", keys[i], "1", 0);
    sees(fixture, "k", "q/", "k:q/1=1(-) k:q/10=1(-) k:q/2=1(-) ");
    sees(fixture, "k", "q/1", "k:q/1=1(-) k:q/10=1(-) ");
    sees(fixture, "k", "q%", "k:q%=1(-) ");
    sees(fixture, "k", "q_", "k:q_=1(-) ");
    sees(fixture, "k", "gr\xc3\xb6\xc3\x9f",
         "k:gr\xc3\xb6\xc3\x9f=1(-) k:gr\xc3\xb6\xc3\x9f\x65=1(-) ");
    sees(fixture, "k", "x", "");
    assert_string_equal(see(fixture, "k", "q/", "q/1", 1).text, "k:q/10=1(-) ");
    assert_string_equal(see(fixture, "k", "", NULL, 2).text,
                        "k:Q/1=1(-) k:gr\xc3\xb6\xc3\x9f=1(-) ");
    assert_string_equal(see(fixture, "k", "q/", "q/2", 10).text, "");
}

static void test_notes_expire(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "k", "short", "1", 60);
    put(fixture, "k", "long", "2", 3600000);
    int64_t deadline = now_ms() + PATIENCE_MS;
    while (strstr(see(fixture, "k", "", NULL, 10).text, "short") && now_ms() < deadline)
        pause_briefly();
    struct seen seen = see(fixture, "k", "", NULL, 10);
    assert_string_equal(seen.text, "k:long=2(-) ");
    assert_in_range(seen.ttl_ms, 3600000 - PATIENCE_MS, 3600000);
    struct upkeep upkeep;
    ok(fixture, fixture->driver->upkeep(fixture->a, &upkeep, &fixture->err));
    sees(fixture, "k", "", "k:long=2(-) ");
    put(fixture, "k", "short", "3", 0);
    sees(fixture, "k", "", "k:long=2(-) k:short=3(-) ");
}

static bool claim(struct fixture *fixture, struct store *store, const char *owner, int64_t ttl_ms)
{
    const struct note note = {
        .kind = "lease", .key = "leader", .value = "{}", .owner = owner, .ttl_ms = ttl_ms};
    bool held = !owner;
    ok(fixture, fixture->driver->note_claim(store, &note, &held, &fixture->err));
    return held;
}

static void test_a_claim_has_one_holder(void **state)
{
    struct fixture *fixture = *state;
    assert_true(claim(fixture, fixture->a, "one", 3600000));
    assert_false(claim(fixture, fixture->b, "two", 3600000));
    assert_true(claim(fixture, fixture->a, "one", 100)); /* renewed, and shortened */
    sees(fixture, "lease", "", "lease:leader={}(one) ");
    int64_t deadline = now_ms() + PATIENCE_MS;
    while (!claim(fixture, fixture->b, "two", 3600000) && now_ms() < deadline)
        pause_briefly();
    sees(fixture, "lease", "", "lease:leader={}(two) ");
    assert_false(claim(fixture, fixture->a, "one", 3600000));
}

static void test_a_claim_without_end(void **state)
{
    struct fixture *fixture = *state;
    assert_true(claim(fixture, fixture->a, "one", 0));
    assert_false(claim(fixture, fixture->b, "two", 0));
    assert_true(claim(fixture, fixture->a, "one", 0));
}

static uint64_t discard(struct fixture *fixture, const char *kind, const char *prefix,
                        const char *before, size_t limit)
{
    uint64_t count = 99;
    ok(fixture, fixture->driver->note_remove(fixture->b, kind, prefix, before, limit, &count,
                                             &fixture->err));
    return count;
}

static void test_notes_are_removed(void **state)
{
    struct fixture *fixture = *state;
    static const char *const keys[] = {"m/1", "m/2", "m/3", "m/4", "n"};
    for (size_t i = 0; i < 5; i++)
        put(fixture, "k", keys[i], "1", 0);
    put(fixture, "other", "m/1", "1", 0);
    assert_int_equal(discard(fixture, "k", "m/", "m/3", 100), 2);
    sees(fixture, "k", "", "k:m/3=1(-) k:m/4=1(-) k:n=1(-) ");
    assert_int_equal(discard(fixture, "k", "m/", NULL, 1), 1);
    assert_int_equal(discard(fixture, "k", "n", NULL, 10), 1);
    assert_int_equal(discard(fixture, "k", "n", NULL, 10), 0);
    sees(fixture, "k", "", "k:m/4=1(-) ");
    sees(fixture, "other", "", "other:m/1=1(-) ");
}

static void test_a_large_note(void **state)
{
    struct fixture *fixture = *state;
    char *value = mem_new(NOTE_VALUE_MAX + 1, 1);
    char key[NOTE_KEY_MAX + 1];
    memset(value, 'x', NOTE_VALUE_MAX);
    value[0] = value[NOTE_VALUE_MAX - 1] = '"';
    memset(key, 'k', NOTE_KEY_MAX);
    key[NOTE_KEY_MAX] = '\0';
    put(fixture, "k", key, value, 0);
    assert_true(strlen(see(fixture, "k", key, NULL, 1).text) > 4000);
    free(value);
}

static const struct CMUnitTest tests[] = {
    CONFORMANCE(test_notes_are_put_and_replaced),
    CONFORMANCE(test_keys_that_begin_alike),
    CONFORMANCE(test_notes_expire),
    CONFORMANCE(test_a_claim_has_one_holder),
    CONFORMANCE(test_a_claim_without_end),
    CONFORMANCE(test_notes_are_removed),
    CONFORMANCE(test_a_large_note),
};

const struct part part_notes = PART("notes", tests);
