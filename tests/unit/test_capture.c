/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "worker/capture.h"

static struct ev_loop *loop;
static struct capture capture;
static int writer;
static const char *uuid_now;
static struct buf logged; /* "uuid|message\n" for each record */

static void note(enum log_level level, const char *field, const char *value, const char *message)
{
    (void)level, (void)field;
    buf_printf(&logged, "%s|%s\n", value ? value : "", message);
}

static const char *uuid_of(void *context)
{
    (void)context;
    return uuid_now;
}

static int set_up(void **state)
{
    (void)state;
    loop = ev_loop_new(0);
    uuid_now = "abc";
    buf_init(&logged, 1u << 20);
    log_forward(note);
    capture_init(&capture, loop, "stderr", true, uuid_of, NULL);
    return capture_open(&capture, &writer, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    if (writer >= 0)
        close(writer);
    capture_finish(&capture);
    ev_loop_destroy(loop);
    log_forward(NULL);
    buf_finish(&logged);
    return 0;
}

static void print(const char *text, size_t length)
{
    assert_int_equal(write(writer, text, length), length);
    ev_run(loop, EVRUN_NOWAIT);
}

static void print_text(const char *text)
{
    print(text, strlen(text));
}

static void test_lines_go_to_the_log_with_the_job(void **state)
{
    (void)state;
    print_text("one\ntw");
    assert_string_equal(buf_text(&logged), "abc|stderr: one\n");
    print_text("o\n");
    uuid_now = NULL;
    print_text("nobody's\n");
    assert_string_equal(buf_text(&logged), "abc|stderr: one\nabc|stderr: two\n|stderr: nobody's\n");
}

static void test_a_line_without_an_end_is_logged_at_the_close(void **state)
{
    (void)state;
    assert_int_equal(write(writer, "half", 4), 4); /* nobody has read it yet */
    capture_close(&capture);
    assert_string_equal(buf_text(&logged), "abc|stderr: half\n");
    capture_close(&capture);
    assert_string_equal(capture_tail(&capture), "half");
}

static void test_a_long_line_is_cut_into_lines(void **state)
{
    (void)state;
    char text[2 * CAPTURE_LINE_MAX + 2];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\n';
    print(text, sizeof text);
    size_t lines = 0, letters = 0;
    for (const char *at = buf_text(&logged); *at; at++) {
        lines += *at == '\n';
        letters += *at == 'x';
    }
    assert_int_equal(lines, 3);
    assert_int_equal(letters, sizeof text - 1);
}

static void test_the_tail_is_the_end_of_all(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\n';
    for (int i = 0; i < 100; i++)
        print(text, sizeof text);
    print_text("\n the end \t\n");
    const char *tail = capture_tail(&capture);
    size_t length = strlen(tail);
    assert_in_range(length, CAPTURE_TAIL_MAX - 100, 2 * CAPTURE_TAIL_MAX);
    assert_string_equal(tail + length - 9, "\n the end");
}

static void test_the_tail_begins_with_the_job(void **state)
{
    (void)state;
    print_text("of the one before\n");
    capture_forget_tail(&capture);
    print_text("ours\n");
    assert_string_equal(capture_tail(&capture), "ours");
}

static void test_the_tail_is_clean_text(void **state)
{
    (void)state;
    print("a\xff\xc3\xa4\xe2\x82", 6);
    static const char clean[] = "a\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd"; /* one a byte */
    assert_string_equal(capture_tail(&capture), clean);
    assert_string_equal(capture_tail(&capture), clean); /* it stays as it is */
}

static void test_it_is_opened_again_for_the_next_process(void **state)
{
    (void)state;
    print_text("first\n");
    close(writer);
    writer = -1;
    ev_run(loop, EVRUN_NOWAIT);
    capture_close(&capture);
    assert_int_equal(capture_open(&capture, &writer, NULL), 0);
    assert_string_equal(capture_tail(&capture), "");
    print_text("second\n");
    assert_string_equal(buf_text(&logged), "abc|stderr: first\nabc|stderr: second\n");
}

#define CAPTURE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CAPTURE(test_lines_go_to_the_log_with_the_job),
        CAPTURE(test_a_line_without_an_end_is_logged_at_the_close),
        CAPTURE(test_a_long_line_is_cut_into_lines),
        CAPTURE(test_the_tail_is_the_end_of_all),
        CAPTURE(test_the_tail_begins_with_the_job),
        CAPTURE(test_the_tail_is_clean_text),
        CAPTURE(test_it_is_opened_again_for_the_next_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
