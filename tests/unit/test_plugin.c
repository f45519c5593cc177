/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/driver_path.h"
#include "common/fd.h"
#include "drivers/drivers.h"
#include "drivers/plugin.h"
#include "drivers/sqlite/sqlite.h"

/* Every refusal of a driver that is a plugin. test_drivers.py has those that work. */

static char folder[] = "/tmp/muster-plugin.XXXXXX";

static int setup(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static char *file_of(const char *name, const void *bytes, size_t length)
{
    char *path = mem_printf("%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, bytes, length), 0);
    close(fd);
    return path;
}

static int teardown(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void end(char *path)
{
    unlink(path);
    free(path);
}

static void refused(const struct driver *driver, const char *name, const char *part)
{
    struct err err = ERR_INIT;
    assert_int_equal(plugin_check(driver, name, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, err.text);
}

/* --- the table --- */

static void test_a_whole_driver_is_accepted(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_int_equal(plugin_check(&driver_sqlite, "sqlite", &err), 0);
}

static void test_another_version_of_the_contract_is_refused(void **state)
{
    (void)state;
    struct driver driver = driver_sqlite;
    driver.abi = DRIVER_ABI + 1;
    driver.name = (const char *)1; /* where something else may be: it is not looked at */
    refused(&driver, "sqlite", "build it again");
    driver = driver_sqlite;
    driver.size -= 8;
    refused(&driver, "sqlite", "another muster/driver.h");
}

static void test_the_name_is_that_of_the_file(void **state)
{
    (void)state;
    struct driver driver = driver_sqlite;
    refused(&driver, "other", "its file must be sqlite.so");
    driver.name = NULL;
    refused(&driver, "sqlite", "no name");
    driver.name = "Up/Down";
    refused(&driver, "Up/Down", "no name");
}

static void test_it_tells_what_it_is(void **state)
{
    (void)state;
    static const char *const not_words[] = {"fine", "two words", NULL};
    struct driver driver = driver_sqlite;
    driver.version = "";
    refused(&driver, "sqlite", "no version");
    driver = driver_sqlite;
    driver.description = NULL;
    refused(&driver, "sqlite", "no description");
    driver = driver_sqlite;
    driver.features = NULL;
    refused(&driver, "sqlite", "it has no features");
    driver.features = not_words;
    refused(&driver, "sqlite", "features: number 2");
    driver = driver_sqlite;
    driver.dependencies = NULL;
    refused(&driver, "sqlite", "it has no dependencies");
}

static void test_a_list_that_does_not_end_is_refused(void **state)
{
    (void)state;
    const char *words[100];
    for (size_t i = 0; i < 100; i++)
        words[i] = "word";
    struct driver driver = driver_sqlite;
    driver.features = words;
    refused(&driver, "sqlite", "features: more than 64");
}

static void test_no_function_may_be_missing(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t at = offsetof(struct driver, open); at < sizeof(struct driver);
         at += sizeof(void (*)(void))) {
        struct driver driver = driver_sqlite;
        memset((char *)&driver + at, 0, sizeof(void (*)(void)));
        refused(&driver, "sqlite", "it has no function ");
        count++;
    }
    assert_true(count > 20);
    struct driver driver = driver_sqlite;
    driver.note_claim = NULL;
    refused(&driver, "sqlite", "it has no function note_claim");
}

/* --- the file --- */

static void file_refused(const char *path, const char *part)
{
    struct err err = ERR_INIT;
    assert_null(plugin_load(path, &err));
    assert_int_equal(err.code, ERR_INVALID);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, err.text);
}

static void test_what_is_no_shared_object_is_refused(void **state)
{
    (void)state;
    char *path = file_of("text.so", "hello\n", 6);
    file_refused(path, "cannot load");
    end(path);
    path = file_of("empty.so", "", 0);
    file_refused(path, "cannot load");
    end(path);
    path = file_of("head.so", "\177ELF\2\1\1", 7);
    file_refused(path, "cannot load");
    end(path);
    file_refused("/tmp", "is not a file");
    struct err err = ERR_INIT;
    assert_null(plugin_load("/nonexistent/x.so", &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void test_an_object_that_is_no_driver_is_refused(void **state)
{
    (void)state;
    file_refused(getenv("NO_DRIVER"), "has no muster_driver");
}

static void test_a_driver_under_another_name_is_refused(void **state)
{
    (void)state;
    char *path = mem_printf("%s/other.so", folder);
    assert_int_equal(symlink(getenv("REDIS_DRIVER"), path), 0);
    file_refused(path, "it is the driver redis: its file must be redis.so");
    end(path);
}

static void test_a_driver_is_loaded_once(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    const struct driver *driver = plugin_load(getenv("REDIS_DRIVER"), &err);
    assert_non_null(driver);
    assert_string_equal(driver->name, "redis");
    assert_ptr_equal(plugin_load(getenv("REDIS_DRIVER"), &err), driver);
}

static void test_a_file_that_others_can_change_is_refused(void **state)
{
    (void)state;
    char *path = file_of("text.so", "hello\n", 6);
    chmod(path, 0646);
    file_refused(path, "can be written to by others: chmod go-w it");
    chmod(path, 0644);
    chmod(folder, 0777);
    file_refused(path, "can be written to by others");
    chmod(folder, 0700);
    end(path);
}

static void test_a_file_of_somebody_else_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    char *path = file_of("text.so", "hello\n", 6);
    assert_int_equal(chown(path, 12345, 0), 0);
    file_refused(path, "belongs to user 12345");
    assert_int_equal(chown(path, 0, 0), 0);
    assert_int_equal(chown(folder, 12345, 0), 0);
    file_refused(path, "belongs to user 12345");
    assert_int_equal(chown(folder, 0, 0), 0);
    end(path);
}

/* --- finding --- */

static void test_a_driver_that_there_is_not_is_told_with_the_cure(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct connection_settings settings = {
        .name = "main", .driver = "redsi", .driver_path = folder};
    assert_null(drivers_find(&settings, &err));
    assert_string_equal(err.text, "connection main: there is no driver redsi; did you mean redis?");
    settings.driver = "../x";
    err_clear(&err);
    assert_null(drivers_find(&settings, &err));
    assert_non_null(strstr(err.text, "is not a driver's name"));
    settings.driver = "sqlite";
    assert_ptr_equal(drivers_find(&settings, &err), &driver_sqlite);
}

static void note(void *context, const struct driver_entry *entry)
{
    if (entry->file && strncmp(entry->file, folder, strlen(folder)) == 0)
        strcat(strcat(context, entry->driver ? "+" : "-"), entry->name);
}

static void test_the_files_of_a_folder_are_listed(void **state)
{
    (void)state;
    char seen[1000] = "";
    char *taken = file_of("sqlite.so", "x", 1), *bad = file_of("bad.so", "x", 1),
         *other = file_of("README", "x", 1), *name = file_of("Bad.so", "x", 1);
    drivers_list(folder, note, seen);
    assert_string_equal(seen, "-Bad-bad-sqlite");
    end(taken), end(bad), end(other), end(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_driver_is_accepted),
        cmocka_unit_test(test_another_version_of_the_contract_is_refused),
        cmocka_unit_test(test_the_name_is_that_of_the_file),
        cmocka_unit_test(test_it_tells_what_it_is),
        cmocka_unit_test(test_a_list_that_does_not_end_is_refused),
        cmocka_unit_test(test_no_function_may_be_missing),
        cmocka_unit_test(test_what_is_no_shared_object_is_refused),
        cmocka_unit_test(test_an_object_that_is_no_driver_is_refused),
        cmocka_unit_test(test_a_driver_under_another_name_is_refused),
        cmocka_unit_test(test_a_driver_is_loaded_once),
        cmocka_unit_test(test_a_file_that_others_can_change_is_refused),
        cmocka_unit_test(test_a_file_of_somebody_else_is_refused),
        cmocka_unit_test(test_a_driver_that_there_is_not_is_told_with_the_cure),
        cmocka_unit_test(test_the_files_of_a_folder_are_listed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
