/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "queue/history.h"

static char *add(const char *history, const struct history_entry *entry)
{
    struct buf buf;
    buf_init(&buf, HISTORY_BYTES_MAX);
    assert_int_equal(history_add(history, entry, &buf, NULL), 0);
    return buf_steal(&buf);
}

static void test_entries_follow_each_other(void **state)
{
    (void)state;
    char *one = add(
        NULL,
        &(struct history_entry){
            .attempt = 1, .at_ms = 5, .worker = "w", .cause = "exit", .exception = "a \"b\"\n"});
    assert_string_equal(one, "[{\"attempt\":1,\"at\":5,\"worker\":\"w\",\"cause\":\"exit\","
                             "\"exception\":\"a \\\"b\\\"\\n\"}]");
    char *two = add(one, &(struct history_entry){.attempt = 2, .at_ms = 6, .worker = "v"});
    assert_int_equal(strncmp(two, one, strlen(one) - 1), 0);
    assert_string_equal(two + strlen(one) - 1, ",{\"attempt\":2,\"at\":6,\"worker\":\"v\"}]");
    free(one);
    free(two);
}

static void test_the_oldest_fall_out(void **state)
{
    (void)state;
    char *history = NULL;
    for (int i = 1; i <= HISTORY_MAX + 3; i++) {
        char *next = add(history, &(struct history_entry){.attempt = i, .worker = "w"});
        free(history);
        history = next;
    }
    cJSON *tree = json_parse(history, strlen(history), NULL);
    assert_int_equal(cJSON_GetArraySize(tree), HISTORY_MAX);
    assert_int_equal(json_get_integer(tree->child, "attempt", 0), 4);
    assert_int_equal(json_get_integer(tree->child->prev, "attempt", 0), HISTORY_MAX + 3);
    cJSON_Delete(tree);
    free(history);
}

static void test_exceptions_are_cut_between_characters(void **state)
{
    (void)state;
    char text[HISTORY_EXCEPTION_MAX + 100];
    memset(text, 'x', sizeof text);
    strcpy(text + HISTORY_EXCEPTION_MAX - 2, "€ and more");
    char *history = add(NULL, &(struct history_entry){.worker = "w", .exception = text});
    cJSON *tree = json_parse(history, strlen(history), NULL);
    const char *kept = json_get_string(tree->child, "exception", "");
    assert_int_equal(strlen(kept), HISTORY_EXCEPTION_MAX - 2);
    cJSON_Delete(tree);
    free(history);
}

static void test_what_is_no_history(void **state)
{
    (void)state;
    struct buf buf;
    struct err err = ERR_INIT;
    buf_init(&buf, 100);
    const struct history_entry entry = {.worker = "w"};
    assert_int_equal(history_add("{}", &entry, &buf, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    err_clear(&err);
    buf_finish(&buf);
    buf_init(&buf, 10);
    assert_int_equal(history_add(NULL, &entry, &buf, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    buf_finish(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries_follow_each_other),
        cmocka_unit_test(test_the_oldest_fall_out),
        cmocka_unit_test(test_exceptions_are_cut_between_characters),
        cmocka_unit_test(test_what_is_no_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
