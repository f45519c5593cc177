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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_line_says_most),
        cmocka_unit_test(test_of_a_python_trace_the_last_one_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
