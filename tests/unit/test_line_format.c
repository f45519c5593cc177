/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "supervisor/programs/line_format.h"

#define OUT_MAX (1u << 20)

static const struct line_source source = {"web:web-0", "stdout", INT64_C(1773144300042)};

struct fixture {
    struct line_format format;
    struct buf out;
};

static struct fixture begin(enum log_timestamps timestamps, bool is_json)
{
    struct fixture fixture;
    line_format_init(&fixture.format, timestamps, is_json);
    buf_init(&fixture.out, OUT_MAX);
    return fixture;
}

static void feed(struct fixture *fixture, const char *text)
{
    line_format_feed(&fixture->format, &source, text, strlen(text), &fixture->out);
}

static void assert_out(struct fixture *fixture, const char *expected)
{
    assert_string_equal(buf_text(&fixture->out), expected);
    buf_clear(&fixture->out);
}

static void finish(struct fixture *fixture)
{
    line_format_finish(&fixture->format);
    buf_finish(&fixture->out);
}

static void test_times_before_lines(void **state)
{
    (void)state;
    struct fixture fixture = begin(LOG_TIMESTAMPS_UTC, false);
    feed(&fixture, "one\n\ntw");
    assert_out(&fixture, "2026-03-10T12:05:00.042Z one\n2026-03-10T12:05:00.042Z \n"
                         "2026-03-10T12:05:00.042Z tw");
    feed(&fixture, "o\n");
    assert_out(&fixture, "o\n");
    line_format_end(&fixture.format, &source, &fixture.out);
    assert_out(&fixture, "");
    feed(&fixture, "x");
    line_format_end(&fixture.format, &source, &fixture.out);
    assert_out(&fixture, "2026-03-10T12:05:00.042Z x\n");
    finish(&fixture);
}

static void test_forms_of_times(void **state)
{
    (void)state;
    setenv("TZ", "Asia/Kolkata", 1);
    tzset();
    struct fixture fixture = begin(LOG_TIMESTAMPS_ISO, false);
    feed(&fixture, "x\n");
    assert_out(&fixture, "2026-03-10T17:35:00.042+05:30 x\n");
    finish(&fixture);
    fixture = begin(LOG_TIMESTAMPS_LOCAL, false);
    feed(&fixture, "x\n");
    assert_out(&fixture, "2026-03-10 17:35:00,042 x\n");
    finish(&fixture);
}

#define OBJECT(text)                                                                               \
    "{\"time\":\"2026-03-10T12:05:00.042Z\",\"program\":\"web:web-0\",\"stream\":\"stdout\","      \
    "\"text\":" text "}\n"

static void test_json(void **state)
{
    (void)state;
    struct fixture fixture = begin(LOG_TIMESTAMPS_NONE, true);
    feed(&fixture, "one \"1\"\r\nt");
    assert_out(&fixture, OBJECT("\"one \\\"1\\\"\""));
    feed(&fixture, "w\xff");
    assert_out(&fixture, "");
    feed(&fixture, "o\n\n");
    assert_out(&fixture, OBJECT("\"tw\xef\xbf\xbdo\"") OBJECT("\"\""));
    feed(&fixture, "end");
    line_format_end(&fixture.format, &source, &fixture.out);
    assert_out(&fixture, OBJECT("\"end\""));
    finish(&fixture);
}

static void test_a_line_without_end_does_not_grow_without_end(void **state)
{
    (void)state;
    struct fixture fixture = begin(LOG_TIMESTAMPS_NONE, true);
    char *much = malloc(LINE_TEXT_MAX + 2);
    memset(much, 'x', LINE_TEXT_MAX + 1);
    much[LINE_TEXT_MAX + 1] = '\0';
    feed(&fixture, much);
    const char *end = buf_text(&fixture.out) + fixture.out.length;
    assert_string_equal(end - strlen("\",\"partial\":true}\n"), "\",\"partial\":true}\n");
    buf_clear(&fixture.out);
    feed(&fixture, "\n");
    assert_out(&fixture, OBJECT("\"x\""));
    free(much);
    finish(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_before_lines),
        cmocka_unit_test(test_forms_of_times),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_a_line_without_end_does_not_grow_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
