/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "supervisor/programs/log_backlog.h"
#include "supervisor/programs/log_file.h"

static char directory[] = "/tmp/muster-test-log-XXXXXX";
static struct ev_loop *loop;
static char *path;
static int resumed;

static int set_up(void **state)
{
    (void)state;
    loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char *command = mem_printf("rm -r %s", directory);
    int result = system(command);
    free(command);
    free(path);
    ev_loop_destroy(loop);
    return result;
}

static const char *tell(void *context, char *room)
{
    (void)context, (void)room;
    return path;
}

static const struct log_name name = {tell, NULL};

static void on_resumed(void *context)
{
    (void)context;
    resumed++;
}

static void open_log(struct log_file *file, const char *file_name)
{
    struct err err = ERR_INIT;
    free(path);
    path = mem_printf("%s/%s", directory, file_name);
    if (log_file_open(file, path, loop, on_resumed, NULL, &err) < 0)
        fail_msg("%s", err.text);
}

static void assert_content(const char *suffix, const char *content)
{
    char *file = mem_printf("%s%s", path, suffix), *text;
    size_t length;
    if (!content) {
        assert_int_equal(access(file, F_OK), -1);
    } else {
        assert_int_equal(fd_read_file(file, 1 << 20, &text, &length, NULL), 0);
        assert_string_equal(text, content);
        free(text);
    }
    free(file);
}

static void put(struct log_file *file, const struct log_rotation *rotation, const char *text)
{
    assert_int_equal(log_file_write(file, &name, rotation, text, strlen(text)), LOG_TAKEN);
}

static void test_the_write_that_reaches_the_limit_rotates(void **state)
{
    (void)state;
    const struct log_rotation rotation = {10, 2, false};
    struct log_file file;
    open_log(&file, "rotated");
    put(&file, &rotation, "12345678");
    put(&file, &rotation, "9");
    assert_content(".1", NULL);
    put(&file, &rotation, "0ab");
    assert_content("", "");
    assert_content(".1", "1234567890ab");
    put(&file, &rotation, "second one");
    put(&file, &rotation, "third one!");
    put(&file, &rotation, "now");
    log_file_close(&file);
    assert_content("", "now");
    assert_content(".1", "third one!");
    assert_content(".2", "second one");
    assert_content(".3", NULL);
}

static void test_without_backups_it_is_emptied(void **state)
{
    (void)state;
    const struct log_rotation rotation = {4, 0, false};
    struct log_file file;
    open_log(&file, "single");
    put(&file, &rotation, "abcd");
    put(&file, &rotation, "e");
    log_file_close(&file);
    assert_content("", "e");
    assert_content(".1", NULL);
}

static void test_it_goes_on_where_it_was_and_follows_others_who_empty_it(void **state)
{
    (void)state;
    const struct log_rotation rotation = {8, 1, false};
    struct log_file file;
    open_log(&file, "kept");
    put(&file, &rotation, "123456");
    log_file_close(&file);
    open_log(&file, "kept");
    assert_int_equal(truncate(path, 0), 0);
    put(&file, &rotation, "abc");
    assert_content("", "abc");
    assert_content(".1", NULL);
    log_file_close(&file);
}

static void test_it_is_opened_again_and_cleared(void **state)
{
    (void)state;
    const struct log_rotation rotation = {0, 0, false};
    struct log_file file;
    open_log(&file, "moved");
    put(&file, &rotation, "old");
    char *aside = mem_printf("%s.aside", path);
    assert_int_equal(rename(path, aside), 0);
    free(aside);
    assert_int_equal(log_file_reopen(&file, path, NULL), 0);
    put(&file, &rotation, "new");
    assert_content("", "new");
    assert_content(".aside", "old");
    assert_int_equal(log_file_clear(&file, path, NULL), 0);
    put(&file, &rotation, "x");
    assert_content("", "x");
    log_file_close(&file);
}

static void test_what_cannot_be_written_is_counted(void **state)
{
    (void)state;
    const struct log_rotation rotation = {0, 0, false};
    struct log_file file;
    struct err err = ERR_INIT;
    path = (free(path), mem_strdup("/dev/full"));
    assert_int_equal(log_file_open(&file, path, loop, on_resumed, NULL, &err), 0);
    log_backlog_destroy(file.backlog); /* as if it were a disk */
    file.backlog = NULL;
    file.size = 0;
    put(&file, &rotation, "12345");
    put(&file, &rotation, "678");
    assert_int_equal(file.lost, 8);
    assert_true(file.failing);
    log_file_close(&file);
    path = (free(path), mem_printf("%s/none/x", directory));
    assert_int_equal(log_file_open(&file, path, loop, on_resumed, NULL, &err), -1);
    assert_non_null(strstr(err.text, "No such file"));
}

/* A named pipe whose reader is slow: the writer is told to pause, and what it wrote arrives in the
 * end. */
static void test_a_slow_reader_makes_the_writer_pause(void **state)
{
    (void)state;
    const struct log_rotation rotation = {10, 2, false};
    struct log_file file;
    free(path);
    path = mem_printf("%s/pipe", directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    open_log(&file, "pipe");
    static char chunk[65536], got[65536];
    memset(chunk, 'x', sizeof chunk);
    size_t written = 0, received = 0;
    while (log_file_write(&file, &name, &rotation, chunk, sizeof chunk) == LOG_TAKEN)
        written += sizeof chunk;
    written += sizeof chunk;
    resumed = 0;
    while (received < written) {
        ssize_t length = read(reader, got, sizeof got);
        assert_true(length > 0);
        received += (size_t)length;
        ev_run(loop, EVRUN_NOWAIT);
    }
    assert_int_equal(resumed, 1);
    assert_int_equal(file.lost, 0);
    assert_int_equal(log_file_write(&file, &name, &rotation, "end", 3), LOG_TAKEN);
    log_file_close(&file);
    close(reader);
}

static void test_a_reader_that_does_not_read_loses_but_never_blocks(void **state)
{
    (void)state;
    const struct log_rotation rotation = {0, 0, false};
    struct log_file file;
    int reader;
    open_log(&file, "pipe");
    reader = open(path, O_RDONLY | O_NONBLOCK);
    static char chunk[65536];
    size_t written = 0;
    while (log_file_write(&file, &name, &rotation, chunk, sizeof chunk) == LOG_TAKEN)
        written += sizeof chunk;
    resumed = 0;
    while (resumed == 0)
        ev_run(loop, EVRUN_ONCE); /* until patience is over */
    uint64_t lost = file.lost;
    assert_true(lost > 0);
    assert_int_equal(log_file_write(&file, &name, &rotation, "lost", 4), LOG_TAKEN);
    assert_int_equal(file.lost, lost + 4);
    while (read(reader, chunk, sizeof chunk) > 0)
        ;
    assert_int_equal(log_file_write(&file, &name, &rotation, "back", 4), LOG_TAKEN);
    assert_int_equal(read(reader, chunk, sizeof chunk), 4);
    assert_memory_equal(chunk, "back", 4);
    log_file_close(&file);
    close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_write_that_reaches_the_limit_rotates),
        cmocka_unit_test(test_without_backups_it_is_emptied),
        cmocka_unit_test(test_it_goes_on_where_it_was_and_follows_others_who_empty_it),
        cmocka_unit_test(test_it_is_opened_again_and_cleared),
        cmocka_unit_test(test_what_cannot_be_written_is_counted),
        cmocka_unit_test(test_a_slow_reader_makes_the_writer_pause),
        cmocka_unit_test(test_a_reader_that_does_not_read_loses_but_never_blocks),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
