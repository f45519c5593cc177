/* SPDX-License-Identifier: MIT */
#include "tests/unit/settings_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct scaling_options *scaling_of(const struct settings *settings, const char *queue)
{
    return &settings_queue(settings, queue)->scaling;
}

static void test_the_guides_defaults(void **state)
{
    (void)state;
    struct settings *settings = parsed("[queue:a]\ncommand = true\n");
    const struct auto_scaling_settings *scaling = &settings->auto_scaling;
    assert_false(scaling->enabled);
    assert_false(settings_is_scaled(settings, settings_queue(settings, "a")));
    assert_int_equal(scaling->max_workers_per_queue, 10);
    assert_int_equal(scaling->max_total_workers, 50);
    assert_int_equal(scaling->max_host_workers, 50);
    assert_int_equal(scaling->options.scale_up_threshold, 100);
    assert_int_equal(scaling->options.scale_down_threshold, 10);
    assert_int_equal(scaling->options.scale_up_step, 2);
    assert_int_equal(scaling->options.scale_down_step, 1);
    assert_int_equal(scaling->options.cooldown_period, 300000);
    assert_int_equal(scaling_of(settings, "a")->max_workers, 10);
    assert_int_equal(scaling_of(settings, "a")->max_wait_time, 30000);
    settings_destroy(settings);
}

/* The configuration of the guide's chapter on scaling. */
static void test_the_guides_example(void **state)
{
    (void)state;
    struct settings *settings = parsed(
        "[auto_scaling]\nenabled = true\nmax_workers_per_queue = 15\nscale_up_threshold = 100\n"
        "scale_down_threshold = 10\nscale_up_step = 2\nscale_down_step = 1\ncooldown_period = 300\n"
        "[queue:emails]\ncommand = true\nauto_scale = true\nmin_workers = 2\nmax_workers = 10\n"
        "scale_up_threshold = 50\nmax_wait_time = 30\n"
        "[queue:images]\ncommand = true\nauto_scale = true\nmin_workers = 1\nmax_workers = 5\n"
        "scale_up_threshold = 20\nmax_wait_time = 120\n"
        "[queue:reports]\ncommand = true\nauto_scale = false\nworkers = 1\n");
    assert_true(settings_is_scaled(settings, settings_queue(settings, "emails")));
    assert_false(settings_is_scaled(settings, settings_queue(settings, "reports")));
    const struct scaling_options *emails = scaling_of(settings, "emails");
    assert_int_equal(emails->policy, SCALING_THRESHOLD);
    assert_int_equal(emails->min_workers, 2);
    assert_int_equal(emails->scale_up_threshold, 50);
    assert_int_equal(emails->scale_down_threshold, 10);
    assert_int_equal(scaling_of(settings, "images")->max_wait_time, 120000);
    settings_destroy(settings);
}

static void test_the_policy_follows_the_keys_that_are_written(void **state)
{
    (void)state;
    struct settings *settings =
        parsed("[queue:plain]\n[queue:rules]\nscale_up_step = 3\n"
               "[queue:said]\npolicy = latency\nscale_up_step = 3\n"
               "[queue:asks]\npolicy = command\nscaling_command = ask --me\n");
    assert_int_equal(scaling_of(settings, "plain")->policy, SCALING_LATENCY);
    assert_int_equal(scaling_of(settings, "rules")->policy, SCALING_THRESHOLD);
    assert_int_equal(scaling_of(settings, "said")->policy, SCALING_LATENCY);
    assert_int_equal(scaling_of(settings, "asks")->policy, SCALING_COMMAND);
    settings_destroy(settings);
    settings = parsed("[auto_scaling]\nscale_up_threshold = 20\n[queue:a]\n");
    assert_int_equal(scaling_of(settings, "a")->policy, SCALING_THRESHOLD);
    settings_destroy(settings);
}

static void test_keys_without_effect_are_told(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    char path[] = "/tmp/muster-scaling-XXXXXX";
    int fd = mkstemp(path);
    assert_true(dprintf(fd, "[queue:a]\npolicy = latency\nscale_up_step = 3\n") > 0);
    close(fd);
    struct settings *settings = settings_load(path, &err);
    unlink(path);
    assert_non_null(settings);
    assert_int_equal(settings->warning_count, 1);
    assert_string_equal(settings->warnings[0],
                        "[queue:a] scale_up_step is looked at with policy = threshold only");
    settings_destroy(settings);
}

static void test_the_environment(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    setenv("QUEUE_AUTO_SCALE", "true", 1);
    setenv("QUEUE_MAX_WORKERS_PER_QUEUE", "7", 1);
    setenv("QUEUE_MAX_TOTAL_WORKERS", "21", 1);
    setenv("QUEUE_SCALE_UP_THRESHOLD", "77", 1);
    setenv("QUEUE_SCALE_DOWN_THRESHOLD", "7", 1);
    setenv("QUEUE_SCALE_UP_STEP", "4", 1);
    setenv("QUEUE_SCALE_DOWN_STEP", "3", 1);
    setenv("QUEUE_COOLDOWN_PERIOD", "60", 1);
    struct settings *settings = settings_load(NULL, &err);
    assert_non_null(settings);
    assert_true(settings->auto_scaling.enabled);
    assert_int_equal(settings->auto_scaling.max_total_workers, 21);
    const struct scaling_options *scaling = scaling_of(settings, "default");
    assert_int_equal(scaling->policy, SCALING_THRESHOLD);
    assert_int_equal(scaling->max_workers, 7);
    assert_int_equal(scaling->scale_up_threshold, 77);
    assert_int_equal(scaling->scale_down_threshold, 7);
    assert_int_equal(scaling->scale_up_step, 4);
    assert_int_equal(scaling->scale_down_step, 3);
    assert_int_equal(scaling->cooldown_period, 60000);
    settings_destroy(settings);
    setenv("QUEUE_COOLDOWN_PERIOD", "-1", 1);
    assert_null(settings_load(NULL, &err));
    assert_non_null(strstr(err.text, "environment variable QUEUE_COOLDOWN_PERIOD: "));
    clearenv();
    cmocka_set_message_output(CM_OUTPUT_TAP); /* it would have read the environment */
}

