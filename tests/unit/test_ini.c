/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/ini.h"
#include "common/mem.h"

static char *directory; /* of the files of a test */

static int make_directory(void **state)
{
    (void)state;
    directory = mem_strdup("/tmp/muster-ini-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    char *command = mem_printf("rm -r %s", directory);
    int status = system(command);
    free(command);
    free(directory);
    return status;
}

/* Writes a file of the directory; returns its path, to be freed. */
static char *write_file(const char *name, const char *text)
{
    char *path = mem_printf("%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static const char *value(const struct ini *ini, const char *section, const char *key)
{
    const struct ini_section *found = ini_section(ini, section);
    const struct ini_key *found_key = found ? ini_key(found, key) : NULL;
    return found_key ? found_key->value : NULL;
}

static void assert_refused(const char *text, size_t length, const char *message)
{
    struct err err = ERR_INIT;
    assert_null(ini_load_text("a.ini", text, length, &err));
    assert_string_equal(err.text, message);
}

static void test_errors_name_the_line(void **state)
{
    (void)state;
    static const char nul[] = "[a]\nk=\0\n";
    assert_refused("k = v\n", 6, "a.ini:1: a key before the first [section]");
    assert_refused(
        "[a]\r\n\r\nword\r\n", 13,
        "a.ini:3: neither [section] nor key = value; indent a line that continues a value");
    assert_refused("[a]\n = v\n", 9, "a.ini:2: a key's name is missing; write key = value");
    assert_refused("[a]\nk=\x01\n", 8, "a.ini:2: control character 0x01 at column 3; remove it");
    assert_refused(nul, sizeof nul - 1, "a.ini:2: control character 0x00 at column 3; remove it");
    assert_refused("[a]\nk=\xc3\n", 8, "a.ini:2: the line is not UTF-8");
    assert_refused("[include]\nfiles = x\n", 20, "a.ini:1: [include] is only for files");
}

static void test_sections_merge_and_defaults_spread(void **state)
{
    (void)state;
    static const char text[] = "[a]\nx = 1\nX = 2\n[DEFAULT]\ny = d\nx = e\n[b]\n[a]\ny: 3\n";
    struct ini *ini = ini_load_text("a.ini", text, sizeof text - 1, NULL);
    assert_non_null(ini);
    assert_int_equal(ini->section_count, 2);
    assert_string_equal(value(ini, "a", "x"), "2");
    assert_string_equal(value(ini, "a", "y"), "3");
    assert_string_equal(value(ini, "b", "y"), "d");
    assert_true(ini_key(ini_section(ini, "b"), "y")->is_default);
    assert_false(ini_key(ini_section(ini, "a"), "y")->is_default);
    assert_int_equal(ini_key(ini_section(ini, "a"), "x")->line, 3);
    ini_destroy(ini);
}

static void test_included_files(void **state)
{
    (void)state;
    char *conf = mem_printf("%s/conf.d", directory);
    assert_int_equal(mkdir(conf, 0755), 0);
    char *paths[] = {
        write_file("main.ini", "[include]\nfiles = conf.d/*.ini\n  none/*.ini %(here)s/more.ini\n"
                               "[a]\nx = main\ny = main\n"),
        write_file("conf.d/2.ini", "[a]\nx = two\n"),
        write_file("conf.d/1.ini", "[a]\nx = one\nz = one\n"),
        write_file("more.ini", "\n[b]\nw = more\n"),
    };
    struct err err = ERR_INIT;
    struct ini *ini = ini_load(paths[0], &err);
    assert_string_equal(err.text, "");
    assert_string_equal(value(ini, "a", "x"), "two");
    assert_string_equal(value(ini, "a", "y"), "main");
    assert_string_equal(value(ini, "a", "z"), "one");
    const struct ini_key *key = ini_key(ini_section(ini, "b"), "w");
    assert_string_equal(key->file, paths[3]);
    assert_int_equal(key->line, 3);
    assert_int_equal(ini->warning_count, 1);
    assert_non_null(strstr(ini->warnings[0], "no file matches"));
    ini_destroy(ini);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        free(paths[i]);
    free(conf);
}

static void test_a_missing_file_and_a_broken_include(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_null(ini_load("/nonexistent/a.ini", &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    char *main_path = write_file("main.ini", "[include]\nfiles = bad.ini\n");
    char *bad_path = write_file("bad.ini", "[a]\n\nnonsense\n");
    err_clear(&err);
    assert_null(ini_load(main_path, &err));
    assert_memory_equal(err.text, bad_path, strlen(bad_path));
    assert_non_null(strstr(err.text, "bad.ini:3: neither"));
    free(main_path);
    main_path = write_file("main.ini", "[include]\n");
    err_clear(&err);
    assert_null(ini_load(main_path, &err));
    assert_non_null(strstr(err.text, "main.ini:1: [include] names no files"));
    free(main_path);
    free(bad_path);
}

static void test_limits(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, INI_FILE_MAX + 1);
    for (int i = 0; i <= INI_SECTIONS_MAX; i++)
        buf_printf(&text, "[%d]\n", i);
    struct err err = ERR_INIT;
    assert_null(ini_load_text("a.ini", buf_text(&text), text.length, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_string_equal(err.text, "a.ini:10001: more than 10000 sections");
    err_clear(&err);
    buf_clear(&text);
    while (!buf_full(&text))
        buf_append(&text, "\n", 1);
    assert_null(ini_load_text("a.ini", buf_text(&text), text.length, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    buf_finish(&text);
}

static const struct ini_variable variables[] = {
    {.name = "word", .value = "aé"},
    {.name = "number", .value = "7", .is_number = true},
};

/* The expansion, or the error's text; valid until the next call. */
static const char *expand(const char *text)
{
    static char result[ERR_TEXT_MAX];
    struct err err = ERR_INIT;
    char *expanded = ini_expand(text, variables, 2, &err);
    snprintf(result, sizeof result, "%s", expanded ? expanded : err.text);
    free(expanded);
    return result;
}

static void test_expansions(void **state)
{
    (void)state;
    setenv("MUSTER_TEST", "%(word)s", 1);
    assert_string_equal(expand("x %(word)s 100%% %(ENV_MUSTER_TEST)s"), "x aé 100% %(word)s");
    assert_string_equal(expand("[%(word)5s|%(word)-5s|%(word).1s]"), "[   aé|aé   |a]");
    assert_string_equal(
        expand("%(number)02d %(number)+d %(number)#x %(number)-3d| %(number)s %(number).3d"),
        "07 +7 0x7 7  | 7 007");
    assert_string_equal(expand("a%(semicolon)s%(hash)s%(newline)s%(tab)s%(space)s"), "a;#\n\t ");
}

static void test_broken_expansions(void **state)
{
    (void)state;
    assert_non_null(strstr(expand("100%"), "a lone %"));
    assert_non_null(strstr(expand("%d"), "a lone %"));
    assert_non_null(strstr(expand("%(word"), "a lone %"));
    assert_non_null(strstr(expand("%(word)d"), "the format behind %(word) is wrong"));
    assert_non_null(strstr(expand("%(word)"), "the format behind %(word) is wrong"));
    assert_non_null(strstr(expand("%(word)9999s"), "the format behind %(word) is wrong"));
    assert_string_equal(
        expand("%(none)s"),
        "there is no %(none)s; the names are word, number, semicolon, hash, newline, "
        "tab, space, and ENV_X for each environment variable X");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors_name_the_line),
        cmocka_unit_test(test_sections_merge_and_defaults_spread),
        cmocka_unit_test_setup_teardown(test_included_files, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_a_missing_file_and_a_broken_include, make_directory,
                                        remove_directory),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_expansions),
        cmocka_unit_test(test_broken_expansions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
