/* SPDX-License-Identifier: MIT */

/* The parts around a decision: policies from settings and schedules, the budget of all queues, the
 * shares of hosts, the host's guard. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "scaler/budget.h"
#include "scaler/guard.h"
#include "scaler/policy.h"
#include "scaler/share.h"

static struct settings *parsed(const char *text)
{
    struct err err = ERR_INIT;
    struct settings *settings = settings_parse("test", text, strlen(text), &err);
    if (!settings)
        fail_msg("%s", err.text);
    return settings;
}

/* --- Policies --- */

static void test_a_policy_of_settings(void **state)
{
    (void)state;
    struct settings *settings = parsed("[queue:a]\nmin_workers = 2\nmax_workers = 8\n"
                                       "max_wait_time = 500ms\n"
                                       "[queue:b]\nscale_up_step = 3\nscale_up_cooldown = 10\n"
                                       "weight = 7\n");
    struct policy latency = policy_of(&settings_queue(settings, "a")->scaling);
    assert_int_equal(latency.kind, SCALING_LATENCY);
    assert_int_equal(latency.min, 2);
    assert_int_equal(latency.max, 8);
    assert_true(latency.promise == 0.5 && latency.up_cooldown == 0 && latency.down_cooldown == 0);
    struct policy rules = policy_of(&settings_queue(settings, "b")->scaling);
    assert_int_equal(rules.kind, SCALING_THRESHOLD);
    assert_int_equal(rules.up_step, 3);
    assert_true(rules.up_cooldown == 10 && rules.down_cooldown == 300 && rules.weight == 7);
    settings_destroy(settings);
}

/* The guide's custom scaler: more aggressive from 9 to 17 on weekdays. */
static void test_business_hours(void **state)
{
    (void)state;
    struct settings *settings = parsed(
        "[queue:emails]\nscale_up_threshold = 100\n[queue:images]\nscale_up_threshold = 100\n"
        "[schedule:business_hours]\nqueue = emails\nwhen = * 9-17 * * 1-5\ntimezone = UTC\n"
        "scale_up_threshold = 25\nmin_workers = 3\n"
        "[schedule:monday]\nqueue = emails\nwhen = * * * * mon\ntimezone = UTC\nmin_workers = 4\n");
    const struct queue_settings *emails = settings_queue(settings, "emails");
    const int64_t saturday = 1735992000000, monday_evening = 1736190000000,
                  monday_noon = 1736164800000, tuesday_noon = 1736251200000;
    bool holds[2];
    policy_schedules_at(settings, saturday, holds);
    assert_int_equal(policy_during(settings, emails, holds).up_threshold, 100);
    policy_schedules_at(settings, tuesday_noon, holds);
    assert_int_equal(policy_during(settings, emails, holds).up_threshold, 25);
    assert_int_equal(policy_during(settings, emails, holds).min, 3);
    policy_schedules_at(settings, monday_noon, holds);
    assert_int_equal(policy_during(settings, emails, holds).up_threshold, 25);
    assert_int_equal(policy_during(settings, emails, holds).min, 4);
    policy_schedules_at(settings, monday_evening, holds);
    assert_int_equal(policy_during(settings, emails, holds).up_threshold, 100);
    const struct queue_settings *images = settings_queue(settings, "images");
    policy_schedules_at(settings, tuesday_noon, holds);
    assert_int_equal(policy_during(settings, images, holds).up_threshold, 100);
    settings_destroy(settings);
}

/* Each alone is checked when it is read; two at once are not. */
static void test_the_maximum_of_two_schedules_is_the_stronger_one(void **state)
{
    (void)state;
    struct settings *settings =
        parsed("[queue:a]\n[schedule:x]\nmin_workers = 8\n[schedule:y]\nmax_workers = 5\n");
    struct policy policy =
        policy_during(settings, settings_queue(settings, "a"), (const bool[]){true, true});
    assert_int_equal(policy.max, 5);
    assert_int_equal(policy.min, 5);
    settings_destroy(settings);
}

/* --- The budget --- */

static void test_minimums_come_first(void **state)
{
    (void)state;
    struct claim claims[] = {
        {.min = 1, .wanted = 10, .work = 100, .promise = 30, .weight = 1},
        {.min = 2, .wanted = 3, .work = 0, .promise = 30, .weight = 1},
        {.min = 2, .wanted = 2, .work = 0, .promise = 30, .weight = 1},
    };
    budget_divide(claims, 3, 6);
    assert_int_equal(claims[0].given, 2);
    assert_int_equal(claims[1].given, 2);
    assert_int_equal(claims[2].given, 2);
    budget_divide(claims, 3, 4);
    assert_int_equal(claims[2].given, 1);
    budget_divide(claims, 3, -5);
    assert_int_equal(claims[0].given, 0);
}

static void test_the_neediest_gets_the_next(void **state)
{
    (void)state;
    struct claim claims[] = {
        {.min = 1, .wanted = 20, .work = 100, .promise = 10, .weight = 1},
        {.min = 1, .wanted = 20, .work = 100, .promise = 30, .weight = 1},
        {.min = 1, .wanted = 20, .work = 100, .promise = 30, .weight = 2},
    };
    budget_divide(claims, 3, 18);
    assert_int_equal(claims[0].given, 9);
    assert_int_equal(claims[1].given, 3);
    assert_int_equal(claims[2].given, 6);
}

