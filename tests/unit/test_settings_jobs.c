/* SPDX-License-Identifier: MIT */
#include "tests/unit/settings_text.h"

#include <string.h>

static void test_nothing_is_said(void **state)
{
    (void)state;
    struct job_settings job;
    struct settings *settings = parsed("[job:Other]\ntimeout = 5\n");
    assert_false(settings_job(settings, "SendEmail", &job));
    assert_string_equal(job.queue, "");
    assert_int_equal(job.timeout, KEY_UNSET);
    struct worker_options before = settings->worker_options, options = before;
    settings_job_apply(&job, &options);
    assert_memory_equal(&options, &before, sizeof options);
    settings_destroy(settings);
}

/* The class itself, then the pattern with more letters, key by key, wherever they stand in the
 * file. */
static void test_the_order(void **state)
{
    (void)state;
    struct job_settings job;
    struct settings *settings = parsed(
        "[job:*]\ntimeout = 1\nmax_attempts = 1\nbackoff = fixed\nqueue = all\npriority = 1\n"
        "[job:App\\Jobs\\*]\ntimeout = 2\nmax_attempts = 2\nbackoff = none\n"
        "[job:App\\Jobs\\Send]\ntimeout = 3\n"
        "[job:App\\*]\ntimeout = 4\nmax_attempts = 4\nqueue = app\n");
    assert_true(settings_job(settings, "App\\Jobs\\Send", &job));
    assert_int_equal(job.timeout, 3000);
    assert_int_equal(job.max_attempts, 2);
    assert_string_equal(job.queue, "app");
    assert_int_equal(job.priority, 1);
    struct worker_options options = settings->worker_options;
    settings_job_apply(&job, &options);
    assert_int_equal(options.timeout, 3000);
    assert_int_equal(options.max_attempts, 2);
    assert_int_equal(options.backoff, BACKOFF_NONE);
    assert_int_equal(options.backoff_max, settings->worker_options.backoff_max);
    settings_destroy(settings);
}

/* A key of one section does not get the duration of another. */
static void test_a_unique_key_and_its_duration(void **state)
{
    (void)state;
    struct job_settings job;
    struct settings *settings = parsed("[job:*]\nunique_key = {job}\nunique_for = 1h\n"
                                       "[job:Send]\nunique_key = send:{data.to}\n");
    settings_job(settings, "Send", &job);
    assert_string_equal(job.unique_key, "send:{data.to}");
    assert_int_equal(job.unique_for, KEY_UNSET);
    settings_job(settings, "Other", &job);
    assert_string_equal(job.unique_key, "{job}");
    assert_int_equal(job.unique_for, 3600000);
    settings_destroy(settings);
}

static void test_a_snapshot_says_the_same(void **state)
{
    (void)state;
    struct job_settings job;
    struct err err = ERR_INIT;
    struct buf text;
    buf_init(&text, 1u << 20);
    struct settings *settings =
        parsed("[job:A*]\nqueue = a\nmax_attempts = 0\nbackoff = linear\n"
               "[job:Report]\nunique_key = {data}\nunique_until = started\n");
    assert_int_equal(settings_print(settings, &text), 0);
    settings_destroy(settings);
    settings = settings_parse("snapshot", buf_text(&text), text.length, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(settings->job_count, 2);
    settings_job(settings, "Abc", &job);
    assert_string_equal(job.queue, "a");
    assert_int_equal(job.max_attempts, 0);
    assert_int_equal(job.backoff - 1, BACKOFF_LINEAR);
    assert_int_equal(job.timeout, KEY_UNSET);
    settings_job(settings, "Report", &job);
    assert_int_equal(job.unique_until, 1);
    settings_destroy(settings);
    buf_finish(&text);
}

/* The keys of a handler come from one section together, and what it leaves open from the queue. */
static void test_a_handler_of_its_own(void **state)
{
    (void)state;
    struct job_settings job;
    struct settings *settings =
        parsed("[queue:q]\ncommand = /bin/queue\ndirectory = /srv\nenvironment = A=\"1\"\n"
               "[job:App\\*]\nhandler = persistent\ncommand = /bin/app\nboot_timeout = 5\n"
               "[job:App\\Send]\ncommand = /bin/send\ndirectory = /tmp\n"
               "[job:App\\Report]\ntimeout = 3\n");
    struct queue_settings queue = *settings_queue(settings, "q");
    settings_job(settings, "App\\Send", &job);
    settings_job_apply_handler(job.runs, &queue);
    assert_int_equal(queue.handler, HANDLER_EXEC);
    assert_string_equal(queue.command, "/bin/send");
    assert_string_equal(queue.directory, "/tmp");
    assert_string_equal(queue.environment, "A=\"1\"");
    queue = *settings_queue(settings, "q");
    settings_job(settings, "App\\Report", &job);
    settings_job_apply_handler(job.runs, &queue);
    assert_int_equal(queue.handler, HANDLER_PERSISTENT);
    assert_string_equal(queue.directory, "/srv");
    assert_int_equal(queue.boot_timeout, 5000);
    assert_false(settings_job(settings, "Other", &job));
    assert_null(job.runs);
    settings_destroy(settings);
}

static void test_what_cannot_be(void **state)
{
    (void)state;
    assert_refused("[job:]\n",
                   "/etc/test.ini:1: [job:] the class: write a name or a pattern of 1 to "
                   "255 bytes, e.g. [job:*]");
    assert_refused(
        "[job:A]\nqueue = a b\n",
        "/etc/test.ini:2: [job:A] queue: the name may consist of A-Z a-z 0-9 _ - . : and "
        "begin with one of A-Z a-z 0-9 _");
    assert_refused(
        "[job:A]\nbackoff_delay = 10\nbackoff_max = 5\n",
        "/etc/test.ini:2: [job:A] backoff_delay: longer than backoff_max; write a smaller "
        "one, or a larger backoff_max");
    assert_refused("[job:A]\nunique_key = {user}\n",
                   "/etc/test.ini:2: [job:A] unique_key: there is no {user}; write {job}, {queue}, "
                   "{data} or {data.MEMBER}");
    assert_refused("[job:A]\nunique_key = {data\n",
                   "/etc/test.ini:2: [job:A] unique_key: a { is not closed; write {NAME}");
    assert_refused("[job:A]\nunique_key = a}\n",
                   "/etc/test.ini:2: [job:A] unique_key: a } was not opened; write {NAME}");
    assert_refused(
        "[job:A]\nmax_retries = 3\n",
        "/etc/test.ini:2: [job:A] max_retries: there is no such key; the keys are queue, "
        "priority, unique_key, unique_until, unique_for, timeout, max_attempts, backoff, "
        "backoff_delay, backoff_max, backoff_jitter, handler, command, directory, environment, "
        "boot_timeout, failed_command, failed_timeout, failed_job, failed_queue");
    assert_refused("[job:A]\nhandler = persistent\n",
                   "/etc/test.ini:2: [job:A] handler: it is of a handler; give its `command = …` "
                   "too");
    assert_refused("[job:A]\nqueue = a\ndirectory = /srv\n",
                   "/etc/test.ini:3: [job:A] directory: it is of a handler; give its `command = …` "
                   "too");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_said),
        cmocka_unit_test(test_the_order),
        cmocka_unit_test(test_a_unique_key_and_its_duration),
        cmocka_unit_test(test_a_snapshot_says_the_same),
        cmocka_unit_test(test_a_handler_of_its_own),
        cmocka_unit_test(test_what_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
