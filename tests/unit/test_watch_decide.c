/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "supervisor/programs/notify_message.h"
#include "supervisor/programs/watch_decide.h"

static void test_looks_become_rarer_up_to_one_a_second(void **state)
{
    (void)state;
    assert_int_equal(watch_ready_pause(1), 20);
    assert_int_equal(watch_ready_pause(2), 40);
    assert_int_equal(watch_ready_pause(6), 640);
    assert_int_equal(watch_ready_pause(7), 1000);
    assert_int_equal(watch_ready_pause(UINT32_MAX), 1000);
}

static void test_failures_in_a_row_count_after_the_grace(void **state)
{
    (void)state;
    assert_int_equal(watch_failures(1, false, 1000, 0), 2);
    assert_int_equal(watch_failures(5, true, 1000, 0), 0);
    assert_int_equal(watch_failures(0, false, 999, 1000), 0);
    assert_int_equal(watch_failures(0, false, 1000, 1000), 1);
    assert_int_equal(watch_failures(UINT32_MAX, false, 1, 0), UINT32_MAX);
}

static void test_the_status_of_an_answer(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
    } cases[] = {{"HTTP/1.1 200 OK\r\n", 200},
                 {"HTTP/1.0 503", 503},
                 {"HTTP/1.1 20", 0},
                 {"", 0},
                 {"HTTP/2 200 O", -1},
                 {"HTTP/1.1 099", -1},
                 {"SSH-2.0", -1},
                 {"HTTP/1.1\t200", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(watch_http_status(cases[i].text, strlen(cases[i].text)), cases[i].status);
    assert_true(watch_http_is_good(200) && watch_http_is_good(302));
    assert_false(watch_http_is_good(404) || watch_http_is_good(199) || watch_http_is_good(400));
}

static struct notify_message read_message(const char *text)
{
    struct notify_message message;
    notify_message_read(text, strlen(text), &message);
    return message;
}

static void test_messages(void **state)
{
    (void)state;
    struct notify_message message = read_message("STATUS=half\tway\nFOO=1\nREADY=1\nWATCHDOG=1");
    assert_true(message.is_ready && message.is_alive && message.has_status);
    assert_string_equal(message.status, "half way");
    message = read_message("READY=10\nXREADY=1\nSTOPPING=1\n\nWATCHDOG=trigger\n");
    assert_true(!message.is_ready && message.is_stopping && message.wants_an_end);
    assert_false(message.has_status || message.is_alive);
    assert_false(read_message("STATUS=\xff").has_status);
}

static void test_a_long_status_is_cut_between_characters(void **state)
{
    (void)state;
    char text[500] = "STATUS=x";
    while (strlen(text) < 450)
        strcat(text, "\xc3\xa9");
    struct notify_message message = read_message(text);
    assert_true(message.has_status);
    assert_int_equal(strlen(message.status), NOTIFY_STATUS_SIZE - 1);
    assert_memory_equal(message.status + NOTIFY_STATUS_SIZE - 3, "\xc3\xa9", 2);
}

static void test_messages_together_say_what_each_has_said(void **state)
{
    (void)state;
    char text[NOTIFY_TEXT_SIZE];
    struct notify_message sum = read_message("STATUS=one\nREADY=1");
    const struct notify_message later[] = {read_message("WATCHDOG=1"), read_message("STATUS=two"),
                                           read_message("STOPPING=1")};
    for (size_t i = 0; i < 3; i++)
        notify_message_add(&sum, &later[i]);
    notify_message_write(&sum, text);
    assert_string_equal(text, "READY=1\nSTOPPING=1\nWATCHDOG=1\nSTATUS=two");
    sum = read_message("FOO=1");
    notify_message_write(&sum, text);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_looks_become_rarer_up_to_one_a_second),
        cmocka_unit_test(test_failures_in_a_row_count_after_the_grace),
        cmocka_unit_test(test_the_status_of_an_answer),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_a_long_status_is_cut_between_characters),
        cmocka_unit_test(test_messages_together_say_what_each_has_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
