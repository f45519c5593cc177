/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "queue/job_class.h"

#define SETTINGS                                                                                   \
    "[job:*]\npriority = 7\n"                                                                      \
    "[job:SendEmail]\nqueue = emails\nunique_key = mail:{data.to.address}\nunique_for = 90\n"      \
    "[job:Report]\nunique_key = {job}/{queue}/{data}\nunique_until = started\n"

struct fixture {
    struct settings *settings;
    struct arena arena;
    struct job job;
    struct err err;
};

static struct fixture fixture;

static int setup(void **state)
{
    (void)state;
    fixture = (struct fixture){.err = ERR_INIT};
    fixture.settings = settings_parse("test", SETTINGS, strlen(SETTINGS), &fixture.err);
    return fixture.settings ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    settings_destroy(fixture.settings);
    arena_finish(&fixture.arena);
    return 0;
}

static int read_job(const char *said_queue, const char *text)
{
    const struct job_defaults defaults = {
        .said_queue = said_queue, .queue = "default", .settings = fixture.settings};
    err_clear(&fixture.err);
    return job_read(text, strlen(text), &defaults, &fixture.arena, &fixture.job, &fixture.err);
}

static void accept(const char *said_queue, const char *text)
{
    if (read_job(said_queue, text) < 0)
        fail_msg("%s", fixture.err.text);
    assert_int_equal(job_check(&fixture.job, &fixture.err), 0);
}

/* What the job says, what who pushes says for all, what its class says, the queue that is left. */
static void test_whose_queue_it_is(void **state)
{
    (void)state;
    const char *mail = "{\"job\":\"SendEmail\",\"data\":{\"to\":{\"address\":\"a\"}}}";
    accept(NULL, mail);
    assert_string_equal(fixture.job.queue, "emails");
    accept("mine", mail);
    assert_string_equal(fixture.job.queue, "mine");
    accept("mine", "{\"job\":\"SendEmail\",\"queue\":\"its\",\"data\":{\"to\":{\"address\":1}}}");
    assert_string_equal(fixture.job.queue, "its");
    accept(NULL, "{\"job\":\"Other\"}");
    assert_string_equal(fixture.job.queue, "default");
}

static void test_priority(void **state)
{
    (void)state;
    accept(NULL, "{\"job\":\"Other\"}");
    assert_int_equal(fixture.job.priority, 7);
    accept(NULL, "{\"job\":\"Other\",\"priority\":0}");
    assert_int_equal(fixture.job.priority, 0);
    accept(NULL, "{\"job\":\"Other\",\"data\":{\"priority\":0}}");
    assert_int_equal(fixture.job.priority, 0);
}

static void test_unique_keys(void **state)
{
    (void)state;
    accept(NULL, "{\"job\":\"SendEmail\",\"data\":{\"to\":{\"address\":\"a\\nb\"}}}");
    assert_string_equal(fixture.job.unique_key, "mail:a b");
    assert_int_equal(fixture.job.unique_until, UNIQUE_TIME);
    assert_int_equal(fixture.job.unique_ms, 90000);
    accept(NULL, "{\"job\":\"SendEmail\",\"data\":{\"to\":{\"address\":12.5}}}");
    assert_string_equal(fixture.job.unique_key, "mail:12.5");
    accept(NULL, "{\"job\":\"SendEmail\",\"data\":{},\"unique_key\":\"mine\"}");
    assert_string_equal(fixture.job.unique_key, "mine");
    assert_int_equal(fixture.job.unique_until, UNIQUE_DONE);
    accept(NULL, "{\"job\":\"Report\",\"data\":{\"a\":1}}");
    assert_string_equal(fixture.job.unique_key,
                        "Report/default/"
                        "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862");
    assert_int_equal(fixture.job.unique_until, UNIQUE_STARTED);
}

static void test_a_key_that_has_no_value(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"job\":\"SendEmail\"}",
        "{\"job\":\"SendEmail\",\"data\":[]}",
        "{\"job\":\"SendEmail\",\"data\":{\"to\":\"a\"}}",
        "{\"job\":\"SendEmail\",\"data\":{\"to\":{\"address\":null}}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(read_job(NULL, texts[i]), -1);
        assert_string_equal(fixture.err.text,
                            "the unique key of its class needs the member {data.to.address}");
    }
}

/* Two keys that differ far behind stay two keys; neither is cut in the middle of a character. */
static void test_a_long_key(void **state)
{
    (void)state;
    char text[700], first[JOB_KEY_MAX + 1];
    strcpy(text, "{\"job\":\"SendEmail\",\"data\":{\"to\":{\"address\":\"");
    for (int i = 0; i < 150; i++)
        strcat(text, "\xe2\x82\xac");
    strcat(text, "x\"}}}");
    accept(NULL, text);
    assert_true(strlen(fixture.job.unique_key) <= JOB_KEY_MAX);
    strcpy(first, fixture.job.unique_key);
    *strrchr(text, 'x') = 'y';
    accept(NULL, text);
    assert_string_not_equal(fixture.job.unique_key, first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whose_queue_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(test_priority, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unique_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_key_that_has_no_value, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_long_key, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
