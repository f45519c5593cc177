/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "supervisor/scaling/diary.h"

static char directory[] = "/tmp/muster-diary-XXXXXX";

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    char *path = mem_printf("%s/scaling-history", directory), *aside = mem_printf("%s.1", path);
    unlink(path);
    unlink(aside);
    free(path);
    free(aside);
    return rmdir(directory);
}

static void put(const char *queue, int number)
{
    struct err err = ERR_INIT;
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddStringToObject(entry, "queue", queue);
    cJSON_AddNumberToObject(entry, "number", number);
    cJSON_AddStringToObject(entry, "reason", "Queue size (75) > threshold (50), and more of it");
    assert_int_equal(diary_write(directory, entry, &err), 0);
    cJSON_Delete(entry);
}

static int64_t number_at(const cJSON *list, int index)
{
    return json_get_integer(cJSON_GetArrayItem(list, index), "number", -1);
}

static void test_there_is_none_at_first(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    cJSON *list = diary_read(directory, NULL, 10, &err);
    assert_non_null(list);
    assert_int_equal(cJSON_GetArraySize(list), 0);
    cJSON_Delete(list);
}

static void test_the_last_ones_of_a_queue(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    for (int i = 0; i < 10; i++)
        put(i % 2 ? "odd" : "even", i);
    cJSON *list = diary_read(directory, "odd", 3, &err);
    assert_int_equal(cJSON_GetArraySize(list), 3);
    assert_int_equal(number_at(list, 0), 5);
    assert_int_equal(number_at(list, 2), 9);
    cJSON_Delete(list);
}

/* However many there are, two files of a bounded size are kept, with the newest entries. */
static void test_it_stays_bounded(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    const int count = 20000;
    for (int i = 0; i < count; i++)
        put("many", i);
    struct stat status;
    char *path = mem_printf("%s/scaling-history", directory), *aside = mem_printf("%s.1", path);
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size <= (off_t)DIARY_MAX + 1000);
    assert_int_equal(stat(aside, &status), 0);
    assert_true(status.st_size <= (off_t)DIARY_MAX + 1000);
    cJSON *list = diary_read(directory, "many", DIARY_LINES_MAX, &err);
    int kept = cJSON_GetArraySize(list);
    assert_true(kept > 1000);
    assert_int_equal(number_at(list, kept - 1), count - 1);
    assert_int_equal(number_at(list, 0), count - kept);
    cJSON_Delete(list);
    free(path);
    free(aside);
}

static void test_rubbish_is_passed_over(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    char *path = mem_printf("%s/scaling-history", directory);
    FILE *file = fopen(path, "a");
    fputs("{\"queue\":\"torn\n[1]\n\xff\xff\n{\"queue\":7}\n", file);
    fclose(file);
    free(path);
    put("after", 1);
    cJSON *list = diary_read(directory, "after", 5, &err);
    assert_int_equal(cJSON_GetArraySize(list), 1);
    cJSON_Delete(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_is_none_at_first),
        cmocka_unit_test(test_the_last_ones_of_a_queue),
        cmocka_unit_test(test_it_stays_bounded),
        cmocka_unit_test(test_rubbish_is_passed_over),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
