/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "queue/exception.h"

static void assert_line(const char *text, const char *line)
{
    size_t length = exception_line(&text);
    assert_int_equal(length, strlen(line));
    assert_memory_equal(text, line, length);
}

static void test_the_first_line_says_most(void **state)
{
    (void)state;
    assert_line("", "");
    assert_line("one line", "one line");
    assert_line("RuntimeException: no room in /srv/app/Mail.php:12\n#0 main\n",
                "RuntimeException: no room in /srv/app/Mail.php:12");
    assert_line("\nafter an empty line", "");
}

static void test_of_a_python_trace_the_last_one_does(void **state)
{
    (void)state;
    const char *trace = "Traceback (most recent call last):\n"
                        "  File \"app.py\", line 3, in send\n"
                        "    raise ValueError(\"no town\")\n"
                        "ValueError: no town\n";
    assert_line(trace, "ValueError: no town");
    assert_line("Traceback (most recent call last):\n  File \"a\"\nError: two\n  lines\n",
                "Error: two");
    assert_line("Traceback (most recent call last):\n  cut", "Traceback (most recent call last):");
    assert_line("Traceback (most recent call last):", "Traceback (most recent call last):");
}

static void assert_message(const char *text, const char *message)
{
    size_t length = exception_message(&text);
    assert_int_equal(length, strlen(message));
    assert_memory_equal(text, message, length);
}

static void test_the_message_is_without_the_trace(void **state)
{
    (void)state;
    assert_message("", "");
    assert_message("no room\nat all", "no room\nat all");
    assert_message("RuntimeException: no room in the inn in /srv/Network/Mail.php:12\n"
                   "Stack trace:\n#0 /srv/Network/Mail.php(3): handle()\n#1 {main}",
                   "RuntimeException: no room in the inn");
    assert_message("RuntimeException: 12:30 in time\nStack trace:\n",
                   "RuntimeException: 12:30 in time");
    assert_message(
        "ValueError: no town\nTraceback (most recent call last):\n  File \"network.py\"\n",
        "ValueError: no town");
    assert_message("Traceback (most recent call last):\n  File \"network.py\"\nError: two\n  lines",
                   "Error: two\n  lines");
    assert_message("Error: no room\nat all\n    at handle (/srv/network.js:3:5)\n",
                   "Error: no room\nat all");
    assert_message("/srv/network.rb:3:in `handle': no room (RuntimeError)\n\tfrom /srv/a.rb:1\n",
                   "no room (RuntimeError)");
    assert_message("a line\n  with more\n", "a line\n  with more\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_line_says_most),
        cmocka_unit_test(test_of_a_python_trace_the_last_one_does),
        cmocka_unit_test(test_the_message_is_without_the_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
