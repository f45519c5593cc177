/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/json.h"
#include "common/log.h"

static char directory[] = "/tmp/muster-test-log-XXXXXX";
static char path[64], moved[64];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/log", directory);
    snprintf(moved, sizeof moved, "%s/moved", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(directory);
}

static int forget_files(void **state)
{
    (void)state;
    log_close();
    unlink(path);
    unlink(moved);
    return 0;
}

static void start(enum log_level level, enum log_format format, const char *process)
{
    const struct log_options options = {
        .level = level, .format = format, .path = path, .process = process};
    assert_int_equal(log_open(&options, NULL), 0);
}

/* What a file holds; the caller frees it. */
static char *content(const char *name)
{
    char *text;
    size_t length;
    assert_int_equal(fd_read_file(name, 1u << 20, &text, &length, NULL), 0);
    return text;
}

static void assert_matches(const char *text, const char *pattern)
{
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    if (regexec(&regex, text, 0, NULL, 0) != 0)
        fail_msg("\"%s\" does not match %s", text, pattern);
    regfree(&regex);
}

#define TIME "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3} "

static void test_text_lines_are_supervisors(void **state)
{
    (void)state;
    start(LOG_INFO, LOG_TEXT, NULL);
    errno = EBUSY;
    log_write(LOG_WARN, "a %s\nof two lines\t\x1b[31m", "message");
    assert_int_equal(errno, EBUSY);
    char *text = content(path);
    assert_matches(text, TIME "WARN a message of two lines  \\[31m\n$");
    free(text);
}

static void test_the_process_and_the_subject_are_named(void **state)
{
    (void)state;
    start(LOG_INFO, LOG_TEXT, "worker emails");
    log_about(LOG_ERROR, "job", "U1\n", "failed");
    char *text = content(path);
    assert_matches(text, TIME "ERRO worker emails: \\[U1 \\] failed\n$");
    free(text);
}

static void test_records_above_the_level_are_left_out(void **state)
{
    (void)state;
    start(LOG_WARN, LOG_TEXT, NULL);
    assert_true(log_enabled(LOG_CRITICAL));
    assert_false(log_enabled(LOG_INFO));
    log_write(LOG_INFO, "not seen");
    log_about(LOG_DEBUG, "job", "x", "not seen");
    char *text = content(path);
    assert_string_equal(text, "");
    free(text);
}

static void test_json_lines(void **state)
{
    (void)state;
    start(LOG_INFO, LOG_JSON, "worker \"q\"");
    log_about(LOG_INFO, "job", "U1", "said \"%s\" \\ %s", "é", "\xff");
    char *text = content(path);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    cJSON *record = json_parse(text, strlen(text), NULL);
    assert_non_null(record);
    assert_matches(json_get_string(record, "time", ""), TIME "?|,[0-9]{3}$");
    assert_string_equal(json_get_string(record, "level", ""), "info");
    assert_string_equal(json_get_string(record, "process", ""), "worker \"q\"");
    assert_string_equal(json_get_string(record, "job", ""), "U1");
    assert_string_equal(json_get_string(record, "message", ""), "said \"é\" \\ \xef\xbf\xbd");
    assert_int_equal(json_get_integer(record, "pid", 0), getpid());
    cJSON_Delete(record);
    free(text);
}

/* Returns the length of the one line that a long message of this character became. */
static size_t long_line(enum log_format format, const char *character)
{
    char message[10000] = "";
    for (size_t at = 0; at + strlen(character) < sizeof message; at += strlen(character))
        strcpy(message + at, character);
    start(LOG_INFO, format, NULL);
    log_write(LOG_INFO, "%s", message);
    char *text = content(path);
    size_t length = strlen(text);
    assert_int_equal(strcspn(text, "\n"), length - 1);
    if (format == LOG_JSON) {
        cJSON *record = json_parse(text, length, NULL);
        assert_non_null(record);
        assert_non_null(strstr(json_get_string(record, "message", ""), character));
        cJSON_Delete(record);
    }
    free(text);
    forget_files(NULL);
    return length;
}

static void test_long_messages_are_cut_to_a_line(void **state)
{
    (void)state;
    assert_int_equal(long_line(LOG_TEXT, "x"), LOG_LINE_MAX);
    assert_int_equal(long_line(LOG_JSON, "x"), LOG_LINE_MAX);
    static const char *const characters[] = {"\"", "é", "\xff", "€"};
    for (size_t i = 0; i < sizeof characters / sizeof characters[0]; i++) {
        assert_in_range(long_line(LOG_TEXT, characters[i]), LOG_LINE_MAX - 4, LOG_LINE_MAX);
        if (characters[i][0] != '\xff')
            assert_in_range(long_line(LOG_JSON, characters[i]), LOG_LINE_MAX / 4, LOG_LINE_MAX);
    }
}

