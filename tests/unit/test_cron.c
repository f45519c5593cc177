/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "common/cron.h"
#include "common/zone.h"

static struct cron parsed(const char *text)
{
    struct cron cron;
    struct err err = ERR_INIT;
    if (cron_parse(text, &cron, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return cron;
}

static struct tm at(const char *text)
{
    struct tm time = {.tm_isdst = -1};
    assert_non_null(strptime(text, "%Y-%m-%d %H:%M", &time));
    return time;
}

static void assert_next(const char *expression, const char *after, const char *expected)
{
    struct cron cron = parsed(expression);
    struct tm from = at(after), next;
    char text[32];
    assert_true(cron_next(&cron, &from, &next));
    strftime(text, sizeof text, "%Y-%m-%d %H:%M", &next);
    assert_string_equal(text, expected);
    assert_true(cron_matches(&cron, &next));
}

static void assert_refused(const char *expression, const char *message)
{
    struct cron cron;
    struct err err = ERR_INIT;
    assert_int_equal(cron_parse(expression, &cron, &err), -1);
    assert_string_equal(err.text, message);
}

static void test_next(void **state)
{
    (void)state;
    assert_next("* * * * *", "2025-01-31 23:59", "2025-02-01 00:00");
    assert_next("*/15 * * * *", "2025-01-01 00:46", "2025-01-01 01:00");
    assert_next("30 6 * * *", "2025-01-01 06:30", "2025-01-02 06:30");
    assert_next("0 9-17 * * 1-5", "2025-01-03 17:00", "2025-01-06 09:00");
    assert_next("0 0 29 2 *", "2025-01-01 00:00", "2028-02-29 00:00");
    assert_next("0 12 31 * *", "2025-03-31 12:00", "2025-05-31 12:00");
    assert_next("5/20 * * * *", "2025-01-01 00:26", "2025-01-01 00:45");
    assert_next("@weekly", "2025-01-01 00:00", "2025-01-05 00:00");
    assert_next("0 0 1 Jan *", "2025-01-01 00:00", "2026-01-01 00:00");
    assert_next("0 0 * * mon,7", "2025-01-01 00:00", "2025-01-05 00:00");
}

static void test_either_day_is_enough_where_both_are_restricted(void **state)
{
    (void)state;
    assert_next("0 0 13 * 5", "2025-01-04 00:00", "2025-01-10 00:00"); /* a Friday */
    assert_next("0 0 13 * 5", "2025-01-10 00:00", "2025-01-13 00:00"); /* a 13th */
    assert_next("0 0 */2 * 5", "2025-01-01 00:00",
                "2025-01-03 00:00"); /* both: * is no restriction */
}

static void test_there_may_be_none(void **state)
{
    (void)state;
    struct cron cron = parsed("0 0 30 2 *");
    struct tm from = at("2025-01-01 00:00"), next;
    assert_false(cron_next(&cron, &from, &next));
}

static void test_business_hours(void **state)
{
    (void)state;
    struct cron cron = parsed("* 9-17 * * 1-5");
    struct tm monday = at("2025-01-06 09:00"), evening = at("2025-01-06 18:00"),
              saturday = at("2025-01-04 12:00");
    assert_true(cron_matches(&cron, &monday));
    assert_false(cron_matches(&cron, &evening));
    assert_false(cron_matches(&cron, &saturday));
}

static void test_what_is_refused(void **state)
{
    (void)state;
    assert_refused("60 * * * *", "minute: no value of this field at \"60 * * * *\"; write 0 to 59, "
                                 "*, a-b, a,b or */n");
    assert_refused("* * * foo *", "month: no value of this field at \"foo *\"; write 1 to 12 or a "
                                  "name, *, a-b, a,b or */n");
    assert_refused("* 17-9 * * *", "hour: a range that runs backwards at \"17-9 * * *\"; write 0 "
                                   "to 23, *, a-b, a,b or */n");
    assert_refused("*/0 * * * *", "minute: no step at \"/0 * * * *\"; write 0 to 59, *, a-b, a,b "
                                  "or */n");
    assert_refused("* * *", "\"* * *\" has 3 fields; write five: minute hour day month weekday");
    assert_refused("* * * * * *", "\"* * * * * *\" goes on behind its five fields with \"*\"; "
                                  "write minute hour day month weekday");
    assert_refused("*x * * * *", "minute: a stray character at \"x * * * *\"; write 0 to 59, *, "
                                 "a-b, a,b or */n");
}

/* --- Zones --- */

#define BERLIN "Europe/Berlin"

static void assert_moment(const char *expression, int64_t after_s, int64_t expected_s)
{
    struct cron cron = parsed(expression);
    assert_int_equal(zone_next(BERLIN, &cron, after_s * 1000), expected_s * 1000);
}

static void test_clocks_go_forward(void **state)
{
    (void)state;
    /* 2025-03-30: 02:00 CET is 03:00 CEST, at 01:00 UTC = 1743296400 */
    assert_moment("30 2 * * *", 1743296400 - 60, 1743296400 + 30 * 60);
    assert_moment("30 * * * *", 1743296400 - 60, 1743296400 + 30 * 60);
    assert_moment("0 4 * * *", 1743296400 - 60, 1743296400 + 3600);
}

static void test_clocks_go_back(void **state)
{
    (void)state;
    /* 2025-10-26: 03:00 CEST is 02:00 CET, at 01:00 UTC = 1761440400 */
    assert_moment("30 2 * * *", 1761440400 - 3600, 1761440400 - 1800);
    assert_moment("30 2 * * *", 1761440400 - 1800, 1761440400 + 86400 + 1800);
    assert_moment("30 * * * *", 1761440400 - 1800, 1761440400 + 1800);
    assert_moment("*/20 * * * *", 1761440400 - 60, 1761440400);
}

static void test_the_zone_of_the_process_stays(void **state)
{
    (void)state;
    struct tm time;
    setenv("TZ", "America/New_York", 1);
    tzset();
    zone_time("Asia/Tokyo", 0, &time);
    assert_int_equal(time.tm_hour, 9);
    zone_time("", 0, &time);
    assert_int_equal(time.tm_hour, 19);
    assert_string_equal(getenv("TZ"), "America/New_York");
    unsetenv("TZ");
    zone_time(BERLIN, -1, &time);
    assert_int_equal(time.tm_sec, 59);
    assert_null(getenv("TZ"));
}

static void test_unknown_zones_are_refused(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_int_equal(zone_check("", &err), 0);
    assert_int_equal(zone_check(BERLIN, &err), 0);
    assert_int_equal(zone_check("Europe/Berlln", &err), -1);
    assert_string_equal(err.text,
                        "there is no time zone \"Europe/Berlln\" in /usr/share/zoneinfo; write one "
                        "like Europe/Berlin or UTC, or install tzdata");
    assert_int_equal(zone_check("../../../etc/passwd", NULL), -1);
    assert_int_equal(zone_check("/etc/passwd", NULL), -1);
    assert_int_equal(zone_check("Europe", NULL), -1);
}

static void test_times_of_the_day(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"daily", "0 0 * * *"}, {"Hourly", "0 * * * *"}, {"03:30", "30 3 * * *"},
        {"3:05", "5 3 * * *"},  {"5 3 * * 1", "5 3 * * 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cron cron, expected = parsed(cases[i][1]);
        assert_int_equal(cron_parse_daytime(cases[i][0], &cron, NULL), 0);
        assert_int_equal(cron.minutes, expected.minutes);
        assert_int_equal(cron.hours, expected.hours);
        assert_int_equal(cron.weekdays, expected.weekdays);
    }
    static const char *const wrong[] = {"", "24:00", "3:60", "3", "3:30x", "yearlyy", "-1:30"};
    struct cron unused;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(cron_parse_daytime(wrong[i], &unused, NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_times_of_the_day),
        cmocka_unit_test(test_either_day_is_enough_where_both_are_restricted),
        cmocka_unit_test(test_there_may_be_none),
        cmocka_unit_test(test_business_hours),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_clocks_go_forward),
        cmocka_unit_test(test_clocks_go_back),
        cmocka_unit_test(test_the_zone_of_the_process_stays),
        cmocka_unit_test(test_unknown_zones_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
