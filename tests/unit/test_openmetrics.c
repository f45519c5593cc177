/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "supervisor/control/openmetrics.h"

static void test_labels(void **state)
{
    (void)state;
    char labels[64] = "";
    openmetrics_label(labels, sizeof labels, "queue", "mails");
    assert_string_equal(labels, "queue=\"mails\"");
    openmetrics_label(labels, sizeof labels, "state", "ready");
    assert_string_equal(labels, "queue=\"mails\",state=\"ready\"");
}

static void test_what_is_escaped(void **state)
{
    (void)state;
    char labels[64] = "";
    openmetrics_label(labels, sizeof labels, "name", "a\"b\\c\nd\xc3\xbc");
    assert_string_equal(labels, "name=\"a\\\"b\\\\c\\nd\xc3\xbc\"");
}

/* Whatever is cut, the quotes are closed and no escape is torn. */
static void test_what_is_too_long(void **state)
{
    (void)state;
    for (size_t size = 8; size < 40; size++) {
        char labels[40] = "";
        openmetrics_label(labels, size, "name", "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"");
        size_t length = strlen(labels);
        assert_true(length < size && labels[length - 1] == '"');
        assert_int_equal((length - strlen("name=\"\"")) % 2, 0);
    }
}

static void test_accept(void **state)
{
    (void)state;
    assert_false(openmetrics_is_wanted(NULL));
    assert_false(openmetrics_is_wanted("text/plain"));
    assert_true(openmetrics_is_wanted("application/openmetrics-text;version=1.0.0,*/*;q=0.1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_what_is_escaped),
        cmocka_unit_test(test_what_is_too_long),
        cmocka_unit_test(test_accept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
