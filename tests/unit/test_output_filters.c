/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "supervisor/programs/ansi.h"
#include "supervisor/programs/capture.h"

/* Output comes in pieces: whatever is cut where, the result is the same. */

static void strip_in_two(const char *text, size_t cut, char *out)
{
    enum ansi_state state = ANSI_TEXT;
    size_t length = ansi_strip(&state, text, cut, out);
    length += ansi_strip(&state, text + cut, strlen(text) - cut, out + length);
    out[length] = '\0';
}

static void test_escape_sequences_are_taken_out(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"plain", "plain"},
        {"\x1b[31mred\x1b[0m", "red"},
        {"a\x1b[1;2Hb\x1b[Kc", "abc"},
        {"a\x1b(b", "a\x1b(b"},
        {"\x1b\x1b[mx", "\x1bx"},
        {"\x1b[12345", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t cut = 0; cut <= strlen(cases[i][0]); cut++) {
            char out[100];
            strip_in_two(cases[i][0], cut, out);
            assert_string_equal(out, cases[i][1]);
        }
    }
}

struct found {
    struct buf outside;
    struct buf captured; /* each followed by | */
};

static void note_outside(void *context, const char *bytes, size_t length)
{
    struct found *found = context;
    assert_true(length > 0);
    buf_append(&found->outside, bytes, length);
}

static void note_captured(void *context, const char *bytes, size_t length)
{
    struct found *found = context;
    buf_append(&found->captured, bytes, length);
    buf_append(&found->captured, "|", 1);
}

static void assert_captured(const char *text, size_t step, const char *outside,
                            const char *captured)
{
    struct found found;
    buf_init(&found.outside, 1000);
    buf_init(&found.captured, 1000);
    const struct capture_sink sink = {note_outside, note_captured, &found};
    struct capture *capture = capture_create(10);
    for (size_t at = 0; at < strlen(text); at += step) {
        size_t left = strlen(text) - at;
        capture_feed(capture, text + at, left < step ? left : step, &sink);
    }
    capture_end(capture, &sink);
    capture_destroy(capture);
    assert_string_equal(buf_text(&found.outside), outside);
    assert_string_equal(buf_text(&found.captured), captured);
    buf_finish(&found.outside);
    buf_finish(&found.captured);
}

#define BEGIN "<!--XSUPERVISOR:BEGIN-->"
#define END   "<!--XSUPERVISOR:END-->"

static void test_what_stands_between_tokens_is_captured(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"plain", "plain", ""},
        {"a" BEGIN "data" END "b", "ab", "data|"},
        {BEGIN END, "", "|"},
        {BEGIN "one" END BEGIN "two" END "c", "c", "one|two|"},
        {"a" BEGIN "never ends", "a", ""},
        {"<!--XSUPERVISOR:BEGIN--", "<!--XSUPERVISOR:BEGIN--", ""},
        {"<<!--XSUP<!--XSUPERVISOR:BEGIN-->x" END, "<<!--XSUP", "x|"},
        {BEGIN "0123456789abc" END, "", "3456789abc|"},
        {BEGIN BEGIN "x" END, "", ":BEGIN-->x|"},
        {END "x", END "x", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t step = 1; step <= strlen(cases[i][0]); step++)
            assert_captured(cases[i][0], step, cases[i][1], cases[i][2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape_sequences_are_taken_out),
        cmocka_unit_test(test_what_stands_between_tokens_is_captured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