static void test_reopen_follows_the_name(void **state)
{
    (void)state;
    start(LOG_INFO, LOG_TEXT, NULL);
    log_write(LOG_INFO, "one");
    assert_int_equal(rename(path, moved), 0);
    log_write(LOG_INFO, "two");
    log_reopen();
    log_write(LOG_INFO, "three");
    char *old = content(moved), *new = content(path);
    assert_matches(old, "one\n.*two\n$");
    assert_matches(new, TIME "INFO three\n$");
    free(old);
    free(new);
}

static void test_a_file_that_cannot_be_opened_changes_nothing(void **state)
{
    (void)state;
    start(LOG_INFO, LOG_TEXT, NULL);
    const struct log_options bad = {
        .level = LOG_BLATHER, .format = LOG_JSON, .path = "/nonexistent/log", .process = "x"};
    struct err err = ERR_INIT;
    assert_int_equal(log_open(&bad, &err), -1);
    assert_string_equal(err.text,
                        "cannot open the log file /nonexistent/log: No such file or directory");
    log_write(LOG_INFO, "goes on");
    log_write(LOG_DEBUG, "is left out");
    char *text = content(path);
    assert_matches(text, TIME "INFO goes on\n$");
    free(text);
}

static int rotations;
static size_t copied;

static void note_rotation(void)
{
    rotations++;
}

static void note_copy(const char *line, size_t length)
{
    (void)line;
    copied += length;
}

static void test_a_file_that_gets_too_large_is_rotated(void **state)
{
    (void)state;
    char older[128];
    snprintf(older, sizeof older, "%s.1", path);
    const struct log_options options = {.level = LOG_INFO,
                                        .path = path,
                                        .maxbytes = 90,
                                        .backups = 1,
                                        .rotated = note_rotation,
                                        .tee = note_copy};
    assert_int_equal(log_open(&options, NULL), 0);
    assert_string_equal(log_path(), path);
    for (int i = 1; i <= 7; i++)
        log_write(LOG_INFO, "record number %d", i);
    char *new = content(path), *old = content(older);
    assert_matches(old, TIME "INFO record number 5\n.*number 6\n$");
    assert_matches(new, TIME "INFO record number 7\n$");
    assert_int_equal(rotations, 3);
    assert_int_equal(copied, 7 * strlen(new));
    free(old);
    free(new);
    unlink(older);
}

/* A reader that has gone to sleep must not hold up the writer, and learns later what it missed. */
static void test_a_full_pipe_drops_and_tells(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    start(LOG_INFO, LOG_TEXT, NULL);
    char filler[3000];
    memset(filler, 'x', sizeof filler);
    for (int i = 0; i < 100; i++)
        log_write(LOG_INFO, "%.*s", (int)sizeof filler, filler);
    char text[8192];
    ssize_t got, lines = 0;
    while ((got = read(reader, text, sizeof text)) > 0)
        for (ssize_t i = 0; i < got; i++)
            lines += text[i] == '\n';
    assert_in_range(lines, 1, 99);
    log_write(LOG_INFO, "awake");
    got = read(reader, text, sizeof text - 1);
    assert_true(got > 0);
    text[got] = '\0';
    char pattern[128];
    snprintf(pattern, sizeof pattern, "WARN %zd records could not be written here\n.*INFO awake\n$",
             100 - lines);
    assert_matches(text, pattern);
    close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_text_lines_are_supervisors, forget_files),
        cmocka_unit_test_teardown(test_the_process_and_the_subject_are_named, forget_files),
        cmocka_unit_test_teardown(test_records_above_the_level_are_left_out, forget_files),
        cmocka_unit_test_teardown(test_json_lines, forget_files),
        cmocka_unit_test_teardown(test_long_messages_are_cut_to_a_line, forget_files),
        cmocka_unit_test_teardown(test_reopen_follows_the_name, forget_files),
        cmocka_unit_test_teardown(test_a_file_that_cannot_be_opened_changes_nothing, forget_files),
        cmocka_unit_test_teardown(test_a_file_that_gets_too_large_is_rotated, forget_files),
        cmocka_unit_test_teardown(test_a_full_pipe_drops_and_tells, forget_files),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
