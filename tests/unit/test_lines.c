/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/lines.h"

/* A file with this text; its descriptor stands at the start. */
static FILE *file_of(const char *text, size_t length)
{
    FILE *file = tmpfile();
    fwrite(text, 1, length, file);
    fflush(file);
    lseek(fileno(file), 0, SEEK_SET);
    return file;
}

static void expect(struct lines *lines, enum lines_result result, const char *text, uint64_t number)
{
    struct err err = ERR_INIT;
    char *line;
    size_t length;
    assert_int_equal(lines_next(lines, &line, &length, &err), result);
    if (result == LINES_LINE) {
        assert_int_equal(length, strlen(text));
        assert_string_equal(line, text);
    }
    assert_int_equal(lines->number, number);
}

static void test_lines(void **state)
{
    (void)state;
    FILE *file = file_of("one\n\nthree\nlast", 15);
    struct lines lines;
    lines_init(&lines, fileno(file), 10);
    expect(&lines, LINES_LINE, "one", 1);
    expect(&lines, LINES_LINE, "", 2);
    expect(&lines, LINES_LINE, "three", 3);
    expect(&lines, LINES_LINE, "last", 4);
    expect(&lines, LINES_END, NULL, 5);
    lines_finish(&lines);
    fclose(file);
}

static void test_empty_file(void **state)
{
    (void)state;
    FILE *file = file_of("", 0);
    struct lines lines;
    lines_init(&lines, fileno(file), 10);
    expect(&lines, LINES_END, NULL, 1);
    lines_finish(&lines);
    fclose(file);
}

static void test_long_lines_are_passed_over(void **state)
{
    (void)state;
    size_t length = 3 << 20;
    char *text = malloc(length);
    memset(text, 'x', length);
    memcpy(text, "1234567890\n12345678901\n", 23);
    memcpy(text + length - 8, "\nend\n12\n", 8);
    FILE *file = file_of(text, length);
    struct lines lines;
    lines_init(&lines, fileno(file), 10);
    expect(&lines, LINES_LINE, "1234567890", 1);
    expect(&lines, LINES_TOO_LONG, NULL, 2);
    expect(&lines, LINES_TOO_LONG, NULL, 3);
    assert_true(lines.buf.capacity < 1 << 20);
    expect(&lines, LINES_LINE, "end", 4);
    expect(&lines, LINES_LINE, "12", 5);
    expect(&lines, LINES_END, NULL, 6);
    lines_finish(&lines);
    fclose(file);
    free(text);
}

static void test_long_last_line(void **state)
{
    (void)state;
    FILE *file = file_of("12345678901", 11);
    struct lines lines;
    lines_init(&lines, fileno(file), 10);
    expect(&lines, LINES_TOO_LONG, NULL, 1);
    expect(&lines, LINES_END, NULL, 2);
    lines_finish(&lines);
    fclose(file);
}

static void test_unreadable(void **state)
{
    (void)state;
    struct lines lines;
    struct err err = ERR_INIT;
    char *line;
    size_t length;
    lines_init(&lines, -1, 10);
    assert_int_equal(lines_next(&lines, &line, &length, &err), LINES_ERROR);
    assert_int_not_equal(err.code, ERR_NONE);
    lines_finish(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_empty_file),
        cmocka_unit_test(test_long_lines_are_passed_over),
        cmocka_unit_test(test_long_last_line),
        cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
