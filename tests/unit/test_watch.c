/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/watch.h"
#include "common/mem.h"

/* A directory of our own to work in. */
static int enter(void **state)
{
    char path[] = "/tmp/muster-watch-XXXXXX";
    *state = mem_strdup(mkdtemp(path));
    return chdir(*state);
}

static int leave(void **state)
{
    char *command = mem_printf("rm -rf '%s'", (char *)*state);
    int result = chdir("/") || system(command);
    free(command);
    free(*state);
    return result;
}

static void write_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
}

static void test_tree(void **state)
{
    (void)state;
    struct watch watch;
    struct err err = ERR_INIT;
    mkdir("a", 0700);
    mkdir("a/b", 0700);
    assert_int_equal(watch_init(&watch, &err), 0);
    assert_int_equal(watch_add(&watch, ".", &err), 0);
    assert_false(watch_read(&watch));
    write_file("a/b/code.php");
    assert_true(watch_read(&watch));
    assert_false(watch_read(&watch));
    mkdir("a/new", 0700);
    assert_true(watch_read(&watch));
    write_file("a/new/code.php");
    assert_true(watch_read(&watch));
    rename("a/new/code.php", "moved.php");
    assert_true(watch_read(&watch));
    unlink("moved.php");
    assert_true(watch_read(&watch));
    watch_finish(&watch);
}

static void test_what_does_not_count(void **state)
{
    (void)state;
    struct watch watch;
    struct err err = ERR_INIT;
    mkdir(".git", 0700);
    assert_int_equal(watch_init(&watch, &err), 0);
    watch_ignore(&watch, "./store.db");
    assert_int_equal(watch_add(&watch, ".", &err), 0);
    write_file(".code.php.swp");
    write_file("code.php~");
    write_file(".git/index");
    write_file("store.db");
    write_file("store.db-wal");
    mkdir("store.db-wake", 0700);
    write_file("store.db-wake/emails");
    assert_false(watch_read(&watch));
    write_file("code.php");
    assert_true(watch_read(&watch));
    watch_finish(&watch);
}

static void test_single_file(void **state)
{
    (void)state;
    struct watch watch;
    struct err err = ERR_INIT;
    write_file("worker.php");
    assert_int_equal(watch_init(&watch, &err), 0);
    assert_int_equal(watch_add(&watch, "worker.php", &err), 0);
    write_file("other.php");
    assert_false(watch_read(&watch));
    rename("other.php", "worker.php"); /* as editors save */
    assert_true(watch_read(&watch));
    write_file("worker.php");
    assert_true(watch_read(&watch));
    watch_finish(&watch);
}

static void test_missing(void **state)
{
    (void)state;
    struct watch watch;
    struct err err = ERR_INIT;
    assert_int_equal(watch_init(&watch, &err), 0);
    assert_int_equal(watch_add(&watch, "nowhere", &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "nowhere"));
    watch_finish(&watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tree, enter, leave),
        cmocka_unit_test_setup_teardown(test_what_does_not_count, enter, leave),
        cmocka_unit_test_setup_teardown(test_single_file, enter, leave),
        cmocka_unit_test_setup_teardown(test_missing, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