static void test_schedules(void **state)
{
    (void)state;
    struct settings *settings =
        parsed("[queue:a]\n[queue:b]\nmax_workers = 4\n"
               "[schedule:business_hours]\nqueue = a\nwhen = * 9-17 * * 1-5\n"
               "timezone = Europe/Berlin\nscale_up_threshold = 25\nmin_workers = 2\n");
    assert_int_equal(settings->schedule_count, 1);
    const struct schedule_settings *schedule = &settings->schedules[0];
    assert_true(settings_schedule_holds_for(schedule, "a"));
    assert_false(settings_schedule_holds_for(schedule, "b"));
    struct scaling_options options = *scaling_of(settings, "a");
    settings_schedule_apply(schedule, &options);
    assert_int_equal(options.scale_up_threshold, 25);
    assert_int_equal(options.min_workers, 2);
    assert_int_equal(options.max_workers, 10);
    struct tm monday = {.tm_year = 125, .tm_mon = 0, .tm_mday = 6, .tm_hour = 9};
    assert_true(cron_matches(&schedule->cron, &monday));
    settings_destroy(settings);
}

static void test_what_is_crossed_is_refused(void **state)
{
    (void)state;
    assert_refused("[queue:a]\nmin_workers = 5\nmax_workers = 4\n",
                   "/etc/test.ini:2: [queue:a] min_workers: min_workers (5) is more than "
                   "max_workers (4); write a smaller min_workers or a larger max_workers");
    assert_refused("[auto_scaling]\nmin_workers = 3\n[queue:a]\nmax_workers = 2\n",
                   "/etc/test.ini:4: [queue:a] max_workers: min_workers (3) is more than "
                   "max_workers (2); write a smaller min_workers or a larger max_workers");
    assert_refused("[queue:a]\nscale_up_threshold = 10\n",
                   "/etc/test.ini:2: [queue:a] scale_up_threshold: scale_down_threshold (10) is "
                   "not below scale_up_threshold (10); write a smaller scale_down_threshold or a "
                   "larger scale_up_threshold");
    assert_refused("[queue:a]\nmax_workers = 11\n",
                   "/etc/test.ini:2: [queue:a] max_workers: more than max_workers_per_queue of "
                   "[auto_scaling]; write at most 10, or a larger max_workers_per_queue");
    assert_refused("[auto_scaling]\nenabled = yes\nmax_total_workers = 5\nmin_workers = 3\n"
                   "[queue:a]\ncommand = true\n[queue:b]\ncommand = true\n",
                   "/etc/test.ini:3: [auto_scaling] max_total_workers: less than the min_workers "
                   "of all queues together (workers, where one is not scaled); write at least 6, or "
                   "smaller min_workers");
    assert_refused("[auto_scaling]\nenabled = yes\nmax_total_workers = 5\n[queue:a]\n"
                   "command = true\n[queue:b]\ncommand = true\nauto_scale = no\nworkers = 5\n",
                   "/etc/test.ini:3: [auto_scaling] max_total_workers: less than the min_workers "
                   "of all queues together (workers, where one is not scaled); write at least 6, or "
                   "smaller min_workers");
    assert_refused("[queue:a]\npolicy = command\n",
                   "/etc/test.ini:2: [queue:a] policy: command takes a scaling_command; write one, "
                   "or policy = latency");
    assert_refused("[auto_scaling]\ncooldown_period = -5\n",
                   "/etc/test.ini:2: [auto_scaling] cooldown_period: \"-5\" is not a time; write "
                   "seconds, or ms, s, m, h, d, e.g. 60 or 1m30s");
}

static void test_what_a_schedule_must_not_say(void **state)
{
    (void)state;
    assert_refused("[queue:emails]\n[schedule:s]\nqueue = email\n",
                   "/etc/test.ini:3: [schedule:s] queue: there is no queue email; did you mean "
                   "emails?");
    assert_refused("[schedule:s]\nwhen = * 25 * * *\n",
                   "/etc/test.ini:2: [schedule:s] when: hour: no value of this field at \"25 * * "
                   "*\"; write 0 to 23, *, a-b, a,b or */n");
    assert_refused("[schedule:s]\ntimezone = Mars\n",
                   "/etc/test.ini:2: [schedule:s] timezone: there is no time zone \"Mars\" in "
                   "/usr/share/zoneinfo; write one like Europe/Berlin or UTC, or install tzdata");
    assert_refused("[queue:a]\nmax_workers = 4\n[schedule:s]\nmin_workers = 5\n",
                   "/etc/test.ini:4: [schedule:s] min_workers: min_workers (5) is more than "
                   "max_workers (4) with what queue a says; write a smaller min_workers or a "
                   "larger max_workers");
}

int main(void)
{
    clearenv();
    cmocka_set_message_output(CM_OUTPUT_TAP); /* it would have read the environment */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_guides_defaults),
        cmocka_unit_test(test_the_guides_example),
        cmocka_unit_test(test_the_policy_follows_the_keys_that_are_written),
        cmocka_unit_test(test_keys_without_effect_are_told),
        cmocka_unit_test(test_the_environment),
        cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_what_is_crossed_is_refused),
        cmocka_unit_test(test_what_a_schedule_must_not_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