static void test_nobody_gets_more_than_wanted(void **state)
{
    (void)state;
    struct claim claims[] = {
        {.min = 1, .wanted = 3, .work = 100, .promise = 10, .weight = 1},
        {.min = 5, .wanted = 2, .work = 0, .promise = 30, .weight = 1},
    };
    budget_divide(claims, 2, 100);
    assert_int_equal(claims[0].given, 3);
    assert_int_equal(claims[1].given, 2);
}

/* --- Hosts --- */

static int64_t given_to(const struct host_share *hosts, size_t count, const char *host)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(hosts[i].host, host) == 0)
            return hosts[i].given;
    return -1;
}

static void test_hosts_get_even_shares(void **state)
{
    (void)state;
    struct host_share hosts[] = {{"a", 50, 0}, {"b", 50, 0}, {"c", 50, 0}};
    share_divide("emails", 7, hosts, 3);
    int64_t sum = 0;
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(hosts[i].given, 2, 3);
        sum += hosts[i].given;
    }
    assert_int_equal(sum, 7);
    share_divide("emails", 0, hosts, 3);
    assert_int_equal(hosts[0].given + hosts[1].given + hosts[2].given, 0);
}

static void test_a_full_host_leaves_more_to_others(void **state)
{
    (void)state;
    struct host_share hosts[] = {{"a", 1, 0}, {"b", 50, 0}, {"c", 3, 0}};
    share_divide("emails", 10, hosts, 3);
    assert_int_equal(hosts[0].given, 1);
    assert_int_equal(hosts[1].given, 6);
    assert_int_equal(hosts[2].given, 3);
    share_divide("emails", 1000, hosts, 3);
    assert_int_equal(hosts[1].given, 50);
}

/* The share of a host that has died goes to the others, and nobody else's shrinks. */
static void test_a_death_moves_its_share_alone(void **state)
{
    (void)state;
    struct host_share three[] = {{"a", 50, 0}, {"b", 50, 0}, {"c", 50, 0}};
    struct host_share two[] = {{"a", 50, 0}, {"c", 50, 0}};
    for (int64_t workers = 0; workers < 30; workers++) {
        share_divide("emails", workers, three, 3);
        share_divide("emails", workers, two, 2);
        assert_int_equal(two[0].given + two[1].given, workers);
        assert_true(given_to(two, 2, "a") >= given_to(three, 3, "a"));
        assert_true(given_to(two, 2, "c") >= given_to(three, 3, "c"));
    }
}

static void test_single_workers_spread_over_hosts(void **state)
{
    (void)state;
    struct host_share hosts[] = {{"a", 50, 0}, {"b", 50, 0}};
    int of_a = 0;
    for (int i = 0; i < 64; i++) {
        char queue[16];
        snprintf(queue, sizeof queue, "queue%d", i);
        share_divide(queue, 1, hosts, 2);
        of_a += (int)hosts[0].given;
    }
    assert_in_range(of_a, 16, 48);
}

/* --- The host --- */

static void test_the_guard_of_the_host(void **state)
{
    (void)state;
    char why[REASON_SIZE];
    struct settings *settings = parsed("[auto_scaling]\nmax_load = 4\n");
    const struct auto_scaling_settings *limits = &settings->auto_scaling;
    const struct host_figures idle = {10, 0.5, 0}, unknown = {-1, -1, -1}, full = {91.5, 0, 0},
                              loaded = {10, 4.5, 0}, pressed = {10, 0, 25};
    assert_string_equal(guard_host(limits, &idle, why), "");
    assert_string_equal(guard_host(limits, &unknown, why), "");
    assert_string_equal(guard_host(limits, &full, why),
                        "The host is full: memory in use is 91.5%, max_memory is 90");
    assert_string_equal(guard_host(limits, &loaded, why),
                        "The host is full: load a processor is 4.5, max_load is 4");
    assert_string_equal(guard_host(limits, &pressed, why),
                        "The host is full: memory pressure is 25.0%, max_pressure is 20");
    settings_destroy(settings);
    settings = parsed("[auto_scaling]\nmax_memory = 100\nmax_pressure = 100\n");
    assert_string_equal(guard_host(&settings->auto_scaling, &full, why), "");
    assert_string_equal(guard_host(&settings->auto_scaling, &loaded, why), "");
    assert_string_equal(guard_host(&settings->auto_scaling, &pressed, why), "");
    settings_destroy(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_policy_of_settings),
        cmocka_unit_test(test_business_hours),
        cmocka_unit_test(test_the_maximum_of_two_schedules_is_the_stronger_one),
        cmocka_unit_test(test_minimums_come_first),
        cmocka_unit_test(test_the_neediest_gets_the_next),
        cmocka_unit_test(test_nobody_gets_more_than_wanted),
        cmocka_unit_test(test_hosts_get_even_shares),
        cmocka_unit_test(test_a_full_host_leaves_more_to_others),
        cmocka_unit_test(test_a_death_moves_its_share_alone),
        cmocka_unit_test(test_single_workers_spread_over_hosts),
        cmocka_unit_test(test_the_guard_of_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
