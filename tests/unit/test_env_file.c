/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/command.h"
#include "common/env_file.h"

static void assert_pairs(const char *text, const char *const *expected)
{
    struct err err = ERR_INIT;
    char **pairs = env_file_parse(text, strlen(text), &err);
    if (!pairs)
        fail_msg("%s", err.text);
    size_t i = 0;
    for (; expected[i]; i++) {
        assert_non_null(pairs[i]);
        assert_string_equal(pairs[i], expected[i]);
    }
    assert_null(pairs[i]);
    command_free(pairs);
}
#define PAIRS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void assert_refused(const char *text, const char *message)
{
    struct err err = ERR_INIT;
    assert_null(env_file_parse(text, strlen(text), &err));
    assert_string_equal(err.text, message);
}

static void test_values(void **state)
{
    (void)state;
    assert_pairs("", (const char *const[]){NULL});
    assert_pairs("\xef\xbb\xbf"
                 "A=1\r\n\r\n# x\r\n  export B = two words  # not this\r\n",
                 PAIRS("A=1", "B=two words"));
    assert_pairs("A=\nB=#\nC=a#b\nD= 'x' # y\nE=\"\"", PAIRS("A=", "B=", "C=a#b", "D=x", "E="));
    assert_pairs("A='$HOME \\n \"'\nB=\"\\\"a\\\" \\$b\\tc\\x\"",
                 PAIRS("A=$HOME \\n \"", "B=\"a\" $b\tc\\x"));
    assert_pairs("A=\"one\ntwo\"\nB='one\n# two'", PAIRS("A=one\ntwo", "B=one\n# two"));
    assert_pairs("export=1\nexport  A=it's\n_b2=x=y", PAIRS("export=1", "A=it's", "_b2=x=y"));
}

static void test_errors_name_the_line(void **state)
{
    (void)state;
    assert_refused("A=1\nB\n", "line 2: it is not NAME=value; names have letters, digits and _");
    assert_refused("\n2A=1", "line 2: it is not NAME=value; names have letters, digits and _");
    assert_refused("A='x\ny\nB=1", "line 1: there is no closing '");
    assert_refused("A=\"x\ny\" z", "line 2: there is something behind the closing \"");
    assert_refused("export A", "line 1: it is not NAME=value; names have letters, digits and _");
}

static void take(void *context, char *pair)
{
    char *all = context;
    strcat(strcat(all, pair), ";");
    free(pair);
}

static void test_lists_of_files(void **state)
{
    (void)state;
    char folder[] = "/tmp/env-file-XXXXXX", list[256], all[256] = "";
    assert_non_null(mkdtemp(folder));
    snprintf(list, sizeof list, "%s/a", folder);
    FILE *file = fopen(list, "w");
    fputs("A=1\nB=2\n\n", file);
    fclose(file);
    const struct env_sink sink = {take, all};
    struct err err = ERR_INIT;
    snprintf(list, sizeof list, "%s/a, -%s/b ,", folder, folder);
    assert_int_equal(env_files_check(list, &err), 0);
    assert_int_equal(env_files_read(list, &sink, &err), 0);
    assert_string_equal(all, "A=1;B=2;");
    snprintf(list, sizeof list, "%s/b", folder);
    assert_int_equal(env_files_read(list, &sink, &err), -1);
    assert_non_null(strstr(err.text, "cannot open /tmp/env-file-"));
    all[0] = '\0';
    snprintf(list, sizeof list, "TOKEN:%s/a", folder);
    assert_int_equal(env_sources_check(list, NULL), 0);
    assert_int_equal(env_sources_read(list, &sink, NULL), 0);
    assert_string_equal(all, "TOKEN=A=1\nB=2\n;");
    assert_int_equal(env_sources_read("T:/dev/zero", &sink, NULL), -1);
    assert_int_equal(env_files_check("x", NULL), -1);
    assert_int_equal(env_files_check("-x", NULL), -1);
    assert_int_equal(env_sources_check("/x", NULL), -1);
    assert_int_equal(env_sources_check("T:x", NULL), -1);
    snprintf(list, sizeof list, "%s/a", folder);
    unlink(list);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_errors_name_the_line),
        cmocka_unit_test(test_lists_of_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
