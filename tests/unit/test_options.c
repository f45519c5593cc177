/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "cli/options.h"
#include "common/settings.h"

static const struct cli_option rows[] = {
    {.name = "queue", .letter = 'q', .kind = OPTION_NAME, .value = "NAME"},
    {.name = "once", .letter = '1', .kind = OPTION_FLAG},
    {.name = "limit", .letter = 'n', .kind = OPTION_INTEGER, .value = "N", .min = -5, .max = 100},
    {.name = "delay", .kind = OPTION_DURATION, .value = "TIME", .max = 3600000},
    {.name = "watch", .kind = OPTION_LIST, .value = "PATH"},
    {.name = "text", .kind = OPTION_TEXT, .value = "TEXT"},
    {.name = "memory",
     .kind = OPTION_KEY,
     .value = "MB",
     .keys = &settings_queue_table,
     .key = "memory"},
    OPTIONS_END,
};
static const struct cli_option more[] = {{.name = "json", .kind = OPTION_FLAG}, OPTIONS_END};
static const struct cli_option *const tables[] = {rows, more, NULL};

static int parse(struct options *options, struct err *err, enum options_order order, char **argv)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    return options_parse(options, tables, order, argc, argv, err);
}

static void test_both_spellings(void **state)
{
    (void)state;
    struct options options;
    struct err err = ERR_INIT;
    char *argv[] = {"command", "--queue",    "emails",      "--limit=-3",
                    "-1",      "--delay=5m", "--memory=64", NULL};
    assert_int_equal(parse(&options, &err, OPTIONS_ANYWHERE, argv), 0);
    assert_string_equal(options_text(&options, "queue", ""), "emails");
    assert_int_equal(options_number(&options, "limit", 0), -3);
    assert_true(options_given(&options, "once"));
    assert_false(options_given(&options, "json"));
    assert_int_equal(options_number(&options, "delay", 0), 300000);
    assert_int_equal(options_number(&options, "memory", 0), 64 << 20);
    assert_string_equal(options_text(&options, "text", "fallback"), "fallback");
    options_finish(&options);
}

static void test_arguments_among_options(void **state)
{
    (void)state;
    struct options options;
    struct err err = ERR_INIT;
    char *argv[] = {"command", "a", "-n", "7", "b", "--json", "--", "-x", NULL};
    assert_int_equal(parse(&options, &err, OPTIONS_ANYWHERE, argv), 0);
    assert_int_equal(options.argument_count, 3);
    assert_string_equal(options.arguments[0], "a");
    assert_string_equal(options.arguments[1], "b");
    assert_string_equal(options.arguments[2], "-x");
    assert_null(options.arguments[3]);
    options_finish(&options);
}

static void test_options_first(void **state)
{
    (void)state;
    struct options options;
    struct err err = ERR_INIT;
    char *argv[] = {"command", "--once", "php", "worker.php", "--once", "--foo", NULL};
    assert_int_equal(parse(&options, &err, OPTIONS_FIRST, argv), 0);
    assert_int_equal(options.argument_count, 4);
    assert_string_equal(options.arguments[3], "--foo");
    options_finish(&options);
}

static void test_lists(void **state)
{
    (void)state;
    struct options options;
    struct err err = ERR_INIT;
    char *argv[] = {"command", "--watch=a", "--watch", "b", "--text=", NULL};
    assert_int_equal(parse(&options, &err, OPTIONS_ANYWHERE, argv), 0);
    size_t count;
    const char *const *list = options_list(&options, "watch", &count);
    assert_int_equal(count, 2);
    assert_string_equal(list[0], "a");
    assert_string_equal(list[1], "b");
    assert_string_equal(options_text(&options, "text", "fallback"), "");
    options_finish(&options);
}

/* Parses one bad option and checks that the message has all of these parts (NULL-terminated). */
static void refused(char *first, char *second, const char *const *parts)
{
    struct options options;
    struct err err = ERR_INIT;
    char *argv[] = {"command", first, second, NULL};
    assert_int_equal(parse(&options, &err, OPTIONS_ANYWHERE, argv), -1);
    assert_int_equal(err_exit_code(&err), 2);
    for (; *parts; parts++)
        if (!strstr(err.text, *parts))
            fail_msg("\"%s\" is not in: %s", *parts, err.text);
    options_finish(&options);
}

#define PARTS(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static void test_values_that_are_refused(void **state)
{
    (void)state;
    refused("--limit", "many", PARTS("--limit", "many", "whole number"));
    refused("--limit=101", NULL, PARTS("--limit", "101", "-5 to 100"));
    refused("-n", "x", PARTS("--limit=x"));
    refused("--delay=soon", NULL, PARTS("--delay", "soon", "not a time"));
    refused("--delay=2h", NULL, PARTS("--delay=2h", "3600"));
    refused("--queue=a b", NULL, PARTS("--queue=a b"));
    refused("--queue=", NULL, PARTS("--queue", "empty"));
    refused("--memory=lots", NULL, PARTS("--memory", "lots", "128"));
}

static void test_options_that_are_refused(void **state)
{
    (void)state;
    refused("--qeue=x", NULL, PARTS("unknown option --qeue", "did you mean --queue?"));
    refused("--zzzzzzzzzzzz", NULL, PARTS("unknown option --zzzzzzzzzzzz", "--help"));
    refused("-z", NULL, PARTS("unknown option -z"));
    refused("--limit", NULL, PARTS("--limit needs a value", "--limit=N"));
    refused("-q", NULL, PARTS("--queue needs a value"));
    refused("--once=1", NULL, PARTS("--once takes no value"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_spellings),
        cmocka_unit_test(test_arguments_among_options),
        cmocka_unit_test(test_options_first),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_values_that_are_refused),
        cmocka_unit_test(test_options_that_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
